"""What happens to jobs, told to the event handlers of plug-ins in the process where it happens."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Thread
from types import MappingProxyType
from typing import Any

import structlog

from generation.metrics import JobMetrics
from messages.webhooks import EventKind as Kind
from simulation.definitions import NO_PLUGINS, Plugins
from simulation.plain import said_by
from simulation.plugins import Plugin

log = structlog.get_logger(process="events")


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something happened to a job. `at` is wall time in seconds; told at least once, so by a killed worker's
    successor again."""

    kind: Kind
    request_id: str
    world_id: str
    session_id: str | None
    user_id: str | None
    job_kind: str
    at: float
    detail: Mapping[str, Any] = field(default_factory=dict)


EVENTS_WAITING_MAX = 1_000
"""Events that wait for one plug-in's handlers; one that is so far behind has failed."""
DRAIN_S = 2.0
"""Seconds that handlers get for what waits when their process ends: a clean stop may take a few."""


class Handlers:
    """The event handlers of every plug-in. One that raises is counted, and off after its plug-in's budget.

    `beside`: each plug-in hears on a thread of its own, so that one that never answers holds nobody up.
    """

    def __init__(self, plugins: Plugins = NO_PLUGINS, *, beside: bool = False) -> None:
        self._plugins = [plugin for plugin in plugins.by_id.values() if plugin.handlers]
        self.metrics = JobMetrics()
        self.failures: dict[str, int] = {}
        self._waiting: dict[str, Queue[JobEvent | None]] = {}
        self._threads: list[Thread] = []
        for plugin in self._plugins if beside else ():
            queue = self._waiting[plugin.id] = Queue(EVENTS_WAITING_MAX)
            self._threads.append(Thread(target=self._hear, args=(plugin, queue), daemon=True))
            self._threads[-1].start()

    def tell(
        self, kind: Kind, request_id: str, job: Any, *, took_s: float | None = None, **detail: Any
    ) -> None:
        """`job` has world_id, session_id, user_id and kind. `took_s` is for the metrics alone."""
        self.metrics.count(job.world_id, kind, took_s)
        if not self._plugins:
            return
        ids = (request_id, job.world_id, job.session_id, job.user_id, job.kind)
        event = JobEvent(kind, *ids, time.time(), MappingProxyType(detail))
        for plugin in self._plugins:
            if (queue := self._waiting.get(plugin.id)) is None:
                self._call(plugin, event)
                continue
            try:
                queue.put_nowait(event)
            except Full:
                self._failed(plugin, event.kind, f"{EVENTS_WAITING_MAX} events wait for it")

    def close(self) -> None:
        """Let what waits be heard, for a moment."""
        for queue, thread in zip(self._waiting.values(), self._threads, strict=True):
            with suppress(Full):
                queue.put(None, timeout=DRAIN_S)
                thread.join(timeout=DRAIN_S)

    def _hear(self, plugin: Plugin, queue: Queue[JobEvent | None]) -> None:
        while (event := queue.get()) is not None:
            self._call(plugin, event)

    def _call(self, plugin: Plugin, event: JobEvent) -> None:
        for handler in plugin.handlers:
            if self.failures.get(plugin.id, 0) >= plugin.failures_max:
                return
            try:
                handler(event)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self._failed(plugin, event.kind, said_by(error))

    def _failed(self, plugin: Plugin, kind: Kind, error: str) -> None:
        count = self.failures[plugin.id] = self.failures.get(plugin.id, 0) + 1
        if count > plugin.failures_max:
            return
        log.warning(
            "plugin.failed",
            plugin=plugin.id,
            rule=f"handler of {kind}",
            error=error,
            failures=count,
            off=count >= plugin.failures_max,
        )
