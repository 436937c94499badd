"""A page of people says how many there are and how to see more."""

from __future__ import annotations

from typing import Any

import pytest

from messages.admin import PeopleListed
from service.rosters import to_text
from simulation.units import Tick

ANN = {
    "place": 0,
    "id": "ann",
    "name": "Ann",
    "tier": "active",
    "location": None,
    "activity": "fish",
    "energy": 57.7166,
    "nextDecisionAt": 90,
}


def listed(*people: dict[str, Any], more: int | None = None) -> PeopleListed:
    return PeopleListed(ask_id="a", people=people, next=more, count=1_200, tick=Tick(1_000), world_time=60.0)


def test_people_are_a_table_with_the_way_to_the_next_page() -> None:
    heads, _, row, last = to_text(listed(ANN, more=1)).splitlines()
    assert heads.split() == ["person", "name", "tier", "location", "activity", "energy", "decides", "next"]
    assert row.split() == ["ann", "Ann", "active", "-", "fish", "57.7", "90", "s"]
    assert last == "1 of 1,200 people, as of tick 1,000. The next page: --from 1."


def test_the_last_page_says_no_more() -> None:
    assert to_text(listed()) == "Nobody fits that now.\n0 of 1,200 people, as of tick 1,000."


@pytest.mark.parametrize(
    ("start", "says"),
    [
        (1_199, "Nobody from place 1,199 on fits that now."),
        (1_200, "--from 1200 is beyond the end: the last of them is at place 1,199."),
    ],
)
def test_a_page_beyond_the_end_says_where_the_end_is(start: int, says: str) -> None:
    assert to_text(listed(), start).splitlines()[0] == says
