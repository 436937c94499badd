"""`theatrum interaction`: what players may do with people, and doing it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.commands.asking import WAIT_S, ask, submit
from service.commands.options import (
    DATA,
    Data,
    Expected,
    Json,
    NpcId,
    SessionId,
    Wait,
    WorldId,
    as_value,
    emit,
    expecting,
)
from service.errors import WrongUse

app = typer.Typer(no_args_is_help=True, help="See and do what players may do with people.")

Params = Annotated[str, typer.Option("--params", help="What the player says with it: a JSON object.")]


@app.command("list")
def list_(
    world_id: WorldId, session_id: SessionId, npc_id: NpcId, data: Data = DATA, as_json: Json = False
) -> None:
    """What the player may do with somebody now; what is closed says why, and when it opens."""
    from service.moments import moment
    from service.tables import table

    found = ask(data, "ShowPerson", world_id=world_id, npc_id=npc_id, session_id=session_id)
    listed = found.view.get("interactions", [])
    rows = [
        [
            one["interactionId"],
            one["label"],
            "yes" if one["available"] else "no",
            one["gate"] or "-",
            "-" if one["opensAt"] is None else moment(one["opensAt"], found.day_lengths),
            one["reason"] or "-",
        ]
        for one in listed
    ]
    heads = ["interaction", "label", "available", "gate", "opens", "reason"]
    emit(listed, as_json=as_json, text=table(heads, rows) if rows else f"Nothing to do with {npc_id}.")


@app.command()
def do(
    world_id: WorldId,
    session_id: SessionId,
    npc_id: NpcId,
    interaction_id: Annotated[str, typer.Argument(metavar="INTERACTION", help="The interaction's id.")],
    params: Params = "{}",
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Do something with somebody, all of it at once; or be told which gate is closed."""
    said = as_value(params)
    if not isinstance(said, dict):
        raise WrongUse(f"--params is {params}", because='it is a JSON object, such as {"text": "hello"}')
    payload: dict[str, Any] = {"sessionId": session_id, "npcId": npc_id, "interactionId": interaction_id}
    if said:
        payload["params"] = said
    payload |= expecting(expected)
    submit(data, world_id, "interact", payload, wait, as_json)
