"""Spans of game time as authors write them: seconds, or the calendar's minutes, hours and days."""

from __future__ import annotations

from decimal import Decimal

from simulation.calendar import Calendar
from simulation.definitions.fields import SECONDS_MAX, Fields, is_number
from simulation.definitions.problems import shown
from simulation.units import MICROS_PER_SECOND, Micros


def read_span(fields: Fields, prefixes: tuple[str, ...], calendar: Calendar) -> Micros | None:
    """What keys such as `waitHours` and `waitDays` come to together, exactly; None if none is there.

    `prefixes` are names for the same thing: the same unit of two of them is refused.
    """
    total: Decimal | None = None
    for unit, length in units_of(calendar).items():
        given = [f"{prefix}{unit}" for prefix in prefixes if fields.has(f"{prefix}{unit}")]
        fields.ignore(*(f"{prefix}{unit}" for prefix in prefixes))
        for key in given[1:]:
            fields.refuse(fields.at(key), fields.raw(key), f"says the same as {given[0]}", "one of them")
        for key in given[:1]:
            total = (total or Decimal(0)) + _micros(fields, key, length)
    return None if total is None else Micros(int(total))


def units_of(calendar: Calendar) -> dict[str, int]:
    """Unit -> its microseconds."""
    return {
        "Seconds": MICROS_PER_SECOND,
        "Minutes": calendar.minute_us,
        "Hours": calendar.hour_us,
        "Days": calendar.day_us,
    }


def _micros(fields: Fields, key: str, length: int) -> Decimal:
    value = fields.raw(key)
    if is_number(value):
        exact = Decimal(str(value)) * length
        if 0 <= exact <= SECONDS_MAX * MICROS_PER_SECOND and exact == exact.to_integral_value():
            return exact
    allowed = f"a number from 0, a whole number of microseconds, at most {SECONDS_MAX:g} seconds"
    fields.refuse(fields.at(key), value, f"is {shown(value)}", allowed)
    return Decimal(0)
