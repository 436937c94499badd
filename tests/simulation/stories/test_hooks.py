"""Hooks as world files write them, and what holds of them whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hooked import Play, hamlet, hook
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.consequences import Consequence, DropIntents
from simulation.definitions import WorldFileInvalid, parse_world
from simulation.definitions.hooks import HOOKS_OF_ACTIVITY_MAX
from simulation.definitions.kept import INBOX_MAX
from simulation.inputs import Input
from simulation.opening import create
from simulation.stories.cues import Cues
from simulation.stories.inboxes import expires_at, urgency
from simulation.stories.intent_system import Intents
from simulation.units import InputKind, SessionId, Tick
from simulation.views import View

OF_WORK = "meta.behavior.activities.work.hooks"


def problems_of(made: dict[str, Any]) -> list[str]:
    with pytest.raises(WorldFileInvalid) as invalid:
        parse_world(made)
    return [str(problem) for problem in invalid.value.problems]


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"when": "began"}, "[0].when: no when 'began'"),
        ({"when": None}, "[0].when: is missing"),
        ({"chainId": "wlak"}, "[0].chainId: no chain 'wlak'"),
        ({"chainId": None}, "[0]: names nothing to start"),
        ({"chainId": None, "interaction": "wvae"}, "[0].interactionId: no interaction 'wvae'"),
        ({"chainId": None, "narrativeId": "tael"}, "[0].narrativeId: no narrative 'tael'"),
        ({"narrativeId": "tale"}, "[0]: names more than one thing to start"),
        ({"priority": 101}, "[0].priority: is 101"),
        ({"ttlSeconds": 0}, "[0].ttlSeconds: is 0"),
        ({"audience": "everyone"}, "[0].audience: no audience 'everyone'"),
        ({"maxPerDay": 0}, "[0].maxPerDay: is 0"),
        ({"cooldownSeconds": -1}, "[0].cooldownSeconds: is -1"),
        ({"minAffinity": "much"}, "[0].minAffinity: is 'much'"),
        ({"requiredFlags": "music"}, "[0].requiredFlags: is 'music'"),
        ({"requiredFlags": [""]}, "[0].requiredFlags[0]: is ''"),
        ({"conditions": [{"type": "moon"}]}, "[0].conditions[0].type: no condition type 'moon'"),
        ({"conditions": {"maxPerWeek": 1}}, "[0].conditions.maxPerWeek: no key 'maxPerWeek'"),
        ({"when": "while"}, "[0].afterSeconds: is missing"),
        ({"when": "periodic"}, "[0].intervalSeconds: is missing"),
        ({"when": "periodic", "intervalSeconds": 0.5}, "[0].intervalSeconds: is 0.5"),
        ({"intervalSeconds": 5}, "[0].intervalSeconds: says nothing about start"),
        ({"sometimes": True}, "[0].sometimes: no key 'sometimes'"),
        ({"trigger": {}}, "[0].trigger: no key 'trigger'"),
    ],
)
def test_every_mistake_in_a_hook_is_found_with_its_path(wrong: dict[str, Any], problem: str) -> None:
    (found,) = problems_of(hamlet([hook(**wrong)]))
    assert found.startswith(OF_WORK + problem)


@pytest.mark.parametrize(
    ("of_world", "problem"),
    [
        ({"a": 5}, "meta.hooks.a: is 5"),
        ({"a": {"interaction": "wave"}}, "meta.hooks.a.trigger: names no trigger"),
        (
            {"a": {"interaction": "wave", "trigger": {"onProximity": {"maxDistance": 5}}}},
            "meta.hooks.a.trigger: names no trigger",
        ),
        (
            [{"interaction": "wave", "trigger": {"onActivity": {"activityIds": ["wrok"], "when": "start"}}}],
            "meta.hooks[0].trigger.onActivity.activityIds[0]: no activity 'wrok'",
        ),
        (
            [{"interaction": "wave", "trigger": {"onActivity": {"activityIds": [], "when": "start"}}}],
            "meta.hooks[0].trigger.onActivity.activityIds: names no activity",
        ),
        (
            {"a": {"interaction": "wave", "trigger": {"onStateChange": {"to": "labor"}}}},
            "meta.hooks.a.trigger.onStateChange.to: no state 'labor'",
        ),
        (
            {"a": {"interaction": "wave", "trigger": {"onStateChange": {"from": "idle"}}}},
            "meta.hooks.a.trigger.onStateChange.to: names no state",
        ),
        (
            {"a": {"interaction": "wave", "trigger": {"periodic": {"states": ["idle"]}}}},
            "meta.hooks.a.trigger.periodic.intervalSeconds: is missing",
        ),
    ],
)
def test_every_mistake_in_a_hook_of_the_world_is_found_with_its_path(of_world: Any, problem: str) -> None:
    assert problems_of(hamlet(of_world=of_world))[0].startswith(problem)


def test_an_id_names_one_hook_of_the_world() -> None:
    (found,) = problems_of(hamlet([hook(id="a"), hook(id="a")]))
    assert found.startswith(f"{OF_WORK}[1].id: the id 'a' is given twice")


def test_an_activity_has_a_bounded_number_of_hooks() -> None:
    many = [hook(id=f"h{n}") for n in range(HOOKS_OF_ACTIVITY_MAX + 1)]
    (found,) = problems_of(hamlet(many))
    assert found.startswith(OF_WORK + ": is")
    parse_world(hamlet(many[1:]))


@pytest.mark.parametrize(
    ("intent", "problem"),
    [
        ({}, "meta.chains.walk.steps[0].intent: names nothing to start"),
        ({"chainId": "run"}, "meta.chains.walk.steps[0].intent.chainId: no chain 'run'"),
        ({"chainId": "walk", "when": "start"}, "meta.chains.walk.steps[0].intent.when: no key 'when'"),
    ],
)
def test_every_mistake_in_the_intent_of_a_step_is_found_with_its_path(
    intent: dict[str, Any], problem: str
) -> None:
    (found,) = problems_of(hamlet(chains={"walk": {"steps": [{"stepId": "meet", "intent": intent}]}}))
    assert found.startswith(problem)


# -- whatever happens

HOOKS = [
    hook(id="begin", priority=30, cooldownSeconds=900),
    hook(id="over", when="end", priority=60, ttlSeconds=500, audience="all"),
    hook(id="late", when="while", afterSeconds=333.3, maxPerDay=2),
    hook(id="often", when="periodic", intervalSeconds=250, priority=90, ttlSeconds=400),
]
OF_WORLD = {
    "idle": {
        "trigger": {"onStateChange": {"from": "labour", "to": "leisure"}},
        "interaction": "wave",
        "audience": "all",
    }
}
PLACES = st.sampled_from(["square", "mill", None])
NAMES = st.sampled_from(["s1", "s2", "s3"])
INPUTS = st.one_of(
    st.tuples(st.just("advance"), st.sampled_from([1, 59.5, 60, 61, 250, 700, 2_000])),
    st.tuples(st.just("join"), st.tuples(NAMES, PLACES)),
    st.tuples(st.just("leave"), NAMES),
    st.tuples(st.just("move"), st.tuples(NAMES, PLACES)),
    st.tuples(st.just("accept"), st.tuples(NAMES, st.integers(0, 3))),
    st.tuples(st.just("dismiss"), st.tuples(NAMES, st.integers(0, 3))),
    st.tuples(st.just("caps"), st.integers(0, 6)),
)


def made_for(budget: int) -> dict[str, Any]:
    tiers = {"detailed": {"maxNpcs": 4}, "active": {"maxNpcs": 2}, "ambient": {"maxNpcs": 1}}
    simulation = {"maxIntentOpsPerStep": budget, "maxStepGameSeconds": 600, "tiers": tiers}
    return hamlet(HOOKS, of_world=OF_WORLD, people=9, simulation=simulation, world_time=1_800)


def payload_of(play: Play, verb: str, value: Any) -> tuple[InputKind, dict[str, Any]]:
    match verb:
        case "advance":
            return InputKind.ADVANCE, {"seconds": value}
        case "join":
            return InputKind.SESSION_JOIN, {"session": {"id": value[0], "locationId": value[1]}}
        case "leave":
            return InputKind.SESSION_LEAVE, {"sessionId": value}
        case "move":
            return InputKind.SESSION_UPDATE, {"sessionId": value[0], "locationId": value[1]}
        case "caps":
            return InputKind.CONFIG, {"changes": {"tiers.detailed.maxNpcs": value}}
    session = play.world.sessions.get(SessionId(value[0]))
    listed = session.inbox if session is not None else ()
    intent_id = listed[value[1]]["id"] if value[1] < len(listed) else "none"
    return InputKind.INTENT, {"sessionId": value[0], "intentId": intent_id, "op": verb}


def watch_budget(play: Play, budget: int) -> None:
    """Count what the system really does in a tick."""
    (system,) = [system for system in play.world.systems if isinstance(system, Intents)]
    run = system.run

    def counted(view: View, most: int) -> Sequence[Consequence]:
        before = len(system.cues.waiting)
        brought = run(view, most)
        cleared = [item for item in brought if isinstance(item, DropIntents)]
        assert len(cleared) + before - len(system.cues.waiting) <= most <= budget
        return brought

    system.run = counted  # type: ignore[method-assign]


def check(play: Play, budget: int) -> None:
    """What holds after every input and every tick."""
    world = play.world
    anew = Cues(world.script)
    anew.index(play.stages, world.world_time)
    assert world.cues.timed() == anew.timed()
    (system,) = [system for system in world.systems if isinstance(system, Intents)]
    firsts = sorted(
        (min(expires_at(intent) for intent in session.inbox), (session.id,))
        for session in world.sessions
        if session.inbox
    )
    assert system.index.items() == firsts
    for session in world.sessions:
        assert len(session.inbox) <= INBOX_MAX
        assert list(session.inbox) == sorted(session.inbox, key=urgency)
        assert len({intent["id"] for intent in session.inbox}) == len(session.inbox)
    for done in play.done:
        for share in done.plan.systems:
            assert share.runs <= budget
            assert share.runs <= share.due


@settings(max_examples=40, deadline=None)
@given(st.lists(INPUTS, max_size=14), st.sampled_from([1, 3, 50]))
def test_whatever_happens_bounds_hold_indexes_are_as_made_anew_and_a_replay_is_the_same(
    events: list[tuple[str, Any]], budget: int
) -> None:
    play = Play(made_for(budget))
    watch_budget(play, budget)
    applied: list[Input] = []
    for verb, value in events:
        kind, payload = payload_of(play, verb, value)
        seq = play.world.next_seq
        outcome = play.send(kind, **payload)
        applied.append(Input(seq, kind, payload, tick=outcome.tick, ordinal=outcome.ordinal))
        check(play, budget)
        while play.world.wants_tick:
            play.done.append(drive.tick(play.world, play.stages))
            check(play, budget)
    again, stages = create(play.definition)
    drive.replay(again, stages, applied, Tick(play.world.tick))
    assert drive.state_hash(again, stages) == drive.state_hash(play.world, play.stages)
    for session in play.world.sessions:
        other = again.sessions.get(session.id)
        assert other is not None
        assert other.inbox == session.inbox
