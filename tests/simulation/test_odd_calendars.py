"""Days and weeks unlike ours, worked out by hand, in the calendar and in the rules that ask for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulation.calendar import Calendar
from simulation.definitions import WorldFileInvalid, parse_world
from simulation.definitions.problems import Problem
from simulation.definitions.time_config import read_time_config
from simulation.opening import create
from simulation.units import Micros, NpcId

ODD: dict[str, Any] = {
    "secondsPerMinute": 50,
    "minutesPerHour": 40,
    "hoursPerDay": 10,
    "periods": [
        {"id": "dark", "startHour": 8, "endHour": 2, "aliases": ["night"]},
        {"id": "grey", "startHour": 2, "endHour": 2.5},
        {"id": "light", "startHour": 3, "endHour": 8},
    ],
    "periodAliases": {"dim": ["dark", "grey"]},
    "days": [
        {"name": "One"},
        {"name": "Two"},
        {"name": "Mid", "isRestDay": True},
        {"name": "Four"},
        {"name": "Last", "restDay": True},
    ],
}
"""An hour is 50 x 40 = 2,000 s, a day ten of them = 20,000 s, a week five days = 100,000 s. Dark is from
16,000 s to 4,000 s of the next day, grey from 4,000 s to 5,000 s, then nothing until light at 6,000 s."""


def odd() -> Calendar:
    problems: list[Problem] = []
    found = read_time_config(ODD, "meta.time_config", problems)
    assert problems == []
    return found


def at(seconds: str) -> Micros:
    return Micros(int(Decimal(seconds) * 1_000_000))


@pytest.mark.parametrize(
    ("seconds", "day", "period", "weekday", "rests"),
    [
        ("0", 0, "dark", "One", False),
        ("3999.999999", 0, "dark", "One", False),
        ("4000", 0, "grey", "One", False),
        ("4999.999999", 0, "grey", "One", False),
        ("5000", 0, "", "One", False),
        ("5999.999999", 0, "", "One", False),
        ("6000", 0, "light", "One", False),
        ("15999.999999", 0, "light", "One", False),
        ("16000", 0, "dark", "One", False),
        ("19999.999999", 0, "dark", "One", False),
        ("20000", 1, "dark", "Two", False),
        ("39999.999999", 1, "dark", "Two", False),
        ("40000", 2, "dark", "Mid", True),
        ("60000", 3, "dark", "Four", False),
        ("99999.999999", 4, "dark", "Last", True),
        ("100000", 5, "dark", "One", False),
        ("1000000006000", 50_000_000, "light", "One", False),
    ],
)
def test_a_day_of_ten_hours_in_a_week_of_five(
    seconds: str, day: int, period: str, weekday: str, rests: bool
) -> None:
    calendar, now = odd(), at(seconds)
    assert calendar.day(now) == day
    assert calendar.period_name(now) == period
    assert calendar.day_names[calendar.day_of_week(now)] == weekday
    assert calendar.is_rest_day(now) is rests


def test_hours_and_minutes_are_that_calendars_own() -> None:
    """47,050 s is 7,050 s into day 2: three hours of 2,000 s, then 1,050 s = 21 minutes of 50 s."""
    assert odd().describe(at("47050")) == "day 2, Mid, 03:21 (light)"


@pytest.mark.parametrize(
    ("names", "periods"),
    [(["night"], {0}), (["dim"], {0, 1}), (["light", "dim"], {0, 1, 2}), (["grey", "night"], {0, 1})],
)
def test_aliases_of_both_kinds_cover_their_periods(names: list[str], periods: set[int]) -> None:
    assert odd().matches(names) == periods


def read(periods: list[dict[str, Any]], **more: Any) -> tuple[Calendar, list[Problem]]:
    problems: list[Problem] = []
    config = {"hoursPerDay": 10, "periods": periods, **more}
    return read_time_config(config, "meta.time_config", problems), problems


def test_periods_that_share_an_alias_are_all_meant() -> None:
    early = {"id": "early", "startHour": 1, "endHour": 4, "aliases": ["day"]}
    late = {"id": "late", "startHour": 4, "endHour": 9, "aliases": ["day", "dusk"]}
    night = {"id": "night", "startHour": 9, "endHour": 1}
    calendar, problems = read([early, late, night], periodAliases={"dusk": "night"})
    assert problems == []
    assert calendar.matches(["day"]) == {0, 1}
    assert calendar.matches(["dusk"]) == {1, 2}


def test_one_period_may_be_the_whole_day() -> None:
    """Underground: ten hours of 3,600 s, and it is dark in every microsecond of them."""
    calendar, problems = read([{"id": "dark", "startHour": 0, "endHour": 10}])
    assert problems == []
    for seconds in ("0", "17999.999999", "35999.999999", "36000", "360000000.5"):
        assert calendar.period_name(at(seconds)) == "dark"


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        ({"periods": [(0, 5, ["late"]), (5, 10, [])]}, "periods[0].aliases[0]", "cannot stand for early"),
        ({"periodAliases": {"late": "early"}}, "periodAliases.late", "cannot stand for early"),
        ({"periodAliases": {"noon": []}}, "periodAliases.noon", "names no period"),
        ({"periods": [(10, 0, []), (5, 10, [])]}, "periods[0]", "starts and ends at the same time"),
        ({"periods": [(0, 10, []), (5, 6, [])]}, "periods[1]", "overlaps 'early'"),
    ],
)
def test_names_and_periods_that_contradict_each_other_are_refused(
    change: dict[str, Any], path: str, said: str
) -> None:
    spans = change.pop("periods", [(0, 5, []), (5, 10, [])])
    periods = [
        {"id": name, "startHour": start, "endHour": end, "aliases": aliases}
        for name, (start, end, aliases) in zip(("early", "late"), spans, strict=True)
    ]
    _, problems = read(periods, **change)
    assert problems[0].path == f"meta.time_config.{path}"
    assert said in str(problems[0])


@pytest.mark.parametrize(
    ("names", "days"),
    [
        (["restDay"], {2, 4}),
        (["workDay"], {0, 1, 3}),
        (["restDay", "workDay"], {0, 1, 2, 3, 4}),
        (["restDay", "One"], {0, 2, 4}),
        (["Mid"], {2}),
        ([], set()),
    ],
)
def test_rules_may_ask_for_days_by_name_or_by_kind(names: list[str], days: set[int]) -> None:
    assert odd().days_of(names) == days


def test_a_day_that_is_called_like_a_kind_of_day_is_that_day() -> None:
    calendar = Calendar(day_names=("restDay", "Toil", "Play"), rest_days=frozenset({"Play"}))
    assert calendar.days_of(["restDay"]) == {0}
    assert calendar.days_of(["workDay"]) == {0, 1}


def test_a_week_without_rest_days_has_none_to_ask_for() -> None:
    calendar = Calendar(day_names=("A", "B"), rest_days=frozenset())
    assert calendar.days_of(["restDay"]) == frozenset()
    assert calendar.days_of(["workDay"]) == {0, 1}


def keeper(days: list[str]) -> dict[str, Any]:
    """Somebody with a node for rest days, a slot across midnight on work days, a time of day, the rest."""
    idle = [{"activityId": "idle", "weight": 1}]
    nodes = [
        {
            "id": "rest",
            "nodeType": "decision",
            "decisionConditions": [{"type": "day_of_week_in", "days": days}],
            "preferredActivities": idle,
        },
        {
            "id": "watch",
            "nodeType": "time_slot",
            "timeRangeSeconds": {"start": 18_000, "end": 2_000},
            "days": ["workDay"],
            "preferredActivities": idle,
        },
        {
            "id": "dim",
            "nodeType": "decision",
            "decisionConditions": [{"type": "time_of_day_in", "times": ["dim"]}],
            "preferredActivities": idle,
        },
        {"id": "else", "nodeType": "activity", "preferredActivities": idle},
    ]
    return {
        "id": "tower",
        "name": "Tower",
        "meta": {
            "time_config": ODD,
            "behavior": {
                "activities": {"idle": {"category": "any"}},
                "routines": {"keeper": {"nodes": nodes}},
            },
        },
        "npcs": [{"id": "ada", "personality": {"routineId": "keeper"}}],
    }


@pytest.mark.parametrize(
    ("seconds", "node"),
    [
        ("0", "dim"),
        ("1999.999999", "dim"),
        ("2000", "dim"),
        ("4999", "dim"),
        ("5000", "else"),
        ("6000", "else"),
        ("17999", "dim"),
        ("18000", "watch"),
        ("20000", "watch"),
        ("21999.999999", "watch"),
        ("22000", "dim"),
        ("38000", "watch"),
        ("40000", "rest"),
        ("59999", "rest"),
        ("60000", "dim"),
        ("78000", "watch"),
        ("80000", "rest"),
        ("100000", "dim"),
        ("120000", "watch"),
    ],
)
def test_routines_follow_that_calendar(seconds: str, node: str) -> None:
    """Days of 20,000 s; the third and the fifth are rest days. A watch begins on a work day and ends on the
    next, so there is none in the mornings of the fourth and of the first."""
    _, stages = create(parse_world(keeper(["restDay"]), "test"))
    (found,) = (
        why.node for stage in stages.values() if (why := stage.why(NpcId("ada"), at(seconds), {})) is not None
    )
    assert found == node


@pytest.mark.parametrize(
    ("seconds", "node"), [("46000", "watch"), ("47999.999999", "watch"), ("48000", "else")]
)
def test_the_hour_of_an_expression_is_that_calendars_own(seconds: str, node: str) -> None:
    """Day 2 begins at 40,000 s: its hour 3 is from 46,000 s to 48,000 s, from hour 4 on it is another."""
    tower = keeper(["Four"])
    nodes = tower["meta"]["behavior"]["routines"]["keeper"]["nodes"]
    expression = {"type": "expression", "expression": "hour >= 3 and hour < 4"}
    nodes[1] = {**nodes[0], "id": "watch", "decisionConditions": [expression]}
    _, stages = create(parse_world(tower, "test"))
    found = [why.node for stage in stages.values() if (why := stage.why(NpcId("ada"), at(seconds), {}))]
    assert found == [node]


def test_a_day_nobody_knows_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(WorldFileInvalid) as refused:
        parse_world(keeper(["Sunday"]), "test")
    (problem,) = refused.value.problems
    assert problem.path.endswith("nodes[0].decisionConditions[0].days[0]")
    assert "restDay" in str(problem)
