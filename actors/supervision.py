"""Which children exist and what happens when one dies: a table, not code paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A kind of child. More than `restarts_max` deaths within `window_s` real seconds are too many."""

    name: str
    actor: str
    restarts_max: int
    window_s: float
    backoff_s: float
    """Before the second restart in a window; each further one waits twice as long."""
    backoff_max_s: float


ARCHIVIST = ChildSpec("archivist", "actors.archivist.Archivist", 30, 60, 0.05, 2.0)
GATE = ChildSpec("gate", "actors.generation_gate.GenerationGate", 30, 60, 0.05, 2.0)
SHARD = ChildSpec("shard", "actors.shard.ShardActor", 30, 60, 0.05, 2.0)

CHILDREN = (ARCHIVIST, GATE, SHARD)
"""In the order they are started: who writes, who throttles, who runs worlds."""

assert all(spec.backoff_s <= spec.backoff_max_s < spec.window_s for spec in CHILDREN)


def recent(spec: ChildSpec, deaths_s: Sequence[float], now_s: float) -> tuple[float, ...]:
    """The deaths that still count."""
    return tuple(at for at in deaths_s if now_s - at < spec.window_s)


def may_restart(spec: ChildSpec, deaths_s: Sequence[float], now_s: float) -> bool:
    """Whether one more restart fits the budget; if not, the parent gives up too."""
    return len(recent(spec, deaths_s, now_s)) <= spec.restarts_max


def restart_delay_s(spec: ChildSpec, deaths_s: Sequence[float], now_s: float) -> float:
    """Nothing the first time, then doubling; so a child that dies at once does not spin."""
    count = len(recent(spec, deaths_s, now_s))
    if count <= 1:
        return 0.0
    return min(spec.backoff_max_s, spec.backoff_s * float(2 ** min(count - 2, 30)))
