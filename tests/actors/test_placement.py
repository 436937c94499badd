"""What the Supervisor knows: who lives where, who sleeps, and what a client was not told yet."""

from __future__ import annotations

from actors.placement import Placement
from messages.service import Goal, WorldReport
from simulation.units import Tick, WorldId

INN, MILL, FORGE = WorldId("inn"), WorldId("mill"), WorldId("forge")


def report(world_id: WorldId, tick: int = 0, status: str = "running") -> WorldReport:
    return WorldReport(
        world_id=world_id,
        name=world_id,
        status=status,
        shard=0,
        tick=Tick(tick),
        world_time=0.0,
        state_hash="",
        decisions=0,
        decisions_by_tier={},
        people_by_tier={},
        requests=0,
    )


def three() -> Placement:
    placement = Placement(1)
    for world_id in (INN, MILL, FORGE):
        placement.place(world_id)
    placement.hear([report(INN), report(MILL), report(FORGE)])
    return placement


def told(placement: Placement, since: int) -> tuple[list[tuple[WorldId, int]], bool]:
    worlds, whole = placement.news(since)
    return [(world.world_id, world.tick) for world in worlds], whole


def test_a_client_hears_everything_once_and_then_what_changed() -> None:
    placement = three()
    assert told(placement, 0) == ([(INN, 0), (MILL, 0), (FORGE, 0)], True)
    seen = placement.version
    assert told(placement, seen) == ([], False)
    placement.hear([report(MILL, 1)])
    placement.hear([report(MILL, 2)])
    assert told(placement, seen) == ([(MILL, 2)], False)


def test_a_client_of_a_supervisor_before_this_one_hears_everything() -> None:
    placement = three()
    assert told(placement, placement.version + 7)[1]


def test_a_world_that_is_gone_makes_everybody_hear_everything_again() -> None:
    placement = three()
    seen = placement.version
    placement.forget(MILL)
    assert told(placement, seen) == ([(INN, 0), (FORGE, 0)], True)
    assert told(placement, placement.version) == ([], False)


def test_ten_thousand_worlds_that_sleep_cost_an_answer_nothing() -> None:
    placement = Placement(4)
    for number in range(10_000):
        placement.add_sleeping(report(WorldId(f"world-{number}"), status="sleeping"))
    assert len(placement.news(0)[0]) == 10_000
    assert placement.news(placement.version) == ((), False)
    assert placement.on_shard(0) == ()


def test_a_shard_that_is_back_adopts_the_worlds_that_are_awake() -> None:
    placement = three()
    placement.asleep.add(MILL)
    assert placement.on_shard(0) == (INN, FORGE)


def test_a_world_that_sleeps_is_woken_for_a_goal_it_has_not_reached() -> None:
    placement = Placement(1)
    placement.add_sleeping(report(INN, 10, "sleeping"))
    placement.add_sleeping(report(MILL, 30, "sleeping"))
    placement.aim(Goal(until_tick=20))
    assert placement.overdue() == [INN]
    reached = {world.world_id: world.goal_reached for world in placement.listed()}
    assert reached == {INN: False, MILL: True}


def test_a_world_known_already_is_not_put_to_sleep_by_what_was_stored() -> None:
    placement = three()
    placement.add_sleeping(report(INN, 99, "sleeping"))
    assert INN not in placement.asleep
    assert placement.reports[INN].tick == 0


def test_a_world_that_sleeps_at_its_goal_need_not_be_woken_for_it() -> None:
    placement = Placement(1)
    placement.add_sleeping(report(INN, 5, "sleeping"))
    placement.add_sleeping(report(MILL, 4, "sleeping"))
    placement.aim(Goal(until_tick=5))
    assert placement.overdue() == [MILL]
