"""The example worlds are worlds: without warnings, with something to do at every hour for everybody."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from simulation import drive
from simulation.definitions import Activity, Calendar, WorldDefinition, parse_world
from simulation.definitions.behavior import Node
from simulation.opening import Stages, create
from simulation.units import MICROS_PER_SECOND, Micros
from simulation.world import World

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("lanternford", "saltmarsh", "tin-moon")
TWO_DAYS_TICKS = 2 * 24 * 60
"""Of Lanternford: a standard tick is a game minute."""
LOOK_EVERY_US = 600 * MICROS_PER_SECOND
"""Ten game minutes: shorter than any activity of the examples, so none is missed."""
ENERGIES = range(0, 101, 5)


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


def always_open(activity: Activity, period: int, energy: int, calendar: Calendar) -> bool:
    """Whether somebody with that energy may begin it then, whatever their mood and whatever came before."""
    asks = activity.requirements
    if asks.mood_tags or asks.conditions or activity.cooldown_us:
        return False
    if asks.time_of_day and period not in calendar.matches(asks.time_of_day):
        return False
    low = 0 if asks.min_energy is None else asks.min_energy
    high = 100 if asks.max_energy is None else asks.max_energy
    return low <= energy <= high


@pytest.mark.parametrize("name", NAMES)
def test_every_routine_offers_something_at_every_hour_of_every_day(name: str) -> None:
    """To the rested and to the tired alike, though every cooldown ran and no mood or flag helped."""
    world = definition(name)
    calendar, activities = world.calendar, world.behavior.activities
    for routine in world.behavior.routines.values():
        for weekday in calendar.day_names:
            for of_day in range(0, calendar.day_us, calendar.hour_us // 2):
                node = next((n for n in routine.nodes if covers(n, of_day, weekday)), None)
                where = f"{routine.id} on {weekday} at {of_day / calendar.hour_us:g}"
                assert node is not None, f"{where}: no node"
                offered = [activities[c.activity_id] for c in node.candidates if not c.conditions]
                period = calendar.period_at(Micros(of_day))
                for energy in ENERGIES:
                    assert any(always_open(a, period, energy, calendar) for a in offered), (
                        f"{where}: node {node.id} may leave somebody with energy {energy} nothing to do"
                    )


@dataclass(frozen=True)
class Days:
    """Two days of a world: how often somebody was seen at what, and the requests handed over."""

    seen: Counter[str]
    at_two: Counter[str]
    requests: int
    least_energy: float
    """Of anybody, at any time."""


@cache
def two_days(name: str) -> Days:
    world, stages = create(definition(name))
    calendar = world.script.calendar
    end = world.world_time + 2 * calendar.day_us
    seen: Counter[str] = Counter()
    at_two: Counter[str] = Counter()
    requests, least = 0, 100.0
    while world.world_time < end:
        requests += len(drive.tick(world, stages).requests)
        if world.world_time % LOOK_EVERY_US == 0:
            people = everybody(world, stages)
            least = min(least, *(at["energy"] for at in people))
            now = [str(at["currentActivityId"]) for at in people]
            seen.update(now)
            if calendar.micros_of_day(world.world_time) == 2 * calendar.hour_us:
                at_two.update(now)
    return Days(seen, at_two, requests, least)


def everybody(world: World, stages: Stages) -> list[dict[str, Any]]:
    """Each person's `behavior` component."""
    found = []
    for stage in stages.values():
        for npc in stage.people.ids:
            view = stage.view(npc, world.world_time, world.flags)
            assert view is not None
            found.append(view["components"]["behavior"])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_everything_that_can_be_done_is_done_within_two_days(name: str) -> None:
    assert set(definition(name).behavior.activities) - set(two_days(name).seen) == set()


@pytest.mark.parametrize("name", NAMES)
def test_nobody_is_ever_without_anything_to_do(name: str) -> None:
    assert two_days(name).seen["None"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_nobody_works_until_they_drop(name: str) -> None:
    assert two_days(name).least_energy > 5


def test_the_town_sleeps_at_two_in_the_morning() -> None:
    asleep = two_days("lanternford").at_two
    assert asleep["sleep"] > 0.8 * asleep.total()
    assert asleep["walk-the-watch"] > 0, "but for the watch"


def test_a_request_comes_about_every_five_ticks() -> None:
    assert TWO_DAYS_TICKS / 6 <= two_days("lanternford").requests <= TWO_DAYS_TICKS / 3
