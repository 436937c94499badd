"""What a shard does by real time is a plan with budgets, and shown with the plan of a world."""

from __future__ import annotations

from typing import Any

import pytest

from actors import running, shard_chores
from actors.commits import CommitBuffer
from messages.admin import WorldPlanned, WorldShown
from messages.commits import Mark, Snapshot
from messages.shards import ReadPlan, ReadWorld, ShardReported
from simulation.units import Epoch, Micros, Tick, WorldId
from village import document

S = 1_000_000_000


def mark(tick: int) -> Mark:
    return Mark(
        tick=Tick(tick),
        world_time=Micros(tick),
        state_hash="",
        mode="real_time",
        requests=0,
        decisions_by_tier={},
        people_by_tier={},
    )


@pytest.fixture
def buffer() -> CommitBuffer:
    """Of a world whose birth is durable: a commit every second, a snapshot every thirty."""
    return CommitBuffer(WorldId("inn"), Epoch(1), 0, mark(0), S, S // 20, 30 * S, born=True)


def test_commits_and_snapshots_of_a_world_that_did_nothing_are_due_when_needed(buffer: CommitBuffer) -> None:
    for row in (shard_chores.commits(buffer), shard_chores.snapshots(buffer, 0)):
        assert (row.next_s, row.last_s, row.did, row.did_in_all) == (None, None, 0, 0)


def test_commits_are_counted_in_ticks(buffer: CommitBuffer) -> None:
    """Three ticks are recorded at 10 s, and two at 11 s; the one after that is due at 12 s."""
    for to, at_s in ((3, 10), (5, 11)):
        buffer.ticked(Tick(to), (), (), at_s * S, 1)
        buffer.record(mark(to), at_s * S)
    buffer.ticked(Tick(6), (), (), 11 * S, 1)
    row = shard_chores.commits(buffer)
    assert (row.chore.every_s, row.chore.budget) == (1.0, 2_000)
    assert (row.last_s, row.next_s, row.did, row.did_in_all) == (11.0, 12.0, 2, 5)


def test_a_snapshot_is_due_its_time_after_the_last_if_the_world_ticked(buffer: CommitBuffer) -> None:
    buffer.copy_taken(Tick(0), 0, 40 * S)
    assert shard_chores.snapshots(buffer, 40 * S).next_s is None
    buffer.encoded(Snapshot(tick=Tick(0), ordinal=0, body=b""))
    buffer.ticked(Tick(1), (), (), 41 * S, 1)
    row = shard_chores.snapshots(buffer, 41 * S)
    assert (row.chore.every_s, row.chore.budget) == (30.0, 1)
    assert (row.last_s, row.next_s, row.did, row.did_in_all) == (40.0, 70.0, 1, 1)


def test_a_snapshot_that_is_due_of_a_world_that_stands_comes_with_its_next_commit(
    buffer: CommitBuffer,
) -> None:
    """Due at 30 s; the world's last tick is recorded by then."""
    buffer.ticked(Tick(1), (), (), 1 * S, 1)
    assert shard_chores.snapshots(buffer, 31 * S).next_s == 30.0
    buffer.record(mark(1), 2 * S)
    assert shard_chores.snapshots(buffer, 29 * S).next_s == 30.0
    assert shard_chores.snapshots(buffer, 30 * S).next_s is None


def test_the_chores_of_a_shard_are_shown_with_a_world_and_with_its_plan(backstage: Any) -> None:
    """Two ticks were committed after the birth of the world, which was a snapshot."""
    inn = backstage.add(document(3))
    backstage.run(2)
    backstage.running.report(5 * S)
    backstage.reading.read(ReadWorld(ask_id="w", world_id=inn))
    backstage.reading.read(ReadPlan(ask_id="p", world_id=inn))
    backstage.turn()
    for kind in (WorldShown, WorldPlanned):
        (shown,) = backstage.heard(kind)
        rows = {row["name"]: row for row in shown.housekeeping}
        assert list(rows) == ["world reports", "commits", "snapshots"]
        assert {row["by"] for row in rows.values()} == {"shard 0"}
        assert (rows["world reports"]["didInAll"], rows["commits"]["didInAll"]) == (1, 2)
        assert rows["snapshots"]["didInAll"] >= 1, "one more where the ticks took a second"


def test_a_report_tells_of_so_many_worlds_and_the_next_of_the_others(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three worlds changed and two fit: the third comes a tenth of a second later, however much the first two
    do meanwhile."""
    names = ("inn", "mill", "well")
    for name in names:
        backstage.add({**document(3), "id": name})
    monkeypatch.setattr(running, "WORLDS_TOLD_MAX", 2)
    backstage.said.clear()

    def told(at_ns: int) -> list[str]:
        backstage.running.report(at_ns)
        return [report.world_id for report in backstage.heard(ShardReported)[-1].worlds]

    assert told(5 * S) == ["inn", "mill"]
    backstage.running.run_to({WorldId(name): Tick(1) for name in names[:2]})
    assert told(6 * S) == ["well", "inn"]
    assert told(7 * S) == ["mill"]
    assert told(8 * S) == []


def test_a_full_report_is_followed_by_the_next_after_a_tenth_of_a_second() -> None:
    plan = shard_chores.Housekeeping(shard_chores.CHORES, 5.0)
    plan.done("world reports", 5.0, shard_chores.WORLDS_TOLD_MAX)
    assert plan.next_s() == pytest.approx(5.1)
    plan.done("world reports", 5.1, 999)
    assert plan.next_s() == pytest.approx(6.1)


def test_the_next_report_comes_by_itself(backstage: Any) -> None:
    backstage.running.report(5 * S)
    assert backstage.running.timers.next_ns() == 6 * S


def test_a_report_that_raises_fails_alone_and_what_it_would_have_told_is_told_by_the_next(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 5 s; the next comes a second later, and shows why there was none."""
    inn = backstage.add(document(3))
    backstage.said.clear()

    def broken(_: object) -> None:
        raise KeyError("mill")

    with monkeypatch.context() as patched:
        patched.setattr(backstage.running, "say_reports", broken)
        backstage.running.report(5 * S)
    assert backstage.running.timers.next_ns() == 6 * S
    (row,) = backstage.running.chores.to_json(5.0, 5.0)
    assert (row["failures"], row["because"], row["didInAll"]) == (1, "KeyError: 'mill'", 0)
    backstage.running.report(6 * S)
    (told,) = backstage.heard(ShardReported)
    assert [report.world_id for report in told.worlds] == [inn]
    (row,) = backstage.running.chores.to_json(6.0, 6.0)
    assert (row["failures"], row["because"], row["didInAll"]) == (1, "", 1)
