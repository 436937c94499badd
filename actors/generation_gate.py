"""GenerationGate: moves committed requests through their states; waits on Redis so that no world ever
does."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from actors.plugins import load
from actors.shell import Address, ProcessActor
from generation import courier
from generation.courier import Courier
from generation.events import Handlers
from generation.gatekeeping import BACKOFF_S, CANCELLED_HEARD_MAX, CHORES, Gatekeeper, Step
from generation.queue import QUEUE_ERRORS, JobQueue
from messages.archive import CollectResults
from messages.generation import CloseGate, GateClosed, GateOpened, GateReported, OpenGate, RequestsCommitted
from messages.shards import Wire
from persistence import generations
from persistence.engine import Database, DatabaseAway, SchemaMissing
from simulation.housekeeping import Failed, Housekeeping
from simulation.units import RequestId

REPORT_EVERY_S = 1.0
"""Seconds between two counts of jobs for the status line."""
OPEN_RETRY_S = 0.1
"""Seconds between two tries to reach the database at the start."""

Inbox = OpenGate | Wire | RequestsCommitted | CloseGate


class GenerationGate(ProcessActor):
    process_name = "th-gate"
    inbox = Inbox.__args__

    def __init__(self) -> None:
        super().__init__()
        self.supervisor: Address | None = None
        self.wire: Wire | None = None
        self.keeper: Gatekeeper | None = None
        self.stepping = False
        self.again = False
        """Whether something was committed or ended since the step under way began."""
        self.housekeeping = Housekeeping(CHORES, time.monotonic())
        self.courier: Courier | None = None
        self.deliveries = Housekeeping(courier.CHORES, time.monotonic())
        """Beside the other chores: an endpoint that is slow holds up no job."""
        self.last = Step()
        self.jobs: dict[str, int] = {}
        self.cancelled: deque[RequestId] = deque(maxlen=CANCELLED_HEARD_MAX)

    def receive(self, message: Inbox, sender: Address) -> None:
        match message:
            case OpenGate():
                self.supervisor, self.wire = sender, message.wire
                self.use(message.settings)
                settings = message.settings
                self.handlers = Handlers(load(settings.plugins), beside=True)
                self.in_background(_open(settings.database_url), f"open:{message.ask_id}")
                self.queue = JobQueue(settings.redis_url, settings.namespace)
                self.results = JobQueue(settings.redis_url, settings.namespace)
            case Wire():
                self.wire = message
                self.collect()
            case RequestsCommitted():
                self.cancelled.extend(message.cancelled)
                self.step()
            case CloseGate():
                self.send(sender, GateClosed(ask_id=message.ask_id))

    def step(self) -> None:
        """Start a step, or one more after the one under way."""
        if self.keeper is None or self.stepping:
            self.again = True
            return
        self.stepping, self.again = True, False
        due = self.housekeeping.due(time.monotonic())
        self.in_background(self.keeper.step(due), "step")

    def deliver(self) -> None:
        """Tell webhooks what is due, and clean up behind it."""
        if self.courier is not None:
            due = self.deliveries.due(time.monotonic())
            self.in_background(self.courier.run(due), "deliver")

    def collect(self) -> None:
        if self.wire is not None and self.wire.archivist is not None:
            self.send(self.wire.archivist, CollectResults())

    def on_done(self, tag: str, result: Any, error: BaseException | None) -> None:
        kind, _, ask_id = tag.partition(":")
        if error is not None and not (kind == "wait" and isinstance(error, QUEUE_ERRORS)):
            if kind == "count" and isinstance(error, DatabaseAway):
                return
            raise error
        match kind:
            case "open":
                self.keeper = Gatekeeper(result, self.queue, self.handlers, self.cancelled)
                self.courier = Courier(result)
                if self.supervisor is not None:
                    self.send(self.supervisor, GateOpened(ask_id=ask_id, pid=os.getpid()))
                self.in_background(self.results.wait_for_result(), "wait")
                self.wake_after(REPORT_EVERY_S, "report")
                self.collect()
                self.step()
                self.deliver()
            case "deliver":
                note(self.deliveries, result)
                self.wake_after(max(0.0, self.deliveries.next_s() - time.monotonic()), "deliver")
            case "wait":
                self.on_waited(result, error)
            case "step":
                self.on_stepped(result)
            case "count":
                self.on_counted(result)

    def on_waited(self, found: bool | None, error: BaseException | None) -> None:
        """A result is there, or nothing came for a while, or Redis is away."""
        if error is not None:
            self.in_background(self.results.close(), "closed")
            self.wake_after(BACKOFF_S[0], "wait")
            return
        if found:
            self.collect()
            self.step()
        self.in_background(self.results.wait_for_result(), "wait")

    def on_stepped(self, done: Step | None) -> None:
        self.stepping = False
        if done is None and self.keeper is not None:
            self.wake_after(self.keeper.backoff_s(), "step")
            return
        if done is not None:
            self.last = done
            note(self.housekeeping, done.chores)
            if done.rejected or done.expired:
                self.collect()
        if self.again:
            self.step()

    def on_wake(self, payload: Any) -> None:
        match payload:
            case "wait":
                self.in_background(self.results.wait_for_result(), "wait")
            case "step":
                self.step()
            case "deliver":
                self.deliver()
            case "report":
                if self.keeper is not None:
                    self.in_background(generations.counts(self.keeper.db), "count")
                    self.in_background(self.handlers.metrics.store(self.keeper.db), "metrics")
                self.wake_after(REPORT_EVERY_S, "report")
                self.collect()
                self.step()

    def on_counted(self, counted: dict[Any, dict[str, int]]) -> None:
        totals: dict[str, int] = {}
        for by_status in counted.values():
            for status, count in by_status.items():
                totals[status] = totals.get(status, 0) + count
        if self.supervisor is not None and self.keeper is not None:
            now, wall = time.monotonic(), time.time()
            report = GateReported(
                jobs=totals,
                in_flight=self.last.in_flight,
                deferred=self.last.deferred,
                trouble=self.keeper.trouble,
                chores=(*self.housekeeping.to_json(now, wall), *self.deliveries.to_json(now, wall)),
            )
            self.send(self.supervisor, report)

    def on_exit(self) -> None:
        self.stop_background()


def note(plan: Housekeeping, done: Iterable[tuple[str, int | Failed]]) -> None:
    """What was done of a plan."""
    for name, did in done:
        if isinstance(did, Failed):
            plan.failed(name, time.monotonic(), did.because)
        else:
            plan.done(name, time.monotonic(), did)


async def _open(url: str) -> Database:
    """The Archivist migrates; until it has, there is nothing to see."""
    while True:
        try:
            return await Database.open(url, migrate=False)
        except (DatabaseAway, SchemaMissing):
            await asyncio.sleep(OPEN_RETRY_S)
