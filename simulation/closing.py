"""The end of a tick: what the tiers report becomes the world's, and what was brought about happens.

The order is: counts and due times by tier, flags, requests, what beginnings brought about, what the systems
bring about; each by tier and entity number, or as its system orders it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.consequences import Consequence
from simulation.landing import ask, given_up
from simulation.orders import Failure, TierReport, WorkPlan
from simulation.systems import run_systems
from simulation.ticking import TickDone, TickStart
from simulation.tiers import TIERS
from simulation.units import Tier
from simulation.views import View, view_of_people

if TYPE_CHECKING:
    from simulation.world import World


def close_tick(world: World, start: TickStart, reports: Mapping[Tier, TierReport]) -> TickDone:
    """Close the tick that `start` began. What is left for the tiers to do is in `touches`."""
    ordered = [reports[tier] for tier in TIERS if tier in reports]
    view = world.view(view_of_people(person for report in ordered for person in report.seen))
    served = _count(world, ordered, start.plan)
    _apply_flags(world, ordered)
    _queue_requests(world, ordered)
    brought = [*_brought(ordered), *_run_systems(world, start, view)]
    touches = world.carry_out(brought) or world.moving.next()
    turns = [turn for report in ordered for turn in report.turns]
    world.cues.take(turns, world.world_time, heard=len(world.sessions) > 0)
    waiting = {report.tier: report.waiting for report in ordered}
    shortfalls = tuple(replace(s, waiting=waiting.get(s.tier, ())) for s in start.plan.shortfalls)
    world.last_plan = replace(start.plan, shortfalls=shortfalls)
    npc_ticks = 0
    for count in served.values():
        npc_ticks += count
    return TickDone(
        tick=world.tick,
        size=start.size,
        world_time=world.world_time,
        plan=world.last_plan,
        npc_ticks=npc_ticks,
        job_ops=len(start.handed),
        served=served,
        requests=start.handed,
        failures=_failures(world, ordered),
        refused_requests=world.refused,
        touches=touches,
        unwanted=world.take_unwanted(),
    )


def _count(world: World, ordered: Sequence[TierReport], made: WorkPlan) -> dict[Tier, int]:
    """How many each tier served, noted in agendas and counters."""
    served = dict.fromkeys(TIERS, 0)
    for report in ordered:
        if report.served != made.shares[report.tier]:
            raise RuntimeError(
                f"{world.id} tick {world.tick}: {report.tier} served {report.served}, "
                f"the agenda counted on {made.shares[report.tier]}"
            )
        served[report.tier] = report.served
        world.agendas[report.tier].serve(report.served)
        world.agendas[report.tier].add(report.scheduled)
        world.counters.decisions[report.tier] += report.served
        world.moving.tiering.on_people(report.moved)
    return served


def _failures(world: World, ordered: Sequence[TierReport]) -> tuple[Failure, ...]:
    """Rules of people and systems that raised, counted; then the news of plug-ins, which count their own."""
    found = (*(failure for report in ordered for failure in report.failures), *world.failed)
    world.failed = []
    world.counters.failures += len(found)
    return (*found, *world.script.plugin_state.take_news())


def _run_systems(world: World, start: TickStart, view: View) -> Iterable[Consequence]:
    """Every system reads the same view; what they bring about is carried out after the last has read."""
    if not start.systems.shares and not start.lapsed:
        return ()
    brought = run_systems(world.systems, start.systems, replace(view, room=world.room))
    return [*given_up(start.lapsed), *(item for _, consequences in brought for item in consequences)]


def _apply_flags(world: World, ordered: Sequence[TierReport]) -> None:
    """The last writer wins, by tier and entity number."""
    changes = {}
    for report in ordered:
        for setting in sorted(report.flags, key=lambda flag: flag.entity):
            changes[setting.key] = setting.value
    if any(key not in world.flags or world.flags[key] != value for key, value in changes.items()):
        world.flags = {**world.flags, **changes}
        world.moving.tiering.on_flags()


def _queue_requests(world: World, ordered: Sequence[TierReport]) -> None:
    made = [
        request
        for report in ordered
        for request in sorted(report.requests, key=lambda r: (r.entity, r.request_id))
    ]
    if made:
        ask(world, made)


def _brought(ordered: Iterable[TierReport]) -> Iterator[Consequence]:
    """What beginnings brought about, in the order of tier and entity number."""
    for report in ordered:
        for one in sorted(report.brought, key=lambda brought: brought.entity):
            yield from one.consequences
