"""Housekeeping: what a process does on real time beside the worlds, what of it is due when, and how much it
may do. No chore touches the state of a world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

HURRY = 10
"""A chore that used up its budget has more to do: it comes again after a tenth of its interval."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every so many real seconds, at most `budget` things of it at once."""

    name: str
    every_s: float
    budget: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a chore stands: when it ran, when it runs next (monotonic seconds), what it did the last time."""

    chore: Chore
    next_s: float
    last_s: float | None = None
    did: int = 0
    did_in_all: int = 0


class Housekeeping:
    """The plan of one process: each chore at once and then at its own pace, the most overdue first, ties in
    their order."""

    def __init__(self, chores: Sequence[Chore], now_s: float) -> None:
        self._standings = {chore.name: Standing(chore, now_s) for chore in chores}

    def due(self, now_s: float) -> tuple[Chore, ...]:
        """Everything whose time has come."""
        found = [standing for standing in self._standings.values() if standing.next_s <= now_s]
        return tuple(standing.chore for standing in sorted(found, key=lambda standing: standing.next_s))

    def done(self, name: str, now_s: float, did: int) -> None:
        """A chore ran, and did so much."""
        before = self._standings[name]
        chore = before.chore
        wait_s = chore.every_s / HURRY if did >= chore.budget else chore.every_s
        self._standings[name] = Standing(chore, now_s + wait_s, now_s, did, before.did_in_all + did)

    def to_json(self, now_s: float, wall_s: float) -> tuple[dict[str, Any], ...]:
        """The plan for people: times as wall time, in seconds since 1970."""
        return tuple(
            {
                "name": standing.chore.name,
                "everySeconds": standing.chore.every_s,
                "lastRun": None if standing.last_s is None else round(wall_s + standing.last_s - now_s, 3),
                "nextRun": round(wall_s + standing.next_s - now_s, 3),
                "budget": standing.chore.budget,
                "did": standing.did,
                "didInAll": standing.did_in_all,
            }
            for standing in self._standings.values()
        )
