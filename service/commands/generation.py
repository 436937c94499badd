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
    """The newest requests of a world, and how many there are in each status."""
    from service.tables import table

    found = ask(data, "ListGenerations", world_id=world_id, limit=limit)
    rows = [
        [r.status, r.kind, r.npc_id or "-", str(r.made_tick), str(r.attempts), r.request_id, r.reason]
        for r in found.rows
    ]
    counts = ", ".join(f"{count} {status}" for status, count in sorted(found.counts.items())) or "none"
    heads = ["status", "kind", "npc", "made", "attempts", "request", "reason"]
    value = {"counts": found.counts, "requests": [_json(row) for row in found.rows]}
    emit(value, as_json=as_json, text=f"{world_id}: {counts}\n{table(heads, rows)}")


def _json(row: Any) -> dict[str, Any]:
    from pydantic.alias_generators import to_camel

    return {to_camel(key): value for key, value in row.model_dump(mode="json").items()}
