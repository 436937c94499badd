"""The running sum of a tier's people hashes, brought up to date for whoever was touched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.chance import word
from simulation.hashing import MODULUS, digest, float_words, int_words, people_sum, people_words
from simulation.population import NONE, RECENT_MAX, Population
from simulation.scale import UNKNOWN
from simulation.script import Script
from simulation.units import Tier

NO_COLD = digest({})
"""Of a person without cold components, which most are."""


def cold_words(cold: Mapping[str, Any]) -> tuple[int, int]:
    """The digest of a person's cold components, kept in two columns."""
    return digest(cold) if cold else NO_COLD


class Fingerprint:
    """Which rows changed since the sum was last brought up to date, and the sum."""

    def __init__(self) -> None:
        self._sum = 0
        self._touched: list[NDArray[np.int64]] = []
        self._all = True

    def touch(self, row: int) -> None:
        self.touch_rows(np.array([row], dtype=np.int64))

    def touch_rows(self, rows: NDArray[np.int64]) -> None:
        if not self._all:
            self._touched.append(rows)

    def everybody(self) -> Fingerprint:
        """Rows moved or came: count all of them anew."""
        self._all = True
        self._touched.clear()
        return self

    def total(self, script: Script, people: Population, tier: Tier) -> int:
        """The sum mod 2**128 over everybody, hashing only the touched."""
        if self._all:
            rows = np.arange(people.count, dtype=np.int64)
            before = 0
        elif self._touched:
            rows = np.unique(np.concatenate(self._touched))
            before = people_sum(people["hash_hi"][rows], people["hash_lo"][rows])
        else:
            return self._sum
        high, low = hash_rows(script, people, rows, tier)
        people["hash_hi"][rows], people["hash_lo"][rows] = high, low
        start = 0 if self._all else self._sum - before
        self._sum = (start + people_sum(high, low)) % MODULUS
        self._all = False
        self._touched.clear()
        return self._sum


def hash_rows(
    script: Script, people: Population, rows: NDArray[np.int64], tier: Tier
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """(high, low) halves of these people's hashes, from what is stored (docs/state-hash.md lists the
    fields)."""
    fields = ["routine", "activity", "location", "home", "tier"]
    words = [
        script.routine_words[people["routine"][rows]],
        script.activity_words[people["activity"][rows]],
        script.location_words[people["location"][rows]],
        script.location_words[people["home"][rows]],
        np.full(len(rows), word(str(tier)), dtype=np.uint64),
    ]
    for name in ("started_at", "settled_at", "due_at", "energy"):
        fields.append(name)
        words.append(int_words(people[name][rows]))
    for name in ("valence", "arousal", "importance"):
        fields.append(name)
        words.append(float_words(people[name][rows]))
    for name in ("cold_hi", "cold_lo"):
        fields.append(name)
        words.append(people[name][rows])
    for n in range(RECENT_MAX):
        fields += [f"recent.{n}", f"recent_at.{n}"]
        words.append(script.activity_words[people["recent"][rows, n]])
        words.append(int_words(people["recent_at"][rows, n]))
    known: dict[int, NDArray[np.bool_]] = {}
    for column, names, absent in (
        ("ended_at", script.cooling, NONE),
        ("slots", [f"{ref}.{axis}" for ref, axis in script.slot_names], UNKNOWN),
    ):
        for n, name in enumerate(names):
            values = people[column][rows, n]
            known[len(fields)] = values != absent
            fields.append(f"{column}.{name}")
            words.append(int_words(values))
    return people_words(people["entity"][rows], fields, words, known)
