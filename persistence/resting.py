"""Worlds that are stored and not in service, and bringing one back."""

from __future__ import annotations

from sqlalchemy import select, update

from messages.commits import Mark
from persistence.engine import Database
from persistence.tables import worlds
from simulation.units import WorldId

LISTED_MAX = 1_000
"""Stored worlds that a service knows of beside its own, the last used first: a long list already."""

Row = tuple[WorldId, str, Mark | None, bool]


async def stored(db: Database) -> tuple[Row, ...]:
    """Id, name, mark and whether it was taken out of service, of the worlds used last."""
    query = select(worlds.c.id, worlds.c.name, worlds.c.mark, worlds.c.status)
    newest = query.order_by(worlds.c.updated_at.desc(), worlds.c.id).limit(LISTED_MAX)
    async with db.read() as connection:
        rows = (await connection.execute(newest)).all()
    return tuple(
        (
            WorldId(row.id),
            row.name,
            None if row.mark is None else Mark.model_validate(row.mark),
            row.status != "active",
        )
        for row in rows
    )


async def recall(db: Database, world_id: WorldId) -> bool:
    """Put a stored world into service again. False: no such world."""
    change = update(worlds).where(worlds.c.id == world_id).values(status="active")
    async with db.write() as connection:
        return bool((await connection.execute(change)).rowcount)
