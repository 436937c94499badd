"""How a shard shares itself between worlds that are due at once: deficit round robin over milliseconds, and a
bound on decisions a second. Pure: monotonic nanoseconds come in."""

from __future__ import annotations

from simulation.units import WorldId

QUANTUM_NS = 2_000_000
"""Nanoseconds a due world may spend each time its turn comes: several ticks of a default world."""
DEBT_NS_MAX = 1_000_000_000
"""The most one tick is held against a world: after a second of turns it is due like any other."""
NS_PER_S = 1_000_000_000
"""Nanoseconds in a second."""


class Sharing:
    """One shard's. A world that spent more than its quantum lets others go first until it has paid for it;
    alone it goes at once. Which world ticks when changes no world: only real time passes differently."""

    def __init__(self, npc_ticks_per_second: int | None = None) -> None:
        self.rate = npc_ticks_per_second
        """Decisions a second of all worlds together; None: as many as come."""
        self._owed_ns: dict[WorldId, int] = {}
        """What each world may still spend; below 0 what it spent ahead. None kept: nothing either way."""
        self._left = float(npc_ticks_per_second or 0)
        self._filled_ns: int | None = None

    def turn(self, world_id: WorldId, *, alone: bool) -> bool:
        """A due world's turn has come: whether it ticks now, or goes behind the others that are due."""
        owed = min(QUANTUM_NS, self._owed_ns.pop(world_id, 0) + QUANTUM_NS)
        if alone:
            return True
        self._owed_ns[world_id] = owed
        return owed > 0

    def free_at_ns(self, now_ns: int) -> int:
        """When the next decision fits the bound; `now_ns` if one does now."""
        if self.rate is None:
            return now_ns
        since = 0 if self._filled_ns is None else now_ns - self._filled_ns
        self._left = min(float(self.rate), self._left + since * self.rate / NS_PER_S)
        self._filled_ns = now_ns
        if self._left >= 1:
            return now_ns
        return now_ns + int((1 - self._left) * NS_PER_S / self.rate) + 1

    def spent(self, world_id: WorldId, cost_ns: int, npc_ticks: int) -> None:
        """A tick is made: what it took counts against the world, its decisions against the shard."""
        left = self._owed_ns.pop(world_id, QUANTUM_NS) - cost_ns
        if left < 0:
            self._owed_ns[world_id] = max(-DEBT_NS_MAX, left)
        if self.rate is not None:
            self._left -= npc_ticks

    def forget(self, world_id: WorldId) -> None:
        self._owed_ns.pop(world_id, None)

    @property
    def trouble(self) -> str:
        """One sentence while the bound makes worlds wait."""
        if self.rate is None or self._left >= 1:
            return ""
        return f"maxNpcTicksPerSecond {self.rate} is spent: its worlds wait"
