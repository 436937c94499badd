"""Cost follows work, counted and not timed: a tick with fifty due does the same whoever else lives there."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np
import pytest

from actors.logs import configure
from actors.shell import InnerActor
from benchmarks.shard import AGES_NS, Shard, logging_to_a_file
from benchmarks.worlds import crowded
from simulation import deciding, due, fingerprint
from simulation.population import Columns
from simulation.stage import Stage
from simulation.units import Tier

DUE = 50
FEW, MANY = 10_000, 100_000
TICKS = 5
LEAVES_WITHIN_TICKS = 1_000
"""On a machine whose cores are wanted by others."""
CALLS_APART_MAX = 20
"""Calls of some seven thousand: which deadlines a heap drops on the way is the clock's."""
LOOPS = ((deciding, "decide_all", 4), (fingerprint, "rehash", 4), (due, "part_by_time", 1))
"""Where compiled loops over people are called, and which argument is their rows."""


@dataclass
class Done:
    """What some ticks and their commits did."""

    messages: Counter[str]
    touched: int
    rows_changed: int
    sent: int
    calls: int
    looped: Counter[str]
    """Rows handed to each compiled loop."""


@pytest.fixture
def quiet(capsys: pytest.CaptureFixture[str]) -> None:
    configure("error", "console")


def work(people: int, monkeypatch: pytest.MonkeyPatch) -> Done:
    world, stages = crowded(people, DUE)
    stage = stages[Tier.ACTIVE]
    shard = Shard()
    world_id = shard.host(world, stages)
    shard.tick(world_id)
    shard.commit(world_id)
    shard.running.hosted[world_id].buffer.snapshot_every_ns = AGES_NS  # none by chance of the time of day
    done = Done(Counter(), 0, 0, -shard.sent, 0, Counter())
    count_messages(done, monkeypatch)
    for module, loop, place in LOOPS:
        count_rows(done, monkeypatch, module, loop, place)
    before = [column.copy() for column in stage.people.columns]

    def count(frame: FrameType, event: str, argument: Any) -> None:
        done.calls += event in ("call", "c_call")

    gc.disable()  # others' callbacks would count
    sys.setprofile(count)
    try:
        for _ in range(TICKS):
            shard.tick(world_id)
            shard.commit(world_id)
    finally:
        sys.setprofile(None)
        gc.enable()
    monkeypatch.undo()
    done.sent += shard.sent
    done.rows_changed = changed(before, stage.people.columns)
    return done


def count_messages(done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    receive, tick = InnerActor.receiveMessage, Stage.tick

    def received(self: InnerActor, message: object, sender: Any) -> None:
        done.messages[type(message).__name__] += 1
        receive(self, message, sender)

    def ticked(self: Stage, order: Any) -> Any:
        report = tick(self, order)
        done.touched += report.touched
        return report

    monkeypatch.setattr(InnerActor, "receiveMessage", received)
    monkeypatch.setattr(Stage, "tick", ticked)


def count_rows(done: Done, monkeypatch: pytest.MonkeyPatch, module: Any, loop: str, place: int) -> None:
    compiled = getattr(module, loop)

    def counted(*arguments: Any) -> Any:
        done.looped[loop] += len(arguments[place])
        return compiled(*arguments)

    monkeypatch.setattr(module, loop, counted)


def changed(before: list[Any], columns: Columns) -> int:
    """How many people differ in any column."""
    differs = np.zeros(len(before[0]), dtype=np.bool_)
    for old, new in zip(before, columns, strict=True):
        differs |= (old != new).reshape(len(old), -1).any(axis=1)
    return int(np.count_nonzero(differs))


@pytest.mark.usefixtures("quiet")
def test_a_tick_does_the_same_among_ten_times_the_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Per tick one MakeTick, one TickTier and its TierTicked; per commit one TakeMark and four HashTier with
    their answers; one message with one record to the archivist. Fifty rows are looped over by each compiled
    loop and change, and Python calls as many functions on the way."""
    few, many = work(FEW, monkeypatch), work(MANY, monkeypatch)
    assert few.touched == many.touched == TICKS * DUE
    assert few.rows_changed == many.rows_changed == TICKS * DUE
    assert few.looped == many.looped == {loop: TICKS * DUE for _, loop, _ in LOOPS}
    assert few.messages == many.messages
    assert few.messages["MakeTick"] == few.messages["TickTier"] == few.messages["TierTicked"] == TICKS
    assert few.messages["TakeMark"] == TICKS
    assert few.messages["HashTier"] == few.messages["TierHashed"] == TICKS, "only of whom something was asked"
    assert few.sent == many.sent
    assert abs(few.calls - many.calls) <= CALLS_APART_MAX


def test_a_snapshot_leaves_though_ticks_follow_one_another() -> None:
    """Some fifteen ticks, each with its log, as in a service; thousands where the interpreter is kept."""
    ticks = 0
    with logging_to_a_file():
        shard = Shard()
        world_id = shard.host(*crowded(5_000, DUE))
        for _ in range(TICKS):
            shard.tick(world_id)
            shard.commit(world_id)
        shard.want_snapshot(world_id)
        before = len(shard.snapshots)
        while len(shard.snapshots) == before and ticks < LEAVES_WITHIN_TICKS:
            shard.tick(world_id)
            shard.commit(world_id)
            ticks += 1
    assert len(shard.snapshots) > before
