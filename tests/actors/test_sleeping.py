"""A world with nothing to do leaves memory, loses nothing, and is back for whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from actors.hosted import may_sleep
from messages.admin import PersonShown, WorldPlanned, WorldShown
from messages.archive import ClaimWorld, FetchInputs
from messages.commits import Commit
from messages.shards import ReadPerson, ReadPlan, ReadWorld, WorldOpened, WorldSlept
from persistence import worlds
from persistence.tables import snapshots
from simulation import drive
from simulation.definitions import parse_world
from simulation.inputs import Input
from simulation.opening import create
from simulation.orders import Requested
from simulation.requests import Requests
from simulation.units import Band, GenerationMode, InputKind, Micros, NpcId, RequestId, Seq, Tick, WorldId
from village import document

VILLAGE = WorldId("village")
PEOPLE = 30


def sleeper(**simulation: Any) -> dict[str, Any]:
    return document(PEOPLE, idlePolicy="sleep", **simulation)


def hash_after(ticks: int) -> str:
    world, stages = create(parse_world(sleeper(), "test"), GenerationMode.OFF)
    for _ in drive.run(world, stages, ticks):
        """Made."""
    return drive.state_hash(world, stages)


@pytest.fixture
def asleep(backstage: Any) -> Any:
    """A shard that runs without a goal, and its one world, which nobody plays."""
    backstage.add(sleeper())
    backstage.running.run_to({})
    backstage.turn()
    return backstage


def wake(backstage: Any) -> None:
    """What the Supervisor has done for an input of a world that nobody owns."""
    assert backstage.unowned == [VILLAGE]
    backstage.unowned.clear()
    backstage.sleeping.wake(VILLAGE)


def test_a_world_that_nobody_plays_leaves_memory_and_its_clock_stands(asleep: Any) -> None:
    assert asleep.running.hosted == {}
    assert asleep.running.timers.next_ns() is None, "nothing will ever wake the shard for it"
    (slept,) = asleep.heard(WorldSlept)
    assert (slept.report.status, slept.report.tick, slept.report.state_hash) == ("sleeping", 0, hash_after(0))


def test_a_world_that_always_runs_does_not_sleep(backstage: Any) -> None:
    backstage.add({**document(PEOPLE), "id": "village"})
    backstage.run(5)
    assert not backstage.running.hosted[VILLAGE].is_idle
    assert backstage.heard(WorldSlept) == []


def test_a_world_holds_still_awake_until_the_service_says_how_far_it_runs(backstage: Any) -> None:
    backstage.add(sleeper())
    backstage.turn()
    assert list(backstage.running.hosted) == [VILLAGE]


def test_an_input_wakes_it_and_is_answered_and_it_sleeps_again(asleep: Any) -> None:
    asleep.submit(VILLAGE, InputKind.STEP, ticks=3)
    wake(asleep)
    asleep.turn()
    assert asleep.answers() == [(True, 3)]
    assert asleep.running.hosted == {}
    assert asleep.heard(WorldSlept)[-1].report.state_hash == hash_after(3)


def test_a_read_wakes_it_and_leaves_no_record_behind(asleep: Any) -> None:
    written = number(asleep)
    for ask in (
        ReadWorld(ask_id="w", world_id=VILLAGE),
        ReadPerson(ask_id="p", world_id=VILLAGE, npc_id=NpcId("npc:1")),
    ):
        asleep.sleeping.stir(VILLAGE)
        assert asleep.adoption.is_coming(VILLAGE)
        asleep.reading.wait(ask)
        asleep.turn()
    assert [shown.report.status for shown in asleep.heard(WorldShown)] == ["sleeping"]
    assert [shown.view["id"] for shown in asleep.heard(PersonShown)] == ["npc:1"]
    assert asleep.running.hosted == {}
    assert number(asleep) == written


def number(backstage: Any) -> int:
    found: int = backstage.store(lambda db: worlds.claim(db, VILLAGE, 0, 0)).number
    return found


def test_it_sleeps_on_a_snapshot_of_exactly_its_state(asleep: Any) -> None:
    asleep.submit(VILLAGE, InputKind.STEP, ticks=4)
    wake(asleep)
    asleep.turn()
    newest = asleep.store.rows(
        select(snapshots.c.tick, snapshots.c.ordinal).order_by(snapshots.c.ordinal.desc())
    )
    assert newest[0] == {"tick": 4, "ordinal": 1}


def test_with_a_goal_it_steps_there_and_sleeps(backstage: Any) -> None:
    backstage.add(sleeper())
    backstage.run(20)
    (slept,) = backstage.heard(WorldSlept)
    assert (slept.report.tick, slept.report.goal_reached) == (20, True)
    assert slept.report.state_hash == hash_after(20)


def test_a_session_keeps_it_awake_and_the_last_to_leave_lets_it_sleep(backstage: Any) -> None:
    backstage.add({**sleeper(mode="turn_based"), "sessions": [{"id": "s1", "user": "u"}]})
    backstage.running.run_to({})
    backstage.turn()
    assert backstage.heard(WorldSlept) == []
    backstage.submit(VILLAGE, InputKind.SESSION_LEAVE, sessionId="s1")
    backstage.turn()
    assert backstage.answers() == [(True, 0)]
    assert len(backstage.heard(WorldSlept)) == 1


def test_a_plan_says_that_nobody_is_there(backstage: Any) -> None:
    backstage.add(sleeper())
    backstage.running.run_to({})
    backstage.reading.read(ReadPlan(ask_id="p", world_id=VILLAGE))
    backstage.turn()
    (planned,) = backstage.heard(WorldPlanned)
    assert planned.holds.startswith("nobody is there")


def test_a_paused_world_sleeps_too(asleep: Any) -> None:
    asleep.submit(VILLAGE, InputKind.PAUSE)
    wake(asleep)
    asleep.turn()
    assert asleep.heard(WorldSlept)[-1].report.status == "sleeping"
    assert asleep.running.hosted == {}


def test_an_input_that_comes_while_it_falls_asleep_is_applied_by_the_world_that_is_here(
    backstage: Any,
) -> None:
    backstage.add(sleeper())
    backstage.running.run_to({})
    hosted = backstage.running.hosted[VILLAGE]
    backstage.running.fall_asleep(hosted, 0)
    assert hosted.dozing
    backstage.submit(VILLAGE, InputKind.STEP, ticks=2)
    assert not hosted.dozing
    backstage.turn()
    assert backstage.answers() == [(True, 2)]
    assert len(backstage.heard(WorldOpened)) == 1, "it never left"


def test_an_input_on_its_way_to_a_shard_that_just_let_the_world_go_wakes_it(asleep: Any) -> None:
    """The Archivist sent it before it heard that the world sleeps."""
    asleep.owned.add(VILLAGE)
    asleep.submit(VILLAGE, InputKind.STEP, ticks=2)
    asleep.turn()
    assert asleep.answers() == [(True, 2)]


def test_an_input_that_comes_while_it_wakes_is_not_missed(asleep: Any) -> None:
    asleep.sleeping.wake(VILLAGE)
    (claim,) = [mail for mail in asleep.mail if isinstance(mail, ClaimWorld)]
    asleep.mail.remove(claim)
    asleep.carry(claim)
    assert VILLAGE in asleep.adoption.recovering
    asleep.submit(VILLAGE, InputKind.STEP, ticks=2)
    asleep.turn()
    assert asleep.answers() == [(True, 2)]


@pytest.mark.parametrize("commits_carried", [0, 1, 2])
def test_killed_while_it_falls_asleep_it_loses_nothing(
    backstage: Any, another: Callable[[], Any], commits_carried: int
) -> None:
    """The process dies with that many of its records written: the step is applied once all the same."""
    backstage.add(sleeper())
    backstage.running.run_to({})
    backstage.submit(VILLAGE, InputKind.STEP, ticks=5)
    hosted = backstage.running.hosted[VILLAGE]
    while hosted.world.tick < 5:
        backstage.running.tick(hosted, 0, 0)
    backstage.running.fall_asleep(hosted, 0)
    for copy in backstage.copies:
        backstage.encode(copy)
    carried = [mail for mail in backstage.mail if isinstance(mail, Commit)][:commits_carried]
    for mail in carried:
        backstage.carry(mail)
    successor = another()
    successor.sleeping.wake(VILLAGE)
    successor.running.run_to({})
    successor.turn()
    assert successor.heard(WorldSlept)[-1].report.state_hash == hash_after(5)


def test_only_worlds_that_sleep_and_for_which_nothing_waits_may_be_left_alone_at_a_start(asleep: Any) -> None:
    assert [found[0] for found in asleep.store(worlds.asleep)] == [VILLAGE]
    asleep.submit(VILLAGE, InputKind.STEP, ticks=1)
    assert asleep.store(worlds.asleep) == []
    wake(asleep)
    asleep.turn()
    assert [(found[0], found[2].tick) for found in asleep.store(worlds.asleep)] == [(VILLAGE, 1)]


def test_a_world_asleep_does_not_catch_up_the_time_it_slept(backstage: Any) -> None:
    backstage.add(sleeper(downtimePolicy="catch_up"))
    backstage.running.run_to({})
    backstage.turn()
    backstage.sleeping.wake(VILLAGE)
    backstage.running.linger_ns = 10**12
    backstage.turn()
    assert backstage.running.hosted[VILLAGE].pacer.behind_ns == 0


def test_a_drain_saves_a_world_that_falls_asleep_at_that_moment(backstage: Any) -> None:
    backstage.add(sleeper())
    backstage.running.run_to({})
    backstage.running.fall_asleep(backstage.running.hosted[VILLAGE], 0)
    backstage.running.committing.save_all()
    backstage.turn()
    assert backstage.running.committing.all_saved() == ()
    assert len(backstage.heard(WorldSlept)) == 1


def test_a_paused_world_that_owes_ticks_stays_for_their_answer(backstage: Any) -> None:
    """Paused after two ticks of five: the step is answered with the fifth, once somebody resumes it."""
    backstage.add(sleeper(mode="turn_based"))
    backstage.running.run_to({})
    backstage.submit(VILLAGE, InputKind.STEP, ticks=5)
    hosted = backstage.running.hosted[VILLAGE]
    while hosted.world.tick < 2:
        backstage.running.tick(hosted, 0, 0)
    backstage.submit(VILLAGE, InputKind.PAUSE)
    backstage.turn()
    assert backstage.answers() == [(True, 2)]
    assert VILLAGE in backstage.running.hosted
    backstage.submit(VILLAGE, InputKind.RESUME)
    backstage.turn()
    assert sorted(backstage.answers()) == [(True, 2), (True, 5), (True, 5)]


def test_a_world_that_awaits_a_result_for_a_tick_of_its_own_does_not_sleep() -> None:
    """Lockstep: the result lands five ticks after the hand-over, whoever is there. A live one may wait."""
    world, _ = create(parse_world(sleeper(), "test"), GenerationMode.OFF)
    asked = Requested(RequestId("r"), NpcId("npc:1"), 1, "dialogue", Band.AMBIENT, "dialogue", {})
    queue, _, _ = Requests().make([asked], Tick(0), Micros(0), 10)
    for lockstep_ticks, sleeps in ((None, True), (5, False)):
        world.requests, _ = queue.hand_over(1, Tick(0), Micros(0), lockstep_ticks)
        assert may_sleep(world) is sleeps


def test_a_world_with_an_input_to_apply_does_not_sleep() -> None:
    world, _ = create(parse_world(sleeper(), "test"), GenerationMode.OFF)
    assert may_sleep(world)
    assert world.deliver([Input(world.next_seq, InputKind.FLAGS, {"flags": {"lamp": 1}})])
    assert not may_sleep(world)


def test_a_world_that_is_woken_and_never_left_asks_for_the_inputs_it_was_woken_for(backstage: Any) -> None:
    """The Archivist took them for nobody's."""
    backstage.add(sleeper())
    backstage.sleeping.wake(VILLAGE)
    assert backstage.mail == [FetchInputs(world_id=VILLAGE, after=Seq(0))]
