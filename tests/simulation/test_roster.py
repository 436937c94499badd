"""A page of people is in the order of the world file, bounded, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulation import drive, roster
from simulation.definitions import WorldDefinition
from simulation.opening import Stages, create
from simulation.roster import Page, joined
from simulation.units import Tier
from simulation.world import World

Village = Callable[..., WorldDefinition]
PEOPLE = 30


@pytest.fixture
def opened(village: Village) -> tuple[World, Stages]:
    """A village in three tiers, some ticks on."""
    tiers = {"detailed": {"maxNpcs": 4}, "active": {"maxNpcs": 8}}
    world, stages = create(village(PEOPLE, generation={"mode": "off"}, tiers=tiers))
    for _ in range(5):
        drive.tick(world, stages)
    return world, stages


def page(opened: tuple[World, Stages], asked: Page) -> tuple[list[dict[str, Any]], int | None]:
    world, stages = opened
    parts = [roster.roster(stage, asked, world.world_time, world.flags) for stage in stages.values()]
    rows, then = joined(asked, parts, world.people)
    return [dict(row) for row in rows], then


def test_pages_name_everybody_once_in_the_order_of_the_file(opened: tuple[World, Stages]) -> None:
    named, start = [], 0
    while start is not None:
        rows, start = page(opened, Page(start, 7))  # type: ignore[assignment]
        assert len(rows) <= 7
        named += [row["id"] for row in rows]
    assert named == [npc.id for npc in opened[0].script.definition.npcs]


def test_a_page_is_of_one_tier_or_place_if_it_is_asked_for(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    rows, then = page(opened, Page(0, 50, Tier.DETAILED))
    assert len(rows) == stages[Tier.DETAILED].count == 4
    assert {row["tier"] for row in rows} == {"detailed"}
    assert then is None
    everybody, _ = page(opened, Page(0, 50))
    place = everybody[0]["location"]
    there, _ = page(opened, Page(0, 50, location=world.script.location_index[place]))
    assert there == [row for row in everybody if row["location"] == place]


def test_a_person_on_a_page_is_as_they_are_when_looked_at_alone(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    before = drive.state_hash(world, stages)
    (row,), _ = page(opened, Page(3, 1))
    view = next(
        view
        for stage in stages.values()
        if (view := stage.view(row["id"], world.world_time, world.flags)) is not None
    )
    behavior = view["components"]["behavior"]
    assert (row["name"], row["location"], row["tier"]) == (view["name"], view["location"], view["tier"])
    assert (row["activity"], row["energy"]) == (behavior["currentActivityId"], behavior["energy"])
    assert row["nextDecisionAt"] == behavior["nextDecisionAt"]
    assert drive.state_hash(world, stages) == before


def test_one_page_looks_at_no_more_places_than_its_bound(
    opened: tuple[World, Stages], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster, "LOOKED_MAX", 10)
    rows, then = page(opened, Page(0, 50))
    assert [row["place"] for row in rows] == list(range(10))
    assert then == 10, "the next page goes on behind what was looked at"
    assert page(opened, Page(20, 50))[1] is None
