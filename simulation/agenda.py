"""How many people of each tier are due when: the world's own count, so that a plan needs no question."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from simulation.units import Micros

NEVER = -1


class Agenda:
    """Due times of one tier with how many people each has. Costs what becomes due, not who exists."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        """Time -> how many, ready ones too; 0 after people left, until its time is over."""
        self._later: list[int] = []
        """A heap of the times after `_now`."""
        self._ready: list[int] = []
        """The times up to `_now`, ascending."""
        self._now = NEVER
        self.due = 0

    def add(self, scheduled: Iterable[tuple[Micros, int]]) -> None:
        """So many more people at each time; fewer where the count is below 0. Who is due already is ready at
        once."""
        for time, count in scheduled:
            known = self._counts.get(time)
            self._counts[time] = count if known is None else known + count
            if time <= self._now:
                self.due += count
                if known is None:
                    insort(self._ready, time)
            elif known is None:
                heappush(self._later, time)

    def advance(self, now: Micros) -> None:
        """Whoever became due by `now` is ready."""
        while self._later and self._later[0] <= now:
            time = heappop(self._later)
            self._ready.append(time)
            self.due += self._counts[time]
        self._now = max(self._now, now)

    def overdue(self, since: Micros) -> list[tuple[Micros, int]]:
        """(due at, how many) of the ready people due at or before `since`, the most overdue first."""
        found = []
        for time in self._ready:
            if time > since:
                break
            if count := self._counts[time]:
                found.append((Micros(time), count))
        return found

    def as_of(self, now: Micros) -> Agenda:
        """What this agenda will have ready at `now`, as one of its own; nothing of this one moves."""
        found = Agenda()
        found.add((Micros(time), self._counts[time]) for time in self._ready)
        found.add(self._becoming_due(now))
        found.advance(now)
        return found

    def _becoming_due(self, now: Micros) -> Iterator[tuple[Micros, int]]:
        """Down the heap only as far as its times are due: nobody later is looked at."""
        places = [0]
        while places:
            place = places.pop()
            if place < len(self._later) and self._later[place] <= now:
                time = self._later[place]
                yield Micros(time), self._counts[time]
                places += (2 * place + 1, 2 * place + 2)

    def serve(self, count: int) -> None:
        """Take the `count` most overdue off; the tier serves exactly the same people."""
        self.due -= count
        over = 0
        for time in self._ready:
            if count < self._counts[time] or not count:
                break
            count -= self._counts.pop(time)
            over += 1
        del self._ready[:over]
        if count:
            self._counts[self._ready[0]] -= count

    def times(self) -> dict[int, int]:
        """Everybody: time -> how many."""
        return {time: count for time, count in sorted(self._counts.items()) if count}
