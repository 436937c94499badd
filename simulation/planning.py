"""A world's plan of one tick from what it knows: the one it makes now, or the one it would make next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.agenda import Agenda
from simulation.clock import Clock
from simulation.orders import WorkPlan
from simulation.plan import Demand, Jobs, plan
from simulation.systems import SystemsPlan, plan_systems
from simulation.tiers import TIERS
from simulation.units import GenerationMode, Micros, Tier

if TYPE_CHECKING:
    from simulation.world import World


def plan_tick(world: World, clock: Clock, agendas: Mapping[Tier, Agenda], systems: SystemsPlan) -> WorkPlan:
    """The plan of the tick that brings the world to `clock`; the agendas are advanced to it."""
    demands = {}
    for tier in TIERS:
        agenda, tiering = agendas[tier], world.config.tiers[tier]
        bound = tiering.staleness_us
        overdue = agenda.overdue(Micros(clock.world_time - bound)) if agenda.due else []
        demands[tier] = Demand(
            due=agenda.due,
            weight=tiering.weight,
            deficit=world.deficits[tier],
            overdue=tuple((Micros(time + bound), count) for time, count in overdue),
        )
    off = world.config.generation.mode is GenerationMode.OFF
    jobs = Jobs(world.requests.wanted(clock.world_time), 0 if off else world.config.job_budget)
    made = plan(clock.tick, clock.world_time, demands, world.config.npc_budget, jobs, world.people)
    return replace(made, systems=systems.shares) if systems.shares else made


def next_plan(world: World) -> WorkPlan:
    """What the next tick would run and leave out as the world stands, inputs that wait left aside. Changes
    nothing."""
    clock, _ = world.clock.ticked(world.config.tick_atto, world.config.max_step_us)
    agendas = {tier: world.agendas[tier].as_of(clock.world_time) for tier in TIERS}
    with world.script.plugin_state.unheard():
        systems = plan_systems(world, world.systems, clock.world_time)
    return plan_tick(world, clock, agendas, systems)
