"""The systems of a world in the order its tick runs them; one without definitions is left out."""

from __future__ import annotations

from simulation.plugin_systems import plugin_systems
from simulation.script import Script
from simulation.stories.chain_system import Chains
from simulation.stories.intent_system import Intents
from simulation.stories.narrative_system import Narratives
from simulation.stories.pending import PendingContent
from simulation.systems import System


def systems_of(script: Script) -> tuple[System, ...]:
    """Made anew for every world and every definition: a system keeps an index of its own."""
    found: list[System] = []
    if script.chains:
        found.append(Chains(script.chains, script.interactions))
    steps = (step for chain in script.chains.values() for step in chain.chain.steps.values())
    if script.hooks or any(step.intent for step in steps):
        found.append(Intents(script))
    if script.narratives:
        found += [Narratives(), PendingContent(script)]
    return (*found, *plugin_systems(script))
