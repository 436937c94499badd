"""Numbers and moments of a world as people read them; machines get game seconds (`--json`)."""

from __future__ import annotations

import re

DayLengths = tuple[int, int, int]
"""Game microseconds of a day, an hour and a minute of a world's calendar."""
DECIMALS = 3
"""Of a number for people; moments have all their six."""


def number(value: float) -> str:
    """With thousands set apart and no more decimals than anybody reads."""
    return _short(f"{value:,.{DECIMALS}f}")


def seconds(value: float) -> str:
    """Game seconds, every digit that is kept of them."""
    return f"{_short(f'{value:,.6f}')} s"


def clock(value: float, lengths: DayLengths | None) -> str:
    """The day and the time of day by the world's calendar; in seconds where the calendar is not known."""
    return seconds(value) if lengths is None else _told(value, lengths)[0]


def moment(value: float, lengths: DayLengths | None) -> str:
    """The same, and what is beyond the whole minute: every digit that is kept."""
    if lengths is None:
        return seconds(value)
    text, beyond_us = _told(value, lengths)
    return f"{text}:{_short(f'{beyond_us / 1_000_000:09.6f}')}" if beyond_us else text


def _told(value: float, lengths: DayLengths) -> tuple[str, int]:
    """Day, hour and minute, and the microseconds beyond them."""
    day_us, hour_us, minute_us = lengths
    day, of_day = divmod(round(value * 1_000_000), day_us)
    hour, of_hour = divmod(of_day, hour_us)
    minute, beyond_us = divmod(of_hour, minute_us)
    return f"day {day:,} {hour:02d}:{minute:02d}", beyond_us


WRITTEN = re.compile(
    r"(?:day\s+(?P<day>[\d,]{1,12}),?\s+)?(?P<hour>\d{1,6}):(?P<minute>\d\d)(?::(?P<beyond>\d{1,6}(\.\d{1,6})?))?"
)
"""A moment as this module tells it; without the day: of the same day."""


def told_at(text: str, today: int, lengths: DayLengths) -> int | None:
    """The microsecond that such a text means; None for any other text, and for times that no day has."""
    found = WRITTEN.fullmatch(text.strip())
    if found is None:
        return None
    day_us, hour_us, minute_us = lengths
    day = today if found["day"] is None else int(found["day"].replace(",", "") or 0)
    minutes, beyond = int(found["minute"]) * minute_us, round(float(found["beyond"] or 0) * 1_000_000)
    of_day = int(found["hour"]) * hour_us + minutes + beyond
    is_time = of_day < day_us and minutes < hour_us and beyond < minute_us
    return day * day_us + of_day if is_time else None


def _short(text: str) -> str:
    kept = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if kept == "-0" else kept
