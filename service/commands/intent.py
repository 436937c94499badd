"""`theatrum intent` and `theatrum session inbox`: what people want to start with a player."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.commands.asking import WAIT_S, ask, submit
from service.commands.options import DATA, Data, Expected, Json, SessionId, Wait, WorldId, emit, expecting

app = typer.Typer(no_args_is_help=True, help="Answer what people want to start with a player.")

IntentId = Annotated[
    str,
    typer.Argument(metavar="INTENT", help="The intent's id, or how it begins, as `session inbox` shows it."),
]
ID_SHOWN_CHARS_MAX = 12
"""Of 32 hexadecimal digits: those that are in one inbox differ in them."""


def inbox(world_id: WorldId, session_id: SessionId, data: Data = DATA, as_json: Json = False) -> None:
    """What people want to start with the player: the most urgent first, and until when.

    With --json ids are whole; how one begins is enough for `intent accept` and `dismiss`.
    """
    from service.answers import wanted
    from service.moments import moment
    from service.tables import table

    shown = ask(data, "ShowSession", world_id=world_id, session_id=session_id)
    found, lengths = shown.view, shown.day_lengths
    rows = [
        [
            intent["id"][:ID_SHOWN_CHARS_MAX],
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
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Start what the person wants; if it cannot begin now, the intent stays."""
    name = _whole(data, world_id, session_id, intent_id)
    payload = {"op": "accept", "sessionId": session_id, "intentId": name, **expecting(expected)}
    submit(data, world_id, "intent", payload, wait, as_json)


@app.command()
def dismiss(
    world_id: WorldId,
    session_id: SessionId,
    intent_id: IntentId,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Take it out of the inbox and do nothing about it."""
    name = _whole(data, world_id, session_id, intent_id)
    payload = {"op": "dismiss", "sessionId": session_id, "intentId": name, **expecting(expected)}
    submit(data, world_id, "intent", payload, wait, as_json)


def _whole(data: Path, world_id: str, session_id: str, intent_id: str) -> str:
    """The id that is meant, where only one in the inbox begins so; else as it was given, for the world to
    refuse."""
    if not intent_id or len(intent_id) > ID_SHOWN_CHARS_MAX:
        return intent_id
    inbox = ask(data, "ShowSession", world_id=world_id, session_id=session_id).view["inbox"]
    found = [one["id"] for one in inbox if one["id"].startswith(intent_id)]
    return found[0] if len(found) == 1 else intent_id
