"""A whole definition as the payload of an input: packed, bounded, and named by its hash."""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.differences import People
from simulation.definitions.plugins import NO_PLUGINS, Plugins
from simulation.definitions.problems import Problem, WorldFileInvalid, shown
from simulation.definitions.reading import pack, read_document
from simulation.definitions.world import WorldDefinition, parse_world

UPDATE_CHARS_MAX = 32 * 1024 * 1024
"""Characters of a packed document in an input: some 100,000 people; a larger world is added anew."""
DOCUMENT_BYTES_MAX = 256 * 1024 * 1024
"""Bytes of a document unpacked: what a world file may have, however well it was packed."""


@dataclass(frozen=True, slots=True)
class UpdateDocument:
    """What a payload says without being parsed: checked when the input was applied."""

    text: str
    definition_hash: str
    name: str


def update_payload(text: str, definition: WorldDefinition, people: People = People.KEEP) -> dict[str, Any]:
    """The payload that gives a world this definition. Raises WorldFileInvalid when it is too large."""
    packed = b64encode(pack(text)).decode("ascii")
    if len(packed) > UPDATE_CHARS_MAX:
        message = f"packs into {len(packed):,} characters, too many for an update"
        raise WorldFileInvalid("", [Problem("$", "", message, f"at most {UPDATE_CHARS_MAX:,}")])
    found = {"document": packed, "definitionHash": definition.definition_hash, "name": definition.name}
    return found if people is People.KEEP else {**found, "people": str(people)}


def read_people(payload: Mapping[str, Any]) -> People:
    """What a payload says of people who stay. Raises WorldFileInvalid."""
    value = payload.get("people", People.KEEP)
    if value not in tuple(People):
        raise WorldFileInvalid("", [Problem("$.people", value, f"is {shown(value)}", ", ".join(People))])
    return People(value)


def update_document(payload: Mapping[str, Any]) -> UpdateDocument:
    """The document of a payload, unpacked. Raises WorldFileInvalid."""
    packed = payload.get("document")
    if not isinstance(packed, str) or len(packed) > UPDATE_CHARS_MAX:
        allowed = f"a packed world file of at most {UPDATE_CHARS_MAX:,} characters"
        raise WorldFileInvalid("", [Problem("$.document", "", f"is {shown(packed)[:80]}", allowed)])
    return UpdateDocument(
        _unpacked(packed), str(payload.get("definitionHash", "")), str(payload.get("name", ""))
    )


def _unpacked(packed: str) -> str:
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(b64decode(packed, validate=True), DOCUMENT_BYTES_MAX)
        if unpacker.eof:
            return body.decode("utf-8")
    except (ValueError, zlib.error):
        pass
    allowed = f"base64 of zlib of a JSON text of at most {DOCUMENT_BYTES_MAX:,} bytes"
    raise WorldFileInvalid("", [Problem("$.document", "", "cannot be unpacked", allowed)])


def read_update(payload: Mapping[str, Any], plugins: Plugins = NO_PLUGINS) -> WorldDefinition:
    """The definition in a payload, parsed and checked against its own hash. Raises WorldFileInvalid."""
    given = update_document(payload)
    definition = parse_world(read_document(given.text, "$.document"), "$.document", plugins)
    for key, said, found in (
        ("definitionHash", given.definition_hash, definition.definition_hash),
        ("name", given.name, definition.name),
    ):
        if said != found:
            problem = Problem(f"$.{key}", said, f"is {shown(said)}", f"what the document has: {found}")
            raise WorldFileInvalid("", [problem])
    return definition
