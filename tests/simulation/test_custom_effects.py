"""What beginning an activity sets off: flags, components and numbers, to the value, or a refusal."""

from __future__ import annotations

from typing import Any

import pytest

from simulation import drive
from simulation.definitions import WorldDefinition, WorldFileInvalid, parse_world
from simulation.opening import Stages, create
from simulation.units import NpcId
from simulation.world import World

PARAMS = "meta.behavior.activities.a.effects.customEffects[0].params"


def document(*effects: dict[str, Any], **components: Any) -> dict[str, Any]:
    """Ada begins `a` in each tick, a minute long."""
    return {
        "id": "w",
        "flags": {"here": 1},
        "meta": {
            "simulation": {"generation": {"mode": "off"}},
            "metrics": {
                "purse": {
                    "gold": {"type": "int", "component": "purse", "min": 0, "max": 12, "default": 5},
                    "open": {"type": "boolean", "component": "purse"},
                }
            },
            "behavior": {
                "activities": {"a": {"category": "rest", "effects": {"customEffects": list(effects)}}},
                "routines": {"r": {"nodes": [{"preferredActivities": [{"activityId": "a", "weight": 1}]}]}},
            },
        },
        "npcs": [
            {"id": "ada", "personality": {"routineId": "r", "roles": ["host"]}, "components": components},
            {"id": "bo"},
        ],
    }


def effect(kind: str, /, **params: Any) -> dict[str, Any]:
    return {"type": kind, "params": params}


def world_of(found: dict[str, Any]) -> WorldDefinition:
    return parse_world(found, "w.json")


def after(ticks: int, found: dict[str, Any]) -> tuple[World, Stages, dict[str, Any]]:
    world, stages = create(world_of(found))
    for _ in drive.run(world, stages, ticks):
        """Made."""
    views = [stage.view(NpcId("ada"), world.world_time, world.flags) for stage in stages.values()]
    (view,) = [one for one in views if one is not None]
    return world, stages, view["components"]


def problem(*effects: dict[str, Any]) -> str:
    with pytest.raises(WorldFileInvalid) as refusal:
        world_of(document(*effects))
    (one,) = refusal.value.problems
    return str(one)


def test_a_flag_is_set_one_a_value_and_null_removes_it() -> None:
    effects = (
        effect("set_flag", key="sky", value={"is": "grey", "n": 2}),
        effect("set_flag", key="here", value=None),
    )
    world, _, _ = after(1, document(*effects))
    assert world.flags == {"sky.is": "grey", "sky.n": 2}


def test_a_component_is_put_in_place_of_what_was_there() -> None:
    found = document(effect("set_component", component="hat", value={"size": 3}), hat={"colour": "red"})
    assert after(1, found)[2]["hat"] == {"size": 3}


@pytest.mark.parametrize(
    ("params", "components", "component", "values"),
    [
        (
            {"axis": "affinity", "value": 30},
            {"core": {"affinity": 60}},
            "core",
            [{"affinity": 90}, {"affinity": 100}],
        ),
        ({"axis": "affinity", "value": 30}, {}, "core", [{"affinity": 30}, {"affinity": 60}]),
        (
            {"axis": "trust", "value": -8, "min": 5},
            {"core": {"trust": 15}},
            "core",
            [{"trust": 7}, {"trust": 5}],
        ),
        (
            {"component": "hat", "axis": "wear.n", "value": 70},
            {},
            "hat",
            [{"wear": {"n": 70}}, {"wear": {"n": 100}}],
        ),
        ({"component": "hat", "axis": "n", "value": 70, "max": 500}, {}, "hat", [{"n": 70}, {"n": 140}]),
        ({"component": "purse", "axis": "gold", "value": 4}, {}, "purse", [{"gold": 9}, {"gold": 12}]),
        (
            {"component": "purse", "axis": "gold", "value": -4, "min": -50},
            {},
            "purse",
            [{"gold": 1}, {"gold": 0}],
        ),
        (
            {"component": "relationships", "axis": "bo.trust", "value": 20},
            {},
            "relationships",
            [{"npc:bo": {"trust": 70}}, {"npc:bo": {"trust": 90}}],
        ),
    ],
)
def test_a_number_is_added_to_and_stays_in_its_bounds(
    params: dict[str, Any], components: dict[str, Any], component: str, values: list[Any]
) -> None:
    """After the first beginning and after the second. Gold begins at its default 5 and is 0 to 12; what a
    relationship is that nobody wrote is 50."""
    found = document(effect("add_stat", **params), **components)
    assert [after(ticks, found)[2][component] for ticks in (1, 2)] == values


@pytest.mark.parametrize(
    ("axis", "at", "value"), [("valence", "valence", -60.0), ("moodState.arousal", "arousal", -60.0)]
)
def test_a_mood_goes_below_zero_as_its_metric_does(axis: str, at: str, value: float) -> None:
    component = "mood" if axis == "valence" else "behavior"
    params = {"component": component, "axis": axis, "value": -60}
    if component == "behavior":
        params["axis"] = "arousal"
    found = document(effect("add_stat", **params))
    assert after(1, found)[2]["behavior"]["moodState"][at] == value


def test_energy_is_added_to_after_it_settled() -> None:
    """50 at the beginning; `a` does nothing to it; 50 - 30, then 20 - 30 clamped."""
    found = document(effect("add_stat", component="behavior", axis="energy", value=-30))
    assert [after(ticks, found)[2]["behavior"]["energy"] for ticks in (1, 2)] == [20, 0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (effect("add_stat", axis="affinity", value=1, min=50, max=40), f"{PARAMS}.min: is above max 40"),
        (effect("add_stat", axis="affinity", value=1, min=200, max=400), f"{PARAMS}.min: is above max 100"),
        (
            effect("add_stat", component="purse", axis="gold", value=0.5),
            f"{PARAMS}.value: is 0.5, and purse.gold is whole",
        ),
        (
            effect("add_stat", component="purse", axis="open", value=1),
            f"{PARAMS}.axis: is no number that can be",
        ),
        (
            effect("add_stat", component="relationships", axis="npc:bo", value=1),
            f"{PARAMS}.axis: is no relationship",
        ),
        (effect("add_stat", component="relationships", axis="npc:bo.love", value=1), "is no relationship"),
        (
            effect("add_stat", component="interactions", axis="lastUsedAt", value=1),
            f"{PARAMS}.lastUsedAt: is 0",
        ),
        (
            effect("add_stat", component="romance", axis="consentLevel", value=1, max=900),
            f"{PARAMS}.consentLevel: is 900",
        ),
        (effect("add_stat", component="hat", axis="a..b", value=1), f"{PARAMS}.axis: is no path"),
        (effect("set_component", component="core", value={"trust": "much"}), f"{PARAMS}.value.trust"),
        (effect("set_component", component="purse", value={"gold": 13}), f"{PARAMS}.value.gold: is 13"),
        (effect("set_component", component="plugin:no name", value={}), "names no plug-in"),
        (
            effect("generate", kind="dialogue", component="relationships"),
            f"{PARAMS}.component: is kept by the rules",
        ),
        (
            effect("generate", kind="dialogue", component="waitingFor"),
            f"{PARAMS}.component: is kept by the rules",
        ),
    ],
)
def test_what_would_make_no_sense_of_a_person_is_refused_when_the_world_loads(
    given: dict[str, Any], said: str
) -> None:
    assert said in problem(given)
