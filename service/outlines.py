"""JSON values as indented lines for people to read; nothing is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from service.moments import DayLengths, moment, number

INSIDE = "  "
MOMENTS = frozenset({"worldTime", "until", "since", "at"})
"""Keys of moments beside those that end like one."""


def outline(value: Any, lengths: DayLengths | None = None) -> str:
    """One `key: value` a line, what lies inside indented under it; with a calendar, moments by it."""
    return "\n".join(_lines(value if lengths is None else _told(value, lengths), "")) or "none"


def _told(value: Any, lengths: DayLengths, *, is_time: bool = False) -> Any:
    """With the moments in it as people read them."""
    if isinstance(value, Mapping):
        keys = {key: is_time or _is_moment(str(key)) for key in value}
        return {key: _told(inner, lengths, is_time=keys[key]) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_told(inner, lengths) for inner in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return moment(value, lengths) if is_time and is_number else value


def _is_moment(key: str) -> bool:
    """Whether a key of a session, a component or a world's flags names a moment of its world."""
    return key.endswith(("At", "AtSeconds")) or key in MOMENTS or key.startswith("worldEvents.")


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
