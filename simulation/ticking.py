"""What a tick begins with, what it comes to, and where a world stands after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulation.inputs import Outcome
from simulation.orders import Failure, TierOrder, TierTouch, WorkPlan
from simulation.requests import Request
from simulation.systems import SystemsPlan
from simulation.units import Micros, Mode, RequestId, Tick, Tier


@dataclass(frozen=True, slots=True)
class BoundaryWork:
    """Inputs applied at a tick boundary, and what the tiers must do before anything else happens."""

    outcomes: tuple[Outcome, ...]
    touches: Mapping[Tier, TierTouch]


@dataclass(frozen=True, slots=True)
class TickStart:
    plan: WorkPlan
    size: Micros
    now: Micros
    orders: Mapping[Tier, TierOrder]
    handed: tuple[Request, ...]
    systems: SystemsPlan
    lapsed: tuple[Request, ...]
    """Requests whose game time is over."""


@dataclass(frozen=True, slots=True)
class TickDone:
    """One tick, made. Nothing of it is true outside the shard until it is committed."""

    tick: Tick
    size: Micros
    world_time: Micros
    plan: WorkPlan
    npc_ticks: int
    job_ops: int
    served: Mapping[Tier, int]
    requests: tuple[Request, ...]
    """Handed over in this tick."""
    failures: tuple[Failure, ...]
    refused_requests: int
    touches: Mapping[Tier, TierTouch]
    """What the tiers must still do before the tick is over."""
    unwanted: Mapping[RequestId, str]
    """Handed over before, and why nobody wants it any more: no need to make it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a world stands: what a commit's mark says of it."""

    tick: Tick
    world_time: Micros
    state_hash: str
    mode: Mode
    requests: int
    decisions_by_tier: Mapping[Tier, int]
    people_by_tier: Mapping[Tier, int]


@dataclass
class Counters:
    """Statistics of a world's life. Not part of its state: no rule reads them, no hash has them."""

    requests: int
    refused_requests: int
    failures: int
    decisions: dict[Tier, int]
