"""Which world lives on which shard, how far it shall run, and what was last heard of it. Pure half of the
Supervisor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from messages.service import Goal, WorldReport, WorldSummary
from simulation.units import Tick, WorldId

BESIDE_MAX = 4
"""Worlds more than the emptiest shard has, up to which an instance goes beside its template: few enough that
shards stay even, enough for the first ones not to wait until another shard has read the definition."""


@dataclass
class Placement:
    """The worlds of this service. Shards are numbers 0..shards-1."""

    shards: int
    shard_of: dict[WorldId, int] = field(default_factory=dict)
    reports: dict[WorldId, WorldReport] = field(default_factory=dict)
    quarantined: dict[WorldId, str] = field(default_factory=dict)
    targets: dict[WorldId, Tick] = field(default_factory=dict)
    asleep: set[WorldId] = field(default_factory=set)
    """Worlds that are in no shard's memory, though each has its shard."""
    version: int = 0
    """Counts what was heard: who knows up to where a client was told, tells it only the rest."""
    whole_since: int = 0
    """A client that was told less than this is told everything: a world it may know is gone."""
    changed: dict[WorldId, int] = field(default_factory=dict)
    """The version at which each world changed last, the latest at the end."""
    going: bool = False
    """Whether a goal was ever set: until then worlds hold still."""

    def place(self, world_id: WorldId, beside: WorldId | None = None) -> int:
        """The shard of a world: where it is, or the one with the fewest worlds, the lowest number first.

        One that is made from another goes beside it, where its definition is read already, as long as that
        shard has not many more worlds than others.
        """
        if world_id not in self.shard_of:
            loads = [0] * self.shards
            for shard in self.shard_of.values():
                loads[shard] += 1
            there = None if beside is None else self.shard_of.get(beside)
            if there is None or loads[there] > min(loads) + BESIDE_MAX:
                there = loads.index(min(loads))
            self.shard_of[world_id] = there
        return self.shard_of[world_id]

    def forget(self, world_id: WorldId) -> None:
        for known in (self.shard_of, self.reports, self.quarantined, self.targets, self.changed):
            known.pop(world_id, None)
        self.asleep.discard(world_id)
        self.version += 1
        self.whole_since = self.version

    def on_shard(self, shard: int) -> tuple[WorldId, ...]:
        """The worlds to adopt again when that shard was started anew; quarantined ones stay stopped, and
        those that sleep asleep."""
        return tuple(
            world_id
            for world_id, where in self.shard_of.items()
            if where == shard and world_id not in self.quarantined and world_id not in self.asleep
        )

    def hear(self, reports: Iterable[WorldReport]) -> None:
        self.version += 1
        for report in reports:
            world_id = report.world_id
            if world_id in self.shard_of:
                self.reports[world_id] = report
                self.changed.pop(world_id, None)
                self.changed[world_id] = self.version

    def add_sleeping(self, report: WorldReport) -> None:
        """A stored world that sleeps becomes one of this service, without being opened."""
        if report.world_id not in self.shard_of:
            self.asleep.add(report.world_id)
            self.hear([report.model_copy(update={"shard": self.place(report.world_id)})])

    def overdue(self) -> list[WorldId]:
        """The worlds that sleep and have not reached their goal."""
        return [
            world_id
            for world_id in self.asleep
            if world_id in self.targets and self.reports[world_id].tick < self.targets[world_id]
        ]

    def aim(self, goal: Goal) -> dict[WorldId, Tick]:
        """Each world's last tick under a goal; no entry is no end."""
        self.going = True
        for world_id, report in self.reports.items():
            if world_id in goal.targets:
                self.targets[world_id] = goal.targets[world_id]
            elif goal.until_tick is not None:
                self.targets[world_id] = Tick(goal.until_tick)
            elif goal.ticks is not None:
                self.targets[world_id] = Tick(report.tick + goal.ticks)
        for world_id in self.asleep & self.targets.keys():
            self.hear([self._aimed(self.reports[world_id])])
        return dict(self.targets)

    def _aimed(self, report: WorldReport) -> WorldReport:
        """The report of a world that sleeps, with its goal: no shard makes one for it."""
        target = self.targets[report.world_id]
        return report.model_copy(update={"goal_tick": target, "goal_reached": report.tick >= target})

    def news(self, since: int) -> tuple[tuple[WorldReport, ...], bool]:
        """The worlds that changed since that version, and whether these are all there are."""
        if not self.whole_since <= since <= self.version or not since:
            return self.listed(), True
        found = []
        for world_id, version in reversed(self.changed.items()):
            if version <= since:
                break
            found.append(world_id)
        return tuple(self._shown(world_id) for world_id in found), False

    def listed(self) -> tuple[WorldReport, ...]:
        """Every world in the order it was placed, quarantined ones with their reason."""
        return tuple(self._shown(world_id) for world_id in self.shard_of if world_id in self.reports)

    def summaries(self, jobs: Mapping[WorldId, dict[str, int]]) -> tuple[WorldSummary, ...]:
        """How every world stands at the end, with its generation requests by status."""
        return tuple(
            WorldSummary(
                world_id=report.world_id,
                name=report.name,
                tick=report.tick,
                world_time=report.world_time,
                time_of_day=report.time_of_day,
                decisions=report.decisions,
                decisions_by_tier=report.decisions_by_tier,
                requests=report.requests,
                jobs=jobs.get(report.world_id, {}),
                state_hash=report.state_hash,
                status=report.status,
                because=report.because,
                skipped=report.skipped,
            )
            for report in self.listed()
        )

    def _shown(self, world_id: WorldId) -> WorldReport:
        report, why = self.reports[world_id], self.quarantined.get(world_id)
        return report if why is None else report.model_copy(update={"status": "quarantined", "because": why})
