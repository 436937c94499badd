"""How a world begins: its script compiled, its people placed, its clock at the time the definition says."""

from __future__ import annotations

from collections.abc import Mapping

from simulation.clock import Clock
from simulation.definitions import WorldDefinition
from simulation.mind import BEHAVING, Mind
from simulation.orders import TierTouch
from simulation.script import Script
from simulation.stage import Stage
from simulation.system_table import systems_of
from simulation.tiers import TIERS, place
from simulation.units import GenerationMode, Tier
from simulation.world import World

Stages = dict[Tier, Stage]


def create(
    definition: WorldDefinition, generation: GenerationMode | None = None, mind: Mind = BEHAVING
) -> tuple[World, Stages]:
    """A world at tick 0 and its four stages. `generation` overrides the mode the definition names."""
    config = definition.simulation
    if generation is not None:
        config = config.with_changes({"generation.mode": str(generation)})
    script = Script(definition, config.seed, mind)
    clock, flags = Clock(definition.world_time), dict(definition.flags)
    world = World(script, config, clock, flags, definition.sessions, systems_of(script))
    caps = {tier: config.tiers[tier].max_npcs for tier in TIERS}
    stages = {}
    for tier, origins in place(definition.npcs, caps).items():
        stage = Stage(script, tier)
        world.seat(tier, len(origins), stage.open(origins, definition.world_time))
        stages[tier] = stage
    world.cues.index(stages, world.world_time)
    settle(world, stages, world.moving.next())
    return world, stages


def settle(world: World, stages: Stages, touches: Mapping[Tier, TierTouch]) -> None:
    """Do what a world asks of its tiers, until it asks nothing more."""
    while touches:
        touches = world.finish_touch({tier: stages[tier].touch(touch) for tier, touch in touches.items()})
