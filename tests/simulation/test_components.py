"""Helpers for components: values in, values out, and nothing lost on the way through the columns."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import components as ecs
from simulation.definitions import WorldDefinition, parse_world
from simulation.definitions.metrics import BUILT_IN, Metric, MetricType
from simulation.opening import create
from simulation.person_json import components_of
from simulation.sessions import Session
from simulation.units import NpcId, SessionId
from village import document

ANN = {"core": {"affinity": 40}, "quests": {"activeQuests": ["lamp"]}, "plugin:weather": {"wet": True}}
BO = NpcId("bo")


def test_components_are_listed_got_set_updated_and_removed() -> None:
    before = deepcopy(ANN)
    assert ecs.list_components(ANN) == ("core", "quests", "plugin:weather")
    assert ecs.get_component(ANN, "core") == {"affinity": 40}
    assert ecs.get_component(ANN, "romance") == {}
    assert ecs.has_component(ANN, ecs.plugin_component("weather"))
    assert not ecs.has_component(ANN, ecs.plugin_component("weather", "sky"))
    assert ecs.set_component(ANN, "core", {"trust": 1})["core"] == {"trust": 1}
    updated = ecs.update_component(ANN, "core", {"trust": 1, "affinity": None})
    assert updated["core"] == {"trust": 1}
    assert "quests" not in ecs.remove_component(ANN, "quests")
    assert ecs.remove_component(ANN, "romance") == ANN
    assert before == ANN


def test_tags_and_metadata_are_kept_in_one_component() -> None:
    tagged = ecs.with_tags(ANN, ["shy", "tall", "shy"])
    assert ecs.tags_of(tagged) == ("shy", "tall")
    noted = ecs.with_metadata(tagged, {"author": "me", "draft": True})
    assert ecs.metadata_of(ecs.with_metadata(noted, {"draft": None})) == {"author": "me"}
    assert noted[ecs.ENTITY] == {"tags": ["shy", "tall"], "metadata": {"author": "me", "draft": True}}
    assert ecs.with_tags(tagged, [])[ecs.ENTITY] == {}
    assert ecs.with_metadata(ecs.with_metadata({}, {"a": 1}), {"a": None})[ecs.ENTITY] == {}
    assert (ecs.tags_of(ANN), ecs.metadata_of(ANN)) == ((), {})


def test_what_is_personal_is_keyed_by_session_and_comes_first() -> None:
    session = Session(SessionId("s"))
    mine = ecs.set_component(ecs.personal(session, BO), "core", {"trust": 9})
    after = ecs.with_personal(session, BO, mine)
    assert (after.version, ecs.personal(after, BO)) == (1, {"core": {"trust": 9}})
    assert ecs.as_met(ANN, after, BO)["core"] == {"affinity": 40, "trust": 9}
    closer = ecs.with_personal(after, BO, {"core": {"affinity": 90}})
    assert ecs.as_met(ANN, closer, BO)["core"] == {"affinity": 90}
    assert ecs.with_personal(after, BO, {}).npcs == {}


def test_metrics_are_got_set_and_added_to() -> None:
    affinity = BUILT_IN["core.affinity"]
    stance = Metric("a.s", MetricType.ENUM, "plugin:a", ("deep", "s"), values=("x", "y"), default="x")
    assert ecs.get_metric(ANN, affinity) == 40
    assert ecs.get_metric(ecs.add_metric(ANN, affinity, 70), affinity) == 100
    assert ecs.get_metric(ANN, stance) == "x"
    assert ecs.set_metric(ANN, stance, "y")["plugin:a"] == {"deep": {"s": "y"}}
    with pytest.raises(ecs.NoSuchValue, match=r"'z' is no value of a\.s; allowed: x, y"):
        ecs.set_metric(ANN, stance, "z")
    with pytest.raises(ecs.NoSuchValue):
        ecs.add_metric(ANN, stance, 1)
    with pytest.raises(ecs.NoSuchValue, match=r"'much' is no value of core\.affinity"):
        ecs.get_metric({"core": {"affinity": "much"}}, affinity)


def test_a_value_is_put_where_an_object_is_missing_or_something_else_is_in_its_place() -> None:
    for before in ({}, {"a": 5}, {"a": None}, {"a": [1]}):
        assert ecs.put_at(before, ("a", "b"), 1) == {"a": {"b": 1}}
    assert ecs.put_at({"a": {"c": 2}}, ("a", "b"), 1) == {"a": {"c": 2, "b": 1}}


def test_what_is_taken_leaves_no_empty_objects_behind() -> None:
    assert ecs.take_at({"a": {"b": {"c": 1}}, "d": 2}, ("a", "b", "c")) == {"d": 2}
    assert ecs.take_at({"a": {"b": 1, "c": 2}}, ("a", "b")) == {"a": {"c": 2}}
    assert ecs.take_at({"a": 5}, ("a", "b")) == {"a": 5}


@pytest.mark.parametrize(
    ("components", "path"),
    [
        ({"core": {"affinity": 101}}, "components.core.affinity"),
        ({"core": {"tension": "high"}}, "components.core.tension"),
        ({"romance": {"stage": 3}}, "components.romance.stage"),
        ({"stealth": {"flags": []}}, "components.stealth.flags"),
        ({"mood": {"general": {"valence": 300}}}, "components.mood.general.valence"),
        ({"mood": {"activeEmotion": {"intensity": 2}}}, "components.mood.activeEmotion.intensity"),
        ({"quests": {"activeQuests": "all"}}, "components.quests.activeQuests"),
        ({"interactions": {"lastUsedAt": {"talk": -1}}}, "components.interactions.lastUsedAt.talk"),
        ({"interactions": {"chainProgress": {"c": 2}}}, "components.interactions.chainProgress.c"),
        ({"entity": {"tags": [1]}}, "components.entity.tags[0]"),
        ({"plugin:": {}}, "components.plugin:"),
        ({"behavior": {"energy": 101}}, "components.behavior.energy"),
        ({"behavior": {"simulationTier": "awake"}}, "components.behavior.simulationTier"),
        ({"behavior": {"moodState": {"valence": 101}}}, "components.behavior.moodState.valence"),
        ({"core": 5}, "components.core"),
    ],
)
def test_what_is_known_of_a_component_is_validated(
    village: Callable[..., WorldDefinition], components: Any, path: str
) -> None:
    assert [problem.path for problem in ecs.validate_components(components, village(1))] == [path]
    assert [problem.path for problem in ecs.validate_components(components)] == [path]


@pytest.mark.parametrize(
    ("components", "path"),
    [
        ({"x": {"a": float("nan")}}, "components.x.a"),
        ({"x": {"a": "\ud800"}}, "components.x.a"),
        ({"x": {"a": {1, 2}}}, "components.x.a"),
        ({5: {}}, "components"),
        ({"": {}}, "components"),
        ({"relationships": {"npc:a": {"trust": "x"}}}, "components.relationships.npc:a.trust"),
        ({"relationships": {"npc:a": 5}}, "components.relationships.npc:a"),
        ({"behavior": {"lastActivities": [{}]}}, "components.behavior.lastActivities[0].activityId"),
        (
            {"behavior": {"preferences": {"activityWeights": {"a": 2}}}},
            "components.behavior.preferences.activityWeights.a",
        ),
    ],
)
def test_what_no_world_could_take_is_found_without_one(components: Any, path: str) -> None:
    assert [problem.path for problem in ecs.validate_components(components)] == [path]


def test_names_are_a_worlds_own_business(village: Callable[..., WorldDefinition]) -> None:
    doing = {"behavior": {"currentActivityId": "fly", "locationId": "moon"}}
    assert ecs.validate_components(doing) == ()
    found = [problem.path for problem in ecs.validate_components(doing, village(1))]
    assert found == ["components.behavior.currentActivityId", "components.behavior.locationId"]


@pytest.mark.parametrize("amount", [0.5, "1", True, float("nan"), 10**400, None])
def test_what_is_no_amount_is_not_added(amount: Any) -> None:
    steps = Metric("a.n", MetricType.INT, "plugin:a", ("n",), -10, 10)
    with pytest.raises(ecs.NoSuchValue):
        ecs.add_metric({}, steps, amount)
    assert ecs.add_metric({}, steps, 2) == {"plugin:a": {"n": 2}}


def test_keys_and_components_nobody_knows_are_nobodys_mistake() -> None:
    free = {"core": {"affinity": 5, "rank": "friend"}, "diary": {"x": [1]}, "plugin:a:b": {"any": None}}
    assert ecs.validate_components(free) == ()


# -- through the columns

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
OBJECT = st.dictionaries(st.text("abcxyz", min_size=1, max_size=4), JSON, max_size=3)
POINTS = st.integers(0, 1000).map(lambda n: n / 10)
AXES = st.fixed_dictionaries({}, optional={"affinity": POINTS, "trust": POINTS, "notes": st.just("n")})
SECONDS = st.integers(0, 43_200)


@st.composite
def people(draw: st.DrawFn) -> dict[str, Any]:
    """A person's components: hot keys, cold keys, and keys that mean nothing to anybody."""
    behavior = draw(OBJECT)
    optional = {
        "energy": POINTS,
        "currentActivityId": st.sampled_from(["rest", "drink"]),
        "activityStartedAt": SECONDS,
        "locationId": st.sampled_from(["loc:inn", "loc:home"]),
        "lastEndedAt": st.fixed_dictionaries({}, optional={"drink": SECONDS, "rest": SECONDS}),
    }
    behavior |= draw(st.fixed_dictionaries({}, optional=optional))
    mood = st.fixed_dictionaries({"valence": POINTS, "arousal": POINTS}, optional={"id": st.just("calm")})
    behavior |= draw(st.fixed_dictionaries({}, optional={"moodState": mood}))
    others = draw(st.dictionaries(st.sampled_from(["quests2", "plugin:a", "diary"]), OBJECT, max_size=3))
    ties = st.dictionaries(st.sampled_from(["role:innkeeper", "npc:0", "npc:1"]), AXES, max_size=3)
    return {
        **others,
        "behavior": behavior,
        **draw(st.fixed_dictionaries({}, optional={"relationships": ties})),
    }


def kept(given: Any, found: Any, path: str = "") -> None:
    """Everything that was given is found again, at the same place, the same."""
    if isinstance(given, dict):
        for key, value in given.items():
            assert key in found, f"{path}.{key} is lost"
            kept(value, found[key], f"{path}.{key}")
    else:
        assert found == given, path


@given(people())
@settings(deadline=None)
def test_components_survive_the_columns_and_come_back_whole(components: dict[str, Any]) -> None:
    world_file = document(1)
    world_file["npcs"][0]["components"] = components
    first = stored(world_file)
    kept(components, first)
    world_file["npcs"][0]["components"] = first
    assert stored(world_file) == first


def stored(world_file: dict[str, Any]) -> dict[str, Any]:
    """The components of the only person of a world, after they were in columns."""
    world, stages = create(parse_world(world_file))
    stage = next(stage for stage in stages.values() if stage.count)
    return components_of(world.script, stage.people, 0, stage.tier)
