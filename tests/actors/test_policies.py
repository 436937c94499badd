"""What becomes of late ticks and of time without a service, in a whole shard on a clock of the test's."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from messages.admin import WorldPlanned
from messages.service import Speed
from messages.shards import ReadPlan
from messages.tick import MakeTick
from simulation.units import WorldId
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


@pytest.mark.parametrize(
    ("policy", "stood_hours", "ticks"),
    [("freeze", 10, 1), ("catch_up", 0, 1), ("catch_up", 3, 4), ("catch_up", 10, 5)],
)
def test_a_service_that_was_away(
    backstage: Any,
    another: Callable[[], Any],
    paced: Callable[[Any], Any],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    policy: str,
    stood_hours: int,
    ticks: int,
) -> None:
    """Back after so many hours: the tick that is due at once, and with catch_up one for each hour, four at
    most."""
    paced(backstage)
    name = backstage.add(hourly("inn", downtimePolicy=policy))
    backstage.run(1)
    assert backstage.hash_of(name)[0] == 1
    real = time.time()
    monkeypatch.setattr("actors.adoption.time", SimpleNamespace(time=lambda: real + 60 + stood_hours * 3_600))
    shard = paced(another())
    shard.adoption.claim(name)
    shard.turn()
    go(shard)
    hosted = shard.running.hosted[name]
    assert hosted.world.tick == 1 + ticks
    assert hosted.pacer.deadline_ns == clock.ns + HOUR


def costing(shard: Any, clock: Clock, costs: dict[str, int]) -> None:
    """Let each tick of a world take so many nanoseconds."""
    tell = shard.running.tell

    def slow(hosted: Any, message: Any) -> Any:
        if isinstance(message, MakeTick):
            clock.ns += costs[hosted.world.id]
        return tell(hosted, message)

    shard.running.tell = slow


def test_a_world_that_catches_up_holds_up_nobody(
    backstage: Any, paced: Callable[[Any], Any], clock: Clock
) -> None:
    """Two hundred ticks behind at 10 ms each, two seconds of work; its neighbour ticks every 50 ms, and never
    waits for more than the one tick that is being made."""
    shard = paced(backstage)
    behind = {"tickIntervalSeconds": 1, "maxCatchUpTicks": 200}
    shard.add({**document(5, **behind), "id": "behind"})
    shard.add({**document(5, tickIntervalSeconds=0.05), "id": "prompt"})
    go(shard)
    late, prompt = (shard.running.hosted[WorldId(name)] for name in ("behind", "prompt"))
    late.pacer.deadline_ns -= 200 * SECOND
    prompt.lateness.samples.clear()
    costing(shard, clock, {"behind": 10 * MS, "prompt": 1 * MS})
    shard.running.schedule(late, clock.ns)
    start = clock.ns
    while late.pacer.deadline_ns <= clock.ns:
        clock.ns = max(clock.ns, shard.running.timers.next_ns())
        shard.turn()
    assert clock.ns - start > 2 * SECOND
    assert late.pacer.missed == 0
    assert prompt.pacer.missed == 0
    assert len(prompt.lateness.samples) >= (clock.ns - start) // (50 * MS) - 1
    assert max(prompt.lateness.samples) <= 10 * MS


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
