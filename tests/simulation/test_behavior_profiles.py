"""Behaviour profiles: while their conditions hold, scores are multiplied, for a crowd as for one."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowd import decided_together_and_alone
from simulation import asking, drive
from simulation.deciding import decide
from simulation.definitions import WorldFileInvalid, parse_world, update_payload
from simulation.inputs import Input
from simulation.opening import Stages, create
from simulation.person import Scene
from simulation.population import NONE
from simulation.reasoning import Considered, Reasons
from simulation.units import InputKind, Micros, NpcId, Tier
from simulation.world import World
from village import document as village

HOUR = 3_600_000_000
FESTIVAL = {"type": "flag_equals", "key": "festival", "value": True}


def profile(*conditions: dict[str, Any], **modifiers: dict[str, float]) -> dict[str, Any]:
    names = {"activities": "activityWeights", "categories": "categoryWeights"}
    return {
        "conditions": list(conditions),
        "modifiers": {names[key]: value for key, value in modifiers.items()},
    }


def document(**profiles: dict[str, Any]) -> dict[str, Any]:
    """One person who may dance (social) or dig (work). Of dancing: weight 2, activity preference 0.5,
    category preference 0.9 x 0.8: 0.72, as in the worked example."""
    candidates = [{"activityId": "dance", "weight": 2}, {"activityId": "dig", "weight": 1}]
    liked = {"activityWeights": {"dance": 0.5}, "categoryWeights": {"social": 0.9}}
    return {
        "id": "w",
        "meta": {
            "simulation": {"generation": {"mode": "off"}},
            "behavior": {
                "activities": {"dance": {"category": "social"}, "dig": {"category": "work"}},
                "routines": {"r": {"nodes": [{"id": "n", "preferredActivities": candidates}]}},
                "profiles": profiles,
            },
        },
        "npcs": [{"id": "p", "personality": {"routineId": "r", "preferences": liked}}],
    }


def opened(**profiles: dict[str, Any]) -> tuple[World, Stages]:
    return create(parse_world(document(**profiles), "w.json"))


def why(stages: Stages, flags: dict[str, Any] | None = None) -> Reasons:
    (found,) = [
        reasons
        for stage in stages.values()
        if (reasons := stage.why(NpcId("p"), Micros(0), flags or {})) is not None
    ]
    return found


def dancing(stages: Stages, flags: dict[str, Any] | None = None) -> Considered:
    return why(stages, flags).candidates[0]


# -- the score


def test_a_profile_multiplies_the_score_while_its_conditions_hold() -> None:
    """0.72 x (3 for dancing x 0.5 for the social) = 1.08; digging is neither: x 1."""
    _, stages = opened(fair=profile(FESTIVAL, activities={"dance": 3}, categories={"social": 0.5}))
    assert "profile:fair" not in dancing(stages).factors
    assert dancing(stages).score == pytest.approx(0.72)
    during = why(stages, {"festival": True}).candidates
    assert during[0].factors["profile:fair"] == 1.5
    assert during[0].score == pytest.approx(1.08)
    assert during[1].factors["profile:fair"] == 1.0


def test_profiles_that_apply_together_are_multiplied_by_id_after_everything_else() -> None:
    """Listed last, `b` comes second: 0.72 x 2 x 0.25 = 0.36."""
    _, stages = opened(b=profile(activities={"dance": 0.25}), a=profile(activities={"dance": 2}))
    found = dancing(stages)
    assert list(found.factors)[-3:] == ["inertia", "profile:a", "profile:b"]
    assert found.score == pytest.approx(0.36)


def test_a_score_multiplied_by_nothing_is_the_floor() -> None:
    _, stages = opened(never=profile(activities={"dance": 0}))
    assert dancing(stages).score == 0.001


def test_all_conditions_must_hold() -> None:
    tired = {"type": "energy_between", "min": 0, "max": 20}
    _, stages = opened(both=profile(FESTIVAL, tired, activities={"dance": 2}))
    assert "profile:both" not in dancing(stages, {"festival": True}).factors


# -- what people do


def test_a_flag_that_an_operator_sets_changes_what_people_do() -> None:
    """Of 0.72 for dancing and 1 x 0.5 x (0.5 x 0.8) = 0.2 for digging nothing is left but the floor for the
    first: people dig in 200 of 201 draws, and in 40 hours, by these draws, every time."""
    found = document(lent=profile(FESTIVAL, activities={"dance": 0}))
    world, stages = create(parse_world(found, "w.json"))
    world.deliver([Input(world.next_seq, InputKind.FLAGS, {"flags": {"festival": True}})])
    list(drive.run(world, stages, 40))
    recent = stages[Tier.DETAILED].people["recent"][0]
    doing = stages[Tier.DETAILED].people["activity"][0]
    assert {*recent.tolist(), int(doing)} == {stages[Tier.DETAILED].script.activity_index["dig"]}


def test_a_profile_that_never_applies_moves_no_bit() -> None:
    plain, other = village(20), village(20)
    other["meta"]["behavior"]["profiles"] = {
        "war": profile({"type": "flag_exists", "key": "war"}, categories={"leisure": 0})
    }
    hashes = []
    for found in (plain, other):
        world, stages = create(parse_world(found, "village.json"))
        list(drive.run(world, stages, 60))
        hashes.append(drive.state_hash(world, stages))
    assert hashes[0] == hashes[1]


def test_a_running_world_takes_a_profile_by_an_update() -> None:
    world, stages = opened()
    found = document(fair=profile(activities={"dance": 3}))
    payload = update_payload(json.dumps(found), parse_world(found, "w.json"))
    world.deliver([Input(world.next_seq, InputKind.WORLD_UPDATE, payload)])
    (outcome,) = drive.boundary(world, stages)
    assert outcome.applied
    assert [one["section"] for one in outcome.detail["differences"]] == ["meta.behavior.profiles"]
    assert dancing(stages).factors["profile:fair"] == 3.0


def test_a_rule_of_a_profile_that_raises_fails_the_person_alone() -> None:
    """`core.x` of the second is a text: their decision fails, the first one's does not."""
    found = document(
        odd=profile({"type": "stat_axis_gt", "axis": "x", "threshold": 1}, activities={"dig": 2})
    )
    found["npcs"].append({"id": "q", **{k: v for k, v in found["npcs"][0].items() if k != "id"}})
    found["npcs"][1]["components"] = {"core": {"x": "many"}}
    _, stages = create(parse_world(found, "w.json"))
    stage = stages[Tier.DETAILED]
    rows = np.array([stage.people.row_of[NpcId(name)] for name in ("p", "q")])
    scene = Scene(stage.script, Micros(0), Tier.DETAILED, {})
    decided = decide(scene, stage.people, rows, Micros(60_000_000))
    assert decided.chosen[0] != NONE
    (failure,) = decided.failures
    assert (failure.npc_id, failure.rule) == ("q", "meta.behavior.profiles.odd.conditions[0]")


def test_where_no_node_matches_no_profile_is_asked() -> None:
    found = document(
        odd=profile({"type": "expression", "expression": "1 / energy > 0"}, activities={"dig": 2})
    )
    found["npcs"][0]["components"] = {"behavior": {"energy": 0}}
    node = found["meta"]["behavior"]["routines"]["r"]["nodes"][0]
    node |= {"nodeType": "decision", "decisionConditions": [FESTIVAL]}
    _, stages = create(parse_world(found, "w.json"))
    stage = stages[Tier.DETAILED]
    decided = decide(
        Scene(stage.script, Micros(0), Tier.DETAILED, {}), stage.people, np.array([0]), Micros(60_000_000)
    )
    assert decided.failures == ()
    assert why(stages).node is None


def test_lanternford_sings_more_and_works_less_while_its_fair_lasts() -> None:
    """At 19:00: 0.3 for work, 2 for company, and 3 x 2 for singing in it."""
    file = Path(__file__).parents[2] / "examples" / "lanternford.json"
    found = json.loads(file.read_text(encoding="utf-8"))
    found["flags"]["lanterns.fair"] = True
    definition = parse_world(found, str(file))
    seen = {
        one.activity_id: one.factors["profile:lantern-fair"]
        for npc in definition.npcs
        for one in asking.why(definition, npc.id, Micros(19 * HOUR)).candidates
        if "profile:lantern-fair" in one.factors
    }
    kinds = {name: activity.category for name, activity in definition.behavior.activities.items()}
    assert seen["sing"] == 6.0
    assert {seen[name] for name in seen if kinds[name] == "work"} == {0.3}


# -- what cannot be meant


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"modifiers": {"activityWeights": {"danse": 2}}}, "modifiers.activityWeights.danse: no activity"),
        ({"modifiers": {"activityWeights": {"danse": 2}}}, "did you mean 'dance'?"),
        ({"modifiers": {"categoryWeights": {"social": 11}}}, "modifiers.categoryWeights.social: is 11"),
        ({"conditions": [{"type": "flag_equal"}]}, "conditions[0].type"),
        ({"modifier": {}}, "did you mean 'modifiers'?"),
        ({"id": "other"}, "meta.behavior.profiles.fair.id"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(WorldFileInvalid) as refusal:
        opened(fair=wrong)
    assert said in str(refusal.value)


def test_what_changes_nothing_is_a_warning() -> None:
    definition = parse_world(document(a=profile(), b=profile(categories={"socal": 2})), "w.json")
    warned = [str(problem) for problem in definition.warnings]
    assert any("profiles.a.modifiers" in one and "changes nothing" in one for one in warned)
    assert any("categoryWeights.socal" in one and "did you mean 'social'?" in one for one in warned)


# -- the same bits


conditions = st.sampled_from(
    [
        {"type": "random_chance", "probability": 0.5},
        {"type": "energy_between", "min": 30, "max": 70},
        {"type": "mood_in", "moodTags": ["happy", "energetic"]},
        {"type": "time_of_day_in", "times": ["evening", "night"]},
        {"type": "stat_axis_gt", "axis": "affinity", "threshold": 8},
        {"type": "expression", "expression": "valence < 20 or tier == 'dormant'"},
        {"type": "relationship_lt", "npcIdOrRole": "role:innkeeper", "threshold": 60},
        {"type": "not", "condition": {"type": "flag_exists", "key": "inn.busy"}},
    ]
)
weights = st.dictionaries(st.sampled_from(["farm", "drink", "dance", "brood", "rest"]), st.floats(0, 10))
kinds = st.dictionaries(st.sampled_from(["work", "social", "leisure", "routine"]), st.floats(0, 10))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    hour=st.integers(12, 60),
    listed=st.lists(st.tuples(st.lists(conditions, max_size=2), weights, kinds), min_size=1, max_size=4),
)
def test_a_crowd_decides_what_each_would_alone_under_any_profiles(seed, hour, listed) -> None:
    found = deepcopy(village(12))
    found["meta"]["simulation"]["seed"] = seed
    found["meta"]["behavior"]["profiles"] = {
        f"p{n}": profile(*asked, activities=liked, categories=sorts)
        for n, (asked, liked, sorts) in enumerate(listed)
    }
    _, stages = create(parse_world(found, "village.json"))
    decided_together_and_alone(stages, Micros(hour * HOUR))
