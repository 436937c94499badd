"""JSON values as indented lines for people to read; nothing is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from service.moments import number

INSIDE = "  "


def outline(value: Any) -> str:
    """One `key: value` a line, what lies inside indented under it."""
    return "\n".join(_lines(value, "")) or "none"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _entry(f"{key}:", inner, indent)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _entry("-", inner, indent)
    else:
        yield indent + _plain(value)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if head == "-" and isinstance(value, Mapping) and value and not any(map(_is_deep, value.values())):
        yield f"{indent}- " + ", ".join(f"{key}: {_plain(inner)}" for key, inner in value.items())
    elif isinstance(value, Mapping | list | tuple) and value and not _is_short(value):
        yield f"{indent}{head}"
        yield from _lines(value, indent + INSIDE)
    else:
        yield f"{indent}{head} {_plain(value)}"


def _is_deep(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple)


def _is_short(value: Any) -> bool:
    """A list that fits behind its key."""
    if not isinstance(value, list | tuple) or any(map(_is_deep, value)):
        return False
    return len(_plain(value)) <= LINE_CHARS_MAX


LINE_CHARS_MAX = 80
"""Of a list on one line."""


def _plain(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return json.dumps(value)
        case int() | float():
            return number(value)
        case str():
            return value if value and "\n" not in value else json.dumps(value, ensure_ascii=False)
        case list() | tuple():
            return ", ".join(map(_plain, value)) or "none"
        case _:
            return "none" if not value else json.dumps(value, ensure_ascii=False)
