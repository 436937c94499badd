"""Commit records: everything a world did since the last one, in one transaction, only for its owner."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Select, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.commits import CommitRecord, Fenced, RequestRow, Snapshot
from persistence.engine import Database
from persistence.tables import generations, inputs, snapshots, worlds
from simulation.requests import BANDS
from simulation.units import Epoch, GenerationStatus, WorldId

SNAPSHOTS_KEPT = 3
"""Newest snapshots of a world: two to fall back to if the last is corrupt."""

Written = tuple[WorldId, Epoch, int]


class CommitGap(RuntimeError):
    """A record came before the one it follows: its sender must send them again in order."""


async def write(db: Database, records: Sequence[CommitRecord]) -> list[Written | Fenced]:
    """Write records in one transaction; each is durable, or fenced without touching anything, on its own.

    A record that is stored already (same epoch, number not above the stored one) counts as written. Raises
    CommitGap; nothing is written then.
    """
    answers: list[Written | Fenced] = []
    async with db.write() as connection:
        for record in records:
            if await _move_mark(connection, record):
                await _apply(connection, record)
                answers.append((record.world_id, record.epoch, record.number))
            else:
                answers.append(await _why_not(connection, record))
    return answers


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
        change = (
            update(inputs)
            .where(inputs.c.world_id == record.world_id, inputs.c.seq == bindparam("of_seq"))
            .values(
                {
                    name: bindparam(f"to_{name}")
                    for name in ("tick", "ordinal", "applied", "detail", "answer_at_tick")
                }
            )
        )
        rows = [
            {
                "of_seq": outcome.seq,
                "to_tick": outcome.tick,
                "to_ordinal": outcome.ordinal,
                "to_applied": outcome.applied,
                "to_detail": outcome.detail,
                "to_answer_at_tick": outcome.answer_at_tick,
            }
            for outcome in record.outcomes
        ]
        await connection.execute(change, rows)
    if record.requests:
        await _requests(connection, record.world_id, record.requests)
    if record.snapshot is not None:
        await _keep(connection, record.world_id, record.snapshot)


async def _requests(connection: AsyncConnection, world_id: WorldId, requests: Sequence[RequestRow]) -> None:
    """Insert what is not there yet: a replay after a recovery makes the same requests with the same ids."""
    ids = [request.request_id for request in requests]
    query = select(generations.c.request_id).where(generations.c.request_id.in_(ids))
    known = set((await connection.execute(query)).scalars())
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
        if request.request_id not in known
    ]
    if rows:
        await connection.execute(insert(generations), rows)


async def _keep(connection: AsyncConnection, world_id: WorldId, snapshot: Snapshot) -> None:
    key = (snapshots.c.world_id == world_id, snapshots.c.ordinal == snapshot.ordinal)
    await connection.execute(delete(snapshots).where(*key, snapshots.c.tick == snapshot.tick))
    row = {"world_id": world_id, "taken_at": time.time(), **snapshot.model_dump()}
    await connection.execute(insert(snapshots).values(row))
    kept = (await connection.execute(_newest(world_id))).all()
    if len(kept) > SNAPSHOTS_KEPT:
        oldest = kept[SNAPSHOTS_KEPT - 1]
        older = (snapshots.c.ordinal < oldest.ordinal) | (
            (snapshots.c.ordinal == oldest.ordinal) & (snapshots.c.tick < oldest.tick)
        )
        await connection.execute(delete(snapshots).where(snapshots.c.world_id == world_id, older))


def _newest(world_id: WorldId) -> Select[tuple[int, int]]:
    return (
        select(snapshots.c.ordinal, snapshots.c.tick)
        .where(snapshots.c.world_id == world_id)
        .order_by(snapshots.c.ordinal.desc(), snapshots.c.tick.desc())
        .limit(SNAPSHOTS_KEPT + 1)
    )
