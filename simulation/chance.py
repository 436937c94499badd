"""Reproducible chance: every draw is addressed by who draws it, when and what for, never by draw order."""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b

import numpy as np

from simulation.compiled import compiled

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15
"""2**64 divided by the golden ratio: splitmix64's increment, which spreads consecutive addresses apart."""
FIRST = 0xBF58476D1CE4E5B9
SECOND = 0x94D049BB133111EB
Word = np.uint64
MIX_1, MIX_2 = Word(FIRST), Word(SECOND)
BY_27, BY_30, BY_31 = Word(27), Word(30), Word(31)
UNIT = 2.0**-53
"""A draw keeps the 53 highest bits, as many as a double holds exactly."""


class Purpose(IntEnum):
    """What a draw is for. The number is part of the address: never change one, only add."""

    DECIDE = 1
    GENERATE = 2
    CONDITION = 3
    PLUGIN = 20


def mix(value: int) -> int:
    """splitmix64's finaliser (Steele, Lea, Flood 2014), on one number."""
    value = ((value ^ (value >> 30)) * FIRST) & MASK
    value = ((value ^ (value >> 27)) * SECOND) & MASK
    return value ^ (value >> 31)


@compiled
def mix_word(value: np.uint64) -> np.uint64:
    """`mix` for compiled code: 64-bit words wrap by themselves."""
    value = (value ^ (value >> BY_30)) * MIX_1
    value = (value ^ (value >> BY_27)) * MIX_2
    return value ^ (value >> BY_31)


def word(text: str) -> int:
    """A stable 64-bit number for an id: the entity number of a person, the key of a field."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def address(seed: int, now: int, purpose: int, k: int) -> int:
    """Everything of a draw's address but who draws: shared by all people of a batch."""
    state = seed & MASK
    for part in (now, purpose, k):
        state = mix((state + GOLDEN + part) & MASK)
    return state


def chance(seed: int, entity: int, now: int, purpose: int, k: int = 0) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    return (mix((address(seed, now, purpose, k) + GOLDEN + entity) & MASK) >> 11) * UNIT
