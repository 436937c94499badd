"""Snapshots are made beside the ticks, and whatever is killed on the way, what was acknowledged is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from actors import committing
from actors.committing import encoded
from messages.commits import Commit, CommitsMissing, Committed
from messages.generation import RequestsCommitted
from messages.shards import WorldFailed, WorldOpened
from persistence.tables import snapshots
from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.units import Epoch, GenerationMode, InputKind, RequestId, WorldId
from stored import request
from village import document

VILLAGE = WorldId("village")
PEOPLE = 40


def hash_after(ticks: int) -> str:
    world, stages = create(parse_world(document(PEOPLE), "test"), GenerationMode.OFF)
    for _ in drive.run(world, stages, ticks):
        """Made."""
    return drive.state_hash(world, stages)


def kept(backstage: Any) -> list[int]:
    """The ticks of the stored snapshots, the oldest first."""
    rows = backstage.store.rows(select(snapshots.c.tick).order_by(snapshots.c.tick))
    return [row["tick"] for row in rows]


def tick(backstage: Any, ticks: int) -> None:
    for _ in range(ticks):
        backstage.running.tick(backstage.running.hosted[VILLAGE], 0, 0)


def carry_all(backstage: Any) -> None:
    """Mail, without any timer."""
    while backstage.mail:
        backstage.carry(backstage.mail.pop(0))


@pytest.fixture
def copied(backstage: Any) -> Any:
    """A village at tick 10 whose copy of tick 4 is still being made a snapshot."""
    backstage.add(document(PEOPLE))
    backstage.running.going = True
    hosted = backstage.running.hosted[VILLAGE]
    tick(backstage, 4)
    backstage.running.committing.copy(hosted, 0)
    tick(backstage, 6)
    backstage.running.committing.flush(hosted, 0)
    backstage.running.committing.send_batch(10**30)
    return backstage


def back(another: Callable[[], Any]) -> tuple[int, str]:
    """Where a new shard finds the village."""
    successor = another()
    successor.adoption.claim(VILLAGE)
    successor.turn()
    (opened,) = successor.heard(WorldOpened)
    return opened.report.tick, opened.report.state_hash


def test_a_world_goes_on_while_its_copy_becomes_a_snapshot(copied: Any, another: Callable[[], Any]) -> None:
    """The copy is of tick 4, whatever happened to the world since; the snapshot travels behind tick 10."""
    carry_all(copied)
    assert copied.hash_of("village") == (10, hash_after(10))
    assert kept(copied) == [0]
    copied.encode(copied.copies.pop())
    copied.turn()
    assert kept(copied) == [0, 4]
    assert back(another) == (10, hash_after(10))


def test_the_first_record_at_which_a_snapshot_is_due_begins_one(backstage: Any) -> None:
    backstage.add(document(PEOPLE))
    backstage.running.going = True
    hosted = backstage.running.hosted[VILLAGE]
    due_ns = hosted.buffer.snapshot_ns + hosted.buffer.snapshot_every_ns
    for at_ns, begun in ((due_ns - 1, []), (due_ns, [4])):
        tick(backstage, 2)
        hosted.buffer.replay_ns = 1  # far from what would make it due before its time
        backstage.running.committing.flush(hosted, at_ns)
        assert [copy.tick for copy in backstage.copies] == begun
    backstage.encode(backstage.copies.pop())
    backstage.running.committing.flush(hosted, due_ns + 1)
    backstage.running.committing.send_batch(10**30)
    carry_all(backstage)
    assert kept(backstage) == [0, 4], "it leaves with the record after"


def test_killed_before_the_copy_is_encoded_it_replays_from_the_snapshot_before(
    copied: Any, another: Callable[[], Any]
) -> None:
    carry_all(copied)
    assert back(another) == (10, hash_after(10))


def test_killed_before_the_record_is_written_it_stands_where_it_was_acknowledged(
    copied: Any, another: Callable[[], Any]
) -> None:
    copied.encode(copied.copies.pop())
    assert back(another) == (0, hash_after(0))


def test_a_record_sent_again_brings_its_snapshot_once(copied: Any, another: Callable[[], Any]) -> None:
    """The Archivist died between the commit and the answer."""
    copied.encode(copied.copies.pop())
    hosted = copied.running.hosted[VILLAGE]
    copied.running.committing.flush(hosted, 0)
    copied.running.committing.send_batch(10**30)
    for mail in [mail for mail in copied.mail if isinstance(mail, Commit)]:
        copied.carry(mail)
    copied.running.say_again()
    copied.turn()
    assert kept(copied) == [0, 4]
    assert back(another) == (10, hash_after(10))


def test_an_input_after_the_copy_is_replayed_on_top_of_it(copied: Any, another: Callable[[], Any]) -> None:
    copied.submit(VILLAGE, InputKind.CONFIG, changes={"maxNpcTicksPerStep": 3})
    tick(copied, 1)
    copied.encode(copied.copies.pop())
    copied.turn()
    copied.running.committing.flush(copied.running.hosted[VILLAGE], 0)
    copied.turn()
    stood = copied.hash_of("village")
    assert stood[0] == 11
    assert 4 in kept(copied)
    assert back(another) == stood


def test_the_first_record_of_a_world_waits_for_its_first_snapshot(
    backstage: Any, another: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one, there would be nothing to replay the ticks on but a definition that another run may open
    in another generation mode."""
    monkeypatch.setattr(backstage, "turn", lambda: None)
    backstage.add(document(PEOPLE))
    backstage.carry(backstage.mail.pop(0))
    backstage.adoption.replay(VILLAGE)
    backstage.running.going = True
    tick(backstage, 3)
    committing = backstage.running.committing
    committing.flush(backstage.running.hosted[VILLAGE], 0)
    assert committing.batch == []
    backstage.encode(backstage.copies.pop())
    committing.send_batch(10**30)
    (commit,) = [mail for mail in backstage.mail if isinstance(mail, Commit)]
    (record,) = commit.records
    assert (record.number, record.to_tick, record.snapshot.tick) == (1, 3, 0)


def test_a_drain_waits_for_the_copy_and_takes_one_of_the_last_state(
    copied: Any, another: Callable[[], Any]
) -> None:
    running = copied.running.committing
    running.save_all()
    assert running.all_saved() is None
    copied.turn()
    assert running.all_saved()[0].tick == 10
    assert kept(copied)[-1] == 10
    successor = another()
    successor.adoption.claim(VILLAGE)
    successor.turn()
    assert successor.running.hosted[VILLAGE].buffer.copied == (10, 0), "nothing to replay"


def test_nothing_is_saved_while_a_copy_is_being_made_a_snapshot(backstage: Any) -> None:
    """Everything it did is durable; the snapshot of it is not."""
    backstage.add(document(PEOPLE))
    backstage.run(2)
    committing = backstage.running.committing
    committing.copy(backstage.running.hosted[VILLAGE], 0)
    assert committing.all_saved() is None
    backstage.turn()
    (report,) = committing.all_saved()
    assert report.tick == 2
    assert kept(backstage)[-1] == 2


def test_a_world_that_can_have_no_snapshot_stops_alone(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raising(parts: Any) -> bytes:
        if parts.head["world"] == VILLAGE:
            raise ValueError("no JSON for this")
        return real(parts)

    real = committing.encode
    monkeypatch.setattr(committing, "encode", raising)
    backstage.add(document(PEOPLE))
    backstage.add({**document(PEOPLE), "id": "hamlet"})
    backstage.run(20)
    (failed,) = backstage.heard(WorldFailed)
    assert (failed.world_id, "no JSON for this" in failed.reason) == (VILLAGE, True)
    assert backstage.hash_of("hamlet")[0] == 20


def test_a_batch_goes_when_the_first_who_waits_for_it_must_have_it(backstage: Any) -> None:
    gathering = backstage.running.committing
    for until_ns, sends_at_ns in ((1_000, 1_000), (2_000, 1_000), (500, 500)):
        gathering.gather(until_ns)
        assert gathering.send_at_ns == sends_at_ns
    gathering.send_batch(499)
    assert gathering.send_at_ns == 500
    gathering.send_batch(500)
    assert gathering.send_at_ns is None


def test_a_record_that_overtook_the_one_before_is_sent_again_behind_it(
    backstage: Any, another: Callable[[], Any]
) -> None:
    backstage.add(document(PEOPLE))
    backstage.running.going = True
    hosted, committed = backstage.running.hosted[VILLAGE], backstage.running.committing
    for _ in range(3):
        tick(backstage, 1)
        committed.flush(hosted, 0)
        committed.send_batch(10**30)
    first, second, third = backstage.mail
    backstage.mail[:] = [second, third, first]
    carry_all(backstage)
    assert backstage.hash_of("village") == (3, hash_after(3))
    assert hosted.buffer.unacknowledged == []
    assert back(another) == (3, hash_after(3))


def test_records_are_sent_again_only_by_whom_they_are_asked_of(copied: Any) -> None:
    hosted, committed = copied.running.hosted[VILLAGE], copied.running.committing
    copied.mail.clear()
    (record,) = hosted.buffer.unacknowledged
    epoch = hosted.buffer.epoch
    for of_epoch, after, sent in (
        (epoch + 1, 0, 0),
        (epoch, record.number, 0),
        (epoch, record.number - 1, 1),
    ):
        committed.send_again(CommitsMissing(world_id=VILLAGE, epoch=Epoch(of_epoch), after=after))
        assert len(copied.mail) == sent


def test_what_was_meant_for_a_former_stay_of_a_world_is_nothing(copied: Any) -> None:
    """It crashed and came back with another epoch: neither the answer to a record nor a snapshot counts."""
    hosted, committed = copied.running.hosted[VILLAGE], copied.running.committing
    (record,), (copy,) = hosted.buffer.unacknowledged, copied.copies
    hosted.buffer.epoch = Epoch(copy.epoch + 1)
    committed.on_committed(Committed(records=((VILLAGE, copy.epoch, record.number),)))
    committed.on_encoded(encoded(copy))
    assert (hosted.buffer.unacknowledged, hosted.buffer.snapshot) == ([record], None)


def test_the_gate_hears_of_requests_when_they_are_durable(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(backstage.running.post, "hint", heard.append)
    backstage.add(document(PEOPLE))
    backstage.running.going = True
    hosted = backstage.running.hosted[VILLAGE]
    tick(backstage, 1)
    hosted.buffer.requests = [request("r1"), request("r2")]
    backstage.running.committing.flush(hosted, 0)
    backstage.running.committing.send_batch(10**30)
    assert heard == []
    carry_all(backstage)
    assert heard == [RequestsCommitted(world_id=VILLAGE, count=2)]


def test_what_a_world_did_that_is_thrown_away_is_not_sent_any_more(backstage: Any) -> None:
    worlds = [backstage.add({**document(1), "id": name}) for name in ("inn", "mill")]
    committed = backstage.running.committing
    for world_id in worlds:
        hosted = backstage.running.hosted[world_id]
        backstage.running.tick(hosted, 0, 0)
        committed.flush(hosted, 0)
    backstage.running.forget(worlds[0])
    assert [record.world_id for record in committed.batch] == ["mill"]


def test_a_world_that_waits_for_a_result_commits_at_once_what_it_asked_for(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backstage.add(document(PEOPLE))
    backstage.running.going = True
    hosted = backstage.running.hosted[VILLAGE]
    tick(backstage, 1)
    assert backstage.running.committing.batch == []
    monkeypatch.setattr(hosted, "blocked", lambda: (RequestId("r1"),))
    tick(backstage, 1)
    assert [record.to_tick for record in backstage.running.committing.batch] == [2]
