"""`theatrum why`: what somebody in a world file would decide, without a service."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from service.commands.options import Json, emit
from service.errors import WRONG_USE, WrongUse

if TYPE_CHECKING:
    from simulation.definitions import WorldDefinition
    from simulation.units import Micros

At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="WORLD_TIME",
        help="Game seconds, such as 79200, or `day 2 22:00`, or `22:00`; default: the file's worldTime.",
    ),
]


def why(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A world file.")],
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

    loaded = load(file)
    if loaded.beginning is not None:
        do = f"Ask it where it runs: `theatrum npc why {quote(loaded.definition.id)} {quote(npc_id)}`."
        raise WrongUse(f"{file} is an exported world", because="its state is not a world file's", do=do)
    definition = loaded.definition
    when = None if at is None else _moment(at, definition)
    try:
        found = asking.why(definition, NpcId(npc_id), when, str(file)).to_json()
    except DefinitionInvalid:
        raise
    except (TypeError, ValueError, ArithmeticError) as error:
        failed = rule_fails(npc_id, f"{type(error).__name__}: {error}")
        failed.status = WRONG_USE  # of the file, not of a world that runs
        raise failed from None
    moment = definition.world_time if when is None else when
    emit(found, as_json=as_json, text=to_text(f"{npc_id}, {definition.calendar.describe(moment)}", found))


def _moment(text: str, definition: WorldDefinition) -> Micros:
    """When: in game seconds, or by the world's calendar. Raises WrongUse."""
    from service.commands.amounts import micros_of
    from service.moments import told_at
    from simulation.definitions.fields import SECONDS_MAX
    from simulation.units import MICROS_PER_SECOND, Micros

    calendar = definition.calendar
    if ":" not in text:
        return micros_of(text, "--at")
    found = told_at(text, calendar.day(definition.world_time), calendar.lengths)
    if found is None or found > SECONDS_MAX * MICROS_PER_SECOND:
        hours, minutes = calendar.day_us // calendar.hour_us, calendar.hour_us // calendar.minute_us
        last = f"{hours - 1:02d}:{minutes - 1:02d}"
        because = (
            f"it may be game seconds, `day 2 00:00` to `day 2 {last}`, or `00:00` to `{last}` of the day"
        )
        raise WrongUse(f"--at is {text}", because=because)
    return Micros(found)
