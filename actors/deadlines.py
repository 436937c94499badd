"""One heap of deadlines on the monotonic clock: what is due next, first come first served. Pure."""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Deadlines(Generic[Key]):
    """At most one deadline a key; setting it again replaces it. Times are monotonic nanoseconds."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Key]] = []
        self._live: dict[Key, int] = {}
        self._order = count()

    def set(self, key: Key, at_ns: int | None) -> None:
        """Due at `at_ns`, behind everything due then already; None: not at all."""
        if at_ns is None:
            self._live.pop(key, None)
            return
        order = next(self._order)
        self._live[key] = order
        heappush(self._heap, (at_ns, order, key))

    def pop(self, now_ns: int) -> tuple[Key, int] | None:
        """The earliest key that is due, with its deadline, and forget it. None: nothing is."""
        self._drop_stale()
        if not self._heap or self._heap[0][0] > now_ns:
            return None
        at_ns, _, key = heappop(self._heap)
        del self._live[key]
        return key, at_ns

    def is_due(self, now_ns: int) -> bool:
        """Whether any deadline has come."""
        next_ns = self.next_ns()
        return next_ns is not None and next_ns <= now_ns

    def next_ns(self) -> int | None:
        """The earliest deadline of all."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def _drop_stale(self) -> None:
        while self._heap and self._live.get(self._heap[0][2]) != self._heap[0][1]:
            heappop(self._heap)
