"""One calendar answers every question of time; expected values are counted by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.calendar import Calendar
from simulation.definitions.problems import Problem
from simulation.definitions.time_config import read_time_config
from simulation.units import Micros

HOUR = 3_600_000_000


def at(day: int, hour: float) -> Micros:
    return Micros(int((day * 24 + hour) * HOUR))


@pytest.mark.parametrize(
    ("now", "period", "weekday", "rests"),
    [
        (at(0, 0), "night", "Monday", False),
        (at(0, 4.999), "night", "Monday", False),
        (at(0, 5), "dawn", "Monday", False),
        (at(0, 7), "morning", "Monday", False),
        (at(0, 12), "afternoon", "Monday", False),
        (at(0, 17), "evening", "Monday", False),
        (at(0, 21), "night", "Monday", False),
        (at(5, 12), "afternoon", "Saturday", True),
        (at(7, 12), "afternoon", "Monday", False),
    ],
)
def test_the_default_calendar(now: Micros, period: str, weekday: str, rests: bool) -> None:
    calendar = Calendar()
    assert calendar.period_name(now) == period
    assert calendar.day_names[calendar.day_of_week(now)] == weekday
    assert calendar.is_rest_day(now) is rests


def test_a_moment_is_described_for_people() -> None:
    assert Calendar().describe(at(3, 14 + 5 / 60)) == "day 3, Thursday, 14:05 (afternoon)"


def read(**config: object) -> tuple[Calendar, list[Problem]]:
    problems: list[Problem] = []
    return read_time_config(config, "meta.time_config", problems), problems


MARSH = {
    "hoursPerDay": 20,
    "periods": [
        {"id": "ebb", "startHour": 2, "endHour": 12, "aliases": ["day"]},
        {"id": "flood", "startHour": 12, "endHour": 2},
    ],
    "days": [{"name": "First"}, {"name": "Last", "isRestDay": True}],
    "periodAliases": {"any": ["ebb", "flood"]},
}


def test_a_world_may_have_days_of_its_own() -> None:
    calendar, problems = read(**MARSH)
    assert problems == []
    twenty = 20 * HOUR
    assert calendar.day(Micros(twenty)) == 1
    assert calendar.period_name(Micros(twenty + 1 * HOUR)) == "flood"
    assert calendar.period_name(Micros(twenty + 2 * HOUR)) == "ebb"
    assert calendar.is_rest_day(Micros(twenty))
    assert not calendar.is_rest_day(Micros(2 * twenty))


def test_aliases_stand_for_their_periods() -> None:
    calendar, _ = read(**MARSH)
    assert calendar.matches(["day"]) == {0}
    assert calendar.matches(["any"]) == {0, 1}
    assert calendar.matches([]) == frozenset()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"hoursPerDay": 0}, "meta.time_config.hoursPerDay"),
        ({"periods": None}, "meta.time_config.periods"),
        ({"daysPerWeek": 7}, "meta.time_config.daysPerWeek"),
        ({"periodAliases": {"noon": "lunch"}}, "meta.time_config.periodAliases.noon"),
        ({"periods": [{"id": "x", "startHour": 3, "endHour": 3}]}, "meta.time_config.periods[0]"),
        ({"periods": [{"id": "x", "startHour": 3, "endHour": 25}]}, "meta.time_config.periods[0].endHour"),
        (
            {
                "periods": [
                    {"id": "x", "startHour": 1, "endHour": 9},
                    {"id": "y", "startHour": 8, "endHour": 2},
                ]
            },
            "meta.time_config.periods[1]",
        ),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(change: dict[str, object], path: str) -> None:
    _, problems = read(**{**MARSH, **change})
    assert path in [problem.path for problem in problems]


@given(st.integers(0, 10**15))
def test_the_default_periods_cover_the_whole_day_once(now: int) -> None:
    calendar = Calendar()
    of_day = calendar.micros_of_day(Micros(now))
    assert sum(period.covers(of_day) for period in calendar.periods) == 1
    assert calendar.day(Micros(now)) * calendar.day_us + of_day == now
