"""The metrics handler: job events of a process counted by world and kind, and added to what is stored."""

from __future__ import annotations

import structlog

from messages.webhooks import EventKind
from persistence import job_metrics
from persistence.engine import Database, DatabaseAway
from persistence.job_metrics import Counted
from simulation.units import WorldId

log = structlog.get_logger(process="events")

STORE_EVERY_S = 1.0
"""Seconds between two additions to what is stored: as much is lost by a kill."""


class JobMetrics:
    """What happened since it was last stored: at most six numbers of each world that had jobs since then."""

    def __init__(self) -> None:
        self.counted: dict[tuple[WorldId, EventKind], Counted] = {}

    def count(self, world_id: WorldId, kind: EventKind, took_s: float | None = None) -> None:
        """One more; `took_s` is how long the way to it took, if that is known."""
        one = Counted(1) if took_s is None else Counted(1, 1, max(0.0, took_s), max(0.0, took_s))
        self._take(world_id, kind, one)

    def _take(self, world_id: WorldId, kind: EventKind, more: Counted) -> None:
        self.counted[world_id, kind] = self.counted.get((world_id, kind), Counted()).plus(more)

    async def store(self, db: Database) -> None:
        """Add it to the database; while that is away it stays here. No job fails because of its metrics."""
        taken, self.counted = self.counted, {}
        if not taken:
            return
        try:
            await job_metrics.add(db, taken)
        except DatabaseAway:
            for (world_id, kind), one in taken.items():
                self._take(world_id, kind, one)
        except Exception as error:
            log.exception("metrics.lost", exc_info=error)
