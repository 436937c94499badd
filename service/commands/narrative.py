"""`theatrum narrative`: a player's stories with the people of a running world."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.options import DATA, Data, Json, Wait, emit
from service.commands.world import WAIT_S, WorldId, _ask
from service.errors import Refusal

app = typer.Typer(
    no_args_is_help=True, help="Lead a player and a person through a narrative, from node to node."
)

Session = Annotated[str, typer.Argument(help="The player's session.")]
NpcId = Annotated[str, typer.Argument(help="The person's id.")]
HISTORY_SHOWN_MAX = 5
"""Lines of the history for a person to read; --json has all that is kept."""


def _wish(
    data: Path, wait_s: float, as_json: bool, world_id: str, session: str, npc_id: str, op: str, **more: str
) -> None:
    """Send one input and say where the story is, once that is committed."""
    from simulation.units import InputKind

    payload = {"sessionId": session, "npcId": npc_id, "op": op, **more}
    kind = InputKind.NARRATIVE
    answer = _ask(data, "SubmitInput", wait_s, world_id=world_id, kind=kind, payload=payload)
    if not answer.applied:
        because, do = (str(answer.detail.get(key, "")) for key in ("reason", "do"))
        raise Refusal(f"World {world_id} did not {op} a narrative", because=because, do=do)
    found = {
        "world": world_id,
        "seq": answer.seq,
        "applied": True,
        "detail": answer.detail,
        "tick": answer.tick,
        "worldTime": answer.world_time,
    }
    emit(found, as_json=as_json, text="\n".join(_lines(npc_id, answer.detail["narrative"])))


@app.command()
def start(
    world_id: WorldId,
    session: Session,
    npc_id: NpcId,
    program: Annotated[str, typer.Argument(help="A program of the world's narratives.")],
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Begin a program; one that runs between the two waits until it is over."""
    _wish(data, wait, as_json, world_id, session, npc_id, "start", programId=program)


@app.command()
def choose(
    world_id: WorldId,
    session: Session,
    npc_id: NpcId,
    choice: Annotated[str, typer.Argument(help="The choice's id, as `show` lists them.")],
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Take one of the choices that are open."""
    _wish(data, wait, as_json, world_id, session, npc_id, "choose", choiceId=choice)


@app.command("continue")
def continue_(
    world_id: WorldId,
    session: Session,
    npc_id: NpcId,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Go on from a line, or from a wait for the player."""
    _wish(data, wait, as_json, world_id, session, npc_id, "continue")


@app.command()
def stop(
    world_id: WorldId,
    session: Session,
    npc_id: NpcId,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """End what runs between the two, and whatever it interrupted."""
    _wish(data, wait, as_json, world_id, session, npc_id, "stop")


@app.command()
def show(
    world_id: WorldId, session: Session, npc_id: NpcId, data: Data = DATA, as_json: Json = False
) -> None:
    """Where their story is, what it says, what it waits for, and what the player may do. Changes nothing."""
    view = _ask(data, "ShowPerson", world_id=world_id, npc_id=npc_id, session_id=session).view
    found = view["narrative"]
    emit(found, as_json=as_json, text="\n".join(_lines(npc_id, found)))


def _lines(npc_id: str, found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return [f"no narrative ever ran with {npc_id} in this session"]
    lines = [_where(npc_id, found)]
    if found["error"] is not None:
        lines.append(f"stopped by an error: {found['error']['rule']}: {found['error']['message']}")
    if "fails" in found:
        lines.append(f"it will stop: {found['fails']}")
    lines += [str(found[key]) for key in ("text", "prompt") if found.get(key)]
    for one in found.get("choices", ()):
        closed = "" if one["open"] else f" (closed: {one['because']})"
        lines.append(f"  {one['id']}: {one['text']}{closed}")
    lines += [f"interrupts {one['program']} at {one['node']}" for one in found["interrupted"]]
    for queue, entries in found["pending"].items():
        lines += [f"{queue}: {one.get('nodeId')} until {one.get('expiresAt')} s" for one in entries.values()]
    for entry in found.get("history", ())[-HISTORY_SHOWN_MAX:]:
        chose = f", chose {entry['choice']}" if "choice" in entry else ""
        lines.append(f"  at {entry['at']} s {entry['program']}: {entry['node']}{chose}")
    return lines


def _where(npc_id: str, found: dict[str, Any]) -> str:
    if found["node"] is None:
        return f"nothing runs with {npc_id}; the last one was {found['outcome']}"
    at = f"{found['program']} with {npc_id} is at {found['node']}"
    if "waitsFor" not in found:
        return at
    until = f" until {found['until']} s" if "until" in found else ""
    return f"{at}, waits for {found['waitsFor']}{until}; may {', '.join(found['may'])}"
