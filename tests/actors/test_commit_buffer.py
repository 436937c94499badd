"""What a world did is shown, answered and announced only when it is durable; and it never runs far ahead."""

from __future__ import annotations

import pytest

from actors import commits
from actors.commits import CommitBuffer
from messages.commits import InputOutcome, Mark, Snapshot
from simulation.units import Epoch, Micros, RequestId, Seq, Tick, WorldId

MS = 1_000_000
EVERY, DELAY, SNAPSHOT = 1000 * MS, 50 * MS, 30_000 * MS


SNAPSHOT_1 = Snapshot(tick=Tick(1), ordinal=0, body=b"")


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


def outcome(seq: int = 1) -> InputOutcome:
    return InputOutcome(
        seq=Seq(seq), tick=Tick(1), ordinal=seq, applied=True, detail={}, answer_at_tick=Tick(1)
    )


@pytest.fixture
def buffer() -> CommitBuffer:
    """Of a world whose birth is durable."""
    return CommitBuffer(WorldId("inn"), Epoch(1), 0, mark(0), EVERY, DELAY, SNAPSHOT, born=True)


def tick(buffer: CommitBuffer, to: int, at_ms: int = 0) -> None:
    buffer.ticked(Tick(to), (), (), at_ms * MS, MS)


def test_a_newborn_world_commits_its_birth_with_a_snapshot() -> None:
    buffer = CommitBuffer(WorldId("inn"), Epoch(1), 0, mark(0), EVERY, DELAY, SNAPSHOT)
    assert buffer.has_news
    assert buffer.wants_snapshot(0)
    buffer.copy_taken(Tick(0), 0, 0)
    tick(buffer, 3)
    assert buffer.flush_at_ns() is None, "without a snapshot there is nothing to go back to"
    buffer.encoded(SNAPSHOT_1)
    assert buffer.flush_at_ns() is not None
    assert buffer.record(mark(3), 20 * MS).snapshot is SNAPSHOT_1


def test_ticks_go_on_while_a_copy_is_encoded_and_its_snapshot_travels_with_a_later_record(
    buffer: CommitBuffer,
) -> None:
    tick(buffer, 1)
    buffer.copy_taken(Tick(1), 0, 0)
    tick(buffer, 2)
    assert buffer.record(mark(2), 0).snapshot is None
    buffer.encoded(SNAPSHOT_1)
    assert buffer.has_news, "a world that stands still commits it all the same"
    assert buffer.record(mark(2), 0).snapshot is SNAPSHOT_1
    assert buffer.record(mark(2), 0).snapshot is None
    assert buffer.snapshot_number == 2


def test_what_a_replay_costs_counts_from_the_copy(buffer: CommitBuffer) -> None:
    """One of a second before the copy, none after it."""
    buffer.ticked(Tick(1), (), (), 0, commits.REPLAY_MS_MAX * MS)
    buffer.copy_taken(Tick(1), 0, 0)
    buffer.encoded(SNAPSHOT_1)
    buffer.record(mark(1), 0)
    buffer.acknowledged(1)
    assert not buffer.wants_snapshot(0)


def test_ticks_alone_wait_for_the_next_regular_commit(buffer: CommitBuffer) -> None:
    tick(buffer, 1, at_ms=10)
    assert buffer.flush_at_ns() == EVERY


def test_an_outcome_hurries_the_commit(buffer: CommitBuffer) -> None:
    tick(buffer, 1, at_ms=10)
    buffer.settled([outcome()], 20 * MS)
    assert buffer.flush_at_ns() == 70 * MS


def test_who_waits_first_says_when(buffer: CommitBuffer) -> None:
    """Outcomes at 20 and at 60 ms: a commit 50 ms after the first of them."""
    for seq, at_ms in ((1, 20), (2, 60)):
        buffer.settled([outcome(seq)], at_ms * MS)
    assert buffer.flush_at_ns() == 70 * MS


def test_without_news_there_is_nothing_to_commit(buffer: CommitBuffer) -> None:
    assert buffer.flush_at_ns() is None


def test_records_are_numbered_and_carry_everything_since_the_last(buffer: CommitBuffer) -> None:
    tick(buffer, 1)
    buffer.settled([outcome(1)], 0)
    first = buffer.record(mark(1), 0)
    tick(buffer, 3)
    second = buffer.record(mark(3), 0)
    assert (first.number, first.from_tick, first.to_tick, len(first.outcomes)) == (1, 0, 1, 1)
    assert (second.number, second.from_tick, second.to_tick, second.outcomes) == (2, 1, 3, ())


def test_a_world_that_ticks_sleeps_no_more(buffer: CommitBuffer) -> None:
    buffer.asleep = True
    assert buffer.record(mark(0), 0).mark.asleep
    tick(buffer, 1)
    assert not buffer.record(mark(1), 0).mark.asleep


def test_a_world_that_hears_something_sleeps_no_more(buffer: CommitBuffer) -> None:
    buffer.asleep = True
    buffer.settled([], 0)
    assert buffer.asleep
    buffer.settled([outcome()], 0)
    assert not buffer.record(mark(0), 0).mark.asleep


def test_an_answer_waits_for_its_own_record_and_not_for_one_before_it(buffer: CommitBuffer) -> None:
    """The record of tick 1 is on its way when an input is applied at tick 1."""
    released: list[int] = []
    tick(buffer, 1)
    buffer.record(mark(1), 0)
    buffer.settled([outcome()], 0)
    buffer.park(lambda at: released.append(at.tick), Tick(1), 0)
    buffer.acknowledged(1)
    assert released == []
    buffer.record(mark(1), 0)
    buffer.acknowledged(2)
    assert released == [1]


def test_only_what_is_acknowledged_is_shown(buffer: CommitBuffer) -> None:
    tick(buffer, 5)
    made = buffer.record(mark(5), 0)
    assert buffer.committed.tick == 0
    assert buffer.acknowledged(1) == (made,)
    assert buffer.committed.tick == 5
    assert buffer.acknowledged(1) == ()


def test_an_answer_waits_for_its_record_and_for_its_tick(buffer: CommitBuffer) -> None:
    """An explicit step of three ticks, applied at tick 0, is answered when tick 3 is durable."""
    released: list[int] = []
    buffer.settled([outcome()], 0)
    buffer.park(lambda at: released.append(at.tick), Tick(3), 0)
    buffer.record(mark(0), 0)
    buffer.acknowledged(1)
    assert released == []
    tick(buffer, 3)
    assert buffer.urgent_ns is not None, "the tick somebody waits for hurries its commit"
    buffer.record(mark(3), 0)
    buffer.acknowledged(2)
    assert released == [3]


def test_a_read_of_durable_state_is_answered_at_once_and_of_news_after_its_commit(
    buffer: CommitBuffer,
) -> None:
    released: list[str] = []
    buffer.park(lambda _: released.append("old"), Tick(0), 0)
    assert released == ["old"]
    tick(buffer, 1)
    buffer.park(lambda _: released.append("new"), Tick(1), 0)
    assert released == ["old"]
    buffer.record(mark(1), 0)
    buffer.acknowledged(1)
    assert released == ["old", "new"]


def test_an_answer_waits_for_a_tick_to_come_though_all_there_is_is_durable(buffer: CommitBuffer) -> None:
    released: list[int] = []
    buffer.park(lambda at: released.append(at.tick), Tick(2), 0)
    assert released == []
    tick(buffer, 2)
    buffer.record(mark(2), 0)
    buffer.acknowledged(1)
    assert released == [2]


def test_while_too_much_is_on_its_way_a_world_goes_on_and_its_next_record_waits(buffer: CommitBuffer) -> None:
    last = commits.UNACKNOWLEDGED_MAX
    for number in range(1, last + 1):
        assert buffer.ends_with_tick(SNAPSHOT - 1, SNAPSHOT)
        tick(buffer, number)
        assert buffer.flush_at_ns() is not None
        buffer.record(mark(number), 0)
    tick(buffer, last + 1)
    assert not buffer.is_full
    assert buffer.flush_at_ns() is None
    assert not buffer.ends_with_tick(SNAPSHOT - 1, SNAPSHOT)
    buffer.acknowledged(1)
    assert buffer.flush_at_ns() is not None
    made = buffer.record(mark(last + 1), 0)
    assert (made.from_tick, made.to_tick) == (last, last + 1)


def test_a_record_is_made_with_the_tick_that_is_the_last_before_it_is_due(buffer: CommitBuffer) -> None:
    tick(buffer, 1)
    buffer.record(mark(1), now_ns := 5 * MS)
    due = now_ns + buffer.every_ns
    assert not buffer.ends_with_tick(now_ns, due - 1), "the next tick comes before it is due"
    assert buffer.ends_with_tick(now_ns, due)


def test_a_record_that_a_snapshot_begins_with_is_not_made_with_a_tick(buffer: CommitBuffer) -> None:
    tick(buffer, 1)
    assert buffer.ends_with_tick(SNAPSHOT - 1, 2 * SNAPSHOT)
    assert not buffer.ends_with_tick(SNAPSHOT, 2 * SNAPSHOT)


def test_a_world_never_runs_further_ahead_than_the_bound(buffer: CommitBuffer) -> None:
    tick(buffer, commits.UNCOMMITTED_TICKS_MAX - 1)
    assert not buffer.is_full
    tick(buffer, commits.UNCOMMITTED_TICKS_MAX)
    assert buffer.is_full


def test_a_world_that_did_nothing_needs_no_other_snapshot(buffer: CommitBuffer) -> None:
    assert not buffer.wants_snapshot(10 * SNAPSHOT)
    tick(buffer, 1)
    assert buffer.wants_snapshot(10 * SNAPSHOT)


def test_snapshots_come_by_time_and_by_what_a_replay_would_cost(buffer: CommitBuffer) -> None:
    tick(buffer, 1)
    assert not buffer.wants_snapshot(SNAPSHOT - 1)
    assert buffer.wants_snapshot(SNAPSHOT)
    buffer.ticked(Tick(2), (), (), 0, commits.REPLAY_MS_MAX * MS)
    assert buffer.wants_snapshot(0)


def test_one_snapshot_is_on_its_way_at_a_time(buffer: CommitBuffer) -> None:
    tick(buffer, 1)
    buffer.copy_taken(Tick(1), 0, 0)
    buffer.ticked(Tick(2), (), (), 0, commits.REPLAY_MS_MAX * MS)
    assert not buffer.wants_snapshot(0), "being encoded"
    buffer.encoded(SNAPSHOT_1)
    assert not buffer.wants_snapshot(0), "ready"
    buffer.record(mark(2), 0)
    assert not buffer.wants_snapshot(0), "on its way"
    buffer.acknowledged(1)
    assert buffer.wants_snapshot(0)


def test_a_record_says_how_large_each_of_its_ticks_was(buffer: CommitBuffer) -> None:
    for n, size in enumerate((60, 60, 30, 60, 60), 1):
        buffer.ticked(Tick(n), (), (), 0, MS, Micros(size))
    assert buffer.record(mark(5), 0).sizes == ((60, 2), (30, 1), (60, 2))
    buffer.ticked(Tick(6), (), (), 0, MS, Micros(60))
    assert buffer.record(mark(6), 0).sizes == ((60, 1),)


def test_what_nobody_wants_any_more_leaves_with_the_next_record_and_soon(buffer: CommitBuffer) -> None:
    """A second before its time, so that fewer of them are begun: 50 ms after it is known."""
    buffer.ticked(Tick(1), (), (), 0, MS, unwanted={RequestId("r1"): "left"})
    buffer.settled([outcome()], 10 * MS, {RequestId("r2"): "left"})
    assert buffer.flush_at_ns() == 50 * MS
    first = buffer.record(mark(1), 50 * MS)
    assert first.cancelled == {"r1": "left", "r2": "left"}
    tick(buffer, 2, at_ms=60)
    assert buffer.record(mark(2), 1050 * MS).cancelled == {}
    assert first.cancelled == {"r1": "left", "r2": "left"}
