"""The plan of the tick that comes next is the plan that tick makes, and asking for it changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation import drive
from simulation.agenda import Agenda
from simulation.definitions import WorldDefinition, parse_world
from simulation.opening import create
from simulation.orders import WorkPlan
from simulation.planning import next_plan, plan_tick
from simulation.systems import IDLE
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


def test_where_nothing_is_generated_no_request_is_handed_over(village: Village) -> None:
    for mode, budget in (("off", 0), ("live", 7)):
        world, _ = create(village(1, maxJobOpsPerStep=7, generation={"mode": mode}))
        assert next_plan(world).job_budget == budget


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
    world, _ = create(village(3))
    world.clock = replace(world.clock, advance_left=Micros(1_500_000))
    assert next_plan(world).now == world.world_time + 1_500_000


@pytest.mark.parametrize(("now_s", "stale"), [(89, (0, 0)), (90, (0, 1)), (119, (0, 1)), (120, (2, 1))])
def test_who_has_waited_as_long_as_their_tier_allows_goes_first(
    village: Village, now_s: int, stale: tuple[int, int]
) -> None:
    """Two of detailed are due since 0 s and may wait 120 s; one of active since 60 s and may wait 30 s."""
    found = waiting(village, now_s)
    assert (found.stale[Tier.DETAILED], found.stale[Tier.ACTIVE]) == stale


def test_of_those_who_waited_too_long_the_one_whose_time_was_over_first_goes_first(village: Village) -> None:
    """At 150 s the time of active was over at 90 s, that of detailed at 120 s, though it is due since 0 s."""
    shares = waiting(village, 150).shares
    assert (shares[Tier.DETAILED], shares[Tier.ACTIVE]) == (0, 1)


def waiting(village: Village, now_s: int) -> WorkPlan:
    """A budget of one, and three people who are due since before."""
    tiers = {"detailed": {"maxStalenessSeconds": 120}, "active": {"maxStalenessSeconds": 30}}
    world, _ = create(village(3, maxNpcTicksPerStep=1, tiers=tiers))
    agendas = {tier: Agenda() for tier in Tier}
    agendas[Tier.DETAILED].add([(Micros(0), 2)])
    agendas[Tier.ACTIVE].add([(Micros(60_000_000), 1)])
    now = Micros(now_s * 1_000_000)
    for agenda in agendas.values():
        agenda.advance(now)
    return plan_tick(world, replace(world.clock, world_time=now), agendas, IDLE)
