"""How commands ask the running service, and send it inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from service.commands.options import emit
from service.errors import WrongUse

WAIT_S = 30.0
"""Seconds a command waits for a commit; an advance of many game days takes its time."""


def ask(data: Path, question: str, within_s: float = WAIT_S, **fields: Any) -> Any:
    """Ask the service with a message of `messages.admin`, `appointments`, `jobs` or `webhooks`.

    Raises WrongUse for what no message can hold.
    """
    from pydantic import ValidationError

    from messages import admin, appointments, jobs, webhooks
    from service import client
    from service.system import new_id

    try:
        of = next(one for one in (admin, appointments, jobs, webhooks) if hasattr(one, question))
        message = getattr(of, question)(ask_id=new_id(), **fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "This"
        raise WrongUse(
            f"{where} cannot be sent", because=first["msg"].removeprefix("Value error, ")
        ) from None
    return client.ask(data, message, within_s)


def submit(
    data: Path, world_id: str, kind: str, payload: dict[str, Any], wait_s: float, as_json: bool
) -> None:
    """Send one input and say what came of it, once it is committed."""
    from service.answers import sentence
    from simulation.units import InputKind

    of = InputKind(kind)
    answer = outcome(data, world_id, of, payload, wait_s)
    emit(committed(world_id, answer), as_json=as_json, text=sentence(world_id, of, payload, answer))


def outcome(data: Path, world_id: str, kind: Any, payload: dict[str, Any], wait_s: float) -> Any:
    """The committed outcome of an input. Raises Refusal for one that the world refused."""
    from service.answers import refusal

    answer = _answer(data, world_id, kind, payload, wait_s)
    if answer.applied:
        return answer
    raise refusal(world_id, kind, answer.detail)


def committed(world_id: str, answer: Any) -> dict[str, Any]:
    """An outcome for machines."""
    return {
        "world": world_id,
        "seq": answer.seq,
        "applied": True,
        "detail": answer.detail,
        "tick": answer.tick,
        "worldTime": answer.world_time,
    }


def _answer(data: Path, world_id: str, kind: Any, payload: dict[str, Any], wait_s: float) -> Any:
    """The committed outcome. One that takes longer is no failure: what was asked goes on."""
    from service.errors import ServiceEnded, ServiceGone

    try:
        return ask(data, "SubmitInput", wait_s, world_id=world_id, kind=kind, payload=payload)
    except ServiceEnded:
        raise
    except ServiceGone:
        raise ServiceGone(
            f"World {world_id} has not answered within {wait_s:g} s",
            because="what was asked may be on its way still, and happens once if so",
            do="Look with `theatrum world show` before you ask again, or give it longer with --wait.",
        ) from None
