"""Whose word counts: routine, archetype, traits, a person's own preferences, their component; and metrics."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowd import decided_together_and_alone
from simulation import drive
from simulation.definitions import WorldFileInvalid, parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.snapshot import encode, parts_of, restore
from simulation.units import InputKind, Micros, NpcId
from simulation.world import World
from village import document as village

HOUR = 3_600_000_000


def document(**person: Any) -> dict[str, Any]:
    """One person whose routine offers the social activity `talk` with weight 1 and says 0.1 of everything."""
    return {
        "id": "w",
        "meta": {
            "simulation": {"generation": {"mode": "off"}},
            "behavior": {
                "activities": {"talk": {"category": "social"}},
                "routines": {
                    "r": {
                        "nodes": [{"preferredActivities": [{"activityId": "talk", "weight": 1}]}],
                        "defaultPreferences": {
                            "activityWeights": {"talk": 0.1},
                            "categoryWeights": {"social": 0.1},
                            "traitModifiers": {"extraversion": 10},
                        },
                    }
                },
                "presets": {
                    "archetypes": {
                        "chatterbox": {
                            "preferences": {
                                "activityWeights": {"talk": 0.2},
                                "traitModifiers": {"extraversion": 20},
                            }
                        }
                    }
                },
            },
        },
        "npcs": [
            {
                "id": "p",
                "personality": {"routineId": "r", **person.get("personality", {})},
                "components": person.get("components", {}),
            }
        ],
    }


def opened(found: dict[str, Any]) -> tuple[World, Stages]:
    return create(parse_world(found, "w.json"))


def factors(stages: Stages, npc: str = "p") -> dict[str, float]:
    for stage in stages.values():
        found = stage.why(NpcId(npc), Micros(0), {})
        if found is not None:
            return found.candidates[0].factors
    raise AssertionError(f"{npc} is on no stage")


def liking(**person: Any) -> tuple[float, float, float]:
    """How much they like to talk: activity and category factor, and the trait's."""
    found = factors(opened(document(**person))[1])
    names = ("activityPreference", "categoryPreference", "traitModifier")
    return tuple(found[name] for name in names)  # type: ignore[return-value]


def trait(value: float) -> float:
    """m = 0.5 + trait / 100, counted with 0.6: 1 + (m - 1) x 0.6."""
    return 1.0 + ((0.5 + value / 100.0) - 1.0) * 0.6


@pytest.mark.parametrize(
    ("person", "activity", "extraversion"),
    [
        ({}, 0.1, 10),
        ({"personality": {"archetype": "chatterbox"}}, 0.2, 20),
        ({"personality": {"archetype": "chatterbox", "traits": {"extraversion": 30}}}, 0.2, 30),
        (
            {
                "personality": {
                    "archetype": "chatterbox",
                    "traits": {"extraversion": 30},
                    "preferences": {"activityWeights": {"talk": 0.4}, "traitModifiers": {"extraversion": 40}},
                }
            },
            0.4,
            40,
        ),
        (
            {
                "personality": {
                    "preferences": {"activityWeights": {"talk": 0.4}, "traitModifiers": {"extraversion": 40}}
                },
                "components": {"behavior": {"preferences": {"activityWeights": {"talk": 0.5}}}},
            },
            0.5,
            40,
        ),
    ],
)
def test_each_level_counts_before_the_one_below_it_and_leaves_the_rest(
    person: dict[str, Any], activity: float, extraversion: float
) -> None:
    """Nobody but the routine speaks of the category: 0.1 x 0.8 throughout."""
    assert liking(**person) == (
        pytest.approx(activity),
        pytest.approx(0.08),
        pytest.approx(trait(extraversion)),
    )


def test_without_archetypes_in_the_file_an_archetype_only_describes() -> None:
    found = document(personality={"archetype": "whatever", "traits": ["shy"]})
    found["meta"]["behavior"]["presets"] = {"routines": [1, 2]}
    assert factors(opened(found)[1])["activityPreference"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({"personality": {"archetype": "chaterbox"}}, "did you mean 'chatterbox'?"),
        ({"personality": {"traits": {"extraversion": 101}}}, "npcs[0].personality.traits.extraversion"),
        (
            {"components": {"behavior": {"preferences": {"activityWeights": {"talc": 1}}}}},
            "npcs[0].components.behavior.preferences.activityWeights.talc",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(person: dict[str, Any], said: str) -> None:
    with pytest.raises(WorldFileInvalid) as refusal:
        parse_world(document(**person), "w.json")
    assert said in str(refusal.value)


def send(world: World, stages: Stages, **payload: Any) -> Outcome:
    assert world.deliver([Input(world.next_seq, InputKind.PERSON, {"npcId": "p", **payload})])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def put_preferences(world: World, stages: Stages, value: Any) -> Outcome:
    return send(world, stages, op="update", component="behavior", value={"preferences": value})


def restored(world: World, stages: Stages, found: dict[str, Any]) -> tuple[World, Stages]:
    body = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    return restore(parse_world(found, "w.json"), body)


def test_preferences_put_while_the_world_runs_count_until_they_are_removed_and_survive() -> None:
    found = document()
    world, stages = opened(found)
    assert put_preferences(world, stages, {"activityWeights": {"talk": 0.9}}).applied
    assert factors(stages)["activityPreference"] == pytest.approx(0.9)
    assert factors(restored(world, stages, found)[1])["activityPreference"] == pytest.approx(0.9)
    assert put_preferences(world, stages, {"activityWeights": {"talk": 0.7}}).applied
    assert factors(stages)["activityPreference"] == pytest.approx(0.7)
    assert put_preferences(world, stages, None).applied
    assert factors(stages)["activityPreference"] == pytest.approx(0.1)
    assert factors(restored(world, stages, found)[1])["activityPreference"] == pytest.approx(0.1)


def test_preferences_of_the_file_that_were_removed_stay_removed_after_a_recovery() -> None:
    found = document(components={"behavior": {"preferences": {"activityWeights": {"talk": 0.9}}}})
    world, stages = opened(found)
    assert factors(stages)["activityPreference"] == pytest.approx(0.9)
    assert put_preferences(world, stages, None).applied
    assert factors(restored(world, stages, found)[1])["activityPreference"] == pytest.approx(0.1)


def test_preferences_that_make_no_sense_are_refused_while_the_world_runs_too() -> None:
    world, stages = opened(document())
    outcome = put_preferences(world, stages, {"activityWeights": {"talk": 2}})
    assert not outcome.applied
    assert "$.value.preferences.activityWeights.talk" in str(outcome.detail)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    hour=st.integers(6, 60),
    liked=st.lists(
        st.dictionaries(st.sampled_from(["farm", "drink", "brood", "rest"]), st.floats(0, 1)), max_size=8
    ),
)
def test_a_crowd_with_preferences_of_their_own_decides_what_each_would_alone(seed, hour, liked) -> None:
    """Compiled and plain, whoever has a profile of their own, before and after a recovery."""
    found = deepcopy(village(12))
    found["meta"]["simulation"]["seed"] = seed
    for npc, weights in zip(found["npcs"], liked, strict=False):
        behavior = npc.setdefault("components", {}).setdefault("behavior", {})
        behavior["preferences"] = {"activityWeights": weights}
    world, stages = create(parse_world(found, "village.json"))
    _, again = restored(world, stages, found)
    now = Micros(hour * HOUR)
    assert decided_together_and_alone(again, now) == decided_together_and_alone(stages, now)


# -- metrics as effects of activities


def adding(metric: str, value: Any) -> dict[str, Any]:
    found = document()
    found["meta"]["metrics"] = {
        "town": {
            "member": {"type": "boolean", "component": "town"},
            "standing": {"type": "int", "component": "town", "min": 0, "max": 10},
        }
    }
    activity = found["meta"]["behavior"]["activities"]["talk"]
    activity["effects"] = {
        "customEffects": [{"type": "metric_add", "params": {"metric": metric, "value": value}}]
    }
    return found


def component(world: World, stages: Stages, name: str) -> Any:
    for stage in stages.values():
        view = stage.view(NpcId("p"), world.world_time, {})
        if view is not None:
            return view["components"].get(name)
    raise AssertionError("p is on no stage")


def test_a_metric_is_added_to_at_each_beginning_and_stays_within_its_bounds() -> None:
    """talk begins with the first tick: 0 + 7; and again when the next decision is due: 14, clamped to 10."""
    found = adding("town.standing", 7)
    found["meta"]["simulation"]["tiers"] = {"detailed": {"decisionIntervalSeconds": 60}}
    world, stages = opened(found)
    list(drive.run(world, stages, 1))
    assert component(world, stages, "town") == {"standing": 7}
    list(drive.run(world, stages, 1))
    assert component(world, stages, "town") == {"standing": 10}


@pytest.mark.parametrize(
    ("metric", "value", "said"),
    [
        ("town.standin", 1, "did you mean 'town.standing'?"),
        ("town.standing", 0.5, "a whole number"),
        ("town.member", 1, "is no number that can be added to"),
    ],
)
def test_a_metric_that_cannot_be_added_to_is_refused(metric: str, value: float, said: str) -> None:
    with pytest.raises(WorldFileInvalid) as refusal:
        parse_world(adding(metric, value), "w.json")
    assert said in str(refusal.value)
