"""How much of a world's flags there may be, whoever sets them while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulation.hashing import canonical

FLAGS_MAX = 10_000
"""Flags of one world: what its rules and its operators name."""
WORLD_FLAGS_BYTES_MAX = 1_048_576
"""Bytes of all flags of a world as JSON, beyond which nothing makes them grow: they are hashed and shown
whole."""


class FlagRoom:
    """Judges changes of flags. Flags are replaced, never mutated: their size is kept by which they are."""

    def __init__(self) -> None:
        self._known: tuple[object, int] = (None, 0)
        self._after = 0

    def judge(self, flags: Mapping[str, Any], changes: Mapping[str, Any]) -> str:
        """Why these changes are too much; empty: they are not. Null removes a flag."""
        new = len([key for key, value in changes.items() if key not in flags and value is not None])
        gone = len([key for key, value in changes.items() if key in flags and value is None])
        if len(flags) + new - gone > max(FLAGS_MAX, len(flags)):
            return f"the world would have more than {FLAGS_MAX} flags"
        before = self._after = self._size(flags)
        for key, value in changes.items():
            self._after += _bytes(key, value) - _bytes(key, flags.get(key))
        if self._after > max(WORLD_FLAGS_BYTES_MAX, before):
            return f"the world would have {self._after} bytes of flags, at most {WORLD_FLAGS_BYTES_MAX}"
        return ""

    def note(self, flags: Mapping[str, Any]) -> None:
        """These are the flags after what was judged last: they need no counting."""
        self._known = (flags, self._after)

    def _size(self, flags: Mapping[str, Any]) -> int:
        if self._known[0] is not flags:
            size = 1
            for key, value in flags.items():
                size += _bytes(key, value)
            self._known = (flags, size)
        return self._known[1]


def _bytes(key: str, value: object) -> int:
    """Of a flag among others, with its comma; nothing of one that is not there."""
    return 0 if value is None else len(canonical({key: value})) - 1
