"""`theatrum generation`: what worlds asked to have made."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.commands.asking import ask
from service.commands.options import DATA, Data, Json, WorldId, emit

app = typer.Typer(no_args_is_help=True, help="Look at generation requests.")


@app.callback()
def generation() -> None:
    """Look at generation requests."""


@app.command("list")
def list_(
    world_id: WorldId,
    data: Data = DATA,
    limit: Annotated[int, typer.Option("--limit", help="How many of the newest.", min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """The newest requests of a world, at which tick each was made, and how many there are in each status."""
    from service.tables import table

    found = ask(data, "ListGenerations", world_id=world_id, limit=limit)
    rows = [
        [
            r.status,
            r.kind,
            r.npc_id or "-",
            f"{r.made_tick:,}",
            str(r.attempts),
            _short(r.request_id),
            r.reason,
        ]
        for r in found.rows
    ]
    counts = ", ".join(f"{count} {status}" for status, count in sorted(found.counts.items())) or "none"
    heads = ["status", "kind", "person", "at tick", "attempts", "request", "reason"]
    value = {"counts": found.counts, "requests": [_json(row) for row in found.rows]}
    shown = f"\n{table(heads, rows)}" if rows else ""
    emit(value, as_json=as_json, text=f"{world_id}: {counts}{shown}")


def _short(request_id: str) -> str:
    """As much of an id as finds it in the log; --json has it whole."""
    return request_id.rpartition(":")[2][:ID_SHOWN_CHARS_MAX]


ID_SHOWN_CHARS_MAX = 12
"""Of 32 hexadecimal digits: of a million requests two begin alike in one world of five hundred."""


def _json(row: Any) -> dict[str, Any]:
    from pydantic.alias_generators import to_camel

    return {to_camel(key): value for key, value in row.model_dump(mode="json").items()}
