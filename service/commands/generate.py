"""`theatrum generate`: world files of any size."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.options import Force, Json, emit
from service.errors import WrongUse

if TYPE_CHECKING:
    from simulation.populating import Populating

SEED_MAX = 2**53
"""What every JSON reader takes as a whole number."""
SAY_EVERY = 50_000
"""People between two lines that say how far it is."""

People = Annotated[int, typer.Option("--people", help="How many live there.")]
Seed = Annotated[int, typer.Option("--seed", help="Another seed is another town; the same, the same bytes.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="The world file to write.")]
Id = Annotated[str | None, typer.Option("--id", help="The world's id. Default: made of people and seed.")]


def generate(
    people: People,
    output: Output,
    seed: Seed = 1,
    world_id: Id = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a world file with many people, after the pattern of the bundled Lanternford."""
    _check(people, seed, world_id, output, force=force)
    from service.commands.running import _examples
    from service.world_files import load
    from simulation.populating import Populating

    pattern = load(_examples()[0]).definition.document
    name = world_id or f"town-{people}-{seed}"
    made = Populating(pattern, people, seed)
    size = _write(output, made, made.outline(name, f"Town of {people:,}"))
    value = {"file": str(output), "id": name, "people": people, "seed": seed, "bytes": size}
    emit(value, as_json=as_json, text=f"{output}: {name}, {people:,} people, {size:,} bytes")


def _check(people: int, seed: int, world_id: str | None, output: Path, *, force: bool) -> None:
    from service.world_files import refuse_unwritable
    from simulation.definitions.fields import ID_CHARS_MAX
    from simulation.definitions.people import NPCS_MAX

    for option, value, low, high in (("--people", people, 1, NPCS_MAX), ("--seed", seed, 0, SEED_MAX)):
        if not low <= value <= high:
            raise WrongUse(f"{option} is {value}", because=f"it may be {low} to {high}")
    if world_id is not None and not (1 <= len(world_id) <= ID_CHARS_MAX and world_id.isprintable()):
        allowed = f"it may have 1 to {ID_CHARS_MAX} characters, all of them printable"
        raise WrongUse(f"--id has {len(world_id)} characters", because=allowed)
    refuse_unwritable(output, force=force)


def _write(output: Path, made: Populating, outline: dict[str, Any]) -> int:
    """All or nothing: the file gets its name when it is whole, and no larger than one may be."""
    from service.world_files import WORLD_FILE_BYTES_MAX, unwritten

    aside = output.with_name(f".{output.name}.{os.getpid()}")
    size = 0
    try:
        with aside.open("wb") as file:
            for line in _lines(made, outline):
                size += file.write(line)
                if size > WORLD_FILE_BYTES_MAX:
                    raise WrongUse(
                        f"--people is {made.people}",
                        because=f"their file would have more than {WORLD_FILE_BYTES_MAX} bytes",
                        do="Take fewer people.",
                    )
        aside.replace(output)
    except OSError as error:
        raise unwritten(output, error) from None
    finally:
        with suppress(OSError):  # it was not made
            aside.unlink()
    return size


def _lines(made: Populating, outline: dict[str, Any]) -> Iterator[bytes]:
    """One object, a person a line; never all of them in memory."""
    yield _json(outline)[:-1] + b',"npcs":[\n'
    for number, person in enumerate(made.inhabitants(), 1):
        yield _json(person) + (b"\n" if number == made.people else b",\n")
        if number % SAY_EVERY == 0:
            sys.stderr.write(f"{number:,} of {made.people:,} people\n")
    yield b"]}\n"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
