"""Programs of the other backend become narratives: spans, expressions and effects are written anew."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from service.importing.narratives import Untold, expression_of
from service.importing.worlds import Imported, import_world


def program(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    ids = [node["id"] for node in nodes]
    edges = [{"id": f"{a}-{b}", "from": a, "to": b} for a, b in pairwise(ids)]
    return {
        "id": "tea",
        "version": "1.0",
        "kind": "dialogue",
        "name": "Tea",
        "nodes": list(nodes),
        "edges": edges,
        "entryNodeId": ids[0],
        "metadata": {"contentRating": "sfw"},
        **more,
    }


def brought(*programs: dict[str, Any]) -> Imported:
    meta = {"narrative": {"programs": {one["id"]: one for one in programs}}}
    return import_world({"world": {"id": "w", "meta": meta}}, "file.json", "file")


def node_of(found: Imported, name: str) -> dict[str, Any]:
    nodes = found.document["meta"]["narratives"]["tea"]["nodes"]
    return next(node for node in nodes if node["id"] == name)


LINE = {"id": "hello", "type": "dialogue", "mode": "static", "text": "Hello."}


def test_spans_in_milliseconds_become_game_seconds() -> None:
    """1,500 ms are 1.5 s, 90,000 ms are 90 s."""
    found = brought(
        program(
            LINE | {"autoAdvance": True, "advanceDelay": 1500},
            {"id": "rest", "type": "wait", "mode": "duration", "duration": 90_000},
            {"id": "act", "type": "action", "description": "Nods", "effects": {}, "delay": 250},
        )
    )
    assert node_of(found, "hello")["delaySeconds"] == 1.5
    assert node_of(found, "rest")["durationSeconds"] == 90
    assert node_of(found, "act")["delaySeconds"] == 0.25
    assert list(found.definition.narratives) == ["tea"]
    assert found.report.unmapped == []


def test_choices_and_branches_keep_where_they_lead_and_on_what_condition() -> None:
    ask = {
        "id": "ask",
        "type": "choice",
        "choices": [
            {
                "id": "yes",
                "text": "Yes",
                "targetNodeId": "far",
                "condition": {"expression": "affinity >= 60"},
            },
            {"id": "no", "text": "No", "targetNodeId": "hello"},
        ],
        "timeout": {"duration": 30_000, "defaultChoiceId": "no"},
    }
    split = {
        "id": "far",
        "type": "branch",
        "branches": [
            {
                "id": "b",
                "condition": {"expression": "trust BETWEEN 20 AND 50 && flags.met == true"},
                "targetNodeId": "hello",
            }
        ],
        "defaultTargetNodeId": "ask",
    }
    found = brought(program(ask, split, LINE, edges=[]))
    shown = node_of(found, "ask")
    assert (shown["timeoutSeconds"], shown["defaultChoiceId"]) == (30, "no")
    assert shown["choices"][0] == {
        "id": "yes",
        "text": "Yes",
        "to": "far",
        "conditions": [{"type": "expression", "expression": "core.affinity >= 60"}],
    }
    (branch,) = node_of(found, "far")["branches"]
    assert branch["conditions"][0]["expression"] == (
        "(core.trust >= 20 and core.trust <= 50) and flags.met == true"
    )
    assert node_of(found, "far")["default"] == "ask"


def test_effects_are_flags_relationships_and_items_of_ours() -> None:
    effects = {
        "relationship": {"affinity": 5},
        "flags": {"set": {"met": True}, "delete": ["shy"], "increment": {"talks": 1}},
        "arcs": {"main": "second"},
        "quests": {"find_cat": "completed"},
        "events": {"trigger": ["fair"], "end": ["rain"]},
        "inventory": {"add": [{"itemId": "tea", "quantity": 2}], "remove": [{"itemId": "coin"}]},
    }
    found = brought(program(LINE, {"id": "act", "type": "action", "description": "", "effects": effects}))
    assert node_of(found, "act")["effects"] == {
        "relationship": {"affinity": 5},
        "flags": {
            "met": True,
            "shy": None,
            "arcs.main.stage": "second",
            "quests.find_cat.status": "completed",
            "events.fair.active": True,
            "events.rain.active": False,
        },
        "items": {"tea": 2, "coin": -1},
        "x-import-flags": {"increment": {"talks": 1}},
    }
    assert [where for where, _ in found.report.unmapped] == [
        "meta.narrative.programs.tea.nodes[1].effects.flags"
    ]


def test_keys_in_snake_case_are_the_same_keys() -> None:
    given = program(
        {"id": "a", "type": "dialogue", "mode": "llm_program", "program_id": "p", "on_exit": {}},
        {"id": "b", "type": "wait", "mode": "condition", "condition": {"expression": "affinity > 3"}}
        | {"poll_interval": 5000, "max_wait": 60_000},
    )
    given["entry_node_id"] = given.pop("entryNodeId")
    found = brought(given)
    assert node_of(found, "a")["generate"] == {"programId": "p"}
    waiting = node_of(found, "b")
    assert (waiting["checkEverySeconds"], waiting["maxWaitSeconds"]) == (5, 60)


def test_a_file_that_is_a_program_becomes_a_world_with_it() -> None:
    found = import_world(program(LINE), "tea.json", "tea")
    assert list(found.definition.narratives) == ["tea"]


def test_scenes_blocks_calls_and_comments_come_too() -> None:
    found = brought(
        program(
            {"id": "go", "type": "scene", "mode": "transition", "sceneId": 12},
            {"id": "show", "type": "action_block", "mode": "direct", "blockIds": ["wave"]},
            {"id": "ask", "type": "external_call", "system": "shop", "method": "price", "timeout": 5000}
            | {"parameters": {"item": "tea"}, "resultPath": "price"},
            {"id": "note", "type": "comment", "comment": "mind the gap"},
            edges=[{"id": "e", "from": "go", "to": "show"}, {"id": "f", "from": "show", "to": "ask"}],
        )
    )
    assert node_of(found, "go")["sceneId"] == "12"
    called = node_of(found, "ask")
    assert (called["resultVariable"], called["ttlSeconds"], called["params"]) == ("price", 5, {"item": "tea"})
    kept = found.document["meta"]["narratives"]["tea"]
    assert kept["variables"] == {"price": None}
    assert kept["x-import-comments"] == [{"id": "note", "comment": "mind the gap"} | {"type": "comment"}]


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (
            {
                "id": "b",
                "type": "branch",
                "branches": [{"id": "x", "condition": {"expression": "stage >= 2"}}],
            },
            "'stage', which nobody has here",
        ),
        (
            {
                "id": "b",
                "type": "branch",
                "branches": [{"id": "x", "condition": {"expression": "min(2, 3)"}}],
            },
            "the condition 'min(2, 3)'",
        ),
        ({"id": "b", "type": "teleport"}, "a node of type 'teleport'"),
        ({"id": "b", "type": "scene", "mode": "intent"}, "neither a scene nor an intent"),
    ],
)
def test_a_program_that_would_lead_elsewhere_is_put_aside_whole(node: dict[str, Any], why: str) -> None:
    given = program(LINE, node)
    found = brought(given)
    assert "narratives" not in found.document["meta"]
    assert found.document["meta"]["x-import-programs"] == {"tea": given}
    ((where, reason),) = found.report.unmapped
    assert where == "meta.narrative.programs.tea"
    assert why in reason


def test_texts_in_an_expression_stay_as_they_are() -> None:
    assert expression_of("mood == 'affinity && trust' || !flags.met", {"mood": 1}) == (
        "narrative.variables.mood == 'affinity && trust' or not flags.met"
    )
    with pytest.raises(Untold):
        expression_of("location.id != null && nobody", {})


def test_a_narrative_block_keeps_what_is_no_program() -> None:
    world = {"id": "w", "meta": {"narrative": {"programs": [program(LINE)], "defaults": {"pace": 2}}}}
    found = import_world({"world": world}, "file.json", "file")
    assert found.document["meta"]["x-import-narrative"] == {"defaults": {"pace": 2}}
    assert "meta.narrative" in [where for where, _ in found.report.unmapped]
    assert json.dumps(found.document)
