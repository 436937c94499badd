"""The courier: takes deliveries from the outbox to their endpoints, and notes what became of them."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

import structlog

from generation.backoff import HEEDED_S_MAX, wait_before_next
from generation.posting import Posted, asked_wait_s, post
from generation.signatures import sign
from persistence import webhooks
from persistence.engine import Database, DatabaseAway
from persistence.webhooks import Due, Tried
from simulation.housekeeping import Chore, Failed

STARTED_AT_ONCE = 200
"""Deliveries begun in one run."""
EACH_AT_ONCE = 4
"""Deliveries under way to one endpoint, so that a slow one takes no more; of all together 400 connections."""
ROWS_AT_ONCE = 1_000
"""Rows of the log deleted in one run."""
DELIVERIES = Chore("webhook deliveries", 1.0, STARTED_AT_ONCE)
FORGETTING = Chore("webhook clean-up", 10.0, ROWS_AT_ONCE)
CHORES = (DELIVERIES, FORGETTING)
RUN_S = 0.5
"""Seconds after which a run looks for nothing new."""
SETTLE_S = 0.05
"""Seconds that a run waits for answers before it looks again: quick endpoints are noted together."""
RETRY_S = (1.0, 3_600.0)
"""Before the second attempt, doubling, and at most; jittered."""
PAUSE_S = 60.0
"""Seconds at most that an endpoint which fails is left alone before another delivery is tried on it."""
ATTEMPTS_MAX = 30
"""With waits of an hour at most, some fifteen hours."""
PAUSE_KEPT_S = 3_600.0
"""Seconds after which nobody has tried an endpoint again, so that it may be a webhook that was removed."""
AGE_MAX_S = 86_400.0
"""A delivery that nobody took for a day is given up, whatever waits before it."""
ERROR_CHARS_MAX = 200
"""Of why an attempt failed: a line for people."""

log = structlog.get_logger(process="th-gate")

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Posted]]


def judged(due: Due, said: Posted, now: float, draw: float) -> Tried:
    """What becomes of a delivery after one more attempt."""
    attempts, error = due.attempts + 1, said.error[:ERROR_CHARS_MAX]
    if said.is_taken:
        return Tried(due.id, "delivered", attempts, now, now, said.status, "")
    if attempts >= ATTEMPTS_MAX:
        return Tried(due.id, "dead", attempts, now, now, said.status, error)
    wait_s = wait_before_next(RETRY_S, attempts, asked_wait_s(said.retry_after, now), draw)
    return Tried(due.id, "pending", attempts, now + wait_s, None, said.status, error)


def headers_of(due: Due, now: float) -> dict[str, str]:
    """What the Standard Webhooks scheme sends beside the body. `now` is wall time in seconds."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "theatrum",
        "webhook-id": due.event_id,
        "webhook-timestamp": str(int(now)),
        "webhook-signature": sign(due.secret, due.event_id, int(now), due.body),
    }


@dataclass(frozen=True, slots=True)
class Pause:
    """An endpoint failed so often in a row, and is left alone until then (wall time in seconds)."""

    failures: int
    until: float


def paused(before: Pause | None, asked_s: float | None, now: float, draw: float) -> Pause:
    """How long an endpoint is left alone that failed just now; what was under way to it together fails once.
    What it asks for is heeded beyond the bound of an own guess."""
    failures = 1 if before is None else before.failures + (before.until <= now)
    own = min(PAUSE_S, wait_before_next(RETRY_S, failures, None, draw))
    until = now + max(own, min(asked_s or 0.0, HEEDED_S_MAX))
    return Pause(failures, until if before is None else max(until, before.until))


class Courier:
    """One service's. What it forgets when it is killed is tried again: receivers know an event by its id."""

    def __init__(self, db: Database, post: Post = post) -> None:
        self.db = db
        self._post = post
        self._tasks: dict[str, tuple[str, asyncio.Task[Tried]]] = {}
        """Delivery id -> webhook id and what is under way."""
        self._ended: list[Tried] = []
        self._pauses: dict[str, Pause] = {}

    async def run(self, chores: Collection[Chore]) -> tuple[tuple[str, int | Failed], ...]:
        """Do these chores; how much of each was done. Nothing while the database is away."""
        done: list[tuple[str, int | Failed]] = []
        for chore, work in ((DELIVERIES, self._deliver), (FORGETTING, self._forget)):
            if chore not in chores:
                continue
            try:
                done.append((chore.name, await work()))
            except DatabaseAway:
                done.append((chore.name, 0))
            except Exception as error:
                done.append((chore.name, Failed.of(error)))
                log.exception("chore.failed", chore=chore.name, exc_info=error)
        return tuple(done)

    async def _forget(self) -> int:
        now = time.time()
        await webhooks.give_up(self.db, now - AGE_MAX_S, now, ROWS_AT_ONCE)
        before = now - webhooks.DELIVERIES_KEPT_S
        return await webhooks.forget(self.db, before, webhooks.DELIVERIES_KEPT_MAX, ROWS_AT_ONCE)

    async def _deliver(self) -> int:
        """Begin what is due, for a moment; a slow endpoint is waited for by its own deliveries alone."""
        started, until = 0, time.monotonic() + RUN_S
        while True:
            await self._note_ended()
            begun = await self._begin(STARTED_AT_ONCE - started)
            started += begun
            running = [task for _, task in self._tasks.values()]
            if running:
                await asyncio.wait(running, timeout=SETTLE_S)
            ended = self._collect()
            if not (begun or ended) or time.monotonic() >= until:
                await self._note_ended()
                return started

    async def _begin(self, most: int) -> int:
        now = time.time()
        self._pauses = {of: one for of, one in self._pauses.items() if one.until > now - PAUSE_KEPT_S}
        paused = [of for of, pause in self._pauses.items() if pause.until > now]
        busy = Counter(of for of, _ in self._tasks.values())
        full = [of for of, count in busy.items() if count >= self._room(of)]
        begun = 0
        for row in await webhooks.due(self.db, now, EACH_AT_ONCE, most, {*paused, *full}, self._tasks):
            if busy[row.webhook_id] >= self._room(row.webhook_id):
                continue
            busy[row.webhook_id] += 1
            begun += 1
            self._tasks[row.id] = row.webhook_id, asyncio.create_task(self._try(row))
        return begun

    def _room(self, webhook_id: str) -> int:
        """One delivery finds out whether an endpoint that failed is well again."""
        return 1 if webhook_id in self._pauses else EACH_AT_ONCE

    async def _try(self, row: Due) -> Tried:
        try:
            said = await self._post(row.url, headers_of(row, time.time()), row.body.encode())
        except Exception as error:  # whatever it is, it is this delivery's alone
            log.exception("webhook.failed", delivery=row.id, exc_info=error)
            said = Posted(None, f"{type(error).__name__}: {error}")
        now = time.time()
        tried = judged(row, said, now, random.random())
        if said.is_taken:
            self._pauses.pop(row.webhook_id, None)
        else:
            before, asked = self._pauses.get(row.webhook_id), asked_wait_s(said.retry_after, now)
            self._pauses[row.webhook_id] = paused(before, asked, now, random.random())
            log.info("webhook.refused", delivery=row.id, webhook=row.webhook_id, error=tried.error)
        return tried

    def _collect(self) -> int:
        """Take what ended from what is under way."""
        done = [name for name, (_, task) in self._tasks.items() if task.done()]
        self._ended += [self._tasks.pop(name)[1].result() for name in done]
        return len(done)

    async def _note_ended(self) -> None:
        if self._ended:
            noted = list(self._ended)
            await webhooks.note(self.db, noted)
            del self._ended[: len(noted)]
