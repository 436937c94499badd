"""A world rolled back to a kept snapshot: a new branch of its history begins there."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.commits import Mark
from persistence import definitions as former
from persistence.engine import Database
from persistence.inputs import UnknownWorld
from persistence.tables import (
    branches,
    definitions,
    generations,
    inputs,
    metric_snapshots,
    snapshots,
    undone_metrics,
    worlds,
)
from simulation.units import GenerationStatus, Tick, WorldId


class SnapshotGone(LookupError):
    """The snapshot to roll back to is not kept; nothing was changed."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What was undone: ticks made and inputs recorded after the snapshot, those that waited included."""

    number: int
    tick: Tick
    ticks: int
    inputs: int


async def roll_back(db: Database, world_id: WorldId, ordinal: int, mark: Mark, ask_id: str) -> RolledBack:
    """Let a world stand where a snapshot left it, once for each ask; `mark` is where that is. One more epoch
    fences its owner, so whatever is on its way from the abandoned branch is refused.

    Raises UnknownWorld, SnapshotGone.
    """
    async with db.write() as connection:
        query = select(worlds).where(worlds.c.id == world_id, worlds.c.status == "active").with_for_update()
        world = (await connection.execute(query)).mappings().first()
        if world is None:
            raise UnknownWorld(f"no world {world_id}")
        if (known := await _known(connection, world_id, ask_id)) is not None:
            return known
        await _forget_newer(connection, world_id, ordinal, mark.tick)
        number = await _next_number(connection, world_id)
        abandoned = await _abandon(connection, world_id, ordinal, number)
        await _undo_metrics(connection, world_id, mark.tick, number)
        await _ask_again(connection, world_id, mark.tick, number)
        await _redefine(connection, world_id, ordinal, world["definition"])
        values = {
            "epoch": world["epoch"] + 1,
            "owner_shard": None,
            "waiting_inputs": 0,
            "tick": mark.tick,
            "world_time": mark.world_time,
            "state_hash": mark.state_hash,
            "mark": mark.model_dump(mode="json"),
            "quarantine_reason": "",
            "updated_at": time.time(),
        }
        await connection.execute(update(worlds).where(worlds.c.id == world_id).values(values))
        branch = {
            "world_id": world_id,
            "number": number,
            "from_tick": world["tick"],
            "to_tick": mark.tick,
            "to_ordinal": ordinal,
            "inputs": abandoned,
            "ask_id": ask_id,
            "begun_at": time.time(),
        }
        await connection.execute(insert(branches).values(branch))
    return RolledBack(number, mark.tick, world["tick"] - mark.tick, abandoned)


async def _known(connection: AsyncConnection, world_id: WorldId, ask_id: str) -> RolledBack | None:
    query = select(branches).where(branches.c.world_id == world_id, branches.c.ask_id == ask_id)
    row = (await connection.execute(query)).mappings().first()
    if row is None:
        return None
    ticks = row["from_tick"] - row["to_tick"]
    return RolledBack(row["number"], Tick(row["to_tick"]), ticks, row["inputs"])


async def _next_number(connection: AsyncConnection, world_id: WorldId) -> int:
    query = select(func.count()).select_from(branches).where(branches.c.world_id == world_id)
    return int((await connection.execute(query)).scalar_one()) + 1


async def _forget_newer(connection: AsyncConnection, world_id: WorldId, ordinal: int, tick: Tick) -> None:
    """Snapshots of the abandoned branch: recovery begins at the newest, which is the one to go back to."""
    of_world = snapshots.c.world_id == world_id
    here = (snapshots.c.ordinal == ordinal) & (snapshots.c.tick == tick)
    if (await connection.execute(select(snapshots.c.tick).where(of_world, here))).first() is None:
        raise SnapshotGone(f"world {world_id} keeps no snapshot of tick {tick} after {ordinal} inputs")
    newer = (snapshots.c.ordinal > ordinal) | ((snapshots.c.ordinal == ordinal) & (snapshots.c.tick > tick))
    await connection.execute(delete(snapshots).where(of_world, newer))


async def _abandon(connection: AsyncConnection, world_id: WorldId, ordinal: int, number: int) -> int:
    """Mark what was applied after the snapshot, or waits, as of the abandoned branch. Their keys are free
    again: who asks once more means the new branch."""
    later: ColumnElement[bool] = or_(inputs.c.ordinal > ordinal, inputs.c.ordinal.is_(None))
    key = literal(f"abandoned:{number}:") + cast(inputs.c.seq, String)
    change = (
        update(inputs)
        .where(inputs.c.world_id == world_id, inputs.c.branch.is_(None), later)
        .values(branch=number, idempotency_key=key)
    )
    return (await connection.execute(change)).rowcount


async def _undo_metrics(connection: AsyncConnection, world_id: WorldId, tick: Tick, number: int) -> None:
    """Set aside how the world fared after the snapshot: the new branch makes those ticks anew."""
    kept = metric_snapshots.c
    later = (kept.world_id == world_id) & (kept.tick > tick)
    names = ["world_id", "branch", "tick", "taken_at", "world_time", "measures"]
    number_of = literal(number, BigInteger)
    found = select(kept.world_id, number_of, kept.tick, kept.taken_at, kept.world_time, kept.measures).where(
        later
    )
    await connection.execute(insert(undone_metrics).from_select(names, found))
    await connection.execute(delete(metric_snapshots).where(later))


async def _ask_again(connection: AsyncConnection, world_id: WorldId, tick: Tick, number: int) -> None:
    """Requests handed over since are forgotten: the new branch makes its own. A result that came since for an
    earlier one comes once more, and what was given up since is asked for again."""
    of_world = generations.c.world_id == world_id
    await connection.execute(delete(generations).where(of_world, generations.c.handed_tick > tick))
    abandoned = select(inputs.c.seq).where(inputs.c.world_id == world_id, inputs.c.branch == number)
    again = update(generations).where(of_world, generations.c.input_seq.in_(abandoned))
    waits = generations.c.expires_at - generations.c.committed_at
    wanted = update(generations).where(
        of_world,
        generations.c.status == GenerationStatus.CANCELLED,
        or_(generations.c.input_seq.is_(None), generations.c.input_seq.in_(abandoned)),
    )
    now = time.time()
    await connection.execute(
        wanted.values(
            status=GenerationStatus.REQUESTED,
            reason="",
            expires_at=waits + now,
            committed_at=now,
            moved_at=now,
            input_seq=None,
        )
    )
    await connection.execute(again.values(input_seq=None))


async def _redefine(connection: AsyncConnection, world_id: WorldId, ordinal: int, newest: str) -> None:
    """Updates after the snapshot are undone too."""
    query = (
        select(definitions.c.definition, definitions.c.definition_hash)
        .where(definitions.c.world_id == world_id, definitions.c.until_ordinal > ordinal)
        .order_by(definitions.c.until_ordinal)
    )
    before = (await connection.execute(query)).first()
    if before is None:
        return
    later = definitions.c.until_ordinal > ordinal
    await connection.execute(delete(definitions).where(definitions.c.world_id == world_id, later))
    document = json.loads(before.definition)
    values = {
        "definition": before.definition,
        "definition_hash": before.definition_hash,
        "name": document.get("name", world_id),
    }
    await connection.execute(update(worlds).where(worlds.c.id == world_id).values(values))
    await former.keep_people(connection, world_id, json.loads(newest), document)
