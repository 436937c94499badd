"""`theatrum narrative`: a player's stories with the people of a running world."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.asking import WAIT_S, ask, committed, outcome
from service.commands.options import (
    DATA,
    Data,
    Expected,
    Json,
    NpcId,
    SessionId,
    Wait,
    WorldId,
    emit,
    expecting,
)

app = typer.Typer(
    no_args_is_help=True, help="Lead a player and a person through a narrative, from node to node."
)


def _wish(
    data: Path, wait_s: float, as_json: bool, world_id: str, session: str, npc_id: str, op: str, **more: Any
) -> None:
    """Send one input and say where the story is, once that is committed."""
    from service.answers import NOTHING_CHANGED
    from service.stories import Clock, to_lines
    from simulation.units import InputKind

    payload = {"sessionId": session, "npcId": npc_id, "op": op, **more}
    answer = outcome(data, world_id, InputKind.NARRATIVE, payload, wait_s)
    # Of a pair with whom nothing ever ran the answer holds an empty story.
    told = answer.detail["narrative"] or None
    lines = to_lines(npc_id, told, Clock(answer.world_time, answer.day_lengths))
    if not answer.detail.get("changed", True):
        lines[0] += NOTHING_CHANGED
    emit(committed(world_id, answer), as_json=as_json, text="\n".join(lines))


@app.command()
def start(
    world_id: WorldId,
    session: SessionId,
    npc_id: NpcId,
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="A program of the world's narratives.")],
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Begin a program; one that runs between the two waits until it is over."""
    _wish(data, wait, as_json, world_id, session, npc_id, "start", programId=program, **expecting(expected))


@app.command()
def choose(
    world_id: WorldId,
    session: SessionId,
    npc_id: NpcId,
    choice: Annotated[str, typer.Argument(metavar="CHOICE", help="The choice's id, as `show` lists them.")],
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Take one of the choices that are open."""
    _wish(data, wait, as_json, world_id, session, npc_id, "choose", choiceId=choice, **expecting(expected))


@app.command("continue")
def continue_(
    world_id: WorldId,
    session: SessionId,
    npc_id: NpcId,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Go on from a line, or from a wait for the player."""
    _wish(data, wait, as_json, world_id, session, npc_id, "continue", **expecting(expected))


@app.command()
def stop(
    world_id: WorldId,
    session: SessionId,
    npc_id: NpcId,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """End what runs between the two, and whatever it interrupted."""
    _wish(data, wait, as_json, world_id, session, npc_id, "stop", **expecting(expected))


@app.command()
def show(
    world_id: WorldId, session: SessionId, npc_id: NpcId, data: Data = DATA, as_json: Json = False
) -> None:
    """Where their story is, what it says, what it waits for, and what the player may do. Changes nothing."""
    from service.stories import Clock, to_lines

    shown = ask(data, "ShowPerson", world_id=world_id, npc_id=npc_id, session_id=session)
    found, clock = shown.view["narrative"], Clock(shown.world_time, shown.day_lengths)
    emit(found, as_json=as_json, text="\n".join(to_lines(npc_id, found, clock)))
