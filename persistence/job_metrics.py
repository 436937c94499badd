"""How the jobs of each world fared: a row a kind of event, added to and never recovered from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, select

from messages.jobs import JobMetric
from messages.webhooks import EventKind
from persistence.engine import Database, insert_new
from persistence.tables import job_metrics, worlds
from simulation.units import WorldId


@dataclass(frozen=True, slots=True)
class Counted:
    """So many events; `timed` of them took `seconds` together, one of them `seconds_max`."""

    count: int = 0
    timed: int = 0
    seconds: float = 0.0
    seconds_max: float = 0.0

    def plus(self, other: Counted) -> Counted:
        return Counted(
            self.count + other.count,
            self.timed + other.timed,
            self.seconds + other.seconds,
            max(self.seconds_max, other.seconds_max),
        )


async def add(db: Database, counted: Mapping[tuple[WorldId, EventKind], Counted]) -> None:
    """Add to what is stored, in one order, so that of two at once neither blocks the other for good. What is
    of no world any more is left out; the others are held."""
    names = sorted({world_id for world_id, _ in counted})
    columns = job_metrics.c
    async with db.write() as connection:
        query = select(worlds.c.id).where(worlds.c.id.in_(names)).order_by(worlds.c.id)
        held = (await connection.execute(query.with_for_update(read=True, key_share=True))).scalars().all()
        for (world_id, kind), one in sorted(counted.items(), key=lambda item: item[0]):
            if world_id not in held:
                continue
            row = {"count": 0, "timed": 0, "seconds": 0.0, "seconds_max": 0.0}
            key = {"world_id": world_id, "kind": kind}
            await connection.execute(insert_new(connection, job_metrics).values(**key, **row))
            longest = case(
                (columns.seconds_max > one.seconds_max, columns.seconds_max), else_=one.seconds_max
            )
            change = (
                job_metrics.update()
                .where(columns.world_id == world_id, columns.kind == kind)
                .values(
                    count=columns.count + one.count,
                    timed=columns.timed + one.timed,
                    seconds=columns.seconds + one.seconds,
                    seconds_max=longest,
                )
            )
            await connection.execute(change)


async def of_world(db: Database, world_id: WorldId) -> tuple[JobMetric, ...]:
    """By kind."""
    query = select(job_metrics).where(job_metrics.c.world_id == world_id).order_by(job_metrics.c.kind)
    async with db.read() as connection:
        return tuple(
            JobMetric(
                kind=row["kind"],
                count=row["count"],
                timed=row["timed"],
                seconds=row["seconds"],
                seconds_max=row["seconds_max"],
            )
            for row in (await connection.execute(query)).mappings()
        )
