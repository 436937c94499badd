"""What a world goes by is replaced between two ticks: its simulation block, or its whole definition."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.definitions import SimulationConfig
from simulation.likings import Likings
from simulation.script import Script
from simulation.stories.intent_system import cues_of
from simulation.system_table import systems_of
from simulation.units import Mode, NpcId

if TYPE_CHECKING:
    from simulation.world import World


def take_config(world: World, config: SimulationConfig, *, mode_changed: bool) -> None:
    """Run by another simulation block from here on; an advance under way keeps the ticks it was answered
    with."""
    clock = world.clock
    if clock.advance_left:
        before, after = (
            clock.longest(block.tick_atto, block.max_step_us) for block in (world.config, config)
        )
        if before != after:
            world.clock = replace(clock, advance_limit=before)
    world.config = config
    world.script.reseed(config.seed)
    if mode_changed:
        world.paused = config.mode is Mode.PAUSED
        if not world.paused:
            world.base_mode = config.mode


def take_script(world: World, script: Script, gone: Collection[NpcId], came: Collection[NpcId]) -> None:
    """Go by another definition: what is derived from one is made anew - systems, due indexes, tier rules -
    and everything else stays."""
    script.plugin_state.adopt(world.script.plugin_state.to_json())
    world.script, world.systems = script, systems_of(script)
    cues = cues_of(script, world.systems)
    cues.take_over(world.cues, script)
    world.cues = cues
    world.moving.tiering.redefine(gone, came)
    world.likings = Likings(script.activity_index)
    for session in world.sessions:
        world.likings.on_session(session.id, session)
        for system in world.systems:
            system.on_session(session.id, session)
