"""Which of many things is due when, by key: what a system keeps of sessions, made from them at any time."""

from __future__ import annotations

from heapq import heapify, heappop, heappush, nsmallest
from typing import Generic, TypeVar

from simulation.units import Micros

Key = TypeVar("Key", bound=tuple[str, ...])

STALE_KEPT_MAX = 64
"""Entries of the heap beyond twice what is due some time: more of them, and the heap is made anew."""


class DueTimes(Generic[Key]):
    """Due times by key. The order is (due time, key), whatever order the keys came in."""

    def __init__(self) -> None:
        self._due: dict[Key, Micros] = {}
        self._later: list[tuple[Micros, Key]] = []
        """A heap; an entry that is not in `_due` as it is here is stale and passed over."""
        self._ready: dict[Key, Micros] = {}

    def __len__(self) -> int:
        return len(self._due)

    def put(self, key: Key, due: Micros | None) -> None:
        """This is when it is due from now on; None: never."""
        if self._due.get(key) == due:
            return
        self._ready.pop(key, None)
        if due is None:
            del self._due[key]
            return
        self._due[key] = due
        heappush(self._later, (due, key))
        if len(self._later) > 2 * len(self._due) + STALE_KEPT_MAX:
            self._later = [(at, name) for name, at in self._due.items() if name not in self._ready]
            heapify(self._later)

    def count(self, now: Micros) -> int:
        """How many are due by `now`, which never goes back."""
        while self._later and self._later[0][0] <= now:
            due, key = heappop(self._later)
            if self._due.get(key) == due:
                self._ready[key] = due
        return len(self._ready)

    def first(self, now: Micros, most: int) -> list[Key]:
        """The most overdue, ties by key."""
        self.count(now)
        return [key for _, key in nsmallest(most, ((due, key) for key, due in self._ready.items()))]

    def items(self) -> list[tuple[Micros, Key]]:
        """Everything that is due some time, in order."""
        return sorted((due, key) for key, due in self._due.items())
