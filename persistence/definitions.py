"""Definitions that worlds had before an update gave them another: what older snapshots are run again by."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.tables import definitions, inputs, npcs, worlds
from simulation.definitions import update_document
from simulation.units import Seq, WorldId

ROWS_AT_ONCE = 1_000
"""People inserted in one statement: some bytes below what SQLite takes as parameters."""


async def at(connection: AsyncConnection, world_id: WorldId, ordinal: int, newest: str) -> str:
    """The definition a world had when so many inputs were applied; `newest` is the one it has now."""
    query = (
        select(definitions.c.definition)
        .where(definitions.c.world_id == world_id, definitions.c.until_ordinal > ordinal)
        .order_by(definitions.c.until_ordinal)
        .limit(1)
    )
    found: str | None = (await connection.execute(query)).scalar()
    return newest if found is None else found


async def had(connection: AsyncConnection, world_id: WorldId, definition_hash: str) -> bool:
    """Whether a world went by a definition of this hash before an update."""
    query = select(definitions.c.world_id).where(
        definitions.c.world_id == world_id, definitions.c.definition_hash == definition_hash
    )
    return (await connection.execute(query.limit(1))).first() is not None


async def hashes(connection: AsyncConnection) -> dict[WorldId, list[str]]:
    """Of every definition that worlds had before updates, the oldest first."""
    query = select(definitions.c.world_id, definitions.c.definition_hash).order_by(
        definitions.c.world_id, definitions.c.until_ordinal
    )
    found: dict[WorldId, list[str]] = {}
    for row in await connection.execute(query):
        found.setdefault(WorldId(row.world_id), []).append(row.definition_hash)
    return found


async def replace(connection: AsyncConnection, world_id: WorldId, seq: Seq, ordinal: int) -> None:
    """Give a world the definition of an update that was applied, and keep the one before; the commit this
    belongs to holds the world's row."""
    asked = select(inputs.c.payload).where(inputs.c.world_id == world_id, inputs.c.seq == seq)
    document = update_document((await connection.execute(asked)).scalar_one())
    query = select(worlds.c.definition, worlds.c.definition_hash).where(worlds.c.id == world_id)
    before = (await connection.execute(query)).one()
    former = {
        "world_id": world_id,
        "until_ordinal": ordinal,
        "definition": before.definition,
        "definition_hash": before.definition_hash,
        "replaced_at": time.time(),
    }
    await connection.execute(insert(definitions).values(former))
    change = update(worlds).where(worlds.c.id == world_id)
    await connection.execute(
        change.values(definition=document.text, definition_hash=document.definition_hash, name=document.name)
    )
    await keep_people(connection, world_id, json.loads(before.definition), json.loads(document.text))


async def keep_people(
    connection: AsyncConnection, world_id: WorldId, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """The rows of people whose definition is another one now."""
    old, new = _by_id(before), _by_id(after)
    stale = [name for name, npc in old.items() if new.get(name) != npc]
    forget = delete(npcs).where(npcs.c.world_id == world_id, npcs.c.npc_id == bindparam("of_npc"))
    if stale:
        await connection.execute(forget, [{"of_npc": name} for name in stale])
    rows = person_rows(world_id, [npc for name, npc in new.items() if old.get(name) != npc])
    for start in range(0, len(rows), ROWS_AT_ONCE):
        await connection.execute(insert(npcs), rows[start : start + ROWS_AT_ONCE])


def _by_id(document: Mapping[str, Any]) -> dict[str, Any]:
    return {str(npc["id"]): npc for npc in document.get("npcs", [])}


def person_rows(world_id: WorldId, people: list[Any]) -> list[dict[str, Any]]:
    """People as rows of their table."""
    return [
        {
            "world_id": world_id,
            "npc_id": str(npc["id"]),
            "name": npc.get("name", str(npc["id"])),
            "document": npc,
        }
        for npc in people
    ]
