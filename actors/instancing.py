"""How the Archivist makes a world from another: stored by one transaction, then opened like any other."""

from __future__ import annotations

from messages.archive import CopyWorld, WorldRegistered
from persistence import inputs, worlds
from persistence.engine import Database
from simulation.units import Tick


async def copy_world(db: Database, message: CopyWorld) -> WorldRegistered:
    """Raises UnknownWorld and WorldTaken."""
    name = await worlds.copy(db, message.template, message.world_id, message.user_id)
    if name is None:
        raise inputs.UnknownWorld(f"no world {message.template} is stored")
    return WorldRegistered(
        ask_id=message.ask_id, world_id=message.world_id, name=name, resumed=False, tick=Tick(0)
    )
