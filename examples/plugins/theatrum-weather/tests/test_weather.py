"""The weather as an author of a plug-in would test it: worlds of a few lines, run by plain calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from theatrum_weather import FLAG, NEXT, SKIES, plugin

from simulation import drive
from simulation.inputs import Input
from simulation.units import InputKind
from theatrum import Plugins, WorldFileInvalid, create, parse_world, run, state_hash

QUAY = Path(__file__).parent.parent / "quay.json"
WEATHER = Plugins({"weather": plugin})


def quay(**flags: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(QUAY.read_text(encoding="utf-8"))
    return {**document, "flags": flags}


def after(document: dict[str, Any], ticks: int) -> tuple[Any, Any]:
    world, stages = create(parse_world(document, "quay.json", WEATHER))
    list(run(world, stages, ticks))
    return world, stages


def person(world: Any, stages: Any, npc_id: str) -> dict[str, Any]:
    found = [stage.view(npc_id, world.world_time, world.flags) for stage in stages.values()]
    return next(view for view in found if view is not None)


def test_the_sky_is_set_in_the_first_tick_and_turns_every_three_game_hours() -> None:
    """A tick is a game minute, the first ends at 6:01: then 9:00 is tick 180, and 12:00 tick 360."""
    world, stages = create(parse_world(quay(), "quay.json", WEATHER))
    ran = [done.tick for done in run(world, stages, 400) if any(share.runs for share in done.plan.systems)]
    assert ran == [1, 180, 360]
    assert world.flags[FLAG] in SKIES


def test_the_table_of_skies_covers_every_sky_and_every_draw() -> None:
    assert set(NEXT) == set(SKIES)
    assert all(0 < clear < clouds < 1 for clear, clouds in NEXT.values())


def test_the_same_world_has_the_same_weather() -> None:
    assert state_hash(*after(quay(), 500)) == state_hash(*after(quay(), 500))


def test_rain_drenches_who_goes_out_and_spares_the_others() -> None:
    """Everybody decides in the first tick, at 6:01 (21,660 s). In the rain fishing costs 12 of valence, a
    stroll 10, mending nets and resting nothing; a mood of 0 relaxes to 0."""
    costs = {"fish": -12.0, "stroll": -10.0, "mend_nets": 0.0, "rest": 0.0}
    world, stages = after(quay(**{FLAG: "rain"}), 1)
    seen = set()
    for npc_id in ("ann", "bo", "cy"):
        components = person(world, stages, npc_id)["components"]
        activity = components["behavior"]["currentActivityId"]
        assert components["behavior"]["moodState"]["valence"] == costs[activity]
        wet = costs[activity] < 0
        assert components.get("plugin:weather") == ({"wetAt": 21660.0} if wet else None)
        seen.add(wet)
    assert True in seen


def test_nobody_is_drenched_under_a_clear_sky() -> None:
    world, stages = after(quay(**{FLAG: "clear"}), 1)
    people = [person(world, stages, npc_id) for npc_id in ("ann", "bo", "cy")]
    assert all("plugin:weather" not in view["components"] for view in people)


def test_whoever_is_wet_is_less_closely_looked_at() -> None:
    """The quay pulls them to the active tier, where they decide every 300 s; the others are detailed."""
    world, stages = after(quay(**{FLAG: "rain"}), 2)
    tiers = {npc: person(world, stages, npc)["tier"] for npc in ("ann", "bo", "cy")}
    wet = {npc for npc in tiers if "plugin:weather" in person(world, stages, npc)["components"]}
    assert wet
    assert {npc for npc, tier in tiers.items() if tier == "active"} == wet


@pytest.mark.parametrize(("sky", "open_"), [("rain", True), ("clouds", False), ("clear", False)])
def test_nets_are_mended_in_the_rain_only(sky: str, open_: bool) -> None:
    world, stages = create(parse_world(quay(**{FLAG: sky}), "quay.json", WEATHER))
    why = next(w for s in stages.values() if (w := s.why("ann", world.world_time, world.flags)) is not None)
    assert ("mend_nets" in {candidate.activity_id for candidate in why.candidates}) is open_


@pytest.mark.parametrize(("sky", "factor"), [("rain", 0.5), ("clear", 1.0)])
def test_what_is_outdoors_counts_half_in_the_rain(sky: str, factor: float) -> None:
    """Fishing: weight 3 x preference 0.5 x 0.5 x 0.8, trait 50, nothing else = 0.6; times the factor."""
    world, stages = create(parse_world(quay(**{FLAG: sky}), "quay.json", WEATHER))
    why = next(w for s in stages.values() if (w := s.why("ann", world.world_time, world.flags)) is not None)
    fish = next(candidate for candidate in why.candidates if candidate.activity_id == "fish")
    assert fish.factors["plugin:weather:shelter"] == factor
    assert fish.score == pytest.approx(0.6 * factor)


@pytest.mark.parametrize(
    ("sky", "rain", "node"), [("clear", 1, "dry"), ("clouds", 3, "dry"), ("rain", 4, "wet")]
)
def test_a_narrative_asks_for_the_forecast_and_goes_on_by_it(sky: str, rain: int, node: str) -> None:
    """Rain is drawn above the second number of NEXT: 1 - 0.9, 1 - 0.7, 1 - 0.6, here out of 10."""
    document = {**quay(**{FLAG: sky}), "sessions": [{"id": "s1"}]}
    world, stages = create(parse_world(document, "quay.json", WEATHER))
    start = {"sessionId": "s1", "npcId": "ann", "op": "start", "programId": "umbrella"}
    assert world.deliver([Input(world.next_seq, InputKind.NARRATIVE, start)])
    (outcome,) = drive.boundary(world, stages)
    told = outcome.detail["narrative"]
    assert (told["node"], told["variables"]["forecast"]) == (node, {"sky": sky, "rain": rain})


def test_a_sky_that_there_is_not_is_refused_when_the_world_loads() -> None:
    document = quay()
    asked = document["meta"]["behavior"]["activities"]["mend_nets"]["requirements"]["conditions"][0]
    asked["params"]["sky"] = "frogs"
    with pytest.raises(WorldFileInvalid, match="sky is 'frogs', allowed: clear, clouds, rain"):
        parse_world(document, "quay.json", WEATHER)
