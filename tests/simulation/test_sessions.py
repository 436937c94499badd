"""Sessions and people's components as inputs change them, and systems that see and touch people in a tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from simulation import drive, session_inputs
from simulation.consequences import AddPersonal, ChangePerson, Consequence, GiveItem, SetFlag, SetPersonal
from simulation.definitions import WorldDefinition, WorldFileInvalid, parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.orders import StatChange
from simulation.person import Scene, person_of
from simulation.sessions import Session, Sessions
from simulation.snapshot import encode, parts_of, restore
from simulation.units import InputKind, Micros, NpcId, SessionId
from simulation.views import View, met_by
from simulation.world import World

Village = Callable[..., WorldDefinition]
ANN = {"id": "s1", "userId": "ann", "locationId": "loc:inn", "flags": {"quest": {"lamp": 1}}}


@pytest.fixture
def opened(village: Village) -> tuple[World, Stages]:
    return create(village(12, generation={"mode": "off"}))


def send(world: World, stages: Stages, kind: InputKind, **payload: Any) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def components(world: World, stages: Stages, npc_id: str) -> dict[str, Any]:
    for stage in stages.values():
        if (view := stage.view(NpcId(npc_id), world.world_time, world.flags)) is not None:
            found: dict[str, Any] = view["components"]
            return found
    raise LookupError(npc_id)


# -- sessions


def test_a_player_joins_moves_and_leaves(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    assert send(world, stages, InputKind.SESSION_JOIN, session=ANN).applied
    moved = send(world, stages, InputKind.SESSION_UPDATE, sessionId="s1", locationId="loc:field")
    assert moved.detail == {"sessionId": "s1", "version": 1}
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    assert (session.location_id, dict(session.flags)) == ("loc:field", {"quest.lamp": 1})
    left = send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1")
    assert left.detail["session"]["locationId"] == "loc:field"
    assert len(world.sessions) == 0


def test_a_stale_writer_is_refused_with_the_version_there_is(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    send(world, stages, InputKind.SESSION_UPDATE, sessionId="s1", flags={"a": 1}, expectedVersion=0)
    late = send(world, stages, InputKind.SESSION_UPDATE, sessionId="s1", flags={"a": 2}, expectedVersion=0)
    assert not late.applied
    assert late.detail["version"] == 1
    assert "is at version 1, not 0" in late.detail["reason"]


@pytest.mark.parametrize(
    ("kind", "payload", "says"),
    [
        (InputKind.SESSION_JOIN, {"session": {"id": "s1"}}, "is here already"),
        (
            InputKind.SESSION_JOIN,
            {"session": {"id": "x", "locationId": "loc:inm"}},
            "did you mean 'loc:inn'?",
        ),
        (InputKind.SESSION_JOIN, {"session": {"id": "x", "cast": ["npc:99"]}}, "$.session.cast[0]"),
        (InputKind.SESSION_JOIN, {"session": {"id": "x", "wings": 2}}, "$.session.wings: no key"),
        (
            InputKind.SESSION_JOIN,
            {"session": {"id": "x", "inventory": {"lamp": -1}}},
            "$.session.inventory.lamp",
        ),
        (InputKind.SESSION_JOIN, {"session": {"id": "x", "flags": {"a": "b" * 300_000}}}, "at most 262144"),
        (InputKind.SESSION_UPDATE, {"sessionId": "s2", "flags": {}}, "here are: s1"),
        (InputKind.SESSION_UPDATE, {"sessionId": "s1"}, "changes nothing"),
        (InputKind.SESSION_UPDATE, {"sessionId": "s1", "flags": {"a": "b" * 262_144}}, "at most 262144"),
        (InputKind.SESSION_UPDATE, {"sessionId": "s1", "npcs": {"npc:1": {"core": 5}}}, "$.npcs.npc:1.core"),
        (InputKind.SESSION_LEAVE, {"sessionId": "s1", "why": "tired"}, "$.why: no key"),
        (InputKind.SESSION_UPDATE, {"sessionId": "s1", "flags": {"a": {"": 1}}}, "$.flags.a: has a flag ''"),
        (InputKind.FLAGS, {"flags": {}}, "$.flags is empty"),
        (InputKind.FLAGS, {"flags": {" ": 1}}, "$.flags: has a flag ' '"),
        (InputKind.FLAGS, {"flags": {"a": "b" * 65_529}}, "$.flags has 65537 bytes"),  # {"a":"..."} is 8 more
        (InputKind.PERSON, {"npcId": "npc:99", "component": "core", "value": {}}, "$.npcId: no npc 'npc:99'"),
        (
            InputKind.PERSON,
            {"npcId": "npc:1", "component": "behavior", "value": {"energy": 3}},
            "npc metric set",
        ),
        (InputKind.PERSON, {"npcId": "npc:1", "op": "move", "locationId": "moon"}, "$.locationId"),
        (InputKind.PERSON, {"npcId": "npc:1", "component": "x", "value": {}, "sessionId": "s9"}, "'s9'"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    opened: tuple[World, Stages], kind: InputKind, payload: dict[str, Any], says: str
) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    before = drive.state_hash(world, stages)
    outcome = send(world, stages, kind, **payload)
    assert not outcome.applied
    assert says in f"{outcome.detail['reason']} {outcome.detail['do']}"
    assert drive.state_hash(world, stages) == before


def test_a_refusal_names_the_first_eight_sessions_that_are_here(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    for n in range(9):
        assert send(world, stages, InputKind.SESSION_JOIN, session={"id": f"s{n}"}).applied
    refusal = send(world, stages, InputKind.SESSION_UPDATE, sessionId="t", flags={"a": 1})
    assert refusal.detail["do"] == "here are: s0, s1, s2, s3, s4, s5, s6, s7"


def test_a_world_has_exactly_as_many_flags_as_it_may(
    opened: tuple[World, Stages], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, stages = opened
    before = dict(world.flags)
    monkeypatch.setattr(session_inputs, "FLAGS_MAX", len(before) + 2)
    assert send(world, stages, InputKind.FLAGS, flags={"a": 1, "b": 2}).applied
    assert not send(world, stages, InputKind.FLAGS, flags={"c": 3}).applied
    assert send(world, stages, InputKind.FLAGS, flags={"b": 3}).applied
    assert dict(world.flags) == {**before, "a": 1, "b": 3}


def test_a_session_may_be_exactly_as_large_as_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(SessionId("s1"))
    for bound, refused in ((session.size, False), (session.size - 1, True)):
        monkeypatch.setattr(session_inputs, "SESSION_BYTES_MAX", bound)
        assert (session_inputs.too_large(session) is not None) is refused


def test_a_world_takes_exactly_as_many_sessions_as_it_may(
    opened: tuple[World, Stages], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_inputs, "SESSIONS_MAX", 2)
    world, stages = opened
    came = [send(world, stages, InputKind.SESSION_JOIN, session={"id": name}).applied for name in "abc"]
    assert came == [True, True, False]
    assert [session.id for session in world.sessions] == ["a", "b"]


def test_a_session_is_part_of_the_state_and_of_nothing_when_it_has_left(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    empty = drive.state_hash(world, stages)
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    assert drive.state_hash(world, stages) != empty
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1")
    assert drive.state_hash(world, stages) == empty


def test_of_two_sessions_the_one_that_left_is_no_part_of_the_state(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    alone = drive.state_hash(world, stages)
    send(world, stages, InputKind.SESSION_JOIN, session={"id": "s2"})
    assert drive.state_hash(world, stages) != alone
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="s2")
    assert drive.state_hash(world, stages) == alone


def test_sessions_of_a_world_file_are_there_from_the_beginning(village_document: Any) -> None:
    document = {**village_document(3), "sessions": [{**ANN, "npcs": {"npc:1": {"core": {"affinity": 80}}}}]}
    world, stages = create(parse_world(document))
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    assert session.component(NpcId("npc:1"), "core") == {"affinity": 80}
    again, restaged = restore(parse_world(document), snapshot(world, stages))
    assert again.sessions.get(SessionId("s1")) == session
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)


def test_a_bad_session_of_a_world_file_is_refused_with_its_path(village_document: Any) -> None:
    with pytest.raises(WorldFileInvalid, match=r"sessions\[0\]\.locationId: no location 'moon'"):
        parse_world({**village_document(3), "sessions": [{"id": "s1", "locationId": "moon"}]})


def snapshot(world: World, stages: Stages) -> bytes:
    return encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))


def test_sessions_come_by_id_whoever_came_first() -> None:
    sessions = Sessions()
    for name in ("b", "c", "a"):
        sessions.put(Session(SessionId(name)))
    assert [session.id for session in sessions] == ["a", "b", "c"]


def test_of_what_a_player_has_none_of_nothing_is_kept(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session={**ANN, "inventory": {"oil": 2, "lamp": 1}})
    assert send(world, stages, InputKind.SESSION_UPDATE, sessionId="s1", inventory={"oil": 0}).applied
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    assert session.inventory == {"lamp": 1}


def test_a_flag_that_is_set_to_nothing_is_gone() -> None:
    session = Session(SessionId("s1"), flags={"lamp": 1, "met": True})
    assert session.with_flags({"lamp": None, "never": None, "left": 0}).flags == {"met": True, "left": 0}


def test_a_session_that_leaves_and_comes_anew_at_one_moment_begins_with_its_own_version() -> None:
    sessions, first = Sessions(), Session(SessionId("s1"), version=7)
    sessions.put(first)
    sessions.begin()
    assert sessions.put(first.with_flags({"a": 1})).version == 8
    sessions.remove(first.id)
    assert sessions.put(Session(SessionId("s1"), version=0)).version == 0


# -- components


def test_components_are_set_updated_and_removed(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    for op, value in (("set", {"a": 1, "b": 2}), ("update", {"b": 3, "a": None})):
        assert send(
            world, stages, InputKind.PERSON, npcId="npc:1", op=op, component="quests", value=value
        ).applied
    assert components(world, stages, "npc:1")["quests"] == {"b": 3}
    send(world, stages, InputKind.PERSON, npcId="npc:1", op="remove", component="quests")
    assert "quests" not in components(world, stages, "npc:1")
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)


def test_what_is_personal_is_seen_by_that_player_only(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    payload = {"npcId": "npc:1", "component": "core", "value": {"affinity": 90}, "sessionId": "s1"}
    assert send(world, stages, InputKind.PERSON, **payload).applied
    assert components(world, stages, "npc:1")["core"] == {"affinity": 1}
    stage = next(stage for stage in stages.values() if "npc:1" in stage.people.row_of)
    scene = Scene(world.script, world.world_time, stage.tier, world.flags)
    person = person_of(scene, stage.people, stage.people.row_of[NpcId("npc:1")])
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    met = met_by(person, session)
    assert (person.stat("core", "affinity"), met.stat("core", "affinity")) == (1.0, 90.0)
    assert (met.flags.get("quest.lamp"), met.flags.get("festival")) == (1, False)


def test_a_person_is_moved(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    assert send(world, stages, InputKind.PERSON, npcId="npc:1", op="move", locationId="loc:inn").applied
    assert components(world, stages, "npc:1")["behavior"]["locationId"] == "loc:inn"


# -- systems


class Bell:
    """Every minute somebody hears a bell: they tire, the player's lamp burns down, the world knows."""

    name = "bell"

    def __init__(self) -> None:
        self.heard: list[float] = []

    def budget(self, world: World) -> int:
        return 1

    def due(self, now: Micros) -> int:
        return 2

    def looks(self, now: Micros, most: int) -> Iterable[NpcId]:
        return [NpcId("npc:1")]

    def run(self, view: View, most: int) -> Sequence[Consequence]:
        person = view.person(NpcId("npc:1"))
        assert person is not None
        assert view.person(NpcId("npc:2")) is None
        self.heard.append(person.stat("behavior", "energy"))
        ann = SessionId("s1")
        return [
            ChangePerson(StatChange(NpcId("npc:1"), "behavior", ("energy",), -5.0, 0, 100, adds=True)),
            ChangePerson(StatChange(NpcId("npc:1"), "core", ("affinity",), 200.0, 0, 100, adds=True)),
            SetFlag("bell.rung", True),
            SetFlag("heard", True, ann),
            SetPersonal(ann, NpcId("npc:1"), "talk", {"bell": True}),
            AddPersonal(ann, NpcId("npc:1"), "core", ("trust",), 7.0, 0, 10),
            GiveItem(ann, "oil", -1),
        ]

    def on_session(self, session_id: SessionId, session: object) -> None:
        """Nothing of it is indexed."""


def test_a_system_sees_whom_it_asked_for_and_its_consequences_are_part_of_the_tick(village: Village) -> None:
    world, stages = create(village(12, generation={"mode": "off"}))
    bell = Bell()
    world.systems = (bell,)
    send(world, stages, InputKind.SESSION_JOIN, session={**ANN, "inventory": {"oil": 1}})
    energy = components(world, stages, "npc:1")["behavior"]["energy"]
    done = drive.tick(world, stages)
    (share,) = done.plan.systems
    assert (share.name, share.due, share.runs) == ("bell", 2, 1)
    assert bell.heard == [energy]
    after = components(world, stages, "npc:1")
    assert after["behavior"]["energy"] == energy - 5.0
    assert after["core"]["affinity"] == 100
    assert world.flags["bell.rung"] is True
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    assert (session.flags["heard"], dict(session.inventory)) == (True, {})
    assert session.component(NpcId("npc:1"), "core") == {"trust": 7}
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)


def test_a_tick_without_due_systems_costs_no_looks(opened: tuple[World, Stages]) -> None:
    world, _ = opened
    assert all(order.looks == () for order in world.begin_tick().orders.values())


def test_a_player_comes_back_with_what_leaving_answered(opened: tuple[World, Stages]) -> None:
    """Nobody's scene is null in it, and null is as if the key were not there."""
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    left = send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1").detail["session"]
    assert left["sceneId"] is None
    assert send(world, stages, InputKind.SESSION_JOIN, session=left).applied


def test_an_unknown_key_of_a_change_is_refused_with_those_there_are(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    refused = send(world, stages, InputKind.SESSION_UPDATE, sessionId="s1", sceneID="x").detail["reason"]
    assert "$.sceneID: no key 'sceneID'" in refused
    assert "did you mean 'sceneId'?" in refused


def test_a_component_has_a_name_that_can_be_written(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    for name in ("x" * 201, "a\nb", ""):
        about = {"npcId": "npc:1", "component": name, "op": "set", "value": {"a": 1}}
        assert not send(world, stages, InputKind.PERSON, **about).applied


# -- what is so already


@pytest.mark.parametrize("more", [{}, {"sessionId": "s1"}])
def test_a_component_is_removed_once(opened: tuple[World, Stages], more: dict[str, Any]) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    about = {"npcId": "npc:1", **more}
    send(world, stages, InputKind.PERSON, **about, component="note", op="set", value={"a": 1})
    before = world.sessions.get(SessionId("s1"))
    assert send(world, stages, InputKind.PERSON, **about, component="note", op="remove").applied
    left = world.sessions.get(SessionId("s1"))
    again = send(world, stages, InputKind.PERSON, **about, component="note", op="remove")
    assert (again.applied, again.detail["changed"]) == (True, False)
    assert world.sessions.get(SessionId("s1")) is left, "not even its version"
    assert (before is left) == (not more)


@pytest.mark.parametrize("more", [{}, {"sessionId": "s1"}])
@pytest.mark.parametrize(
    ("op", "value"),
    [("set", {"a": 1}), ("update", {"a": 1}), ("update", {"a": 1, "b": None}), ("update", {})],
)
def test_a_component_that_is_so_already_is_not_changed(
    opened: tuple[World, Stages], more: dict[str, Any], op: str, value: dict[str, Any]
) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    about = {"npcId": "npc:1", "component": "note", **more}
    assert "changed" not in send(world, stages, InputKind.PERSON, **about, op="set", value={"a": 1}).detail
    before = drive.state_hash(world, stages)
    same = send(world, stages, InputKind.PERSON, **about, op=op, value=value)
    assert (same.applied, same.detail["changed"]) == (True, False)
    assert drive.state_hash(world, stages) == before
    other = send(world, stages, InputKind.PERSON, **about, op=op, value={"a": True})
    assert "changed" not in other.detail, "true is not 1"
    assert drive.state_hash(world, stages) != before


@pytest.mark.parametrize(
    "changes",
    [
        {"locationId": "loc:inn"},
        {"flags": {"quest": {"lamp": 1}}},
        {"flags": {"never": None}},
        {"cast": [], "inventory": {"lamp": 0}, "npcs": {"npc:1": {"note": None}}},
    ],
)
def test_a_session_that_is_so_already_keeps_its_version(
    opened: tuple[World, Stages], changes: dict[str, Any]
) -> None:
    world, stages = opened
    send(world, stages, InputKind.SESSION_JOIN, session=ANN)
    same = send(world, stages, InputKind.SESSION_UPDATE, sessionId="s1", **changes)
    assert same.detail == {"sessionId": "s1", "version": 0, "changed": False}
    other = send(world, stages, InputKind.SESSION_UPDATE, sessionId="s1", **changes, sceneId="ball")
    assert other.detail == {"sessionId": "s1", "version": 1}


def test_flags_that_are_so_already_are_not_among_the_changed(opened: tuple[World, Stages]) -> None:
    world, stages = opened
    send(world, stages, InputKind.FLAGS, flags={"a": 1, "b": {"c": [1]}})
    again = send(world, stages, InputKind.FLAGS, flags={"a": True, "b": {"c": [1]}, "never": None})
    assert again.detail == {"changed": {"a": True}}
    assert world.flags["a"] is True, "to Python it is 1, to whoever reads it it is not"


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"timeScale": 60}, {}),
        ({"timeScale": 60, "tiers.active.weight": 9}, {"tiers.active.weight": 9}),
        ({"tiers": {"active": {"weight": 9}}}, {"tiers": {"active": {"weight": 9}}}),
    ],
)
def test_a_configuration_that_is_so_already_is_not_among_the_changed(
    village: Village, changes: dict[str, Any], changed: dict[str, Any]
) -> None:
    world, stages = create(village(2, timeScale=60))
    assert send(world, stages, InputKind.CONFIG, changes=changes).detail == {"changed": changed}


def test_a_paused_world_has_not_the_mode_it_goes_on_in(village: Village) -> None:
    world, stages = create(village(2, mode="turn_based"))
    assert send(world, stages, InputKind.CONFIG, changes={"mode": "turn_based"}).detail == {"changed": {}}
    send(world, stages, InputKind.PAUSE)
    resumed = send(world, stages, InputKind.CONFIG, changes={"mode": "turn_based"})
    assert resumed.detail == {"changed": {"mode": "turn_based"}}
    assert not world.paused
