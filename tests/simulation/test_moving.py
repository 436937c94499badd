"""People move from tier to tier: everything counted of them moves along, and nothing else is touched."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.agenda import Agenda
from simulation.definitions import WorldDefinition
from simulation.due import DueIndex
from simulation.opening import Stages, create, settle
from simulation.orders import ComponentWrite, Leave, TierTouch
from simulation.person_json import components_of
from simulation.population import Population
from simulation.ranking import Ranking
from simulation.tiers import TIERS, Move, moves_for
from simulation.units import Micros, NpcId, Tier
from simulation.world import World

Village = Callable[..., WorldDefinition]
ROOMY = {str(tier): {"maxNpcs": 20_000} for tier in Tier}


def move(world: World, stages: Stages, *moves: Move) -> None:
    world.moving.add(moves)
    settle(world, stages, world.moving.next())


def check_accounts(world: World, stages: Stages) -> None:
    """Everything that is counted as people come and go, against what the columns say."""
    for tier, stage in stages.items():
        due_at = stage.people["due_at"][: stage.count].tolist()
        assert world.counts[tier] == stage.count
        assert world.agendas[tier].times() == dict(sorted(Counter(due_at).items()))
        assert stage.fingerprint() == stage.fingerprint_in_full()
        assert [stage.people.row_of[name] for name in stage.people.ids] == list(range(stage.count))
    assert sorted(name for stage in stages.values() for name in stage.people.ids) == sorted(
        world.script.people_ids
    )


STEPS = st.lists(
    st.one_of(
        st.integers(1, 40).map(lambda ticks: ("ticks", ticks)),
        st.tuples(
            st.sampled_from(TIERS), st.sampled_from(TIERS), st.integers(1, 9), st.booleans(), st.booleans()
        ),
    ),
    min_size=2,
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(steps=STEPS, budget=st.integers(1, 12), often=st.booleans())
def test_after_any_moves_and_ticks_every_count_is_what_the_columns_say(
    village: Village, steps: list[Any], budget: int, often: bool
) -> None:
    """`often`: hashes are brought up to date between the steps, or only at the end."""
    caps = {**ROOMY, "detailed": {"maxNpcs": 10}, "active": {"maxNpcs": 10}}
    world, stages = create(village(40, generation={"mode": "off"}, maxNpcTicksPerStep=budget, tiers=caps))
    check_accounts(world, stages)
    for step in steps:
        if step[0] == "ticks":
            for done in drive.run(world, stages, step[1]):
                assert dict(done.served) == dict(done.plan.shares)
        elif step[0] is not step[1]:
            source, target, count, best, named = step
            names = tuple(stages[source].people.ids[::2]) if named else None
            move(world, stages, Move(source, target, Leave(count, best, names)))
        if often or step is steps[-1]:
            check_accounts(world, stages)


def test_whoever_is_due_already_is_due_where_they_come(village: Village) -> None:
    """At noon all 20 are due; 15 are served, and one of the five who wait goes to a tier that was empty."""
    caps = {**ROOMY, "detailed": {"maxNpcs": 20}}
    world, stages = create(village(20, maxNpcTicksPerStep=15, generation={"mode": "off"}, tiers=caps))
    done = drive.tick(world, stages)
    assert (done.plan.due[Tier.DETAILED], done.npc_ticks) == (20, 15)
    waiting = stages[Tier.DETAILED].due.peek(world.world_time, 5, stages[Tier.DETAILED].people["entity"])
    name = stages[Tier.DETAILED].people.ids[waiting[0]]
    move(world, stages, Move(Tier.DETAILED, Tier.ACTIVE, Leave(1, best=True, names=(name,))))
    assert (world.agendas[Tier.DETAILED].due, world.agendas[Tier.ACTIVE].due) == (4, 1)
    after = drive.tick(world, stages)
    assert after.served[Tier.ACTIVE] == 1
    check_accounts(world, stages)


def test_a_move_changes_the_tier_and_nothing_else(village: Village) -> None:
    world, stages = create(village(20, generation={"mode": "off"}))
    for _ in drive.run(world, stages, 30):
        pass
    source = stages[Tier.DETAILED]
    before = {
        name: components_of(world.script, source.people, row, Tier.DETAILED)
        for name, row in source.people.row_of.items()
    }
    move(world, stages, Move(Tier.DETAILED, Tier.DORMANT, Leave(20, best=True)))
    there = stages[Tier.DORMANT].people
    assert there.count == 20
    for name, row in there.row_of.items():
        after = components_of(world.script, there, row, Tier.DORMANT)
        assert after["behavior"].pop("simulationTier") == "dormant"
        assert before[name]["behavior"].pop("simulationTier") == "detailed"
        assert after == before[name]


def test_whoever_takes_the_place_of_somebody_who_left_keeps_what_changed_of_them(village: Village) -> None:
    world, stages = create(village(10, generation={"mode": "off"}))
    check_accounts(world, stages)
    stage = stages[Tier.DETAILED]
    first, last = stage.people.ids[0], stage.people.ids[-1]
    stage.touch(TierTouch(writes=(ComponentWrite(last, "note", {"new": True}),)))
    move(world, stages, Move(Tier.DETAILED, Tier.ACTIVE, Leave(1, best=True, names=(first,))))
    assert stage.people.row_of[last] == 0
    check_accounts(world, stages)


def calls(function: Callable[[], object]) -> int:
    """How many functions, ours and NumPy's, run in a call."""
    made = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return made


@pytest.mark.parametrize("names", [(NpcId("npc:7"),), None])
def test_moving_one_of_many_costs_what_moving_one_of_few_does(
    village: Village, names: tuple[NpcId, ...] | None
) -> None:
    made, touched = [], []
    for people in (100, 10_000):
        world, stages = create(village(people, generation={"mode": "off"}, tiers=ROOMY))
        drive.tick(world, stages)
        first = Move(Tier.DETAILED, Tier.ACTIVE, Leave(1, best=False))
        move(world, stages, first)  # the order of importance is made once, when it is first asked for
        for stage in stages.values():
            stage.fingerprint()
        moved = Move(Tier.DETAILED, Tier.ACTIVE, Leave(1, best=False, names=names))
        made.append(calls(lambda moved=moved, world=world, stages=stages: move(world, stages, moved)))  # type: ignore[misc]
        touched.append(
            [int(np.count_nonzero(stage.people.dirty[: stage.count])) for stage in stages.values()]
        )
    assert abs(made[1] - made[0]) < 10, "a due time may be new or known: a heap push more or less"
    assert touched == [[0, 1, 0, 0], [0, 1, 0, 0]]


# -- the order of importance


@given(
    importance=st.lists(st.integers(0, 3), min_size=1, max_size=20),
    picks=st.lists(st.tuples(st.booleans(), st.integers(1, 6), st.integers(0, 3)), max_size=10),
)
def test_the_order_kept_is_the_order_made_anew(importance: list[int], picks: list[Any]) -> None:
    """People leave by importance and some come back, however often: picked as if sorted each time."""
    people = Population(0, 0)
    for n, value in enumerate(importance):
        people.add(NpcId(f"p{n}"), {"entity": n * 7 % 20, "importance": value}, {})
    kept = {best: Ranking(people, best=best) for best in (False, True)}
    keep = {NpcId("p1"), NpcId("p4")}
    for best, count, back in picks:
        found = kept[best].pick(people, count, keep)
        assert found == Ranking(people, best=best).pick(people, count, keep)
        rows = [people.remove(name) for name in found]
        for row in rows[:back]:
            at = people.add(row.npc_id, row.values, row.cold)
            for ranking in kept.values():
                ranking.come(people, at)


# -- the agenda and the index


def test_people_leave_and_join_an_agenda_wherever_they_stand_in_it() -> None:
    agenda = Agenda()
    agenda.add([(Micros(10), 3), (Micros(20), 2), (Micros(30), 4)])
    agenda.advance(Micros(20))
    agenda.add([(Micros(10), -1), (Micros(15), 2), (Micros(30), -4), (Micros(40), 1)])
    assert agenda.due == 6  # 3 - 1 at 10, 2 at 15, 2 at 20
    assert agenda.overdue(Micros(20)) == [(10, 2), (15, 2), (20, 2)]
    agenda.serve(3)
    assert agenda.overdue(Micros(20)) == [(15, 1), (20, 2)]
    agenda.add([(Micros(15), -1), (Micros(20), -2)])
    assert (agenda.due, agenda.overdue(Micros(20))) == (0, [])
    agenda.advance(Micros(50))
    assert (agenda.due, agenda.times()) == (1, {40: 1})
    agenda.serve(1)
    assert (agenda.due, agenda.times()) == (0, {})


@given(
    times=st.lists(st.integers(0, 5), min_size=2, max_size=20),
    edits=st.lists(st.tuples(st.integers(0, 19), st.integers(0, 5)), max_size=15),
    share=st.integers(1, 25),
)
def test_the_index_forgets_and_renames_single_rows(
    times: list[int], edits: list[tuple[int, int]], share: int
) -> None:
    """Each edit takes one row out, gives its place to the last, and puts a new one behind: as moves do."""
    due = DueIndex()
    due.put(np.array(times, dtype=np.int64), np.arange(len(times), dtype=np.int64))
    held = list(times)
    for n, time in edits:
        row, last = n % len(held), len(held) - 1
        due.forget(held[row], row)
        if row != last:
            due.rename(held[last], last, row)
        held[row] = held[last]
        held[last] = time
        due.put_one(time, last)
    entities = np.arange(len(held), dtype=np.uint64)
    expected = sorted((time, row) for row, time in enumerate(held))
    assert due.peek(Micros(5), 50, entities) == [row for _, row in expected]
    assert sorted(due.take(Micros(5), share, entities).tolist()) == sorted(row for _, row in expected[:share])


def test_caps_are_restored_downwards_first_and_room_is_filled_from_below() -> None:
    counts = dict(zip(TIERS, (5, 1, 4, 0), strict=True))
    caps = dict(zip(TIERS, (3, 2, 4, 9), strict=True))
    found = [(m.source, m.target, m.leave.count, m.leave.best) for m in moves_for(counts, caps)]
    # detailed 5 -> 3, active 1 + 2 -> 2, ambient 4 + 1 -> 4, dormant 1
    assert found == [
        (Tier.DETAILED, Tier.ACTIVE, 2, False),
        (Tier.ACTIVE, Tier.AMBIENT, 1, False),
        (Tier.AMBIENT, Tier.DORMANT, 1, False),
    ]


def test_a_touch_that_moves_nobody_changes_no_agenda(village: Village) -> None:
    _, stages = create(village(5))
    assert stages[Tier.DETAILED].touch(TierTouch()).agenda == ()
