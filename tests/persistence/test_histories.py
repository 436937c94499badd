"""What became of a world is read whole, as of one commit, and by nobody's leave."""

from __future__ import annotations

from sqlalchemy import select

from persistence import commits, histories, inputs
from persistence.tables import worlds
from simulation.units import InputKind, Tick
from stored import INN, Store, outcome, record, snapshot


def lived(inn: Store) -> None:
    """Two inputs applied, a third waiting; snapshots after each of the two."""
    for n in (1, 2, 3):
        inn(lambda db, n=n: inputs.record(db, INN, InputKind.PAUSE, {"n": n}, f"key {n}"))
    for n in (1, 2):
        made = record(n, 10 * n, outcomes=(outcome(n, ordinal=n),), snapshot=snapshot(10 * n, n))
        inn(lambda db, made=made: commits.write(db, [made]))


def test_the_snapshots_of_a_world_are_listed_oldest_first(inn: Store) -> None:
    lived(inn)
    found = inn(lambda db: histories.kept(db, INN))
    assert [(one.tick, one.ordinal, one.size) for one in found] == [
        (10, 1, len(b"state at 10")),
        (20, 2, len(b"state at 20")),
    ]


def test_a_history_begins_after_its_snapshot_and_leaves_out_what_waits(inn: Store) -> None:
    lived(inn)
    found = inn(lambda db: histories.load(db, INN, (Tick(10), 1)))
    assert found is not None
    assert found.snapshot.body == b"state at 10"
    assert [(item.seq, item.ordinal) for item in found.inputs] == [(2, 2)]
    assert found.mark.tick == 20


def test_without_a_moment_it_begins_at_the_newest_snapshot(inn: Store) -> None:
    lived(inn)
    found = inn(lambda db: histories.load(db, INN, None))
    assert found is not None
    assert (found.snapshot.tick, found.inputs) == (20, ())


def test_reading_a_history_takes_no_ownership(inn: Store) -> None:
    lived(inn)
    before = inn.rows(select(worlds))
    inn(lambda db: histories.load(db, INN, None))
    assert inn.rows(select(worlds)) == before


def test_what_is_not_there_is_none(inn: Store) -> None:
    assert inn(lambda db: histories.load(db, INN, None)) is None
    lived(inn)
    assert inn(lambda db: histories.load(db, INN, (Tick(11), 1))) is None
    assert inn(histories.world_ids) == (INN,)


def test_what_a_world_was_told_is_kept_with_what_became_of_it_the_newest_first(inn: Store) -> None:
    lived(inn)
    inn(lambda db: inputs.record(db, INN, InputKind.CONFIG, {"changes": {"timeScale": 30}}, "key 4"))
    found = inn(lambda db: histories.kept_inputs(db, INN, None, 10))
    assert [(one.seq, one.kind, one.tick, one.applied) for one in found] == [
        (4, InputKind.CONFIG, None, None),
        (3, InputKind.PAUSE, None, None),
        (2, InputKind.PAUSE, 3, True),
        (1, InputKind.PAUSE, 3, True),
    ]
    assert found[0].recorded_at >= found[3].recorded_at > 0
    (only,) = inn(lambda db: histories.kept_inputs(db, INN, InputKind.CONFIG, 10))
    assert only.payload == {"changes": {"timeScale": 30}}
    assert [one.seq for one in inn(lambda db: histories.kept_inputs(db, INN, InputKind.PAUSE, 2))] == [3, 2]
