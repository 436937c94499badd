"""The running sum of a tier's people hashes, brought up to date for whoever was touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.chance import MASK, word
from simulation.hash_kernel import Bits, rehash
from simulation.hashing import MODULUS, digest
from simulation.population import Population
from simulation.script import Script
from simulation.units import Tier

NO_COLD = digest({})
"""Of a person without cold components, which most are."""
NO_SUM = np.uint64(0), np.uint64(0)
TIER_WORDS = {tier: np.uint64(word(str(tier))) for tier in Tier}


def cold_words(cold: Mapping[str, Any]) -> tuple[int, int]:
    """The digest of a person's cold components, kept in two columns."""
    return digest(cold) if cold else NO_COLD


class Fingerprint:
    """Which rows changed since the sum was last brought up to date, and the sum."""

    def __init__(self) -> None:
        self._sum = NO_SUM
        self._touched: list[NDArray[np.int64]] = []
        self._all = True

    def touch(self, people: Population, rows: NDArray[np.int64]) -> None:
        """These rows changed."""
        people.changed(rows)
        if not self._all:
            people.dirty[rows] = True
            self._touched.append(rows)

    def come(self, people: Population, row: int) -> None:
        """Somebody came, with a hash that another sum counted."""
        people.columns.hash_hi[row], people.columns.hash_lo[row] = 0, 0
        self.touch(people, np.array([row], dtype=np.int64))

    def leave(self, people: Population, row: int) -> None:
        """Before a row is removed: what the sum has of it comes off, and the last row takes its place."""
        if self._all:
            return
        columns, last = people.columns, people.count - 1
        whole = (int(self._sum[0]) << 64) | int(self._sum[1])
        whole -= (int(columns.hash_hi[row]) << 64) | int(columns.hash_lo[row])
        whole %= MODULUS
        self._sum = np.uint64(whole >> 64), np.uint64(whole & MASK)
        if people.dirty[last]:
            self._touched.append(np.array([row], dtype=np.int64))

    def everybody(self) -> Fingerprint:
        """Count all of them anew."""
        self._all = True
        self._touched.clear()
        return self

    def total(self, script: Script, people: Population, tier: Tier) -> int:
        """The sum mod 2**128 over everybody, hashing only the touched."""
        columns = people.columns
        if self._all:
            columns.hash_hi[:], columns.hash_lo[:], people.dirty[: people.count] = 0, 0, True
            self._sum, self._touched = NO_SUM, [np.arange(people.count, dtype=np.int64)]
        floats = (columns.valence, columns.arousal, columns.importance, columns.own)
        bits = Bits(*(values.view(np.uint64) for values in floats))
        for rows in self._touched:
            high, low = rehash(script.names, columns, bits, TIER_WORDS[tier], rows, people.dirty, self._sum)
            self._sum = np.uint64(high), np.uint64(low)
        self._all = False
        self._touched.clear()
        return (int(self._sum[0]) << 64) | int(self._sum[1])
