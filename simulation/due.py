"""When whose decision is due: a bucket per distinct time, so serving costs what is due, not who exists."""

from __future__ import annotations

from heapq import heappop, heappush, nsmallest

import numpy as np
from numpy.typing import NDArray

from simulation.units import Micros

Rows = NDArray[np.int64]


class DueIndex:
    """Rows by due time. Ties are served in order of entity number, never of arrival."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[Rows]] = {}
        self._times: list[int] = []

    def put(self, due_at: NDArray[np.int64], rows: Rows) -> tuple[tuple[Micros, int], ...]:
        """Schedule `rows`; answers (time, how many) ascending, for the world's agenda."""
        counts: list[tuple[Micros, int]] = []
        for time in sorted(set(due_at.tolist())):
            group = rows[due_at == time]
            bucket = self._buckets.get(time)
            if bucket is None:
                self._buckets[time] = [group]
                heappush(self._times, time)
            else:
                bucket.append(group)
            counts.append((Micros(time), len(group)))
        return tuple(counts)

    def take(self, now: Micros, share: int, entities: NDArray[np.uint64]) -> Rows:
        """At most `share` rows due by `now`, the most overdue first, and forget them."""
        taken: list[Rows] = []
        while share > 0 and self._times and self._times[0] <= now:
            time = self._times[0]
            rows = self._sorted(time, entities)
            taken.append(rows[:share])
            if len(rows) > share:
                self._buckets[time] = [rows[share:]]
            else:
                del self._buckets[time]
                heappop(self._times)
            share -= len(taken[-1])
        if len(taken) == 1:
            return taken[0]
        return np.concatenate(taken) if taken else np.empty(0, dtype=np.int64)

    def peek(self, now: Micros, limit: int, entities: NDArray[np.uint64]) -> list[int]:
        """The first `limit` rows still due, in the order they will be served; nothing is taken."""
        found: list[int] = []
        for time in nsmallest(limit, self._times):
            if time > now or len(found) >= limit:
                break
            found.extend(self._sorted(time, entities)[: limit - len(found)].tolist())
        return found

    def _sorted(self, time: int, entities: NDArray[np.uint64]) -> Rows:
        bucket = self._buckets[time]
        rows = bucket[0] if len(bucket) == 1 else np.concatenate(bucket)
        if len(rows) > 1:
            rows = rows[np.argsort(entities[rows], kind="stable")]
        self._buckets[time] = [rows]
        return rows
