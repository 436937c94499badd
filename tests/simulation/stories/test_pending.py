"""Pending content: what nodes ask for, queued in the session, drained by the tick, and where it lands."""

from __future__ import annotations

from typing import Any

import pytest
from stories import BEA, NOON, Stage, line, program, wait

from simulation import drive
from simulation.definitions.kept import PENDING_MAX
from simulation.inputs import Outcome
from simulation.landing import EXPIRED
from simulation.stories.narrative_run import read_run
from simulation.stories.pending import NO_NODE, OFF, Entry, free_of_expired
from simulation.ticking import TickDone
from simulation.units import Band, InputKind, Micros, RequestId

LINE = {"text": "Evening!"}


def made(name: str, **more: Any) -> dict[str, Any]:
    """A line that a provider makes."""
    found = {"id": name, "type": "dialogue", "generate": {"tone": "warm"}, "autoAdvance": True, **more}
    return {key: value for key, value in found.items() if value is not None}


def block(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": "action_block", "blockIds": ["sit", "smile"], **more}


def call(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "type": "external_call",
        "kind": "dialogue",
        "system": "oracle",
        "method": "ask",
        "params": {"about": "rain"},
        **more,
    }


def handed(stage: Stage, most: int = 5) -> tuple[str, TickDone]:
    """Ticks until a request is handed over: its id, and the tick."""
    for _ in range(most):
        done = stage.ticks(1)
        if mine := [request for request in done.requests if request.session_id == "s1"]:
            return mine[0].request_id, done
    raise AssertionError("nothing was handed over")


def answer(stage: Stage, request_id: str, **more: Any) -> Outcome:
    payload = {"requestId": request_id, "status": "succeeded", "result": LINE, **more}
    return stage.send(InputKind.GENERATION_RESULT, **payload)


def test_a_line_is_queued_asked_for_and_lands_in_the_session_with_its_node() -> None:
    """Queued with the input at 43,200; asked for by the tick to 43,260; handed over by that to 43,320."""
    stage = Stage({"p": program(made("greet", speaker="Bea"))})
    pending = stage.start()["pending"]["pendingDialogue"]
    ((request_id, entry),) = pending.items()
    assert entry == {
        "program": "p",
        "nodeId": "greet",
        "kind": "dialogue",
        "component": "dialogue",
        "askedAt": NOON,
        "expiresAt": NOON + 3600,
        "visit": 1,
    }
    done = stage.ticks(1)
    assert [(share.name, share.due, share.runs) for share in done.plan.systems] == [("pendingContent", 1, 1)]
    assert stage.personal("pendingDialogue") == {}
    (waiting,) = stage.world.requests.waiting
    assert (waiting.request_id, waiting.band, waiting.user_id) == (request_id, Band.PLAYER_WAITING, "ann")
    assert waiting.expires_at == (NOON + 3600) * 1_000_000
    assert waiting.params == {
        "speaker": "Bea",
        "tone": "warm",
        "npcName": "Person 1",
        "programId": "p",
        "nodeId": "greet",
    }
    assert handed(stage)[0] == request_id
    assert answer(stage, request_id).applied
    landed = stage.personal("dialogue")
    assert (landed["requestId"], landed["nodeId"], landed["result"]) == (request_id, "greet", LINE)
    before = drive.state_hash(*stage.opened)
    assert not answer(stage, request_id, result={"text": "again"}).applied
    assert drive.state_hash(*stage.opened) == before


def test_action_blocks_have_a_queue_and_a_component_of_their_own() -> None:
    stage = Stage({"p": program(block("act", composition="layered", generate={"style": "calm"}))})
    assert list(stage.start()["pending"]) == ["pendingActionBlocks"]
    request_id, _ = handed(stage)
    params = stage.world.requests.awaited[request_id].params  # type: ignore[index]
    assert (params["blockIds"], params["composition"], params["style"]) == (
        ["sit", "smile"],
        "layered",
        "calm",
    )
    answer(stage, request_id, result={"steps": []})
    assert stage.personal("actionBlock")["nodeId"] == "act"


def test_a_program_that_awaits_its_content_goes_on_when_it_is_there() -> None:
    """The person is held meanwhile; the world goes on. The result lands at 43,320, the next tick goes on."""
    stage = Stage({"p": program(block("act", awaitResult=True, delaySeconds=30), line("b"))})
    assert stage.start()["waitsFor"] == "result"
    request_id, _ = handed(stage)
    assert stage.now == 43_320
    answer(stage, request_id)
    assert stage.run["node"] == "act"
    stage.ticks(1)
    assert stage.run["waiting"] == {"for": "time", "since": 43_380, "until": 43_410}
    stage.ticks(1)
    assert stage.visited() == [("act", 43_200), ("b", 43_410)]


def test_an_awaited_line_waits_for_the_player_once_it_is_there() -> None:
    stage = Stage({"p": program(made("a", awaitResult=True, autoAdvance=None), line("b"))})
    stage.start()
    request_id, _ = handed(stage)
    answer(stage, request_id)
    stage.ticks(1)
    assert stage.run["waiting"]["for"] == "player"
    assert stage.ask("continue").applied
    assert stage.run["outcome"] == "completed"


@pytest.mark.parametrize("status", ["succeeded", "failed"])
def test_what_an_external_call_brings_back_is_a_variable(status: str) -> None:
    """A failure is null, which the program may branch on."""
    told = program(call("ask", resultVariable="said"), line("b"), variables={"said": "nothing"})
    stage = Stage({"p": told})
    stage.start()
    request_id, _ = handed(stage)
    params = stage.world.requests.awaited[request_id].params  # type: ignore[index]
    assert (params["system"], params["method"], params["about"]) == ("oracle", "ask", "rain")
    answer(stage, request_id, status=status)
    stage.ticks(1)
    assert stage.run["history"][-1]["node"] == "b"
    assert stage.personal("externalCall")["result"] == (LINE if status == "succeeded" else None)


def test_a_result_too_large_for_a_variable_stops_the_run() -> None:
    told = program(call("ask", resultVariable="said"), variables={"said": None})
    stage = Stage({"p": told})
    stage.start()
    request_id, _ = handed(stage)
    answer(stage, request_id, result={"text": "x" * 5_000})
    stage.ticks(1)
    assert stage.run["error"]["message"] == "the variables would have more than 4096 bytes"


def test_an_awaited_answer_is_not_lost_under_another_that_lands_before_the_next_tick() -> None:
    """The program asks the oracle, is interrupted by one that asks as well, and both answers come at once."""
    told = {
        name: program(call("ask", resultVariable="said"), wait("w", 600), variables={"said": "nothing"})
        for name in ("p", "q")
    }
    stage = Stage(told)
    stage.start("p")
    first, _ = handed(stage)
    stage.start("q")
    second, _ = handed(stage)
    assert answer(stage, first, result={"text": "Rain."}).applied
    assert answer(stage, second, result={"text": "Sun."}).applied
    assert stage.personal("externalCall")["result"] == {"text": "Sun."}
    again = read_run(stage.run)
    assert again is not None
    assert again.to_json() == stage.run, "and so in a snapshot"
    stage.ticks(1)
    assert (stage.run["program"], stage.run["variables"]) == ("q", {"said": {"text": "Sun."}})
    stage.ticks(11)
    assert (stage.run["program"], stage.run["variables"]) == ("p", {"said": {"text": "Rain."}})


def test_an_awaited_line_is_noticed_though_an_interaction_writes_over_it() -> None:
    stage = Stage({"p": program(made("a", awaitResult=True), line("b"))})
    stage.start()
    request_id, _ = handed(stage)
    answer(stage, request_id)
    other = {**stage.personal("dialogue"), "requestId": "another"}
    stage.send(InputKind.SESSION_UPDATE, sessionId="s1", npcs={BEA: {"dialogue": other}})
    stage.ticks(1)
    assert stage.run["outcome"] == "completed"


def test_a_call_that_nobody_answered_in_time_is_null_and_its_delay_begins_then() -> None:
    """Wanted for 200 s, until 43,400; 90 s later, at 43,490, the program goes on with null."""
    ask = call("ask", resultVariable="said", ttlSeconds=200, delaySeconds=90)
    stage = Stage({"p": program(ask, wait("w", 600), variables={"said": "of before"})})
    stage.start()
    stage.ticks(5)
    assert stage.run["variables"] == {"said": None}
    assert stage.visited() == [("ask", 43_200), ("w", 43_490)]


def test_content_nobody_made_in_time_is_given_up_and_the_program_goes_on() -> None:
    """Wanted for 200 s, until 43,400: over in the tick to 43,440, and what follows began at 43,400."""
    stage = Stage({"p": program(block("act", awaitResult=True, ttlSeconds=200), line("b"))})
    stage.start()
    stage.ticks(3)
    assert stage.run["node"] == "act"
    stage.ticks(1)
    assert stage.visited() == [("act", 43_200), ("b", 43_400)]
    assert stage.personal("actionBlock")["reason"] == EXPIRED


def test_an_entry_whose_time_is_over_is_told_and_never_asked_for() -> None:
    """A tick of an hour finds an entry that was wanted for half of it."""
    stage = Stage({"p": program(made("greet", ttlSeconds=1800))}, maxStepGameSeconds=3600)
    stage.start()
    stage.send(InputKind.ADVANCE, seconds=3600)
    stage.ticks(1)
    assert stage.world.requests.of_session("s1") == ()  # type: ignore[arg-type]
    told = stage.personal("dialogue")
    assert (told["status"], told["reason"], told["result"]) == ("expired", EXPIRED, None)


@pytest.mark.parametrize(("seconds", "status"), [(60, "expired"), (61, None)])
def test_at_the_moment_its_time_is_over_an_entry_is_asked_for_no_more(
    seconds: int, status: str | None
) -> None:
    """The tick to 43,260 finds an entry that was wanted until then, or for a second more."""
    stage = Stage({"p": program(made("greet", ttlSeconds=seconds))})
    stage.start()
    stage.ticks(1)
    assert stage.personal("dialogue").get("status") == status
    assert len(stage.world.requests.of_session("s1")) == (status is None)  # type: ignore[arg-type]


def test_where_nothing_is_generated_the_player_is_told_and_the_program_goes_on() -> None:
    told = {"p": program(block("act", awaitResult=True), line("b"))}
    stage = Stage(told, generation={"mode": "off"})
    stage.start()
    stage.ticks(2)
    assert stage.run["outcome"] == "completed"
    assert stage.personal("actionBlock")["reason"] == OFF
    assert stage.personal("pendingActionBlocks") == {}


def test_no_more_is_asked_for_than_the_budget_and_the_rest_waits() -> None:
    stage = Stage({"p": program(*(made(name) for name in "abc"))}, maxJobOpsPerStep=2)
    stage.start()
    (share,) = stage.ticks(1).plan.systems
    assert (share.due, share.runs) == (3, 2)
    assert [entry["nodeId"] for entry in stage.personal("pendingDialogue").values()] == ["c"]
    stage.ticks(1)
    assert stage.personal("pendingDialogue") == {}


def test_of_what_is_asked_for_at_one_moment_the_earlier_node_goes_first() -> None:
    """The second node before the tenth."""
    stage = Stage({"p": program(made("greet"))}, maxJobOpsPerStep=1)
    stage.start()
    (entry,) = stage.personal("pendingDialogue").values()
    visits = {"a": 10, "b": 2}
    listed = {f"village:{name * 32}": {**entry, "visit": visit} for name, visit in visits.items()}
    about = {"sessionId": "s1", "npcId": BEA, "component": "pendingDialogue"}
    stage.send(InputKind.PERSON, **about, op="set", value=listed)
    stage.ticks(1)
    assert [one["visit"] for one in stage.personal("pendingDialogue").values()] == [10]


def test_a_full_queue_of_the_world_leaves_them_where_they_are() -> None:
    """Two places for three: one entry waits until somebody is handed over."""
    stage = Stage({"p": program(*(made(name) for name in "abc"))}, generation={"queueMax": 2})
    stage.start()
    stage.ticks(1)
    assert len(stage.world.requests.waiting) == 2
    assert len(stage.personal("pendingDialogue")) == 1
    assert stage.world.counters.refused_requests == 0
    for _ in range(4):
        stage.ticks(1)
    assert stage.personal("pendingDialogue") == {}


def test_what_is_asked_for_next_takes_the_place_of_what_nobody_wants_any_more() -> None:
    stage = Stage({"p": program(made("greet"))})
    stage.start()
    (entry,) = stage.personal("pendingDialogue").values()
    old = {"village:" + "0" * 32: {**entry, "askedAt": NOON - 60, "expiresAt": NOON}}
    stage.send(InputKind.PERSON, sessionId="s1", npcId=BEA, component="pendingDialogue", op="set", value=old)
    stage.start()
    assert [one["expiresAt"] for one in stage.personal("pendingDialogue").values()] == [NOON + 3600]


def test_a_full_queue_stops_the_run_with_its_reason() -> None:
    names = [f"n{n}" for n in range(PENDING_MAX + 1)]
    stage = Stage({"p": program(*(made(name) for name in names))})
    error = stage.start()["error"]
    assert (error["node"], error["message"]) == ("n16", "pendingDialogue holds 16 entries already")
    assert len(stage.personal("pendingDialogue")) == PENDING_MAX == 16


def test_the_same_cause_makes_the_same_request_and_another_round_makes_another() -> None:
    told = {"p": program(made("greet"), wait("w", 600))}
    ids = []
    for _ in range(2):
        stage = Stage(told)
        stage.start()
        ids.append(list(stage.personal("pendingDialogue")))
        stage.ask("stop")
        stage.start()
        ids.append(list(stage.personal("pendingDialogue"))[1:])
    assert ids[:2] == ids[2:]
    assert ids[0] != ids[1]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"program": "lost"}, NO_NODE),
        ({"nodeId": "lost"}, NO_NODE),
        ({"askedAt": "soon"}, None),
        pytest.param({"kind": "action_block"}, None, id="of another queue"),
    ],
)
def test_an_entry_that_means_nothing_is_taken_off(value: dict[str, Any], reason: str | None) -> None:
    stage = Stage({"p": program(made("greet"))})
    stage.start()
    queue = stage.personal("pendingDialogue")
    bad = {key: {**entry, **value} for key, entry in queue.items()}
    stage.send(InputKind.PERSON, sessionId="s1", npcId=BEA, component="pendingDialogue", op="set", value=bad)
    stage.ticks(1)
    assert stage.personal("pendingDialogue") == {}
    assert stage.personal("dialogue").get("reason") == reason
    assert stage.world.requests.of_session("s1") == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("entry_id", ["elsewhere:" + "0" * 32, "village:1", "village:" + "0" * 31 + "g"])
def test_an_entry_may_not_pass_for_a_request_of_another_world(entry_id: str) -> None:
    stage = Stage({"p": program(made("greet"))})
    stage.start()
    (entry,) = stage.personal("pendingDialogue").values()
    value = {entry_id: entry}
    stage.send(
        InputKind.PERSON, sessionId="s1", npcId=BEA, component="pendingDialogue", op="set", value=value
    )
    stage.ticks(1)
    assert stage.personal("pendingDialogue") == {}
    assert stage.world.requests.waiting == ()


def test_a_player_who_comes_back_asks_anew() -> None:
    """The same session, person, node and time, and its first visit again: still another request."""
    stage = Stage({"p": program(made("greet"))})
    stage.start()
    (first,) = stage.personal("pendingDialogue")
    stage.send(InputKind.SESSION_LEAVE, sessionId="s1")
    stage.send(InputKind.SESSION_JOIN, session={"id": "s1"})
    stage.start()
    (second,) = stage.personal("pendingDialogue")
    assert first != second


def test_an_entry_makes_room_from_the_moment_nobody_wants_it() -> None:
    entry = Entry(RequestId("r"), "p", "n", "dialogue", "dialogue", Micros(0), Micros(60), 1)
    queue = {"r": entry.to_json()}
    assert free_of_expired(queue, Micros(59)) == queue
    assert free_of_expired(queue, Micros(60)) == {}
