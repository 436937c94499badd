"""The Supervisor's children: who runs, who died how often, who is started again and when. Pure of
processes."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.shell import Address
from actors.supervision import ARCHIVIST, GATE, SHARD, ChildSpec, may_restart, recent, restart_delay_s


@dataclass
class Child:
    """One child process, by a name that stays when its process changes."""

    name: str
    spec: ChildSpec
    address: Address | None = None
    ready: bool = False
    deaths_s: tuple[float, ...] = ()
    restarts: int = 0


@dataclass
class Children:
    """Every child of the service, in the order they are started."""

    by_name: dict[str, Child] = field(default_factory=dict)

    @classmethod
    def of(cls, shards: int) -> Children:
        found = [Child("archivist", ARCHIVIST), Child("gate", GATE)]
        found += [Child(f"shard {n}", SHARD) for n in range(shards)]
        return cls({child.name: child for child in found})

    def at(self, address: Address) -> Child | None:
        """Whose address this is; None for a process that was replaced already."""
        return next((child for child in self.by_name.values() if child.address == address), None)

    def died(self, child: Child, now_s: float) -> float | None:
        """Note a death. Answers after how many seconds to start it again; None: too often."""
        child.address, child.ready = None, False
        child.deaths_s = (*recent(child.spec, child.deaths_s, now_s), now_s)
        child.restarts += 1
        if not may_restart(child.spec, child.deaths_s, now_s):
            return None
        return restart_delay_s(child.spec, child.deaths_s, now_s)

    def restarts(self) -> dict[str, int]:
        return {child.name: child.restarts for child in self.by_name.values() if child.restarts}

    def down(self) -> list[str]:
        return [child.name for child in self.by_name.values() if not child.ready]
