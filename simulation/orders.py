"""What a world asks of its tiers in one tick, and what they answer. Plain and frozen: the hot path of a
shard.

Values pass by reference, so nothing here is ever changed after it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.units import Band, Micros, NpcId, RequestId, Tick, Tier


@dataclass(frozen=True, slots=True)
class TierOrder:
    """world -> tier: decide for at most `share` people, the most overdue first."""

    tick: Tick
    now: Micros
    share: int
    interval: Micros
    """The tier's decision interval in force."""
    flags: Mapping[str, Any]
    """The world's flags as they stood after this tick's inputs: what every decision of the tick reads."""
    hooks: bool
    """Whether deciding may make generation requests: never in the dormant tier or with generation off."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A generation request as a person's decision made it, not yet queued by the world."""

    request_id: RequestId
    npc_id: NpcId
    entity: int
    kind: str
    band: Band
    component: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FlagSet:
    entity: int
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Failure:
    """A behaviour that raised: the person is left out of this tick, everyone else goes on."""

    npc_id: NpcId
    rule: str
    error: str


@dataclass(frozen=True, slots=True)
class TierReport:
    """tier -> world: what one tick did."""

    tier: Tier
    served: int
    scheduled: tuple[tuple[Micros, int], ...]
    """(due at, how many people) of everybody served, ascending."""
    flags: tuple[FlagSet, ...] = ()
    requests: tuple[Requested, ...] = ()
    failures: tuple[Failure, ...] = ()
    waiting: tuple[NpcId, ...] = ()
    """The first few people who are due and were not served, most overdue first."""
    touched: int = 0
    """People whose row was read or written: what `cost follows work` counts."""


@dataclass(frozen=True, slots=True)
class ComponentWrite:
    npc_id: NpcId
    component: str
    value: Mapping[str, Any] | None
    """None removes the component."""


@dataclass(frozen=True, slots=True)
class Leave:
    """How many people leave a tier: its most important ones, or its least."""

    count: int
    best: bool


@dataclass(frozen=True, slots=True)
class TierTouch:
    """world -> tier, between ticks: what inputs do to people. Writes first, then leavers, then comers."""

    writes: tuple[ComponentWrite, ...] = ()
    leave: Leave | None = None
    come: tuple[Any, ...] = ()
    """`simulation.population.Row` values, as `left` of another tier's answer."""


@dataclass(frozen=True, slots=True)
class TierTouched:
    tier: Tier
    left: tuple[Any, ...] = ()
    """Rows of those who left."""
    written: int = 0
    agenda: tuple[tuple[Micros, int], ...] | None = None
    """(due at, how many) of everybody, when people left or came; None: nobody did."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a tier got less than was due."""

    tier: Tier
    left_out: int
    reason: str
    waiting: tuple[NpcId, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """What one tick runs, how much, and what it leaves out and why."""

    tick: Tick
    now: Micros
    budget: int
    due: Mapping[Tier, int]
    stale: Mapping[Tier, int]
    shares: Mapping[Tier, int]
    deficits: Mapping[Tier, int]
    job_budget: int
    jobs_due: int
    job_ops: int
    shortfalls: tuple[Shortfall, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    """`budget cannot keep up: needs n/step`, for instance."""
