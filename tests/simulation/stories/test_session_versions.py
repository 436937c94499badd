"""A session's version counts the inputs and ticks that changed it, however much each of them changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation import drive
from simulation.definitions import parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import create
from simulation.sessions import Session, Sessions
from simulation.units import InputKind, NpcId, SessionId
from village import document

ANN, BO = "npc:1", "npc:2"
S1 = SessionId("s1")
TOWN: dict[str, Any] = {
    "interactions": {
        "nothing": {},
        "greet": {"outcome": {"statDeltas": [{"metric": "core.affinity", "add": 7}]}},
        "gift": {
            "outcome": {
                "statDeltas": [
                    {"metric": "core.affinity", "add": 7},
                    {"metric": "core.affinity", "add": 1, "npcId": BO},
                ],
                "flagChanges": {"set": {"met": True}, "increment": {"greetings": 2}, "delete": ["shy"]},
                "inventoryChanges": {"add": [{"itemId": "rose"}, {"itemId": "coin", "quantity": 5}]},
                "components": [{"component": "quests", "op": "update", "value": {"lamp": 1}}],
                "sceneLaunch": {"sceneId": 12, "roleBindings": {"friend": BO}},
            },
            "gating": {"cooldownSeconds": 60},
        },
        "shared": {"outcome": {"worldFlagChanges": {"set": {"festival": True}}}},
        "shut": {"gating": {"requiredFlags": ["never"]}},
        "talk": {"outcome": {"narrativeProgramId": "tale", "flagChanges": {"set": {"told": True}}}},
    },
    "chains": {"walk": {"steps": [{"id": "meet"}]}},
    "narratives": {
        "tale": {"entryNodeId": "a", "nodes": [{"id": "a", "type": "dialogue", "text": "Hm."}]},
    },
}


WANTED = {"npcId": ANN, "priority": 5, "createdAt": 43_200, "expiresAt": 90_000}


class Play:
    """The village with a player, an intent in their inbox, at version 4."""

    def __init__(self) -> None:
        made = document(4, generation={"mode": "off"}, mode="turn_based")
        made["meta"].update(TOWN)
        made["sessions"] = [{"id": "s1", "flags": {"shy": True}, "version": 3}]
        self.world, self.stages = create(parse_world(made))
        self.world.sessions.begin()
        came = self.world.sessions.get(S1)
        assert came is not None
        self.world.put_session(came.changed(inbox=({"id": "i1", "interactionId": "greet", **WANTED},)))

    def send(self, kind: InputKind, **payload: Any) -> Outcome:
        assert self.world.deliver([Input(self.world.next_seq, kind, {"sessionId": "s1", **payload})])
        (outcome,) = drive.boundary(self.world, self.stages)
        return outcome

    def do(self, name: str, **more: Any) -> Outcome:
        return self.send(InputKind.INTERACT, npcId=ANN, interactionId=name, **more)

    @property
    def version(self) -> int:
        session = self.world.sessions.get(S1)
        assert session is not None
        return session.version


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("nothing", 5),  # it was done: `lastUsedAt` says so
        ("greet", 5),
        ("gift", 5),  # seven changes of the session, a cooldown with them
        ("shared", 5),
        ("talk", 5),  # a flag, and a narrative that begins
        ("shut", 4),
    ],
)
def test_an_interaction_is_one_version_whatever_it_brings_about(name: str, version: int) -> None:
    play = Play()
    done = play.do(name)
    assert play.version == version
    assert done.detail.get("version") == (version if done.applied else None)


def test_each_interaction_is_one_more_and_a_refused_one_none() -> None:
    play = Play()
    found = []
    for name in ("gift", "gift", "greet", "shut", "talk"):
        play.do(name)
        found.append(play.version)
    assert found == [5, 5, 6, 6, 7]


@pytest.mark.parametrize("op", ["accept", "dismiss"])
def test_an_intent_with_what_it_starts_is_one_version(op: str) -> None:
    play = Play()
    done = play.send(InputKind.INTENT, intentId="i1", op=op)
    assert (done.applied, play.version) == (True, 5)
    assert done.detail.get("started", {"version": 5})["version"] == 5


def test_a_tick_is_one_version_whatever_it_does_to_a_session() -> None:
    """It enters the narrative: the line is a component, the narrative's place another."""
    play = Play()
    play.do("talk")
    assert play.world.deliver([Input(play.world.next_seq, InputKind.ADVANCE, {"seconds": 60})])
    drive.boundary(play.world, play.stages)
    drive.tick(play.world, play.stages)
    session = play.world.sessions.get(S1)
    assert session is not None
    assert {"dialogue", "narrative"} <= session.npcs[NpcId(ANN)].keys()
    assert session.version == 6
    drive.tick(play.world, play.stages)
    assert play.version == 6, "nothing happened"


WISHES: dict[str, tuple[InputKind, dict[str, Any]]] = {
    "interact": (InputKind.INTERACT, {"npcId": ANN, "interactionId": "greet"}),
    "move": (InputKind.SESSION_UPDATE, {"sceneId": "s"}),
    "leave": (InputKind.SESSION_LEAVE, {}),
    "chain": (InputKind.CHAIN, {"npcId": ANN, "chainId": "walk", "op": "start"}),
    "narrative": (InputKind.NARRATIVE, {"npcId": ANN, "programId": "tale", "op": "start"}),
    "intent": (InputKind.INTENT, {"intentId": "i1", "op": "dismiss"}),
}


@pytest.mark.parametrize("expected", [0, 3, 5, 2**53])
@pytest.mark.parametrize("wish", WISHES)
def test_whoever_saw_another_version_is_refused_with_both_numbers_and_nothing_changes(
    wish: str, expected: int
) -> None:
    play = Play()
    before = play.world.sessions.get(S1)
    kind, payload = WISHES[wish]
    late = play.send(kind, **payload, expectedVersion=expected)
    assert late.applied is False
    assert late.detail == {
        "reason": f"$.expectedVersion: session s1 is at version 4, not {expected}",
        "do": "read it again and decide anew",
        "version": 4,
    }
    assert play.world.sessions.get(S1) is before


@pytest.mark.parametrize("wish", [name for name in WISHES if name != "leave"])
def test_whoever_saw_this_version_may_and_is_one_version_on(wish: str) -> None:
    play = Play()
    kind, payload = WISHES[wish]
    assert play.send(kind, **payload, expectedVersion=4).applied
    assert play.version == 5
    assert not play.send(kind, **payload, expectedVersion=4).applied


@pytest.mark.parametrize("wish", WISHES)
def test_a_version_that_is_none_is_refused_with_its_path(wish: str) -> None:
    kind, payload = WISHES[wish]
    refused = Play().send(kind, **payload, expectedVersion="4")
    assert "$.expectedVersion" in refused.detail["reason"]


# -- the rule itself


@given(st.lists(st.lists(st.integers(0, 2), max_size=5), max_size=6))
def test_versions_count_the_transactions_that_changed_a_session(transactions: list[list[int]]) -> None:
    sessions, ids = Sessions(), [SessionId(str(n)) for n in range(3)]
    for name in ids:
        sessions.put(Session(name, version=7))
    counted = dict.fromkeys(ids, 7)
    for touched in transactions:
        sessions.begin()
        for k, n in enumerate(touched):
            session = sessions.get(ids[n])
            assert session is not None
            assert sessions.put(session.changed(scene_id=str(k))) is sessions.get(ids[n])
        for n in set(touched):
            counted[ids[n]] += 1
    assert {session.id: session.version for session in sessions} == counted


def test_a_newcomer_keeps_the_version_it_came_with_while_it_is_coming() -> None:
    sessions = Sessions()
    sessions.begin()
    came = sessions.put(Session(S1, version=3))
    assert sessions.put(came.changed(scene_id="x")).version == 3
    sessions.begin()
    assert sessions.put(came.changed(scene_id="y")).version == 4


def test_one_that_is_put_back_as_it_was_is_no_change() -> None:
    sessions = Sessions()
    came = sessions.put(Session(S1, version=3))
    sessions.begin()
    assert sessions.put(came) is came
