"""Conditions about numbers of components: what could never hold is refused where it is written."""

from __future__ import annotations

from typing import Any

import pytest

from simulation.definitions import Problem, WorldFileInvalid, parse_world

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
