"""Where generation results land: components, flags and scenes, once; and who waits for them how long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulation import drive
from simulation.consequences import AskFor
from simulation.definitions import WorldDefinition, WorldFileInvalid, parse_world
from simulation.inputs import Input, Outcome
from simulation.landing import RESULT_BYTES_MAX
from simulation.opening import Stages, create
from simulation.orders import Requested
from simulation.requests import Requests
from simulation.snapshot import encode, parts_of, restore
from simulation.units import Band, InputKind, Micros, NpcId, RequestId, SessionId, Tick
from simulation.world import World

Village = Callable[..., WorldDefinition]
Opened = tuple[World, Stages]
SECOND = 1_000_000
ANN, BEA = SessionId("s1"), NpcId("npc:1")
LINE = {"text": "Evening!", "mood": {"warm": True}}
QUIET = {"tiers": {"detailed": {"decisionIntervalSeconds": 60}}, "maxJobOpsPerStep": 10}


@pytest.fixture
def opened(village: Village) -> Opened:
    """Twelve people, all detailed; standard ticks of 60 s; a session s1; noon."""
    world, stages = create(village(12, **QUIET))
    send(world, stages, InputKind.SESSION_JOIN, session={"id": "s1", "userId": "ann"})
    return world, stages


def send(world: World, stages: Stages, kind: InputKind, **payload: Any) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def ask(opened: Opened, **more: Any) -> None:
    """One request for a line of npc:1, as a system would bring it about."""
    given = {
        "request_id": RequestId("r1"),
        "npc_id": BEA,
        "entity": 1,
        "kind": "dialogue",
        "band": Band.PLAYER_WAITING,
        "component": "dialogue",
        "params": {},
        "session_id": ANN,
        "user_id": "ann",
        **more,
    }
    world, stages = opened
    drive.perform(world, stages, world.carry_out([AskFor(Requested(**given))]))


def answer(opened: Opened, **more: Any) -> Outcome:
    payload = {"requestId": "r1", "status": "succeeded", "result": LINE, **more}
    return send(*opened, InputKind.GENERATION_RESULT, **payload)


def handed(opened: Opened) -> None:
    """The request is in a worker's hands."""
    done = drive.tick(*opened)
    assert "r1" in [request.request_id for request in done.requests]


def seen(opened: Opened, npc_id: NpcId = BEA) -> dict[str, Any]:
    world, stages = opened
    for stage in stages.values():
        if (view := stage.view(npc_id, world.world_time, world.flags)) is not None:
            found: dict[str, Any] = view["components"]
            return found
    raise LookupError(npc_id)


def personal(opened: Opened, component: str = "dialogue") -> Any:
    session = opened[0].sessions.get(ANN)
    assert session is not None
    return session.component(BEA, component)


# -- where results land


def test_a_players_line_is_personal_and_nobody_else_sees_it(opened: Opened) -> None:
    ask(opened, params={"nodeId": "greet"})
    handed(opened)
    assert answer(opened).detail["writes"] == "dialogue"
    assert personal(opened) == {
        "requestId": "r1",
        "kind": "dialogue",
        "askedAt": 43_200,
        "nodeId": "greet",
        "result": LINE,
    }
    assert "dialogue" not in seen(opened)
    assert drive.state_hash(*opened) == drive.state_hash_in_full(*opened)


def test_without_a_session_everybody_sees_it(opened: Opened) -> None:
    ask(opened, session_id=None, user_id=None)
    handed(opened)
    assert answer(opened).applied
    assert seen(opened)["dialogue"]["result"] == LINE


@pytest.mark.parametrize("session_id", [None, ANN])
def test_a_flag_is_the_sessions_or_the_worlds(opened: Opened, session_id: SessionId | None) -> None:
    """An object becomes dotted keys, so that conditions can ask for each."""
    ask(opened, session_id=session_id, flag="town.rumour")
    handed(opened)
    assert answer(opened).detail["writes"] == "flag:town.rumour"
    world, _ = opened
    session = world.sessions.get(ANN)
    assert session is not None
    wanted = {"town.rumour.text": "Evening!", "town.rumour.mood.warm": True}
    of_session = {key: session.flags.get(key) for key in wanted}
    of_world = {key: world.flags.get(key) for key in wanted}
    nothing = dict.fromkeys(wanted)
    assert (of_world, of_session) == ((wanted, nothing) if session_id is None else (nothing, wanted))


def test_a_scene_is_entered_with_the_person_in_it(opened: Opened) -> None:
    ask(opened, kind="scene", component="scene", scene_id="scene:lamp-room")
    handed(opened)
    assert answer(opened).detail["writes"] == "scene:scene:lamp-room"
    session = opened[0].sessions.get(ANN)
    assert session is not None
    assert (session.scene_id, session.cast) == ("scene:lamp-room", (BEA,))
    assert personal(opened, "scene")["result"] == LINE


def test_a_result_lands_once(opened: Opened) -> None:
    ask(opened)
    handed(opened)
    answer(opened)
    before = drive.state_hash(*opened)
    again = answer(opened, result={"text": "Other"})
    assert (again.applied, again.detail["reason"]) == (False, "nobody waits for this result")
    assert drive.state_hash(*opened) == before


def test_an_activity_may_ask_for_a_flag(village_document: Any) -> None:
    document = village_document(60)
    (effect,) = document["meta"]["behavior"]["activities"]["drink"]["effects"]["customEffects"]
    effect["params"] |= {"flag": "inn.gossip", "ttlSeconds": 600}
    world, stages = create(parse_world(document))
    while not (done := drive.tick(world, stages)).requests:
        assert world.tick < 100
    request = done.requests[0]
    assert request.expires_at == request.made_at + 600 * SECOND
    payload = {"requestId": request.request_id, "status": "succeeded", "result": {"text": "Psst"}}
    assert send(world, stages, InputKind.GENERATION_RESULT, **payload).applied
    assert world.flags["inn.gossip.text"] == "Psst"


def test_a_bad_time_to_live_is_refused_with_its_path(village_document: Any) -> None:
    document = village_document(3)
    (effect,) = document["meta"]["behavior"]["activities"]["drink"]["effects"]["customEffects"]
    effect["params"] |= {"flag": "", "ttlSeconds": 0}
    with pytest.raises(WorldFileInvalid) as refused:
        parse_world(document)
    path = "meta.behavior.activities.drink.effects.customEffects[0].params"
    assert [problem.path for problem in refused.value.problems] == [f"{path}.flag", f"{path}.ttlSeconds"]


# -- results nobody wants


def test_a_result_for_a_session_that_has_left_is_recorded_and_ignored(opened: Opened) -> None:
    world, stages = opened
    ask(opened, ttl=Micros(3600 * SECOND))
    handed(opened)
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1")
    assert "waitingFor" not in seen(opened)
    found = answer(opened)
    assert (found.applied, found.detail["reason"]) == (False, "session s1 has left")
    assert world.requests.awaited == {}
    assert "dialogue" not in seen(opened)


def test_what_a_leaver_had_handed_over_need_not_be_made_and_its_end_is_ignored(opened: Opened) -> None:
    """Told once, with the reason; a player of the same name who comes back has asked for nothing."""
    world, stages = opened
    ask(opened, ttl=Micros(3600 * SECOND))
    handed(opened)
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1")
    assert drive.tick(world, stages).unwanted == {"r1": "session s1 has left"}
    assert drive.tick(world, stages).unwanted == {}
    send(world, stages, InputKind.SESSION_JOIN, session={"id": "s1", "userId": "ann"})
    found = answer(opened, status="cancelled", result=None)
    assert (found.applied, found.detail["reason"]) == (False, "this world had given it up")
    assert "r1" not in (world.requests.awaited or {})
    assert personal(opened) == {}


def test_what_lapses_after_it_was_handed_over_need_not_be_made(opened: Opened) -> None:
    """r1 of 120 s is handed over at 43,260 s and over at 43,320 s; r2 of 60 s never left the queue."""
    world, stages = opened
    ask(opened, ttl=Micros(120 * SECOND))
    ask(opened, request_id=RequestId("r2"), ttl=Micros(60 * SECOND))
    first = drive.tick(world, stages)
    assert [r.request_id for r in first.requests if r.request_id in ("r1", "r2")] == ["r1"]
    assert first.unwanted == {}
    assert drive.tick(world, stages).unwanted == {"r1": "its time of the world is over"}


def test_a_lockstep_world_takes_every_outcome_and_cancels_nothing(village: Village) -> None:
    lockstep = {**QUIET, "generation": {"mode": "lockstep"}, "maxJobOpsPerStep": 1}
    world, stages = opened = create(village(12, **lockstep))
    send(world, stages, InputKind.SESSION_JOIN, session={"id": "s1", "userId": "ann"})
    ask(opened, ttl=Micros(120 * SECOND))
    handed(opened)
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1")
    assert [drive.tick(world, stages).unwanted for _ in range(3)] == [{}, {}, {}]


def test_what_a_leaver_still_had_in_the_queue_is_never_handed_over(opened: Opened) -> None:
    world, stages = opened
    ask(opened)
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1")
    assert world.requests.waiting == ()


@pytest.mark.parametrize(
    ("size", "applied"), [(RESULT_BYTES_MAX - 2, True), (RESULT_BYTES_MAX - 1, False)], ids=["fits", "not"]
)
def test_a_result_is_bounded(opened: Opened, size: int, applied: bool) -> None:
    """A text of n characters is n + 2 bytes of JSON."""
    ask(opened)
    handed(opened)
    assert answer(opened, result="x" * size).applied is applied
    assert (personal(opened)["result"] is None) is not applied


def test_a_failure_is_told_to_the_player_who_waits(opened: Opened) -> None:
    ask(opened, ttl=Micros(3600 * SECOND))
    handed(opened)
    assert answer(opened, status="failed", reason="no provider").applied
    told = personal(opened)
    assert (told["status"], told["reason"], told["result"]) == ("failed", "no provider", None)
    assert "waitingFor" not in seen(opened)


# -- how long somebody waits


def test_a_request_lapses_in_the_queue_at_its_time_and_is_not_handed_over(opened: Opened) -> None:
    """Asked at 43,200 s for 120 s: at 43,260 s it waits, at 43,320 s it is over."""
    world, stages = opened
    send(world, stages, InputKind.CONFIG, changes={"maxJobOpsPerStep": 0})
    ask(opened, ttl=Micros(120 * SECOND))
    drive.tick(world, stages)
    assert "r1" in [request.request_id for request in world.requests.waiting]
    send(world, stages, InputKind.CONFIG, changes={"maxJobOpsPerStep": 10})
    done = drive.tick(world, stages)
    assert world.world_time == 43_320 * SECOND
    assert "r1" not in [request.request_id for request in done.requests]
    assert "r1" not in [request.request_id for request in world.requests.waiting]
    assert personal(opened)["status"] == "expired"
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)


def test_a_result_that_comes_too_late_is_ignored(opened: Opened) -> None:
    world, stages = opened
    ask(opened, ttl=Micros(120 * SECOND))
    handed(opened)
    drive.tick(world, stages)
    found = answer(opened)
    assert (found.applied, found.detail["reason"]) == (False, "nobody waits for this result")
    assert personal(opened)["status"] == "expired"


@pytest.mark.parametrize("comes_after", [2, 3, 4])
def test_a_lockstep_outcome_that_nobody_wants_any_more_still_lands_at_its_tick(
    village: Village, comes_after: int
) -> None:
    """Handed over in tick 1, it lands at tick 6; its 120 s are over in tick 2. Whenever the result is there,
    nothing of the world depends on it: not even how many inputs were applied."""
    lockstep = {**QUIET, "generation": {"mode": "lockstep"}, "maxJobOpsPerStep": 1}
    world, stages = opened = create(village(12, **lockstep))
    send(world, stages, InputKind.SESSION_JOIN, session={"id": "s1", "userId": "ann"})
    ask(opened, request_id=RequestId("village:1"), ttl=Micros(120 * SECOND))
    payload = {"requestId": "village:1", "status": "succeeded", "result": LINE}
    stands = []
    for tick in range(1, 6):
        drive.tick(world, stages)
        if tick == comes_after:
            assert world.deliver([Input(world.next_seq, InputKind.GENERATION_RESULT, payload)])
            assert drive.boundary(world, stages) == ()
        stands.append((world.applied, personal(opened).get("status"), "waitingFor" in seen(opened)))
    assert stands == [(1, None, True), *[(1, "expired", False)] * 4]
    kept = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again, _ = restore(village(12, **lockstep), kept)
    assert again.requests.awaited == world.requests.awaited
    assert "village:1" in (world.requests.awaited or {})
    assert world.blocked() == ()
    (outcome,) = drive.boundary(world, stages, before_tick=True)
    assert (outcome.applied, outcome.detail["reason"]) == (False, "it was wanted until 43320 s of world time")
    assert (world.applied, personal(opened)["status"]) == (2, "expired")
    assert "village:1" not in (world.requests.awaited or {})


def test_whoever_a_player_waits_for_begins_nothing_and_the_world_goes_on(opened: Opened) -> None:
    """Everybody is due at noon, and again every 60 s; npc:1 is held for 600 s."""
    world, stages = opened
    ask(opened, ttl=Micros(600 * SECOND))
    assert seen(opened)["waitingFor"] == {
        "r1": {"kind": "dialogue", "sessionId": "s1", "since": 43_200, "until": 43_800}
    }
    before = seen(opened)["behavior"]
    for n in range(1, 6):
        assert drive.tick(world, stages).tick == n
        behavior = seen(opened)["behavior"]
        assert behavior["activityStartedAt"] == before["activityStartedAt"]
        assert behavior["nextDecisionAt"] == 43_200 + (n + 1) * 60
    others = [seen(opened, NpcId(f"npc:{n}"))["behavior"]["activityStartedAt"] for n in (0, 2, 3)]
    assert all(started >= 43_260 for started in others)
    answer(opened)
    assert "waitingFor" not in seen(opened)
    drive.tick(world, stages)
    assert seen(opened)["behavior"]["activityStartedAt"] == 43_560


def test_whoever_is_held_is_free_when_the_time_is_over(opened: Opened) -> None:
    """Held for 90 s from noon: put off at 43,260 s until 43,290 s, free at the tick of 43,320 s."""
    world, stages = opened
    ask(opened, ttl=Micros(90 * SECOND))
    drive.tick(world, stages)
    assert seen(opened)["behavior"]["nextDecisionAt"] == 43_290
    drive.tick(world, stages)
    assert "waitingFor" not in seen(opened)
    assert seen(opened)["behavior"]["activityStartedAt"] == 43_320


def test_a_world_that_comes_back_has_the_same_people_waiting(opened: Opened, village: Village) -> None:
    world, stages = opened
    ask(opened, ttl=Micros(300 * SECOND))
    ask(opened, request_id=RequestId("r2"), npc_id=NpcId("npc:2"), flag="town.rumour")
    drive.tick(world, stages)
    kept = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again = restore(village(12, **QUIET), kept)
    for _ in range(8):
        drive.tick(world, stages)
        drive.tick(*again)
        assert drive.state_hash(*again) == drive.state_hash(world, stages)
    assert personal(again)["status"] == "expired"


def test_giving_up_has_a_budget_and_what_waits_for_it_is_not_handed_over(opened: Opened) -> None:
    """150 requests lapse at once: 100 in this tick, ordered by id, 50 in the next."""
    for n in range(150):
        ask(opened, request_id=RequestId(f"r{n:03}"), ttl=Micros(60 * SECOND))
    world, stages = opened
    send(world, stages, InputKind.CONFIG, changes={"maxJobOpsPerStep": 200})
    left = []
    for _ in range(2):
        done = drive.tick(world, stages)
        assert not [r for r in done.requests if r.session_id is not None]
        left.append([r.request_id for r in world.requests.waiting if r.session_id is not None])
    assert left == [[f"r{n:03}" for n in range(100, 150)], []]


def test_requests_of_one_key_for_one_place_are_one_until_it_is_answered() -> None:
    """Component by person, flag by name; a player's own are others; without a key all are made."""

    def asks(name: str, npc: NpcId = BEA, key: str | None = "news", **more: Any) -> Requested:
        given: Any = (RequestId(name), npc, 1, "dialogue", Band.AMBIENT, "dialogue", {})
        return Requested(*given, coalesce_key=key, **more)

    made = [
        asks("a"),
        asks("b"),
        asks("c", NpcId("npc:2")),
        asks("d", key="other"),
        asks("e", flag="town.news"),
        asks("f", NpcId("npc:2"), flag="town.news"),
        asks("g", session_id=ANN),
        asks("h", key=None),
        asks("i", key=None),
    ]
    queue, accepted, refused = Requests().make(made, Tick(1), Micros(0), 7)
    assert ([one.request_id for one in accepted], refused) == (list("acdeghi"), 0)
    queue, handed_over = queue.hand_over(1, Tick(1), Micros(0), None)
    assert [one.request_id for one in handed_over] == ["a"]
    assert queue.make([asks("j")], Tick(2), Micros(1), 10)[1] == ()
    answered = queue.without([RequestId("a")])
    assert [one.request_id for one in answered.make([asks("j")], Tick(2), Micros(1), 10)[1]] == ["j"]


def test_a_request_whose_time_is_over_does_not_keep_another_from_being_made() -> None:
    given: Any = (BEA, 1, "dialogue", Band.AMBIENT, "dialogue", {})
    ttl = Micros(60 * SECOND)
    first, second = (Requested(RequestId(n), *given, ttl=ttl, coalesce_key="news") for n in "ab")
    queue, _, _ = Requests().make([first], Tick(1), Micros(0), 10)
    assert queue.make([second], Tick(2), Micros(60 * SECOND - 1), 10)[1] == ()
    assert [one.request_id for one in queue.make([second], Tick(2), ttl, 10)[1]] == ["b"]


def test_an_activity_may_name_the_key_its_requests_coalesce_by(village_document: Any) -> None:
    """Everybody who drinks asks the town's rumour; one of them is asked for until it is there."""
    made = village_document(12, **QUIET, generation={"mode": "live"})
    params = {"kind": "dialogue", "flag": "town.rumour", "coalesceKey": "rumour"}
    drink = made["meta"]["behavior"]["activities"]["drink"]
    drink["effects"]["customEffects"] = [{"type": "generate", "params": params}]
    world, stages = create(parse_world(made))
    asked = []
    for _ in range(8):
        asked += [
            (one.coalesce_key, one.params.get("coalesceKey")) for one in drive.tick(world, stages).requests
        ]
    assert asked == [("rumour", None)]
    assert world.counters.requests == 1
    (request_id,) = world.requests.awaited or {}
    answered = send(
        world, stages, InputKind.GENERATION_RESULT, requestId=request_id, status="succeeded", result="Ghosts!"
    )
    assert answered.applied
    while world.counters.requests == 1:
        drive.tick(world, stages)
    assert world.flags["town.rumour"] == "Ghosts!"


def test_a_request_whose_time_is_over_is_passed_over_and_the_next_handed_over() -> None:
    """Made at 0 s: "a" is wanted for 60 s, the others for ever; at 60 s two are handed over."""
    made = [
        Requested(RequestId(name), BEA, 1, "dialogue", Band.AMBIENT, "dialogue", {}, ttl=ttl)
        for name, ttl in (("a", Micros(60 * SECOND)), ("b", None), ("c", None), ("d", None))
    ]
    queue, _, _ = Requests().make(made, Tick(1), Micros(0), 10)
    assert [queue.wanted(Micros(60 * SECOND - 1)), queue.wanted(Micros(60 * SECOND))] == [4, 3]
    after, handed_over = queue.hand_over(2, Tick(2), Micros(60 * SECOND), None)
    assert [request.request_id for request in handed_over] == ["b", "c"]
    assert [request.request_id for request in after.waiting] == ["a", "d"]


def test_what_lands_at_one_tick_lands_by_id_whatever_was_handed_over_first() -> None:
    """The player's first, by their band, then the others."""
    made = [
        Requested(RequestId(name), BEA, 1, "dialogue", band, "dialogue", {})
        for name, band in (("a", Band.AMBIENT), ("z", Band.PLAYER_WAITING), ("m", Band.AMBIENT))
    ]
    queue, _, _ = Requests().make(made, Tick(1), Micros(0), 10)
    after, handed_over = queue.hand_over(3, Tick(2), Micros(0), 5)
    assert [request.request_id for request in handed_over] == ["z", "a", "m"]
    assert [after.landing_at(Tick(tick)) for tick in (6, 7, 8)] == [(), ("a", "m", "z"), ()]


def waiting(*made: tuple[str, Tick, Micros | None], queue_max: int = 10) -> Requests:
    """Requests of one band: (id, tick and second made at, how long they are wanted)."""
    queue = Requests()
    for name, tick, ttl in made:
        asked = Requested(RequestId(name), BEA, 1, "dialogue", Band.AMBIENT, "dialogue", {}, ttl=ttl)
        queue, _, _ = queue.make([asked], tick, Micros(tick * SECOND), queue_max)
    return queue


def test_of_one_band_those_made_first_wait_in_front() -> None:
    queue = waiting(("z", Tick(1), None), ("b", Tick(2), None), ("a", Tick(2), None))
    assert [request.request_id for request in queue.waiting] == ["z", "a", "b"]


def test_requests_are_given_up_in_the_order_in_which_their_time_was_over() -> None:
    """Handed over or not: that of "a" is over at 4 s, those of "b" and "c" at 6 s, that of "d" at 10 s."""
    seconds = {"a": 3, "b": 5, "c": 5, "d": 9}
    queue = waiting(*((name, Tick(1), Micros(ttl * SECOND)) for name, ttl in seconds.items()))
    queue, _ = queue.hand_over(2, Tick(2), Micros(2 * SECOND), None)
    left, over = queue.lapse(Micros(10 * SECOND - 1))
    assert [request.request_id for request in over] == ["a", "b", "c"]
    assert [request.request_id for request in (*left.waiting, *left.awaited.values())] == ["d"]  # type: ignore[union-attr]


def test_a_queue_that_is_longer_than_its_bound_now_takes_nobody() -> None:
    """Somebody lowered the bound to one while three wait: of three more, three are refused."""
    queue = waiting(*((name, Tick(1), None) for name in "abc"))
    more = [Requested(RequestId(name), BEA, 1, "dialogue", Band.AMBIENT, "dialogue", {}) for name in "def"]
    assert queue.make(more, Tick(2), Micros(0), 1) == (queue, (), 3)


def test_requests_of_a_player_are_listed_by_id_handed_over_or_not() -> None:
    made = [
        Requested(RequestId(name), BEA, 1, "dialogue", Band.AMBIENT, "dialogue", {}, session_id=ANN)
        for name in "abc"
    ]
    queue, _, _ = Requests().make(made, Tick(1), Micros(0), 10)
    queue, _ = queue.hand_over(1, Tick(2), Micros(0), None)
    assert [request.request_id for request in queue.of_session(ANN)] == ["a", "b", "c"]
