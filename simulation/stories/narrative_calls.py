"""What a narrative asks a plug-in: a pure function, called in the tick, its failures counted like any."""

from __future__ import annotations

from typing import Any

from simulation.definitions.plugins import PluginUse
from simulation.person import Person
from simulation.plugin_rules import addressed
from simulation.plugin_views import Somebody, frozen
from simulation.soundness import own_json
from simulation.units import Micros


def called(use: PluginUse, person: Person, at: Micros, cause: str) -> Any:
    """Its answer as JSON values of our own; None where it fails or is switched off. `cause` is which entering
    of the node it is, so that no two draw the same."""
    script = person.script
    answers = script.definition.plugins.by_id[use.plugin_id].calls[use.name]

    def ask() -> Any:
        chance = addressed(script.seed, person.entity, at, f"{use.full_name}|{use.path}|{cause}")
        return own_json(answers(Somebody(person), frozen(use.params), at, chance))

    rule = f"{use.full_name} at {use.path}"
    return script.plugin_state.call(use.plugin_id, rule, person.npc_id, ask, None)
