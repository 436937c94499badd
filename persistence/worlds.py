"""Which worlds there are, who owns them, and everything a new owner needs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.archive import StoredInput
from messages.commits import Beginning, Mark, Snapshot
from persistence import definitions as former_definitions
from persistence import snapshots
from persistence.commits import keep_requests
from persistence.definitions import ROWS_AT_ONCE, person_rows
from persistence.engine import Database, insert_new
from persistence.inputs import stored_input
from persistence.tables import inputs, npcs, sessions, worlds
from simulation.units import Epoch, GenerationMode, Seq, Tick, WorldId


class DefinitionChanged(ValueError):
    """A world of this id is stored and never had this definition; nothing was changed."""

    def __init__(self, world_id: str, stored_hash: str, given_hash: str) -> None:
        super().__init__(f"world {world_id} is stored with another definition")
        self.world_id = world_id
        self.stored_hash = stored_hash
        self.given_hash = given_hash


class AlreadyStored(ValueError):
    """A world of this id has a history here, which another's cannot replace; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Registered:
    resumed: bool
    tick: Tick
    quarantined: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """A world with its new owner's epoch, and what recovery needs."""

    name: str
    epoch: Epoch
    number: int
    document: str
    generation: GenerationMode | None
    mark: Mark | None
    snapshot: Snapshot | None
    inputs: tuple[StoredInput, ...]
    quarantined: str
    next_seq: Seq
    """Of the first input that is not stored yet: those before are in the snapshot, in `inputs`, or left
    behind by a rollback."""
    committed_at: float
    """Wall time of the last commit, in seconds."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """What an instance says instead of the document, which is its template's then, by top-level key."""


async def register(
    db: Database,
    *,
    world_id: WorldId,
    name: str,
    document: str,
    definition_hash: str,
    generation: GenerationMode | None,
    fresh: bool,
    beginning: Beginning | None = None,
) -> Registered:
    """Store a new world, or find the stored one of the same definition. Raises DefinitionChanged, and
    AlreadyStored for one that begins with the state of another history.

    `fresh` forgets everything of the stored one but its epoch, which keeps growing: whoever still owns the
    old life is fenced.
    """
    now = time.time()
    values: dict[str, Any] = {
        "name": name,
        "status": "active",
        "definition": document,
        "definition_hash": definition_hash,
        "generation": generation,
        "updated_at": now,
    }
    async with db.write() as connection:
        newborn = {"id": world_id, **values, **unborn(0, now)}
        if (await connection.execute(insert_new(connection, worlds).values(newborn))).rowcount == 0:
            found = await hold(connection, world_id)
            if not fresh and beginning is not None:
                raise AlreadyStored(f"world {world_id} is stored already, at tick {found['tick']}")
            if not fresh:
                return await _resume(connection, found, definition_hash, values)
            await connection.execute(delete(worlds).where(worlds.c.id == world_id))
            again = {**newborn, "epoch": found["epoch"] + 1}
            await connection.execute(insert(worlds).values(again))
        await _people(connection, world_id, json.loads(document))
        if beginning is not None:
            await _begin(connection, world_id, beginning)
    return Registered(False, Tick(0) if beginning is None else beginning.mark.tick, "")


async def _begin(connection: AsyncConnection, world_id: WorldId, beginning: Beginning) -> None:
    """Let a new world stand where another history left it."""
    mark = beginning.mark
    values = {
        "tick": mark.tick,
        "world_time": mark.world_time,
        "state_hash": mark.state_hash,
        "mark": mark.model_dump(mode="json"),
    }
    await connection.execute(update(worlds).where(worlds.c.id == world_id).values(values))
    await snapshots.keep(connection, [(world_id, beginning.snapshot)])
    if beginning.requests:
        await keep_requests(connection, [(world_id, request) for request in beginning.requests])


async def hold(connection: AsyncConnection, world_id: WorldId) -> RowMapping:
    """The row of a stored world, kept from changing until the transaction ends."""
    query = select(worlds).where(worlds.c.id == world_id).with_for_update()
    return (await connection.execute(query)).mappings().one()


async def _resume(
    connection: AsyncConnection, found: RowMapping, definition_hash: str, values: dict[str, Any]
) -> Registered:
    known_hash = found["definition_hash"] == definition_hash
    if not known_hash and not await former_definitions.had(connection, found["id"], definition_hash):
        raise DefinitionChanged(found["id"], found["definition_hash"], definition_hash)
    known = {name: values[name] for name in ("status", "generation")}
    await connection.execute(update(worlds).where(worlds.c.id == found["id"]).values(known))
    return Registered(True, Tick(found["tick"]), found["quarantine_reason"])


def unborn(epoch: int, now: float) -> dict[str, Any]:
    return {
        "epoch": epoch,
        "owner_shard": None,
        "commit_number": 0,
        "next_seq": 1,
        "waiting_inputs": 0,
        "tick": 0,
        "world_time": 0,
        "state_hash": "",
        "mark": None,
        "quarantine_reason": "",
        "created_at": now,
    }


async def _people(connection: AsyncConnection, world_id: WorldId, document: dict[str, Any]) -> None:
    rows = person_rows(world_id, document.get("npcs", []))
    for start in range(0, len(rows), ROWS_AT_ONCE):
        await connection.execute(insert(npcs), rows[start : start + ROWS_AT_ONCE])
    await keep_visits(connection, world_id, document)


async def keep_visits(connection: AsyncConnection, world_id: WorldId, document: dict[str, Any]) -> None:
    visits = [
        {"world_id": world_id, "session_id": str(session["id"]), "document": session}
        for session in document.get("sessions", [])
    ]
    if visits:
        await connection.execute(insert(sessions), visits)


async def epochs(db: Database) -> dict[WorldId, Epoch]:
    """Every stored world that is not retired, in the order they were first registered, with its epoch.

    One that has another epoch later was taken into service meanwhile.
    """
    query = (
        select(worlds.c.id, worlds.c.epoch)
        .where(worlds.c.status == "active")
        .order_by(worlds.c.created_at, worlds.c.id)
    )
    async with db.read() as connection:
        return {WorldId(row.id): Epoch(row.epoch) for row in await connection.execute(query)}


async def definitions(db: Database) -> dict[WorldId, tuple[str, ...]]:
    """The definition hashes of every world ever stored here, retired ones too: of the one it goes by, then of
    those it had before updates."""
    query = select(worlds.c.id, worlds.c.definition_hash)
    async with db.read() as connection:
        before = await former_definitions.hashes(connection)
        return {
            WorldId(row.id): (row.definition_hash, *before.get(row.id, ()))
            for row in await connection.execute(query)
        }


async def asleep(db: Database) -> list[tuple[WorldId, str, Mark]]:
    """Id, name and mark of the worlds in service that sleep and for which no input waits."""
    query = (
        select(worlds.c.id, worlds.c.name, worlds.c.mark)
        .where(
            worlds.c.status == "active",
            worlds.c.mark["asleep"].as_boolean(),
            worlds.c.waiting_inputs == 0,
            worlds.c.quarantine_reason == "",
        )
        .order_by(worlds.c.created_at, worlds.c.id)
    )
    async with db.read() as connection:
        rows = (await connection.execute(query)).all()
    return [(WorldId(row.id), row.name, Mark.model_validate(row.mark)) for row in rows]


async def set_generation(db: Database, world_ids: Sequence[WorldId], generation: GenerationMode) -> None:
    """What a run asks of worlds it does not open yet; whoever opens one makes an input of it."""
    change = update(worlds).where(worlds.c.id == bindparam("of_world")).values(generation=generation)
    async with db.write() as connection:
        await connection.execute(change, [{"of_world": world_id} for world_id in world_ids])


async def retire(db: Database, world_id: WorldId) -> tuple[str, Mark | None] | None:
    """Take a world out of service; its rows stay. Answers its name and last mark. None: no such world. One
    more epoch fences its owner."""
    change = (
        update(worlds)
        .where(worlds.c.id == world_id, worlds.c.status == "active")
        .values(status="retired", epoch=worlds.c.epoch + 1, owner_shard=None)
        .returning(worlds.c.name, worlds.c.mark)
    )
    async with db.write() as connection:
        found = (await connection.execute(change)).first()
    return None if found is None else (found.name, Mark.model_validate(found.mark) if found.mark else None)


async def quarantine(db: Database, world_id: WorldId, epoch: Epoch, reason: str) -> None:
    """Note why a world is stopped; an empty reason releases it. Only its owner may."""
    change = (
        update(worlds)
        .where(worlds.c.id == world_id, worlds.c.epoch == epoch)
        .values(quarantine_reason=reason)
    )
    async with db.write() as connection:
        await connection.execute(change)


async def release(db: Database, world_id: WorldId) -> bool:
    """Let a quarantined world try again. False: it is in none."""
    change = (
        update(worlds)
        .where(worlds.c.id == world_id, worlds.c.quarantine_reason != "")
        .values(quarantine_reason="")
    )
    async with db.write() as connection:
        return bool((await connection.execute(change)).rowcount)


async def claim(db: Database, world_id: WorldId, shard: int, skip: int) -> Claimed | None:
    """Take ownership with one more epoch. `skip` newest snapshots are known to be corrupt. None: no such
    world."""
    async with db.write() as connection:
        return await claim_within(connection, world_id, shard, skip)


async def claim_within(
    connection: AsyncConnection, world_id: WorldId, shard: int, skip: int
) -> Claimed | None:
    change = (
        update(worlds)
        .where(worlds.c.id == world_id, worlds.c.status == "active")
        .values(epoch=worlds.c.epoch + 1, owner_shard=shard)
        .returning(worlds)
    )
    found = (await connection.execute(change)).mappings().first()
    if found is None:
        return None
    snapshot = await snapshots.newest(connection, world_id, skip)
    after = 0 if snapshot is None else snapshot.ordinal
    return Claimed(
        name=found["name"],
        epoch=Epoch(found["epoch"]),
        number=found["commit_number"],
        document=await former_definitions.at(connection, world_id, after, found["definition"]),
        generation=None if found["generation"] is None else GenerationMode(found["generation"]),
        mark=None if found["mark"] is None else Mark.model_validate(found["mark"]),
        snapshot=snapshot,
        inputs=await _inputs_after(connection, world_id, after),
        quarantined=found["quarantine_reason"],
        next_seq=Seq(found["next_seq"]),
        committed_at=found["updated_at"],
    )


async def _inputs_after(
    connection: AsyncConnection, world_id: WorldId, ordinal: int
) -> tuple[StoredInput, ...]:
    """Applied after a snapshot, by ordinal, then the waiting ones, by seq."""
    applied = (
        select(inputs)
        .where(inputs.c.world_id == world_id, inputs.c.branch.is_(None), inputs.c.ordinal > ordinal)
        .order_by(inputs.c.ordinal)
    )
    waiting = (
        select(inputs)
        .where(inputs.c.world_id == world_id, inputs.c.branch.is_(None), inputs.c.ordinal.is_(None))
        .order_by(inputs.c.seq)
    )
    found = [*(await connection.execute(applied)).mappings(), *(await connection.execute(waiting)).mappings()]
    return tuple(stored_input(row) for row in found)
