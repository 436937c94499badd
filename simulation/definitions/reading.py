"""World file text to a JSON object: strict where JSON parsers are lax."""

from __future__ import annotations

import json
import zlib
from typing import Any, NoReturn

from simulation.definitions.problems import Problem, WorldFileInvalid, shown

DEPTH_MAX = 64
"""Nesting of a document; conditions, the deepest part by design, stop at a quarter of it."""

PACKING = 1
"""zlib's fastest level: world files shrink to a tenth even so."""


def pack(text: str) -> bytes:
    """A document for the way between processes, where every byte is copied several times."""
    return zlib.compress(text.encode(), PACKING)


def unpack(packed: bytes) -> str:
    return zlib.decompress(packed).decode()


def read_document(text: bytes | str, source: str) -> dict[str, Any]:
    """The object in `text`. Refuses what is not UTF-8, not JSON, NaN, a key given twice, or nested too
    deep."""

    def refuse(message: str, allowed: str = "", value: object = "") -> NoReturn:
        raise WorldFileInvalid(source, [Problem("$", value, message, allowed)])

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in found if keys.count(key) > 1)
            refuse(f"the key {shown(twice)} is given twice in one object", "each key once", twice)
        return found

    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            refuse(f"byte {error.start} is not UTF-8", "a JSON text in UTF-8")
    try:
        found = json.loads(
            text, object_pairs_hook=pairs, parse_constant=lambda name: refuse(f"{name} is no JSON number")
        )
    except json.JSONDecodeError as error:
        refuse(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}", "a JSON object")
    except RecursionError:
        refuse("nested too deep", f"at most {DEPTH_MAX} levels")
    if not isinstance(found, dict):
        refuse(f"is a {type(found).__name__}", "a JSON object", found)
    if _deeper_than(found, DEPTH_MAX):
        refuse("nested too deep", f"at most {DEPTH_MAX} levels")
    return found


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(inner for inner in item.values() if isinstance(inner, dict | list))
            elif isinstance(item, list):
                below.extend(inner for inner in item if isinstance(inner, dict | list))
        if not below:
            return False
        level = below
    return True
