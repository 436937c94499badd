"""Inputs: recorded once each under a gapless seq, before anybody applies them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.archive import OutcomeFound, StoredInput
from persistence.engine import Database
from persistence.tables import generations, inputs, worlds
from simulation.units import TERMINAL, InputKind, Seq, Tick, WorldId

INPUTS_WAITING_MAX = 1_000
"""Inputs of one world that may wait to be applied: seconds of the fastest operator, minutes of a paused
world."""
RESULTS_AT_ONCE = 200
"""Generation results turned into inputs in one transaction."""


class UnknownWorld(LookupError):
    """No such world is stored."""


class InputsFull(RuntimeError):
    """Too many inputs of this world wait already."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """`known`: this key was recorded before; `stored` is what was recorded then."""

    seq: Seq
    known: bool
    stored: StoredInput


def stored_input(row: RowMapping) -> StoredInput:
    return StoredInput(
        seq=Seq(row["seq"]),
        kind=InputKind(row["kind"]),
        payload=row["payload"],
        tick=row["tick"],
        ordinal=row["ordinal"],
    )


async def record(
    db: Database, world_id: WorldId, kind: InputKind, payload: Mapping[str, Any], key: str
) -> Recorded:
    """Make an input durable. Raises UnknownWorld, InputsFull."""
    async with db.write() as connection:
        before = await _by_key(connection, world_id, key)
        if before is not None:
            return before
        seq = await _next_seq(connection, world_id)
        stored = StoredInput(seq=seq, kind=kind, payload=dict(payload))
        await _insert(connection, world_id, [(stored, key)])
    return Recorded(seq, False, stored)


async def _by_key(connection: AsyncConnection, world_id: WorldId, key: str) -> Recorded | None:
    query = select(inputs).where(inputs.c.world_id == world_id, inputs.c.idempotency_key == key)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else Recorded(Seq(row["seq"]), True, stored_input(row))


async def _next_seq(connection: AsyncConnection, world_id: WorldId, *, bounded: bool = True) -> Seq:
    """Take the next seq of a world; the row stays locked until the transaction ends, so there is never a
    gap."""
    change = (
        update(worlds)
        .where(worlds.c.id == world_id)
        .values(next_seq=worlds.c.next_seq + 1, waiting_inputs=worlds.c.waiting_inputs + 1)
        .returning(worlds.c.next_seq, worlds.c.waiting_inputs, worlds.c.status)
    )
    found = (await connection.execute(change)).mappings().first()
    if found is None or found["status"] != "active":
        raise UnknownWorld(f"no world {world_id}")
    if bounded and found["waiting_inputs"] > INPUTS_WAITING_MAX:
        raise InputsFull(f"{INPUTS_WAITING_MAX} inputs of world {world_id} wait to be applied")
    return Seq(found["next_seq"] - 1)


async def _insert(
    connection: AsyncConnection, world_id: WorldId, stored: list[tuple[StoredInput, str]]
) -> None:
    now = time.time()
    rows = [
        {
            "world_id": world_id,
            "seq": item.seq,
            "kind": item.kind,
            "payload": item.payload,
            "idempotency_key": key,
            "recorded_at": now,
        }
        for item, key in stored
    ]
    await connection.execute(insert(inputs), rows)


async def after(db: Database, world_id: WorldId, seq: Seq) -> tuple[StoredInput, ...]:
    """The inputs of a world beyond `seq`, in order."""
    query = select(inputs).where(inputs.c.world_id == world_id, inputs.c.seq > seq).order_by(inputs.c.seq)
    async with db.read() as connection:
        return tuple(stored_input(row) for row in (await connection.execute(query)).mappings())


async def outcome(db: Database, world_id: WorldId, seq: Seq, ask_id: str) -> OutcomeFound | None:
    """How an input was applied. None: it waits, or there is none."""
    query = select(inputs).where(inputs.c.world_id == world_id, inputs.c.seq == seq)
    async with db.read() as connection:
        row = (await connection.execute(query)).mappings().first()
    if row is None or row["ordinal"] is None:
        return None
    return OutcomeFound(
        ask_id=ask_id,
        world_id=world_id,
        seq=seq,
        applied=row["applied"],
        detail=row["detail"],
        tick=Tick(row["tick"]),
        answer_at_tick=Tick(row["answer_at_tick"]),
    )


async def collect_results(db: Database) -> dict[WorldId, tuple[StoredInput, ...]]:
    """Turn terminal generation rows that are no inputs yet into inputs, each exactly once; a bounded
    batch."""
    query = (
        select(generations)
        .where(generations.c.status.in_(TERMINAL), generations.c.input_seq.is_(None))
        .order_by(generations.c.moved_at, generations.c.request_id)
        .limit(RESULTS_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    found: dict[WorldId, list[tuple[StoredInput, str]]] = {}
    async with db.write() as connection:
        for row in (await connection.execute(query)).mappings().all():
            world_id = WorldId(row["world_id"])
            seq = await _next_seq(connection, world_id, bounded=False)
            payload = {
                "requestId": row["request_id"],
                "status": row["status"],
                "result": row["result"],
                "reason": row["reason"],
            }
            stored = StoredInput(seq=seq, kind=InputKind.GENERATION_RESULT, payload=payload)
            found.setdefault(world_id, []).append((stored, f"generation:{row['request_id']}"))
            change = update(generations).where(generations.c.request_id == row["request_id"])
            await connection.execute(change.values(input_seq=seq))
        for world_id, items in found.items():
            await _insert(connection, world_id, items)
    return {world_id: tuple(item for item, _ in items) for world_id, items in found.items()}
