"""`theatrum why`: what somebody in a world file would decide, without a service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.options import Json, as_value, emit
from service.errors import WrongUse

if TYPE_CHECKING:
    from simulation.units import Micros

At = Annotated[
    str | None,
    typer.Option("--at", metavar="WORLD_TIME", help="Game seconds; default: the file's worldTime."),
]


def why(
    file: Annotated[Path, typer.Argument(help="A world file.")],
    npc_id: Annotated[str, typer.Argument(metavar="NPC", help="The person's id.")],
    at: At = None,
    as_json: Json = False,
) -> None:
    """What a person of a world file would decide then, and why: every factor, the draw, who is out."""
    from service.reasons import rule_fails, to_text
    from service.world_files import load
    from simulation import asking
    from simulation.definitions import DefinitionInvalid
    from simulation.units import NpcId

    when = None if at is None else _micros(at)
    loaded = load(file)
    if loaded.beginning is not None:
        raise WrongUse(f"{file} is an exported world", because="ask it with `theatrum npc why` where it runs")
    definition = loaded.definition
    try:
        found = asking.why(definition, NpcId(npc_id), when, str(file)).to_json()
    except DefinitionInvalid:
        raise
    except (TypeError, ValueError, ArithmeticError) as error:
        raise rule_fails(npc_id, f"{type(error).__name__}: {error}") from None
    moment = definition.world_time if when is None else when
    emit(found, as_json=as_json, text=to_text(f"{npc_id}, {definition.calendar.describe(moment)}", found))


def _micros(text: str) -> Micros:
    from simulation.definitions.fields import SECONDS_MAX, exact_micros
    from simulation.units import MICROS_PER_SECOND, Micros

    found = exact_micros(as_value(text))
    if found is None or not 0 <= found <= SECONDS_MAX * MICROS_PER_SECOND:
        allowed = f"game seconds from 0 to {SECONDS_MAX:g}, at most six decimals"
        raise WrongUse(f"--at is {text}", because=f"it may be {allowed}")
    return Micros(found)
