"""Which world lives on which shard, how far it shall run, and what was last heard of it. Pure half of the
Supervisor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from messages.service import Goal, WorldReport
from simulation.units import Tick, WorldId


@dataclass
class Placement:
    """The worlds of this service. Shards are numbers 0..shards-1."""

    shards: int
    shard_of: dict[WorldId, int] = field(default_factory=dict)
    reports: dict[WorldId, WorldReport] = field(default_factory=dict)
    quarantined: dict[WorldId, str] = field(default_factory=dict)
    targets: dict[WorldId, Tick] = field(default_factory=dict)
    going: bool = False
    """Whether a goal was ever set: until then worlds hold still."""

    def place(self, world_id: WorldId) -> int:
        """The shard of a world: where it is, or the one with the fewest worlds, the lowest number first."""
        if world_id not in self.shard_of:
            loads = [0] * self.shards
            for shard in self.shard_of.values():
                loads[shard] += 1
            self.shard_of[world_id] = loads.index(min(loads))
        return self.shard_of[world_id]

    def forget(self, world_id: WorldId) -> None:
        for known in (self.shard_of, self.reports, self.quarantined, self.targets):
            known.pop(world_id, None)

    def on_shard(self, shard: int) -> tuple[WorldId, ...]:
        """The worlds to adopt again when that shard was started anew; quarantined ones stay stopped."""
        return tuple(
            world_id
            for world_id, where in self.shard_of.items()
            if where == shard and world_id not in self.quarantined
        )

    def hear(self, reports: Iterable[WorldReport]) -> None:
        self.reports.update(
            {report.world_id: report for report in reports if report.world_id in self.shard_of}
        )

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
        return dict(self.targets)

    def listed(self) -> tuple[WorldReport, ...]:
        """Every world in the order it was placed, quarantined ones with their reason."""
        return tuple(
            report.model_copy(update={"status": "quarantined", "because": self.quarantined[world_id]})
            if world_id in self.quarantined
            else report
            for world_id in self.shard_of
            if (report := self.reports.get(world_id)) is not None
        )
