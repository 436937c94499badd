"""What becomes of late ticks and of time without a service, in a whole shard on a clock of the test's."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from actors.commits import UNCOMMITTED_TICKS_MAX
from messages.admin import WorldPlanned
from messages.service import Speed
from messages.shards import ReadPlan
from messages.tick import MakeTick
from simulation.units import InputKind, WorldId
from village import document

MS = 1_000_000
SECOND = 1_000 * MS
HOUR = 3_600 * SECOND


class Clock:
    """Monotonic nanoseconds that only the test moves."""

    def __init__(self) -> None:
        self.ns = 1_000 * HOUR

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for module in ("running", "adoption", "committing", "reading", "sleeping"):
        monkeypatch.setattr(f"actors.{module}.now_ns", found)
    return found


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[[Any], Any]:
    """`paced(shard)`: that shard in real time, on the test's clock."""

    def set_up(backstage: Any) -> Any:
        monkeypatch.setitem(type(backstage).turn.__globals__, "now_ns", clock)
        backstage.adoption.settings = backstage.adoption.settings.model_copy(update={"speed": Speed.REAL})
        return backstage

    return set_up


def hourly(name: str, **simulation: Any) -> dict[str, Any]:
    """A world that ticks once an hour of real time and catches up with four ticks at most."""
    return {
        **document(5, tickIntervalSeconds=3_600, timeScale=1, maxCatchUpTicks=4, **simulation),
        "id": name,
    }


def go(backstage: Any) -> None:
    backstage.running.run_to({})
    backstage.turn()


@pytest.mark.parametrize(
    ("policy", "ticks", "missed", "next_hour"),
    [("catch_up", 6, 5, 11), ("skip", 2, 9, 11), ("slow", 3, 0, 11.5)],
)
def test_ten_hours_and_a_half_of_delay(
    backstage: Any,
    paced: Callable[[Any], Any],
    clock: Clock,
    policy: str,
    ticks: int,
    missed: int,
    next_hour: float,
) -> None:
    """The first tick is at hour 0; the shard comes to itself at 10:30, when those of 1 to 10 o'clock are due.

    catch_up makes that of 1 o'clock; behind are those of 2 to 10, nine, so five are dropped and four made.
    skip makes that of 1 o'clock and drops the nine. slow makes it, counts from now, and so makes another.
    """
    shard = paced(backstage)
    shard.add(hourly("inn", missedTickPolicy=policy))
    start = clock.ns
    go(shard)
    hosted = shard.running.hosted[WorldId("inn")]
    assert (hosted.world.tick, hosted.pacer.missed) == (1, 0)
    clock.ns += 10 * HOUR + HOUR // 2
    shard.turn()
    assert (hosted.world.tick, hosted.pacer.missed) == (ticks, missed)
    assert hosted.pacer.deadline_ns - start == next_hour * HOUR
    assert hosted.world.world_time == (43_200 + ticks * 3_600) * 1_000_000


def test_a_world_owes_nothing_for_the_time_it_was_paused(
    backstage: Any, paced: Callable[[Any], Any], clock: Clock
) -> None:
    """Ten hours and a half after its first tick it goes on: with one tick at once, the next an hour later."""
    shard = paced(backstage)
    name = shard.add(hourly("inn"))
    go(shard)
    hosted = shard.running.hosted[name]
    shard.submit(name, InputKind.PAUSE)
    shard.turn()
    clock.ns += 10 * HOUR + HOUR // 2
    shard.submit(name, InputKind.RESUME)
    shard.turn()
    assert (hosted.world.tick, hosted.pacer.missed) == (2, 0)
    assert hosted.pacer.deadline_ns == clock.ns + HOUR


def test_a_world_that_must_not_be_late_stops_alone_and_says_so(
    backstage: Any, paced: Callable[[Any], Any], clock: Clock
) -> None:
    """The second world of a shard begins half an interval later: of 0:30 to 10:30 it makes one tick and drops
    ten, and at 11:30 it makes the next."""
    shard = paced(backstage)
    shard.add(hourly("strict", missedTickPolicy="fail"))
    shard.add(hourly("easy", missedTickPolicy="skip"))
    go(shard)
    clock.ns += 10 * HOUR + HOUR // 2
    shard.turn()
    strict, easy = (shard.running.hosted[WorldId(name)] for name in ("strict", "easy"))
    assert strict.status() == ("stopped", "9 ticks behind, and missedTickPolicy is fail")
    clock.ns += HOUR
    shard.turn()
    assert (strict.world.tick, easy.world.tick, easy.pacer.missed) == (2, 2, 10)


def test_a_world_that_stopped_answers_obeys_and_goes_on_when_it_is_resumed(
    backstage: Any, paced: Callable[[Any], Any], clock: Clock
) -> None:
    """It makes the ticks that somebody asks for, and none by itself. Resumed, it ticks at once and then every
    hour."""
    shard = paced(backstage)
    name = shard.add(hourly("strict", missedTickPolicy="fail"))
    go(shard)
    clock.ns += 10 * HOUR
    shard.turn()
    hosted = shard.running.hosted[name]
    assert hosted.stopped
    clock.ns += SECOND
    shard.turn()
    assert hosted.buffer.committed.tick == hosted.world.tick == 2
    shard.reading.read(ReadPlan(ask_id="p", world_id=name))
    shard.submit(name, InputKind.CONFIG, changes={"timeScale": 2})
    shard.submit(name, InputKind.STEP, ticks=3)
    shard.turn()
    assert shard.heard(WorldPlanned)[-1].holds == hosted.stopped
    assert shard.answers() == [(True, 5), (True, 5)]
    clock.ns += 10 * HOUR
    shard.turn()
    assert (hosted.world.tick, hosted.status()[0]) == (5, "stopped")
    shard.submit(name, InputKind.RESUME)
    shard.turn()
    assert (hosted.world.tick, hosted.status()[0], hosted.pacer.missed) == (6, "running", 0)
    assert hosted.pacer.deadline_ns == clock.ns + HOUR


@pytest.fixture
def back_after(
    backstage: Any,
    another: Callable[[], Any],
    paced: Callable[[Any], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[WorldId, int], Any]:
    """`back_after(world, hours)`: another shard that has it so long after the first one ended."""

    def comes(name: WorldId, hours: int) -> Any:
        real = time.time()
        monkeypatch.setattr("actors.adoption.time", SimpleNamespace(time=lambda: real + 60 + hours * 3_600))
        shard = paced(another())
        shard.adoption.claim(name)
        shard.turn()
        return shard

    return comes


@pytest.mark.parametrize("late", ["catch_up", "skip", "slow", "fail"])
@pytest.mark.parametrize(
    ("policy", "stood_hours", "ticks", "missed"),
    [("freeze", 10, 1, 0), ("catch_up", 0, 1, 0), ("catch_up", 3, 4, 0), ("catch_up", 10, 5, 6)],
)
def test_a_service_that_was_away(
    backstage: Any,
    back_after: Callable[[WorldId, int], Any],
    paced: Callable[[Any], Any],
    clock: Clock,
    policy: str,
    stood_hours: int,
    ticks: int,
    missed: int,
    late: str,
) -> None:
    """Back after so many hours: the tick that is due at once, and with catch_up one for each hour, four at
    most, the others dropped and counted; whatever becomes of ticks that are late while it runs."""
    paced(backstage)
    name = backstage.add(hourly("inn", downtimePolicy=policy, missedTickPolicy=late))
    backstage.run(1)
    assert backstage.hash_of(name)[0] == 1
    shard = back_after(name, stood_hours)
    go(shard)
    hosted = shard.running.hosted[name]
    assert (hosted.world.tick, hosted.pacer.missed, hosted.stopped) == (1 + ticks, missed, "")
    assert hosted.pacer.deadline_ns == clock.ns + HOUR
    assert list(hosted.lateness.samples) == [0], "what the time away owed is late for a reason"


@pytest.mark.parametrize("how", ["pause", "turns"])
def test_time_that_a_world_would_have_stood_still_anyway_is_not_caught_up_with(
    backstage: Any,
    back_after: Callable[[WorldId, int], Any],
    paced: Callable[[Any], Any],
    clock: Clock,
    how: str,
) -> None:
    """Paused, or told to take turns, before the service went away; live again after it is back."""
    paced(backstage)
    name = backstage.add(hourly("inn", downtimePolicy="catch_up"))
    backstage.run(1)
    stops = (
        (InputKind.PAUSE, {}) if how == "pause" else (InputKind.CONFIG, {"changes": {"mode": "turn_based"}})
    )
    backstage.submit(name, stops[0], **stops[1])
    backstage.turn()
    shard = back_after(name, 10)
    go(shard)
    hosted = shard.running.hosted[name]
    assert hosted.world.tick == 1
    goes = (
        (InputKind.RESUME, {}) if how == "pause" else (InputKind.CONFIG, {"changes": {"mode": "real_time"}})
    )
    shard.submit(name, goes[0], **goes[1])
    shard.turn()
    assert (hosted.world.tick, hosted.pacer.missed) == (2, 0)
    assert hosted.pacer.deadline_ns == clock.ns + HOUR


def configured(shard: Any, name: WorldId, **changes: Any) -> None:
    shard.submit(name, InputKind.CONFIG, changes=changes)
    shard.turn()


def test_a_shorter_interval_counts_at_once_and_makes_no_tick_late(
    backstage: Any, paced: Callable[[Any], Any], clock: Clock
) -> None:
    """Twenty minutes after the tick of an hour the interval becomes a minute, of a world that must not be
    late: a tick is due at once, the next a minute later. Then it becomes an hour again, from that tick on."""
    shard = paced(backstage)
    name = shard.add(hourly("inn", missedTickPolicy="fail"))
    go(shard)
    hosted = shard.running.hosted[name]
    clock.ns += HOUR // 3
    configured(shard, name, tickIntervalSeconds=60)
    assert (hosted.world.tick, hosted.stopped) == (2, "")
    assert hosted.pacer.deadline_ns == clock.ns + 60 * SECOND
    clock.ns += 60 * SECOND
    shard.turn()
    assert hosted.world.tick == 3
    configured(shard, name, tickIntervalSeconds=3_600)
    assert (hosted.world.tick, hosted.pacer.deadline_ns) == (3, clock.ns + HOUR)
    assert hosted.world.world_time == (43_200 + 3_600 + 2 * 60) * 1_000_000


def test_an_advance_that_takes_long_makes_no_live_tick_late(
    backstage: Any, paced: Callable[[Any], Any], clock: Clock
) -> None:
    """A hundred explicit ticks of six minutes each: ten hours, in which ten live ticks were due. The last of
    them is made, and the next comes on the hour."""
    shard = paced(backstage)
    name = shard.add(hourly("inn", missedTickPolicy="fail"))
    start = clock.ns
    go(shard)
    hosted = shard.running.hosted[name]
    costing(shard, clock, {name: HOUR // 10})
    shard.submit(name, InputKind.STEP, ticks=100)
    shard.turn()
    assert (hosted.world.tick, hosted.stopped, hosted.pacer.missed) == (1 + 100 + 1, "", 0)
    assert hosted.pacer.deadline_ns - start == 11 * HOUR


def test_a_world_that_waits_for_its_storage_is_late_by_its_policy(
    backstage: Any, paced: Callable[[Any], Any], clock: Clock
) -> None:
    """Nothing becomes durable for five hours: what was due at 1 to 5 o'clock is late, as after any delay."""
    shard = paced(backstage)
    name = shard.add(hourly("inn", missedTickPolicy="skip"))
    go(shard)
    hosted = shard.running.hosted[name]
    hosted.buffer.tick += UNCOMMITTED_TICKS_MAX
    shard.running.schedule(hosted, clock.ns)
    clock.ns += 5 * HOUR
    shard.turn()
    assert hosted.world.tick == 1
    hosted.buffer.tick -= UNCOMMITTED_TICKS_MAX
    shard.running.schedule(hosted, clock.ns)
    shard.turn()
    assert (hosted.world.tick, hosted.pacer.missed) == (2, 4)


def test_snapshots_come_as_often_as_the_block_says_from_the_change_on(backstage: Any) -> None:
    name = backstage.add(document(5))
    buffer = backstage.running.hosted[name].buffer
    assert buffer.snapshot_every_ns == 30 * SECOND
    backstage.submit(name, InputKind.CONFIG, changes={"snapshotEverySeconds": 7.5})
    backstage.turn()
    assert buffer.snapshot_every_ns == 7_500 * MS


def costing(shard: Any, clock: Clock, costs: dict[str, int]) -> None:
    """Let each tick of a world take so many nanoseconds."""
    tell = shard.running.tell

    def slow(hosted: Any, message: Any) -> Any:
        if isinstance(message, MakeTick):
            clock.ns += costs[hosted.world.id]
        return tell(hosted, message)

    shard.running.tell = slow


@pytest.mark.parametrize("cost_ms", [10, 1])
def test_a_world_that_catches_up_holds_up_nobody(
    backstage: Any, paced: Callable[[Any], Any], clock: Clock, cost_ms: int
) -> None:
    """Two hundred ticks behind, each of them more than its share of the shard or less; its neighbour ticks
    every 50 ms, and never waits for more than the one tick that is being made."""
    shard = paced(backstage)
    behind = {"tickIntervalSeconds": 1, "maxCatchUpTicks": 200}
    shard.add({**document(5, **behind), "id": "behind"})
    shard.add({**document(5, tickIntervalSeconds=0.05), "id": "prompt"})
    go(shard)
    late, prompt = (shard.running.hosted[WorldId(name)] for name in ("behind", "prompt"))
    late.pacer.deadline_ns -= 200 * SECOND
    prompt.lateness.samples.clear()
    costing(shard, clock, {"behind": cost_ms * MS, "prompt": 1 * MS})
    shard.running.schedule(late, clock.ns)
    start = clock.ns
    while late.pacer.deadline_ns <= clock.ns:
        clock.ns = max(clock.ns, shard.running.timers.next_ns())
        shard.turn()
    assert clock.ns - start > 200 * cost_ms * MS
    assert late.pacer.missed == 0
    assert prompt.pacer.missed == 0
    assert len(prompt.lateness.samples) >= (clock.ns - start) // (50 * MS) - 1
    assert max(prompt.lateness.samples) <= cost_ms * MS


def test_a_budget_that_cannot_hold_the_staleness_bound_is_said_in_the_plan(backstage: Any) -> None:
    """Thirty people, each due every 60 s, ten decisions a tick of 60 s, bound 120 s; times after the opening.

    Tick 1, 60 s: 30 are due since 0, none past 0 + 120; ten run and are due again at 120.
    Tick 2, 120 s: 20 since 0 and the ten of 120. The twenty are past their bound, and ten can run.
    Tick 3, 180 s: ten since 0, past their bound, and all of them run. The others wait within theirs.
    """
    detailed = {"maxNpcs": 30, "decisionIntervalSeconds": 60, "maxStalenessSeconds": 120}
    found = document(30, maxNpcTicksPerStep=10, tiers={"detailed": detailed}, generation={"mode": "off"})
    for activity in found["meta"]["behavior"]["activities"].values():
        activity.pop("minDurationSeconds", None)
    backstage.add(found)
    seen = []
    for tick in range(3):
        backstage.reading.read(ReadPlan(ask_id=f"{tick}", world_id=WorldId("village")))
        backstage.turn()
        plan = backstage.heard(WorldPlanned)[-1].plan
        share = plan["tiers"]["detailed"]
        seen.append((share["due"], share["pastStaleness"], share["runs"], plan["warnings"]))
        backstage.run(tick + 1)
    warning = (
        "budget cannot keep up: needs 20/step, has 10; everybody due is served within maxStalenessSeconds "
        "and 3 ticks"
    )
    assert [(due, past, runs) for due, past, runs, _ in seen] == [(30, 0, 10), (30, 20, 10), (30, 10, 10)]
    assert [list(warnings) for *_, warnings in seen] == [[], [warning], []]
