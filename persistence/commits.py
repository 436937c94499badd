"""Commit records: everything a world did since the last one, in one transaction, only for its owner."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.commits import CommitRecord, Fenced, InputOutcome, RequestRow
from persistence import snapshots
from persistence.engine import Database, insert_new
from persistence.tables import generations, inputs, worlds
from simulation.requests import BANDS
from simulation.units import Epoch, GenerationStatus, WorldId

Written = tuple[WorldId, Epoch, int]


class CommitGap(RuntimeError):
    """A record came before the one it follows: its sender must send them again in order."""


async def write(db: Database, records: Sequence[CommitRecord]) -> list[Written | Fenced]:
    """Write records in one transaction; each is durable, or fenced without touching anything, on its own.

    A record that is stored already (same epoch, number not above the stored one) counts as written. Raises
    CommitGap; nothing is written then.
    """
    answers: dict[int, Written | Fenced] = {}
    async with db.write() as connection:
        for place in _in_lock_order(records):
            record = records[place]
            if await _move_mark(connection, record):
                await _apply(connection, record)
                answers[place] = (record.world_id, record.epoch, record.number)
            else:
                answers[place] = await _why_not(connection, record)
    return [answers[place] for place in range(len(records))]


def _in_lock_order(records: Sequence[CommitRecord]) -> list[int]:
    """Places by world: two batches that share worlds lock them in one order, so neither can block the
    other for good. The records of one world stay in their own."""
    return sorted(range(len(records)), key=lambda place: (records[place].world_id, place))


async def _move_mark(connection: AsyncConnection, record: CommitRecord) -> bool:
    """The fence: moves the mark only for the owner, and only by the next record."""
    mark = record.mark
    change = (
        update(worlds)
        .where(
            worlds.c.id == record.world_id,
            worlds.c.epoch == record.epoch,
            worlds.c.commit_number == record.number - 1,
        )
        .values(
            commit_number=record.number,
            tick=mark.tick,
            world_time=mark.world_time,
            state_hash=mark.state_hash,
            mark=mark.model_dump(mode="json"),
            waiting_inputs=worlds.c.waiting_inputs - len(record.outcomes),
            updated_at=time.time(),
        )
    )
    return (await connection.execute(change)).rowcount == 1


async def _why_not(connection: AsyncConnection, record: CommitRecord) -> Written | Fenced:
    query = select(worlds.c.epoch, worlds.c.commit_number).where(worlds.c.id == record.world_id)
    found = (await connection.execute(query)).first()
    if found is None or found.epoch != record.epoch:
        owner = Epoch(0 if found is None else found.epoch)
        return Fenced(world_id=record.world_id, epoch=record.epoch, owner_epoch=owner)
    if found.commit_number < record.number:
        raise CommitGap(f"{record.world_id}: record {record.number} after {found.commit_number}")
    return record.world_id, record.epoch, record.number


async def _apply(connection: AsyncConnection, record: CommitRecord) -> None:
    if record.outcomes:
        await _outcomes(connection, record.world_id, record.outcomes)
    if record.requests:
        await _requests(connection, record.world_id, record.requests)
    if record.snapshot is not None:
        await snapshots.keep(connection, record.world_id, record.snapshot)


async def _outcomes(connection: AsyncConnection, world_id: WorldId, outcomes: Sequence[InputOutcome]) -> None:
    columns = ("tick", "ordinal", "applied", "detail", "answer_at_tick")
    change = (
        update(inputs)
        .where(inputs.c.world_id == world_id, inputs.c.seq == bindparam("of_seq"))
        .values({name: bindparam(f"to_{name}") for name in columns})
    )
    rows = [
        {"of_seq": outcome.seq, **{f"to_{name}": getattr(outcome, name) for name in columns}}
        for outcome in outcomes
    ]
    await connection.execute(change, rows)


async def _requests(connection: AsyncConnection, world_id: WorldId, requests: Sequence[RequestRow]) -> None:
    """Insert what is not there yet: a replay after a recovery makes the same requests with the same ids."""
    now = time.time()
    rows = [
        {
            **request.model_dump(exclude={"deadline_s"}),
            "world_id": world_id,
            "band": BANDS.index(request.band),
            "expires_at": now + request.deadline_s,
            "committed_at": now,
            "status": GenerationStatus.REQUESTED,
            "attempts": 0,
            "reason": "",
            "moved_at": now,
        }
        for request in requests
    ]
    await connection.execute(insert_new(connection, generations), rows)
