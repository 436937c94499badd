"""The ARQ worker: takes a request id, reads its row, makes the content, and writes the end into the row."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import structlog
from arq import Retry, Worker, func
from arq.connections import RedisSettings, create_pool

from generation.backoff import wait_before_next
from generation.events import Handlers
from generation.metrics import STORE_EVERY_S
from generation.providers import Assignment, NoProvider, Providers, Retryable
from generation.queue import (
    DONE_KEPT_MAX,
    JOB,
    QUEUE_ERRORS,
    deserialize,
    done_name,
    queue_name,
    redis_settings,
    release_running,
    running_name,
    serialize,
)
from generation.template import TemplateProvider
from persistence import announcing, generations
from persistence.engine import Database, DatabaseAway
from simulation.definitions import NO_PLUGINS, Plugins
from simulation.plain import whole_text
from simulation.units import GenerationStatus, RequestId

ATTEMPTS_MAX = 20
"""Starts of one request, kills of the worker included, before it counts as what kills workers."""
JOB_WITHIN_S = 30
"""arq ends a job then, and redelivers one whose worker died ten seconds later at the latest."""
POLL_S = 0.01
"""Seconds between two looks at the queue: a job waits half of it on average."""
JOBS_AT_ONCE = 50
"""Jobs one worker runs at once; they wait for providers most of the time."""
HEALTH_EVERY_S = 5
"""Seconds between two signs of life in Redis."""
RETRY_S = (0.5, 60.0)
"""Before the second attempt, doubling, and at most; jittered."""
ARQ_TRIES_MAX = 1_000_000
"""Attempts are counted in the row, where a wiped Redis cannot forget them."""

log = structlog.get_logger(process="worker")


async def produce(ctx: dict[str, Any], request_id: str) -> None:
    """One job. A request that has ended already, or never was, is no work."""
    db: Database = ctx["db"]
    job = await generations.begin(db, RequestId(request_id))
    if job is None:
        return
    if job.attempts > ATTEMPTS_MAX:
        await _finish(ctx, job, GenerationStatus.DEAD, reason=f"started {ATTEMPTS_MAX} times and never ended")
        return
    assignment = Assignment(request_id, job.world_id, job.npc_id, job.kind, job.params)
    waited_s = job.begun_at - (job.committed_at or job.begun_at) if job.attempts == 1 else None
    ctx["handlers"].tell("job:started", request_id, job, took_s=waited_s, attempts=job.attempts)
    try:
        result = await ctx["providers"].for_kind(job.kind, lockstep=job.lockstep).produce(assignment)
    except Retryable as error:
        await _retry(ctx, job, error)
    except (NoProvider, ValueError, LookupError, TypeError, RuntimeError) as error:
        log.warning("generation.failed", request_id=request_id, because=str(error))
        await _finish(ctx, job, GenerationStatus.FAILED, reason=f"{type(error).__name__}: {error}")
    else:
        await _finish(ctx, job, GenerationStatus.SUCCEEDED, result=dict(result))


async def _retry(ctx: dict[str, Any], job: generations.Job, error: Retryable) -> None:
    if job.attempts >= ATTEMPTS_MAX:
        await _finish(ctx, job, GenerationStatus.FAILED, reason=f"after {job.attempts} attempts: {error}")
        return
    wait = wait_before_next(RETRY_S, job.attempts, error.after_s, random.random())
    detail = {"reason": whole_text(str(error)), "afterSeconds": wait}
    await announcing.tell(ctx["db"], announcing.happened("job:retrying", job, time.time(), detail))
    ctx["handlers"].tell("job:retrying", job.request_id, job, **detail)
    raise Retry(defer=wait)


async def _finish(
    ctx: dict[str, Any],
    job: generations.Job,
    status: GenerationStatus,
    *,
    result: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """The row first; the hint may be lost, since the gate also looks on its own."""
    reason = whole_text(reason)  # it may quote anything
    end: dict[str, Any] = {"result": result, "reason": reason, "committed_at": job.committed_at}
    if await generations.finish(ctx["db"], [job.request_id], status, **end):
        took_s = time.time() - job.begun_at if status is GenerationStatus.SUCCEEDED else None
        detail = {"status": str(status), "reason": reason}
        ctx["handlers"].tell(generations.ENDS[status], job.request_id, job, took_s=took_s, **detail)
    else:
        log.info("generation.late", request_id=job.request_id, attempt=job.attempts, status=str(status))
    name = done_name(ctx["namespace"])
    try:
        async with ctx["redis"].pipeline(transaction=False) as pipe:
            pipe.lpush(name, job.request_id)
            pipe.ltrim(name, 0, DONE_KEPT_MAX - 1)
            await pipe.execute()
    except QUEUE_ERRORS as error:
        log.warning("hint.lost", because=str(error))


async def run_worker(
    database_url: str,
    redis_url: str,
    namespace: str,
    slot: int = 0,
    providers: Providers | None = None,
    handlers: Handlers | None = None,
    *,
    burst: bool = False,
) -> None:
    """Work until told to stop; with `burst` until the queue is empty.

    Raises one of QUEUE_ERRORS or DatabaseAway: start it again then.
    """
    settings = redis_settings(redis_url)
    db = await Database.open(database_url, migrate=False)
    try:
        await _take_over(settings, namespace, slot)
        handlers = handlers or Handlers()
        ctx = {
            "db": db,
            "namespace": namespace,
            "providers": providers or Providers(TemplateProvider()),
            "handlers": handlers,
        }
        worker = _worker(settings, running_name(namespace, slot), ctx, burst=burst)
        storing = asyncio.create_task(_store_metrics(db, handlers))
        try:
            await worker.async_run()
        finally:
            storing.cancel()
            await worker.close()
            await handlers.metrics.store(db)
    finally:
        await db.close()


async def _store_metrics(db: Database, handlers: Handlers) -> None:
    while True:
        await asyncio.sleep(STORE_EVERY_S)
        await handlers.metrics.store(db)


async def _take_over(settings: RedisSettings, namespace: str, slot: int) -> None:
    """What a killed predecessor was at is free again at once."""
    pool = await create_pool(settings)
    try:
        released = await release_running(pool, namespace, slot)
    finally:
        await pool.aclose()
    log.info("worker.started", slot=slot, released=released)


def _worker(settings: RedisSettings, running: str, ctx: dict[str, Any], *, burst: bool) -> Worker:
    """arq's worker; `running` names the set of what it is at."""

    async def begun(ctx: dict[str, Any]) -> None:
        await ctx["redis"].sadd(running, ctx["job_id"])

    async def ended(ctx: dict[str, Any]) -> None:
        await ctx["redis"].srem(running, ctx["job_id"])

    return Worker(
        functions=[func(produce, name=JOB, timeout=JOB_WITHIN_S, max_tries=ARQ_TRIES_MAX)],
        queue_name=queue_name(ctx["namespace"]),
        redis_settings=settings,
        on_job_start=begun,
        after_job_end=ended,
        poll_delay=POLL_S,
        max_jobs=JOBS_AT_ONCE,
        keep_result=0,
        health_check_interval=HEALTH_EVERY_S,
        max_tries=ARQ_TRIES_MAX,
        job_serializer=serialize,
        job_deserializer=deserialize,
        handle_signals=True,
        burst=burst,
        ctx=ctx,
    )


def main(
    database_url: str, redis_url: str, namespace: str, slot: int = 0, plugins: Plugins = NO_PLUGINS
) -> int:
    """Run a worker; the exit status. Away databases end it with one sentence: its supervisor starts it
    again."""
    providers = Providers.with_plugins(plugins, TemplateProvider())
    handlers = Handlers(plugins, beside=True)
    try:
        asyncio.run(run_worker(database_url, redis_url, namespace, slot, providers, handlers))
    except (*QUEUE_ERRORS, DatabaseAway) as error:
        log.warning("worker.stopped", because=str(error))
        return 1
    except asyncio.CancelledError:
        return 0
    finally:
        handlers.close()
    return 0
