"""Clean-up takes what nobody needs, in bounded batches, and never what a recovery or a retried key needs."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from messages.commits import InputOutcome
from persistence import commits, generations, housekeeping, inputs, worlds
from persistence.engine import Database
from persistence.tables import generations as generation_rows
from persistence.tables import inputs as input_rows
from persistence.tables import worlds as world_rows
from simulation.units import GenerationStatus, InputKind, RequestId, Tick, WorldId
from stored import INN, Store, outcome, record, request, snapshot

LATER = 1e12
"""Wall time long after everything here was recorded."""


def seqs(store: Store) -> list[int]:
    return [row["seq"] for row in store.rows(select(input_rows.c.seq).order_by(input_rows.c.seq))]


def submit(store: Store, *keys: str) -> list[int]:
    return [
        store(lambda db, key=key: inputs.record(db, INN, InputKind.STEP, {"ticks": 1}, key)).seq
        for key in keys
    ]


def forget_inputs(store: Store, before: float = LATER, most: int = 100) -> int:
    return store(lambda db: housekeeping.forget_inputs(db, (INN,), before, most))


def forget_generations(store: Store, before: float = LATER, most: int = 100) -> int:
    return store(lambda db: housekeeping.forget_generations(db, (INN,), before, most))


def commit(
    store: Store, number: int, tick: int, *, applied: tuple[int, ...] = (), taken: int | None = None
) -> None:
    """Inputs by seq, applied in that order as the ordinals of the same number; a snapshot after `taken`."""
    done: tuple[InputOutcome, ...] = tuple(outcome(seq, ordinal=seq, tick=tick) for seq in applied)
    kept = None if taken is None else snapshot(tick, taken)
    store(lambda db: commits.write(db, [record(number, tick, outcomes=done, snapshot=kept)]))


def test_inputs_after_the_oldest_kept_snapshot_and_waiting_ones_stay(inn: Store) -> None:
    """Snapshots after ordinals 2, 3 and 4 are kept: 1 and 2 may go, 3 to 5 are replayed, 6 waits."""
    submit(inn, *"abcdef")
    commit(inn, 1, 1, applied=(1, 2), taken=2)
    commit(inn, 2, 2, applied=(3,), taken=3)
    commit(inn, 3, 3, applied=(4, 5), taken=4)
    assert forget_inputs(inn) == 2
    assert seqs(inn) == [3, 4, 5, 6]


@pytest.mark.parametrize("skip", [0, 1, 2])
def test_whatever_kept_snapshot_is_recovered_from_its_inputs_are_there(inn: Store, skip: int) -> None:
    submit(inn, *"abcdef")
    for tick, seq in enumerate((1, 2, 3, 4), 1):
        commit(inn, tick, tick, applied=(seq,), taken=seq)
    before = inn.claim(skip)
    forget_inputs(inn)
    after = inn.claim(skip)
    assert after.inputs == before.inputs
    assert after.snapshot == before.snapshot


def test_a_world_without_a_snapshot_keeps_every_input(inn: Store) -> None:
    submit(inn, *"ab")
    commit(inn, 1, 1, applied=(1, 2))
    assert forget_inputs(inn) == 0
    assert seqs(inn) == [1, 2]


def test_a_key_is_recognised_until_its_input_is_old_and_answers_as_before(inn: Store) -> None:
    submit(inn, "a")
    commit(inn, 1, 1, applied=(1,), taken=1)
    (recorded_at,) = [row["recorded_at"] for row in inn.rows(select(input_rows))]
    assert forget_inputs(inn, before=recorded_at) == 0
    again = inn(lambda db: inputs.record(db, INN, InputKind.STEP, {"ticks": 1}, "a"))
    assert (again.seq, again.known) == (1, True)
    found = inn(lambda db: inputs.outcome(db, INN, again.seq, "ask"))
    assert found is not None
    assert found.detail == {"done": 1}
    assert forget_inputs(inn, before=recorded_at + 1) == 1


def test_numbers_are_not_given_twice_after_a_clean_up(inn: Store) -> None:
    submit(inn, *"ab")
    commit(inn, 1, 1, applied=(1, 2), taken=2)
    assert forget_inputs(inn) == 2
    assert submit(inn, "c") == [3]


def test_a_clean_up_takes_no_more_than_it_may_the_oldest_first(inn: Store) -> None:
    submit(inn, *"abcde")
    commit(inn, 1, 1, applied=(1, 2, 3, 4, 5), taken=5)
    assert forget_inputs(inn, most=2) == 2
    assert seqs(inn) == [3, 4, 5]
    assert [forget_inputs(inn, most=2) for _ in range(3)] == [2, 1, 0]


MILL = WorldId("mill")


async def build_mill(db: Database) -> None:
    """A second world, owned like the first."""
    document = '{"id": "mill", "npcs": []}'
    await worlds.register(
        db,
        world_id=MILL,
        name="Mill",
        document=document,
        definition_hash="h2",
        generation=None,
        fresh=False,
    )
    await worlds.claim(db, MILL, 0, 0)


def test_what_is_done_for_one_world_is_not_done_to_another(inn: Store) -> None:
    """The inn's inputs were applied the other way round, so its second has the ordinal of the mill's first:
    the mill's second was applied after the mill's snapshot and stays."""
    inn(build_mill)
    submit(inn, "a", "b")
    inn(lambda db: inputs.record(db, MILL, InputKind.STEP, {"ticks": 1}, "a"))
    inn(lambda db: inputs.record(db, MILL, InputKind.STEP, {"ticks": 1}, "b"))
    swapped, straight = (outcome(1, 2), outcome(2, 1)), (outcome(1, 1), outcome(2, 2))
    inn(lambda db: commits.write(db, [record(1, 1, outcomes=swapped)]))
    there = record(1, 1, outcomes=straight, snapshot=snapshot(1, 1), world=MILL)
    inn(lambda db: commits.write(db, [there]))
    assert inn(lambda db: housekeeping.forget_inputs(db, (MILL,), LATER, 100)) == 1
    rows = [(row["world_id"], row["seq"]) for row in inn.rows(select(input_rows))]
    assert sorted(rows) == [(INN, 1), (INN, 2), (MILL, 2)]
    assert inn(lambda db: housekeeping.measure(db, (INN, MILL), 5.0)) == 2
    assert inn(lambda db: housekeeping.forget_measures(db, (INN,), LATER, 100)) == 1
    assert len(inn(lambda db: housekeeping.measures(db, MILL, 10))) == 1


def test_a_few_worlds_at_a_time_are_the_first_by_id(inn: Store) -> None:
    inn(build_mill)
    assert inn(lambda db: housekeeping.next_worlds(db, "", 1)) == (INN,)
    assert inn(lambda db: housekeeping.next_worlds(db, "", 2)) == (INN, MILL)
    assert inn(lambda db: housekeeping.next_worlds(db, INN, 2)) == (MILL,)


def test_a_budget_is_that_of_all_worlds_together(inn: Store) -> None:
    """Each of two worlds has two inputs and two requests to forget: of three in one go one is left over."""
    inn(build_mill)
    for world in (INN, MILL):
        made = tuple(request(f"{world}{n}") for n in (1, 2))
        inn(lambda db, made=made, world=world: commits.write(db, [record(1, 1, requests=made, world=world)]))
        ids = [one.request_id for one in made]
        inn(lambda db, ids=ids: generations.finish(db, ids, GenerationStatus.SUCCEEDED, result={}))
        inn(inputs.collect_results)
        done = (outcome(1, ordinal=1), outcome(2, ordinal=2))
        last = record(2, 2, outcomes=done, snapshot=snapshot(2, 2), world=world)
        inn(lambda db, last=last: commits.write(db, [last]))
    both = (INN, MILL)
    assert inn(lambda db: housekeeping.forget_generations(db, both, LATER, 3)) == 3
    assert inn(lambda db: housekeeping.forget_inputs(db, both, LATER, 3)) == 3
    assert left(inn) == ["mill2"]
    assert seqs(inn) == [2]
    assert inn(lambda db: housekeeping.forget_inputs(db, both, LATER, 3)) == 1


def test_the_ends_of_requests_that_are_handed_over_later_than_the_snapshot_stay(inn: Store) -> None:
    """Made at tick 1 and handed over at tick 4: a replay from the snapshot of tick 3 hands it over again."""
    late = request("late").model_copy(update={"handed_tick": Tick(4)})
    inn(lambda db: commits.write(db, [record(1, 4, requests=(late,))]))
    inn(lambda db: generations.finish(db, [RequestId("late")], GenerationStatus.SUCCEEDED, result={}))
    inn(inputs.collect_results)
    inn(lambda db: commits.write(db, [record(2, 5, outcomes=(outcome(1, 1),), snapshot=snapshot(3, 1))]))
    assert forget_generations(inn) == 0


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=st.lists(st.integers(0, 6), min_size=1, max_size=6), applied=st.integers(0, 6))
def test_no_input_that_some_kept_snapshot_needs_is_ever_forgotten(
    inn: Store, taken: list[int], applied: int
) -> None:
    """Whatever snapshots were taken: only ordinals up to the oldest of the three newest may go."""
    inn.register(fresh=True)
    epoch = inn.claim().epoch
    submit(inn, *"abcdef")
    done = tuple(outcome(seq, ordinal=seq) for seq in range(1, applied + 1))
    moments = sorted(min(ordinal, applied) for ordinal in taken)
    records = [record(1, 1, epoch=epoch, outcomes=done)]
    for n, ordinal in enumerate(moments, 2):
        records.append(record(n, n, epoch=epoch, snapshot=snapshot(n, ordinal)))
    for one in records:
        inn(lambda db, one=one: commits.write(db, [one]))
    forget_inputs(inn)
    assert seqs(inn) == list(range(moments[-3:][0] + 1, 7))


def ended(store: Store, *, collected: bool = True) -> None:
    """r1, made and handed over at tick 1, has ended, and its result is input 1."""
    store(lambda db: commits.write(db, [record(1, 1, requests=(request("r1"),))]))
    store(lambda db: generations.finish(db, [RequestId("r1")], GenerationStatus.SUCCEEDED, result={}))
    if collected:
        store(inputs.collect_results)


def left(store: Store) -> list[str]:
    return [row["request_id"] for row in store.rows(select(generation_rows))]


def test_a_request_goes_when_no_replay_can_make_it_or_be_told_of_it(inn: Store) -> None:
    ended(inn)
    commit(inn, 2, 3, applied=(1,), taken=1)
    assert forget_generations(inn) == 1
    assert left(inn) == []


def test_a_request_that_a_replay_would_make_again_stays(inn: Store) -> None:
    """The oldest kept snapshot is of tick 0, and the request was made at tick 1."""
    ended(inn)
    inn(lambda db: commits.write(db, [record(2, 3, outcomes=(outcome(1, 1),), snapshot=snapshot(0, 1))]))
    assert forget_generations(inn) == 0


def test_a_request_whose_result_waits_or_is_replayed_stays(inn: Store) -> None:
    ended(inn)
    commit(inn, 2, 3, taken=0)
    assert forget_generations(inn) == 0, "its result waits to be applied"
    commit(inn, 3, 4, applied=(1,))
    assert forget_generations(inn) == 0, "its result is applied after the snapshot"
    commit(inn, 4, 5, taken=1)
    assert forget_generations(inn) == 0, "the older snapshot is still kept"


def test_a_request_that_is_open_uncollected_or_young_stays(inn: Store) -> None:
    ended(inn, collected=False)
    commit(inn, 2, 3, taken=0)
    assert forget_generations(inn) == 0, "nobody took its result"
    inn(inputs.collect_results)
    commit(inn, 3, 4, applied=(1,))
    for number, tick in ((4, 5), (5, 6), (6, 7)):
        commit(inn, number, tick, taken=1)
    (moved_at,) = [row["moved_at"] for row in inn.rows(select(generation_rows))]
    assert forget_generations(inn, before=moved_at) == 0
    assert forget_generations(inn, before=moved_at + 1) == 1


def test_a_request_that_is_tried_again_stays_whatever_was_collected_of_it(inn: Store) -> None:
    ended(inn)
    commit(inn, 2, 3, applied=(1,), taken=1)

    async def tried_again(db: Database) -> None:
        async with db.write() as connection:
            await connection.execute(update(generation_rows).values(status=GenerationStatus.RUNNING))

    inn(tried_again)
    assert forget_generations(inn) == 0


def test_a_forgotten_request_is_not_collected_again(inn: Store) -> None:
    ended(inn)
    commit(inn, 2, 3, applied=(1,), taken=1)
    assert (forget_inputs(inn), forget_generations(inn)) == (1, 1)
    assert inn(inputs.collect_results) == {}


def test_a_world_is_measured_once_for_each_tick_it_stood_at(inn: Store) -> None:
    def measure(now: float) -> int:
        return inn(lambda db: housekeeping.measure(db, (INN,), now))

    assert measure(1.0) == 0, "nothing was committed yet"
    commit(inn, 1, 5)
    submit(inn, "a")
    assert (measure(60.0), measure(120.0)) == (1, 0)
    commit(inn, 2, 6)
    assert measure(180.0) == 1
    found = inn(lambda db: housekeeping.measures(db, INN, 10))
    moments = [(one.tick, one.taken_at, one.world_time) for one in found]
    assert moments == [(6, 180.0, 360.0), (5, 60.0, 300.0)]
    assert found[0].measures["inputsWaiting"] == 1
    assert inn(lambda db: housekeeping.forget_measures(db, (INN,), 180.0, 100)) == 1


def test_of_old_measures_no_more_go_at_once_than_may(inn: Store) -> None:
    """Three are old and two fit: one is left over for the next go, and the young one stays."""
    for n, at in ((1, 10.0), (2, 20.0), (3, 30.0), (4, 99.0)):
        commit(inn, n, n)
        assert inn(lambda db, at=at: housekeeping.measure(db, (INN,), at)) == 1

    def forget(most: int) -> int:
        return inn(lambda db: housekeeping.forget_measures(db, (INN,), 50.0, most))

    assert [forget(2), forget(2), forget(2)] == [2, 1, 0]
    assert [one.tick for one in inn(lambda db: housekeeping.measures(db, INN, 10))] == [4]


def test_worlds_are_gone_through_by_id(inn: Store) -> None:
    assert inn(lambda db: housekeeping.next_worlds(db, "", 10)) == (INN,)
    assert inn(lambda db: housekeeping.next_worlds(db, INN, 10)) == ()


def test_housekeeping_touches_nothing_a_world_is_recovered_from(inn: Store) -> None:
    """Tick, time, state hash, epoch, commit number and counters are what they were, whatever was cleaned."""
    ended(inn)
    commit(inn, 2, 3, applied=(1,), taken=1)
    before = inn.rows(select(world_rows))

    async def everything(db: Database) -> None:
        await housekeeping.measure(db, (INN,), LATER)
        await housekeeping.forget_inputs(db, (INN,), LATER, 100)
        await housekeeping.forget_generations(db, (INN,), LATER, 100)
        await housekeeping.forget_measures(db, (INN,), LATER, 100)

    inn(everything)
    assert inn.rows(select(world_rows)) == before
    assert isinstance(inn(lambda db: worlds.claim(db, INN, 0, 0)), worlds.Claimed)
