"""The gate's slow half: rows to jobs, lost jobs found again. Nothing is remembered between two steps."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import structlog

from generation.events import Handlers
from generation.queue import QUEUE_ERRORS, JobQueue
from persistence import generations
from persistence.engine import Database, DatabaseAway
from simulation.gate import PER_USER_IN_FLIGHT, PER_WORLD_IN_FLIGHT, InFlight, Waiter, admit
from simulation.housekeeping import Chore, Failed
from simulation.units import GenerationStatus, RequestId, WorldId

log = structlog.get_logger(process="th-gate")

WAITING_READ_MAX = 500
"""Waiting rows looked at in one step: several times what may start."""
STARTED_READ_MAX = 1_000
"""Rows of jobs under way read in one step: above what all limits together admit by default."""
REJECTED_AT_ONCE = 500
"""Rows rejected in one step; the next step takes the rest."""
LOST_AFTER_S = 1.0
"""A job missing from Redis so long after its row moved is lost, not merely on its way."""
RECONCILE_EVERY_S = 2.0
"""Seconds between two comparisons of rows under way with what Redis holds."""
EXPIRED_AT_ONCE = 500
"""Rows expired in one step; the next step takes the rest."""
CANCELLED_TOLD_MAX = 500
"""Cancelled rows that handlers hear of in one step; the next step takes the rest."""
CANCELLED_HEARD_MAX = 10_000
"""Cancelled requests whose telling waits while the database is away; of more, the oldest are not told."""
EXPIRY = Chore("expired requests", RECONCILE_EVERY_S, EXPIRED_AT_ONCE)
OVERFLOW = Chore("overfull queues", RECONCILE_EVERY_S, REJECTED_AT_ONCE)
RETRIES = Chore("retry checks", RECONCILE_EVERY_S, STARTED_READ_MAX)
CHORES = (EXPIRY, OVERFLOW, RETRIES)
"""The gate's housekeeping: rows compared with their deadlines, their world's bound, and what Redis holds."""
STEP_WITHIN_S = 5.0
"""A Redis that hangs is a Redis that is away."""
BACKOFF_S = (0.1, 2.0)
"""Between two tries while Redis or the database is away: first, and at most; jittered by half."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did."""

    started: int = 0
    deferred: int = 0
    in_flight: int = 0
    rejected: int = 0
    requeued: int = 0
    expired: int = 0
    chores: tuple[tuple[str, int | Failed], ...] = ()
    """What housekeeping was done in it, and how much."""


class Gatekeeper:
    """One service's. `trouble` says in a sentence what is away, and since when."""

    def __init__(
        self,
        db: Database,
        queue: JobQueue,
        handlers: Handlers | None = None,
        cancelled: deque[RequestId] | None = None,
    ) -> None:
        self.db = db
        self.queue = queue
        self.handlers = handlers or Handlers()
        self.cancelled = deque(maxlen=CANCELLED_HEARD_MAX) if cancelled is None else cancelled
        """What a world gave up and handlers are still to hear of."""
        self.trouble = ""
        self._since = 0.0
        self._failures = 0

    async def step(self, chores: Collection[Chore] = CHORES) -> Step | None:
        """Do these chores, then start what may start. None: something is away."""
        try:
            async with asyncio.timeout(STEP_WITHIN_S):
                await self._tell_cancelled()
                found = await self._start(await self._kept(chores))
        except (*QUEUE_ERRORS, DatabaseAway) as error:
            await self.queue.close()
            self._failures += 1
            self._since = self._since or time.time()
            at = time.strftime("%H:%M:%S", time.gmtime(self._since))
            what = "the database" if isinstance(error, DatabaseAway) else "Redis"
            self.trouble = f"{what} is away since {at} UTC: jobs wait"
            return None
        self.trouble, self._failures, self._since = "", 0, 0.0
        return found

    def backoff_s(self) -> float:
        """How long to wait before trying again, doubling, jittered so that gates do not march in step."""
        first, most = BACKOFF_S
        wait: float = min(most, first * 2 ** min(self._failures, 10))
        return wait * (0.5 + random.random() / 2)

    async def _start(self, so_far: Step) -> Step:
        rows = await generations.waiting(self.db, WAITING_READ_MAX)
        under_way = await generations.started(self.db, STARTED_READ_MAX)
        verdicts = admit([_waiter(row) for row in rows], _in_flight(under_way))
        if verdicts.start:
            await self._enqueue(verdicts.start)
            started = set(verdicts.start)
            for row in rows:
                if row.request_id in started:
                    self.handlers.tell("job:created", row.request_id, row, band=str(row.band))
        return replace(
            so_far,
            started=len(verdicts.start),
            deferred=len(verdicts.deferred),
            in_flight=len(under_way) + len(verdicts.start),
        )

    async def _enqueue(self, request_ids: tuple[RequestId, ...]) -> None:
        """The job first, then the row: killed in between, the row still waits and the job id is the same."""
        try:
            await self.queue.enqueue(request_ids)
        except QUEUE_ERRORS:
            await generations.move(self.db, request_ids, GenerationStatus.ADMITTED)
            raise
        await generations.move(self.db, request_ids, GenerationStatus.QUEUED)

    async def _kept(self, chores: Collection[Chore]) -> Step:
        """What housekeeping did. A chore that raises keeps neither the others nor new jobs waiting."""
        done: dict[Chore, int | Failed] = {}
        for chore, work in ((EXPIRY, self._expire), (OVERFLOW, self._reject), (RETRIES, self._requeue)):
            if chore in chores:
                try:
                    done[chore] = await work()
                except (*QUEUE_ERRORS, DatabaseAway):
                    raise
                except Exception as error:
                    done[chore] = Failed.of(error)
                    log.exception("chore.failed", chore=chore.name, exc_info=error)
        expired, rejected, requeued = (
            did if isinstance(did := done.get(chore, 0), int) else 0 for chore in CHORES
        )
        kept = tuple((chore.name, did) for chore, did in done.items())
        return Step(rejected=rejected, requeued=requeued, expired=expired, chores=kept)

    async def _tell_cancelled(self) -> None:
        """Let handlers hear of what its world gave up before anybody made it."""
        told = list(islice(self.cancelled, CANCELLED_TOLD_MAX))
        found = await generations.cancelled(self.db, told) if told else ()
        for row, reason in found:
            detail: dict[str, Any] = {"status": str(GenerationStatus.CANCELLED), "reason": reason}
            self.handlers.tell("job:cancelled", row.request_id, row, **detail)
        for _ in told:
            self.cancelled.popleft()

    async def _expire(self) -> int:
        """End live requests that nobody started before their deadline."""
        expired = await generations.lapsed(self.db, time.time(), EXPIRED_AT_ONCE)
        for row in expired:
            detail: dict[str, Any] = {
                "status": str(GenerationStatus.EXPIRED),
                "reason": generations.EXPIRED_REASON,
            }
            self.handlers.tell("job:cancelled", row.request_id, row, **detail)
        return len(expired)

    async def _reject(self) -> int:
        """End what is beyond the bound of its world."""
        over = await generations.overflow(self.db, REJECTED_AT_ONCE)
        by_world: dict[WorldId, list[generations.OpenRow]] = {}
        for row in over:
            by_world.setdefault(row.world_id, []).append(row)
        for rows in by_world.values():
            most = rows[0].limits.get("deferredMax", 0)
            reason = f"rejected: {most} requests of this world wait already"
            ids = [row.request_id for row in rows]
            ended = await generations.finish(self.db, ids, GenerationStatus.FAILED, reason=reason)
            detail: dict[str, Any] = {"status": str(GenerationStatus.FAILED), "reason": reason}
            for row in rows:
                if row.request_id in ended:
                    self.handlers.tell("job:failed", row.request_id, row, **detail)
        return len(over)

    async def _requeue(self) -> int:
        """Let jobs that Redis lost be tried again."""
        started = await generations.started(self.db, STARTED_READ_MAX)
        old = [row.request_id for row in started if time.time() - row.moved_at > LOST_AFTER_S]
        lost = await self.queue.lost(old)
        if lost:
            await generations.requeue(self.db, lost)
        return len(lost)

    async def close(self) -> None:
        await self.queue.close()
        await self.db.close()


def _waiter(row: generations.OpenRow) -> Waiter:
    return Waiter(
        request_id=row.request_id,
        world_id=row.world_id,
        user_id=row.user_id,
        per_world=row.limits.get("perWorldInFlight", PER_WORLD_IN_FLIGHT),
        per_user=row.limits.get("perUserInFlight", PER_USER_IN_FLIGHT),
    )


def _in_flight(rows: list[generations.OpenRow]) -> InFlight:
    by_world: dict[WorldId, int] = {}
    by_user: dict[str, int] = {}
    for row in rows:
        by_world[row.world_id] = by_world.get(row.world_id, 0) + 1
        if row.user_id is not None:
            by_user[row.user_id] = by_user.get(row.user_id, 0) + 1
    return InFlight(by_world, by_user, len(rows))
