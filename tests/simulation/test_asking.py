"""What somebody in a world file would decide: every factor by hand from domain.md, and why others are out."""

from __future__ import annotations

import json
from typing import Any

import pytest

import village
from simulation import drive
from simulation.asking import why
from simulation.definitions import DefinitionInvalid, parse_world
from simulation.opening import Stages, create
from simulation.person_json import components_of
from simulation.reasoning import Considered, Reasons
from simulation.units import Micros, NpcId

ONE = {
    "weight": 2.0,
    "activityPreference": 0.5,
    "categoryPreference": 0.4,
    "traitModifier": 1.0,
    "moodCompatibility": 1.0,
    "relationshipBonus": 1.0,
    "urgency": 1.0,
    "inertia": 1.0,
}
"""Weight 2, preferences missing (0.5 x 1.0 and 0.5 x 0.8), and nothing else to say."""


def inn(
    activity: dict[str, Any] | None = None,
    *,
    behavior: dict[str, Any] | None = None,
    preferences: dict[str, Any] | None = None,
    components: dict[str, Any] | None = None,
    node: dict[str, Any] | None = None,
    candidate: dict[str, Any] | None = None,
    **world: Any,
) -> dict[str, Any]:
    """One person, one activity of category `rest` with weight 2, and Bo, who is there to be liked."""
    person = {
        "id": "ada",
        "personality": {"routineId": "r", "preferences": preferences or {}},
        "components": {**(components or {}), "behavior": behavior or {}},
    }
    candidates = [{"activityId": "do", "weight": 2, **(candidate or {})}]
    nodes = [{"id": "n", "nodeType": "activity", "preferredActivities": candidates, **(node or {})}]
    activities = {"do": {"category": "rest", **(activity or {})}}
    return {
        "id": "inn",
        "meta": {"behavior": {"activities": activities, "routines": {"r": {"nodes": nodes}}}},
        "npcs": [person, {"id": "bo", "personality": {"roles": ["host"]}}],
        **world,
    }


def ask(document: dict[str, Any], at: float | None = None) -> Reasons:
    return why(
        parse_world(document), NpcId("ada"), None if at is None else Micros(round(at * 1_000_000)), "inn.json"
    )


def only(found: Reasons) -> Considered:
    (one,) = found.candidates
    return one


def test_the_example_of_the_specification() -> None:
    """Weight 2, category preference 0.9, activity preference 0.5: 2 x (0.5 x 1.0) x (0.9 x 0.8) = 0.72."""
    one = only(ask(inn(preferences={"categoryWeights": {"rest": 0.9}, "activityWeights": {"do": 0.5}})))
    assert one.score == pytest.approx(0.72)
    assert one.factors == pytest.approx({**ONE, "categoryPreference": 0.72})
    assert list(one.factors) == list(ONE), "multiplied, and told, in the written order"


@pytest.mark.parametrize(
    ("document", "factor", "value"),
    [
        # m = 0.5 + 90 / 100 = 1.4; 1 + (1.4 - 1) x 0.6
        (
            inn({"category": "social"}, preferences={"traitModifiers": {"extraversion": 90}}),
            "traitModifier",
            1.24,
        ),
        # m = 0.5 + 10 / 100 = 0.6; 1 + (0.6 - 1) x 0.6
        (
            inn({"category": "work"}, preferences={"traitModifiers": {"conscientiousness": 10}}),
            "traitModifier",
            0.76,
        ),
        # m = 1.5; 1 + 0.5 x 0.7
        (
            inn({"requirements": {"moodTags": ["happy"]}}, behavior={"moodState": {"valence": 60}}),
            "moodCompatibility",
            1.35,
        ),
        # m = 0.5 + 80 / 100 = 1.3; 1 + 0.3 x 0.5
        (
            inn(
                {"requirements": {"requiredNpcRolesOrIds": ["role:host"]}},
                components={"relationships": {"role:host": {"affinity": 80}}},
            ),
            "relationshipBonus",
            1.15,
        ),
        # nobody said how they like each other: 50, m = 1
        (inn({"requirements": {"requiredNpcRolesOrIds": ["bo"]}}), "relationshipBonus", 1.0),
        # m = 2; 1 + 1 x 1.2
        (inn({"effects": {"energyDeltaPerHour": 5}}, behavior={"energy": 29}), "urgency", 2.2),
        (inn({"effects": {"energyDeltaPerHour": 5}}, behavior={"energy": 30}), "urgency", 1.0),
        # m = 1.5; 1 + 0.5 x 1.2
        (inn({"effects": {"energyDeltaPerHour": -5}}, behavior={"energy": 81}), "urgency", 1.6),
        (
            inn({"effects": {"moodImpact": {"valence": 1}}}, behavior={"moodState": {"valence": -31}}),
            "urgency",
            1.6,
        ),
        # m = 2 x 1.5 = 3; 1 + 2 x 1.2
        (
            inn(
                {"effects": {"energyDeltaPerHour": 5, "moodImpact": {"valence": 1}}},
                behavior={"energy": 10, "moodState": {"valence": -31}},
            ),
            "urgency",
            3.4,
        ),
        # m = 2; 1 + 1 x 0.3
        (inn(behavior={"currentActivityId": "do"}), "inertia", 1.3),
        (inn(candidate={"weight": 0}), "weight", 0.0),
    ],
)
def test_each_factor_is_what_the_specification_says(
    document: dict[str, Any], factor: str, value: float
) -> None:
    one = only(ask(document))
    assert one.factors == pytest.approx({**ONE, factor: value})
    expected = 1.0
    for number in one.factors.values():
        expected *= number
    assert one.score == pytest.approx(max(0.001, expected)), "the product, not below the floor"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (inn({"requirements": {"minEnergy": 60}}), "energy 50 is below 60"),
        (inn({"requirements": {"maxEnergy": 40}}), "energy 50 is above 40"),
        (inn({"requirements": {"timeOfDay": ["night"]}}, worldTime=43_200), "only at night"),
        (inn({"requirements": {"moodTags": ["sad"]}}), "mood is neutral, not sad"),
        (
            inn({"cooldownSeconds": 3600}, behavior={"lastEndedAt": {"do": 40_000}}, worldTime=43_000),
            "on cooldown for 600 s more",  # 40,000 + 3,600 - 43,000
        ),
        (
            inn({"requirements": {"requiredNpcRolesOrIds": ["role:ghost"]}}),
            "the world has no such place, or nobody it requires",
        ),
        (
            inn(candidate={"conditions": [{"type": "flag_exists", "key": "rain"}]}),
            "condition meta.behavior.routines.r.nodes[0].preferredActivities[0].conditions[0] does not hold",
        ),
    ],
)
def test_who_is_out_is_told_with_the_reason(document: dict[str, Any], reason: str) -> None:
    found = ask(document)
    assert (found.candidates, found.chosen) == ((), None)
    assert [(one.activity_id, one.reason) for one in found.excluded] == [("do", reason)]


def test_the_time_asked_about_stands_in_for_the_time_the_world_begins_at() -> None:
    """Energy and mood are as of then: nothing has run up to it, and valence 60 is still 60."""
    slot = {"nodeType": "time_slot", "timeRangeSeconds": {"start": 28_800, "end": 43_200}}
    document = inn(
        {"requirements": {"moodTags": ["happy"]}}, node=slot, behavior={"moodState": {"valence": 60}}
    )
    assert ask(document).node is None
    assert ask(document, 28_799.999999).node is None
    assert only(ask(document, 28_800)).factors["moodCompatibility"] == pytest.approx(1.35)
    assert ask(document, 43_200).node is None


def test_components_that_say_when_they_were_settled_are_carried_forward() -> None:
    """Energy 40 at second 0 and 5 points an hour for two hours: 50."""
    document = inn(
        {"effects": {"energyDeltaPerHour": 5}, "requirements": {"maxEnergy": 49}},
        behavior={"energy": 40, "currentActivityId": "do", "settledAt": 0},
    )
    assert ask(document, 7_200).excluded[0].reason == "energy 50 is above 49"
    assert ask(document, 3_600).excluded == ()


def test_components_of_a_later_time_say_nothing() -> None:
    with pytest.raises(DefinitionInvalid, match=r"npcs\[0\].components.behavior.settledAt: .* 60 s, after"):
        ask(inn(behavior={"settledAt": 60}, worldTime=60), 59)


def test_the_choice_is_where_the_draw_falls() -> None:
    """Two candidates with scores 0.2 and 0.6: the first has a quarter of the draw."""
    document = inn()
    document["meta"]["behavior"]["activities"]["more"] = {"category": "rest"}
    listed = document["meta"]["behavior"]["routines"]["r"]["nodes"][0]["preferredActivities"]
    listed[:] = [{"activityId": "do", "weight": 1}, {"activityId": "more", "weight": 3}]
    chosen = set()
    for hour in range(50):
        found = ask(document, hour * 3600)
        assert [one.score for one in found.candidates] == pytest.approx([0.2, 0.6])
        assert found.chosen == ("do" if found.draw < 0.25 else "more")
        chosen.add(found.chosen)
    assert chosen == {"do", "more"}


def test_somebody_without_a_routine_decides_nothing() -> None:
    document = inn()
    del document["npcs"][0]["personality"]["routineId"]
    found = ask(document)
    assert (found.node, found.candidates, found.chosen) == (None, (), None)


def test_nobody_of_that_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(DefinitionInvalid, match="no npc 'adda'; allowed: ada, bo; did you mean 'ada'"):
        why(parse_world(inn()), NpcId("adda"))


@pytest.mark.parametrize(
    ("activity", "behavior"),
    [
        ({"requirements": {"minEnergy": 50}}, {"energy": 50}),
        ({"requirements": {"maxEnergy": 50}}, {"energy": 50}),
        ({"effects": {"energyDeltaPerHour": -5}}, {"energy": 80}),
        ({"effects": {"energyDeltaPerHour": -5}}, {"energy": 29}),
        ({"effects": {"energyDeltaPerHour": 5}}, {"energy": 81}),
        ({"effects": {"moodImpact": {"valence": 1}}}, {"moodState": {"valence": -30}}),
        ({"effects": {"moodImpact": {"valence": -1}}}, {"moodState": {"valence": -31}}),
        ({"effects": {"moodImpact": {"arousal": 9}}}, {"moodState": {"valence": -31}}),
        ({"cooldownSeconds": 3600}, {"lastEndedAt": {"do": 0}}),
    ],
)
def test_at_a_bound_nothing_is_urgent_and_nobody_is_out(
    activity: dict[str, Any], behavior: dict[str, Any]
) -> None:
    """Bounds of requirements are inside; those of urgency outside; a cooldown of an hour is over after it."""
    one = only(ask(inn(activity, behavior=behavior, worldTime=3600)))
    assert one.factors == pytest.approx(ONE)


def test_whoever_a_player_waits_with_begins_nothing_and_a_why_says_until_when() -> None:
    document = inn()
    document["npcs"][0]["components"] = {"waitingFor": {"r1": {"until": 90}, "r2": {"until": 120}}}
    found = ask(document, 100)
    assert (found.chosen, [one.activity_id for one in found.candidates]) == (None, ["do"])
    assert found.to_json()["waitsUntil"] == 120
    later = ask(document, 120)
    assert (later.chosen, "waitsUntil" in later.to_json()) == ("do", False)


def test_what_is_told_of_a_file_is_what_its_world_then_does() -> None:
    """At several times a village is written down as it stands, and makes a tick: whoever decided in it
    began what was told of the file at the time of that tick."""
    found = village.document(15)
    found["meta"]["simulation"]["generation"] = {"mode": "off"}
    world, stages = create(parse_world(found))
    told = 0
    for _ in range(8):
        for _ in drive.run(world, stages, 40):
            """Made."""
        written = {**found, "worldTime": world.world_time / 1e6, "flags": dict(world.flags)}
        written["npcs"] = [{**npc, "components": as_they_are(stages, npc["id"])} for npc in found["npcs"]]
        file = parse_world(json.loads(json.dumps(written)))
        due = {npc["id"]: npc["components"]["behavior"]["nextDecisionAt"] for npc in written["npcs"]}
        drive.tick(world, stages)
        for npc_id, at in due.items():
            if at * 1e6 <= world.world_time:
                told += 1
                began = as_they_are(stages, npc_id)["behavior"]["currentActivityId"]
                assert why(file, NpcId(npc_id), world.world_time).chosen == began, npc_id
    assert told > 8


def as_they_are(stages: Stages, npc_id: str) -> dict[str, Any]:
    """Everything that is stored of somebody, as components."""
    for tier, stage in stages.items():
        row = stage.people.row_of.get(NpcId(npc_id))
        if row is not None:
            return components_of(stage.script, stage.people, row, tier)
    raise LookupError(npc_id)
