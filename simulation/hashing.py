"""The state hash: what a world's state is, in 128 bits, the same however and wherever it is kept.

docs/state-hash.md specifies it with a worked example. A person's hash is made of 64-bit words, one a field,
each mixed with the key of its field, so it knows nothing of rows, tiers, column types or the order of
definitions. The people of a world are a sum mod 2**128, so touching one person costs one person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.chance import GOLDEN, MASK, mix_rows, word

Words = NDArray[np.uint64]
LANES = ("hi", "lo")
MODULUS = 2**128
HALF = np.uint64(32)
LOW = np.uint64(0xFFFFFFFF)


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest(value: object) -> tuple[int, int]:
    """128 bits of a JSON value as two 64-bit words."""
    found = blake2b(canonical(value), digest_size=16).digest()
    return int.from_bytes(found[:8], "big"), int.from_bytes(found[8:], "big")


@cache
def field_key(lane: str, field: str) -> int:
    """The key that makes a field's word count as that field, one for each half of the hash."""
    return word(f"{lane}:{field}")


@cache
def _field_keys(lane: str, fields: tuple[str, ...]) -> Words:
    return np.array([[field_key(lane, field)] for field in fields], dtype=np.uint64)


def float_words(values: NDArray[np.float64]) -> Words:
    """The IEEE bits, with one zero: -0.0 and 0.0 are the same state."""
    return (values + 0.0).view(np.uint64)


def int_words(values: NDArray[Any]) -> Words:
    """Two's complement."""
    return values.astype(np.int64).view(np.uint64)


def modular_total(matrix: Words) -> Words:
    """Each column's total mod 2**64: integers wrap, so no order and no batch size can change it."""
    total: Words = np.add.reduce(matrix, axis=0, dtype=np.uint64)
    return total


def people_words(
    entities: Words, fields: Sequence[str], words: Sequence[Words], known: Mapping[int, NDArray[np.bool_]]
) -> tuple[Words, Words]:
    """(high, low) halves of many people's hashes: `words[i]` is field i of everybody.

    A field that a person does not have (`known[i]` False) adds nothing, so a new cooldown or relationship in
    the definition leaves the hash of those who never met it alone.
    """
    matrix = mix_rows(np.stack(words) + np.uint64(GOLDEN))
    halves = []
    for lane in LANES:
        terms = mix_rows(matrix ^ _field_keys(lane, tuple(fields)))
        for index, mask in known.items():
            terms[index][~mask] = 0
        name = mix_rows(entities + np.uint64(field_key(lane, "entity")))
        halves.append(mix_rows(modular_total(terms) + name))
    return halves[0], halves[1]


def people_sum(high: Words, low: Words) -> int:
    """The people of a population as one number mod 2**128, exact for up to 2**32 of them."""
    total = 0
    for shift, half in ((64, high), (0, low)):
        for part, offset in ((half >> HALF, 32), (half & LOW, 0)):
            total += int(np.add.reduce(part, dtype=np.uint64)) << (shift + offset)
    return total % MODULUS


def state_hash(people: int, scalars: Mapping[str, object]) -> str:
    """The world: its people's sum and its own scalars (JSON values), as 32 hexadecimal digits."""
    high, low = digest(scalars)
    body = people.to_bytes(16, "big") + (high & MASK).to_bytes(8, "big") + (low & MASK).to_bytes(8, "big")
    return blake2b(body, digest_size=16).hexdigest()
