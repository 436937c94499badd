"""`theatrum import`: files of another backend's shapes become world files."""

from __future__ import annotations

import json
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from service.commands.options import Force, Json, emit


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A behaviour file, a world, a session, a narrative, or a bundle of them."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="WORLD.json", help="The world file to write.")
    ],
    world_id: Annotated[
        str | None, typer.Option("--id", help="The world's id, for files without; default: the file's name.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make a world file of a pixsim7-style file, and say what became of what, and what could not be mapped.

    The output passes `theatrum check`. What is not known is kept, under keys beginning with x-import-.
    """
    from service.errors import WrongUse
    from service.importing.worlds import import_world
    from service.plugins import installed
    from service.world_files import body_of, refuse_unwritable, write_whole
    from simulation.definitions import read_document
    from simulation.definitions.reading import EXPORTED

    refuse_unwritable(output, force=force)
    source, body = str(file), body_of(file)
    if body.startswith(EXPORTED):
        name = quote(source)
        raise WrongUse(
            f"File {file} is an exported world",
            because="it has a definition and a state already, so there is nothing to import",
            do=f"Go on with it: `theatrum run {name}`, or beside a service `theatrum world add {name}`.",
        )
    found = import_world(read_document(body, source), source, world_id or file.stem, installed())
    write_whole(output, (json.dumps(found.document, ensure_ascii=False, indent=1) + "\n").encode())
    definition = found.definition
    value = {"file": str(output), "world": definition.id, **found.report.to_json()}
    summary = (
        f"{output}: {definition.name}: {len(definition.npcs)} people, {len(definition.locations)} places, "
        f"{len(definition.behavior.activities)} activities, {len(definition.sessions)} sessions"
    )
    emit(value, as_json=as_json, text=f"{found.report.to_text()}\n{summary}")
