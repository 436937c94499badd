"""Each kind of object in an example world with one mistake in it: found when the world loads, where it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from simulation.definitions import DefinitionInvalid, parse_world
from simulation.definitions.fields import at, is_descriptive

EXAMPLES = Path(__file__).parents[2] / "examples"
Place = tuple[str | int, ...]
NAMED = {
    *("activities", "routines", "activityCategories", "archetypes", "profiles", "npcs", "chains", "hooks"),
    *("interactions", "narratives", "metrics", "tiers", "activityWeights", "categoryWeights"),
}
"""Under these keys names are the author's, and one entry stands for all."""
OPEN = {
    *("flags", "flagsSet", "params", "variables", "inventory", "presets", "core", "behavior", "moodState"),
    *("increment", "set", "categoryWeights", "variables", "value"),
}
"""Objects that take any key, or names that nobody can know."""


STORIES = {"interactions", "chains", "narratives", "hooks", "metrics", "profiles"}
"""What Lanternford has and Saltmarsh has not."""


def lanternford() -> dict[str, Any]:
    """As few of its people as have every role."""
    found: dict[str, Any] = json.loads((EXAMPLES / "lanternford.json").read_text(encoding="utf-8"))
    people, roles = [], set[str]()
    for npc in found["npcs"]:
        own = set(npc["personality"].get("roles", ()))
        if own - roles or not people:
            people.append(npc)
            roles |= own
    for npc in people:
        npc.get("components", {}).pop("relationships", None)
    return {**found, "npcs": people}


def saltmarsh() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((EXAMPLES / "saltmarsh.json").read_text(encoding="utf-8"))
    return found


def objects(value: Any, place: Place = ()) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    if isinstance(value, Mapping):
        yield place, value
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
    for key, inner in pairs:
        told = not isinstance(key, str) or (key == "meta" and not place) or not is_descriptive(key)
        if told and isinstance(inner, Mapping | list):
            yield from objects(inner, (*place, key))


def kind_of(place: Place, value: Mapping[str, Any]) -> tuple[Any, ...]:
    """The same of any two objects that are read alike."""
    general = [
        "*" if isinstance(key, int) or (place[n - 1] in NAMED and n) else key for n, key in enumerate(place)
    ]
    return (*general, value.get("type"), value.get("nodeType"))


def kinds(document: dict[str, Any]) -> list[Place]:
    """One object of each kind; of Lanternford, where Saltmarsh has none."""
    found: dict[tuple[Any, ...], Place] = {}
    for place, value in objects(document):
        if document["id"] == "lanternford" and not STORIES & set(place[1:3]):
            continue
        found.setdefault(kind_of(place, value), place)
    return list(found.values())


def inner(document: Any, place: Place) -> Any:
    for key in place:
        document = document[key]
    return document


def path_of(place: Place) -> str:
    path = ""
    for key in place:
        path = at(path, key)
    return path


def paths(document: dict[str, Any]) -> list[str]:
    with pytest.raises(DefinitionInvalid) as refused:
        parse_world(document, "mutated.json")
    unsaid = [str(one) for one in refused.value.problems if not (one.allowed or one.nearest or one.warning)]
    assert not unsaid, "each says what is allowed"
    return [problem.path for problem in refused.value.problems]


@pytest.mark.parametrize("example", [lanternford, saltmarsh])
def test_an_unknown_key_is_refused_wherever_it_stands(example: Any) -> None:
    document = example()
    parse_world(deepcopy(document), "whole.json")
    checked = 0
    for place in kinds(document):
        if place and (place[-1] in OPEN or place[-1] in NAMED or place[-2:-1] in {("flags",), ("metrics",)}):
            continue
        mutated = deepcopy(document)
        inner(mutated, place)["zzqq"] = 1
        assert at(path_of(place), "zzqq") in paths(mutated), place
        checked += 1
    assert checked > 25


@pytest.mark.parametrize("example", [lanternford, saltmarsh])
def test_a_list_or_an_object_in_place_of_another_kind_of_value_is_refused_where_it_is(example: Any) -> None:
    """A number, a text, a yes or no: none of them is a list. A list and an object are no number."""
    document = example()
    checked = 0
    for place in kinds(document):
        if any(key in OPEN for key in place):
            continue
        for key, value in inner(document, place).items():
            if is_descriptive(key) or key in OPEN or key in {"x", "y"}:
                continue
            mutated = deepcopy(document)
            inner(mutated, place)[key] = 0.5 if isinstance(value, Mapping | list) else [["?"]]
            where = at(path_of(place), key)
            assert any(path.startswith(where) for path in paths(mutated)), where
            checked += 1
    assert checked > 60
