"""The job queue: arq on Redis, JSON on the wire, one id a request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.constants import in_progress_key_prefix, job_key_prefix
from redis.exceptions import RedisError

from simulation.units import RequestId

CONNECT_WITHIN_S = 1
"""Seconds for one try; the gate backs off and tries again."""
DONE_KEPT_MAX = 1_000
"""Hints that a result is there; one is as good as a thousand."""
WAIT_S = 1.0
"""How long one wait for a hint lasts, below every socket timeout."""
JOB = "produce"

QUEUE_ERRORS = (RedisError, OSError, asyncio.TimeoutError)
"""What a Redis that is away looks like."""


def serialize(job: dict[str, Any]) -> bytes:
    """JSON, never pickle: whoever can write to Redis must not be able to run code here."""
    return orjson.dumps(job, default=str)


def deserialize(raw: bytes) -> dict[str, Any]:
    job: dict[str, Any] = orjson.loads(raw)
    return job


def redis_settings(url: str) -> RedisSettings:
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = CONNECT_WITHIN_S
    settings.conn_retries = 0
    return settings


def queue_name(namespace: str) -> str:
    return f"{namespace}:jobs"


def done_name(namespace: str) -> str:
    return f"{namespace}:done"


def running_name(namespace: str, slot: int) -> str:
    """The set of what a worker is at: what its successor takes over after a kill."""
    return f"{namespace}:running:{slot}"


class JobQueue:
    """One service's jobs in Redis. Every call may raise one of QUEUE_ERRORS."""

    def __init__(self, url: str, namespace: str) -> None:
        self._url = url
        self._namespace = namespace
        self._pool: ArqRedis | None = None

    async def _connected(self) -> ArqRedis:
        if self._pool is None:
            self._pool = await create_pool(
                redis_settings(self._url),
                job_serializer=serialize,
                job_deserializer=deserialize,
                default_queue_name=queue_name(self._namespace),
            )
        return self._pool

    def job_id(self, request_id: RequestId) -> str:
        """Two services may share a Redis, and even a world id."""
        return f"{self._namespace}:{request_id}"

    async def enqueue(self, request_ids: Sequence[RequestId]) -> None:
        """Make jobs; one that is queued or running already is left alone."""
        pool = await self._connected()
        await asyncio.gather(
            *(
                pool.enqueue_job(JOB, request_id, _job_id=self.job_id(request_id))
                for request_id in request_ids
            )
        )

    async def lost(self, request_ids: Sequence[RequestId]) -> list[RequestId]:
        """Those that have no job in Redis any more."""
        if not request_ids:
            return []
        pool = await self._connected()
        async with pool.pipeline(transaction=False) as pipe:
            for request_id in request_ids:
                pipe.exists(job_key_prefix + self.job_id(request_id))
            found = await pipe.execute()
        return [request_id for request_id, there in zip(request_ids, found, strict=True) if not there]

    async def wait_for_result(self) -> bool:
        """Until a worker says that a result is there; False after WAIT_S without one."""
        pool = await self._connected()
        name = done_name(self._namespace)
        async with asyncio.timeout(WAIT_S * 2):
            found = await pool.blpop([name], timeout=WAIT_S)  # type: ignore[arg-type,misc]
        if found is not None:
            await pool.delete(name)
        return found is not None

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.aclose()


async def release_running(pool: ArqRedis, namespace: str, slot: int) -> int:
    """Let the jobs of a worker that was killed run again at once, instead of when arq's own mark expires."""
    name = running_name(namespace, slot)
    job_ids = [raw.decode() for raw in await pool.smembers(name)]  # type: ignore[misc]
    if job_ids:
        await pool.delete(name, *(in_progress_key_prefix + job_id for job_id in job_ids))
    return len(job_ids)
