"""World systems: what the tick does beside people's decisions, each from a due index and under its budget.

The tick's order is the tuple a world is made with. A system reads a `View` as it stood after the tick's
inputs and answers consequences; it keeps only what can be made again from the world's state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from simulation.consequences import Consequence
from simulation.orders import SystemShare
from simulation.sessions import Session
from simulation.units import Micros, NpcId, SessionId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World


class System(Protocol):
    """One system of one world."""

    name: str

    def budget(self, world: World) -> int:
        """How many due things one tick may serve."""
        ...

    def due(self, now: Micros) -> int:
        """How many things are due by `now`; costs what is due, not what exists."""
        ...

    def looks(self, now: Micros, most: int) -> Iterable[NpcId]:
        """Whom it must see to serve the first `most` of them."""
        ...

    def run(self, view: View, most: int) -> Sequence[Consequence]:
        """Serve at most `most` due things, the most overdue first."""
        ...

    def on_session(self, session_id: SessionId, session: Session | None) -> None:
        """A session changed, or left (None): bring what is indexed of it up to date."""
        ...


@dataclass(frozen=True, slots=True)
class SystemsPlan:
    """What the systems may do in one tick, and whom they must see for it."""

    shares: tuple[SystemShare, ...]
    looks: tuple[NpcId, ...]


IDLE = SystemsPlan((), ())


def plan_systems(world: World, systems: Sequence[System], now: Micros) -> SystemsPlan:
    """A share for each system with something due, in their order."""
    shares, looks = [], {}
    for system in systems:
        if due := system.due(now):
            runs = min(due, system.budget(world))
            shares.append(SystemShare(system.name, due, runs))
            looks.update(dict.fromkeys(system.looks(now, runs)))
    return SystemsPlan(tuple(shares), tuple(looks)) if shares else IDLE


def run_systems(
    systems: Sequence[System], plan: SystemsPlan, view: View
) -> Iterable[tuple[str, Sequence[Consequence]]]:
    """(system, what it brings about) for each with a share, in their order."""
    shares: Mapping[str, SystemShare] = {share.name: share for share in plan.shares}
    for system in systems:
        share = shares.get(system.name)
        if share is not None:
            yield system.name, system.run(view, share.runs)
