"""Every ask is answered once, whoever dies in between; nobody is shown less than they were told."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from actors import front_desk, input_desk
from actors.front_desk import FrontDesk
from actors.logs import get_logger
from actors.placement import Placement
from messages import admin, appointments, archive, shards
from messages.base import Refused
from messages.service import WorldReport
from simulation.housekeeping import Chore, Housekeeping
from simulation.units import InputKind, NpcId, Seq, Tick, WorldId

INN = WorldId("inn")


def report(tick: int, status: str = "running") -> WorldReport:
    return WorldReport(
        world_id=INN,
        name="Inn",
        status=status,
        shard=0,
        tick=Tick(tick),
        world_time=float(tick),
        state_hash="",
        decisions=0,
        decisions_by_tier={},
        people_by_tier={},
        requests=0,
    )


class Desk(FrontDesk):
    """With the inn on shard 0; what it says to children and to clients is kept."""

    def __init__(self) -> None:
        placement = Placement(1)
        placement.place(INN)
        placement.hear([report(5)])
        self.told: list[tuple[str, Any]] = []
        self.answered: list[tuple[Any, Any]] = []
        super().__init__(
            placement,
            lambda name, message: self.told.append((name, message)),
            lambda address, message: self.answered.append((address, message)),
            get_logger("test"),
        )

    def ask(self, message: Any, who: str = "client") -> None:
        if self.welcome(message, who):  # type: ignore[arg-type]
            self.on_ask(message)

    def submit(self, ask_id: str, kind: InputKind = InputKind.PAUSE) -> None:
        self.ask(admin.SubmitInput(ask_id=ask_id, world_id=INN, kind=kind, payload={}), f"of {ask_id}")

    def recorded(self, ask_id: str, seq: int, *, known: bool = False) -> None:
        self.inputs.on_input(archive.InputRecorded(ask_id=ask_id, world_id=INN, seq=Seq(seq), known=known))

    def outcome(self, seq: int, at: WorldReport) -> None:
        answer = shards.AnsweredInput(seq=Seq(seq), applied=True, detail={})
        self.inputs.on_inputs_answered(shards.InputsAnswered(world_id=INN, answers=(answer,), report=at))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_an_input_is_recorded_first_and_answered_with_its_outcome(desk: Desk) -> None:
    desk.submit("a")
    ((child, asked),) = desk.told
    assert (child, type(asked), asked.idempotency_key) == ("archivist", archive.RecordInput, "ask:a")
    desk.recorded("a", 1)
    assert desk.answered == []
    desk.outcome(1, report(6, "paused"))
    ((who, answer),) = desk.answered
    assert (who, answer.ask_id, answer.seq, answer.tick) == ("of a", "a", 1, 6)


def test_whoever_was_answered_is_never_shown_an_older_state(desk: Desk) -> None:
    desk.submit("a")
    desk.recorded("a", 1)
    desk.outcome(1, report(6, "paused"))
    desk.ask(admin.ListWorlds(ask_id="l"))
    (listed,) = desk.answered[-1][1].worlds
    assert (listed.tick, listed.status) == (6, "paused")


def test_an_outcome_is_given_once_to_everybody_who_asked_with_that_key(desk: Desk) -> None:
    for ask_id in ("a", "b"):
        desk.submit(ask_id)
    desk.recorded("a", 1)
    desk.recorded("b", 1, known=True)
    desk.outcome(1, report(6))
    desk.outcome(1, report(6))
    assert sorted(answer.ask_id for _, answer in desk.answered) == ["a", "b"]


def test_what_a_killed_archivist_was_asked_is_asked_again(desk: Desk) -> None:
    desk.submit("a")
    desk.told.clear()
    desk.ask_archive_again()
    assert [message.ask_id for _, message in desk.told] == ["a"]
    desk.heard("a")
    desk.told.clear()
    desk.ask_archive_again()
    assert desk.told == []


def test_an_answer_that_died_with_its_shard_is_looked_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.submit("a")
    desk.recorded("a", 1)
    monkeypatch.setattr(input_desk, "LOST_AFTER_S", -1.0)
    desk.told.clear()
    desk.inputs.ask_after_lost()
    ((_, asked),) = desk.told
    assert (type(asked), asked.seq) == (archive.AskOutcome, 1)
    found = archive.OutcomeFound(
        ask_id=asked.ask_id,
        world_id=INN,
        seq=Seq(1),
        applied=True,
        detail={},
        tick=Tick(5),
        answer_at_tick=Tick(5),
    )
    desk.inputs.on_input(found)
    assert [answer.ask_id for _, answer in desk.answered] == ["a"]


def test_lost_answers_are_asked_after_once_a_second_a_few_at_a_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three are lost and two may be asked after at once: the third has its turn a tenth of a second later,
    and then a whole second passes. The clock stands at 100, 100.05, 100.1 and 101.05 s."""
    clock = SimpleNamespace(now=50.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(input_desk, "time", clock)
    desk.inputs.chores = Housekeeping((Chore("lost answers", 1.0, 2),), 50.0)
    for number in (1, 2, 3):
        desk.submit(f"a{number}")
        desk.recorded(f"a{number}", number)
    asked = []
    for clock.now in (100.0, 100.05, 100.1, 101.05):
        desk.told.clear()
        desk.inputs.ask_after_lost()
        asked.append([message.seq for _, message in desk.told])
    assert asked == [[1, 2], [], [3], []]
    (row,) = desk.inputs.chores.to_json(101.05, 1_101.05)
    assert (row["lastRun"], row["nextRun"], row["did"], row["didInAll"]) == (1_100.1, 1_101.1, 1, 3)


def test_a_look_for_lost_answers_that_raises_fails_alone_and_comes_again_in_a_second(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=50.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(input_desk, "time", clock)
    desk.inputs.chores = Housekeeping((Chore("lost answers", 1.0, 2),), 50.0)
    desk.submit("a")
    desk.recorded("a", 1)
    desk.told.clear()
    clock.now = 100.0

    def broken(*_: object) -> None:
        raise KeyError("seq")

    with monkeypatch.context() as patched:
        patched.setattr(desk.inputs, "ask_after", broken)
        desk.inputs.ask_after_lost()
    (row,) = desk.inputs.chores.to_json(100.0, 1_100.0)
    assert (row["nextRun"], row["failures"], row["because"]) == (1_101.0, 1, "KeyError: 'seq'")
    clock.now = 101.0
    desk.inputs.ask_after_lost()
    assert [message.seq for _, message in desk.told] == [1]


def test_who_sends_an_input_again_is_not_kept_waiting_for_the_next_look(desk: Desk) -> None:
    desk.inputs.ask_after_lost()
    desk.submit("a")
    desk.told.clear()
    desk.recorded("a", 1, known=True)
    assert [message.seq for _, message in desk.told] == [1]


def test_whoever_asks_for_a_world_sees_the_chores_of_every_process(desk: Desk) -> None:
    """Those of the world's shard come with its answer."""
    swept = {"name": "sweep", "by": "shard 0"}
    desk.on_chores(archive.ChoresReported(chores=({"name": "dust"},)))
    desk.ask(admin.PlanWorld(ask_id="p", world_id=INN))
    planned = admin.WorldPlanned(
        ask_id="p", report=report(5), plan={}, inputs=0, holds="", housekeeping=(swept,)
    )
    desk.answer(planned)
    shown = [(row["by"], row["name"]) for row in desk.answered[-1][1].housekeeping]
    assert shown == [("archivist", "dust"), ("supervisor", "lost answers"), ("shard 0", "sweep")]


def test_a_read_goes_to_the_shard_and_again_to_its_successor(desk: Desk) -> None:
    desk.ask(admin.ShowWorld(ask_id="a", world_id=INN))
    desk.read_again(0)
    desk.read_again(1)
    assert [child for child, _ in desk.told] == ["shard 0", "shard 0"]


def test_a_plan_is_asked_of_the_world_s_shard(desk: Desk) -> None:
    desk.ask(admin.PlanWorld(ask_id="a", world_id=INN))
    ((child, asked),) = desk.told
    assert (child, asked) == ("shard 0", shards.ReadPlan(ask_id="a", world_id=INN))


def test_an_unknown_world_is_refused_with_those_there_are(desk: Desk) -> None:
    desk.ask(admin.ShowWorld(ask_id="a", world_id=WorldId("barn")))
    ((_, refused),) = desk.answered
    assert (refused.reason, refused.do) == (
        "no world 'barn' is here",
        "`theatrum world list` shows those there are.",
    )


def test_a_quarantined_world_takes_a_resume_and_nothing_else(desk: Desk) -> None:
    desk.placement.quarantined[INN] = "tick 5 failed twice"
    desk.submit("a")
    ((_, refused),) = desk.answered
    assert isinstance(refused, Refused)
    assert "tick 5 failed twice" in refused.reason
    assert desk.told == []
    desk.submit("b", InputKind.RESUME)
    ((_, asked),) = desk.told
    assert isinstance(asked, archive.ReleaseWorld)
    desk.on_registry(archive.WorldReleased(ask_id="b", world_id=INN, released=True))
    assert isinstance(desk.told[-1][1], shards.AdoptWorld)
    desk.on_world(shards.WorldOpened(shard=0, report=report(5)))
    assert desk.answered[-1][1].detail["released"] is True


def test_too_many_asks_at_once_are_refused_and_told_to_come_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_desk, "ASKS_MAX", 2)
    for ask_id in ("a", "b", "c"):
        desk.submit(ask_id)
    ((who, refused),) = desk.answered
    assert (who, refused.do) == ("of c", "Try again in a moment.")


def test_whoever_waits_for_a_world_that_stops_is_told_why_and_that_the_input_is_kept(desk: Desk) -> None:
    desk.submit("a")
    desk.recorded("a", 1)
    desk.submit("b")
    desk.recorded("b", 2)
    desk.outcome(1, report(5))
    failed = shards.WorldFailed(
        shard=0, world_id=INN, reason="tick 6 failed twice", report=report(5, "stopped")
    )
    desk.on_world(failed)
    desk.on_world(failed)
    (_, answered), (who, refused) = desk.answered
    assert isinstance(answered, admin.InputAnswered)
    assert (who, refused.reason) == ("of b", "inn stopped before it answered: tick 6 failed twice")
    assert refused.do == "The input is stored: `theatrum world resume` lets the world try again."
    assert desk.inputs.waiting == {}


def test_whoever_waits_for_a_world_that_will_not_tick_is_told_once_and_later_ones_wait(desk: Desk) -> None:
    desk.submit("a")
    desk.recorded("a", 1)
    stopped = report(5, "stopped").model_copy(update={"because": "3 ticks behind"})
    desk.inputs.on_reports([stopped])
    ((who, refused),) = desk.answered
    assert (who, refused.reason) == ("of a", "inn stopped before it answered: 3 ticks behind")
    desk.submit("b", InputKind.RESUME)
    desk.recorded("b", 2)
    desk.inputs.on_reports([stopped])
    assert len(desk.answered) == 1
    desk.outcome(2, report(6))
    assert desk.answered[-1][1].tick == 6


def test_a_removed_world_is_dropped_by_its_shard_and_forgotten(desk: Desk) -> None:
    desk.ask(admin.RemoveWorld(ask_id="a", world_id=INN))
    desk.on_registry(archive.WorldRetired(ask_id="a", world_id=INN, report=report(5, "removed")))
    assert desk.told[-1] == ("shard 0", shards.DropWorld(world_id=INN))
    assert desk.placement.shard_of == {}
    assert isinstance(desk.answered[-1][1], admin.WorldRemoved)


@pytest.fixture
def resting(desk: Desk) -> Desk:
    """The inn sleeps."""
    desk.on_world(shards.WorldSlept(shard=0, report=report(5, "sleeping")))
    return desk


def woken(desk: Desk) -> list[Any]:
    return [message for _, message in desk.told if isinstance(message, shards.WakeWorld)]


@pytest.mark.parametrize(
    "ask",
    [
        admin.SubmitInput(ask_id="a", world_id=INN, kind=InputKind.PAUSE, payload={}),
        admin.ShowWorld(ask_id="a", world_id=INN),
        admin.ShowPerson(ask_id="a", world_id=INN, npc_id=NpcId("ada")),
    ],
)
def test_whoever_asks_for_a_world_that_sleeps_wakes_it_once(resting: Desk, ask: Any) -> None:
    resting.ask(ask)
    resting.ask(ask.model_copy(update={"ask_id": "b"}))
    assert len(woken(resting)) == 1
    assert resting.placement.on_shard(0) == (INN,), "a shard that dies now brings it back all the same"


def test_a_world_that_sleeps_is_listed_opened_and_added_again_without_waking_it(resting: Desk) -> None:
    resting.ask(admin.ListWorlds(ask_id="l"))
    resting.ask(admin.OpenWorld(ask_id="o", world_id=INN))
    resting.on_registry(
        archive.WorldRegistered(ask_id="r", world_id=INN, name="Inn", resumed=True, tick=Tick(5))
    )
    assert resting.answered[0][1].worlds[0].status == "sleeping"
    assert woken(resting) == []
    assert [type(message) for _, message in resting.told] == []


def test_an_input_that_no_shard_was_told_of_wakes_its_world(resting: Desk) -> None:
    resting.on_inputs_waiting(INN)
    resting.on_inputs_waiting(WorldId("of another service"))
    assert len(woken(resting)) == 1
    assert resting.placement.asleep == set()


def test_news_of_a_world_that_fell_asleep_after_it_was_removed_are_dropped(desk: Desk) -> None:
    desk.placement.forget(INN)
    desk.on_world(shards.WorldSlept(shard=0, report=report(5, "sleeping")))
    assert desk.placement.asleep == set()


def test_a_sleeper_whose_input_was_quicker_than_its_registration_is_woken(desk: Desk) -> None:
    """An appointment may come while a service starts, before it knows the worlds that sleep."""
    mill = WorldId("mill")
    asleep = report(3, "sleeping").model_copy(update={"world_id": mill})
    desk.on_inputs_waiting(mill)
    assert desk.told == []
    desk.on_sleeper(asleep)
    assert desk.told == [("shard 0", shards.WakeWorld(world_id=mill))]
    assert mill not in desk.placement.asleep
    desk.on_sleeper(asleep)  # once more, with nothing that waits
    assert len(desk.told) == 1
    desk.on_sleeper(report(3, "sleeping").model_copy(update={"world_id": WorldId("barn")}))
    assert desk.placement.asleep == {WorldId("barn")}


def test_what_is_asked_of_appointments_goes_to_the_archivist_as_it_is(desk: Desk) -> None:
    asked = appointments.ListAppointments(ask_id="a", world_id=INN)
    desk.ask(asked)
    assert desk.told == [("archivist", asked)]
    desk.ask(appointments.ListAppointments(ask_id="b", world_id=WorldId("nowhere")), "of b")
    ((who, answer),) = desk.answered
    assert (who, type(answer)) == ("of b", Refused)


# -- worlds that are not in service


@pytest.mark.parametrize(("removed_at", "time_of_day"), [(5, "noon"), (7, "")])
def test_a_removed_world_shows_the_time_of_day_only_of_the_tick_it_was_told_of(
    desk: Desk, removed_at: int, time_of_day: str
) -> None:
    desk.placement.hear([report(5).model_copy(update={"time_of_day": "noon"})])
    desk.on_registry(archive.WorldRetired(ask_id="r", world_id=INN, report=report(removed_at, "removed")))
    assert desk.resting.reports[INN].time_of_day == time_of_day


def test_a_removed_world_is_listed_refused_and_brought_back_by_its_id(desk: Desk) -> None:
    desk.on_registry(archive.WorldRetired(ask_id="r", world_id=INN, report=report(7, "removed")))
    desk.ask(admin.ListWorlds(ask_id="l"))
    (listed,) = desk.answered[-1][1].worlds
    assert (listed.status, listed.tick) == ("removed", 7), (
        "its last commit, which is newer than its last report"
    )
    desk.ask(admin.ShowWorld(ask_id="s", world_id=INN))
    refused = desk.answered[-1][1]
    assert refused.reason == "world inn was removed"
    assert refused.do == "`theatrum world add inn` brings it back."
    desk.ask(admin.RemoveWorld(ask_id="r2", world_id=INN))
    again = admin.WorldRemoved(ask_id="r2", world_id=INN, tick=Tick(7), before=True)
    assert desk.answered[-1][1] == again, "it is so already"
    desk.ask(admin.OpenWorld(ask_id="o", world_id=INN, recall=True))
    assert desk.told[-1] == ("archivist", archive.RecallWorld(ask_id="o", world_id=INN))
    desk.on_registry(archive.WorldRecalled(ask_id="o", world_id=INN))
    desk.on_world(shards.WorldOpened(shard=0, report=report(5)))
    back = desk.answered[-1][1]
    assert (back.resumed, back.ran, back.tick) == (True, False, 5)
    desk.ask(admin.ListWorlds(ask_id="m"))
    assert [world.status for world in desk.answered[-1][1].worlds] == ["running"]


def test_a_stored_world_is_listed_and_the_name_that_was_meant_is_said(desk: Desk) -> None:
    stored = report(3, "stored").model_copy(update={"world_id": WorldId("mill")})
    desk.resting.found([stored, report(2, "stored")])
    desk.ask(admin.ListWorlds(ask_id="l"))
    listed = [(world.world_id, world.status) for world in desk.answered[-1][1].worlds]
    assert listed == [("inn", "running"), ("mill", "stored")]
    desk.ask(admin.ShowWorld(ask_id="s", world_id=WorldId("mil")))
    assert desk.answered[-1][1].do.startswith("Did you mean mill?")
    desk.ask(admin.ShowWorld(ask_id="t", world_id=WorldId("mill")))
    assert desk.answered[-1][1].reason == "world mill is stored and not in service"


@pytest.mark.parametrize("again", ["file", "id"])
def test_a_world_that_runs_is_added_again_by_changing_nothing(desk: Desk, again: str) -> None:
    if again == "id":
        desk.ask(admin.OpenWorld(ask_id="a", world_id=INN, recall=True))
    else:
        desk.clients["a"] = ("client", admin.OpenWorld(ask_id="a", world_id=INN))  # type: ignore[assignment]
        known = archive.WorldRegistered(ask_id="a", world_id=INN, name="Inn", resumed=True, tick=Tick(5))
        desk.on_registry(known)
    ((_, answer),) = desk.answered
    assert (answer.ran, answer.tick) == (True, 5)
    assert desk.told == []


def test_an_answer_with_moments_knows_the_world_s_calendar(desk: Desk) -> None:
    lengths = (86_400_000_000, 3_600_000_000, 60_000_000)
    desk.placement.hear([report(5).model_copy(update={"day_lengths": lengths})])
    desk.submit("a")
    desk.recorded("a", 1)
    desk.outcome(1, report(6).model_copy(update={"day_lengths": lengths}))
    assert desk.answered[-1][1].day_lengths == lengths
