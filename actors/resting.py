"""Worlds that are stored and not in service: which there are, and what to say of one that is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from shlex import quote

from actors.placement import Placement
from messages.admin import RemoveWorld, WorldRemoved
from messages.base import Ask
from messages.service import WorldReport
from simulation.definitions.problems import nearest_of, shown
from simulation.units import WorldId

REMOVED, STORED = "removed", "stored"
"""Taken out of service, and never put into this one."""


class Resting:
    """Beside the worlds of the service, those it could have."""

    def __init__(self, placement: Placement) -> None:
        self.placement = placement
        self.reports: dict[WorldId, WorldReport] = {}

    def found(self, reports: Iterable[WorldReport]) -> None:
        """What the archive has, as it opens."""
        self.reports = {report.world_id: report for report in reports} | self.reports

    def retire(self, report: WorldReport) -> None:
        """A world leaves the service, as it stands."""
        shown = self.placement.reports.get(report.world_id)
        if shown is not None and shown.tick == report.tick:
            report = report.model_copy(update={"time_of_day": shown.time_of_day})
        self.reports[report.world_id] = report
        self.placement.forget(report.world_id)

    def removed(self, ask: Ask) -> WorldRemoved | None:
        """The answer to whoever removes a world that was removed already."""
        report = self.reports.get(ask.world_id) if isinstance(ask, RemoveWorld) else None
        if report is None or report.status != REMOVED:
            return None
        return WorldRemoved(ask_id=ask.ask_id, world_id=report.world_id, tick=report.tick, before=True)

    def listed(self) -> tuple[WorldReport, ...]:
        """Those in service, then the others."""
        placed = self.placement.shard_of
        others = (report for world_id, report in self.reports.items() if world_id not in placed)
        return (*self.placement.listed(), *others)

    def why_not(self, world_id: WorldId) -> tuple[str, str]:
        """Why a world that is asked for is not in service, and what to do."""
        report = self.reports.get(world_id)
        if report is not None:
            what = "was removed" if report.status == REMOVED else "is stored and not in service"
            return f"world {world_id} {what}", f"`theatrum world add {quote(world_id)}` brings it back."
        near = nearest_of(world_id, [*self.placement.shard_of, *self.reports])
        meant = f"Did you mean {near}? " if near else ""
        return f"no world {shown(world_id)} is here", f"{meant}`theatrum world list` shows those there are."
