"""JSON is readable without brackets, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest

from service.outlines import outline


def test_what_lies_inside_is_indented_under_its_key() -> None:
    value = {"core": {"trust": 2.46507, "met": True}, "tags": ["a", "b"], "none": None, "bare": {}}
    assert outline(value).splitlines() == [
        "core:",
        "  trust: 2.465",
        "  met: true",
        "tags: a, b",
        "none: -",
        "bare: none",
    ]


def test_a_list_of_objects_is_a_dash_each() -> None:
    assert outline({"last": [{"id": "nap", "at": 7_200}, {"of": {"id": "eat"}}]}).splitlines() == [
        "last:",
        "  - id: nap, at: 7,200",
        "  -",
        "    of:",
        "      id: eat",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [({}, "none"), ("", '""'), ("two\nlines", '"two\\nlines"'), ("plain", "plain")]
)
def test_single_values(value: Any, text: str) -> None:
    assert outline(value) == text


def test_moments_are_told_by_the_calendar_and_other_numbers_are_not() -> None:
    """An hour is 3,600 s, and 90 minutes 5,400 s."""
    value = {
        "worldTime": 3_600,
        "version": 3_600,
        "lastActivities": [{"activityId": "nap", "endedAtSeconds": 5_400}],
        "interactions": {"lastUsedAt": {"greet": 3_607}, "met": True, "createdAt": None},
        "waiting": {"since": 3_600, "seen": 3_600},
        "history": [{"node": "once", "at": 7_200}],
        "worldEvents.rumour.purse": 5_400,
        "events.fair.triggeredAt": 3_600,
    }
    day = (86_400_000_000, 3_600_000_000, 60_000_000)
    assert outline(value, day).splitlines() == [
        "worldTime: day 0 01:00",
        "version: 3,600",
        "lastActivities:",
        "  - activityId: nap, endedAtSeconds: day 0 01:30",
        "interactions:",
        "  lastUsedAt:",
        "    greet: day 0 01:00:07",
        "  met: true",
        "  createdAt: -",
        "waiting:",
        "  since: day 0 01:00",
        "  seen: 3,600",
        "history:",
        "  - node: once, at: day 0 02:00",
        "worldEvents.rumour.purse: day 0 01:30",
        "events.fair.triggeredAt: day 0 01:00",
    ]
