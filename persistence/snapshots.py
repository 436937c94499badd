"""Snapshots of a world: the last few are kept, the newest is where recovery begins."""

from __future__ import annotations

import time

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.commits import Snapshot
from persistence.tables import snapshots
from simulation.units import WorldId

SNAPSHOTS_KEPT = 3
"""Newest snapshots of a world: two to fall back to if the last is corrupt."""


async def keep(connection: AsyncConnection, world_id: WorldId, snapshot: Snapshot) -> None:
    """Store a snapshot, in place of one of the same moment, and forget all but the last few."""
    of_world = snapshots.c.world_id == world_id
    same = (snapshots.c.ordinal == snapshot.ordinal) & (snapshots.c.tick == snapshot.tick)
    await connection.execute(delete(snapshots).where(of_world, same))
    row = {"world_id": world_id, "taken_at": time.time(), **snapshot.model_dump()}
    await connection.execute(insert(snapshots).values(row))
    kept = (await connection.execute(_moments(world_id).limit(SNAPSHOTS_KEPT))).all()
    oldest = kept[-1]
    older = (snapshots.c.ordinal < oldest.ordinal) | (
        (snapshots.c.ordinal == oldest.ordinal) & (snapshots.c.tick < oldest.tick)
    )
    await connection.execute(delete(snapshots).where(of_world, older))


async def newest(connection: AsyncConnection, world_id: WorldId, skip: int) -> Snapshot | None:
    """The newest snapshot but `skip`; None when there are no more."""
    query = _moments(world_id).add_columns(snapshots.c.body).offset(skip).limit(1)
    found = (await connection.execute(query)).mappings().first()
    return None if found is None else Snapshot(**found)


def _moments(world_id: WorldId) -> Select[int, int]:
    """Newest first. Inputs and ticks both only grow, so either alone may stand still between two."""
    return (
        select(snapshots.c.ordinal, snapshots.c.tick)
        .where(snapshots.c.world_id == world_id)
        .order_by(snapshots.c.ordinal.desc(), snapshots.c.tick.desc())
    )
