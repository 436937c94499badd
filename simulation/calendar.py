"""The one calendar of a world: integers in, time of day, day and week out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from simulation.units import MICROS_PER_SECOND, Micros


@dataclass(frozen=True, slots=True)
class Period:
    """A named part of the day, from `start` up to `end` of it; one that ends before it starts wraps
    midnight."""

    id: str
    start: Micros
    end: Micros

    def covers(self, of_day: int) -> bool:
        if self.start < self.end:
            return self.start <= of_day < self.end
        return of_day >= self.start or of_day < self.end


REST_DAY, WORK_DAY = "restDay", "workDay"
"""Every rest day and every other one, where days are asked for; a day that is called so is meant first."""

HOUR = 3_600 * MICROS_PER_SECOND


def _default_periods() -> tuple[Period, ...]:
    hours = (("dawn", 5, 7), ("morning", 7, 12), ("afternoon", 12, 17), ("evening", 17, 21), ("night", 21, 5))
    return tuple(Period(name, Micros(start * HOUR), Micros(end * HOUR)) for name, start, end in hours)


@dataclass(frozen=True)
class Calendar:
    """Lengths in microseconds and whole numbers; day 0 is the first of `day_names`."""

    minute_us: int = 60 * MICROS_PER_SECOND
    hour_us: int = HOUR
    day_us: int = 24 * HOUR
    periods: tuple[Period, ...] = field(default_factory=_default_periods)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Another name -> the periods it stands for."""
    day_names: tuple[str, ...] = (
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    )
    rest_days: frozenset[str] = frozenset({"Saturday", "Sunday"})

    @property
    def lengths(self) -> tuple[int, int, int]:
        """Microseconds of a day, an hour and a minute."""
        return self.day_us, self.hour_us, self.minute_us

    def day(self, now: Micros) -> int:
        """Whole days since the world began."""
        return now // self.day_us

    def micros_of_day(self, now: Micros) -> int:
        return now % self.day_us

    def day_of_week(self, now: Micros) -> int:
        """0 for the first day name."""
        return self.day(now) % len(self.day_names)

    def is_rest_day(self, now: Micros) -> bool:
        return self.day_names[self.day_of_week(now)] in self.rest_days

    def names_of_days(self) -> tuple[str, ...]:
        """Every name a rule may use: days, then the two kinds of days."""
        return (*self.day_names, REST_DAY, WORK_DAY)

    def days_of(self, names: Iterable[str]) -> frozenset[int]:
        """The days of the week, from 0, that these names and kinds of days cover, whatever their case."""
        wanted = {name.lower() for name in names}
        kinds = wanted - {name.lower() for name in self.day_names}
        return frozenset(
            n
            for n, name in enumerate(self.day_names)
            if name.lower() in wanted or (REST_DAY if name in self.rest_days else WORK_DAY).lower() in kinds
        )

    def period_at(self, now: Micros) -> int:
        """The index of the period, -1 in an hour that none covers."""
        of_day = self.micros_of_day(now)
        return next((n for n, period in enumerate(self.periods) if period.covers(of_day)), -1)

    def period_name(self, now: Micros) -> str:
        index = self.period_at(now)
        return "" if index < 0 else self.periods[index].id

    def period_names(self) -> tuple[str, ...]:
        """Every name a rule may use: periods, then aliases."""
        return (*(period.id for period in self.periods), *self.aliases)

    def matches(self, names: Iterable[str]) -> frozenset[int]:
        """The indexes of the periods that these names and aliases cover."""
        wanted = {real for name in names for real in self.aliases.get(name, (name,))}
        return frozenset(n for n, period in enumerate(self.periods) if period.id in wanted)

    def describe(self, now: Micros) -> str:
        """For people to read: `day 3, Thursday, 14:05 (afternoon)`."""
        hour, rest = divmod(self.micros_of_day(now), self.hour_us)
        weekday = self.day_names[self.day_of_week(now)]
        name = self.period_name(now)
        part = f" ({name})" if name else ""
        return f"day {self.day(now)}, {weekday}, {hour:02d}:{rest // self.minute_us:02d}{part}"
