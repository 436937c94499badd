"""`theatrum intent` and `theatrum session inbox`: what people want to start with a player."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.commands.asking import WAIT_S, ask, submit
from service.commands.options import DATA, Data, Json, SessionId, Wait, WorldId, emit

app = typer.Typer(no_args_is_help=True, help="Answer what people want to start with a player.")

IntentId = Annotated[str, typer.Argument(help="The intent's id, as `session inbox` shows it.")]


def inbox(world_id: WorldId, session_id: SessionId, data: Data = DATA, as_json: Json = False) -> None:
    """What people want to start with the player: the most urgent first, and until when."""
    from service.answers import wanted
    from service.moments import moment
    from service.tables import table

    shown = ask(data, "ShowSession", world_id=world_id, session_id=session_id)
    found, lengths = shown.view, shown.day_lengths
    rows = [
        [
            intent["id"],
            intent["npcId"],
            wanted(intent),
            str(intent["priority"]),
            moment(intent["createdAt"], lengths),
            moment(intent["expiresAt"], lengths),
            intent["surface"],
        ]
        for intent in found["inbox"]
    ]
    heads = ["intent", "person", "wants", "priority", "since", "until", "surface"]
    text = table(heads, rows) if rows else f"Nothing waits for {session_id}."
    emit(found["inbox"], as_json=as_json, text=text)


@app.command()
def accept(
    world_id: WorldId,
    session_id: SessionId,
    intent_id: IntentId,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Start what the person wants; if it cannot begin now, the intent stays."""
    _answer(data, world_id, "accept", session_id, intent_id, wait, as_json)


@app.command()
def dismiss(
    world_id: WorldId,
    session_id: SessionId,
    intent_id: IntentId,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Take it out of the inbox and do nothing about it."""
    _answer(data, world_id, "dismiss", session_id, intent_id, wait, as_json)


def _answer(
    data: Any, world_id: str, op: str, session_id: str, intent_id: str, wait_s: float, as_json: bool
) -> None:
    payload = {"op": op, "sessionId": session_id, "intentId": intent_id}
    submit(data, world_id, "intent", payload, wait_s, as_json)
