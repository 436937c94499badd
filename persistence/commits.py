"""Commit records: everything a world did since the last one, in one transaction, only for its owner."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.commits import CommitRecord, CommitsMissing, Fenced, InputOutcome, RequestRow
from persistence import announcing, definitions, snapshots
from persistence.announcing import happened
from persistence.engine import Database, insert_new
from persistence.tables import generations, inputs, worlds
from simulation.requests import BANDS
from simulation.units import Epoch, GenerationStatus, RequestId, WorldId

Written = tuple[WorldId, Epoch, int]
UNBEGUN = (GenerationStatus.REQUESTED, GenerationStatus.ADMITTED, GenerationStatus.QUEUED)
"""No worker makes it."""
IDS_AT_ONCE = 1_000
"""Values of one statement, which databases bound."""


Answer = Written | Fenced | CommitsMissing


async def write(db: Database, records: Sequence[CommitRecord]) -> list[Answer]:
    """Write records in one transaction; each is durable, or fenced without touching anything, on its own.

    A record that is stored already (same epoch, number not above the stored one) counts as written; one that
    came before the record it follows is not written, and its sender is asked for both. The number of
    statements does not depend on the number of records.
    """
    async with db.write() as connection:
        owners = await _hold(connection, sorted({record.world_id for record in records}))
        answers, new = _judge(owners, records)
        if new:
            await _move_marks(connection, new)
            await _store(connection, new)
    return answers


@dataclass(frozen=True, slots=True)
class _Owner:
    epoch: Epoch
    number: int


async def _hold(connection: AsyncConnection, world_ids: Sequence[WorldId]) -> dict[WorldId, _Owner]:
    """The fence: who owns the worlds, kept from changing until the transaction ends.

    Held in one order, so that of two batches that share worlds neither can block the other for good.
    """
    query = (
        select(worlds.c.id, worlds.c.epoch, worlds.c.commit_number)
        .where(worlds.c.id.in_(world_ids))
        .order_by(worlds.c.id)
        .with_for_update(key_share=True)
    )
    found = await connection.execute(query)
    return {WorldId(row.id): _Owner(Epoch(row.epoch), row.commit_number) for row in found}


def _judge(
    owners: dict[WorldId, _Owner], records: Sequence[CommitRecord]
) -> tuple[list[Answer], list[CommitRecord]]:
    """The answer to each record, and which are new."""
    answers: list[Answer] = []
    new = []
    for record in records:
        world_id, epoch, number = record.world_id, record.epoch, record.number
        owner = owners.get(world_id)
        if owner is None or owner.epoch != epoch:
            other = Epoch(0) if owner is None else owner.epoch
            answers.append(Fenced(world_id=world_id, epoch=epoch, owner_epoch=other))
            continue
        if number > owner.number + 1:
            answers.append(CommitsMissing(world_id=world_id, epoch=epoch, after=owner.number))
            continue
        if number == owner.number + 1:
            owners[world_id] = _Owner(epoch, number)
            new.append(record)
        answers.append((world_id, epoch, number))
    return answers, new


async def _move_marks(connection: AsyncConnection, records: Sequence[CommitRecord]) -> None:
    """Each world to the mark of its last record."""
    columns = ("commit_number", "tick", "world_time", "state_hash", "mark")
    now = time.time()
    change = (
        update(worlds)
        .where(worlds.c.id == bindparam("of_world"))
        .values(
            {name: bindparam(f"to_{name}") for name in columns}
            | {
                "waiting_inputs": worlds.c.waiting_inputs - bindparam("outcomes", type_=worlds.c.tick.type),
                "updated_at": now,
            }
        )
    )
    rows: dict[WorldId, dict[str, Any]] = {}
    for record in records:
        mark, before = record.mark, rows.get(record.world_id, {"outcomes": 0})
        rows[record.world_id] = {
            "of_world": record.world_id,
            "to_commit_number": record.number,
            "to_tick": mark.tick,
            "to_world_time": mark.world_time,
            "to_state_hash": mark.state_hash,
            "to_mark": mark.model_dump(mode="json"),
            "outcomes": before["outcomes"] + len(record.outcomes),
        }
    await connection.execute(change, list(rows.values()))


async def _store(connection: AsyncConnection, records: Sequence[CommitRecord]) -> None:
    outcomes = [(record.world_id, outcome) for record in records for outcome in record.outcomes]
    requests = [(record.world_id, request) for record in records for request in record.requests]
    cancelled = [(record.world_id, *one) for record in records for one in record.cancelled.items()]
    taken = {record.world_id: record.snapshot for record in records if record.snapshot is not None}
    if outcomes:
        await _outcomes(connection, outcomes)
        await _definitions(connection, outcomes)
    if requests:
        await keep_requests(connection, requests)
    if cancelled:
        await _cancel(connection, cancelled)
    if taken:
        await snapshots.keep(connection, list(taken.items()))


async def _outcomes(connection: AsyncConnection, outcomes: Sequence[tuple[WorldId, InputOutcome]]) -> None:
    columns = ("tick", "ordinal", "applied", "detail", "answer_at_tick")
    change = (
        update(inputs)
        .where(inputs.c.world_id == bindparam("of_world"), inputs.c.seq == bindparam("of_seq"))
        .values({name: bindparam(f"to_{name}") for name in columns})
    )
    rows = [
        {
            "of_world": world_id,
            "of_seq": outcome.seq,
            **{f"to_{name}": getattr(outcome, name) for name in columns},
        }
        for world_id, outcome in outcomes
    ]
    await connection.execute(change, rows)


async def _definitions(connection: AsyncConnection, outcomes: Sequence[tuple[WorldId, InputOutcome]]) -> None:
    """The updates among these, one after the other: a snapshot may be of between two."""
    for world_id, outcome in outcomes:
        if outcome.redefines:
            await definitions.replace(connection, world_id, outcome.seq, outcome.ordinal)


async def _cancel(connection: AsyncConnection, cancelled: Sequence[tuple[WorldId, RequestId, str]]) -> None:
    """End what nobody wants and nobody has begun to make; what is under way ends as it will."""
    now = time.time()
    change = (
        update(generations)
        .where(
            generations.c.request_id == bindparam("of_request"),
            generations.c.world_id == bindparam("of_world"),
            generations.c.land_tick.is_(None),
            or_(*(generations.c.status == status for status in UNBEGUN)),  # IN takes no executemany
        )
        .values(status=GenerationStatus.CANCELLED, reason=bindparam("why"), moved_at=now)
    )
    rows = [
        {"of_request": request_id, "of_world": world_id, "why": why}
        for world_id, request_id, why in sorted(cancelled)
    ]
    await connection.execute(change, rows)
    for start in range(0, len(rows), IDS_AT_ONCE):
        some = [row["of_request"] for row in rows[start : start + IDS_AT_ONCE]]
        query = select(*announcing.COLUMNS, generations.c.reason).where(
            generations.c.request_id.in_(some),
            generations.c.status == GenerationStatus.CANCELLED,
            generations.c.moved_at == now,
        )
        ended = (await connection.execute(query.order_by(generations.c.request_id))).all()
        detail = {"status": str(GenerationStatus.CANCELLED)}
        found = [happened("job:cancelled", row, now, detail | {"reason": row.reason}) for row in ended]
        await announcing.announce(connection, found)


async def keep_requests(connection: AsyncConnection, requests: Sequence[tuple[WorldId, RequestRow]]) -> None:
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
        for world_id, request in requests
    ]
    await connection.execute(insert_new(connection, generations), rows)
