"""Large worlds after the pattern of a small one: sound, various, and the same for the same seed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from math import gcd
from pathlib import Path
from typing import Any

import pytest

from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.populating import HOUSEHOLD_MAX, Populating, _stride, populated
from simulation.units import GenerationMode, Tier

LANTERNFORD = Path(__file__).parents[2] / "examples" / "lanternford.json"
Town = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def pattern() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(LANTERNFORD.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def town(pattern: dict[str, Any]) -> Town:
    return lambda people, seed=7: populated(pattern, people, seed, "town", "Town")


def test_it_is_sound_and_nothing_in_it_never_happens(town: Town) -> None:
    definition = parse_world(town(500), "town")
    assert definition.warnings == ()
    assert len(definition.npcs) == 500


@pytest.mark.parametrize("people", [1, 2, 3, 5, 9, 20, 60, 219])
def test_a_few_people_are_a_town_too_in_which_everything_can_happen(town: Town, people: int) -> None:
    definition = parse_world(town(people), "town")
    assert len(definition.npcs) == people
    assert definition.warnings == ()


def test_ids_are_unique_though_names_are_not(town: Town) -> None:
    """Fifty given names and thirty families make 1,500 names for 3,000 people."""
    npcs = town(3_000)["npcs"]
    assert len({npc["id"] for npc in npcs}) == 3_000
    assert len({npc["name"] for npc in npcs}) <= 1_500


def test_the_same_seed_makes_the_same_bytes_and_another_another_town(town: Town) -> None:
    assert json.dumps(town(300)) == json.dumps(town(300))
    assert json.dumps(town(300)["npcs"]) != json.dumps(town(300, seed=8)["npcs"])


def test_everybody_is_there_and_nobody_over_the_caps(town: Town) -> None:
    """Caps 20, 100 and 500 leave 6,000 - 620 = 5,380 for the dormant tier, more than its own 5,000."""
    document = town(6_000)
    assert document["meta"]["simulation"]["tiers"]["dormant"]["maxNpcs"] == 5_380
    assert town(5_000)["meta"]["simulation"]["tiers"]["dormant"]["maxNpcs"] == 5_000
    world, _ = create(parse_world(document, "town"))
    assert world.counts == {Tier.DETAILED: 20, Tier.ACTIVE: 100, Tier.AMBIENT: 500, Tier.DORMANT: 5_380}


def test_households_share_a_home_and_a_name(town: Town) -> None:
    npcs = town(600)["npcs"]
    homes = Counter(npc["personality"]["home"] for npc in npcs)
    assert set(homes.values()) == {HOUSEHOLD_MAX}
    families = {(npc["personality"]["home"], npc["name"].partition(" ")[2]) for npc in npcs}
    assert len(families) == len(homes) == 100


def test_trades_are_as_common_as_in_the_pattern(pattern: dict[str, Any], town: Town) -> None:
    """Twice as many people, twice as many of each routine: everybody's model is visited twice."""
    models = Counter(npc["personality"]["routineId"] for npc in pattern["npcs"])
    made = Counter(npc["personality"]["routineId"] for npc in town(440)["npcs"])
    assert made == {routine: 2 * count for routine, count in models.items()}


@pytest.mark.parametrize("count", [1, 2, 3, 10, 220, 221])
def test_a_stride_visits_all_before_any_twice(count: int) -> None:
    assert gcd(_stride(count), count) == 1
    assert len({n * _stride(count) % count for n in range(count)}) == count


def test_the_first_people_of_a_large_town_are_those_of_a_small_one_but_for_their_homes(
    pattern: dict[str, Any],
) -> None:
    few, many = (list(Populating(pattern, people, 7).inhabitants()) for people in (60, 120))
    for small, large in zip(few, many, strict=False):
        assert small["name"].split()[0] == large["name"].split()[0]
        assert small["personality"]["preferences"] == large["personality"]["preferences"]


def test_it_lives(town: Town) -> None:
    world, stages = create(parse_world(town(400), "town"), GenerationMode.OFF)
    served = 0
    for done in drive.run(world, stages, 20):
        served += done.npc_ticks
    assert served > 0
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)
