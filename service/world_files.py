"""World files on disk: read once, checked whole, before anything else happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from messages.admin import AddWorld
from service.plugins import installed
from simulation.definitions import (
    Problem,
    WorldDefinition,
    WorldFileInvalid,
    pack,
    parse_world,
    read_document,
)
from simulation.units import GenerationMode

WORLD_FILE_BYTES_MAX = 512 * 1024 * 1024
"""A million people, the most a world may have, as `theatrum generate` writes them; more is surely another
kind of file."""


@dataclass(frozen=True, slots=True)
class LoadedWorld:
    path: Path
    text: str
    definition: WorldDefinition


def load(path: Path) -> LoadedWorld:
    """The world in a file. Raises WorldFileInvalid, whatever is wrong with the file."""
    source = str(path)

    def refuse(message: str, allowed: str = "a JSON world file") -> WorldFileInvalid:
        return WorldFileInvalid(source, [Problem("$", source, message, allowed)])

    try:
        if path.is_dir():
            raise refuse("is a directory")
        size = path.stat().st_size
        if size > WORLD_FILE_BYTES_MAX:
            raise refuse(f"has {size} bytes", f"at most {WORLD_FILE_BYTES_MAX} bytes")
        if size == 0:
            raise refuse("is empty")
        body = path.read_bytes()
    except FileNotFoundError:
        raise refuse("does not exist") from None
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror}") from None
    definition = parse_world(read_document(body, source), source, installed())
    return LoadedWorld(path, body.decode("utf-8"), definition)


def load_all(paths: Sequence[Path]) -> list[LoadedWorld]:
    """Every file, or WorldFileInvalid; two worlds of one id are refused, naming both files."""
    loaded: dict[str, LoadedWorld] = {}
    for path in paths:
        world = load(path)
        other = loaded.get(world.definition.id)
        if other is not None:
            message = f"has the id {world.definition.id!r}, and so has {other.path}"
            raise WorldFileInvalid(
                str(path), [Problem("id", world.definition.id, message, "an id of its own")]
            )
        loaded[world.definition.id] = world
    return list(loaded.values())


def to_add(world: LoadedWorld, ask_id: str, *, fresh: bool, generation: GenerationMode | None) -> AddWorld:
    """The message that adds it to a service."""
    definition = world.definition
    return AddWorld(
        ask_id=ask_id,
        world_id=definition.id,
        name=definition.name,
        definition_hash=definition.definition_hash,
        document=pack(world.text),
        source=str(world.path),
        fresh=fresh,
        generation=generation,
    )
