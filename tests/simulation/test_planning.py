"""The plan of the tick that comes next is the plan that tick makes, and asking for it changes nothing."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from simulation import drive
from simulation.agenda import Agenda
from simulation.definitions import WorldDefinition, parse_world
from simulation.opening import create
from simulation.planning import next_plan
from simulation.units import Micros, Tier
from village import document

Village = Callable[..., WorldDefinition]
TIMES = st.lists(st.integers(0, 40), max_size=60)


@given(budget=st.integers(1, 30), ticks=st.integers(0, 20), caps=st.integers(1, 40))
def test_the_plan_foreseen_is_the_plan_made(budget: int, ticks: int, caps: int) -> None:
    simulation = {"maxNpcTicksPerStep": budget, "tiers": {"detailed": {"maxNpcs": caps}}}
    world, stages = create(parse_world(document(40, **simulation)))
    for _ in drive.run(world, stages, ticks):
        """Made."""
    before = drive.state_hash_in_full(world, stages)
    foreseen = next_plan(world)
    assert next_plan(world) == foreseen
    assert drive.state_hash_in_full(world, stages) == before
    assert world.begin_tick().plan == foreseen


@given(ready=TIMES, later=TIMES, served=st.integers(0, 60), then=st.integers(20, 50))
def test_an_agenda_as_of_a_time_is_the_agenda_advanced_to_it(
    ready: list[int], later: list[int], served: int, then: int
) -> None:
    agenda = Agenda()
    agenda.add((Micros(time), 1) for time in ready)
    agenda.advance(Micros(20))
    agenda.serve(min(served, agenda.due))
    agenda.add((Micros(time + 20), 1) for time in later)
    before = agenda.due
    seen = agenda.as_of(Micros(then))
    assert agenda.due == before
    agenda.advance(Micros(then))
    assert seen.due == agenda.due
    assert as_counts(seen, then) == as_counts(agenda, then)


def as_counts(agenda: Agenda, until: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for time, count in agenda.overdue(Micros(until)):
        found[time] = found.get(time, 0) + count
    return found


def test_a_tier_names_those_who_will_wait(village: Village) -> None:
    """Twenty people due and a budget of three: the first eight of the other seventeen, as the tick names
    them."""
    world, stages = create(village(20, maxNpcTicksPerStep=3, tiers={"detailed": {"maxNpcs": 50}}))
    foreseen = next_plan(world)
    assert (foreseen.due[Tier.DETAILED], foreseen.shares[Tier.DETAILED]) == (20, 3)
    named = stages[Tier.DETAILED].left_out(foreseen.now, 3)
    done = drive.tick(world, stages)
    assert len(named) == 8
    assert named == done.plan.shortfalls[0].waiting


def test_an_advance_under_way_makes_the_next_tick_as_long_as_what_is_left(village: Village) -> None:
    from dataclasses import replace

    world, _ = create(village(3))
    world.clock = replace(world.clock, advance_left=Micros(1_500_000))
    assert next_plan(world).now == world.world_time + 1_500_000
