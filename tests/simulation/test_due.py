"""Who is due is served most overdue first, and the world's agenda counts exactly the same people."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulation.agenda import Agenda
from simulation.due import DueIndex, grouped
from simulation.due_times import STALE_KEPT_MAX, DueTimes
from simulation.units import Micros

TIMES = st.lists(st.integers(0, 20), min_size=1, max_size=60)


def index_of(times: list[int], entities: np.ndarray) -> tuple[DueIndex, Agenda]:
    due, agenda = DueIndex(), Agenda()
    agenda.add(due.put(np.array(times, dtype=np.int64), np.arange(len(times), dtype=np.int64)))
    return due, agenda


@given(TIMES, st.integers(0, 20), st.integers(0, 70), st.randoms())
def test_the_most_overdue_are_taken_ties_by_entity_number(times, now, share, shuffle) -> None:
    numbers = list(range(100, 100 + len(times)))
    shuffle.shuffle(numbers)
    entities = np.array(numbers, dtype=np.uint64)
    due, _ = index_of(times, entities)
    expected = sorted((time, int(entities[row]), row) for row, time in enumerate(times) if time <= now)
    assert due.peek(Micros(now), share, entities) == [row for _, _, row in expected][:share]
    assert sorted(due.take(Micros(now), share, entities).tolist()) == sorted(
        row for _, _, row in expected[:share]
    )


@given(st.lists(st.integers(-3, 2**62), max_size=80), st.integers(1, 9))
def test_rows_are_parted_by_their_time(times, spread) -> None:
    times = [time // spread * spread for time in times]
    rows = np.arange(100, 100 + len(times), dtype=np.int64)
    expected: dict[int, list[int]] = {}
    for time, row in zip(times, rows.tolist(), strict=True):
        expected.setdefault(time, []).append(row)
    found = grouped(np.array(times, dtype=np.int64), rows)
    assert [(time, part.tolist()) for time, part in found] == sorted(expected.items())


@given(TIMES, st.lists(st.tuples(st.integers(0, 25), st.integers(0, 9)), max_size=12))
def test_the_agenda_counts_whom_the_index_serves(times, asks) -> None:
    entities = np.arange(len(times), dtype=np.uint64)
    due, agenda = index_of(times, entities)
    now = 0
    for later, wish in asks:
        now = max(now, later)
        agenda.advance(Micros(now))
        share = min(wish, agenda.due)
        rows = due.take(Micros(now), share, entities)
        assert len(rows) == share
        agenda.serve(share)
        again = np.full(len(rows), now + 5, dtype=np.int64)
        agenda.add(due.put(again, rows))
    agenda.advance(Micros(1000))
    assert agenda.due == len(times)


def test_those_who_wait_are_named_in_the_order_they_will_be_served() -> None:
    entities = np.array([5, 4, 3, 2], dtype=np.uint64)
    due, _ = index_of([10, 10, 1, 30], entities)
    assert due.peek(Micros(20), 8, entities) == [2, 1, 0]
    assert sorted(due.take(Micros(20), 3, entities).tolist()) == [0, 1, 2]


def test_the_overdue_are_counted_up_to_a_time() -> None:
    _, agenda = index_of([1, 1, 5, 9], np.arange(4, dtype=np.uint64))
    agenda.advance(Micros(6))
    assert agenda.overdue(Micros(4)) == [(1, 2)]
    assert agenda.overdue(Micros(5)) == [(1, 2), (5, 1)]


def test_what_is_due_later_now_is_not_due_when_it_was() -> None:
    due: DueTimes[tuple[str]] = DueTimes()
    for key, at in (("a", 5), ("b", 20), ("b", 50)):
        due.put((key,), Micros(at))
    assert (due.count(Micros(30)), due.first(Micros(30), 9)) == (1, [("a",)])
    assert due.items() == [(5, ("a",)), (50, ("b",))]


def test_times_that_are_over_are_not_kept_for_good() -> None:
    due: DueTimes[tuple[str]] = DueTimes()
    for at in range(1, 1_000):
        due.put(("a",), Micros(at))
        assert len(due._heap) <= 2 + STALE_KEPT_MAX


def test_whoever_was_forgotten_is_not_taken() -> None:
    due, _ = index_of([5, 5, 5], entities := np.arange(3, dtype=np.uint64))
    due.forget(5, 1)
    assert due.take(Micros(5), 10, entities).tolist() == [0, 2]


def test_whoever_joins_an_agenda_at_the_very_time_they_are_due_is_due() -> None:
    agenda = Agenda()
    agenda.advance(Micros(20))
    agenda.add([(Micros(20), 1), (Micros(21), 1)])
    assert (agenda.due, agenda.overdue(Micros(20))) == (1, [(20, 1)])


def test_whoever_was_forgotten_and_comes_again_at_the_same_time_is_taken() -> None:
    due, _ = index_of([5, 5, 5], entities := np.arange(3, dtype=np.uint64))
    due.forget(5, 1)
    due.put(np.array([5], dtype=np.int64), np.array([1], dtype=np.int64))
    assert sorted(due.take(Micros(5), 10, entities).tolist()) == [0, 1, 2]
