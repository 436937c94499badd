"""Housekeeping: what a process does on real time beside the worlds, what of it is due when, and how much it
may do. No chore touches the state of a world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

HURRY = 10
"""A chore that used up its budget has more to do: it comes again after a tenth of its interval."""
BECAUSE_CHARS_MAX = 200
"""Of why a chore failed: a line for people, who find the rest in the log."""


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
    next_s: float | None
    """None: not before there is something to do."""
    last_s: float | None = None
    did: int = 0
    did_in_all: int = 0
    failures: int = 0
    because: str = ""
    """Why it failed the last time; empty: it did not."""

    def to_json(self, now_s: float, wall_s: float) -> dict[str, Any]:
        """For people: times as wall time, in seconds since 1970."""
        return {
            "name": self.chore.name,
            "everySeconds": self.chore.every_s,
            "lastRun": None if self.last_s is None else round(wall_s + self.last_s - now_s, 3),
            "nextRun": None if self.next_s is None else round(wall_s + self.next_s - now_s, 3),
            "budget": self.chore.budget,
            "did": self.did,
            "didInAll": self.did_in_all,
            "failures": self.failures,
            "because": self.because,
        }


@dataclass(frozen=True, slots=True)
class Failed:
    """In place of how much a chore did: it raised."""

    because: str

    @classmethod
    def of(cls, error: Exception) -> Failed:
        said = str(error).partition("\n")[0]
        return cls(f"{type(error).__name__}: {said}"[:BECAUSE_CHARS_MAX])


class Housekeeping:
    """The plan of one process: each chore at once and then at its own pace, the most overdue first, ties in
    their order."""

    def __init__(self, chores: Sequence[Chore], now_s: float) -> None:
        self._standings = {chore.name: Standing(chore, now_s) for chore in chores}
        self._next_s = {chore.name: now_s for chore in chores}

    def due(self, now_s: float) -> tuple[Chore, ...]:
        """Everything whose time has come."""
        found = [name for name, next_s in self._next_s.items() if next_s <= now_s]
        return tuple(self._standings[name].chore for name in sorted(found, key=self._next_s.__getitem__))

    def next_s(self) -> float:
        """When something is due next."""
        return min(self._next_s.values())

    def done(self, name: str, now_s: float, did: int) -> None:
        """A chore ran, and did so much."""
        before = self._standings[name]
        chore = before.chore
        wait_s = chore.every_s / HURRY if did >= chore.budget else chore.every_s
        did_in_all, failures = before.did_in_all + did, before.failures
        self._take(name, Standing(chore, now_s + wait_s, now_s, did, did_in_all, failures))

    def failed(self, name: str, now_s: float, because: str) -> None:
        """A chore ran and raised: it comes again when it would have come anyway, and the others go on."""
        before = self._standings[name]
        chore, failures = before.chore, before.failures + 1
        next_s = now_s + chore.every_s
        self._take(name, Standing(chore, next_s, now_s, 0, before.did_in_all, failures, because))

    def _take(self, name: str, standing: Standing) -> None:
        assert standing.next_s is not None, "a chore that ran comes again"
        self._standings[name], self._next_s[name] = standing, standing.next_s

    def to_json(self, now_s: float, wall_s: float) -> tuple[dict[str, Any], ...]:
        """The plan for people."""
        return tuple(standing.to_json(now_s, wall_s) for standing in self._standings.values())
