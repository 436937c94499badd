"""Worlds on a shard: the same as by plain calls, and back where they stood after any accident."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from actors.sharing import QUANTUM_NS
from messages.archive import OwnWorlds
from messages.base import Refused
from messages.commits import Fenced, InputOutcome
from messages.shards import ReadWorld, ShardReported, WorldFailed, WorldOpened
from messages.tick import Crashed
from persistence import inputs
from persistence.engine import Database
from persistence.tables import snapshots
from persistence.tables import worlds as world_rows
from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.stage import Stage
from simulation.units import Epoch, GenerationMode, InputKind, Seq, Tick, Tier, WorldId
from village import document

PEOPLE, TICKS = 60, 90
VILLAGE = WorldId("village")


def by_plain_calls(ticks: int, **simulation: Any) -> str:
    """The village's hash after so many ticks, without actors."""
    world, stages = create(parse_world(document(PEOPLE, **simulation), "test"), GenerationMode.OFF)
    for _ in drive.run(world, stages, ticks):
        """Made."""
    return drive.state_hash(world, stages)


def village(name: str = "village", **simulation: Any) -> dict[str, Any]:
    return {**document(PEOPLE, **simulation), "id": name}


def test_a_world_is_stopped_by_two_crashes_at_one_tick_and_by_no_others(backstage: Any) -> None:
    name = backstage.add(document(5))
    for tick in (3, 5, 3, 3):
        assert backstage.heard(WorldFailed) == []
        backstage.adoption.on_crash(Crashed(name, Tick(tick), "its tick", "ValueError: no"))
        backstage.turn()
    (failed,) = backstage.heard(WorldFailed)
    assert failed.reason == "tick 3 failed twice in its tick: ValueError: no"


def test_a_world_that_is_refused_is_on_its_way_no_more(backstage: Any) -> None:
    backstage.adoption.claim(VILLAGE)
    (ask,) = backstage.mail
    refused = Refused(ask_id=ask.ask_id, reason="no world village")
    backstage.adoption.on_refused(refused)
    assert not backstage.adoption.is_busy
    assert backstage.heard(Refused) == [refused]


def test_a_world_through_its_actors_is_the_world_by_plain_calls(backstage: Any) -> None:
    backstage.add(village())
    backstage.run(TICKS)
    assert backstage.hash_of("village") == (TICKS, by_plain_calls(TICKS))


def test_a_world_is_let_go_when_it_is_fenced_and_not_for_what_a_former_owner_wrote(backstage: Any) -> None:
    name = backstage.add(document(1))
    epoch = backstage.running.hosted[name].buffer.epoch
    for fenced, here in ((epoch - 1, [name]), (epoch, [])):
        backstage.adoption.on_fenced(Fenced(world_id=name, epoch=Epoch(fenced), owner_epoch=Epoch(epoch + 1)))
        assert list(backstage.running.hosted) == here


def test_a_world_on_its_way_is_asked_for_again_when_the_archivist_is_new_and_else_once(
    backstage: Any,
) -> None:
    backstage.adoption.claim(VILLAGE)
    (claim,) = backstage.mail
    backstage.sleeping.wake(VILLAGE)
    assert backstage.mail == [claim]
    backstage.adoption.say_again()
    assert backstage.mail == [claim, claim]


def test_of_a_world_that_was_let_go_on_its_way_nothing_is_kept(backstage: Any) -> None:
    backstage.adoption.claim(VILLAGE)
    backstage.adoption.on_inputs(VILLAGE)
    backstage.adoption.let_go(VILLAGE)
    assert (backstage.adoption.missed, backstage.adoption.claims) == (set(), {})


def test_a_report_tells_of_ticks_that_were_dropped(backstage: Any) -> None:
    hosted = backstage.running.hosted[backstage.add(document(1))]
    assert [hosted.is_other(), hosted.is_other()] == [True, False]
    hosted.pacer.missed += 1
    assert [hosted.is_other(), hosted.is_other()] == [True, False]


def test_a_world_that_was_let_go_owes_its_shard_nothing(backstage: Any) -> None:
    name = backstage.add(document(1))
    backstage.running.sharing.spent(name, 10 * QUANTUM_NS, 1)
    backstage.adoption.let_go(name)
    assert backstage.running.sharing.turn(name, alone=False)


def test_a_world_that_waits_for_nothing_more_goes_on_when_its_patience_is_over(backstage: Any) -> None:
    """What it waited for came at that very moment."""
    hosted = backstage.running.hosted[backstage.add(document(1))]
    backstage.running.give_up_waiting(hosted)
    assert hosted.stopped == ""


def test_what_waits_for_a_world_that_comes_is_applied_though_it_does_not_tick(backstage: Any) -> None:
    name = backstage.add(document(1, mode="turn_based"))
    backstage.adoption.let_go(name)
    backstage.store(lambda db: inputs.record(db, name, InputKind.FLAGS, {"flags": {"lamp": 1}}, "key"))
    backstage.adoption.claim(name)
    backstage.turn()
    world = backstage.running.hosted[name].world
    assert (world.tick, world.flags["lamp"]) == (0, 1)


def test_a_goal_is_reached_when_nothing_waits_to_be_committed(backstage: Any) -> None:
    """An input that is applied where the goal is has no answer yet."""
    backstage.add(village())
    backstage.run(2)
    hosted = backstage.running.hosted[VILLAGE]
    assert hosted.report(0).goal_reached
    applied = {"seq": Seq(1), "tick": Tick(2), "ordinal": 1, "answer_at_tick": Tick(2)}
    hosted.buffer.settled([InputOutcome(**applied, applied=True, detail={})], 0)
    assert not hosted.report(0).goal_reached


def test_a_world_holds_still_until_it_is_told_how_far_to_run(backstage: Any) -> None:
    backstage.add(village())
    assert backstage.hash_of("village")[0] == 0


def test_a_new_shard_brings_it_back_where_it_stood(backstage: Any, another: Callable[[], Any]) -> None:
    backstage.add(village())
    backstage.run(TICKS // 2)
    successor = another()
    successor.adoption.claim(WorldId("village"))
    successor.turn()
    (opened,) = successor.heard(WorldOpened)
    assert (opened.report.tick, opened.report.state_hash) == backstage.hash_of("village")
    successor.run(TICKS)
    assert successor.hash_of("village") == (TICKS, by_plain_calls(TICKS))


def test_the_old_shard_can_write_nothing_more(backstage: Any, another: Callable[[], Any]) -> None:
    """It was only slow, not dead: its commits are refused, and it lets the world go."""
    backstage.add(village())
    backstage.run(10)
    successor = another()
    successor.adoption.claim(WorldId("village"))
    successor.turn()
    before = rows(backstage)["commit_number"]
    backstage.run(20)
    assert rows(backstage)["commit_number"] == before


def rows(backstage: Any, world_id: str = "village") -> dict[str, Any]:
    found: dict[str, Any] = backstage.store.rows(select(world_rows).where(world_rows.c.id == world_id))[0]
    return found


def failing(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """The village's detailed tier raises at its first work from tick 30 on, so many times; those ticks."""
    raised: list[int] = []
    real = Stage.tick

    def raising(self: Stage, order: Any) -> Any:
        of_it = self.script.definition.id == "village" and self.tier is Tier.DETAILED
        if of_it and order.tick >= 30 and len(raised) < times:
            raised.append(order.tick)
            raise ZeroDivisionError("a bug in a tier")
        return real(self, order)

    monkeypatch.setattr(Stage, "tick", raising)
    return raised


def test_a_tick_that_fails_once_is_made_again_from_the_last_commit(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.add(village())
    raised = failing(monkeypatch, times=1)
    backstage.run(TICKS)
    assert len(raised) == 1
    assert backstage.hash_of("village") == (TICKS, by_plain_calls(TICKS))
    assert backstage.heard(WorldFailed) == []


def test_a_tick_that_fails_twice_stops_its_world_and_no_other(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.add(village())
    backstage.add(village("hamlet"))
    raised = failing(monkeypatch, times=2)
    backstage.run(TICKS)
    assert raised[0] == raised[1]
    (failed,) = backstage.heard(WorldFailed)
    assert failed.world_id == "village"
    assert f"tick {raised[0]} failed twice in tier detailed" in failed.reason
    assert "ZeroDivisionError: a bug in a tier" in failed.reason
    assert rows(backstage)["quarantine_reason"] == failed.reason
    assert backstage.hash_of("hamlet")[0] == TICKS
    assert "village" not in backstage.running.hosted


def test_a_quarantined_world_is_not_run_again_until_it_is_released(
    backstage: Any, another: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from persistence import worlds

    backstage.add(village())
    failing(monkeypatch, times=2)
    backstage.run(TICKS)
    successor = another()
    successor.adoption.claim(WorldId("village"))
    successor.turn()
    (failed,) = successor.heard(WorldFailed)
    assert failed.report.tick == rows(successor)["tick"]
    successor.store(lambda db: worlds.release(db, WorldId("village")))
    successor.adoption.claim(WorldId("village"))
    successor.turn()
    successor.run(TICKS)
    assert successor.hash_of("village") == (TICKS, by_plain_calls(TICKS))


def test_a_history_that_differs_is_quarantined_and_says_both_hashes(
    backstage: Any, another: Callable[[], Any]
) -> None:
    backstage.add(village())
    backstage.run(10)
    mark = {**rows(backstage)["mark"], "state_hash": "0" * 32}

    async def forge(db: Database) -> None:
        async with db.write() as connection:
            await connection.execute(update(world_rows).values(mark=mark))

    backstage.store(forge)
    successor = another()
    successor.adoption.claim(WorldId("village"))
    successor.turn()
    (failed,) = successor.heard(WorldFailed)
    assert f"committed was {'0' * 32}" in failed.reason
    assert backstage.hash_of("village")[1] in failed.reason


def test_a_stored_world_that_this_version_refuses_stops_alone_and_says_why(
    backstage: Any, another: Callable[[], Any]
) -> None:
    """A stricter version reads a file that an older one took."""
    backstage.add(village())
    backstage.add(village("hamlet"))
    text = rows(backstage)["definition"].replace('"energy_between"', '"vigour_between"')

    async def age(db: Database) -> None:
        async with db.write() as connection:
            old = update(world_rows).where(world_rows.c.id == "village").values(definition=text)
            await connection.execute(old)

    backstage.store(age)
    successor = another()
    for name in ("village", "hamlet"):
        successor.adoption.claim(WorldId(name))
    successor.turn()
    (failed,) = successor.heard(WorldFailed)
    assert failed.world_id == "village"
    assert "no condition type 'vigour_between'" in failed.reason
    assert list(successor.running.hosted) == ["hamlet"]


def test_a_recovery_that_raises_stops_its_world_alone(
    backstage: Any, another: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.add(village())
    backstage.run(40)
    failing(monkeypatch, times=99)
    successor = another()
    successor.adoption.claim(WorldId("village"))
    successor.turn()
    (failed,) = successor.heard(WorldFailed)
    assert failed.reason == "recovery failed: ZeroDivisionError('a bug in a tier')"


@pytest.mark.parametrize("damaged", [(20,), (10, 20)])
def test_a_damaged_snapshot_falls_back_to_the_one_before(
    backstage: Any, another: Callable[[], Any], damaged: tuple[int, ...]
) -> None:
    """Of three: the first is of its birth."""
    backstage.add(village())
    for tick in (10, 20):
        backstage.run(tick)
        backstage.running.committing.save_all()
        backstage.turn()
        for hosted in backstage.running.hosted.values():
            hosted.stopped, hosted.saving = "", False
    expected = backstage.hash_of("village")

    async def damage(db: Database) -> None:
        async with db.write() as connection:
            for tick in damaged:
                here = snapshots.c.tick == tick
                body = (await connection.execute(select(snapshots.c.body).where(here))).scalar_one()
                spoilt = body[:-1] + bytes([body[-1] ^ 1])
                await connection.execute(update(snapshots).where(here).values(body=spoilt))

    backstage.store(damage)
    successor = another()
    successor.adoption.claim(WorldId("village"))
    successor.turn()
    assert successor.hash_of("village") == expected


def test_a_read_of_a_world_that_is_coming_waits_for_it(backstage: Any, another: Callable[[], Any]) -> None:
    from messages.admin import WorldShown

    backstage.add(village())
    backstage.run(10)
    successor = another()
    successor.adoption.claim(WorldId("village"))
    assert successor.adoption.is_coming(WorldId("village"))
    successor.reading.wait(ReadWorld(ask_id="r", world_id=WorldId("village")))
    successor.turn()
    (shown,) = successor.heard(WorldShown)
    assert (shown.ask_id, shown.report.tick) == ("r", Tick(10))


def test_the_next_plan_is_read_without_making_it(backstage: Any) -> None:
    from messages.admin import WorldPlanned, WorldShown
    from messages.shards import ReadPlan

    village_id = backstage.add(village(maxNpcTicksPerStep=5))
    backstage.run(10)
    for ask in (ReadPlan(ask_id="next", world_id=village_id), ReadPlan(ask_id="again", world_id=village_id)):
        backstage.reading.read(ask)
        backstage.turn()
    first, second = backstage.heard(WorldPlanned)
    assert first.plan == second.plan
    assert (first.plan["tick"], first.report.tick, first.inputs) == (11, 10, 0)
    assert first.holds == "its goal, tick 10, is reached"
    short = first.plan["leftOut"][0]
    assert 0 < short["people"] == len(short["next"]) <= 8
    backstage.run(11)
    backstage.reading.read(ReadWorld(ask_id="last", world_id=village_id))
    backstage.turn()
    (shown,) = backstage.heard(WorldShown)
    made, foreseen = without_names(shown.plan), without_names(first.plan)
    assert made == foreseen


def without_names(plan: dict[str, Any]) -> dict[str, Any]:
    """A tier that serves nobody is not asked who waits there, so the plan of a tick made names nobody."""
    return {**plan, "leftOut": [{**short, "next": []} for short in plan["leftOut"]]}


@pytest.mark.parametrize(
    ("mode", "says"), [("paused", "it is paused"), ("turn_based", "it is turn-based"), ("real_time", "")]
)
def test_a_plan_says_what_holds_it(backstage: Any, mode: str, says: str) -> None:
    from messages.admin import WorldPlanned
    from messages.shards import ReadPlan

    village_id = backstage.add(village(mode=mode))
    backstage.running.run_to({})
    backstage.reading.read(ReadPlan(ask_id="p", world_id=village_id))
    for _ in range(20):
        if backstage.mail:
            backstage.carry(backstage.mail.pop(0))
    (planned,) = backstage.heard(WorldPlanned)
    assert planned.holds.startswith(says)
    assert bool(planned.holds) == bool(says)


def test_a_read_of_a_world_that_is_not_here_is_refused(backstage: Any) -> None:
    backstage.reading.read(ReadWorld(ask_id="r", world_id=WorldId("village")))
    assert [message.ask_id for message in backstage.heard(Refused)] == ["r"]


def test_a_saved_world_stands_still_and_is_reported_as_it_ran(backstage: Any) -> None:
    backstage.add(village())
    backstage.run(10)
    backstage.running.committing.save_all()
    backstage.turn()
    (report,) = backstage.running.committing.all_saved()
    assert (report.status, report.tick) == ("running", 10)
    backstage.run(20)
    assert backstage.hash_of("village")[0] == 10


def test_saving_waits_for_the_commit(backstage: Any) -> None:
    backstage.add(village())
    backstage.running.run_to({WorldId("village"): Tick(5)})
    for _ in range(5):
        backstage.running.tick(backstage.running.hosted[WorldId("village")], 0, 0)
    backstage.running.committing.save_all()
    assert backstage.running.committing.all_saved() is None
    backstage.turn()
    assert backstage.running.committing.all_saved()[0].tick == 5


# -- inputs that were lost on their way


def in_no_time(backstage: Any) -> None:
    """What is waited for is committed at once, not a twentieth of a second later."""
    for hosted in backstage.running.hosted.values():
        hosted.buffer.delay_ns = 0


def lose(backstage: Any, kind: InputKind, **payload: Any) -> None:
    """An input becomes durable and its message never comes."""
    backstage.owned.discard(VILLAGE)
    backstage.submit(VILLAGE, kind, **payload)
    backstage.owned.add(VILLAGE)


def test_an_input_that_was_lost_on_its_way_is_fetched_when_the_next_comes(backstage: Any) -> None:
    backstage.add(village(mode="turn_based"))
    backstage.running.run_to({})
    in_no_time(backstage)
    lose(backstage, InputKind.STEP, ticks=2)
    backstage.submit(VILLAGE, InputKind.STEP, ticks=3)
    backstage.turn()
    assert len(backstage.answers()) == 2
    assert backstage.running.hosted[VILLAGE].world.tick == 5


def test_an_archivist_that_was_restarted_hears_whose_worlds_these_are_and_brings_what_was_lost(
    backstage: Any,
) -> None:
    backstage.add(village(mode="turn_based"))
    backstage.running.run_to({})
    in_no_time(backstage)
    lose(backstage, InputKind.STEP, ticks=2)
    backstage.running.say_again()
    epoch = backstage.running.hosted[VILLAGE].buffer.epoch
    assert backstage.mail[0] == OwnWorlds(shard=0, epochs={VILLAGE: epoch})
    backstage.turn()
    assert backstage.answers() == [(True, 2)]


def test_inputs_after_a_gap_that_a_rollback_left_are_the_next_ones(
    backstage: Any, another: Callable[[], Any]
) -> None:
    """The numbers of the abandoned branch are not given again, and nothing is waited for in their place."""
    backstage.add(village(mode="turn_based"))
    backstage.running.committing.save_all()
    backstage.turn()

    async def leave_a_gap(db: Database) -> None:
        async with db.write() as connection:
            await connection.execute(update(world_rows).values(next_seq=world_rows.c.next_seq + 5))

    backstage.store(leave_a_gap)
    successor = another()
    successor.adoption.claim(VILLAGE)
    successor.running.run_to({})
    successor.turn()
    in_no_time(successor)
    successor.submit(VILLAGE, InputKind.STEP, ticks=2)
    successor.turn()
    assert successor.answers() == [(True, 2)]


def test_a_pause_that_waits_for_a_tick_comes_before_it_and_the_tick_is_not_made(backstage: Any) -> None:
    backstage.add(village())
    hosted = backstage.running.hosted[VILLAGE]
    hosted.going = True
    backstage.submit(VILLAGE, InputKind.PAUSE)
    assert hosted.world.has_applicable, "a world that ticks at once takes its inputs with the tick"
    backstage.running.tick(hosted, 0, 0)
    assert (hosted.world.tick, hosted.world.paused) == (0, True)


def test_a_world_that_is_let_go_leaves_no_actor_behind(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.add(village())
    address = backstage.running.hosted[VILLAGE].address
    ended: list[Any] = []
    monkeypatch.setattr(backstage.running.inner, "destroy", ended.append)
    backstage.running.forget(VILLAGE)
    assert ended == [address]


def test_a_world_that_is_let_go_wakes_its_shard_no_more(backstage: Any) -> None:
    backstage.add(village())
    hosted = backstage.running.hosted[VILLAGE]
    hosted.going = True
    backstage.running.schedule(hosted, 0)
    assert backstage.running.timers.next_ns() is not None
    backstage.running.forget(VILLAGE)
    assert backstage.running.timers.next_ns() is None


def test_first_snapshots_of_worlds_brought_back_together_come_at_moments_of_their_own(
    backstage: Any, another: Callable[[], Any]
) -> None:
    """Every 30 s of real time: the first after all of it, the second after half of it."""
    names = [backstage.add(village(name)) for name in ("first", "second")]
    successor = another()
    for name in names:
        successor.adoption.claim(name)
    successor.turn()
    buffers = [successor.running.hosted[name].buffer for name in names]
    ages = [buffer.flushed_ns - buffer.snapshot_ns for buffer in buffers]
    assert ages == [0, 15_000_000_000]


def test_how_long_a_world_waits_for_results_counts_anew_each_time(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.add(village())
    hosted = backstage.running.hosted[VILLAGE]
    since = []
    for at_ns, waits in ((10, ("r1",)), (20, ("r1",)), (30, ()), (40, ("r2",))):
        monkeypatch.setattr(hosted, "blocked", lambda waits=waits: waits)
        backstage.running.schedule(hosted, at_ns)
        since.append(hosted.blocked_since_ns)
    assert since == [10, 10, None, 40]


def test_a_world_that_waited_too_long_for_results_is_told_of_at_once(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.add(village())
    hosted = backstage.running.hosted[VILLAGE]
    monkeypatch.setattr(hosted, "blocked", lambda: ("r1",))
    backstage.running.give_up_waiting(hosted)
    (told,) = backstage.heard(ShardReported)[-1].worlds
    assert (told.status, told.because) == ("stopped", "waited 60 s for generation results of tick 1: r1")


@pytest.mark.parametrize(
    ("kind", "goes_on"), [("resume", True), ("step", True), ("config", False), ("generation_result", False)]
)
def test_a_world_that_waited_too_long_waits_anew_for_whoever_asks_for_more_ticks(
    backstage: Any, monkeypatch: pytest.MonkeyPatch, kind: str, goes_on: bool
) -> None:
    backstage.add(village())
    hosted = backstage.running.hosted[VILLAGE]
    monkeypatch.setattr(hosted.world, "blocked", lambda: ("r1",))
    backstage.running.schedule(hosted, 10)
    backstage.running.give_up_waiting(hosted)
    hosted.hear({InputKind(kind)})
    assert bool(hosted.stopped) is not goes_on
    backstage.running.schedule(hosted, 20)
    assert hosted.blocked_since_ns == (20 if goes_on else 10)


def test_a_world_whose_definition_is_anothers_is_stopped_and_shown(
    backstage: Any, another: Callable[[], Any]
) -> None:
    """Hosted under the id that it says, nobody who asked for this one would ever be answered."""
    backstage.add(village())
    stranger = json.dumps(village("hamlet"))

    async def change(db: Database) -> None:
        async with db.write() as connection:
            await connection.execute(update(world_rows).values(definition=stranger))

    backstage.store(change)
    successor = another()
    successor.adoption.claim(VILLAGE)
    successor.turn()
    (failed,) = successor.heard(WorldFailed)
    assert (failed.world_id, failed.reason) == ("village", "its definition is of a world 'hamlet'")
    assert not successor.running.hosted
