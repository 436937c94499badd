"""Which of many things is due when, by key: what a system keeps of sessions, made from them at any time."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush, nsmallest
from typing import Generic, TypeVar

from simulation.units import Micros

Key = TypeVar("Key", bound=tuple[str, ...])

STALE_KEPT_MAX = 64
"""Entries of the heap beyond twice what is due some time: more of them, and the heap is made anew."""


class DueTimes(Generic[Key]):
    """Due times by key. The order is (due time, key), whatever order the keys came in. Asking for a time
    changes nothing, so a plan may ask for one that never comes."""

    def __init__(self) -> None:
        self._due: dict[Key, Micros] = {}
        self._heap: list[tuple[Micros, Key]] = []
        """An entry that is not in `_due` as it is here is stale and passed over."""

    def __len__(self) -> int:
        return len(self._due)

    def put(self, key: Key, due: Micros | None) -> None:
        """This is when it is due from now on; None: never."""
        if self._due.get(key) == due:
            return
        if due is None:
            del self._due[key]
        else:
            self._due[key] = due
            heappush(self._heap, (due, key))
        if len(self._heap) > 2 * len(self._due) + STALE_KEPT_MAX:
            self._heap = [(at, name) for name, at in self._due.items()]
            heapify(self._heap)

    def at(self, key: Key) -> Micros:
        """When something that is due some time is due."""
        return self._due[key]

    def count(self, now: Micros) -> int:
        """How many are due by `now`."""
        if not self._heap or self._heap[0][0] > now:
            return 0
        return len(dict(self._ready(now)))

    def first(self, now: Micros, most: int) -> list[Key]:
        """The most overdue, ties by key."""
        if not self._heap or self._heap[0][0] > now:
            return []
        ready = dict(self._ready(now)).items()
        return [key for _, key in nsmallest(most, ((due, key) for key, due in ready))]

    def items(self) -> list[tuple[Micros, Key]]:
        """Everything that is due some time, in order."""
        return sorted((due, key) for key, due in self._due.items())

    def _ready(self, now: Micros) -> Iterator[tuple[Key, Micros]]:
        """Down the heap only as far as its times are due: nobody later is looked at. A key may come twice."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heappop(self._heap)
        places = [0]
        while places:
            place = places.pop()
            if place < len(self._heap) and self._heap[place][0] <= now:
                due, key = self._heap[place]
                if self._due.get(key) == due:
                    yield key, due
                places += (2 * place + 1, 2 * place + 2)
