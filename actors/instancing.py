"""Instances on their way: worlds that are made by whoever takes them first."""

from __future__ import annotations

import time

from messages.admin import InstanceWorld
from messages.archive import Origin
from messages.shards import AdoptWorld
from simulation.units import WorldId


class Instancing:
    """What each is made from, until its shard has it; a shard that is restarted meanwhile is told again."""

    def __init__(self) -> None:
        self._origins: dict[WorldId, Origin] = {}
        self._since: dict[str, float] = {}
        """Asks that are not answered, and since when."""

    def begin(self, ask: InstanceWorld) -> None:
        self._since[ask.ask_id] = time.monotonic()
        self._origins[ask.world_id] = Origin(template=ask.template, user_id=ask.user_id, asked_at=time.time())

    def is_coming(self, world_id: WorldId) -> bool:
        return world_id in self._origins

    def adoption_of(self, world_id: WorldId) -> AdoptWorld:
        """What the shard of a world is told, whether it is stored already or not."""
        return AdoptWorld(world_id=world_id, origin=self._origins.get(world_id))

    def end(self, world_id: WorldId) -> bool:
        """It is here, or will never be. False: it was no instance on its way."""
        return self._origins.pop(world_id, None) is not None

    def took_ms(self, ask_id: str) -> float | None:
        """How long an ask that is answered now took; None: it was for something else."""
        since = self._since.pop(ask_id, None)
        return None if since is None else round((time.monotonic() - since) * 1e3, 1)
