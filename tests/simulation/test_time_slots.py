"""Time slots with days, in any calendar and for both paths; and what is felt for roles."""

from __future__ import annotations

from typing import Any

import pytest

from simulation import asking, drive
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.units import Micros, NpcId

MINUTE = 60
HOUR = 3_600
DAY = 24 * HOUR
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = (n * DAY for n in range(7))
WEEK = 7 * DAY
ODD = {
    "hoursPerDay": 10,
    "dayNames": ["Ebb", "Slack", "Flow"],
    "restDays": ["Flow"],
    "periods": [{"id": "day", "startHour": 2, "endHour": 8}, {"id": "night", "startHour": 8, "endHour": 2}],
}
"""Days of 36,000 s, weeks of three."""


def town(start: int, end: int, days: list[str], world_time: int = 0, **meta: Any) -> dict[str, Any]:
    """Ada keeps watch in the slot, and rests whenever it does not hold."""
    slot = {
        "id": "slot",
        "nodeType": "time_slot",
        "timeRangeSeconds": {"start": start, "end": end},
        "days": days,
        "preferredActivities": [{"activityId": "watch", "weight": 1}],
    }
    otherwise = {"id": "else", "preferredActivities": [{"activityId": "rest", "weight": 1}]}
    activities = {"watch": {"category": "work"}, "rest": {"category": "rest"}}
    return {
        "id": "town",
        "worldTime": world_time,
        "meta": {
            "simulation": {"generation": {"mode": "off"}},
            "behavior": {"activities": activities, "routines": {"r": {"nodes": [slot, otherwise]}}},
            **meta,
        },
        "npcs": [{"id": "ada", "personality": {"routineId": "r"}}],
    }


@pytest.mark.parametrize(
    ("start", "end", "days", "at", "holds"),
    [
        # 22:00 to 04:00 on Fridays: Friday's evening and the night that follows it.
        (22, 4, ["Friday"], FRIDAY + 2 * HOUR, False),
        (22, 4, ["Friday"], FRIDAY + 22 * HOUR - MINUTE, False),
        (22, 4, ["Friday"], FRIDAY + 22 * HOUR, True),
        (22, 4, ["Friday"], SATURDAY - MINUTE, True),
        (22, 4, ["Friday"], SATURDAY, True),
        (22, 4, ["Friday"], SATURDAY + 4 * HOUR - MINUTE, True),
        (22, 4, ["Friday"], SATURDAY + 4 * HOUR, False),
        (22, 4, ["Friday"], SATURDAY + 22 * HOUR, False),
        # Over the end of the week, and on the first morning there is, which follows a Sunday.
        (22, 4, ["Sunday"], WEEK + 3 * HOUR, True),
        (22, 4, ["Sunday"], MONDAY + 3 * HOUR, True),
        (22, 4, ["Monday"], MONDAY + 3 * HOUR, False),
        (22, 4, ["Monday"], TUESDAY + 3 * HOUR, True),
        # Days that follow each other, and kinds of days.
        (22, 4, ["Friday", "Saturday"], SATURDAY + 2 * HOUR, True),
        (22, 4, ["Friday", "Saturday"], SUNDAY + 2 * HOUR, True),
        (22, 4, ["restDay"], SATURDAY + 2 * HOUR, False),
        (22, 4, ["restDay"], SUNDAY + 2 * HOUR, True),
        (22, 4, ["restDay"], WEEK + 2 * HOUR, True),
        (22, 4, ["workDay"], SATURDAY + 2 * HOUR, True),
        (22, 4, ["workDay"], WEEK + 2 * HOUR, False),
        # Without days it is every day's.
        (22, 4, [], WEDNESDAY + 2 * HOUR, True),
        (22, 4, [], WEDNESDAY + 4 * HOUR, False),
        # One that ends at midnight has no morning; one that begins there is of the day that ends.
        (22, 0, ["Friday"], FRIDAY + 23 * HOUR, True),
        (22, 0, ["Friday"], SATURDAY, False),
        (24, 4, ["Friday"], SATURDAY + 2 * HOUR, True),
        (24, 4, ["Friday"], FRIDAY + 2 * HOUR, False),
        (0, 4, ["Friday"], FRIDAY + 2 * HOUR, True),
        (0, 4, ["Friday"], SATURDAY + 2 * HOUR, False),
        # One that does not wrap is of its own day.
        (8, 24, ["Friday"], FRIDAY + 8 * HOUR, True),
        (8, 24, ["Friday"], SATURDAY - MINUTE, True),
        (8, 24, ["Friday"], SATURDAY, False),
        (8, 12, ["Friday"], THURSDAY + 9 * HOUR, False),
    ],
)
def test_a_slot_that_wraps_midnight_is_of_the_day_it_begins_on(
    start: int, end: int, days: list[str], at: int, holds: bool
) -> None:
    assert found_at(town(start * HOUR, end * HOUR, days), at) == holds


@pytest.mark.parametrize(
    ("days", "at", "holds"),
    [
        # 8:00 to 2:00 of days of ten hours; day 1 is Slack, day 2 Flow, day 3 Ebb again.
        (["Slack"], 10 + 1, False),
        (["Slack"], 10 + 8, True),
        (["Slack"], 20 + 1, True),
        (["Slack"], 20 + 2, False),
        (["restDay"], 30 + 1, True),
        (["Ebb"], 30 + 1, False),
        (["Flow"], 1, True),
    ],
)
def test_days_and_nights_are_the_calendars_own(days: list[str], at: int, holds: bool) -> None:
    assert found_at(town(8 * HOUR, 2 * HOUR, days, time_config=ODD), at * HOUR) == holds


def found_at(document: dict[str, Any], at: int) -> bool:
    """Whether the slot holds at that time, by the why and by a tick that ends then, which must agree."""
    reasons = asking.why(parse_world(document), NpcId("ada"), Micros(at * 1_000_000))
    if at >= MINUTE:
        world, stages = create(parse_world({**document, "worldTime": at - MINUTE}))
        drive.tick(world, stages)
        assert world.world_time == at * 1_000_000
        views = [stage.view(NpcId("ada"), world.world_time, {}) for stage in stages.values()]
        (did,) = [view["components"]["behavior"]["currentActivityId"] for view in views if view is not None]
        assert did == {"slot": "watch", "else": "rest"}[str(reasons.node)]
    return reasons.node == "slot"


# -- relationships with roles


@pytest.mark.parametrize(
    ("known", "asked", "bonus", "liked"),
    [
        # 1 + (0.5 + 90/100 - 1) x 0.5; the condition asks for more than 60.
        ({"role:guard": {"affinity": 90}}, ["role:guard"], 1.2, True),
        ({"role:guard": {"affinity": 0}}, ["role:guard"], 0.75, False),
        # What one feels for whoever has the role is another relationship: of the role nothing is known.
        ({"npc:bo": {"affinity": 90}}, ["role:guard"], 1.0, False),
        ({"npc:bo": {"affinity": 90}, "role:guard": {"affinity": 20}}, ["role:guard"], 0.85, False),
        # Of a role and a person the mean counts: (90 + 20) / 2 = 55.
        ({"npc:bo": {"affinity": 20}, "role:guard": {"affinity": 90}}, ["role:guard", "bo"], 1.025, True),
        ({}, ["role:guard"], 1.0, False),
    ],
)
def test_a_bonus_for_a_role_reads_what_a_condition_about_that_role_reads(
    known: dict[str, Any], asked: list[str], bonus: float, liked: bool
) -> None:
    document = town(0, 24 * HOUR, [])
    document["meta"]["npcs"] = {"guard": ["bo", "cy"]}
    document["npcs"] += [{"id": "bo"}, {"id": "cy"}]
    document["npcs"][0]["components"] = {"relationships": known}
    behavior = document["meta"]["behavior"]
    behavior["activities"]["watch"]["requirements"] = {"requiredNpcRolesOrIds": asked}
    reasons = asking.why(parse_world(document), NpcId("ada"))
    assert reasons.candidates[0].factors["relationshipBonus"] == pytest.approx(bonus, abs=1e-12)
    behavior["activities"]["watch"]["requirements"]["conditions"] = [
        {"type": "relationship_gt", "npcIdOrRole": "role:guard", "threshold": 60}
    ]
    again = asking.why(parse_world(document), NpcId("ada"))
    assert bool(again.candidates) == liked
