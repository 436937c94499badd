"""Conditions about components: they read what everybody sees, and what could never hold is refused."""

from __future__ import annotations

from typing import Any

import pytest

from simulation import asking
from simulation.definitions import Problem, WorldFileInvalid, parse_world
from simulation.units import NpcId

WHERE = "meta.behavior.activities.a.requirements.conditions[0]"


def problem(**condition: Any) -> Problem:
    """The one problem of a world with this condition; what is None in it is left out."""
    given = {"type": "stat_axis_gt", "threshold": 1, **condition}
    asks = {"conditions": [{key: value for key, value in given.items() if value is not None}]}
    behavior = {"activities": {"a": {"category": "work", "requirements": asks}}}
    with pytest.raises(WorldFileInvalid) as found:
        parse_world({"id": "w", "meta": {"behavior": behavior}}, "w.json")
    (one,) = found.value.problems
    return one


@pytest.mark.parametrize(
    ("stat", "axis", "nearest"),
    [
        ("core", "core.affinity", "affinity"),
        ("core", "ties.afinity", "affinity"),
        ("behavior", "moodState.valence", "valence"),
        ("mood", "general.arousal", "arousal"),
        ("plugin:g", "deep.down", ""),
    ],
)
def test_a_dotted_axis_is_refused_with_the_nearest_name(stat: str, axis: str, nearest: str) -> None:
    found = problem(statDefinition=stat, axis=axis)
    assert (found.path, found.value, found.nearest) == (f"{WHERE}.axis", axis, nearest)
    assert ("an `expression` reads plugin:g.deep.down" in found.allowed) == (nearest == "")


def test_every_kind_of_them_is() -> None:
    assert problem(type="stat_axis_lt", axis="a.b").path == f"{WHERE}.axis"
    between = {"type": "stat_axis_between", "threshold": None, "min": 0, "max": 2}
    assert problem(axis="a.b", **between).path == f"{WHERE}.axis"


def test_relationships_are_no_place_for_one_number() -> None:
    found = problem(statDefinition="relationships", axis="affinity")
    assert (found.path, "relationship_gt" in found.allowed) == (f"{WHERE}.statDefinition", True)


@pytest.mark.parametrize("axis", ["nextDecisionAt", "currentActivityId", "lastEndedAt", "moodState"])
def test_what_is_no_number_of_behavior_cannot_be_compared(axis: str) -> None:
    found = problem(statDefinition="behavior", axis=axis)
    assert (found.path, found.allowed) == (f"{WHERE}.axis", "energy, valence, arousal")


def node_of(expression: str) -> str | None:
    """The node that Ada's decision takes: `if` where the expression holds."""
    node = {"nodeType": "decision", "decisionConditions": [{"type": "expression", "expression": expression}]}
    nodes = [
        {"id": "if", **node, "preferredActivities": [{"activityId": "a", "weight": 1}]},
        {"id": "else", "preferredActivities": [{"activityId": "a", "weight": 1}]},
    ]
    ada = {
        "id": "ada",
        "personality": {"routineId": "r"},
        "components": {
            "behavior": {
                "energy": 40,
                "currentActivityId": "a",
                "locationId": "inn",
                "simulationTier": "ambient",
                "moodState": {"valence": 60, "arousal": -40, "shade": "rose"},
                "note": {"deep": 3},
            },
            "mood": {"general": {"valence": 12}},
        },
    }
    behavior = {"activities": {"a": {"category": "rest"}}, "routines": {"r": {"nodes": nodes}}}
    world = {"id": "w", "meta": {"behavior": behavior}, "npcs": [ada]}
    world["locations"] = [{"id": "inn", "type": "tavern"}]
    return asking.why(parse_world(world, "w.json"), NpcId("ada")).node


@pytest.mark.parametrize(
    "expression",
    [
        "behavior.energy == 40 and mood.energy == energy",
        "behavior.moodState.valence == 60 and mood.valence == 60 and behavior.valence == 60",
        "behavior.moodState.arousal == -40 and mood.arousal == -40",
        "'happy' in behavior.moodState.tags and 'calm' in behavior.moodState.tags",
        "behavior.currentActivityId == 'a'",
        "behavior.locationId == 'inn'",
        "behavior.simulationTier == 'ambient'",
        "behavior.moodState.shade == 'rose' and behavior.note.deep == 3",
        "mood.general.valence == 12",
        "behavior.nothing == null",
    ],
)
def test_an_expression_reads_a_component_as_everybody_sees_it(expression: str) -> None:
    assert node_of(expression) == "if"
    assert node_of(f"not ({expression})") == "else"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("relationships.ann.affinity > 3", "relationship_gt or relationship_lt"),
        ("behavior.nextDecisionAt > 3", "which the rules keep for themselves"),
        ("behavior.lastActivities == null", "which the rules keep for themselves"),
    ],
)
def test_what_an_expression_could_only_find_empty_is_refused(expression: str, said: str) -> None:
    found = problem(type="expression", threshold=None, expression=expression)
    assert (found.path, said in str(found)) == (f"{WHERE}.expression", True)
