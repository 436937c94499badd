"""The narratives of a world compiled, and what their effects bring about between player and person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.conditions import Test
from simulation.consequences import (
    Consequence,
    GiveItem,
    PutPersonal,
    SetFlag,
)
from simulation.definitions.narrative_effects import INCREMENT_MAX, NarrativeEffects
from simulation.definitions.narrative_nodes import Wait
from simulation.definitions.narratives import Program, each_way
from simulation.metrics import change, is_personal
from simulation.person import Person
from simulation.rules import RuleRaised
from simulation.units import NpcId, SessionId

if TYPE_CHECKING:
    from simulation.script import Script

Tests = tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Narrative:
    """A program with its conditions compiled, by the path of what asks them."""

    program: Program
    tests: Mapping[str, Tests]


def compile_narratives(script: Script) -> dict[str, Narrative]:
    """The programs of a world with their tests; before its tables are laid out: tests take room there."""
    return {name: _compiled(program, script) for name, program in script.definition.narratives.items()}


def _compiled(program: Program, script: Script) -> Narrative:
    asked = {way.path: way.conditions for way in each_way(program)}
    asked |= {node.path: node.conditions for node in program.nodes.values() if isinstance(node, Wait)}
    return Narrative(
        program,
        {path: script.gates[script.gate(given)] for path, given in asked.items() if given},
    )


def brought(
    effects: NarrativeEffects, session_id: SessionId, npc_id: NpcId, person: Person
) -> Iterator[Consequence]:
    """What a block of effects brings about, in its order, variables aside. Raises RuleRaised."""
    for key, value in effects.flags.items():
        yield SetFlag(key, value, session_id)
    for key, value in effects.world_flags.items():
        yield SetFlag(key, value)
    for adds, listed in ((True, effects.added), (False, effects.put)):
        for metric, points in listed:
            whose = session_id if is_personal(metric) else None
            try:
                yield change(person, metric, points, whose, adds=adds)
            except TypeError as error:
                raise RuleRaised(f"{effects.path}: {metric.name}", str(error)) from error
    for item, count in effects.items.items():
        yield GiveItem(session_id, item, count)
    for component, values in effects.components.items():
        for key, value in values.items():
            yield PutPersonal(session_id, npc_id, component, (key,), value)


def counted(variables: Mapping[str, Any], effects: NarrativeEffects) -> dict[str, Any]:
    """The variables as the effects leave them. Raises RuleRaised where there is no number to add to."""
    found = {**variables, **effects.variables}
    for name, step in effects.increments.items():
        before = found.get(name)
        if before is None:
            before = 0
        if isinstance(before, bool) or not isinstance(before, int | float):
            raise RuleRaised(f"{effects.path}.increment.{name}", f"the variable is {before!r}, not a number")
        after = min(INCREMENT_MAX, max(-INCREMENT_MAX, before + step))
        found[name] = int(after) if float(after).is_integer() else after
    return found
