"""What became of a world, read without owning it: its kept snapshots and inputs, and those applied since
one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.archive import StoredInput
from messages.commits import Mark, Snapshot
from persistence import definitions
from persistence.engine import Database
from persistence.inputs import stored_input
from persistence.tables import inputs, snapshots, worlds
from simulation.units import InputKind, Seq, Tick, WorldId


@dataclass(frozen=True, slots=True)
class KeptSnapshot:
    """A snapshot that is stored: after `tick` ticks and `ordinal` inputs. `taken_at` is wall time."""

    tick: Tick
    ordinal: int
    taken_at: float
    size: int


@dataclass(frozen=True, slots=True)
class History:
    """A snapshot, the definition it was made with, and everything committed since."""

    document: str
    """The definition that the snapshot was made with."""
    newest: str
    """The definition that the world goes by at its mark."""
    snapshot: Snapshot
    inputs: tuple[StoredInput, ...]
    mark: Mark


async def world_ids(db: Database) -> tuple[WorldId, ...]:
    """Every world ever stored, retired ones too."""
    async with db.read() as connection:
        found = await connection.execute(select(worlds.c.id).order_by(worlds.c.id))
        return tuple(WorldId(name) for name in found.scalars())


async def definition(db: Database, world_id: WorldId) -> str | None:
    """The document a world goes by now. None: no such world."""
    async with db.read() as connection:
        query = select(worlds.c.definition).where(worlds.c.id == world_id)
        found: str | None = (await connection.execute(query)).scalar()
        return found


async def kept(db: Database, world_id: WorldId) -> tuple[KeptSnapshot, ...]:
    """The snapshots of a world, oldest first."""
    query = (
        select(
            snapshots.c.tick,
            snapshots.c.ordinal,
            snapshots.c.taken_at,
            func.length(snapshots.c.body).label("size"),
        )
        .where(snapshots.c.world_id == world_id)
        .order_by(snapshots.c.ordinal, snapshots.c.tick)
    )
    async with db.read() as connection:
        rows = (await connection.execute(query)).mappings()
        return tuple(
            KeptSnapshot(Tick(row["tick"]), row["ordinal"], row["taken_at"], row["size"]) for row in rows
        )


async def load(db: Database, world_id: WorldId, moment: tuple[Tick, int] | None) -> History | None:
    """What happened since the snapshot of that (tick, ordinal), or since the newest, up to the last commit.

    None: no such world, no such snapshot, or never committed. Changes nothing; the owner may go on meanwhile.
    """
    async with _one_look(db) as connection:
        query = select(worlds).where(worlds.c.id == world_id)
        world = (await connection.execute(query)).mappings().first()
        snapshot = await _snapshot(connection, world_id, moment)
        if world is None or snapshot is None or world["mark"] is None:
            return None
        return History(
            document=await definitions.at(connection, world_id, snapshot.ordinal, world["definition"]),
            newest=world["definition"],
            snapshot=snapshot,
            inputs=tuple(stored_input(row) for row in await _applied(connection, world_id, snapshot.ordinal)),
            mark=Mark.model_validate(world["mark"]),
        )


@asynccontextmanager
async def _one_look(db: Database) -> AsyncIterator[AsyncConnection]:
    """Everything as of one commit, however many statements it takes."""
    async with db.read() as connection:
        if not db.is_sqlite:  # SQLite's transactions see one state anyway
            await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        yield connection


async def _snapshot(
    connection: AsyncConnection, world_id: WorldId, moment: tuple[Tick, int] | None
) -> Snapshot | None:
    query = select(snapshots.c.tick, snapshots.c.ordinal, snapshots.c.body).where(
        snapshots.c.world_id == world_id
    )
    if moment is not None:
        query = query.where(snapshots.c.tick == moment[0], snapshots.c.ordinal == moment[1])
    newest = query.order_by(snapshots.c.ordinal.desc(), snapshots.c.tick.desc()).limit(1)
    found = (await connection.execute(newest)).mappings().first()
    return None if found is None else Snapshot(**found)


async def _applied(connection: AsyncConnection, world_id: WorldId, ordinal: int) -> list[RowMapping]:
    query = (
        select(inputs)
        .where(inputs.c.world_id == world_id, inputs.c.branch.is_(None), inputs.c.ordinal > ordinal)
        .order_by(inputs.c.ordinal)
    )
    return list((await connection.execute(query)).mappings())


@dataclass(frozen=True, slots=True)
class KeptInput:
    """A change from outside as it was asked for, and what became of it. `recorded_at` is wall time."""

    seq: Seq
    kind: InputKind
    payload: Mapping[str, Any]
    recorded_at: float
    tick: Tick | None
    """After which tick it was judged; None: it waits, or never will be."""
    applied: bool | None
    detail: Mapping[str, Any] | None
    branch: int | None
    """The rollback that left it behind."""


async def kept_inputs(
    db: Database, world_id: WorldId, kind: InputKind | None, limit: int
) -> tuple[KeptInput, ...]:
    """The newest inputs of a world that are stored, of one kind or of all, the newest first."""
    columns = (inputs.c[name] for name in KeptInput.__dataclass_fields__)
    query = select(*columns).where(inputs.c.world_id == world_id)
    if kind is not None:
        query = query.where(inputs.c.kind == str(kind))
    async with db.read() as connection:
        rows = (await connection.execute(query.order_by(inputs.c.seq.desc()).limit(limit))).mappings()
        return tuple(KeptInput(**{**row, "kind": InputKind(row["kind"])}) for row in rows)
