"""Appointments: inputs that a world is given when a wall time comes, each exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.archive import StoredInput
from persistence.engine import Database
from persistence.inputs import UnknownWorld, hold, insert_all, take_seqs
from persistence.tables import appointments, worlds
from simulation.units import InputKind, Seq, WorldId

APPOINTMENTS_MAX = 100
"""Of one world at once: a calendar of a few months; they are listed whole, and may all come at once."""
KEPT_AT_ONCE = 100
"""Appointments kept in one transaction: commits wait that long."""


class TooManyAppointments(RuntimeError):
    """A world has as many as it may."""


@dataclass(frozen=True, slots=True)
class Appointment:
    id: str
    at: float
    """Wall time in seconds."""
    kind: InputKind
    payload: Mapping[str, Any]


async def make(db: Database, world_id: WorldId, made: Appointment) -> bool:
    """Keep one in mind; whether it replaces one of its id. Raises UnknownWorld, TooManyAppointments."""
    mine = appointments.c.world_id == world_id
    async with db.write() as connection:
        if await hold(connection, world_id) is None:
            raise UnknownWorld(f"no world {world_id}")
        same = delete(appointments).where(mine, appointments.c.appointment_id == made.id)
        replaced = bool((await connection.execute(same)).rowcount)
        count = select(func.count()).select_from(appointments).where(mine)
        if (await connection.execute(count)).scalar_one() >= APPOINTMENTS_MAX:
            raise TooManyAppointments(f"world {world_id} has {APPOINTMENTS_MAX} appointments already")
        row = {
            "world_id": world_id,
            "appointment_id": made.id,
            "at": made.at,
            "kind": str(made.kind),
            "payload": dict(made.payload),
        }
        await connection.execute(insert(appointments).values(row))
    return replaced


async def cancel(db: Database, world_id: WorldId, appointment_id: str) -> bool:
    """Forget one. False: there is none of that id."""
    mine = appointments.c.world_id == world_id
    async with db.write() as connection:
        gone = delete(appointments).where(mine, appointments.c.appointment_id == appointment_id)
        return bool((await connection.execute(gone)).rowcount)


async def of_world(db: Database, world_id: WorldId) -> tuple[Appointment, ...]:
    """The appointments of a world, the next first."""
    query = (
        select(appointments)
        .where(appointments.c.world_id == world_id)
        .order_by(appointments.c.at, appointments.c.appointment_id)
    )
    async with db.read() as connection:
        return tuple(_appointment(row) for row in (await connection.execute(query)).mappings())


def _appointment(row: RowMapping) -> Appointment:
    return Appointment(row["appointment_id"], row["at"], InputKind(row["kind"]), row["payload"])


async def next_at(db: Database) -> float | None:
    """When the next of all worlds in service is; None: there is none."""
    query = (
        select(appointments.c.at)
        .join(worlds, worlds.c.id == appointments.c.world_id)
        .where(worlds.c.status == "active")
        .order_by(appointments.c.at)
        .limit(1)
    )
    async with db.read() as connection:
        found: float | None = (await connection.execute(query)).scalar()
    return found


async def keep(db: Database, now: float, limit: int = KEPT_AT_ONCE) -> dict[WorldId, tuple[StoredInput, ...]]:
    """Turn those whose time has come into inputs and forget them, in one transaction; a bounded batch, the
    earliest first. Those of retired worlds wait until their world is back."""
    found: dict[WorldId, tuple[StoredInput, ...]] = {}
    async with db.write() as connection:
        for world_id, rows in sorted((await _due(connection, now, limit)).items()):
            if await hold(connection, world_id) is not None:
                found[world_id] = await _take(connection, world_id, rows)
    return found


async def _due(connection: AsyncConnection, now: float, limit: int) -> dict[WorldId, list[RowMapping]]:
    """By world, the earliest first; whoever else keeps some at this moment gets others."""
    query = (
        select(appointments)
        .join(worlds, worlds.c.id == appointments.c.world_id)
        .where(worlds.c.status == "active", appointments.c.at <= now)
        .order_by(appointments.c.at, appointments.c.world_id, appointments.c.appointment_id)
        .limit(limit)
        .with_for_update(of=appointments, skip_locked=True)
    )
    found: dict[WorldId, list[RowMapping]] = {}
    for row in (await connection.execute(query)).mappings():
        found.setdefault(WorldId(row["world_id"]), []).append(row)
    return found


async def _take(
    connection: AsyncConnection, world_id: WorldId, rows: list[RowMapping]
) -> tuple[StoredInput, ...]:
    """They do not count against the bound of waiting inputs: there is room for as many as there may be."""
    first = await take_seqs(connection, world_id, len(rows))
    stored = [
        (
            StoredInput(seq=Seq(first + n), kind=InputKind(row["kind"]), payload=row["payload"]),
            f"appointment:{first + n}:{row['appointment_id']}",
        )
        for n, row in enumerate(rows)
    ]
    await insert_all(connection, world_id, stored)
    names = [row["appointment_id"] for row in rows]
    mine = appointments.c.world_id == world_id
    await connection.execute(delete(appointments).where(mine, appointments.c.appointment_id.in_(names)))
    return tuple(item for item, _ in stored)
