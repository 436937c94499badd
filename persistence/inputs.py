"""Inputs: recorded once each under a gapless seq, before anybody applies them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, select, update
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
    """Make an input durable, once for each key. Raises UnknownWorld, InputsFull."""
    own_key = f"asked:{key}"  # results of generation have keys of their own, which no client can take
    async with db.write() as connection:
        waiting = await hold(connection, world_id)
        before = await _by_key(connection, world_id, own_key)
        if before is not None:
            return before
        if waiting is None:
            raise UnknownWorld(f"no world {world_id}")
        if waiting >= INPUTS_WAITING_MAX:
            raise InputsFull(f"{INPUTS_WAITING_MAX} inputs of world {world_id} wait to be applied")
        seq = await take_seqs(connection, world_id, 1)
        stored = StoredInput(seq=seq, kind=kind, payload=dict(payload))
        await insert_all(connection, world_id, [(stored, own_key)])
    return Recorded(seq, False, stored)


async def hold(connection: AsyncConnection, world_id: WorldId) -> int | None:
    """Hold a world's row until the transaction ends, so that a key cannot be recorded twice and a seq is
    never skipped. Answers how many inputs wait; None: no such world is in service.

    SQLite holds the whole file instead.
    """
    query = (
        select(worlds.c.status, worlds.c.waiting_inputs)
        .where(worlds.c.id == world_id)
        .with_for_update(key_share=True)
    )
    found = (await connection.execute(query)).first()
    return None if found is None or found.status != "active" else int(found.waiting_inputs)


async def _by_key(connection: AsyncConnection, world_id: WorldId, key: str) -> Recorded | None:
    query = select(inputs).where(inputs.c.world_id == world_id, inputs.c.idempotency_key == key)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else Recorded(Seq(row["seq"]), True, stored_input(row))


async def take_seqs(connection: AsyncConnection, world_id: WorldId, count: int) -> Seq:
    """The first of `count` seqs in a row, of a world whose row is held."""
    change = (
        update(worlds)
        .where(worlds.c.id == world_id)
        .values(next_seq=worlds.c.next_seq + count, waiting_inputs=worlds.c.waiting_inputs + count)
        .returning(worlds.c.next_seq)
    )
    return Seq((await connection.execute(change)).scalar_one() - count)


async def insert_all(
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
    query = (
        select(inputs)
        .where(inputs.c.world_id == world_id, inputs.c.branch.is_(None), inputs.c.seq > seq)
        .order_by(inputs.c.seq)
    )
    async with db.read() as connection:
        return tuple(stored_input(row) for row in (await connection.execute(query)).mappings())


async def outcome(db: Database, world_id: WorldId, seq: Seq, ask_id: str) -> OutcomeFound | None:
    """How an input was applied. None: it waits, or there is none."""
    query = select(inputs).where(inputs.c.world_id == world_id, inputs.c.seq == seq)
    async with db.read() as connection:
        row = (await connection.execute(query)).mappings().first()
    if row is not None and row["branch"] is not None:
        return OutcomeFound(
            ask_id=ask_id,
            world_id=world_id,
            seq=seq,
            applied=False,
            detail={"reason": "the world was rolled back to before it", "do": "ask again if it shall be"},
            tick=Tick(0),
            answer_at_tick=Tick(0),
        )
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


async def collect_results(
    db: Database, limit: int = RESULTS_AT_ONCE
) -> dict[WorldId, tuple[StoredInput, ...]]:
    """Turn terminal generation rows that are no inputs yet into inputs, each exactly once; a bounded batch.

    Those of retired worlds stay where they are until their world is back.
    """
    found: dict[WorldId, tuple[StoredInput, ...]] = {}
    async with db.write() as connection:
        for world_id, rows in sorted((await _results(connection, limit)).items()):
            if await hold(connection, world_id) is not None:
                found[world_id] = await _take_results(connection, world_id, rows)
    return found


async def _results(connection: AsyncConnection, limit: int) -> dict[WorldId, list[RowMapping]]:
    """By world, the oldest first; whoever else collects at this moment gets others."""
    query = (
        select(*(generations.c[name] for name in ("world_id", "request_id", "status", "result", "reason")))
        .join(worlds, worlds.c.id == generations.c.world_id)
        .where(
            worlds.c.status == "active",
            generations.c.status.in_(TERMINAL),
            generations.c.input_seq.is_(None),
        )
        .order_by(generations.c.moved_at, generations.c.request_id)
        .limit(limit)
        .with_for_update(of=generations, skip_locked=True)
    )
    found: dict[WorldId, list[RowMapping]] = {}
    for row in (await connection.execute(query)).mappings():
        found.setdefault(WorldId(row["world_id"]), []).append(row)
    return found


async def _take_results(
    connection: AsyncConnection, world_id: WorldId, rows: list[RowMapping]
) -> tuple[StoredInput, ...]:
    """Results do not count against the bound of waiting inputs: a request made has room for its result."""
    first = await take_seqs(connection, world_id, len(rows))
    stored = tuple(
        StoredInput(seq=Seq(first + place), kind=InputKind.GENERATION_RESULT, payload=_result(row))
        for place, row in enumerate(rows)
    )
    keys = [f"generation:{row['request_id']}" for row in rows]
    await insert_all(connection, world_id, list(zip(stored, keys, strict=True)))
    change = (
        update(generations)
        .where(generations.c.request_id == bindparam("of_request"))
        .values(input_seq=bindparam("to_seq"))
    )
    taken = [
        {"of_request": row["request_id"], "to_seq": item.seq} for row, item in zip(rows, stored, strict=True)
    ]
    await connection.execute(change, taken)
    return stored


def _result(row: RowMapping) -> dict[str, Any]:
    return {
        "requestId": row["request_id"],
        "status": row["status"],
        "result": row["result"],
        "reason": row["reason"],
    }
