"""A commit is whole or not there, counts once, and only the owner of a world may make one."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import event, select

from messages.commits import CommitsMissing, Fenced
from persistence import commits, inputs, worlds
from persistence.engine import Database
from persistence.tables import generations, snapshots
from persistence.tables import worlds as world_rows
from simulation.units import Epoch, InputKind, WorldId
from stored import DOCUMENT, INN, Store, outcome, record, request, snapshot


def write(store: Store, *records: object) -> list[object]:
    return list(store(lambda db: commits.write(db, records)))  # type: ignore[arg-type]


def test_a_commit_moves_the_mark_and_says_so(inn: Store) -> None:
    assert write(inn, record(1, 10)) == [(INN, 1, 1)]
    (row,) = inn.rows(select(world_rows))
    assert (row["tick"], row["world_time"], row["commit_number"]) == (10, 600_000_000, 1)


def test_a_commit_sent_again_is_written_once(inn: Store) -> None:
    first = record(1, 10, requests=(request("r1"),))
    write(inn, first)
    assert write(inn, first) == [(INN, 1, 1)]
    assert len(inn.rows(select(generations))) == 1


def test_an_older_commit_sent_again_moves_nothing_back(inn: Store) -> None:
    write(inn, record(1, 10), record(2, 20))
    assert write(inn, record(1, 10)) == [(INN, 1, 1)]
    assert inn.rows(select(world_rows))[0]["tick"] == 20


def test_a_record_that_overtook_the_one_before_is_not_written_and_asked_for_again(inn: Store) -> None:
    asked = CommitsMissing(world_id=INN, epoch=Epoch(1), after=1)
    assert write(inn, record(1, 10), record(3, 30), record(4, 40)) == [(INN, 1, 1), asked, asked]
    assert inn.rows(select(world_rows))[0]["tick"] == 10
    assert write(inn, record(2, 20), record(3, 30)) == [(INN, 1, 2), (INN, 1, 3)]


def test_the_former_owner_is_fenced_and_changes_nothing(inn: Store) -> None:
    assert inn.claim().epoch == 2
    answer = write(inn, record(1, 10, epoch=1, requests=(request("r1"),)))
    assert answer == [Fenced(world_id=INN, epoch=1, owner_epoch=2)]
    assert inn.rows(select(world_rows))[0]["tick"] == 0
    assert inn.rows(select(generations)) == []


def test_nobody_writes_with_an_epoch_that_nobody_was_given(inn: Store) -> None:
    """A database that was put back to an older state knows of no later owner."""
    assert write(inn, record(1, 10, epoch=2)) == [Fenced(world_id=INN, epoch=2, owner_epoch=1)]
    assert inn.rows(select(world_rows))[0]["tick"] == 0


def test_a_retired_world_fences_its_owner(inn: Store) -> None:
    inn(lambda db: worlds.retire(db, INN))
    assert isinstance(write(inn, record(1, 10))[0], Fenced)


def test_a_fenced_world_does_not_keep_others_from_being_written(inn: Store) -> None:
    barn = WorldId("barn")

    async def another(db: Database) -> None:
        await worlds.register(
            db,
            world_id=barn,
            name="Barn",
            document='{"npcs": []}',
            definition_hash="b",
            generation=None,
            fresh=False,
        )
        await worlds.claim(db, barn, 0, 0)

    inn(another)
    inn.claim()
    answers = write(inn, record(1, 10, epoch=1), record(1, 7, world=barn))
    assert isinstance(answers[0], Fenced)
    assert answers[1] == (barn, 1, 1)


def test_outcomes_of_inputs_are_part_of_the_commit(inn: Store) -> None:
    recorded = inn(lambda db: inputs.record(db, INN, InputKind.PAUSE, {}, "k"))
    write(inn, record(1, 3, outcomes=(outcome(recorded.seq, ordinal=1),)))
    found = inn(lambda db: inputs.outcome(db, INN, recorded.seq, "ask"))
    assert found is not None
    assert (found.applied, found.detail) == (True, {"done": recorded.seq})


def test_the_last_three_snapshots_are_kept_and_the_newest_is_claimed(inn: Store) -> None:
    for number in range(1, 6):
        write(inn, record(number, number * 10, snapshot=snapshot(number * 10)))
    assert sorted(row["tick"] for row in inn.rows(select(snapshots))) == [30, 40, 50]
    newest, before = inn.claim().snapshot, inn.claim(skip=1).snapshot
    assert newest is not None
    assert before is not None
    assert (newest.body, before.body) == (b"state at 50", b"state at 40")


def test_each_world_of_a_batch_keeps_the_last_snapshots_of_its_own(inn: Store) -> None:
    other = WorldId("other")

    async def register(db: Database) -> None:
        document = json.dumps({**DOCUMENT, "id": other})
        await worlds.register(
            db,
            world_id=other,
            name="Other",
            document=document,
            definition_hash="h",
            generation=None,
            fresh=False,
        )
        await worlds.claim(db, other, 0, 0)

    inn(register)
    for number in range(1, 5):
        ticks = {INN: number * 10, other: number * 10 + 1}
        write(inn, *(record(number, at, world=name, snapshot=snapshot(at)) for name, at in ticks.items()))
    found = {(row["world_id"], row["tick"]) for row in inn.rows(select(snapshots))}
    assert found == {(INN, at) for at in (20, 30, 40)} | {(other, at) for at in (21, 31, 41)}


def test_when_no_snapshot_is_left_a_claim_has_none(inn: Store) -> None:
    write(inn, record(1, 10, snapshot=snapshot(10)))
    assert inn.claim(skip=1).snapshot is None


def test_two_writers_at_once_both_succeed_in_turn(inn: Store) -> None:
    """Two shards' batches at the same moment: SQLite waits for the file, PostgreSQL for the rows."""

    async def both(db: Database) -> list[object]:
        other = await Database.open(inn.url, migrate=False)
        try:
            return list(
                await asyncio.gather(
                    commits.write(db, [record(1, 10)]), inputs.record(other, INN, InputKind.PAUSE, {}, "k")
                )
            )
        finally:
            await other.close()

    written, recorded = inn(both)
    assert written == [(INN, 1, 1)]
    assert getattr(recorded, "seq", 0) == 1


@pytest.mark.parametrize("count", [1, 30])
def test_a_batch_takes_as_many_statements_however_many_records_are_in_it(store: Store, count: int) -> None:
    """One to hold the worlds, one for the marks, one for the outcomes, three for the snapshots."""
    names = [WorldId(f"inn-{number}") for number in range(count)]

    async def prepare(db: Database) -> None:
        for name in names:
            await worlds.register(
                db,
                world_id=name,
                name="Inn",
                document=json.dumps(DOCUMENT),
                definition_hash="h",
                generation=None,
                fresh=False,
            )
            await worlds.claim(db, name, 0, 0)
            await inputs.record(db, name, InputKind.PAUSE, {}, "key")

    store(prepare)
    records = [record(1, 3, world=name, outcomes=(outcome(1, 1),), snapshot=snapshot(3, 1)) for name in names]
    statements: list[str] = []

    async def write_counted(db: Database) -> list[Any]:
        engine = db._engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *heard: statements.append(heard[2]))
        return await commits.write(db, records)

    assert store(write_counted) == [(name, 1, 1) for name in names]
    assert len([text for text in statements if not text.startswith("BEGIN")]) == 6
    assert {row["waiting_inputs"] for row in store.rows(select(world_rows))} == {0}


def test_inputs_of_records_that_come_together_wait_no_more(inn: Store) -> None:
    for key in "ab":
        inn(lambda db, key=key: inputs.record(db, INN, InputKind.PAUSE, {}, key))
    write(inn, record(1, 3, outcomes=(outcome(1, 1),)), record(2, 4, outcomes=(outcome(2, 2, tick=4),)))
    assert inn.rows(select(world_rows))[0]["waiting_inputs"] == 0


def test_a_request_is_wanted_as_long_as_its_world_says(inn: Store) -> None:
    write(inn, record(1, 10, requests=(request("r1"),)))
    (row,) = inn.rows(select(generations))
    assert row["expires_at"] - row["committed_at"] == pytest.approx(60)
