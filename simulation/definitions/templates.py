"""Stored definitions taken apart, so that an instance of one is put together without writing it all again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from json import dumps, loads
from typing import Any

from simulation.definitions.instances import DEFINITIONS_KEPT_MAX, DOCUMENT_CHARS_MAX, own_of
from simulation.definitions.reading import pack
from simulation.definitions.world import canonical, hash_of_text
from simulation.units import WorldId


@dataclass(frozen=True, slots=True)
class Instance:
    """A world's definition as it is stored."""

    world_id: WorldId
    name: str
    own: Mapping[str, Any]
    """What it says instead of the template, by top-level key."""
    text: str
    definition_hash: str
    sessions: Sequence[Mapping[str, Any]]


class Template:
    """One definition: what each of its top-level keys holds, as it is stored and as it is hashed."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._document: dict[str, Any] = loads(text)
        self._stored = {key: _stored(value) for key, value in self._document.items()}
        self._canonical = {key: canonical(value) for key, value in self._document.items()}

    @cached_property
    def packed(self) -> bytes:
        return pack(self._text)

    def instance(self, world_id: WorldId, user_id: str | None) -> Instance:
        own = own_of(world_id, user_id)
        stored = self._stored | {key: _stored(value) for key, value in own.items()}
        hashed = self._canonical | {key: canonical(value) for key, value in own.items()}
        whole = ",".join(f"{canonical(key)}:{hashed[key]}" for key in sorted(hashed))
        text = ", ".join(f"{_stored(key)}: {value}" for key, value in stored.items())
        return Instance(
            world_id=world_id,
            name=self._document.get("name", world_id),
            own=own,
            text=f"{{{text}}}",
            definition_hash=hash_of_text(f"{{{whole}}}"),
            sessions=own.get("sessions", self._document.get("sessions", ())),
        )


class Templates:
    """The last few that instances were made from, by their text."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Template] = OrderedDict()

    def of(self, text: str) -> Template:
        """A stored world's definition as a template."""
        known = self._kept.get(text)
        if known is not None:
            self._kept.move_to_end(text)
            return known
        found = Template(text)
        if len(text) <= DOCUMENT_CHARS_MAX:
            self._kept[text] = found
            if len(self._kept) > DEFINITIONS_KEPT_MAX:
                self._kept.popitem(last=False)
        return found

    def packed(self, text: str) -> bytes:
        """A definition for the way between processes; a template's is packed once."""
        known = self._kept.get(text)
        return pack(text) if known is None else known.packed


def _stored(value: object) -> str:
    return dumps(value, ensure_ascii=False)
