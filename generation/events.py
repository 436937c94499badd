"""What happens to jobs, told to the event handlers of plug-ins in the process where it happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import structlog

from simulation.definitions import NO_PLUGINS, Plugins
from simulation.plain import said_by

Kind = Literal["job:created", "job:started", "job:completed", "job:failed", "job:cancelled", "job:retrying"]

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


class Handlers:
    """The event handlers of every plug-in. One that raises is counted, and off after its plug-in's budget."""

    def __init__(self, plugins: Plugins = NO_PLUGINS) -> None:
        self._plugins = [plugin for plugin in plugins.by_id.values() if plugin.handlers]
        self.failures: dict[str, int] = {}

    def tell(self, kind: Kind, request_id: str, job: Any, **detail: Any) -> None:
        """`job` has world_id, session_id, user_id and kind."""
        if not self._plugins:
            return
        ids = (request_id, job.world_id, job.session_id, job.user_id, job.kind)
        event = JobEvent(kind, *ids, time.time(), MappingProxyType(detail))
        for plugin in self._plugins:
            for handler in plugin.handlers:
                if self.failures.get(plugin.id, 0) < plugin.failures_max:
                    self._call(plugin.id, plugin.failures_max, handler, event)

    def _call(self, plugin_id: str, most: int, handler: Callable[[Any], None], event: JobEvent) -> None:
        try:
            handler(event)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            count = self.failures[plugin_id] = self.failures.get(plugin_id, 0) + 1
            log.warning(
                "plugin.failed",
                plugin=plugin_id,
                rule=f"handler of {event.kind}",
                error=said_by(error),
                failures=count,
                off=count >= most,
            )
