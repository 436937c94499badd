"""When whose decision is due: a bucket per distinct time, so serving costs what is due, not who exists."""

from __future__ import annotations

from heapq import heappop, heappush, nsmallest

import numpy as np
from numpy.typing import NDArray

from simulation.chance import Word, mix_word
from simulation.compiled import compiled
from simulation.units import Micros

Ints = NDArray[np.int64]
Rows = Ints

IN_ROW_ORDER_MIN = 256
"""Rows from which on reading them in order of memory saves more than sorting them costs."""


class DueIndex:
    """Rows by due time. Ties are served in order of entity number, never of arrival."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[Rows]] = {}
        self._times: list[int] = []
        self._gone: dict[int, set[int]] = {}
        """Time -> rows still in its bucket that are not due then any more: taken out when the bucket is
        read, so that forgetting one row costs one row."""

    def put(self, due_at: Ints, rows: Rows) -> tuple[tuple[Micros, int], ...]:
        """Schedule `rows`; answers (time, how many) ascending, for the world's agenda."""
        counts: list[tuple[Micros, int]] = []
        for time, group in grouped(due_at, rows):
            if self._gone and time in self._gone:
                self._read(time)
            bucket = self._buckets.get(time)
            if bucket is None:
                self._buckets[time] = [group]
                heappush(self._times, time)
            else:
                bucket.append(group)
            counts.append((Micros(time), len(group)))
        return tuple(counts)

    def put_one(self, time: int, row: int) -> None:
        """Schedule one row."""
        gone = self._gone.get(time, ())
        if row in gone:
            self._gone[time].remove(row)
            return
        bucket = self._buckets.get(time)
        if bucket is None:
            bucket = self._buckets[time] = []
            heappush(self._times, time)
        bucket.append(np.array([row], dtype=np.int64))

    def forget(self, time: int, row: int) -> None:
        """A row that is scheduled at `time` is not any more."""
        self._gone.setdefault(time, set()).add(row)

    def rename(self, time: int, row: int, new: int) -> None:
        """Who was in `row`, scheduled at `time`, is in `new`."""
        self.forget(time, row)
        self.put_one(time, new)

    def take(self, now: Micros, share: int, entities: NDArray[np.uint64]) -> Rows:
        """At most `share` rows due by `now`, the most overdue first, and forget them. In which order they
        decide within a tick changes nothing, so the rows come as memory likes them."""
        taken: list[Rows] = []
        while share > 0 and self._times and self._times[0] <= now:
            time = self._times[0]
            if time in self._gone:
                self._read(time)
            waiting = 0
            for group in self._buckets[time]:
                waiting += len(group)
            if waiting <= share:
                taken += self._buckets.pop(time)
                heappop(self._times)
                share -= waiting
            else:
                rows = self._sorted(time, entities)
                taken.append(rows[:share])
                self._buckets[time] = [rows[share:]]
                share = 0
        rows = taken[0] if len(taken) == 1 else np.concatenate([NOBODY, *taken])
        return np.sort(rows) if len(rows) >= IN_ROW_ORDER_MIN else rows

    def peek(self, now: Micros, limit: int, entities: NDArray[np.uint64]) -> list[int]:
        """The first `limit` rows still due, in the order they will be served; nothing is taken."""
        found: list[int] = []
        if not self._times or self._times[0] > now:
            return found
        for time in nsmallest(limit, self._times):
            if time > now or len(found) >= limit:
                break
            found.extend(self._sorted(time, entities)[: limit - len(found)].tolist())
        return found

    def _read(self, time: int) -> Rows:
        """The rows due at `time` as one group, without those that were forgotten."""
        bucket = self._buckets[time]
        rows = bucket[0] if len(bucket) == 1 else np.concatenate([NOBODY, *bucket])
        if gone := self._gone.pop(time, None):
            rows = rows[~np.isin(rows, np.array(sorted(gone), dtype=np.int64))]
        self._buckets[time] = [rows]
        return rows

    def _sorted(self, time: int, entities: NDArray[np.uint64]) -> Rows:
        rows = self._read(time)
        if len(rows) > 1:
            rows = rows[np.argsort(entities[rows], kind="stable")]
        self._buckets[time] = [rows]
        return rows


NOBODY: Rows = np.empty(0, dtype=np.int64)


def grouped(times: Ints, rows: Rows) -> list[tuple[int, Rows]]:
    """(time, its rows as they came) for every distinct time, ascending."""
    size = len(rows)
    found, counts, where, parted = (np.empty(size, dtype=np.int64) for _ in range(4))
    slots = np.full(2 << size.bit_length(), -1, dtype=np.int64)
    groups = part_by_time(times, rows, found, counts, where, parted, slots)
    ends = counts[:groups].tolist()
    starts = [0, *ends[:-1]]
    distinct = found[:groups].tolist()
    return [
        (distinct[n], parted[starts[n] : ends[n]]) for n in sorted(range(groups), key=distinct.__getitem__)
    ]


@compiled
def part_by_time(
    times: Ints, rows: Rows, found: Ints, ends: Ints, where: Ints, parted: Rows, slots: Ints
) -> int:
    """How many distinct times there are; group n is of time found[n], its rows are parted[..ends[n]], the
    groups one after the other. `slots` is a hash table, all -1, of a power of two above twice the rows."""
    mask, groups = Word(slots.size - 1), 0
    for i in range(rows.size):
        slot: int = np.int64(mix_word(Word(times[i])) & mask)  # type: ignore[assignment]
        while slots[slot] != -1 and found[slots[slot]] != times[i]:
            slot = slot + 1 if slot + 1 < slots.size else 0
        if slots[slot] == -1:
            slots[slot] = groups
            found[groups], ends[groups] = times[i], 0
            groups += 1
        where[i] = slots[slot]
        ends[where[i]] += 1
    end = 0
    for n in range(groups):
        end += ends[n]
        ends[n] = end - ends[n]
    for i in range(rows.size):
        parted[ends[where[i]]] = rows[i]
        ends[where[i]] += 1
    return groups
