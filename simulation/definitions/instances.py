"""A world made from another: the same definition under an id of its own, read once for all of its like."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from json import dumps
from typing import Any

from simulation.definitions.plugins import Plugins
from simulation.definitions.world import WorldDefinition, parse_world, under_another_name

DEFINITIONS_KEPT_MAX = 4
"""Definitions a shard keeps read for the next instance: a game has few templates in play at once."""
DOCUMENT_CHARS_MAX = 2_000_000
"""The longest that is kept, some 3,000 people: larger ones take memory that worlds need, and are rare."""

OWN_KEYS = frozenset({"id", "name", "sessions"})
"""What instances of one template may differ in."""


def instance_of(template: Mapping[str, Any], world_id: str, user_id: str | None) -> dict[str, Any]:
    """The document of a world like the template's; with a user, theirs is its only session."""
    found = {**template, "id": world_id}
    if user_id is not None:
        found["sessions"] = [{"id": user_id, "userId": user_id}]
    return found


class Definitions:
    """Reads documents; one that differs from a kept one only in what is its own costs no second reading."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, WorldDefinition] = OrderedDict()

    def read(self, document: Mapping[str, Any], source: str, plugins: Plugins) -> WorldDefinition:
        """As `parse_world`. Raises WorldFileInvalid."""
        text = dumps({key: value for key, value in document.items() if key not in OWN_KEYS})
        if len(text) > DOCUMENT_CHARS_MAX:
            return parse_world(document, source, plugins)
        key = blake2b(text.encode(), digest_size=16).digest()
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return under_another_name(known, document, source)
        found = self._kept[key] = parse_world(document, source, plugins)
        if len(self._kept) > DEFINITIONS_KEPT_MAX:
            self._kept.popitem(last=False)
        return found
