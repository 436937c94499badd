"""How an Archivist comes to its database: connected, migrated, and with what every start needs read."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from actors import archive_work as work
from messages.archive import OpenArchive
from messages.service import WorldReport
from persistence import appointments, worlds
from persistence.engine import Database, DatabaseAway, SchemaMissing, SchemaNewer
from simulation.units import Epoch, WorldId

RETRY_S = (0.05, 2.0)
"""Between two tries while the database is away: first, and at most."""
UNUSABLE = (DatabaseAway, SchemaMissing, SchemaNewer, ValueError, FileNotFoundError)
"""A database that will not do, whatever is tried again."""


class Stored(NamedTuple):
    """A database, and what is in it."""

    db: Database
    known: dict[WorldId, Epoch]
    definitions: dict[WorldId, tuple[str, ...]]
    asleep: tuple[WorldReport, ...]
    resting: tuple[WorldReport, ...]
    appointed: float | None
    """When the next appointment is."""


async def open_database(ask: OpenArchive) -> Stored:
    """Connect and migrate, trying again while it is away. Raises one of UNUSABLE."""
    delay, give_up_s = RETRY_S[0], time.monotonic() + (ask.patience_s or 0)
    while True:
        try:
            db = await Database.open(ask.settings.database_url, migrate=True)
            return Stored(
                db,
                await worlds.epochs(db),
                await worlds.definitions(db),
                await work.asleep(db),
                await work.rest(db),
                await appointments.next_at(db),
            )
        except DatabaseAway:
            if ask.patience_s is not None and time.monotonic() > give_up_s:
                raise
            await asyncio.sleep(delay)
            delay = min(RETRY_S[1], delay * 2)
