"""Sessions as files carry them: what a session keeps is taken back as it was, or refused with its path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hooked import Play, hamlet, hook

from simulation import drive
from simulation.definitions import WorldFileInvalid, parse_world
from simulation.definitions.kept import INBOX_MAX
from simulation.opening import create
from simulation.portable import export, open_portable
from simulation.session_view import session_view
from simulation.sessions import Session
from simulation.units import InputKind, SessionId

Told = dict[str, Any]
CAUSE = "0123456789abcdef" * 2
INTENT: Told = {
    "id": "i1",
    "npcId": "n00",
    "chainId": "walk",
    "priority": 70,
    "createdAt": 60,
    "expiresAt": 960,
    "surface": "dialogue",
    "context": {"trigger": "start", "hookId": "greet"},
}
PROGRESS: Told = {
    "currentStep": "meet",
    "startedAt": 10,
    "lastStepAt": 10.5,
    "completedSteps": [],
    "skippedSteps": [],
    "completionCount": 2,
    "outcome": None,
}
RUN: Told = {
    "program": "tale",
    "node": "once",
    "waiting": {"for": "player", "since": 30},
    "variables": {"told": 1},
    "runId": "r1",
    "startedAt": 30,
    "stack": [],
    "history": [{"node": "once", "at": 30}],
    "visits": 1,
    "steps": 1,
    "outcome": None,
    "error": None,
}
ENTRY: Told = {
    "program": "tale",
    "nodeId": "once",
    "kind": "dialogue",
    "component": "dialogue",
    "askedAt": 30,
    "expiresAt": 3_630,
    "visit": 1,
}


def personal(**components: Any) -> Told:
    return {"npcs": {"n00": components}}


def talking() -> Told:
    """A hamlet in which everything that a session can keep comes about by itself."""
    made = hamlet(
        [hook(id="greet", maxPerDay=3, cooldownSeconds=600)],
        sessions=[{"id": "s1", "userId": "ann", "locationId": "square", "cast": ["n00"], "sceneId": "yard"}],
        simulation={"generation": {"mode": "live"}, "maxJobOpsPerStep": 0},
    )
    made["meta"]["chains"] = {"walk": {"steps": [{"stepId": "meet"}, {"stepId": "part", "waitHours": 2}]}}
    made["meta"]["narratives"] = {
        "tale": {
            "nodes": [
                {"id": "made", "type": "dialogue", "generate": {"tone": "warm"}, "autoAdvance": True},
                {"id": "act", "type": "action_block", "blockIds": ["sit"]},
                {"id": "once", "type": "dialogue", "text": "Once."},
            ],
            "edges": [{"from": "made", "to": "act"}, {"from": "act", "to": "once"}],
            "variables": {"told": 0},
        }
    }
    return made


@pytest.fixture
def lived() -> Play:
    play = Play(talking())
    about = {"sessionId": "s1", "npcId": "n00"}
    play.advance(180)
    for kind, more in (
        (InputKind.INTERACT, {"interactionId": "wave"}),
        (InputKind.CHAIN, {"op": "start", "chainId": "walk"}),
        (InputKind.CHAIN, {"op": "step", "chainId": "walk"}),
        (InputKind.NARRATIVE, {"op": "start", "programId": "tale"}),
    ):
        assert play.send(kind, **about, **more).applied, kind
    liked = {"behavior": {"preferences": {"activityWeights": {"work": 0.9}}}, "core": {"affinity": 71}}
    more = {"flags": {"quest": {"lamp": 1}}, "inventory": {"oil": 3, "label": 2}, "npcs": {"n00": liked}}
    assert play.send(InputKind.SESSION_UPDATE, sessionId="s1", **more).applied
    play.advance(600)
    return play


def session_of(play: Play) -> Session:
    found = play.world.sessions.get(SessionId("s1"))
    assert found is not None
    return found


def with_session(**more: Any) -> Told:
    return hamlet([hook(id="greet")], sessions=[{"id": "s1", "locationId": "square", **more}])


def read(**more: Any) -> Session:
    (found,) = parse_world(with_session(**more)).sessions
    return found


# -- what a world wrote is taken back


def test_a_lived_session_keeps_everything_there_is_to_keep(lived: Play) -> None:
    """So that the tests below speak of it."""
    session = session_of(lived)
    components = session.npcs[next(iter(session.npcs))]
    assert len(session.inbox) == 2
    assert components.keys() >= {"interactions", "narrative", "pendingDialogue", "pendingActionBlocks"}
    assert components["interactions"].keys() == {"lastUsedAt", "chainProgress", "intents"}
    assert components["behavior"] == {"preferences": {"activityWeights": {"work": 0.9}}}
    assert session.inventory == {"oil": 3, "label": 2}


def test_what_is_shown_beside_a_session_is_no_part_of_it(lived: Play) -> None:
    shown = session_view(lived.world, session_of(lived))
    assert shown.keys() - session_of(lived).to_json().keys() == {"worldTime", "chains", "refusedIntents"}
    (back,) = parse_world({**talking(), "sessions": [shown]}).sessions
    assert back == session_of(lived)


def test_an_exported_world_goes_on_with_everything_its_sessions_keep(lived: Play) -> None:
    before = drive.state_hash(lived.world, lived.stages)
    found = open_portable(
        export(lived.world, lived.stages, json.dumps(lived.definition.document)), "hamlet.thtr"
    )
    assert drive.state_hash_in_full(found.world, found.stages) == before
    assert found.world.sessions.get(SessionId("s1")) == session_of(lived)
    for _ in range(200):
        drive.tick(lived.world, lived.stages)
        drive.tick(found.world, found.stages)
    assert drive.state_hash(found.world, found.stages) == drive.state_hash(lived.world, lived.stages)


def test_a_lived_session_in_a_world_file_is_the_session_it_was(lived: Play) -> None:
    written = json.loads(json.dumps(session_of(lived).to_json()))
    (found,) = parse_world({**talking(), "worldTime": 780, "sessions": [written]}).sessions
    assert found == session_of(lived)


def test_who_left_comes_back_with_everything(lived: Play) -> None:
    before, session = drive.state_hash(lived.world, lived.stages), session_of(lived)
    left = lived.send(InputKind.SESSION_LEAVE, sessionId="s1").detail["session"]
    assert lived.send(InputKind.SESSION_JOIN, session=left).applied
    assert session_of(lived) == session
    assert drive.state_hash(lived.world, lived.stages) == before


def test_intents_of_a_file_wait_expire_and_are_served_like_any_other() -> None:
    """One is gone at 960 s; the other, which is more urgent, stands first and is accepted."""
    later = {**INTENT, "id": "i2", "priority": 90, "createdAt": 120, "expiresAt": 5_000}
    play = Play(with_session(inbox=[INTENT, later]))
    assert [intent["id"] for intent in play.inbox()] == ["i2", "i1"]
    play.advance(959)
    assert "i1" in [intent["id"] for intent in play.inbox()]
    play.advance(1)
    assert "i1" not in [intent["id"] for intent in play.inbox()]
    assert play.intent("accept", "i2").applied
    assert session_of(play).component(next(iter(session_of(play).npcs)), "interactions")["chainProgress"]


def test_an_intent_says_only_what_it_must() -> None:
    """The priority is 50 where nothing is said, and null is as if the key were not there."""
    short = {key: value for key, value in INTENT.items() if key not in ("priority", "context")}
    (intent,) = read(inbox=[{**short, "narrativeId": None, "_note": "by hand"}]).inbox
    assert intent == {**INTENT, "priority": 50, "context": {}, "_note": "by hand"}


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"flags": {"a": None, "b": {"c": 1}}}, "flags", {"b.c": 1}),
        (
            {"inventory": {"tags": 2, "_why": "a gift", "oil": 0}},
            "inventory",
            {"tags": 2},
        ),
        ({"user": "ann", "userId": "ann"}, "user_id", "ann"),
        ({"location": "mill", "locationId": None}, "location_id", "mill"),
        (
            {"npcs": {"npc:n00": {"meta": {"a": 1}, "core": None, "_note": "a friend"}}},
            "npcs",
            {"n00": {"meta": {"a": 1}}},
        ),
        ({"npcs": {"n00": None, "_note": {"of": "the author"}}}, "npcs", {}),
        ({"stats": {"luck": 1}, "tags": ["new"]}, "extra", {"stats": {"luck": 1}, "tags": ["new"]}),
    ],
)
def test_each_key_of_a_session_is_taken(given: Told, field: str, value: object) -> None:
    found = read(**given)
    assert getattr(found, field) == value


@pytest.mark.parametrize(
    "components",
    [
        {"interactions": {"chainProgress": {"walk": PROGRESS}}},
        {"interactions": {"intents": {"greet": {"lastAt": 60, "day": 0, "count": 1}, "_why": "by hand"}}},
        {"narrative": RUN},
        {"narrative": {**RUN, "program": "gone", "error": {"rule": "narrative gone"}}},
        {"narrative": {**RUN, "program": None, "node": None, "outcome": "completed"}},
        {"pendingDialogue": {f"hamlet:{CAUSE}": ENTRY}},
        {"pendingActionBlocks": {f"hamlet:{CAUSE}": {**ENTRY, "kind": "action_block"}}},
    ],
)
def test_stories_of_a_session_are_taken_as_they_are(components: Told) -> None:
    assert read(**personal(**components)).npcs == {"n00": components}


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        ({"gone": {**PROGRESS, "currentStep": None, "outcome": "completed"}}, "gone: no chain 'gone'"),
        ({"walk": {**PROGRESS, "completedSteps": ["met"]}}, "walk.completedSteps[0]: no step 'met'"),
    ],
)
def test_names_that_are_gone_where_nothing_goes_on_are_warnings(progress: Told, says: str) -> None:
    made = parse_world(with_session(**personal(interactions={"chainProgress": progress})))
    (warning,) = made.warnings
    assert f"sessions[0].npcs.n00.interactions.chainProgress.{says}" in str(warning)
    play = Play(hamlet(sessions=()))
    back = {"id": "s1", **personal(interactions={"chainProgress": progress})}
    assert play.send(InputKind.SESSION_JOIN, session=back).applied


# -- what no world wrote is refused


def intent(**more: Any) -> Told:
    return {"inbox": [{**INTENT, **more}]}


def chain(**more: Any) -> Told:
    return personal(interactions={"chainProgress": {"walk": {**PROGRESS, **more}}})


def run(**more: Any) -> Told:
    return personal(narrative={**RUN, **more})


def pending(entry_id: str = f"hamlet:{CAUSE}", **more: Any) -> Told:
    return personal(pendingDialogue={entry_id: {**ENTRY, **more}})


ONE = "sessions[0]"
BO = f"{ONE}.npcs.n00"
WALK = f"{BO}.interactions.chainProgress.walk"
REFUSED: list[tuple[Mapping[str, Any], str]] = [
    ({"inbox": {}}, f"{ONE}.inbox: is {{}}; allowed: a list of at most 32"),
    ({"inbox": ["hello"]}, f"{ONE}.inbox[0]: is 'hello'; allowed: an object"),
    (
        {"inbox": [{**INTENT, "id": f"i{n}"} for n in range(INBOX_MAX + 1)]},
        f"{ONE}.inbox: is [...; allowed: a list of at most 32",
    ),
    ({"inbox": [INTENT, INTENT]}, f"{ONE}.inbox[1].id: the id 'i1' is given twice; allowed: each id once"),
    (intent(id=None), f"{ONE}.inbox[0].id: is null; allowed: a text that is not empty"),
    (intent(npcId=None), f"{ONE}.inbox[0].npcId: is missing; allowed: a person's id"),
    (intent(npcId="n01"), f"{ONE}.inbox[0].npcId: no npc 'n01'"),
    (intent(chainId=None), f"{ONE}.inbox[0]: names nothing to start; allowed: one of chainId, interactionId"),
    (intent(interactionId="wave"), f"{ONE}.inbox[0]: names more than one thing to start"),
    (intent(chainId="wlak"), f"{ONE}.inbox[0].chainId: no chain 'wlak'; allowed: walk; did you mean 'walk'?"),
    (intent(priority=101), f"{ONE}.inbox[0].priority: is 101; allowed: a whole number from 0 to 100"),
    (intent(createdAt=None), f"{ONE}.inbox[0].createdAt: is missing; allowed: game seconds"),
    (intent(expiresAt=60), f"{ONE}.inbox[0].expiresAt: is too early; allowed: later than createdAt, 60"),
    (intent(expiresAt=10**13), f"{ONE}.inbox[0].expiresAt: is 10000000000000; allowed: game seconds"),
    (intent(surface=None), f"{ONE}.inbox[0].surface: is null; allowed: a text that is not empty"),
    (intent(context=[]), f"{ONE}.inbox[0].context: is []; allowed: an object"),
    (intent(ttlSeconds=5), f"{ONE}.inbox[0].ttlSeconds: no key 'ttlSeconds'"),
    (chain(currentStep="met"), f"{WALK}.currentStep: no step 'met'; allowed: meet"),
    (
        chain(currentStep=None),
        f"{WALK}: neither runs nor has ended; allowed: either a currentStep",
    ),
    (chain(outcome="completed"), f"{WALK}: runs and has ended"),
    (
        chain(currentStep=None, outcome="lost"),
        f"{WALK}.outcome: no outcome 'lost'; allowed: abandoned, completed",
    ),
    (chain(lastStepAt=None), f"{WALK}.lastStepAt: is missing"),
    (chain(completionCount=-1), f"{WALK}.completionCount: is -1"),
    (
        chain(completedSteps="meet"),
        f"{WALK}.completedSteps: is 'meet'; allowed: a list of at most",
    ),
    (chain(step="meet"), f"{WALK}.step: no key 'step'"),
    (
        personal(interactions={"chainProgress": {"wlak": PROGRESS}}),
        f"{BO}.interactions.chainProgress.wlak: no chain 'wlak'; allowed: walk; did you mean 'walk'?",
    ),
    (personal(interactions={"intents": {"greet": 3}}), f"{BO}.interactions.intents.greet: is 3"),
    (
        personal(interactions={"intents": {"greet": {"day": 1, "count": "2"}}}),
        f"{BO}.interactions.intents.greet.count: is '2'",
    ),
    (personal(interactions={"lastUsedAt": {"wave": -1}}), f"{BO}.interactions.lastUsedAt.wave: is -1"),
    (run(program="tail"), f"{BO}.narrative.program: no narrative 'tail'; allowed: tale"),
    (run(node="twice"), f"{BO}.narrative.node: no node 'twice'; allowed: once"),
    (run(waiting=None), f"{BO}.narrative.waiting: is missing; allowed: an object"),
    (
        run(waiting={"for": "godot", "since": 0}),
        f"{BO}.narrative.waiting.for: no wait 'godot'",
    ),
    (run(visits=None), f"{BO}.narrative.visits: is missing"),
    (run(stack=[RUN] * 9), f"{BO}.narrative.stack: is [...; allowed: a list of at most 8"),
    (run(history=[1]), f"{BO}.narrative.history[0]: is 1; allowed: an object"),
    (run(history=[{}] * 51), f"{BO}.narrative.history: is [...; allowed: a list of at most 50"),
    (
        pending("other:" + CAUSE),
        f"{BO}.pendingDialogue.other:{CAUSE}: is no request of this world; "
        "allowed: hamlet: and 32 hexadecimal digits",
    ),
    (pending(kind="action_block"), f"{BO}.pendingDialogue.hamlet:{CAUSE}.kind: no kind 'action_block'"),
    (pending(component="core"), f"{BO}.pendingDialogue.hamlet:{CAUSE}.component: no component 'core'"),
    (pending(visit=True), f"{BO}.pendingDialogue.hamlet:{CAUSE}.visit: is true"),
    (
        personal(pendingDialogue={f"hamlet:{n:032x}": ENTRY for n in range(17)}),
        f"{BO}.pendingDialogue: has 17 entries; allowed: at most 16",
    ),
    ({"userId": "ann", "user": "bo"}, f"{ONE}.user: is 'bo'; allowed: only userId, or the same as there"),
    ({"location": "mill"}, f"{ONE}.location: is 'mill'; allowed: only locationId, or the same as there"),
    ({"flags": {"a.b": 1, "a": {"b": 2}}}, f"{ONE}.flags.a.b: is given twice; allowed: each flag once"),
    ({"npcs": {"n00": {}, "npc:n00": {}}}, f"{ONE}.npcs.npc:n00: n00 is given twice"),
    ({"npcs": {"npc:n00": {"quests": {"activeQuests": 1}}}}, f"{ONE}.npcs.npc:n00.quests.activeQuests: is 1"),
    ({"npcs": {"npc:n00": {"narrative": 1}}}, f"{ONE}.npcs.npc:n00.narrative: is 1"),
    ({"npcs": {"n00": {"core": 5}}}, f"{BO}.core: is 5; allowed: an object"),
    (
        personal(behavior={"preferences": {"activityWeights": {"work": 2}}}),
        f"{BO}.behavior.preferences.activityWeights.work: is 2; allowed: a number from 0 to 1",
    ),
    ({"preferences": {}}, f"{ONE}.preferences: no key 'preferences'"),
    ({"chainProgress": {}}, f"{ONE}.chainProgress: no key 'chainProgress'"),
    ({"version": -1}, f"{ONE}.version: is -1"),
]


@pytest.mark.parametrize(("given", "says"), REFUSED)
def test_what_no_world_wrote_is_refused_with_its_path(given: Mapping[str, Any], says: str) -> None:
    with pytest.raises(WorldFileInvalid) as refusal:
        read(**given)
    begins, _, goes_on = says.partition("...")
    problems = [str(problem) for problem in refusal.value.problems]
    assert any(one.startswith(begins) and goes_on in one for one in problems), str(refusal.value)


def test_a_player_who_comes_with_what_no_world_wrote_is_refused_the_same_way() -> None:
    play = Play(hamlet(sessions=()))
    outcome = play.send(InputKind.SESSION_JOIN, session={"id": "s1", **intent(chainId="wlak")})
    assert not outcome.applied
    assert "$.session.inbox[0].chainId: no chain 'wlak'" in outcome.detail["reason"]


def test_a_component_that_is_null_in_an_update_is_removed() -> None:
    play = Play(with_session(**personal(core={"affinity": 3}, note={"a": 1})))
    assert play.send(InputKind.SESSION_UPDATE, sessionId="s1", npcs={"n00": {"note": None}}).applied
    assert session_of(play).npcs == {"n00": {"core": {"affinity": 3}}}


def test_the_world_begins_with_the_inbox_of_its_file() -> None:
    world, _ = create(parse_world(with_session(inbox=[INTENT])))
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    assert session.inbox == (INTENT,)
