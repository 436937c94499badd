"""A world that has lived, as one file: its definition and its state. Versioned, checksummed, plain data.

Layout: magic, format version, blake2b-128 of the rest, length of the head, the head as JSON, the packed
definition and the snapshot, whose lengths the head says.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from simulation import drive
from simulation.definitions import (
    DefinitionInvalid,
    Plugins,
    WorldDefinition,
    pack,
    parse_world,
    read_document,
)
from simulation.definitions.plugins import NO_PLUGINS
from simulation.definitions.reading import EXPORTED
from simulation.foreign import Senseless, inflated
from simulation.opening import Stages
from simulation.person_json import json_seconds
from simulation.scalars import RULES_VERSION
from simulation.snapshot import SnapshotCorrupt, SnapshotOfAnother, encode, parts_of, restore
from simulation.units import Seq
from simulation.world import World

FORMAT = 1
DOCUMENT_BYTES_MAX = 512 * 1024**2
"""Bytes of a definition unpacked: what a world file may have."""
CHECKSUM_BYTES = 16
"""Bytes of the blake2b digest in the header."""
HEADER_BYTES = len(EXPORTED) + 1 + CHECKSUM_BYTES
"""Bytes before what is checksummed: magic, version, checksum."""
LENGTH_BYTES = 8
"""Bytes of the little-endian length of the head."""


class NotPortable(ValueError):
    """These bytes are no exported world that this version can go on with; the text says why."""


@dataclass(frozen=True, slots=True)
class Portable:
    """An exported world, checked whole: it has the state hash its head says."""

    text: str
    """The definition's document."""
    definition: WorldDefinition
    snapshot: bytes
    world: World
    stages: Stages


def export(world: World, stages: Stages, text: str) -> bytes:
    """The file of a world as it stands. Its inputs are counted from here on: they are of another history."""
    world.intake.applied, world.intake.next_seq = 0, Seq(1)
    snapshot = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    document = pack(text)
    head = {
        "world": world.id,
        "name": world.script.definition.name,
        "definitionHash": world.script.definition.definition_hash,
        "stateHash": drive.state_hash(world, stages),
        "rules": RULES_VERSION,
        "tick": world.tick,
        "worldTime": json_seconds(world.world_time),
        "documentBytes": len(document),
        "snapshotBytes": len(snapshot),
    }
    plain = json.dumps(head, separators=(",", ":")).encode()
    rest = b"".join([len(plain).to_bytes(LENGTH_BYTES, "little"), plain, document, snapshot])
    return EXPORTED + bytes([FORMAT]) + blake2b(rest, digest_size=CHECKSUM_BYTES).digest() + rest


def open_portable(body: bytes, source: str, plugins: Plugins = NO_PLUGINS) -> Portable:
    """The world in a file. Raises NotPortable, or WorldFileInvalid for its definition."""
    head, document, snapshot = _parts(body)
    try:
        text = inflated(document, DOCUMENT_BYTES_MAX).decode()
        definition = parse_world(read_document(text, source), source, plugins)
        world, stages = restore(definition, snapshot, foreign=True)
        found = drive.state_hash(world, stages)
    except (SnapshotCorrupt, SnapshotOfAnother, Senseless, zlib.error, UnicodeDecodeError) as error:
        raise NotPortable(str(error)) from error
    except DefinitionInvalid:
        raise
    except FORGED as error:
        raise NotPortable(f"its state makes no sense ({type(error).__name__}: {error})") from error
    if (world.applied, world.next_seq) != (0, 1):
        raise NotPortable("it counts inputs of another history")
    if found != head["stateHash"]:
        raise NotPortable(f"its state has hash {found}, and it was exported with {head['stateHash']}")
    return Portable(text, definition, snapshot, world, stages)


FORGED = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError)
"""What reading a state raises that nobody's export wrote, though its checksum is right."""


def _parts(body: bytes) -> tuple[Mapping[str, Any], bytes, bytes]:
    """(head, packed definition, snapshot), once the checksum is right."""
    if not body.startswith(EXPORTED) or len(body) < HEADER_BYTES:
        raise NotPortable("it does not begin like an exported world")
    if body[len(EXPORTED)] != FORMAT:
        raise NotPortable(f"its format is {body[len(EXPORTED)]}, this version reads {FORMAT}")
    rest = body[HEADER_BYTES:]
    if blake2b(rest, digest_size=CHECKSUM_BYTES).digest() != body[len(EXPORTED) + 1 : HEADER_BYTES]:
        raise NotPortable("its checksum does not match: it is damaged or cut off")
    start = LENGTH_BYTES + int.from_bytes(rest[:LENGTH_BYTES], "little")
    head = _head(rest[LENGTH_BYTES:start])
    if head["rules"] != RULES_VERSION:
        raise NotPortable(
            f"it lived by version {head['rules']} of the rules, this is version {RULES_VERSION}"
        )
    middle, end = start + head["documentBytes"], len(rest) - head["snapshotBytes"]
    if not start <= middle == end:
        raise NotPortable("its head tells other lengths than its parts have")
    return head, rest[start:middle], rest[middle:]


def _head(plain: bytes) -> Mapping[str, Any]:
    """The head, with every key that is read here."""
    try:
        head: dict[str, Any] = json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise NotPortable("its head is no JSON object") from error
    for key, kind in HEAD.items():
        if not isinstance(head, dict) or type(head.get(key)) is not kind:
            raise NotPortable(f"its head has no {key}, or another kind of value there")
    return head


HEAD = {"rules": int, "stateHash": str, "documentBytes": int, "snapshotBytes": int}
"""Key of the head that is read -> what it holds."""
