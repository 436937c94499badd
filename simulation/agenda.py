"""How many people of each tier are due when: the world's own count, so that a plan needs no question."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from simulation.units import Micros


class Agenda:
    """Due times of one tier with how many people each has. Costs what becomes due, not who exists."""

    def __init__(self) -> None:
        self._later: dict[int, int] = {}
        self._times: list[int] = []
        self._ready: deque[list[int]] = deque()
        """[due at, how many], the most overdue first."""
        self.due = 0

    def add(self, scheduled: Iterable[tuple[Micros, int]]) -> None:
        for time, count in scheduled:
            if time in self._later:
                self._later[time] += count
            else:
                self._later[time] = count
                heappush(self._times, time)

    def advance(self, now: Micros) -> None:
        """Move what became due by `now` to the ready queue, in order of time."""
        while self._times and self._times[0] <= now:
            time = heappop(self._times)
            count = self._later.pop(time)
            self._ready.append([time, count])
            self.due += count

    def overdue(self, since: Micros) -> list[tuple[Micros, int]]:
        """(due at, how many) of the ready people due at or before `since`, the most overdue first."""
        found = []
        for time, count in self._ready:
            if time > since:
                break
            found.append((Micros(time), count))
        return found

    def as_of(self, now: Micros) -> Agenda:
        """What this agenda will have ready at `now`, as one of its own; nothing of this one moves."""
        found = Agenda()
        found.add((Micros(time), count) for time, count in self._ready)
        found.add(self._becoming_due(now))
        found.advance(now)
        return found

    def _becoming_due(self, now: Micros) -> Iterator[tuple[Micros, int]]:
        """Down the heap only as far as its times are due: nobody later is looked at."""
        places = [0]
        while places:
            place = places.pop()
            if place < len(self._times) and self._times[place] <= now:
                time = self._times[place]
                yield Micros(time), self._later[time]
                places += (2 * place + 1, 2 * place + 2)

    def serve(self, count: int) -> None:
        """Take the `count` most overdue off; the tier serves exactly the same people."""
        self.due -= count
        while count > 0:
            head = self._ready[0]
            taken = min(count, head[1])
            head[1] -= taken
            count -= taken
            if head[1] == 0:
                self._ready.popleft()

    def next_time(self) -> Micros | None:
        """The earliest due time known, ready or later."""
        if self._ready:
            return Micros(self._ready[0][0])
        return Micros(self._times[0]) if self._times else None
