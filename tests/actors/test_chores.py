"""The Archivist's chores: a few worlds at a time, within budgets, and nothing that is younger than a day."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from actors import chores
from actors.archivist import Archivist
from actors.chores import DEFINITIONS, GENERATIONS, INPUTS, METRICS, ArchiveChores
from persistence import commits, generations, inputs
from persistence.engine import DatabaseAway
from persistence.tables import generations as generation_rows
from persistence.tables import inputs as input_rows
from persistence.tables import metric_snapshots
from simulation.housekeeping import Chore, Failed
from simulation.units import GenerationStatus, InputKind, RequestId
from stored import INN, Store, outcome, record, request, snapshot

DAY_S = 86_400.0


@pytest.fixture
def inn(store: Store) -> Store:
    """Two inputs were applied and a request has ended before the only snapshot."""
    store.register()
    store.claim()
    store(lambda db: commits.write(db, [record(1, 1, requests=(request("r1"),))]))
    store(lambda db: generations.finish(db, [RequestId("r1")], GenerationStatus.SUCCEEDED, result={}))
    store(inputs.collect_results)
    store(lambda db: inputs.record(db, INN, InputKind.STEP, {"ticks": 1}, "key"))
    done = (outcome(1, ordinal=1), outcome(2, ordinal=2))
    store(lambda db: commits.write(db, [record(2, 2, outcomes=done, snapshot=snapshot(2, 2))]))
    return store


def at(monkeypatch: pytest.MonkeyPatch, wall_s: float) -> None:
    monkeypatch.setattr(chores, "time", SimpleNamespace(time=lambda: wall_s))


def youngest(inn: Store, column: Any) -> float:
    return max(row[column.name] for row in inn.rows(select(column)))


def test_inputs_are_kept_for_a_day_and_go_within_the_budget(
    inn: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded_at = youngest(inn, input_rows.c.recorded_at)
    at(monkeypatch, recorded_at + DAY_S - 10)
    plan = ArchiveChores(0.0)
    assert inn(plan.work_of(INPUTS)) == 0
    at(monkeypatch, recorded_at + DAY_S + 1)
    one_at_once = Chore(INPUTS.name, 5.0, 1)
    assert [inn(plan.work_of(one_at_once)) for _ in range(3)] == [1, 1, 0]


def test_requests_are_kept_for_a_day_and_go_within_the_budget(
    inn: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved_at = youngest(inn, generation_rows.c.moved_at)
    at(monkeypatch, moved_at + DAY_S - 10)
    plan = ArchiveChores(0.0)
    assert inn(plan.work_of(GENERATIONS)) == 0
    at(monkeypatch, moved_at + DAY_S + 1)
    assert inn(plan.work_of(Chore(GENERATIONS.name, 5.0, 0))) == 0
    assert inn(plan.work_of(GENERATIONS)) == 1


def test_metric_snapshots_are_taken_and_kept_for_a_day(inn: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken() -> list[float]:
        query = select(metric_snapshots.c.taken_at).order_by(metric_snapshots.c.taken_at)
        return [row["taken_at"] for row in inn.rows(query)]

    plan = ArchiveChores(0.0)
    at(monkeypatch, 1_000.0)
    assert inn(plan.work_of(METRICS)) == 1
    inn(lambda db: commits.write(db, [record(3, 3)]))
    at(monkeypatch, 1_000.0 + DAY_S)
    assert inn(plan.work_of(METRICS)) == 1
    assert taken() == [1_000.0, 1_000.0 + DAY_S]
    at(monkeypatch, 1_001.0 + DAY_S)
    assert inn(plan.work_of(METRICS)) == 0
    assert taken() == [1_000.0 + DAY_S]


@pytest.mark.parametrize(
    ("names", "goes"),
    [
        ("abc", ["ab", "c", "ab"]),
        # After the last of them it cannot be known that no more are there.
        ("ab", ["ab", "", "ab"]),
        ("a", ["a", "a", "a"]),
    ],
)
def test_worlds_are_gone_through_a_few_at_a_time_and_then_anew(
    store: Store, monkeypatch: pytest.MonkeyPatch, names: str, goes: list[str]
) -> None:
    seen: list[str] = []

    async def measure(_: Any, world_ids: Any, __: float) -> int:
        seen.append("".join(world_ids))
        return 0

    async def next_worlds(_: Any, after: str, most: int) -> tuple[str, ...]:
        return tuple(sorted(name for name in names if name > after)[:most])

    monkeypatch.setattr(chores, "WORLDS_AT_ONCE", 2)
    monkeypatch.setattr(chores.housekeeping, "measure", measure)
    monkeypatch.setattr(chores.housekeeping, "next_worlds", next_worlds)
    plan = ArchiveChores(0.0)
    for _ in goes:
        store(plan.work_of(METRICS))
    assert seen == [go for go in goes if go]


def test_a_chore_comes_through_the_worlds_by_itself(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """How far one has come says nothing of the others."""
    seen: list[str] = []

    async def next_worlds(_: Any, after: str, most: int) -> tuple[str, ...]:
        seen.append(after)
        return tuple("abcd")[:most]

    monkeypatch.setattr(chores, "WORLDS_AT_ONCE", 2)
    monkeypatch.setattr(chores.housekeeping, "next_worlds", next_worlds)
    plan = ArchiveChores(0.0)
    for chore in (INPUTS, INPUTS, GENERATIONS):
        store(plan.work_of(chore))
    assert seen == ["", "b", ""]


def test_a_chore_that_raises_is_over_for_this_time_and_the_next_worlds_have_their_turn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worlds a and b cannot be measured; c can, and once the others can be again, so are they."""
    seen: list[str] = []
    broken = {"a"}

    async def measure(_: Any, world_ids: Any, __: float) -> int:
        seen.append("".join(world_ids))
        if broken & set(world_ids):
            raise KeyError("people_by_tier")
        return len(world_ids)

    async def next_worlds(_: Any, after: str, most: int) -> tuple[str, ...]:
        return tuple(sorted(name for name in "abc" if name > after)[:most])

    monkeypatch.setattr(chores, "WORLDS_AT_ONCE", 2)
    monkeypatch.setattr(chores.housekeeping, "measure", measure)
    monkeypatch.setattr(chores.housekeeping, "next_worlds", next_worlds)
    plan = ArchiveChores(0.0)
    assert store(plan.work_of(METRICS)) == Failed("KeyError: 'people_by_tier'")
    assert store(plan.work_of(METRICS)) == 1
    broken.clear()
    assert store(plan.work_of(METRICS)) == 2
    assert seen == ["ab", "c", "ab"]


def test_a_chore_that_finds_the_database_away_is_asked_again_for_the_same_worlds(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def measure(_: Any, world_ids: Any, __: float) -> int:
        seen.append("".join(world_ids))
        if len(seen) == 1:
            raise DatabaseAway("nobody listens")
        return len(world_ids)

    async def next_worlds(_: Any, after: str, most: int) -> tuple[str, ...]:
        return tuple(sorted(name for name in "abc" if name > after)[:most])

    monkeypatch.setattr(chores, "WORLDS_AT_ONCE", 2)
    monkeypatch.setattr(chores.housekeeping, "measure", measure)
    monkeypatch.setattr(chores.housekeeping, "next_worlds", next_worlds)
    work = ArchiveChores(0.0).work_of(METRICS)
    with pytest.raises(DatabaseAway):
        store(work)
    assert store(work) == 2
    assert seen == ["ab", "ab"]


def test_the_archivist_goes_on_with_its_work_when_a_chore_raises() -> None:
    """It noted the failure, told of it, and takes what waits behind the chore."""
    told: list[Any] = []
    archivist = Archivist.__new__(Archivist)
    archivist.chores, archivist.opener = ArchiveChores(0.0), SimpleNamespace()
    archivist.commits, archivist.busy, archivist.db = [], True, None
    archivist.queue = [(INPUTS, archivist.opener)]
    archivist.send = lambda _, message: told.append(message)  # type: ignore[method-assign]
    archivist.on_done("work", [Failed("OSError: no disk")], None)
    assert archivist.queue == []
    (report,) = told
    rows = {row["name"]: row for row in report.chores}
    assert [(name, row["failures"], row["because"]) for name, row in rows.items()] == [
        (INPUTS.name, 1, "OSError: no disk"),
        (GENERATIONS.name, 0, ""),
        (DEFINITIONS.name, 0, ""),
        (METRICS.name, 0, ""),
    ]


def test_a_database_that_is_of_no_use_is_refused_at_the_start_and_ends_the_process_later() -> None:
    """At the start somebody hears why; later nobody would, and the process is started again."""
    told: list[Any] = []
    archivist = Archivist.__new__(Archivist)
    archivist.opener = SimpleNamespace()
    archivist.send = lambda _, message: told.append(message)  # type: ignore[method-assign]
    useless = ValueError("no such column")
    archivist.opening = SimpleNamespace(ask_id="open", patience_s=5.0)  # type: ignore[assignment]
    archivist.on_opened(None, useless)
    assert [(answer.ask_id, answer.reason) for answer in told] == [("open", "no such column")]
    archivist.opening = SimpleNamespace(ask_id="open", patience_s=None)  # type: ignore[assignment]
    with pytest.raises(ValueError, match="no such column"):
        archivist.on_opened(None, useless)


def test_a_chore_that_cannot_find_its_worlds_fails_alone_too(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def next_worlds(*_: Any) -> tuple[str, ...]:
        raise OSError("no such table")

    monkeypatch.setattr(chores.housekeeping, "next_worlds", next_worlds)
    assert store(ArchiveChores(0.0).work_of(METRICS)) == Failed("OSError: no such table")
