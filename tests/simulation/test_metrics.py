"""Metrics: parsed strictly, converted and clamped, read and changed for everybody or for one player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation import drive
from simulation.definitions import WorldFileInvalid, parse_world
from simulation.definitions.metrics import NUMBER_MAX, Metric, MetricType
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.units import InputKind, NpcId, SessionId
from simulation.world import World

Document = Callable[..., dict[str, Any]]

DECLARED: dict[str, Any] = {
    "npcRelationship": {
        "affinity": {"type": "float", "min": 0, "max": 100, "component": "core", "path": "affinity"}
    },
    "npcBehavior": {
        "stress": {"type": "int", "min": 0, "max": 10, "component": "behavior"},
        "stance": {"type": "enum", "values": ["open", "wary"], "component": "behavior", "path": "x.stance"},
        "armed": {"type": "boolean", "component": "plugin:guard"},
        "tier": {
            "type": "enum",
            "values": ["detailed", "active", "ambient", "dormant"],
            "component": "behavior",
            "path": "simulationTier",
        },
        "calm": {"type": "float", "min": 20, "max": 60, "component": "mood", "path": "valence"},
    },
}


def with_metrics(document: dict[str, Any], metrics: Any) -> dict[str, Any]:
    return {**document, "meta": {**document["meta"], "metrics": metrics}}


@pytest.fixture
def opened(village_document: Document) -> tuple[World, Stages]:
    document = with_metrics(village_document(4, generation={"mode": "off"}), DECLARED)
    document["sessions"] = [{"id": "s1", "userId": "ann"}]
    return create(parse_world(document))


def change(world: World, stages: Stages, metric: str, value: Any, **more: Any) -> Outcome:
    payload = {"npcId": "npc:1", "metric": metric, "value": value, **more}
    assert world.deliver([Input(world.next_seq, InputKind.METRIC, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def components(world: World, stages: Stages) -> dict[str, Any]:
    for stage in stages.values():
        if (view := stage.view(NpcId("npc:1"), world.world_time, world.flags)) is not None:
            found: dict[str, Any] = view["components"]
            return found
    raise LookupError


def test_null_is_as_if_nothing_were_written(village_document: Document) -> None:
    declared = {"npcBehavior": {"stress": {**DECLARED["npcBehavior"]["stress"], "default": 4}}}
    document = with_metrics(village_document(4), declared)
    document["npcs"][1]["components"] = {
        **document["npcs"][1].get("components", {}),
        "behavior": {"stress": None},
    }
    world, stages = create(parse_world(document))
    more = change(world, stages, "npcBehavior.stress", 1, op="add").detail
    assert (more["before"], more["after"]) == (4, 5)


# -- one metric


FLOAT = Metric("a.f", MetricType.FLOAT, "a", ("f",), -5, 5)
INT = Metric("a.i", MetricType.INT, "a", ("i",), -5, 5)
ENUM = Metric("a.e", MetricType.ENUM, "a", ("e",), values=("red", "blue"))
BOOLEAN = Metric("a.b", MetricType.BOOLEAN, "a", ("b",))


@pytest.mark.parametrize(
    ("metric", "given", "becomes"),
    [
        (FLOAT, 2.5, 2.5),
        (FLOAT, 7, 5),
        (FLOAT, -7.5, -5),
        (FLOAT, "1.5", 1.5),
        (FLOAT, "much", None),
        (FLOAT, True, None),
        (FLOAT, float("nan"), None),
        (FLOAT, "inf", None),
        (FLOAT, "1_0", None),
        (FLOAT, "\u0663", None),
        (FLOAT, 10**400, None),
        (INT, 2.4, 2),
        (INT, 2.5, 3),
        (INT, -2.5, -2),
        (INT, 9.9, 5),
        (INT, None, None),
        (ENUM, "red", "red"),
        (ENUM, "green", None),
        (ENUM, 1, None),
        (BOOLEAN, True, True),
        (BOOLEAN, 0, False),
        (BOOLEAN, "true", True),
        (BOOLEAN, 2, None),
        (BOOLEAN, -0.0, False),
        (BOOLEAN, "yes", None),
        (BOOLEAN, [1], None),
    ],
)
def test_a_value_is_converted_and_clamped(metric: Metric, given: Any, becomes: Any) -> None:
    found = metric.converted(given)
    assert (found, type(found)) == (becomes, type(becomes))


@given(st.one_of(st.integers(), st.floats(), st.text(max_size=8), st.booleans(), st.none()))
def test_what_was_converted_once_is_held_and_converts_to_itself(value: Any) -> None:
    for metric in (FLOAT, INT, ENUM, BOOLEAN):
        found = metric.converted(value)
        if found is not None:
            assert metric.holds(found)
            assert metric.converted(found) == found


# -- the registry


def test_those_of_the_components_every_world_has_are_built_in(village_document: Document) -> None:
    registry = parse_world(village_document(1)).metrics
    bounds = {metric.name: (metric.low, metric.high) for metric in registry}
    assert bounds == {
        "core.affinity": (0, 100),
        "core.trust": (0, 100),
        "core.chemistry": (0, 100),
        "core.tension": (0, 100),
        "behavior.energy": (0, 100),
        "mood.valence": (-100, 100),
        "mood.arousal": (-100, 100),
    }
    tie = registry.find("relationships.role:innkeeper.trust")
    assert tie is not None
    assert (tie.path, tie.low, tie.high, tie.default) == (("role:innkeeper", "trust"), 0, 100, 50)
    assert registry.find("relationships.bo.fear") is None


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        ({"component": "a"}, "meta.metrics.mine.it.type: is missing; allowed: float, int, enum, boolean"),
        ({"type": "text", "component": "a"}, "meta.metrics.mine.it.type: no type 'text'"),
        ({"type": "int"}, "meta.metrics.mine.it.component: is missing"),
        ({"type": "int", "component": "a", "mix": 1}, "meta.metrics.mine.it.mix: no key 'mix'"),
        ({"type": "int", "component": "a", "min": 0.5}, "meta.metrics.mine.it.min: is 0.5"),
        ({"type": "float", "component": "a", "min": 2, "max": 1}, "meta.metrics.mine.it.min: is above max"),
        ({"type": "enum", "component": "a"}, "meta.metrics.mine.it.values: is missing"),
        ({"type": "enum", "component": "a", "values": ["x", "x"]}, "meta.metrics.mine.it.values: has a"),
        ({"type": "float", "component": "a", "values": ["x"]}, "meta.metrics.mine.it.values: no key"),
        ({"type": "int", "component": "a", "max": 5, "default": 9}, "meta.metrics.mine.it.default: is 9"),
        ({"type": "int", "component": "a", "path": "b..c"}, "meta.metrics.mine.it.path: is no path"),
        ({"id": "other", "type": "int", "component": "a"}, "meta.metrics.mine.it.id: is not 'mine.it'"),
        ({"type": "int", "component": "behavior", "path": "settledAt"}, "path: is kept in columns"),
        ({"type": "enum", "values": ["a"], "component": "core", "path": "trust"}, "place of core.trust"),
        ({"type": "float", "max": 101, "component": "core", "path": "trust"}, "place of core.trust"),
        ({"type": "float", "component": "relationships", "path": "bo.trust"}, "component: needs no metric"),
    ],
)
def test_a_bad_metric_is_refused_with_its_path(village_document: Document, metric: Any, says: str) -> None:
    with pytest.raises(WorldFileInvalid) as refused:
        parse_world(with_metrics(village_document(1), {"mine": {"it": metric}}))
    assert says in str(refused.value)


def test_a_declared_one_with_a_built_in_name_must_agree(village_document: Document) -> None:
    trust = {"type": "float", "min": 0, "max": 100, "component": "core", "path": "trust"}
    parse_world(with_metrics(village_document(1), {"core": {"trust": trust}}))
    for other in ({"max": 50}, {"type": "int"}, {"path": "faith"}):
        with pytest.raises(WorldFileInvalid, match=r"meta\.metrics\.core\.trust: is built in"):
            parse_world(with_metrics(village_document(1), {"core": {"trust": {**trust, **other}}}))


@pytest.mark.parametrize("category", ["relationships", "a.b"])
def test_a_category_that_would_be_mistaken_is_refused(village_document: Document, category: str) -> None:
    with pytest.raises(WorldFileInvalid, match="is no category"):
        parse_world(with_metrics(village_document(1), {category: {}}))


def test_people_of_the_file_must_agree_with_the_metrics(village_document: Document) -> None:
    document = with_metrics(village_document(2), DECLARED)
    document["npcs"][1]["components"]["behavior"]["stress"] = 11
    document["npcs"][1]["components"]["core"] = {"trust": 101}
    document["sessions"] = [{"id": "s", "npcs": {"npc:1": {"plugin:guard": {"armed": "yes"}}}}]
    with pytest.raises(WorldFileInvalid) as refused:
        parse_world(document)
    assert [problem.path for problem in refused.value.problems] == [
        "npcs[1].components.behavior.stress",
        "npcs[1].components.core.trust",
        "sessions[0].npcs.npc:1.plugin:guard.armed",
    ]


# -- changing people


@pytest.mark.parametrize(
    ("metric", "changes", "after"),
    [
        # energy starts at 20 + 1 * 7 % 80 = 27
        ("behavior.energy", [("set", 30), ("add", 200), ("add", -0.5)], 99.5),
        # valence starts at 1 * 17 % 200 - 100 = -83
        ("mood.valence", [("add", -30)], -100),
        ("mood.valence", [("set", 12.25)], 12.25),
        ("npcBehavior.calm", [("set", 99)], 60),
        # affinity starts at 1 % 100 = 1
        ("core.affinity", [("add", 2.5)], 3.5),
        ("npcRelationship.affinity", [("add", 200)], 100),
        ("core.trust", [("add", 5)], 5),
        # nobody said anything: 50
        ("relationships.role:innkeeper.affinity", [("add", 7)], 57),
        ("relationships.npc:3.tension", [("add", 7)], 57),
        ("npcBehavior.stress", [("add", 4), ("add", 4), ("add", 4)], 10),
        ("npcBehavior.stress", [("set", 2.5)], 3),
        ("npcBehavior.stance", [("set", "wary")], "wary"),
        ("npcBehavior.armed", [("set", 1)], True),
    ],
)
def test_a_metric_is_changed_for_everybody(
    opened: tuple[World, Stages], metric: str, changes: list[tuple[str, Any]], after: Any
) -> None:
    world, stages = opened
    for op, value in changes:
        outcome = change(world, stages, metric, value, op=op)
        assert outcome.applied, outcome.detail
    assert outcome.detail["after"] == after
    assert change(world, stages, metric, value).detail["before"] == after
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)


def test_it_lies_where_the_registry_says(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    for metric, value in (("npcBehavior.stance", "wary"), ("npcBehavior.stress", 3), ("core.trust", 8)):
        assert change(world, stages, metric, value).applied
    change(world, stages, "relationships.npc:3.trust", 61)
    found = components(world, stages)
    assert (found["behavior"]["x"], found["behavior"]["stress"]) == ({"stance": "wary"}, 3)
    assert found["core"] == {"affinity": 1, "trust": 8}
    assert found["relationships"]["npc:3"] == {"trust": 61}


def test_for_one_player_it_begins_where_everybody_sees_it(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    change(world, stages, "core.affinity", 40)
    first = change(world, stages, "core.affinity", 5, op="add", sessionId="s1")
    assert (first.detail["before"], first.detail["after"]) == (40, 45)
    change(world, stages, "core.affinity", 10)
    second = change(world, stages, "core.affinity", 5, op="add", sessionId="s1")
    assert (second.detail["before"], second.detail["after"]) == (45, 50)
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    assert session.component(NpcId("npc:1"), "core") == {"affinity": 50}
    assert components(world, stages)["core"] == {"affinity": 10}


@pytest.mark.parametrize(
    ("metric", "value", "more", "says"),
    [
        ("core.afinity", 1, {}, "did you mean 'core.affinity'?"),
        ("core.affinity", "much", {}, "$.value: is 'much'"),
        ("core.affinity", 1, {"op": "double"}, "$.op: no op 'double'"),
        ("core.affinity", 1, {"npcId": "npc:9"}, "$.npcId: no npc 'npc:9'"),
        ("core.affinity", 1, {"sessionId": "s9"}, "here are: s1"),
        ("core.affinity", 2 * NUMBER_MAX, {"op": "add"}, "$.value"),
        ("core.affinity", 1, {"why": 1}, "$.why: no key"),
        ("npcBehavior.stress", 0.5, {"op": "add"}, "$.value"),
        ("npcBehavior.stance", 1, {"op": "add"}, "$.value"),
        ("npcBehavior.stance", "angry", {}, "allowed: open, wary"),
        ("npcBehavior.tier", "active", {}, "is decided by the world"),
        ("behavior.energy", 5, {"sessionId": "s1"}, "has no behavior.energy of its own"),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_and_changes_nothing(
    opened: tuple[World, Stages], metric: str, value: Any, more: dict[str, Any], says: str
) -> None:
    world, stages = opened
    before = drive.state_hash(world, stages)
    outcome = change(world, stages, metric, value, **more)
    assert not outcome.applied
    assert says in f"{outcome.detail['reason']} {outcome.detail['do']}"
    assert drive.state_hash(world, stages) == before


def test_where_something_else_is_written_adding_is_refused_and_setting_mends_it(
    opened: tuple[World, Stages],
) -> None:
    world, stages = opened
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    world.put_session(session.with_component(NpcId("npc:1"), "core", {"trust": "x"}))
    refused = change(world, stages, "core.trust", 1, op="add", sessionId="s1")
    assert (refused.applied, refused.detail["reason"]) == (
        False,
        "core.trust is 'x', not a number from 0 to 100",
    )
    assert change(world, stages, "core.trust", 1, sessionId="s1").detail["after"] == 1
    assert change(world, stages, "core.trust", 1, op="add", sessionId="s1").detail["after"] == 2


# -- what an answer says


def test_an_answer_names_the_bounds_that_kept_a_value(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    asked = change(world, stages, "core.trust", 150)
    assert (asked.detail["after"], asked.detail["clamped"]) == (100, "a number from 0 to 100")
    more = change(world, stages, "core.trust", 7, op="add")  # 100 + 7 is kept at 100
    assert (more.detail["before"], more.detail["after"]) == (100, 100)
    assert more.detail["clamped"] == "a number from 0 to 100"
    assert "clamped" not in change(world, stages, "core.trust", 40).detail


def test_what_is_set_to_an_int_is_rounded_and_what_is_added_must_be_whole(
    opened: tuple[World, Stages],
) -> None:
    world, stages = opened
    rounded = change(world, stages, "npcBehavior.stress", 2.5)  # halves go up
    assert rounded.detail["after"] == 3
    assert "clamped" not in rounded.detail
    added = change(world, stages, "npcBehavior.stress", 2.5, op="add")
    assert not added.applied
    assert "allowed: a whole number from -1e+09 to 1e+09" in added.detail["reason"]


@pytest.mark.parametrize("ref", ["nobody", "role:king", "npc:"])
def test_a_tie_to_nobody_is_no_metric(opened: tuple[World, Stages], ref: str) -> None:
    refused = change(*opened, f"relationships.{ref}.trust", 5)
    assert not refused.applied
    assert "no person or role" in refused.detail["reason"]
    assert change(*opened, "relationships.npc:2.trust", 5).applied
