"""Snapshots, scenarios and project bundles of the other backend; and nothing that is lost in silence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from service.importing.blocks import session_out
from service.importing.worlds import Imported, import_world
from simulation.opening import create
from simulation.portable import export

TOGETHER = {"affinity": 55, "trust": 45, "tierId": "friend"}
SNAPSHOT: dict[str, Any] = {
    "world_id": 4,
    "world_meta": {"time_config": {"hoursPerDay": 24}},
    "world_time": 3600.0,
    "sessions": [
        {
            "session_id": 9,
            "flags": {"sessionKind": "world"},
            "relationships": {"npc:1": TOGETHER},
            "world_time": 3600.0,
            "version": 1,
        }
    ],
}


def brought(document: dict[str, Any]) -> Imported:
    return import_world(document, "file.json", "file")


def lost(found: Imported) -> list[str]:
    return [source for source, _ in found.report.unmapped]


def test_a_scenario_is_the_world_of_its_snapshot_and_its_steps_are_said() -> None:
    steps = [{"kind": "tick", "delta_seconds": 60}]
    found = brought({"id": "s", "name": "First", "snapshot": SNAPSHOT, "steps": steps})
    definition = found.definition
    assert (definition.id, definition.name, definition.world_time) == ("4", "First", 3_600_000_000)
    assert [session.id for session in definition.sessions] == ["9"]
    assert lost(found) == ["steps"]
    assert found.document["x-import-steps"] == steps


def test_a_bare_snapshot_in_camel_case_is_one_too() -> None:
    session = {"sessionId": 9, "flags": {}, "stats": {"relationships": {"npc:1": TOGETHER}}, "worldTime": 50}
    found = brought({"worldId": 4, "worldMeta": {}, "worldTime": 50, "sessions": [session]})
    assert (found.definition.id, found.definition.world_time) == ("4", 50_000_000)
    assert found.definition.sessions[0].npcs["1"]["core"] == TOGETHER


def test_relationships_of_a_session_are_how_player_and_person_stand_and_go_back_there() -> None:
    (session,) = brought(SNAPSHOT).definition.sessions
    assert session.npcs["1"]["core"] == TOGETHER
    out = session_out(session.to_json())
    assert out["stats"] == {"relationships": {"npc:1": TOGETHER}}
    assert out["flags"]["npcs"] == {"npc:1": {}}


def test_a_core_component_of_the_block_comes_before_the_relationship() -> None:
    block = {"components": {"core": {"affinity": 80}}}
    session = {"id": 1, "flags": {"npcs": {"npc:1": block}}, "stats": {"relationships": {"npc:1": TOGETHER}}}
    found = brought({"sessions": [session]})
    assert found.definition.sessions[0].npcs["1"]["core"] == {"affinity": 80}
    assert lost(found) == ["sessions 1 relationships npc:1"]


def test_a_project_bundle_gives_world_places_and_people_under_their_own_ids() -> None:
    person = {"source_id": 5, "name": "Mia", "home_location_source_id": 3, "stats": {"mood": 2}}
    core = {
        "world": {"name": "Harbour", "meta": {}, "world_time": 10},
        "locations": [{"source_id": 3, "name": "Pier", "x": 1.0, "meta": {"type": "dock"}}],
        "npcs": [person],
        "scenes": [{"source_id": 1, "title": "Dawn"}],
    }
    found = brought({"schema_version": 1, "exported_at": "2025-01-01T00:00:00Z", "core": core})
    (mia,) = found.definition.npcs
    assert (mia.id, mia.name, mia.home) == ("5", "Mia", "3")
    assert [(place.id, place.type) for place in found.definition.locations] == [("3", "dock")]
    assert sorted(lost(found)) == ["locations 3 x", "npcs 5 stats", "scenes"]
    assert found.document["x-import-scenes"] == core["scenes"]


def test_a_home_that_is_no_place_of_the_file_is_kept_and_said() -> None:
    found = brought({"npcs": [{"id": 1, "home_location_id": 77}]})
    assert found.document["npcs"][0]["x-import-home_location_id"] == 77
    assert lost(found) == ["npcs 1 home_location_id"]


def test_where_the_state_of_the_game_is_the_player_is() -> None:
    session = {"id": 1, "flags": {"gameState": {"mode": "room", "location_id": "location:3"}}}
    found = brought({"locations": [{"id": 3, "name": "Pier", "type": "dock"}], "sessions": [session]})
    assert found.definition.sessions[0].location_id == "3"


def test_a_default_tier_leaves_room_for_people_who_are_added_later() -> None:
    """A behaviour file names nobody; its dormant tier still holds our 5,000, and not 1."""
    config = {"tiers": [{"id": "far", "tickFrequencySeconds": 60}], "defaultTier": "far"}
    found = brought({"activities": {}, "simulationConfig": config})
    (tier,) = found.document["meta"]["simulation"]["tiers"]
    assert found.definition.simulation.to_json()["tiers"][tier]["maxNpcs"] == 20
    found = brought(
        {
            "behavior": {"activities": {}, "simulationConfig": config},
            "npcs": [{"id": n} for n in range(21)],
        }
    )
    assert found.definition.simulation.to_json()["tiers"][tier]["maxNpcs"] == 21


def test_rules_and_settings_without_counterpart_are_kept_in_the_block() -> None:
    rule = {"condition": {"type": "custom", "evaluatorId": "evaluator:near"}, "tier": "far"}
    config = {"tiers": [{"id": "far"}], "priorityRules": [rule], "pace": 3}
    found = brought({"activities": {}, "simulationConfig": config})
    block = found.document["meta"]["simulation"]
    assert (block["x-import-priorityRules"], block["x-import-pace"]) == ([rule], 3)


def test_an_exported_world_is_refused_with_what_to_do(tmp_path: Path) -> None:
    found = brought({"npcs": [{"id": 1}]})
    world, stages = create(found.definition)
    given, out = tmp_path / "old.thtr", tmp_path / "new.json"
    given.write_bytes(export(world, stages, json.dumps(found.document)))
    command = [sys.executable, "-m", "theatrum", "import", str(given), "-o", str(out)]
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert refused.returncode == 2
    assert "is an exported world" in refused.stderr
    assert f"theatrum run {given}" in refused.stderr
    assert not out.exists()
