"""Who may start a job now, and who must wait: limits per world, per user and in all. Pure.

The state is the rows themselves, so a gate that was killed has forgotten nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from simulation.units import RequestId, WorldId

IN_FLIGHT_MAX = 64
"""Jobs of all worlds at once: more than one worker runs at a time, and little enough to be made again if
lost."""
PER_WORLD_IN_FLIGHT = 8
PER_USER_IN_FLIGHT = 2
"""What a world that says nothing gets (domain.md, generation)."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """A request that waits for a job."""

    request_id: RequestId
    world_id: WorldId
    user_id: str | None = None
    per_world: int = PER_WORLD_IN_FLIGHT
    per_user: int = PER_USER_IN_FLIGHT


@dataclass(frozen=True, slots=True)
class InFlight:
    """Jobs under way, by world and by user."""

    by_world: Mapping[WorldId, int] = field(default_factory=dict)
    by_user: Mapping[str, int] = field(default_factory=dict)
    total: int = 0


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now: which limit is full. It opens when one of those jobs ends."""

    request_id: RequestId
    until: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    start: tuple[RequestId, ...]
    deferred: tuple[Deferred, ...]


def admit(waiting: Sequence[Waiter], in_flight: InFlight, total_max: int = IN_FLIGHT_MAX) -> Verdicts:
    """Start, in order of `waiting`, whoever fits every limit; the same request asked twice is one."""
    by_world, by_user, total = dict(in_flight.by_world), dict(in_flight.by_user), in_flight.total
    start: list[RequestId] = []
    deferred: list[Deferred] = []
    for waiter in _once(waiting):
        user = waiter.user_id
        if total >= total_max:
            deferred.append(Deferred(waiter.request_id, f"one of {total_max} jobs ends"))
        elif by_world.get(waiter.world_id, 0) >= waiter.per_world:
            deferred.append(Deferred(waiter.request_id, f"one of its world's {waiter.per_world} jobs ends"))
        elif user is not None and by_user.get(user, 0) >= waiter.per_user:
            deferred.append(Deferred(waiter.request_id, f"one of its user's {waiter.per_user} jobs ends"))
        else:
            start.append(waiter.request_id)
            total += 1
            by_world[waiter.world_id] = by_world.get(waiter.world_id, 0) + 1
            if user is not None:
                by_user[user] = by_user.get(user, 0) + 1
    return Verdicts(tuple(start), tuple(deferred))


def _once(waiting: Iterable[Waiter]) -> list[Waiter]:
    return list({waiter.request_id: waiter for waiter in reversed(list(waiting))}.values())[::-1]
