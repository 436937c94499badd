"""A running world is updated while stories are under way: what is gone ends and says so, the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hooked import hamlet, hook

from simulation import drive
from simulation.definitions import parse_world, update_payload
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.sessions import Session
from simulation.snapshot import encode, parts_of, restore
from simulation.units import InputKind, NpcId, SessionId
from simulation.world import World

ANN = NpcId("n00")
CHAINS = {
    "walk": {"steps": [{"stepId": "meet"}, {"stepId": "part", "autoAdvance": True, "waitSeconds": 600}]},
    "talk": {"steps": [{"stepId": "greet"}]},
}
TALES = {
    "tale": {
        "nodes": [
            {"id": "once", "type": "dialogue", "text": "Once."},
            {"id": "rest", "type": "wait", "durationSeconds": 300},
        ],
        "edges": [{"from": "once", "to": "rest"}],
    },
    "aside": {"nodes": [{"id": "psst", "type": "dialogue", "text": "Psst."}]},
}
Change = Callable[[dict[str, Any]], object]


def document() -> dict[str, Any]:
    return json.loads(json.dumps(hamlet(chains=CHAINS, narratives=TALES)))  # type: ignore[no-any-return]


def began() -> tuple[World, Stages]:
    return create(parse_world(document()))


def send(world: World, stages: Stages, kind: InputKind, **payload: Any) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def told(world: World, stages: Stages, kind: InputKind, **payload: Any) -> None:
    outcome = send(world, stages, kind, sessionId="s1", npcId=ANN, **payload)
    assert outcome.applied, outcome.detail


def update(world: World, stages: Stages, change: Change) -> Outcome:
    new = document()
    change(new)
    definition = parse_world(new)
    return send(world, stages, InputKind.WORLD_UPDATE, **update_payload(json.dumps(new), definition))


def player(world: World) -> Session:
    found = world.sessions.get(SessionId("s1"))
    assert found is not None
    return found


def run(world: World, stages: Stages, ticks: int) -> None:
    for _ in drive.run(world, stages, ticks):
        pass


def progress(world: World, chain: str) -> Any:
    return player(world).npcs[ANN]["interactions"]["chainProgress"][chain]


def test_a_chain_whose_pending_step_is_removed_ends_and_says_so() -> None:
    world, stages = began()
    told(world, stages, InputKind.CHAIN, chainId="walk", op="start")
    told(world, stages, InputKind.CHAIN, chainId="walk", op="step")
    told(world, stages, InputKind.CHAIN, chainId="talk", op="start")
    version = player(world).version
    outcome = update(world, stages, lambda new: new["meta"]["chains"]["walk"]["steps"].pop())
    assert outcome.applied, outcome.detail
    assert outcome.detail["ended"] == ["step part of walk with n00 in session s1"]
    assert outcome.detail["endedCount"] == 1
    walk = progress(world, "walk")
    assert (walk["currentStep"], walk["outcome"]) == (None, "abandoned")
    assert walk["because"] == "step part of walk is not in this world any more"
    assert walk["completedSteps"] == ["meet"]
    assert progress(world, "talk")["currentStep"] == "greet"
    assert player(world).version == version + 1
    run(world, stages, 12)
    assert progress(world, "walk") == walk


def test_a_chain_that_is_gone_ends_and_the_same_name_can_begin_again_later() -> None:
    world, stages = began()
    told(world, stages, InputKind.CHAIN, chainId="talk", op="start")
    assert update(world, stages, lambda new: new["meta"].pop("chains")).applied
    talk = progress(world, "talk")
    assert (talk["outcome"], talk["because"]) == ("abandoned", "chain talk is not in this world any more")
    assert world.systems == () or all(system.name != "chains" for system in world.systems)


def test_a_step_that_stays_is_due_when_it_was_though_another_is_gone() -> None:
    """`part` opens 600 s after `meet` was taken at second 0; ticks are of 60 s, so the tenth takes it."""
    world, stages = began()
    told(world, stages, InputKind.CHAIN, chainId="walk", op="start")
    told(world, stages, InputKind.CHAIN, chainId="walk", op="step")
    run(world, stages, 4)
    outcome = update(world, stages, lambda new: new["meta"]["chains"].pop("talk"))
    assert "ended" not in outcome.detail
    run(world, stages, 5)
    assert progress(world, "walk")["outcome"] is None
    run(world, stages, 1)
    assert progress(world, "walk")["outcome"] == "completed"


@pytest.mark.parametrize(
    ("gone", "rule"),
    [
        (lambda new: new["meta"]["narratives"].pop("tale"), "narrative tale"),
        (lambda new: new["meta"].pop("narratives"), "narrative tale"),
        (
            lambda new: new["meta"]["narratives"]["tale"].update(
                nodes=[{"id": "other", "type": "dialogue", "text": "Other."}], edges=[]
            ),
            "node rest of narrative tale",
        ),
    ],
)
def test_a_narrative_whose_place_is_gone_stops_with_what_is_missing(gone: Change, rule: str) -> None:
    world, stages = began()
    told(world, stages, InputKind.NARRATIVE, op="start", programId="tale")
    told(world, stages, InputKind.NARRATIVE, op="continue")
    run(world, stages, 1)
    outcome = update(world, stages, gone)
    assert outcome.detail["ended"] == [f"{rule} with n00 in session s1"]
    told_now = player(world).npcs[ANN]["narrative"]
    assert told_now["outcome"] == "failed"
    assert told_now["error"] == {
        "program": "tale",
        "node": "rest",
        "rule": rule,
        "message": "is not in this world any more",
        "at": 60,
    }
    run(world, stages, 8)
    assert player(world).npcs[ANN]["narrative"] == told_now


def test_a_narrative_that_waits_for_a_choice_stops_where_nobody_can_choose_any_more() -> None:
    """The fork is a line now: nobody could choose, and nobody is asked to go on."""

    def forked(new: dict[str, Any]) -> None:
        choices = [{"id": "left", "text": "Left.", "to": "end"}]
        fork = {"id": "fork", "type": "choice", "choices": choices}
        end = {"id": "end", "type": "dialogue", "text": "The end."}
        new["meta"]["narratives"]["tale"] = {"nodes": [fork, end], "edges": []}

    def straight(new: dict[str, Any]) -> None:
        forked(new)
        line = {"id": "fork", "type": "dialogue", "text": "Left it is."}
        new["meta"]["narratives"]["tale"]["nodes"][0] = line
        new["meta"]["narratives"]["tale"]["edges"] = [{"from": "fork", "to": "end"}]

    def reworded(new: dict[str, Any]) -> None:
        forked(new)
        new["meta"]["narratives"]["tale"]["nodes"][0]["choices"][0]["text"] = "To the left."

    first = document()
    forked(first)
    world, stages = create(parse_world(first))
    told(world, stages, InputKind.NARRATIVE, op="start", programId="tale")
    assert "ended" not in update(world, stages, reworded).detail
    outcome = update(world, stages, straight)
    rule = "the choice at node fork of narrative tale"
    assert outcome.detail["ended"] == [f"{rule} with n00 in session s1"]
    told_now = player(world).npcs[ANN]["narrative"]
    assert (told_now["outcome"], told_now["error"]["rule"]) == ("failed", rule)


def test_a_narrative_that_was_interrupted_by_one_that_stays_is_not_come_back_to() -> None:
    world, stages = began()
    told(world, stages, InputKind.NARRATIVE, op="start", programId="tale")
    told(world, stages, InputKind.NARRATIVE, op="start", programId="aside")
    outcome = update(world, stages, lambda new: new["meta"]["narratives"].pop("tale"))
    assert "ended" not in outcome.detail
    run_now = player(world).npcs[ANN]["narrative"]
    assert (run_now["program"], run_now["stack"], run_now["error"]) == ("aside", [], None)
    told(world, stages, InputKind.NARRATIVE, op="continue")
    assert player(world).npcs[ANN]["narrative"]["outcome"] == "completed"


@pytest.mark.parametrize(
    ("kind", "name", "section"),
    [
        ("chainId", "walk", "chains"),
        ("interactionId", "wave", "interactions"),
        ("narrativeId", "tale", "narratives"),
    ],
)
def test_an_offer_of_what_is_gone_leaves_the_inbox(kind: str, name: str, section: str) -> None:
    hook = {"id": "ask", "when": "start", kind: name}
    given = json.loads(json.dumps(hamlet([hook], chains=CHAINS, narratives=TALES)))
    world, stages = create(parse_world(given))
    run(world, stages, 3)
    assert [intent[kind] for intent in player(world).inbox] == [name]
    outcome = update(world, stages, lambda new: new["meta"][section].pop(name))
    assert outcome.applied, outcome.detail
    assert player(world).inbox == ()
    assert outcome.detail["ended"] == [f"an offer of {name} by n00 in session s1"]


def test_what_held_intents_back_is_counted_still() -> None:
    world, stages = create(parse_world(json.loads(json.dumps(hamlet([hook(minAffinity=100)])))))
    run(world, stages, 2)
    counted = world.cues.turned_away.to_json()
    assert counted
    outcome = update(world, stages, lambda new: new["meta"]["chains"].pop("talk"))
    assert outcome.applied, outcome.detail
    assert world.cues.turned_away.to_json() == counted


def test_a_narrative_that_had_failed_already_keeps_its_own_error() -> None:
    world, stages = began()
    told(world, stages, InputKind.NARRATIVE, op="start", programId="tale")
    wrong = {"program": "tale", "node": "once", "rule": "r", "message": "divided by zero", "at": 0}
    failed = {**player(world).npcs[ANN]["narrative"], "outcome": "failed", "error": wrong}
    told(world, stages, InputKind.PERSON, component="narrative", op="set", value=failed)
    outcome = update(world, stages, lambda new: new["meta"]["narratives"].pop("tale"))
    assert "ended" not in outcome.detail
    assert player(world).npcs[ANN]["narrative"] == failed


def test_a_cooldown_goes_on_though_its_interaction_says_something_else() -> None:
    world, stages = began()
    told(world, stages, InputKind.INTERACT, interactionId="wave")
    before = player(world).npcs[ANN]["interactions"]

    def slower(new: dict[str, Any]) -> None:
        new["meta"]["interactions"]["wave"]["gating"] = {"cooldownSeconds": 600}

    assert update(world, stages, slower).applied
    assert player(world).npcs[ANN]["interactions"] == before
    closed = send(world, stages, InputKind.INTERACT, sessionId="s1", npcId=ANN, interactionId="wave")
    assert not closed.applied
    assert "cooldown" in json.dumps(closed.detail)


def test_endings_are_the_same_after_a_restore() -> None:
    world, stages = began()
    told(world, stages, InputKind.CHAIN, chainId="walk", op="start")
    told(world, stages, InputKind.NARRATIVE, op="start", programId="tale")

    def less(new: dict[str, Any]) -> None:
        del new["meta"]["chains"]["walk"], new["meta"]["narratives"]["tale"]

    assert update(world, stages, less).applied
    new = document()
    less(new)
    kept = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again, restaged = restore(parse_world(new), kept)
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)
    for one, staged in ((world, stages), (again, restaged)):
        run(one, staged, 20)
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)
