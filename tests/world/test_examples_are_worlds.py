"""The example worlds are worlds: without warnings, with something to do at every hour for everybody."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from simulation import drive
from simulation.definitions import WorldDefinition, parse_world
from simulation.definitions.behavior import Node
from simulation.opening import Stages, create
from simulation.units import MICROS_PER_SECOND
from simulation.world import World

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("lanternford", "saltmarsh")
TWO_DAYS_TICKS = 2 * 24 * 60
"""Of Lanternford: a standard tick is a game minute."""


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def definition(name: str) -> WorldDefinition:
    return parse_world(document(name), name)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_no_warnings(name: str) -> None:
    assert definition(name).warnings == ()


def test_lanternford_has_the_size_of_a_town() -> None:
    town = definition("lanternford")
    assert len(town.npcs) >= 200
    assert len(town.behavior.activities) >= 20
    assert len(town.behavior.routines) >= 8


def test_lanternford_runs_on_the_original_five_key_block() -> None:
    block = document("lanternford")["meta"]["simulation"]
    del block["seed"]
    assert block == {
        "timeScale": 60,
        "maxNpcTicksPerStep": 50,
        "maxJobOpsPerStep": 10,
        "tickIntervalSeconds": 1,
        "tiers": {
            "detailed": {"maxNpcs": 20},
            "active": {"maxNpcs": 100},
            "ambient": {"maxNpcs": 500},
            "dormant": {"maxNpcs": 5000},
        },
    }


def covers(node: Node, of_day: int, weekday: str) -> bool:
    """Whether a node without conditions of its own matches then."""
    if node.kind == "decision" or (node.days and weekday not in node.days):
        return False
    if node.start_us is None or node.end_us is None:
        return True
    if node.start_us < node.end_us:
        return node.start_us <= of_day < node.end_us
    return of_day >= node.start_us or of_day < node.end_us


@pytest.mark.parametrize("name", NAMES)
def test_every_routine_offers_something_at_every_hour_of_every_day(name: str) -> None:
    world = definition(name)
    hours = range(0, world.calendar.day_us, 3600 * MICROS_PER_SECOND)
    for routine in world.behavior.routines.values():
        for weekday in world.calendar.day_names:
            for of_day in hours:
                node = next((n for n in routine.nodes if covers(n, of_day, weekday)), None)
                assert node is not None, f"{routine.id} has nothing on {weekday} at {of_day // 3600_000_000}"
                assert node.candidates


@cache
def two_days() -> tuple[World, Stages, Counter[str], Counter[str], int]:
    """Lanternford after two days: who began what how often, at night and in all, and the requests made."""
    town = definition("lanternford")
    world, stages = create(town)
    begun: Counter[str] = Counter()
    asleep: Counter[str] = Counter()
    requests = 0
    for done in drive.run(world, stages, TWO_DAYS_TICKS):
        requests += len(done.requests)
        if done.tick % 15 == 0:
            now = activities(world, stages)
            begun.update(now.values())
            if world.script.calendar.micros_of_day(world.world_time) == 2 * 3600 * MICROS_PER_SECOND:
                asleep.update(now.values())
    return world, stages, begun, asleep, requests


def activities(world: World, stages: Stages) -> dict[str, str]:
    """Person -> what they are at."""
    found = {}
    for npc in world.script.definition.npcs:
        stage = next(stage for stage in stages.values() if npc.id in stage.people.row_of)
        view = stage.view(npc.id, world.world_time, world.flags)
        assert view is not None
        found[npc.id] = str(view["components"]["behavior"]["currentActivityId"])
    return found


def test_everything_that_can_be_done_is_done_within_two_days() -> None:
    world, _, begun, _, _ = two_days()
    assert set(world.script.definition.behavior.activities) - set(begun) == set()


def test_the_town_sleeps_at_two_in_the_morning() -> None:
    _, _, _, asleep, _ = two_days()
    assert asleep["sleep"] > 0.8 * sum(asleep.values())
    assert asleep["walk-the-watch"] > 0, "but for the watch"


def test_a_request_comes_about_every_five_ticks() -> None:
    *_, requests = two_days()
    assert TWO_DAYS_TICKS / 6 <= requests <= TWO_DAYS_TICKS / 3


def test_nobody_stays_without_anything_to_do() -> None:
    world, stages, *_ = two_days()
    assert sum(at == "None" for at in activities(world, stages).values()) < 15
