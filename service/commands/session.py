"""`theatrum session`: players come to a running world, move, change and leave."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.asking import WAIT_S, ask, submit
from service.commands.options import (
    DATA,
    Data,
    Expected,
    Json,
    SessionId,
    Wait,
    WorldId,
    emit,
    expecting,
    pairs,
)
from service.errors import WrongUse

app = typer.Typer(no_args_is_help=True, help="Players of a world: where each is, and what is theirs.")

Location = Annotated[str | None, typer.Option("--location", help="A location of the world.")]
Scene = Annotated[str | None, typer.Option("--scene", help="The scene they are in.")]


@app.command("list")
def list_(
    world_id: WorldId,
    limit: Annotated[int, typer.Option("--limit", help="At most so many.", min=1, max=1000)] = 1000,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The sessions of a world, by id."""
    from service.tables import table

    found = ask(data, "ListSessions", world_id=world_id, limit=limit)
    keys = ("id", "userId", "locationId", "sceneId", "version", "inbox")
    rows = [[str(one[key] if one[key] is not None else "-") for key in keys] for one in found.sessions]
    heads = ["session", "user", "location", "scene", "version", "inbox"]
    lines = [table(heads, rows) if rows else f"{world_id} has no sessions."]
    if found.count > len(rows):
        lines.append(f"{len(rows)} of {found.count} are shown.")
    emit(list(found.sessions), as_json=as_json, text="\n".join(lines))


@app.command()
def show(world_id: WorldId, session_id: SessionId, data: Data = DATA, as_json: Json = False) -> None:
    """All there is of one session: flags, items, what is personal, what waits for the player."""
    from service.outlines import outline

    found = ask(data, "ShowSession", world_id=world_id, session_id=session_id)
    emit(found.view, as_json=as_json, text=outline(found.view, found.day_lengths))


@app.command()
def join(
    world_id: WorldId,
    session_id: SessionId,
    user: Annotated[str | None, typer.Option("--user", help="Whose session it is.")] = None,
    location: Location = None,
    scene: Scene = None,
    file: Annotated[
        Path | None, typer.Option("--from", help="What `session show` or `leave` printed with --json.")
    ] = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Let a player in, with --from as they were. Refused while a session of that id is here."""
    given = {"id": session_id, "userId": user, "locationId": location, "sceneId": scene}
    session = {} if file is None else kept_in(file)
    session |= {key: value for key, value in given.items() if value is not None}
    submit(data, world_id, "session_join", {"session": session}, wait, as_json)


def kept_in(file: Path) -> dict[str, Any]:
    """The session in a file: as it is, or in the answer to a leave. The world says what is wrong with it."""
    from service.world_files import body_of
    from simulation.definitions.reading import read_document

    found = read_document(body_of(file), str(file))
    detail = found.get("detail")
    session = detail.get("session") if isinstance(detail, dict) else None
    return session if isinstance(session, dict) else found


@app.command()
def move(
    world_id: WorldId,
    session_id: SessionId,
    location: Annotated[str, typer.Option("--location", help="A location of the world.")],
    scene: Scene = None,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Take a player to another place."""
    changes = {"locationId": location} if scene is None else {"locationId": location, "sceneId": scene}
    _change(world_id, session_id, changes, expected, data, wait, as_json)


@app.command()
def update(
    world_id: WorldId,
    session_id: SessionId,
    changes: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY=VALUE...", help="key=value, such as sceneId=ball, flags.met=true, inventory.lamp=2."
        ),
    ],
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Change locationId, sceneId, cast, flags, inventory or npcs; all changes or none. A null removes."""
    _change(world_id, session_id, wanted_of(changes), expected, data, wait, as_json)


def wanted_of(changes: list[str]) -> dict[str, Any]:
    """Changes of a session by key: `flags.met=true` is a part of `flags`, and nothing is said twice."""
    from simulation.definitions.problems import nearest_of
    from simulation.session_inputs import CHANGEABLE

    wanted: dict[str, Any] = {}
    for key, value in pairs(changes, "sceneId=ball").items():
        first, _, rest = key.partition(".")
        if not first or (rest and not isinstance(wanted.setdefault(first, {}), dict)):
            raise WrongUse(f"{key!r} is no change", because="write key=value, such as sceneId=ball")
        if first not in CHANGEABLE:
            near = nearest_of(first, CHANGEABLE)
            meant = f"Did you mean {near}?" if near else ""
            raise WrongUse(f"{first} does not change", because=f"it may be {', '.join(CHANGEABLE)}", do=meant)
        if first in wanted and (not rest or rest in wanted[first]):
            raise WrongUse(f"{key} is given twice", do="Give each key once.")
        if rest:
            wanted[first][rest] = value
        else:
            wanted[first] = value
    return wanted


def _change(
    world_id: str,
    session_id: str,
    changes: dict[str, Any],
    expected: int | None,
    data: Data,
    wait_s: float,
    as_json: bool,
) -> None:
    payload = {**changes, "sessionId": session_id, **expecting(expected)}
    submit(data, world_id, "session_update", payload, wait_s, as_json)


@app.command()
def leave(
    world_id: WorldId,
    session_id: SessionId,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Let a player go; with --json the answer holds the whole session, which `join --from` takes back."""
    payload = {"sessionId": session_id, **expecting(expected)}
    submit(data, world_id, "session_leave", payload, wait, as_json)
