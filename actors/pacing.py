"""When a world's next live tick is due, and what happens to late ones. Pure: monotonic ns come in."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field

SAMPLES_MAX = 600
"""Latenesses kept for the statistics: a minute at ten ticks a second, ten minutes at one."""


class TooLate(RuntimeError):
    """The world's missedTickPolicy is `fail`, and it fell a whole interval behind."""


@dataclass
class Pacer:
    """Absolute deadlines start, start + interval, ...: nothing a tick costs ever shifts the next."""

    interval_ns: int
    policy: str
    catch_up_max: int
    behind_ns: int = 0
    """How long the world stood still before it began here, if it shall catch up; a bounded part counts."""
    phase_ns: int = 0
    """How long its first tick waits, so that not every world of a shard ticks at the same moment."""
    deadline_ns: int = 0
    missed: int = 0
    """Live ticks dropped so far."""
    owed: int = 0
    """Ticks for the time it stood still that are not made yet: late on purpose, whatever the policy."""

    def start(self, now_ns: int) -> None:
        """Begin, or begin again after a pause: the first tick is due at its phase, or was while nobody ran
        it."""
        behind, self.behind_ns = self.behind_ns // self.interval_ns, 0
        self.owed = min(behind, self.catch_up_max)
        self.missed += behind - self.owed
        first_ns = now_ns + self.phase_ns % self.interval_ns
        self.deadline_ns = first_ns - self.owed * self.interval_ns

    def ticked(self, now_ns: int) -> None:
        """A tick was made; move on to the next deadline, dropping what the policy says."""
        self.deadline_ns += self.interval_ns
        if self.owed:
            self.owed -= 1
            return
        if self.deadline_ns > now_ns:
            return
        behind = (now_ns - self.deadline_ns) // self.interval_ns + 1
        match self.policy:
            case "catch_up":
                self._drop(max(0, behind - self.catch_up_max))
            case "skip":
                self._drop(behind)
            case "slow":
                self.deadline_ns = now_ns
            case _:
                raise TooLate(f"{behind} ticks behind, and missedTickPolicy is fail")

    def _drop(self, ticks: int) -> None:
        self.deadline_ns += ticks * self.interval_ns
        self.missed += ticks

    def stepped(self, now_ns: int) -> None:
        """An explicit tick was made, which has no deadline: of the live ones that came meanwhile the last is
        due, and the others are nobody's lateness."""
        if not self.owed and self.deadline_ns < now_ns:
            self.deadline_ns += (now_ns - self.deadline_ns) // self.interval_ns * self.interval_ns

    def configure(self, interval_ns: int, policy: str, catch_up_max: int, now_ns: int) -> None:
        """Take a changed configuration. A changed interval counts from the last deadline, and makes no tick
        late that was not."""
        if self.deadline_ns > now_ns and interval_ns != self.interval_ns:
            self.deadline_ns = max(now_ns, self.deadline_ns - self.interval_ns + interval_ns)
        self.interval_ns, self.policy, self.catch_up_max = interval_ns, policy, catch_up_max


def spread(place: int) -> float:
    """A share of an interval for the `place`-th of many, 0 first: 0, 1/2, 1/4, 3/4, 1/8, 5/8, ... However
    many there are, they lie about evenly, so that worlds which begin together do not tick together."""
    share, half = 0.0, 0.5
    while place:
        share += half * (place % 2)
        place, half = place // 2, half / 2
    return share


@dataclass
class Lateness:
    """How late ticks began, over the last ones."""

    samples: deque[int] = field(default_factory=deque)
    ranked: list[int] = field(default_factory=list)
    """The same in order of size: percentiles are read more often than a sort is worth."""

    def add(self, late_ns: int) -> None:
        self.samples.append(late_ns)
        insort(self.ranked, late_ns)
        if len(self.samples) > SAMPLES_MAX:
            del self.ranked[bisect_left(self.ranked, self.samples.popleft())]

    def percentile_ms(self, percent: int) -> float:
        """The nearest-rank percentile in milliseconds, 0 without samples."""
        if not self.ranked:
            return 0.0
        rank = -(-len(self.ranked) * percent // 100)
        return self.ranked[max(0, rank - 1)] / 1_000_000
