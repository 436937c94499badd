"""A world whose time is over stands, says so, and takes inputs; the others of its shard go on."""

from __future__ import annotations

from typing import Any

import pytest

from messages.admin import WorldPlanned
from messages.shards import ReadPlan, ShardReported
from simulation.time_limit import OVER
from simulation.units import InputKind, RequestId, WorldId
from simulation.world import World
from village import document

END_S = 10**12
FASTEST = {"timeScale": 100_000, "tickIntervalSeconds": 86_400}
"""Ticks of 8.64e9 s."""


def old(name: str, ticks_left: int, **simulation: Any) -> dict[str, Any]:
    """A village that may make so many ticks, and would need a second more for the next."""
    begins = END_S - ticks_left * 8_640_000_000
    return {**document(5, **FASTEST, **simulation), "id": name, "worldTime": begins}


@pytest.mark.parametrize("mode", ["real_time", "turn_based"])
def test_a_world_stands_at_the_end_of_its_time_and_the_others_go_on(backstage: Any, mode: str) -> None:
    backstage.add(old("old", 3, mode=mode))
    backstage.add({**document(5), "id": "young"})
    backstage.run(20)
    assert [backstage.hash_of(name)[0] for name in ("old", "young")] == [3, 20]
    hosted = backstage.running.hosted[WorldId("old")]
    report = hosted.report(0)
    assert (report.status, report.because, report.world_time) == ("stopped", OVER, END_S)
    assert not report.goal_reached


def test_a_tick_is_not_made_when_the_input_before_it_made_it_too_long(backstage: Any) -> None:
    backstage.add({**old("old", 0), "worldTime": END_S - 3_600, "meta": document(5)["meta"]})
    hosted = backstage.running.hosted[WorldId("old")]
    backstage.running.run_to({WorldId("old"): 10})
    backstage.submit("old", InputKind.CONFIG, changes=FASTEST)
    backstage.turn()
    assert (hosted.world.tick, hosted.world.world_time) == (0, (END_S - 3_600) * 10**6)
    assert backstage.answers() == [(True, 0)]


def test_a_world_at_its_end_answers_and_goes_on_when_its_ticks_are_shorter(backstage: Any) -> None:
    backstage.add({**old("old", 0), "worldTime": END_S - 120})
    backstage.run(2)
    backstage.submit("old", InputKind.STEP, ticks=1)
    backstage.turn()
    assert backstage.answers() == [(False, 0)]
    backstage.submit("old", InputKind.CONFIG, changes={"timeScale": 60, "tickIntervalSeconds": 1})
    backstage.turn()
    assert backstage.answers() == [(False, 0), (True, 2)]
    assert backstage.hash_of("old")[0] == 2


def test_its_next_plan_says_why_it_makes_no_tick(backstage: Any) -> None:
    world_id = backstage.add(old("old", 0))
    backstage.run(1)
    backstage.reading.read(ReadPlan(ask_id="plan", world_id=world_id))
    (planned,) = backstage.heard(WorldPlanned)
    assert planned.holds == OVER


def test_a_world_at_its_end_waits_for_no_result_and_is_told_of(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing lands at a tick that never comes: it is over, not too slow."""
    backstage.add(old("old", 1))
    backstage.run(3)
    monkeypatch.setattr(World, "blocked", lambda self: (RequestId("late"),))
    hosted = backstage.running.hosted[WorldId("old")]
    backstage.running.schedule(hosted, 0)
    assert hosted.blocked_since_ns is None
    backstage.running.report(0)
    assert [report.because for report in backstage.heard(ShardReported)[-1].worlds] == [OVER]
