"""`meta.time_config`: how long days and weeks are, and what their parts are called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simulation.calendar import Calendar, Period
from simulation.definitions.fields import Fields, at, exact_micros
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import MICROS_PER_SECOND, Micros

PERIODS_MAX = 48
"""Of one day: twice as many as a day has hours."""
DAYS_MAX = 100
"""Of one week."""


def read_time_config(value: Any, path: str, problems: list[Problem]) -> Calendar:
    """The calendar; without a `time_config` the default one."""
    if value is None:
        return Calendar()
    fields = Fields(value, path, problems)
    default = Calendar()
    second = fields.whole("secondsPerMinute", 1, 10_000, 60)
    minute = second * fields.whole("minutesPerHour", 1, 10_000, 60)
    hour_us = minute * MICROS_PER_SECOND
    hours = fields.whole("hoursPerDay", 1, 10_000, 24)
    day_us = hours * hour_us
    names, rest = _days(fields, default)
    given = fields.has("periods")
    periods = fields.each(
        "periods", lambda item, at_: _period(item, at_, hours, hour_us, problems), PERIODS_MAX
    )
    kept = tuple(period for period, _ in periods) if given else default.periods
    if not given and hours != 24:
        fields.refuse(
            fields.at("periods"), None, f"is missing, and a day has {hours} hours", "periods of that day"
        )
    _check_overlaps(kept, fields.at("periods"), day_us, problems)
    aliases = _aliases(fields, kept, periods)
    fields.ignore("version", "timeContextPaths", "contextPaths")
    fields.done()
    return Calendar(second * MICROS_PER_SECOND, hour_us, day_us, kept, aliases, names, rest)


def _aliases(
    fields: Fields, kept: Sequence[Period], given: Sequence[tuple[Period, tuple[str, ...]]]
) -> dict[str, tuple[str, ...]]:
    """Further names, each for every period that says so; none may be a period's own."""
    known = [period.id for period in kept]
    found: dict[str, tuple[str, ...]] = {}

    def add(name: str, real: tuple[str, ...], path: str) -> None:
        if name in known and real != (name,):
            problem = f"the name of a period cannot stand for {', '.join(real) or 'none'}"
            fields.refuse(path, name, problem, "another name")
        found[name] = (*found.get(name, ()), *real)

    for n, (period, more) in enumerate(given):
        for m, alias in enumerate(more):
            add(alias, (period.id,), at(at(at(fields.at("periods"), n), "aliases"), m))
    for name, value in fields.mapping("periodAliases").items():
        real = tuple(map(str, value)) if isinstance(value, list) else (str(value),)
        where = fields.at(f"periodAliases.{name}")
        fields.problems.extend(unknown_name(where, one, known, "period") for one in real if one not in known)
        if not real:
            fields.refuse(where, value, "names no period", "at least one")
        add(name, real, where)
    return found


def _days(fields: Fields, default: Calendar) -> tuple[tuple[str, ...], frozenset[str]]:
    """(day names, rest days) from `days`, `dayNames`, `restDays` and `daysPerWeek`."""
    rest: set[str] = set()
    names: tuple[str, ...] = ()
    if fields.has("days"):
        days = fields.each("days", lambda item, path: _day(item, path, fields.problems), DAYS_MAX)
        names = tuple(name for name, _ in days)
        rest = {name for name, rests in days if rests}
    elif fields.has("dayNames"):
        names = fields.texts("dayNames", DAYS_MAX)
    for n, name in enumerate(names):
        if name.lower() in {other.lower() for other in names[:n]}:
            key = "days" if fields.has("days") else "dayNames"
            fields.refuse(at(fields.at(key), n), name, f"the day {name!r} is named twice", "each name once")
    if names == () and (fields.has("days") or fields.has("dayNames")):
        key = "days" if fields.has("days") else "dayNames"
        fields.refuse(fields.at(key), [], "names no day", "at least one")
    week = fields.whole("daysPerWeek", 1, DAYS_MAX, len(names) or len(default.day_names))
    if not names:
        same = week == len(default.day_names)
        names = default.day_names if same else tuple(f"Day {n}" for n in range(week))
        rest = set(default.rest_days) if same else set()
    if len(names) != week:
        fields.refuse(
            fields.at("daysPerWeek"), week, f"is {week}, but {len(names)} days are named", "the same"
        )
    if fields.has("restDays"):
        rest = set(fields.names("restDays", names, "day"))
    return names, frozenset(rest)


def _day(value: Any, path: str, problems: list[Problem]) -> tuple[str, bool]:
    fields = Fields(value, path, problems)
    name = fields.identifier("name") if fields.has("name") else fields.identifier("id")
    fields.ignore("id", "specialFlags", "dayIndex")
    rests = [fields.raw(key, False) for key in ("isRestDay", "restDay")]
    for rest in rests:
        if not isinstance(rest, bool):
            fields.refuse(at(path, "isRestDay"), rest, f"is {rest!r}", "true or false")
    fields.done()
    return name, True in rests


def _period(
    value: Any, path: str, hours: int, hour_us: int, problems: list[Problem]
) -> tuple[Period, tuple[str, ...]]:
    fields = Fields(value, path, problems)
    name = fields.text("id")
    fine = len(fields.problems)
    start, end = (_hour(fields, key, hours, hour_us) for key in ("startHour", "endHour"))
    fine = fine == len(fields.problems)
    day_us = hours * hour_us
    aliases = fields.texts("aliases")
    fields.ignore("name", "color", "ambientPresets")
    fields.done()
    whole = (start, end) == (0, day_us)
    if (start - end) % day_us == 0 and fine and not whole:
        fields.refuse(path, name, "starts and ends at the same time", "a part of the day")
    return Period(name, Micros(start % day_us), Micros(end % day_us)), aliases


def _hour(fields: Fields, key: str, hours: int, hour_us: int) -> Micros:
    value = fields.number(key, 0, hours)
    exact = exact_micros(value * hour_us / MICROS_PER_SECOND)
    if exact is None:
        fields.refuse(fields.at(key), value, f"is {value!r}", "an hour of the day, to the microsecond")
    return Micros(exact or 0)


def _check_overlaps(periods: tuple[Period, ...], path: str, day_us: int, problems: list[Problem]) -> None:
    """No time of day may be two things; a gap is allowed and is simply no named time."""
    seen: set[str] = set()
    for n, period in enumerate(periods):
        if period.id in seen:
            problems.append(Problem(at(path, n), period.id, f"the id {period.id!r} is given twice"))
        seen.add(period.id)
        problems.extend(
            Problem(at(path, n), period.id, f"overlaps {other.id!r}", "periods that do not overlap")
            for other in periods[:n]
            if other.covers(period.start % day_us) or period.covers(other.start % day_us)
        )
