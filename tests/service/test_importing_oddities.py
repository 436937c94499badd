"""Files whose values are of another type than expected: imported with what is left, or refused."""

from __future__ import annotations

from typing import Any

import pytest

from service.importing.worlds import Imported, import_world
from simulation.definitions import WorldFileInvalid, parse_world

ODD: list[Any] = [7, 1.5, True, "text", [1], [{"id": "a"}], {"": 1}]


def brought(**parts: Any) -> Imported:
    return import_world({"world": {"id": "w", "meta": {}}, **parts}, "file.json", "file")


def lost(found: Imported) -> list[str]:
    return [source for source, _ in found.report.unmapped]


@pytest.mark.parametrize("odd", [7, 1.5, "text", [1], [{"id": "a"}]])
def test_flags_and_relationships_of_another_type_are_kept_and_said(odd: Any) -> None:
    found = brought(sessions=[{"id": 1, "flags": odd, "relationships": odd}])
    (session,) = found.definition.sessions
    assert (session.extra["x-import-flags"], session.extra["relationships"]) == (odd, odd)
    assert {"sessions 1 flags", "sessions 1 relationships"} <= set(lost(found))


@pytest.mark.parametrize("odd", [7, 1.5, "text", [1], {"traitModifiers": 3}])
def test_preferences_of_another_type_leave_the_traits(odd: Any) -> None:
    person = {"id": 1, "personality": {"openness": 80}, "meta": {"behavior": {"preferences": odd}}}
    found = brought(npcs=[person])
    (there,) = found.document["npcs"]
    assert there["personality"]["preferences"]["traitModifiers"] == {"openness": 80}
    assert there["personality"]["x-import-preferences"] == odd
    assert "npcs 1 preferences" in lost(found)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["transform", "npcData"])
def test_parts_of_a_game_object_of_another_type_are_kept(key: str, odd: Any) -> None:
    found = brought(gameObjects={"objects": {"npc:1": {"kind": "npc", key: odd}}})
    assert found.document["npcs"][0][f"x-import-{key}"] == odd


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("key", ["nodes", "edges", "inputs", "variables"])
def test_a_program_of_another_shape_is_put_aside_whole_or_told(key: str, odd: Any) -> None:
    program = {"id": "tea", "nodes": [{"id": "n", "type": "dialogue", "text": "Tea?"}], "edges": [], key: odd}
    world = {"id": "w", "meta": {"narrative": {"programs": [program]}}}
    found = import_world({"world": world}, "file.json", "file")
    beside = found.document["meta"].get("x-import-programs", {})
    assert "tea" in beside or "tea" in found.definition.narratives or found.report.unmapped


@pytest.mark.parametrize("odd", [7, 1.5, True, "text", {"a": 1}])
def test_nodes_that_are_no_list_are_refused_with_their_path(odd: Any) -> None:
    with pytest.raises(WorldFileInvalid, match=r"meta\.narratives\.tea\.nodes: "):
        parse_world({"id": "w", "meta": {"narratives": {"tea": {"nodes": odd}}}})


def test_a_hundred_thousand_people_of_one_id_are_refused_before_long() -> None:
    with pytest.raises(WorldFileInvalid, match="too far from a world file"):
        brought(npcs=[{"id": "a"}] * 100_000)


def test_what_has_no_id_is_called_by_its_place_and_that_is_said() -> None:
    found = brought(
        npcs=[{"id": 1}, {"name": "Bo"}],
        locations=[{"type": "inn"}],
        sessions=[{"flags": {"a": 1}}, {"id": "s", "flags": {}}],
    )
    assert [npc["id"] for npc in found.document["npcs"]] == ["1", "npc-2"]
    assert [place["id"] for place in found.document["locations"]] == ["location-1"]
    assert [session["id"] for session in found.document["sessions"]] == ["session-1", "s"]
    told = [line for line in found.report.mapped if line[2] == "it has no id"]
    assert told == [
        ("locations[0]", "locations location-1", "it has no id"),
        ("npcs[1]", "npcs npc-2", "it has no id"),
        ("sessions[0]", "sessions session-1", "it has no id"),
    ]


def test_of_several_clocks_one_counts_and_the_others_are_told() -> None:
    """The world's, or else the latest of a session: 500 of 300, 500 and -1."""
    sessions = [{"id": n, "flags": {}, "world_time": time} for n, time in enumerate((300, 500, -1))]
    found = import_world({"world": {"id": "w", "meta": {}}, "sessions": sessions}, "file.json", "file")
    assert found.document["worldTime"] == 500
    assert ("sessions 1 world_time", "worldTime", "") in found.report.mapped
    assert lost(found) == ["sessions 0 world_time", "sessions 2 world_time"]
    owned = import_world(
        {"world": {"id": "w", "meta": {}, "world_time": 40}, "sessions": sessions[:1]}, "file.json", "file"
    )
    assert owned.document["worldTime"] == 40
    assert ("world world_time", "worldTime", "") in owned.report.mapped
    assert owned.report.unmapped == [("sessions 0 world_time", "a world has one clock, here at 40")]
