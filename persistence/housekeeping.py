"""Rows nobody needs any more, a bounded batch at a time, and how worlds fared, for charts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    union_all,
    update,
)

from messages.admin import Measured, RolledBack, Undone
from persistence.engine import Database
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
from simulation.units import TERMINAL, Tick, WorldId

INPUTS_KEPT_S = 86_400.0
"""An idempotency key is recognised for a day after its input was recorded; inputs go after that at the
earliest."""
GENERATIONS_KEPT_S = 86_400.0
"""A day to look up what became of a request that ended."""
DEFINITIONS_KEPT_S = 86_400.0
"""A day to look up what a world was before an update."""
METRICS_KEPT_S = 86_400.0
"""A day of metric snapshots of a world: one in half a minute, so at most 2,880."""


async def next_worlds(db: Database, after: str, most: int) -> tuple[WorldId, ...]:
    """The next few stored worlds by id, retired ones too; none after the last."""
    query = select(worlds.c.id).where(worlds.c.id > after).order_by(worlds.c.id).limit(most)
    async with db.read() as connection:
        return tuple(WorldId(found) for found in (await connection.execute(query)).scalars())


async def forget_inputs(db: Database, world_ids: Sequence[WorldId], before: float, most: int) -> int:
    """Delete inputs recorded before `before` that no kept snapshot needs, the oldest first.

    What was applied after the oldest kept snapshot stays, as does whatever waits, and everything of a world
    that has no snapshot. What waited when a rollback left it behind is never applied, and may go too. Answers
    how many went.
    """
    gone = 0
    async with db.write() as connection:
        for world_id, may_go in product(world_ids, (_applied_before, _left_waiting)):
            oldest = (
                select(inputs.c.seq, inputs.c.recorded_at)
                .where(inputs.c.world_id == world_id, may_go(world_id))
                .order_by(inputs.c.ordinal, inputs.c.seq)
                .limit(most - gone)
                .subquery()
            )
            change = delete(inputs).where(
                inputs.c.world_id == world_id,
                inputs.c.seq.in_(select(oldest.c.seq).where(oldest.c.recorded_at < before)),
            )
            gone += (await connection.execute(change)).rowcount
            if gone >= most:
                break
    return gone


def _applied_before(world_id: WorldId) -> ColumnElement[bool]:
    return inputs.c.ordinal <= _oldest(world_id, "ordinal")


def _left_waiting(_: WorldId) -> ColumnElement[bool]:
    return inputs.c.ordinal.is_(None) & inputs.c.branch.is_not(None)


async def forget_generations(db: Database, world_ids: Sequence[WorldId], before: float, most: int) -> int:
    """Delete requests that ended before `before` and that no replay from a kept snapshot could make again or
    be told of: handed over by its tick, their result an input that was applied by then. Answers how many."""
    gone = 0
    async with db.write() as connection:
        for world_id in world_ids:
            oldest = (
                select(generations.c.request_id, generations.c.moved_at)
                .where(
                    generations.c.world_id == world_id,
                    generations.c.made_tick <= _oldest(world_id, "tick"),
                    generations.c.handed_tick <= _oldest(world_id, "tick"),
                    generations.c.status.in_(TERMINAL),
                    generations.c.input_seq.is_not(None),
                    ~_result_needed(world_id),
                )
                .order_by(generations.c.made_tick, generations.c.request_id)
                .limit(most - gone)
                .subquery()
            )
            change = delete(generations).where(
                generations.c.request_id.in_(select(oldest.c.request_id).where(oldest.c.moved_at < before))
            )
            gone += (await connection.execute(change)).rowcount
            if gone >= most:
                break
    return gone


async def forget_definitions(db: Database, world_ids: Sequence[WorldId], before: float, most: int) -> int:
    """Forget definitions replaced before `before` that every kept snapshot is newer than, the oldest first.
    Their hashes stay, for whoever comes with such a file. Answers how many."""
    gone = 0
    async with db.write() as connection:
        for world_id in world_ids:
            oldest = (
                select(definitions.c.until_ordinal)
                .where(
                    definitions.c.world_id == world_id,
                    definitions.c.until_ordinal <= _oldest(world_id, "ordinal"),
                    definitions.c.replaced_at < before,
                    definitions.c.definition != "",
                )
                .order_by(definitions.c.until_ordinal)
                .limit(most - gone)
            )
            change = (
                update(definitions)
                .where(definitions.c.world_id == world_id, definitions.c.until_ordinal.in_(oldest))
                .values(definition="")
            )
            gone += (await connection.execute(change)).rowcount
            if gone >= most:
                break
    return gone


def _oldest(world_id: WorldId, column: str) -> ScalarSelect[Any]:
    """Where the oldest kept snapshot of a world stands; NULL, and so below nothing, if there is none."""
    return select(func.min(snapshots.c[column])).where(snapshots.c.world_id == world_id).scalar_subquery()


def _result_needed(world_id: WorldId) -> ColumnElement[bool]:
    """Whether the result waits as an input, or was applied after the oldest kept snapshot."""
    waits = inputs.c.ordinal.is_(None) | (inputs.c.ordinal > _oldest(world_id, "ordinal"))
    query = select(inputs.c.seq).where(
        inputs.c.world_id == world_id, inputs.c.seq == generations.c.input_seq, waits
    )
    return query.exists()


async def measure(db: Database, world_ids: Sequence[WorldId], now: float) -> int:
    """Note how each of these worlds stood at its last commit, once a tick. Answers how many were noted."""
    last = func.max(metric_snapshots.c.tick)
    known = select(metric_snapshots.c.world_id, last.label("tick")).where(
        metric_snapshots.c.world_id.in_(world_ids)
    )
    columns = (worlds.c.id, worlds.c.tick, worlds.c.world_time, worlds.c.mark, worlds.c.waiting_inputs)
    async with db.write() as connection:
        before = {
            row.world_id: row.tick
            for row in await connection.execute(known.group_by(metric_snapshots.c.world_id))
        }
        found = (await connection.execute(select(*columns).where(worlds.c.id.in_(world_ids)))).all()
        rows = [
            {
                "world_id": row.id,
                "taken_at": now,
                "tick": row.tick,
                "world_time": row.world_time,
                "measures": _measures(row.mark, row.waiting_inputs),
            }
            for row in found
            if row.mark is not None and before.get(row.id, -1) < row.tick
        ]
        if rows:
            await connection.execute(insert(metric_snapshots), rows)
    return len(rows)


def _measures(mark: dict[str, Any], waiting: int) -> dict[str, Any]:
    return {
        "decisionsByTier": mark["decisions_by_tier"],
        "peopleByTier": mark["people_by_tier"],
        "requests": mark["requests"],
        "inputsWaiting": waiting,
    }


async def forget_measures(db: Database, world_ids: Sequence[WorldId], before: float, most: int) -> int:
    """Delete metric snapshots from before `before`, undone ones too. Answers how many went."""
    gone = 0
    async with db.write() as connection:
        for table in (metric_snapshots, undone_metrics):
            key = tuple(table.primary_key.columns)
            oldest = (
                select(*key)
                .where(table.c.world_id.in_(world_ids), table.c.taken_at < before)
                .order_by(*key)
                .limit(most - gone)
            )
            gone += (await connection.execute(delete(table).where(tuple_(*key).in_(oldest)))).rowcount
    return gone


async def measures(db: Database, world_id: WorldId, most: int) -> tuple[Measured, ...]:
    """The newest metric snapshots of a world, the newest first; those undone with the tick that was gone back
    to."""
    kept, undone = metric_snapshots.c, undone_metrics.c
    back = (undone.world_id == branches.c.world_id) & (undone.branch == branches.c.number)
    number = literal(None, BigInteger)
    found = union_all(
        select(
            kept.tick,
            kept.taken_at,
            kept.world_time,
            kept.measures,
            number.label("branch"),
            number.label("to_tick"),
        ).where(kept.world_id == world_id),
        select(
            undone.tick,
            undone.taken_at,
            undone.world_time,
            undone.measures,
            undone.branch,
            branches.c.to_tick,
        )
        .join_from(undone_metrics, branches, back)
        .where(undone.world_id == world_id),
    ).subquery()
    newest = select(found).order_by(found.c.taken_at.desc(), found.c.tick.desc()).limit(most)
    async with db.read() as connection:
        return tuple(
            Measured(
                taken_at=row["taken_at"],
                tick=Tick(row["tick"]),
                world_time=row["world_time"] / 1_000_000,
                measures=row["measures"],
                undone=None if row["branch"] is None else Undone(branch=row["branch"], tick=row["to_tick"]),
            )
            for row in (await connection.execute(newest)).mappings()
        )


async def rollbacks(db: Database, world_id: WorldId, most: int) -> tuple[RolledBack, ...]:
    """The last rollbacks of a world, the newest first."""
    query = select(branches).where(branches.c.world_id == world_id).order_by(branches.c.number.desc())
    async with db.read() as connection:
        return tuple(
            RolledBack(
                branch=row["number"],
                at=row["begun_at"],
                from_tick=Tick(row["from_tick"]),
                tick=Tick(row["to_tick"]),
                inputs=row["inputs"],
            )
            for row in (await connection.execute(query.limit(most))).mappings()
        )
