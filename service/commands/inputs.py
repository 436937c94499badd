"""`theatrum world inputs`: what a world was told from outside, when, and what became of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.options import DATA, Data, Database, Json, emit

if TYPE_CHECKING:
    from persistence.histories import KeptInput

PAYLOAD_CHARS_MAX = 2_000
"""Of a payload as JSON that is shown; longer ones, such as whole definitions, are counted."""
COLUMN_CHARS = 60
"""Of what was asked, in the table."""


def inputs(
    world_id: Annotated[str, typer.Argument(metavar="WORLD", help="The world's id.")],
    kind: Annotated[
        str | None, typer.Option(help="Only those of a kind: config, pause, step, flags, ...")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many of the newest.")] = 50,
    data: Data = DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """What a world was told from outside, the newest first: when, by which tick, and what became of it.

    Reads the database alone, beside a running service or without one. Inputs are kept for a day, and longer
    while a kept snapshot needs them.
    """
    from persistence import histories
    from service.errors import WrongUse
    from service.histories import database_url, read, unknown_world
    from service.tables import table
    from simulation.units import InputKind, WorldId

    if kind is not None and kind not in list(InputKind):
        raise WrongUse(f"--kind is {kind}", because=f"the kinds are {', '.join(InputKind)}")
    url, name = database_url(data, database), WorldId(world_id)
    wanted = None if kind is None else InputKind(kind)
    found = read(url, lambda db: histories.kept_inputs(db, name, wanted, limit))
    if not found and name not in read(url, histories.world_ids):
        raise unknown_world(url, name)
    rows = [[str(one.seq), _wall(one.recorded_at), one.kind, _asked(one), _became(one)] for one in found]
    text = table(["seq", "recorded (UTC)", "kind", "asked", "became"], rows) if rows else "no input is kept"
    emit([to_json(one) for one in found], as_json=as_json, text=text)


def to_json(one: KeptInput) -> dict[str, Any]:
    """For machines: wall times are seconds since 1970."""
    size = len(json.dumps(one.payload, ensure_ascii=False))
    return {
        "seq": one.seq,
        "kind": str(one.kind),
        "payload": one.payload if size <= PAYLOAD_CHARS_MAX else {"characters": size},
        "recordedAt": one.recorded_at,
        "tick": one.tick,
        "applied": one.applied,
        "detail": one.detail,
        "undoneBy": one.branch,
    }


def _wall(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _asked(one: KeptInput) -> str:
    text = json.dumps(one.payload, ensure_ascii=False)
    return text if len(text) <= COLUMN_CHARS else f"{text[: COLUMN_CHARS - 3]}..."


def _became(one: KeptInput) -> str:
    if one.branch is not None:
        return f"undone by rollback {one.branch}"
    if one.tick is None:
        return "waits"
    if one.applied:
        return f"applied after tick {one.tick:,}"
    return f"refused after tick {one.tick:,}: {(one.detail or {}).get('reason', '')}"
