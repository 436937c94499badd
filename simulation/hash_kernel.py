"""The people's hashes, mixed in machine code as docs/state-hash.md specifies."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulation.chance import GOLDEN, Word, mix_word
from simulation.compiled import compiled, inlined
from simulation.population import NONE, RECENT_MAX, Columns
from simulation.scale import UNKNOWN
from simulation.tables import Names

STEP, NOTHING, ONE = Word(GOLDEN), Word(0), Word(1)
MINUS_ZERO = Word(1 << 63)
LISTS_AT = 15
"""The number of `recent.0`: the fields before it are single values."""


class Bits(NamedTuple):
    """The float columns, seen as their IEEE bits."""

    valence: NDArray[np.uint64]
    arousal: NDArray[np.uint64]
    importance: NDArray[np.uint64]
    own: NDArray[np.uint64]


@inlined
def plus(
    high: np.uint64, low: np.uint64, field: int, word: np.uint64, n: Names
) -> tuple[np.uint64, np.uint64]:
    """Both halves with a field added. Field 0 is the entity's own key."""
    mixed = mix_word(word + STEP)
    return high + mix_word(mixed ^ n.high[field]), low + mix_word(mixed ^ n.low[field])


@compiled
def one_zero(bits: np.uint64) -> np.uint64:
    """-0.0 and 0.0 are the same state."""
    return NOTHING if bits == MINUS_ZERO else bits


@inlined
def person_halves(n: Names, p: Columns, bits: Bits, tier: np.uint64, row: int) -> tuple[np.uint64, np.uint64]:
    """(high, low) of one person's hash, from what is stored."""
    high = mix_word(p.entity[row] + n.high[0])
    low = mix_word(p.entity[row] + n.low[0])
    high, low = plus(high, low, 1, n.routine[p.routine[row]], n)
    high, low = plus(high, low, 2, n.activity[p.activity[row]], n)
    high, low = plus(high, low, 3, n.location[p.location[row]], n)
    high, low = plus(high, low, 4, n.location[p.home[row]], n)
    high, low = plus(high, low, 5, tier, n)
    high, low = plus(high, low, 6, Word(p.started_at[row]), n)
    high, low = plus(high, low, 7, Word(p.settled_at[row]), n)
    high, low = plus(high, low, 8, Word(p.due_at[row]), n)
    high, low = plus(high, low, 9, Word(p.energy[row]), n)
    high, low = plus(high, low, 10, one_zero(bits.valence[row]), n)
    high, low = plus(high, low, 11, one_zero(bits.arousal[row]), n)
    high, low = plus(high, low, 12, one_zero(bits.importance[row]), n)
    high, low = plus(high, low, 13, p.cold_hi[row], n)
    high, low = plus(high, low, 14, p.cold_lo[row], n)
    field = LISTS_AT
    for place in range(RECENT_MAX):
        high, low = plus(high, low, field, n.activity[p.recent[row, place]], n)
        high, low = plus(high, low, field + 1, Word(p.recent_at[row, place]), n)
        field += 2
    for number in range(p.ended_at.shape[1]):
        if p.ended_at[row, number] != NONE:
            high, low = plus(high, low, field + number, Word(p.ended_at[row, number]), n)
    field += p.ended_at.shape[1]
    for number in range(p.slots.shape[1]):
        if p.slots[row, number] != UNKNOWN:
            high, low = plus(high, low, field + number, Word(p.slots[row, number]), n)
    field += p.slots.shape[1]
    for number in range(bits.own.shape[1]):
        high, low = plus(high, low, field + number, one_zero(bits.own[row, number]), n)
    return mix_word(high), mix_word(low)


@compiled
def rehash(
    n: Names,
    p: Columns,
    bits: Bits,
    tier: np.uint64,
    rows: NDArray[np.int64],
    dirty: NDArray[np.bool_],
    total: tuple[np.uint64, np.uint64],
) -> tuple[np.uint64, np.uint64]:
    """The people's sum mod 2**128 as (high, low), brought up to date for those of `rows` that are dirty."""
    high, low = total
    for row in rows:
        if not dirty[row]:
            continue
        dirty[row] = False
        before = low
        low = low - p.hash_lo[row]
        high = high - p.hash_hi[row] - (ONE if before < p.hash_lo[row] else NOTHING)
        p.hash_hi[row], p.hash_lo[row] = person_halves(n, p, bits, tier, row)
        low = low + p.hash_lo[row]
        high = high + p.hash_hi[row] + (ONE if low < p.hash_lo[row] else NOTHING)
    return high, low
