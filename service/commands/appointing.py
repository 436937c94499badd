"""`theatrum world appoint`, `appointments` and `unappoint`: what a world is given when a wall time comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from service.commands.options import DATA, Data, Json, as_value, emit
from service.errors import WrongUse

WorldId = Annotated[str, typer.Argument(metavar="WORLD", help="The world's id.")]


def appoint(
    world_id: WorldId,
    at: Annotated[str, typer.Option(metavar="ISO", help="When, such as 2030-01-31T18:00:00+01:00.")],
    name: Annotated[str | None, typer.Option("--id", help="Its id; one of the same id is replaced.")] = None,
    step: Annotated[int | None, typer.Option("-n", "--step", min=1, help="Make so many ticks.")] = None,
    advance: Annotated[
        float | None, typer.Option(min=0.000001, metavar="SECONDS", help="Make so many game seconds.")
    ] = None,
    flag: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Set flags of it.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Let a paused world go on.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Give a world an input at a wall time, asleep or not: one of --step, --advance, --flag and --resume;
    without any, one tick.

    It survives restarts and happens once; one whose time comes while the service is down happens at the next
    start. An appointment wakes a world that sleeps.
    """
    from service.commands.asking import ask
    from service.system import new_id

    kind, payload = _input(step, advance, flag or [], resume)
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
    emit(value, as_json=as_json, text=f"{world_id}: appointment {found.appointment_id} {said}: {value['at']}")


def _input(
    step: int | None, advance: float | None, flags: list[str], resume: bool
) -> tuple[str, dict[str, Any]]:
    """Kind and payload of what it is given."""
    asked = [step is not None, advance is not None, bool(flags), resume]
    if asked.count(True) > 1:
        raise WrongUse("An appointment gives one input", because="several of its options are there")
    if advance is not None:
        return "advance", {"seconds": advance}
    if resume:
        return "resume", {}
    if flags:
        pairs = [one.partition("=") for one in flags]
        if wrong := next((key for key, equals, _ in pairs if not key or not equals), None):
            raise WrongUse(f"--flag {wrong} has no value", because="it is KEY=VALUE")
        return "flags", {"flags": {key: as_value(value) for key, _, value in pairs}}
    return "step", {"ticks": 1 if step is None else step}


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


def appointments(world_id: WorldId, data: Data = DATA, as_json: Json = False) -> None:
    """The appointments of a world, the next first."""
    from service.commands.asking import ask
    from service.tables import table

    found = ask(data, "ListAppointments", world_id=world_id).rows
    value = [
        {"id": row.appointment_id, "at": _shown(row.at), "kind": str(row.kind), "payload": row.payload}
        for row in found
    ]
    rows = [[one["id"], one["at"], one["kind"], values_of(one["payload"])] for one in value]
    text = table(["id", "at", "input", "values"], rows) if rows else "No appointments."
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
