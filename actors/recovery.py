"""How a claimed world is brought back: snapshot, ticks made again, hash compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.garbage import uncollected
from messages.archive import StoredInput, WorldClaimed
from simulation import drive
from simulation.definitions import Plugins, WorldDefinition
from simulation.definitions.instances import Definitions
from simulation.definitions.problems import shown
from simulation.inputs import Input
from simulation.opening import Stages, create
from simulation.snapshot import SnapshotOfAnother, restore
from simulation.units import Tick
from simulation.world import World

TICKS_AT_ONCE = 50
"""Ticks made again between two looks at the mailbox: the other worlds of the shard go on meanwhile."""


class HistoryDiffers(RuntimeError):
    """Making the committed ticks again gave another state than was committed."""


def core_input(stored: StoredInput) -> Input:
    return Input(stored.seq, stored.kind, stored.payload, stored.tick, stored.ordinal)


@dataclass
class Recovery:
    """One world on its way back to where its last commit says it stood."""

    claimed: WorldClaimed
    definition: WorldDefinition
    world: World
    stages: Stages
    ahead: Sequence[Input]
    waiting: tuple[Input, ...]

    @classmethod
    def begin(cls, claimed: WorldClaimed, plugins: Plugins, known: Definitions) -> Recovery:
        """From its newest snapshot, or from its definition if there is none.

        Raises SnapshotCorrupt: claim again and skip it; SnapshotOfAnother: what is stored is not this world.
        """
        with uncollected():
            definition = known.read_packed(claimed.document, claimed.own, claimed.world_id, plugins)
            if definition.id != claimed.world_id:
                raise SnapshotOfAnother(f"its definition is of a world {shown(definition.id)}")
            if claimed.snapshot is not None:
                world, stages = restore(definition, claimed.snapshot.body)
            else:
                world, stages = create(definition, claimed.generation)
        items = [core_input(stored) for stored in claimed.inputs]
        ahead = [item for item in items if item.ordinal is not None]
        waiting = tuple(item for item in items if item.ordinal is None)
        return cls(claimed, definition, world, stages, ahead, waiting)

    @property
    def until(self) -> Tick:
        return self.claimed.mark.tick if self.claimed.mark is not None else Tick(0)

    @property
    def forked(self) -> bool:
        """Whether other versions of its plug-ins go on with it, so that it need not come to the same."""
        return self.world.made_with != self.definition.plugins.versions()

    def go_on(self) -> bool:
        """Make some more ticks again; True when it stands where it was. Raises HistoryDiffers."""
        self.ahead, done = drive.replay(self.world, self.stages, self.ahead, self.until, TICKS_AT_ONCE)
        if not done:
            return False
        mark = self.claimed.mark
        if mark is not None:
            found = drive.state_hash(self.world, self.stages)
            if found != mark.state_hash and not self.forked:
                raise HistoryDiffers(
                    f"tick {mark.tick} made again has state hash {found}, committed was {mark.state_hash}"
                )
        self.world.adopt(self.waiting)
        self.world.intake.next_seq = max(self.world.next_seq, self.claimed.next_seq)
        return True
