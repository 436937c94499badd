"""Who is simulated how closely: placement by importance under the caps, and the moves that restore it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from simulation.definitions import Npc
from simulation.orders import Leave
from simulation.units import NpcId, Tier

TIERS = tuple(Tier)


@dataclass(frozen=True, slots=True)
class Move:
    """People from one tier to another."""

    source: Tier
    target: Tier
    leave: Leave
    displaces: bool = False
    """They make room: they go back when there is room again."""


def place(npcs: Sequence[Npc], caps: Mapping[Tier, int]) -> dict[Tier, list[int]]:
    """Places of the world file by tier. A `simulationTier` in the file is honoured first, and whoever finds
    no room there goes down to the next with room; then the most important take what room is left, from
    detailed down; ties by id."""
    placed: dict[Tier, list[int]] = {tier: [] for tier in TIERS}
    ranked = sorted(range(len(npcs)), key=lambda n: (-npcs[n].importance, npcs[n].id))
    unplaced = []
    for n in ranked:
        wanted = npcs[n].components.get("behavior", {}).get("simulationTier")
        if wanted in placed and len(placed[wanted]) < caps[wanted]:
            placed[wanted].append(n)
        else:
            unplaced.append((n, TIERS.index(wanted) if wanted in placed else 0))
    for n, finest in sorted(unplaced, key=lambda item: not item[1]):
        ways = (*TIERS[finest:], *reversed(TIERS[:finest]))
        placed[next((tier for tier in ways if len(placed[tier]) < caps[tier]), Tier.DORMANT)].append(n)
    return placed


def moves_for(
    counts: Mapping[Tier, int], caps: Mapping[Tier, int], ranks: Mapping[NpcId, int] | None = None
) -> tuple[Move, ...]:
    """What restores the caps: first everything over a cap goes down a tier, then room above is filled from
    below. `ranks`: who is pulled by tier rules, which say themselves where these go up."""
    now = dict(counts)
    found = []
    for above, below in pairwise(TIERS):
        over = now[above] - caps[above]
        if over > 0:
            found.append(Move(above, below, Leave(over, best=False, ranks=ranks or {})))
            now[above] -= over
            now[below] += over
    for above, below in pairwise(TIERS):
        risers = min(caps[above] - now[above], now[below])
        if risers > 0:
            found.append(Move(below, above, Leave(risers, best=True, ranks=ranks or {}, spares=True)))
            now[below] -= risers
            now[above] += risers
    return tuple(found)
