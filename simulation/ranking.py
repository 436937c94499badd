"""Who of a tier is more important, or less, than everybody else.

Importance never changes, so an order made once holds: whoever left is passed over, whoever came is in a heap
beside it. After the first time, picking a few people costs these few, however many there are.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from heapq import heappop, heappush

import numpy as np

from simulation.population import Population
from simulation.units import NpcId

COMERS_MIN = 64
"""Entries of people who came that are kept before the order is made anew, however few people there are."""

Entry = tuple[float, int, NpcId]
"""Importance (negated for the most important), entity number, id."""


class Ranking:
    """The people of one tier in the order in which they leave it."""

    def __init__(self, people: Population, *, best: bool) -> None:
        self._sign = -1.0 if best else 1.0
        count = people.count
        keys, entities = self._sign * people["importance"][:count], people["entity"][:count]
        by_entity = np.argsort(entities, kind="stable")
        order = by_entity[np.argsort(keys[by_entity], kind="stable")]
        self._keys, self._entities = keys[order], entities[order]
        self._names = [people.ids[row] for row in order.tolist()]
        self._next = 0
        """How many of `_names` are gone for good."""
        self._comers: list[Entry] = []

    def is_stale(self, people: Population) -> bool:
        """Whether so many came and went that making it anew is cheaper than passing them over."""
        return len(self._comers) > COMERS_MIN + 2 * people.count

    def come(self, people: Population, row: int) -> None:
        """Somebody came, or came back."""
        importance, entity = float(people["importance"][row]), int(people["entity"][row])
        heappush(self._comers, (self._sign * importance, entity, people.ids[row]))

    def pick(self, people: Population, count: int, keep: Container[NpcId]) -> list[NpcId]:
        """The first `count` who are here and none of `keep`; they must leave now."""
        found: dict[NpcId, None] = {}
        kept: list[Entry] = []
        for entry in self._entries():
            name = entry[2]
            if name in people.row_of:
                if name in keep:
                    kept.append(entry)
                else:
                    found[name] = None
            if len(found) == count:
                break
        for entry in kept:
            heappush(self._comers, entry)
        return list(found)

    def _entries(self) -> Iterator[Entry]:
        """Everybody known in order, each forgotten as it is given."""
        while True:
            head = None
            if self._next < len(self._names):
                n = self._next
                head = (float(self._keys[n]), int(self._entities[n]), self._names[n])
            if self._comers and (head is None or self._comers[0] < head):
                yield heappop(self._comers)
            elif head is not None:
                self._next += 1
                yield head
            else:
                return
