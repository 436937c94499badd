"""Snapshots of a world: the last few are kept, the newest is where recovery begins."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import FromClause, Select, bindparam, delete, insert, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.commits import Snapshot
from persistence.tables import snapshots
from simulation.units import WorldId

SNAPSHOTS_KEPT = 3
"""Newest snapshots of a world: two to fall back to if the last is corrupt."""


async def keep(connection: AsyncConnection, taken: Sequence[tuple[WorldId, Snapshot]]) -> None:
    """Store snapshots of different worlds, each in place of one of the same moment, and forget all but the
    last few of each."""
    of_world = snapshots.c.world_id == bindparam("of_world")
    same = (snapshots.c.ordinal == bindparam("of_ordinal")) & (snapshots.c.tick == bindparam("of_tick"))
    moments = [
        {"of_world": world_id, "of_ordinal": snapshot.ordinal, "of_tick": snapshot.tick}
        for world_id, snapshot in taken
    ]
    now = time.time()
    rows = [
        {
            "world_id": world_id,
            "ordinal": snapshot.ordinal,
            "tick": snapshot.tick,
            "taken_at": now,
            "body": snapshot.body,
        }
        for world_id, snapshot in taken
    ]
    await connection.execute(delete(snapshots).where(of_world, same), moments)
    await connection.execute(insert(snapshots), rows)
    moment = tuple_(snapshots.c.ordinal, snapshots.c.tick)
    newer = _moments(snapshots.alias(), bindparam("of_world")).limit(SNAPSHOTS_KEPT)
    forget = delete(snapshots).where(of_world, moment.not_in(newer))
    await connection.execute(forget, [{"of_world": world_id} for world_id, _ in taken])


async def newest(connection: AsyncConnection, world_id: WorldId, skip: int) -> Snapshot | None:
    """The newest snapshot but `skip`; None when there are no more."""
    query = _moments(snapshots, world_id).add_columns(snapshots.c.body).offset(skip).limit(1)
    found = (await connection.execute(query)).mappings().first()
    return None if found is None else Snapshot(**found)


def _moments(table: FromClause, world_id: object) -> Select[int, int]:
    """Newest first. Inputs and ticks both only grow, so either alone may stand still between two."""
    return (
        select(table.c.ordinal, table.c.tick)
        .where(table.c.world_id == world_id)
        .order_by(table.c.ordinal.desc(), table.c.tick.desc())
    )
