"""A narrative calls functions of plug-ins: answered at once, the same in a replay, failures counted."""

from __future__ import annotations

from typing import Any

import pytest
from stories import BEA, NOON, Told, line, program, told, wait

from meddling import MEDDLER
from simulation import drive
from simulation.definitions import Plugins, WorldFileInvalid, parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.snapshot import encode, parts_of, restore
from simulation.units import InputKind, SessionId
from simulation.world import World

PLUGINS = Plugins({"meddler": MEDDLER})


def call(name: str = "ask", **more: Any) -> Told:
    return {
        "id": name,
        "type": "external_call",
        "call": "plugin:meddler:omen",
        "resultVariable": "seen",
        **more,
    }


def asking(*nodes: Told, flags: Told | None = None, **more: Any) -> Told:
    """A world file with one program that keeps what it is told in `seen`."""
    found = told({"p": program(*nodes, variables={"seen": 0}, **more)})
    return {**found, "flags": flags or {}}


def begun(document: Told) -> tuple[World, Stages]:
    world, stages = create(parse_world(document, "village.json", PLUGINS))
    send(
        world, stages, InputKind.SESSION_JOIN, session={"id": "s1", "npcs": {BEA: {"core": {"affinity": 42}}}}
    )
    return world, stages


def send(world: World, stages: Stages, kind: InputKind, **payload: Any) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    assert outcome.applied, outcome.detail
    return outcome


def start(world: World, stages: Stages) -> None:
    send(world, stages, InputKind.NARRATIVE, sessionId="s1", npcId=BEA, op="start", programId="p")


def run_of(world: World) -> Told:
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    return dict(session.npcs[BEA]["narrative"])


def test_the_answer_is_there_at_once_about_the_person_as_the_player_meets_them() -> None:
    world, stages = begun(asking(call(params={"of": ["love"]}), wait("w", 600)))
    start(world, stages)
    seen = run_of(world)["variables"]["seen"]
    assert (run_of(world)["node"], seen["fond"], seen["of"]) == ("w", 42, ["love"])
    assert seen["now"] == NOON * 1_000_000
    assert 0 <= seen["draw"] < 1


def test_in_a_long_tick_now_is_when_the_node_was_entered() -> None:
    """After a wait of 90 s: 43,290 s, though the tick of 60 s that notices ends at 43,320."""
    world, stages = begun(asking(wait("w", 90), call(), wait("v", 600)))
    start(world, stages)
    for _ in drive.run(world, stages, 2):
        pass
    assert run_of(world)["variables"]["seen"]["now"] == (NOON + 90) * 1_000_000


def test_what_follows_may_depend_on_it() -> None:
    fond = {"type": "expression", "expression": "narrative.variables.seen.fond >= 42"}
    fork = {
        "id": "fork",
        "type": "branch",
        "branches": [{"to": "yes", "conditions": [fond]}],
        "default": "no",
    }
    lines = [line("yes", autoAdvance=False), line("no", autoAdvance=False)]
    world, stages = begun(asking(call(), fork, *lines, edges=[{"from": "ask", "to": "fork"}]))
    start(world, stages)
    assert run_of(world)["node"] == "yes"


def test_every_call_draws_another_number() -> None:
    """Twice in one program at one time, into two variables."""
    two = asking(call(), call("again", resultVariable="other"), wait("w", 600))
    two["meta"]["narratives"]["p"]["variables"]["other"] = 0
    world, stages = begun(two)
    start(world, stages)
    found = run_of(world)["variables"]
    assert found["seen"]["draw"] != found["other"]["draw"]
    assert found["seen"]["now"] == found["other"]["now"]


@pytest.mark.parametrize(("flags", "params"), [({"meddle.break": True}, {}), ({}, {"odd": True})])
def test_a_call_that_fails_answers_null_and_counts_and_the_program_goes_on(flags: Told, params: Told) -> None:
    world, stages = begun(asking(call(params=params), wait("w", 600), flags=flags))
    start(world, stages)
    assert (run_of(world)["node"], run_of(world)["variables"]["seen"]) == ("w", None)
    assert run_of(world)["error"] is None
    assert world.script.plugin_state.failures == {"meddler": 1}


def test_a_plug_in_that_is_switched_off_is_not_called() -> None:
    """Its budget is five failures."""
    world, stages = begun(asking(call(), wait("w", 600), flags={"meddle.break": True}))
    for _ in range(7):
        start(world, stages)
    state = world.script.plugin_state
    assert (state.failures["meddler"], state.off) == (5, frozenset({"meddler"}))


def test_an_answer_larger_than_the_variables_may_be_stops_the_program_with_its_name() -> None:
    world, stages = begun(asking(call(params={"of": "x" * 5_000}), wait("w", 600)))
    start(world, stages)
    assert run_of(world)["outcome"] == "failed"
    assert "4096 bytes" in run_of(world)["error"]["message"]


def test_a_call_in_a_tick_is_the_same_from_a_snapshot() -> None:
    document = asking(wait("w", 90), call(), wait("v", 600))
    world, stages = begun(document)
    start(world, stages)
    kept = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again, restaged = restore(parse_world(document, "village.json", PLUGINS), kept)
    for one, staged in ((world, stages), (again, restaged)):
        for _ in drive.run(one, staged, 5):
            pass
    assert run_of(again) == run_of(world)
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"call": "plugin:meddler:omn"}, "did you mean 'plugin:meddler:omen'?"),
        ({"call": "plugin:meddler:coin"}, "no plug-in call 'plugin:meddler:coin'"),
        ({"resultVariable": None}, "resultVariable: is missing"),
        ({"resultVariable": "sen"}, "no variable of the program 'sen'"),
        ({"kind": "dialogue"}, "no key 'kind'"),
    ],
)
def test_a_call_that_cannot_be_is_refused_when_the_world_loads(change: Told, said: str) -> None:
    with pytest.raises(WorldFileInvalid) as refused:
        parse_world(asking({**call(), **change}), "village.json", PLUGINS)
    assert said in str(refused.value)


def test_a_world_that_calls_a_plug_in_names_it_with_its_version() -> None:
    assert parse_world(asking(call()), "village.json", PLUGINS).plugins.versions() == {"meddler": "1.2"}
