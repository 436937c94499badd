"""The way out of a shard's inner actors: a list the shard empties after every `tell`.

An inner actor's `send` to an address outside the process is silently lost, so nothing inside ever tries.
"""

from __future__ import annotations

from typing import Any


class Outbox:
    """What inner actors have to say to the shard, in order."""

    def __init__(self) -> None:
        self._items: list[Any] = []

    def put(self, item: Any) -> None:
        self._items.append(item)

    def take(self) -> list[Any]:
        """Everything since the last call."""
        items, self._items = self._items, []
        return items
