"""Files of the other backend's shapes become sound worlds; what cannot be mapped is said and kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.importing.aside import steps_to
from service.importing.blocks import block_of, blocks_of, personal_of, session_out
from service.importing.worlds import Imported, import_world
from simulation import drive
from simulation.definitions import WorldFileInvalid
from simulation.opening import create
from simulation.snapshot import encode, parts_of, restore


def behavior(**more: Any) -> dict[str, Any]:
    """A small bare behaviour file."""
    return {
        "version": 1,
        "activities": {
            "activity:bake": {
                "version": 1,
                "id": "activity:bake",
                "name": "Bake",
                "category": "work",
                "requirements": {"minEnergy": 20},
                "effects": {"energyDeltaPerHour": -12},
                "visual": {"icon": "bread"},
                "priority": 1.0,
            }
        },
        "routines": {
            "routine:baker": {
                "id": "routine:baker",
                "nodes": [
                    {
                        "id": "all",
                        "nodeType": "activity",
                        "preferredActivities": [{"activityId": "activity:bake", "weight": 2}],
                    }
                ],
                "edges": [],
            }
        },
        **more,
    }


TIERS = [
    {"id": "background", "tickFrequencySeconds": 3600, "detailLevel": "schedule_only"},
    {"id": "scene", "tickFrequencySeconds": 1, "detailLevel": "full"},
    {"id": "near", "tickFrequencySeconds": 60, "detailLevel": "simplified"},
]


def brought(document: dict[str, Any]) -> Imported:
    return import_world(document, "file.json", "file")


def lost(found: Imported) -> list[str]:
    return [source for source, _ in found.report.unmapped]


# -- shapes


def test_a_bare_behaviour_file_becomes_a_world_of_its_name() -> None:
    found = brought(behavior())
    assert found.definition.id == "file"
    assert list(found.definition.behavior.activities) == ["activity:bake"]
    assert found.report.mapped == [("$", "meta.behavior", "")]
    assert lost(found) == []


def test_people_bring_routine_preferences_traits_and_home_from_where_they_keep_them() -> None:
    found = brought(
        {
            "world": {"id": 7, "name": "Cove", "world_time": 50, "meta": {"behavior": behavior()}},
            "locations": [{"id": 3, "name": "Oven", "meta": {"type": "bakery"}}, {"id": 4}],
            "npcs": [
                {
                    "id": 12,
                    "name": "Alex",
                    "home_location_id": 3,
                    "personality": {"openness": 70},
                    "meta": {
                        "behavior": {
                            "routineId": "routine:baker",
                            "preferences": {"activityWeights": {"activity:bake": 0.9}},
                        }
                    },
                }
            ],
        }
    )
    (alex,) = found.definition.npcs
    assert (alex.id, alex.name, alex.routine_id, alex.home) == ("12", "Alex", "routine:baker", "3")
    assert alex.preferences.activity_weights == {"activity:bake": 0.9}
    assert alex.preferences.traits == {"openness": 70}
    assert [(place.id, place.type) for place in found.definition.locations] == [
        ("3", "bakery"),
        ("4", "place"),
    ]
    assert (found.definition.id, found.definition.world_time) == ("7", 50_000_000)


def test_tiers_are_ours_by_how_often_they_are_looked_at() -> None:
    """1 s, 60 s and 3,600 s: detailed, active and dormant, each deciding as often as there."""
    config = {"tiers": TIERS, "defaultTier": "background", "maxNpcsPerTick": 20}
    found = brought({"behavior": behavior(simulationConfig=config), "npcs": [{"id": 1}, {"id": 2}]})
    simulation = found.document["meta"]["simulation"]
    intervals = {name: tier.get("decisionIntervalSeconds") for name, tier in simulation["tiers"].items()}
    assert intervals == {"detailed": 1, "active": 60, "dormant": 3600}
    assert simulation["maxNpcTicksPerStep"] == 20
    _, stages = create(found.definition)
    assert {str(tier): stage.count for tier, stage in stages.items() if stage.count} == {"dormant": 2}


@pytest.mark.parametrize(
    ("condition", "when"),
    [
        ({"type": "flag_exists", "key": "current_scene_npcs"}, {"type": "in_scene"}),
        (
            {"type": "flag_equals", "key": "current_scene_npcs", "value": "{npc.id}"},
            {"type": "in_scene"},
        ),
        (
            {"type": "flag_equals", "key": "player.current_location", "value": "{npc.location}"},
            {"type": "same_location"},
        ),
        ({"type": "custom", "evaluatorId": "evaluator:in_active_quest"}, {"type": "quest_target"}),
        (
            {"type": "relationship_gt", "npcIdOrRole": "player", "metric": "trust", "threshold": 40},
            {"type": "affinity_gt", "axis": "trust", "threshold": 40},
        ),
        (
            {"type": "energy_between", "min": 0, "max": 20},
            {"type": "condition", "condition": {"type": "energy_between", "min": 0, "max": 20}},
        ),
    ],
)
def test_priority_rules_become_tier_rules(condition: dict[str, Any], when: dict[str, Any]) -> None:
    rules = [{"condition": condition, "tier": "scene", "priority": 90}]
    found = brought(behavior(simulationConfig={"tiers": TIERS, "priorityRules": rules}))
    assert found.document["meta"]["simulation"]["rules"] == [
        {"id": "import-1", "when": when, "tier": "detailed", "priority": 90}
    ]


def test_a_rule_made_of_code_is_said_not_to_be_mapped() -> None:
    rule = {"condition": {"type": "custom", "evaluatorId": "evaluator:near"}, "tier": "scene"}
    found = brought(behavior(simulationConfig={"tiers": TIERS, "priorityRules": [rule]}))
    assert "rules" not in found.document["meta"]["simulation"]
    assert lost(found) == ["simulationConfig.priorityRules[0]"]


def test_game_objects_become_people_and_items_and_the_rest_is_kept() -> None:
    objects = {
        "npc:5": {"kind": "npc", "id": 5, "name": "Bo", "components": [{"type": "mood", "data": {"joy": 1}}]},
        "prop:1": {"kind": "prop", "id": 1},
    }
    flower = {"kind": "item", "itemData": {"itemDefId": "flower", "quantity": 3}}
    session = {"id": 1, "flags": {"gameObjects": {"objects": {"item:flower": flower}}}}
    found = brought({"gameObjects": {"objects": objects}, "sessions": [session]})
    (bo,) = found.definition.npcs
    assert (bo.id, bo.name, bo.components) == ("5", "Bo", {"mood": {"joy": 1}})
    assert found.document["x-import-gameObjects"] == {"prop:1": objects["prop:1"]}
    assert found.definition.sessions[0].inventory == {"flower": 3}
    assert lost(found) == ["gameObjects prop:1"]


# -- what is not known


def test_what_is_not_known_is_put_aside_and_said() -> None:
    given_ = behavior()
    bake = given_["activities"]["activity:bake"]
    raining = {"type": "custom", "evaluatorId": "evaluator:is_raining", "params": {}}
    night = {"type": "time_of_day_in", "times": ["night"]}
    bake["requirements"]["conditions"] = [raining, night, raining]
    bake["effects"]["glow"] = 3
    found = brought(given_)
    requirements = found.document["meta"]["behavior"]["activities"]["activity:bake"]["requirements"]
    never = {"type": "any", "conditions": [], "x-import-condition": raining}
    assert requirements["conditions"] == [never, night, never]
    effects = found.document["meta"]["behavior"]["activities"]["activity:bake"]["effects"]
    assert effects["x-import-glow"] == 3
    path = "meta.behavior.activities.activity:bake"
    assert sorted(lost(found)) == [
        f"{path}.effects.glow",
        f"{path}.requirements.conditions[0].type",
        f"{path}.requirements.conditions[2].type",
    ]


@pytest.mark.parametrize("document", [{}, {"foo": 1}, {"npcs": []}, {"world": 3}])
def test_a_file_of_no_known_shape_is_refused_with_what_is_expected(document: dict[str, Any]) -> None:
    with pytest.raises(WorldFileInvalid) as refused:
        brought(document)
    assert "a behaviour file (activities, routines, simulationConfig ...)" in str(refused.value)


def test_a_path_is_followed_through_keys_with_dots() -> None:
    document = {"flags": {"a.b": {"c": [{"d": 1}, {"e.f": 2}]}}}
    assert steps_to(document, "flags.a.b.c[1].e.f") == ["flags", "a.b", "c", 1, "e.f"]
    assert steps_to(document, "flags.a.b.x") == ["flags", "a.b"]


# -- blocks of sessions


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.floats(-1e9, 1e9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "core",
        "romance",
        "interactions",
        "import",
        "tags",
        "meta",
        "_x",
        "x-y",
        "plugin:weather",
        "",
        "behavior",
    ]
) | st.text(max_size=8)
BLOCKS = st.fixed_dictionaries(
    {},
    optional={
        "components": st.dictionaries(NAMES, JSON, max_size=4) | JSON,
        "interactions": JSON,
        "state": JSON,
        "tags": JSON,
        "preferences": JSON,
    },
)


@given(BLOCKS)
def test_a_block_comes_back_as_it_was(block: dict[str, Any]) -> None:
    assert block_of(personal_of(block)) == block


@given(st.dictionaries(st.sampled_from(["npc:1", "npc:2", "npc:31"]), BLOCKS, max_size=3))
def test_blocks_come_back_from_a_world_that_was_imported_run_and_saved(blocks: dict[str, Any]) -> None:
    session = {"id": 1, "flags": {"npcs": json.loads(json.dumps(blocks)), "stage": 2}}
    found = brought({"behavior": behavior(), "sessions": [session]})
    world, stages = create(found.definition)
    drive.tick(world, stages)
    kept = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again, _ = restore(found.definition, kept)
    (there,) = again.sessions
    assert blocks_of(there.to_json()) == blocks
    assert there.flags == {"stage": 2}


def test_components_of_a_store_go_back_to_the_store() -> None:
    block = {"components": {"core": {"affinity": 5}}}
    stored = {"kind": "npc", "components": [{"type": "quests", "data": {"q": 1}}]}
    flags = {"npcs": {"npc:1": block}, "gameObjects": {"objects": {"npc:1": stored}}}
    found = brought({"behavior": behavior(), "sessions": [{"id": 1, "flags": flags}]})
    (session,) = found.definition.sessions
    assert session.npcs["1"]["quests"] == {"q": 1}
    out = session_out(session.to_json())["flags"]
    assert out["npcs"] == {"npc:1": block}
    assert out["gameObjects"]["objects"]["npc:1"]["components"] == stored["components"]


def test_a_stored_component_that_cannot_be_told_from_a_blocks_own_is_kept_beside() -> None:
    block = {"components": {"core": {"affinity": 5}}}
    stored = {"kind": "npc", "components": [{"type": "core", "data": {"affinity": 6}}]}
    flags = {"npcs": {"npc:1": block}, "gameObjects": {"objects": {"npc:1": stored}}}
    found = brought({"behavior": behavior(), "sessions": [{"id": 1, "flags": flags}]})
    (session,) = found.definition.sessions
    assert session.npcs["1"] == {"core": {"affinity": 5}}
    assert session.extra["x-import-gameObjects"] == {"npc:1": stored}
    assert lost(found) == ["sessions 1 flags.gameObjects npc:1 components"]


def test_an_older_blocks_interactions_are_the_component_that_cooldowns_are_in() -> None:
    block = {"components": {}, "interactions": {"lastUsedAt": {"chat": 3}}}
    assert personal_of(block)["interactions"] == {"lastUsedAt": {"chat": 3}}


# -- the command


def test_the_command_writes_a_file_that_check_finds_sound(tmp_path: Path) -> None:
    given_, out = tmp_path / "bakery.json", tmp_path / "out.json"
    given_.write_text(json.dumps(behavior(simulationConfig={"tiers": TIERS})))

    def run(*args: object) -> Any:
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    report = run("import", given_, "-o", out)
    assert report["world"] == "bakery"
    assert {"from": "simulationConfig.tiers.scene", "to": "meta.simulation.tiers.detailed", "note": ""} in (
        report["mapped"]
    )
    assert run("check", out)["ok"] is True


def test_a_file_that_is_there_is_kept_unless_it_may_be_replaced(tmp_path: Path) -> None:
    """Its own source above all: importing a file onto itself would lose it."""
    source = tmp_path / "behavior.json"
    source.write_text(json.dumps(behavior()))
    command = [sys.executable, "-m", "theatrum", "import", str(source), "-o", str(source)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "Use --force, or name another file." in refused.stderr
    assert json.loads(source.read_text()) == behavior()
    assert subprocess.run([*command, "--force"], capture_output=True, check=False).returncode == 0
    assert json.loads(source.read_text())["id"] == "behavior"
