"""Energy and relationships as integers, fine enough that settling step by step equals settling at once,
exactly.

A rate is a whole number of thousandths an hour and a span a whole number of microseconds, so their product is
a whole number of 1/3,600,000,000,000 points: no rounding ever happens between two decisions.
"""

from __future__ import annotations

UNITS = 3_600_000_000_000
"""Units in one point: 1,000 thousandths x 3,600,000,000 microseconds an hour."""
FULL = 100 * UNITS
"""100 points, below 2**53: every value is exact as a double too."""
UNKNOWN = -1
"""A relationship nobody has said anything about yet."""
NEUTRAL = 50 * UNITS
"""What an unknown relationship counts as."""


def to_units(points: float) -> int:
    """Points 0-100 as units, to the nearest."""
    return round(points * UNITS)


def to_points(units: int) -> float:
    """Units as points, correctly rounded."""
    return units / UNITS


def span_to_saturate(rate: int) -> int:
    """Microseconds after which `rate` (thousandths an hour) has crossed the whole scale, whatever the
    start."""
    return FULL // max(1, abs(rate)) + 1


def settle(units: int, rate: int, elapsed: int) -> int:
    """The value after `elapsed` microseconds at `rate`, clamped to 0-100 points."""
    moved = units + rate * min(elapsed, span_to_saturate(rate))
    return min(FULL, max(0, moved))
