"""The town rule as a mind: the same rule, decided by Theatrum's own tiers over Theatrum's own people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks import rule
from simulation.compiled import compiled
from simulation.deciding import Decided, Rows
from simulation.definitions import Npc
from simulation.person import Person, Scene
from simulation.population import Columns, Population
from simulation.reasoning import Reasons
from simulation.units import Micros

DECAY, WORTH, RESTORES = np.array(rule.DECAY), np.array(rule.WORTH), np.array(rule.RESTORES)
DURATION_US = np.array(rule.DURATION_US)
"""The rule's tables, as compiled code reads them."""


@compiled
def live(p: Columns, rows: NDArray[np.int64], now: int, chosen: NDArray[np.int64]) -> None:
    """`rule.decide` for everybody in `rows`, one after the other."""
    for i in range(rows.size):
        row = rows[i]
        elapsed = now - p.settled_at[row]
        food = max(0.0, p.own[row, 0] - DECAY[0] * elapsed)
        rest = max(0.0, p.own[row, 1] - DECAY[1] * elapsed)
        company = max(0.0, p.own[row, 2] - DECAY[2] * elapsed)
        purpose = max(0.0, p.own[row, 3] - DECAY[3] * elapsed)
        hungry, tired, lonely, idle = 100.0 - food, 100.0 - rest, 100.0 - company, 100.0 - purpose
        best, most = 0, -1.0
        for a in range(WORTH.shape[0]):
            worth = WORTH[a, 0] * hungry + WORTH[a, 1] * tired + WORTH[a, 2] * lonely + WORTH[a, 3] * idle
            if worth > most:
                best, most = a, worth
        p.own[row, 0] = min(100.0, food + RESTORES[best, 0])
        p.own[row, 1] = min(100.0, rest + RESTORES[best, 1])
        p.own[row, 2] = min(100.0, company + RESTORES[best, 2])
        p.own[row, 3] = min(100.0, purpose + RESTORES[best, 3])
        p.activity[row], p.started_at[row], p.settled_at[row] = best, now, now
        p.due_at[row] = now + DURATION_US[best]
        chosen[i] = best


class TownMind:
    """Lives by the needs of `benchmarks.rule`; activities are numbered in its order."""

    own = rule.NEEDS

    def opening(self, origin: int, npc: Npc) -> Sequence[float]:
        return rule.start(origin)

    def decide(self, scene: Scene, people: Population, rows: Rows, interval: Micros) -> Decided:
        chosen = np.empty(len(rows), dtype=np.int64)
        live(people.columns, rows, scene.now, chosen)
        return Decided(chosen, ())

    def why(self, person: Person, people: Population, row: int) -> Reasons | None:
        return None


def checksum(people: Population) -> str:
    """As `rule.checksum`, of everybody on a stage, in order of their places in the world file."""
    columns, count = people.columns, people.count
    order = np.argsort(columns.origin[:count], kind="stable")
    return rule.checksum(columns.own[order], columns.activity[order], columns.due_at[order])
