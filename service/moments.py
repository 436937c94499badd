"""Numbers and moments of a world as people read them; machines get game seconds (`--json`)."""

from __future__ import annotations

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
    if lengths is None:
        return seconds(value)
    day_us, hour_us, minute_us = lengths
    day, of_day = divmod(round(value * 1_000_000), day_us)
    hour, rest = divmod(of_day, hour_us)
    return f"day {day:,} {hour:02d}:{rest // minute_us:02d}"


def moment(value: float, lengths: DayLengths | None) -> str:
    """The same with the exact second in brackets."""
    return seconds(value) if lengths is None else f"{clock(value, lengths)} ({seconds(value)})"


def _short(text: str) -> str:
    kept = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if kept == "-0" else kept
