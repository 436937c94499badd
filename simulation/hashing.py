"""The state hash: what a world's state is, in 128 bits, the same however and wherever it is kept.

docs/state-hash.md specifies it with a worked example. A person's hash is made of 64-bit words, one a field,
each mixed with the key of its field, so it knows nothing of rows, tiers, column types or the order of
definitions. The people of a world are a sum mod 2**128, so touching one person costs one person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b

MODULUS = 2**128


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def same_json(one: object, other: object) -> bool:
    """Whether two values are written alike: to Python true is 1 and 1 is 1.0, to a reader of JSON they are
    not."""
    if type(one) is not type(other):
        return False
    return canonical(one) == canonical(other) if isinstance(one, Mapping | list | tuple) else one == other


def digest(value: object) -> tuple[int, int]:
    """128 bits of a JSON value as two 64-bit words."""
    found = blake2b(canonical(value), digest_size=16).digest()
    return int.from_bytes(found[:8], "big"), int.from_bytes(found[8:], "big")


def state_hash(people: int, scalars: Mapping[str, object]) -> str:
    """The world: its people's sum and its own scalars (JSON values), as 32 hexadecimal digits."""
    high, low = digest(scalars)
    body = people.to_bytes(16, "big") + high.to_bytes(8, "big") + low.to_bytes(8, "big")
    return blake2b(body, digest_size=16).hexdigest()
