"""By which rules people decide: what `meta.behavior` says, or rules of another kind with values of their own.

A mind may keep a few numbers of each person that only it reads. They live in the column `own`, so they move,
are saved and are hashed like every other value of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from simulation.deciding import Decided, Rows, decide
from simulation.definitions import Npc
from simulation.person import Person, Scene
from simulation.population import Population
from simulation.reasoning import Reasons, reason
from simulation.units import Micros


class Mind(Protocol):
    """The rules of one world. Stateless: everything that changes is in the population."""

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the numbers that these rules keep of each person."""

    def opening(self, origin: int, npc: Npc) -> Sequence[float]:
        """Those numbers of a person as the world begins."""

    def decide(self, scene: Scene, people: Population, rows: Rows, interval: Micros) -> Decided:
        """Everybody in `rows` decides, begins, and gets their next due time."""

    def why(self, person: Person, people: Population, row: int) -> Reasons | None:
        """What this person would decide now. None: these rules give no reasons."""


class Behaving:
    """As the definition's activities and routines say."""

    own: tuple[str, ...] = ()

    def opening(self, origin: int, npc: Npc) -> Sequence[float]:
        return ()

    def decide(self, scene: Scene, people: Population, rows: Rows, interval: Micros) -> Decided:
        return decide(scene, people, rows, interval)

    def why(self, person: Person, people: Population, row: int) -> Reasons | None:
        return reason(person, people, row)


BEHAVING: Mind = Behaving()
"""The mind of a world that names no other."""
