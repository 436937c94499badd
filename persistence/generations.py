"""Generation rows on their way: only forward, and never again once terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, Subquery, func, select, update

from messages.admin import GenerationRow
from messages.webhooks import EventKind
from persistence import announcing
from persistence.announcing import announce, happened
from persistence.engine import Database
from persistence.tables import generations
from simulation.requests import BANDS
from simulation.units import TERMINAL, Band, GenerationStatus, RequestId, Tick, WorldId

ORDER = (
    GenerationStatus.REQUESTED,
    GenerationStatus.ADMITTED,
    GenerationStatus.QUEUED,
    GenerationStatus.RUNNING,
)
"""Before a terminal status, in the only order they may be passed."""


EXPIRED_REASON = "not started before its deadline"

ENDS: dict[GenerationStatus, EventKind] = {
    GenerationStatus.SUCCEEDED: "job:completed",
    GenerationStatus.FAILED: "job:failed",
    GenerationStatus.DEAD: "job:failed",
    GenerationStatus.CANCELLED: "job:cancelled",
    GenerationStatus.EXPIRED: "job:cancelled",
}
"""What webhooks are told of each end."""
assert ENDS.keys() == TERMINAL


@dataclass(frozen=True, slots=True)
class OpenRow:
    """A request that is not terminal. `expires_at` is wall time in seconds."""

    request_id: RequestId
    world_id: WorldId
    user_id: str | None
    band: Band
    made_tick: Tick
    lockstep: bool
    expires_at: float
    moved_at: float
    status: GenerationStatus
    limits: Mapping[str, int]
    kind: str = ""
    session_id: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker makes: `attempts` counts this one."""

    request_id: RequestId
    world_id: WorldId
    npc_id: str | None
    kind: str
    params: Mapping[str, Any]
    attempts: int
    session_id: str | None = None
    user_id: str | None = None
    lockstep: bool = False
    committed_at: float | None = None
    """Wall time in seconds when its row was made: one of the same id that a rollback made anew is another."""
    begun_at: float = 0.0
    """Wall time in seconds when this attempt began."""


def _ranked() -> Subquery:
    """Waiting rows with their place in their own world's queue: by (band, tick made, id)."""
    place = func.row_number().over(
        partition_by=generations.c.world_id,
        order_by=(generations.c.band, generations.c.made_tick, generations.c.request_id),
    )
    waiting = (GenerationStatus.REQUESTED, GenerationStatus.ADMITTED)
    return select(generations, place.label("place")).where(generations.c.status.in_(waiting)).subquery()


async def waiting(db: Database, limit: int) -> list[OpenRow]:
    """Rows that wait for a job, world after world in turn: everybody's first, then everybody's second."""
    ranked = _ranked()
    query = select(ranked).order_by(ranked.c.place, ranked.c.band, ranked.c.committed_at, ranked.c.request_id)
    async with db.read() as connection:
        return _open_rows((await connection.execute(query.limit(limit))).mappings())


async def overflow(db: Database, limit: int) -> list[OpenRow]:
    """Waiting rows beyond what their world may defer; a lockstep world's own queue is its bound."""
    ranked = _ranked()
    most = ranked.c.limits["deferredMax"].as_integer()
    query = select(ranked).where(ranked.c.place > most, ranked.c.land_tick.is_(None)).limit(limit)
    async with db.read() as connection:
        return _open_rows((await connection.execute(query)).mappings())


async def lapsed(db: Database, now: float, limit: int) -> list[OpenRow]:
    """Expire waiting rows whose deadline is over, live ones only, the longest over first. Answers them."""
    over = (
        select(generations.c.request_id)
        .where(
            generations.c.status.in_((GenerationStatus.REQUESTED, GenerationStatus.ADMITTED)),
            generations.c.land_tick.is_(None),
            generations.c.expires_at < now,
        )
        .order_by(generations.c.expires_at)
        .limit(limit)
    )
    change = (
        update(generations)
        .where(
            generations.c.request_id.in_(over),
            generations.c.status.in_((GenerationStatus.REQUESTED, GenerationStatus.ADMITTED)),
        )
        .values(status=GenerationStatus.EXPIRED, reason=EXPIRED_REASON, moved_at=now)
        .returning(generations)
    )
    async with db.write() as connection:
        rows = (await connection.execute(change)).all()
        detail = {"status": str(GenerationStatus.EXPIRED), "reason": EXPIRED_REASON}
        await announce(connection, [happened("job:cancelled", row, now, detail) for row in rows])
        return _open_rows(row._mapping for row in rows)


async def cancelled(db: Database, request_ids: Sequence[RequestId]) -> list[tuple[OpenRow, str]]:
    """Those of these that ended because nobody wants them, and why."""
    query = select(generations).where(
        generations.c.request_id.in_(request_ids), generations.c.status == GenerationStatus.CANCELLED
    )
    async with db.read() as connection:
        found = (await connection.execute(query.order_by(generations.c.request_id))).mappings().all()
    return list(zip(_open_rows(found), (row["reason"] for row in found), strict=True))


async def started(db: Database, limit: int) -> list[OpenRow]:
    """Rows whose job is somewhere between the queue and its end, the longest unmoved first."""
    query = (
        select(generations)
        .where(generations.c.status.in_((GenerationStatus.QUEUED, GenerationStatus.RUNNING)))
        .order_by(generations.c.moved_at)
        .limit(limit)
    )
    async with db.read() as connection:
        return _open_rows((await connection.execute(query)).mappings())


def _open_rows(found: Iterable[RowMapping]) -> list[OpenRow]:
    return [
        OpenRow(
            request_id=RequestId(row["request_id"]),
            world_id=WorldId(row["world_id"]),
            user_id=row["user_id"],
            band=BANDS[row["band"]],
            made_tick=Tick(row["made_tick"]),
            lockstep=row["land_tick"] is not None,
            expires_at=row["expires_at"],
            moved_at=row["moved_at"],
            status=GenerationStatus(row["status"]),
            limits=row["limits"],
            kind=row["kind"],
            session_id=row["session_id"],
        )
        for row in found
    ]


async def move(db: Database, request_ids: Sequence[RequestId], to: GenerationStatus) -> int:
    """Move rows forward; those further on, or terminal, stay where they are. Answers how many moved."""
    before, now = ORDER[: ORDER.index(to)], time.time()
    change = (
        update(generations)
        .where(generations.c.request_id.in_(request_ids), generations.c.status.in_(before))
        .values(status=to, moved_at=now)
        .returning(*announcing.COLUMNS)
    )
    async with db.write() as connection:
        rows = (await connection.execute(change)).all()
        if to is GenerationStatus.QUEUED:
            await announce(connection, [happened("job:created", row, now) for row in rows])
        return len(rows)


async def requeue(db: Database, request_ids: Sequence[RequestId]) -> int:
    """A job was lost: its row waits for a job again."""
    lost = (GenerationStatus.QUEUED, GenerationStatus.RUNNING)
    change = (
        update(generations)
        .where(generations.c.request_id.in_(request_ids), generations.c.status.in_(lost))
        .values(status=GenerationStatus.ADMITTED, moved_at=time.time())
    )
    async with db.write() as connection:
        return (await connection.execute(change)).rowcount


async def begin(db: Database, request_id: RequestId) -> Job | None:
    """Start working on a request. None: it is terminal or unknown, so there is nothing to do."""
    now = time.time()
    change = (
        update(generations)
        .where(generations.c.request_id == request_id, generations.c.status.not_in(TERMINAL))
        .values(status=GenerationStatus.RUNNING, attempts=generations.c.attempts + 1, moved_at=now)
        .returning(*announcing.COLUMNS, generations.c.npc_id, generations.c.params, generations.c.land_tick)
    )
    async with db.write() as connection:
        found = (await connection.execute(change)).first()
        if found is None:
            return None
        # A worker may be quicker than the gate, whose move to `queued` then changes nothing.
        created = [happened("job:created", found, now, attempts=0)] if found.attempts == 1 else []
        await announce(connection, [*created, happened("job:started", found, now)])
    return Job(
        request_id,
        WorldId(found.world_id),
        found.npc_id,
        found.kind,
        found.params,
        found.attempts,
        found.session_id,
        found.user_id,
        lockstep=found.land_tick is not None,
        committed_at=found.committed_at,
        begun_at=now,
    )


async def finish(
    db: Database,
    request_ids: Sequence[RequestId],
    status: GenerationStatus,
    *,
    result: Mapping[str, Any] | None = None,
    reason: str = "",
    committed_at: float | None = None,
) -> frozenset[RequestId]:
    """End requests for good; with `committed_at` only the row made then. Answers those that were not ended
    before."""
    now = time.time()
    as_made = () if committed_at is None else (generations.c.committed_at == committed_at,)
    change = (
        update(generations)
        .where(generations.c.request_id.in_(request_ids), generations.c.status.not_in(TERMINAL), *as_made)
        .values(status=status, result=result, reason=reason, moved_at=now)
        .returning(*announcing.COLUMNS)
    )
    detail = {"status": str(status)} | ({"reason": reason} if reason else {})
    async with db.write() as connection:
        rows = (await connection.execute(change)).all()
        await announce(connection, [happened(ENDS[status], row, now, detail) for row in rows])
        return frozenset(RequestId(row.request_id) for row in rows)


async def counts(db: Database) -> dict[WorldId, dict[str, int]]:
    """How many requests each world has in each status."""
    query = select(generations.c.world_id, generations.c.status, func.count()).group_by(
        generations.c.world_id, generations.c.status
    )
    found: dict[WorldId, dict[str, int]] = {}
    async with db.read() as connection:
        for world_id, status, count in (await connection.execute(query)).all():
            found.setdefault(WorldId(world_id), {})[status] = count
    return found


async def listing(db: Database, world_id: WorldId, limit: int) -> tuple[GenerationRow, ...]:
    """The newest requests of a world."""
    query = (
        select(generations)
        .where(generations.c.world_id == world_id)
        .order_by(generations.c.made_tick.desc(), generations.c.request_id)
        .limit(limit)
    )
    async with db.read() as connection:
        found = (await connection.execute(query)).mappings().all()
    return tuple(
        GenerationRow(
            request_id=RequestId(row["request_id"]),
            npc_id=row["npc_id"],
            kind=row["kind"],
            band=str(BANDS[row["band"]]),
            status=row["status"],
            attempts=row["attempts"],
            made_tick=row["made_tick"],
            handed_tick=row["handed_tick"],
            landed_tick=row["land_tick"],
            reason=row["reason"],
            result=row["result"],
        )
        for row in found
    )
