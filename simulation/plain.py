"""What may come in from outside: JSON that every database, the state hash and every reader can hold."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

DEPTH_MAX = 64
"""Nesting of a document or a payload; conditions, the deepest part by design, stop at a quarter of it."""
ERROR_CHARS_MAX = 500
"""Of an error that somebody else's code or values made: enough to find it, little enough to log each tick."""
KEY_SHOWN_CHARS_MAX = 60
"""How much of a key a path shows."""


def why_not_plain(value: object, path: str) -> str:
    """The first thing in `value` that cannot be kept, with its path and what is allowed; empty: all can be.

    Walks level by level, so that no depth of nesting can exhaust it.
    """
    level: list[tuple[str, object]] = [(path, value)]
    for _ in range(DEPTH_MAX + 1):
        if wrong := next((said for where, item in level if (said := _wrong(item, where))), ""):
            return wrong
        level = [inside for where, item in level for inside in _inside(item, where)]
        if not level:
            return ""
    return f"{path}: nested too deep; allowed: at most {DEPTH_MAX} levels"


def is_whole_text(text: str) -> bool:
    """No half of a surrogate pair, which is no UTF-8, and no U+0000, which PostgreSQL has not."""
    if "\0" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_text(text: str) -> str:
    """The same without what `is_whole_text` refuses."""
    return text.replace("\0", "?").encode(errors="replace").decode()


def said_by(error: BaseException) -> str:
    """What an error says, whatever made it: whole letters, and not too many."""
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:
        text = f"{type(error).__name__}, which cannot be shown"
    return whole_text(text[:ERROR_CHARS_MAX])


def copied_json(value: object, parts_max: int) -> Any:
    """A copy of what somebody else's code made, in values of our own. Raises TypeError for what is no JSON,
    ValueError for what has too many parts or levels: it may hold itself."""
    return _copied(value, DEPTH_MAX, parts_max, [parts_max])


def _copied(value: object, depth: int, most: int, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"more than {most} parts in one value")
    if depth < 0:
        raise ValueError(f"nested too deep, at most {DEPTH_MAX} levels")
    match value:
        case None | bool():
            return value
        case str():
            return str.__str__(value)
        case int():
            return int(value)
        case float():
            return float(value)
        case Mapping():
            return {_key(key): _copied(inner, depth - 1, most, left) for key, inner in value.items()}
        case list() | tuple():
            return [_copied(inner, depth - 1, most, left) for inner in value]
    raise TypeError(f"a {type(value).__name__} is no JSON value")


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{ascii(key)[:KEY_SHOWN_CHARS_MAX]} is no key of an object: a text")
    return str.__str__(key)


def _inside(item: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(item, Mapping):
        yield from (
            (f"{path}.{ascii(key)[1:-1][:KEY_SHOWN_CHARS_MAX]}", inner) for key, inner in item.items()
        )
    elif isinstance(item, list | tuple):
        yield from ((f"{path}[{n}]", inner) for n, inner in enumerate(item))


def _wrong(item: object, path: str) -> str:
    match item:
        case None | bool() | list() | tuple():
            return ""
        case str():
            said = "" if is_whole_text(item) else "the text has half a letter, or the letter U+0000"
            allowed = "whole letters above U+0000"
        case int() | float():
            said = "" if _is_finite(item) else f"is {_number(item)}"
            allowed = "a number a double can hold"
        case Mapping():
            keys = next((key for key in item if not isinstance(key, str) or not is_whole_text(key)), None)
            said = "" if keys is None else f"the key {ascii(keys)[:KEY_SHOWN_CHARS_MAX]} is none"
            allowed = "texts of whole letters above U+0000"
        case _:
            said, allowed = f"is a {type(item).__name__}", "what JSON can hold"
    return f"{path}: {said}; allowed: {allowed}" if said else ""


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def _number(number: float) -> str:
    return repr(number) if isinstance(number, float) else "a whole number with hundreds of digits"
