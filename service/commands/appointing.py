"""`theatrum world appoint`, `appointments` and `unappoint`: what a world is given when a wall time comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from service.commands.amounts import micros_of, ticks_of
from service.commands.options import DATA, Data, Json, as_value, emit, pairs
from service.errors import WrongUse

WorldId = Annotated[str, typer.Argument(metavar="WORLD", help="The world's id.")]


def appoint(
    world_id: WorldId,
    at: Annotated[str, typer.Option(metavar="ISO", help="When, such as 2030-01-31T18:00:00+01:00.")],
    name: Annotated[str | None, typer.Option("--id", help="Its id; one of the same id is replaced.")] = None,
    ticks: Annotated[
        int | None, typer.Option("-n", "--ticks", "--step", help="Make so many standard ticks.")
    ] = None,
    advance: Annotated[str | None, typer.Option(metavar="SECONDS", help="Make so many game seconds.")] = None,
    flag: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Set flags of it.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Let a paused world go on.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Give a world an input at a wall time, asleep or not.

    One of --ticks, --advance, --flag and --resume; without any, one tick. It survives restarts and happens
    once; one whose time comes while the service is down happens at the next start. An appointment wakes a
    world that sleeps.
    """
    from service.commands.asking import ask
    from service.system import new_id

    kind, payload = _input(ticks, advance, flag or [], resume)
    found = ask(
        data,
        "MakeAppointment",
        world_id=world_id,
        appointment_id=name or new_id(),
        at=_wall_time(at),
        kind=kind,
        payload=payload,
    )
    value = {
        "world": world_id,
        "id": found.appointment_id,
        "at": _shown(found.at),
        "kind": kind,
        "payload": payload,
        "replaced": found.replaced,
    }
    said = "moved" if found.replaced else "made"
    text = f"{world_id}: appointment {found.appointment_id} {said}, for {_told(found.at)} UTC"
    emit(value, as_json=as_json, text=text)


def _input(
    ticks: int | None, advance: str | None, flags: list[str], resume: bool
) -> tuple[str, dict[str, Any]]:
    """Kind and payload of what it is given."""
    asked = [ticks is not None, advance is not None, bool(flags), resume]
    if asked.count(True) > 1:
        raise WrongUse("An appointment gives one input", because="several of its options are there")
    if advance is not None:
        micros_of(advance, "--advance", least=1)
        return "advance", {"seconds": as_value(advance)}
    if resume:
        return "resume", {}
    if flags:
        return "flags", {"flags": pairs(flags, "town.festival=true")}
    return "step", {"ticks": 1 if ticks is None else ticks_of(ticks, "--ticks")}


def _wall_time(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise WrongUse(f"--at is {text}", because="it is a time such as 2030-01-31T18:00:00Z") from None
    if found.tzinfo is None:
        because = "whose clock it is on is not said"
        raise WrongUse(f"--at is {text}", because=because, do="End it with Z, or with an offset: +01:00.")
    return found.timestamp()


def values_of(payload: dict[str, Any]) -> str:
    """What an appointment gives its world, as a command would be given it."""
    from service.answers import shown

    flat = payload.get("flags", payload)
    return ", ".join(f"{key}={shown(value)}" for key, value in flat.items()) or "-"


def _shown(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def _told(at: float) -> str:
    """A wall time as people read it, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")


def appointments(world_id: WorldId, data: Data = DATA, as_json: Json = False) -> None:
    """The appointments of a world, the next first."""
    from service.commands.asking import ask
    from service.tables import table

    found = ask(data, "ListAppointments", world_id=world_id).rows
    value = [
        {"id": row.appointment_id, "at": _shown(row.at), "kind": str(row.kind), "payload": row.payload}
        for row in found
    ]
    rows = [[row.appointment_id, _told(row.at), str(row.kind), values_of(row.payload)] for row in found]
    heads = ["appointment", "at (UTC)", "input", "values"]
    text = table(heads, rows) if rows else f"{world_id} has no appointments."
    emit({"world": world_id, "appointments": value}, as_json=as_json, text=text)


def unappoint(
    world_id: WorldId,
    name: Annotated[str, typer.Argument(metavar="ID", help="As `world appointments` shows it.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Cancel an appointment of a world."""
    from service.commands.asking import ask

    ask(data, "CancelAppointment", world_id=world_id, appointment_id=name)
    text = f"{world_id}: appointment {name} is cancelled"
    emit({"world": world_id, "id": name, "cancelled": True}, as_json=as_json, text=text)
