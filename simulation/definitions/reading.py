"""World file text to a JSON object: strict where JSON parsers are lax."""

from __future__ import annotations

import json
import math
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from simulation.definitions.problems import Problem, WorldFileInvalid, shown
from simulation.plain import DEPTH_MAX, is_whole_text

EXPORTED = b"THTRWRLD"
"""How an exported world begins (`simulation.portable`), and no JSON does."""
PACKING = 1
"""zlib's fastest level: world files shrink to a tenth even so."""


def pack(text: str) -> bytes:
    """A document for the way between processes, where every byte is copied several times."""
    return zlib.compress(text.encode(), PACKING)


def unpack(packed: bytes) -> str:
    return zlib.decompress(packed).decode()


def read_document(text: bytes | str, source: str) -> dict[str, Any]:
    """The object in `text`. Refuses what is not UTF-8, not JSON, NaN or beyond a double, texts no database
    holds, a key given twice, or nested too deep."""

    def refuse(message: str, allowed: str = "", value: object = "") -> NoReturn:
        raise WorldFileInvalid(source, [Problem("$", value, message, allowed)])

    text = _decoded(text, source)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            times = Counter(key for key, _ in items)
            twice = next(key for key in found if times[key] > 1)
            refuse(f"the key {shown(twice)} is given twice in one object", "each key once", twice)
        return found

    def real(digits: str) -> float:
        number = float(digits)
        if not math.isfinite(number):
            refuse(f"the number {digits[:40]} is too large", "a number a double can hold", digits)
        return number

    try:
        found = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_float=real,
            parse_constant=lambda name: refuse(f"{name} is no JSON number"),
        )
    except WorldFileInvalid:
        raise
    except json.JSONDecodeError as error:
        refuse(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}", "a JSON object")
    except ValueError:
        refuse("a number has more than 4,300 digits", "a number a computer can hold")
    except RecursionError:
        refuse("nested too deep", f"at most {DEPTH_MAX} levels")
    if not isinstance(found, dict):
        refuse(f"is a {type(found).__name__}", "a JSON object", found)
    if _deeper_than(found, DEPTH_MAX):
        refuse("nested too deep", f"at most {DEPTH_MAX} levels")
    if "\\u" in text:
        _refuse_unstorable(found, source)
    return found


def _decoded(text: bytes | str, source: str) -> str:
    try:
        return text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        message = f"byte {error.start} is not UTF-8"
        raise WorldFileInvalid(source, [Problem("$", "", message, "a JSON text in UTF-8")]) from None


def _refuse_unstorable(document: Any, source: str) -> None:
    """Half a surrogate pair is no UTF-8, and PostgreSQL has no U+0000; only escapes can bring them here."""
    for path, part in _texts(document, "$"):
        if not is_whole_text(part):
            message = f"the text {shown(part)} has half a letter, or the letter U+0000"
            raise WorldFileInvalid(source, [Problem(path, part, message, "whole letters above U+0000")])


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every text in a document, keys too, with where it is."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield path, key
            yield from _texts(inner, key if path == "$" else f"{path}.{key}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{n}]")


def _deeper_than(document: dict[str, Any], limit: int) -> bool:
    level: list[Any] = [document]
    for _ in range(limit):
        below: list[Any] = []
        for item in level:
            inside = item.values() if type(item) is dict else item
            below += [inner for inner in inside if type(inner) is dict or type(inner) is list]
        if not below:
            return False
        level = below
    return True
