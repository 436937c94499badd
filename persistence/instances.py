"""Worlds made from stored ones: one transaction stores a new one and gives it its first owner."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.archive import Origin
from persistence.engine import Database, insert_new
from persistence.tables import npcs, worlds
from persistence.worlds import Claimed, claim_within, hold, keep_visits, unborn
from simulation.definitions.templates import Instance, Templates
from simulation.units import Epoch, GenerationMode, Seq, WorldId

FIRST = Epoch(1)


class WorldTaken(ValueError):
    """A world of this id is stored already, running or not; nothing was changed."""


async def make(
    db: Database, templates: Templates, origin: Origin, world_id: WorldId, shard: int
) -> Claimed | None:
    """Store a new world with the definition of a stored one, retired or not, and let the shard own it. None:
    no such template.

    Raises WorldTaken, unless this very ask made what is there: who asks again after a lost answer gets it
    with one more epoch.
    """
    async with db.write() as connection:
        query = select(worlds.c.definition, worlds.c.generation).where(worlds.c.id == origin.template)
        source = (await connection.execute(query)).first()
        if source is None:
            return None
        made = templates.of(source.definition).instance(world_id, origin.user_id)
        row = {**_row(made, origin, shard), "generation": source.generation}
        if (await connection.execute(insert_new(connection, worlds).values(row))).rowcount == 0:
            return await _again(connection, world_id, origin, shard)
        rows = select(literal(world_id), npcs.c.npc_id, npcs.c.name, npcs.c.document)
        people = rows.where(npcs.c.world_id == origin.template)
        await connection.execute(insert(npcs).from_select(["world_id", "npc_id", "name", "document"], people))
        await keep_visits(connection, world_id, {"sessions": made.sessions})
    return Claimed(
        name=made.name,
        epoch=FIRST,
        number=0,
        document=source.definition,
        generation=None if source.generation is None else GenerationMode(source.generation),
        mark=None,
        snapshot=None,
        inputs=(),
        quarantined="",
        next_seq=Seq(1),
        committed_at=origin.asked_at,
        own=made.own,
    )


def _row(made: Instance, origin: Origin, shard: int) -> dict[str, Any]:
    return {
        **unborn(FIRST, origin.asked_at),
        "id": made.world_id,
        "name": made.name,
        "status": "active",
        "definition": made.text,
        "definition_hash": made.definition_hash,
        "owner_shard": shard,
        "updated_at": origin.asked_at,
    }


async def _again(
    connection: AsyncConnection, world_id: WorldId, origin: Origin, shard: int
) -> Claimed | None:
    there = await hold(connection, world_id)
    if there["status"] != "active" or there["created_at"] != origin.asked_at:
        raise WorldTaken(f"a world {world_id} is stored already")
    return await claim_within(connection, world_id, shard, 0)
