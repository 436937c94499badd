"""A world made from another: the same definition under an id of its own, read once for all of its like."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from json import dumps
from typing import Any, TypeVar

from simulation.definitions.plugins import Plugins
from simulation.definitions.reading import read_document, unpack
from simulation.definitions.world import WorldDefinition, parse_world, under_another_name

T = TypeVar("T")

DEFINITIONS_KEPT_MAX = 4
"""Definitions a shard keeps read for the next instance: a game has few templates in play at once."""
DOCUMENT_CHARS_MAX = 2_000_000
"""The longest that is kept, some 3,000 people: larger ones take memory that worlds need, and are rare."""

OWN_KEYS = frozenset({"id", "name", "sessions"})
"""What instances of one template may differ in."""


def own_of(world_id: str, user_id: str | None) -> dict[str, Any]:
    """What a world says instead of its template; with a user, theirs is its only session."""
    own: dict[str, Any] = {"id": world_id}
    return own if user_id is None else {**own, "sessions": [{"id": user_id, "userId": user_id}]}


def instance_of(template: Mapping[str, Any], world_id: str, user_id: str | None) -> dict[str, Any]:
    """The document of a world like the template's."""
    return {**template, **own_of(world_id, user_id)}


class Definitions:
    """Reads documents; one that differs from a kept one only in what is its own costs no second reading."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, WorldDefinition] = OrderedDict()
        self._packed: OrderedDict[bytes, tuple[Mapping[str, Any], WorldDefinition]] = OrderedDict()
        """By the packed document: what it holds, and the definition read from it with something laid over."""

    def read_packed(
        self, packed: bytes, own: Mapping[str, Any], source: str, plugins: Plugins
    ) -> WorldDefinition:
        """The definition in a document as it travels, `own` laid over its top level: of one that was met
        before nothing but that is read. Raises WorldFileInvalid."""
        key = _digest(packed)
        known = self._packed.get(key)
        if known is not None:
            self._packed.move_to_end(key)
            document, like = known
            return under_another_name(like, {**document, **own}, source)
        text = unpack(packed)
        document = read_document(text, source)
        found = self.read({**document, **own}, source, plugins)
        if len(text) <= DOCUMENT_CHARS_MAX:
            _keep(self._packed, key, (document, found))
        return found

    def read(self, document: Mapping[str, Any], source: str, plugins: Plugins) -> WorldDefinition:
        """As `parse_world`. Raises WorldFileInvalid."""
        text = dumps({key: value for key, value in document.items() if key not in OWN_KEYS})
        if len(text) > DOCUMENT_CHARS_MAX:
            return parse_world(document, source, plugins)
        key = _digest(text.encode())
        known = self._kept.get(key)
        if known is not None:
            self._kept.move_to_end(key)
            return under_another_name(known, document, source)
        return _keep(self._kept, key, parse_world(document, source, plugins))


def _digest(text: bytes) -> bytes:
    return blake2b(text, digest_size=16).digest()


def _keep(kept: OrderedDict[bytes, T], key: bytes, found: T) -> T:
    kept[key] = found
    if len(kept) > DEFINITIONS_KEPT_MAX:
        kept.popitem(last=False)
    return found
