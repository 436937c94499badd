"""The Archivist's housekeeping: rows nobody needs any more, and metric snapshots; a few worlds at a time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from actors.logs import get_logger
from persistence import housekeeping
from persistence.engine import Database, DatabaseAway
from simulation.housekeeping import Chore, Failed, Housekeeping
from simulation.units import WorldId

LOOK_EVERY_S = 1.0
"""Real seconds between two looks at what is due."""
WORLDS_AT_ONCE = 20
"""Worlds looked at in one go: a few milliseconds, since commits wait that long."""
ROWS_AT_ONCE = 500
"""Rows deleted in one go, of all those worlds together."""
INPUTS = Chore("input retention", 5.0, ROWS_AT_ONCE)
GENERATIONS = Chore("generation clean-up", 5.0, ROWS_AT_ONCE)
DEFINITIONS_AT_ONCE = 5
"""Deleted in one go: each may have megabytes."""
DEFINITIONS = Chore("definition clean-up", 30.0, DEFINITIONS_AT_ONCE)
METRICS = Chore("metric snapshots", 30.0, WORLDS_AT_ONCE)
CHORES = (INPUTS, GENERATIONS, DEFINITIONS, METRICS)

Work = Callable[[Database], Awaitable[int | Failed]]


class ArchiveChores:
    """The plan, and how far each chore has come through the worlds; a new process begins at the first."""

    def __init__(self, now_s: float) -> None:
        self.plan = Housekeeping(CHORES, now_s)
        self._after = {chore.name: "" for chore in CHORES}

    def work_of(self, chore: Chore) -> Work:
        """What a chore asks of the database."""
        return lambda db: self._work(db, chore)

    async def _work(self, db: Database, chore: Chore) -> int | Failed:
        """One go at the next few worlds; after the last of them it begins anew. What raises is over for this
        time: the worlds of the next go have their turn."""
        world_ids: tuple[WorldId, ...] = ()
        done: int | Failed = 0
        try:
            world_ids = await housekeeping.next_worlds(db, self._after[chore.name], WORLDS_AT_ONCE)
            done = await _do(db, chore, world_ids, time.time()) if world_ids else 0
        except DatabaseAway:
            raise
        except Exception as error:
            done = Failed.of(error)
            get_logger("th-archivist").exception(
                "chore.failed", chore=chore.name, worlds=world_ids, exc_info=error
            )
        self._after[chore.name] = world_ids[-1] if len(world_ids) == WORLDS_AT_ONCE else ""
        return done


async def _do(db: Database, chore: Chore, world_ids: tuple[WorldId, ...], now: float) -> int:
    match chore:
        case Chore(name=INPUTS.name):
            return await housekeeping.forget_inputs(
                db, world_ids, now - housekeeping.INPUTS_KEPT_S, chore.budget
            )
        case Chore(name=GENERATIONS.name):
            before = now - housekeeping.GENERATIONS_KEPT_S
            return await housekeeping.forget_generations(db, world_ids, before, chore.budget)
        case Chore(name=DEFINITIONS.name):
            before = now - housekeeping.DEFINITIONS_KEPT_S
            return await housekeeping.forget_definitions(db, world_ids, before, chore.budget)
        case _:
            before = now - housekeeping.METRICS_KEPT_S
            await housekeeping.forget_measures(db, world_ids, before, ROWS_AT_ONCE)
            return await housekeeping.measure(db, world_ids, now)
