"""What a file begins a world with, in an update of a running one: each key is taken, or said why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulation import beginnings, drive
from simulation.definitions import WorldDefinition, parse_world, update_payload
from simulation.definitions.differences import People, differences
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.units import InputKind
from simulation.world import World
from village import document

Change = Callable[[dict[str, Any]], object]


def definition(*changes: Change, people: int = 4) -> WorldDefinition:
    found = json.loads(json.dumps(document(people)))
    found["npcs"][1]["components"] = {"mood": {"general": {"moodId": "calm"}}, "shop": {"open": True}}
    found["flags"] = {"fair": {"open": False, "day": 3}}
    for change in changes:
        change(found)
    return parse_world(found, "village.json")


def send(world: World, stages: Stages, kind: InputKind, payload: dict[str, Any]) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def update(world: World, stages: Stages, new: WorldDefinition, people: People = People.KEEP) -> Outcome:
    payload = update_payload(json.dumps(new.document), new, people)
    return send(world, stages, InputKind.WORLD_UPDATE, payload)


def said(outcome: Outcome) -> dict[tuple[str, str], str]:
    """(section, id) -> why it was not applied; empty: it was."""
    assert outcome.applied, outcome.detail
    return {(one["section"], one["id"]): one.get("because", "") for one in outcome.detail["differences"]}


def component(stages: Stages, world: World, npc_id: str, name: str) -> Any:
    views = (stage.view(npc_id, world.world_time, world.flags) for stage in stages.values())  # type: ignore[arg-type]
    (view,) = (view for view in views if view is not None)
    return view["components"].get(name)


# -- flags


def test_a_new_flag_is_taken_and_one_that_the_world_has_is_its_own() -> None:
    """In the file fair.open changed, fair.day is gone, fair.music is new, fair.price new but set since."""
    world, stages = create(definition())
    assert send(world, stages, InputKind.FLAGS, {"flags": {"fair.price": 9}}).applied

    def other(found: dict[str, Any]) -> None:
        found["flags"] = {"fair": {"open": True, "music": "drums", "price": 2}}

    outcome = update(world, stages, definition(other))
    assert world.flags == {"fair.open": False, "fair.day": 3, "fair.price": 9, "fair.music": "drums"}
    why = said(outcome)
    assert why[("flags", "fair.music")] == ""
    for name in ("fair.open", "fair.day", "fair.price"):
        assert "the world has this flag" in why[("flags", name)]
    assert outcome.detail["notApplied"] == 3
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)


def test_a_flag_the_world_has_removed_does_not_come_back_with_a_file_that_still_gives_it() -> None:
    world, stages = create(definition())
    assert send(world, stages, InputKind.FLAGS, {"flags": {"fair.day": None}}).applied
    assert update(world, stages, definition(lambda found: found.update(name="Other"))).applied
    assert world.flags == {"fair.open": False}


def test_more_new_flags_than_a_world_may_have_are_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginnings, "FLAGS_MAX", 3)
    world, stages = create(definition())
    outcome = update(world, stages, definition(lambda found: found["flags"].update(a=1, b=2)))
    assert not outcome.applied
    assert "more than 3 flags" in outcome.detail["reason"]
    assert world.flags == {"fair.open": False, "fair.day": 3}


# -- the clock and players


def test_clock_and_sessions_of_the_file_are_not_taken_and_each_says_why() -> None:
    world, stages = create(definition())

    def other(found: dict[str, Any]) -> None:
        found["worldTime"] = 99
        found["sessions"] = [{"id": "s1"}]

    before = world.world_time
    why = said(update(world, stages, definition(other)))
    assert "world advance" in why[("worldTime", "")]
    assert "session join" in why[("sessions", "s1")]
    assert (world.world_time, len(world.sessions)) == (before, 0)


# -- people who stay


def changed(found: dict[str, Any]) -> None:
    """npc:1: mood said otherwise, shop gone, garden new, energy in behavior."""
    found["npcs"][1]["components"] = {
        "mood": {"general": {"moodId": "glad"}},
        "garden": {"roses": 2},
        "behavior": {"energy": 1},
    }


def test_what_people_have_become_is_kept_unless_it_is_asked_otherwise() -> None:
    world, stages = create(definition())
    why = said(update(world, stages, definition(changed)))
    assert component(stages, world, "npc:1", "shop") == {"open": True}
    assert component(stages, world, "npc:1", "garden") is None
    for name in ("mood", "shop", "garden"):
        assert "--people replace" in why[("npcs.components", f"npc:1.{name}")]
    assert ("npcs", "npc:1") not in why


def test_replace_puts_what_the_files_say_differently_and_leaves_the_rest() -> None:
    world, stages = create(definition())
    grown = {"npcId": "npc:1", "component": "diary", "op": "set", "value": {"pages": 7}}
    assert send(world, stages, InputKind.PERSON, grown).applied
    why = said(update(world, stages, definition(changed), People.REPLACE))
    assert component(stages, world, "npc:1", "mood")["general"] == {"moodId": "glad"}
    assert component(stages, world, "npc:1", "shop") is None
    assert component(stages, world, "npc:1", "garden") == {"roses": 2}
    assert component(stages, world, "npc:1", "diary") == {"pages": 7}
    assert why[("npcs.components", "npc:1.garden")] == ""
    assert "npc metric set" in why[("npcs.components", "npc:1.behavior")]
    assert component(stages, world, "npc:1", "behavior")["energy"] != 1
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)


def test_a_word_that_is_neither_keep_nor_replace_is_refused() -> None:
    world, stages = create(definition())
    new = definition(changed)
    payload = {**update_payload(json.dumps(new.document), new), "people": "merge"}
    outcome = send(world, stages, InputKind.WORLD_UPDATE, payload)
    assert not outcome.applied
    assert "$.people: is 'merge'" in outcome.detail["reason"]


def test_people_who_come_and_go_are_one_difference_each_whatever_they_are_given() -> None:
    """npc:3 goes, npc:9 comes, both with components; ids with dots are people's own."""

    def other(found: dict[str, Any]) -> None:
        found["npcs"][3] = {"id": "npc.9", "components": {"shop": {"open": True}}}

    def owned(found: dict[str, Any]) -> None:
        found["npcs"][3]["components"] = {"shop": {"open": False}}

    found = differences(definition(owned), definition(other))
    assert [(one.section, one.name, one.how) for one in found] == [
        ("npcs", "npc.9", "added"),
        ("npcs", "npc:3", "removed"),
    ]
