"""Opening hours: on which days of the week and at which times of the day something is open, and when next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from simulation.calendar import Calendar
from simulation.units import Micros

Span = tuple[int, int]
"""From the first microsecond of the day up to, but without, the second."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Open in every span of every day listed."""

    spans: tuple[Span, ...]
    """In order; none wraps midnight."""
    days: frozenset[int] | None = None
    """Days of the week; None: all of them."""

    def opens(self, at: Micros, calendar: Calendar) -> Micros | None:
        """The first microsecond from `at` on at which it is open: `at` itself if it is. None: never."""
        today = calendar.day(at)
        for day in range(today, today + len(calendar.day_names) + 1):
            if self.days is not None and day % len(calendar.day_names) not in self.days:
                continue
            start_of_day = day * calendar.day_us
            for start, end in self.spans:
                if at < start_of_day + end:
                    return Micros(max(at, start_of_day + start))
        return None


def unwrapped(start: int, end: int, day_us: int) -> list[Span]:
    """A span as it is within one day: one that ends before it starts wraps midnight."""
    found = [(start, end)] if start < end else [(start, day_us), (0, end)]
    return [(low, high) for low, high in found if low < high]


def both(one: Iterable[Span], other: Iterable[Span]) -> tuple[Span, ...]:
    """Where spans of both lists are open, in order."""
    others = list(other)
    found = [(max(a, c), min(b, d)) for a, b in one for c, d in others]
    return tuple(sorted({(low, high) for low, high in found if low < high}))
