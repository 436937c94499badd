"""Generation rows only move forward, never leave a terminal status, and are served in a fair order."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from persistence import commits, generations
from persistence.tables import generations as rows
from simulation.units import TERMINAL, GenerationStatus, RequestId
from stored import INN, Store, record, request

R1, R2 = RequestId("r1"), RequestId("r2")


@pytest.fixture
def asked(inn: Store) -> Store:
    """r1 and r2 wait."""
    inn(lambda db: commits.write(db, [record(1, 1, requests=(request("r1"), request("r2", made_tick=2)))]))
    return inn


def status(store: Store, name: str = "r1") -> str:
    (row,) = [row for row in store.rows(select(rows)) if row["request_id"] == name]
    return str(row["status"])


def test_waiting_rows_come_in_the_order_they_were_made(asked: Store) -> None:
    assert [row.request_id for row in asked(lambda db: generations.waiting(db, 10))] == ["r1", "r2"]


def test_a_row_moves_forward_only(asked: Store) -> None:
    assert asked(lambda db: generations.move(db, [R1], GenerationStatus.QUEUED)) == 1
    assert asked(lambda db: generations.move(db, [R1], GenerationStatus.ADMITTED)) == 0
    assert status(asked) == "queued"


def test_a_worker_begins_and_each_begin_is_an_attempt(asked: Store) -> None:
    jobs = [asked(lambda db: generations.begin(db, R1)) for _ in range(2)]
    assert [job.attempts for job in jobs if job] == [1, 2]
    assert status(asked) == "running"


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_a_terminal_status_never_changes(asked: Store, end: GenerationStatus) -> None:
    assert asked(lambda db: generations.finish(db, [R1], end, reason="so")) == {R1}
    assert (
        asked(lambda db: generations.finish(db, [R1], GenerationStatus.SUCCEEDED, result={})) == frozenset()
    )
    assert asked(lambda db: generations.begin(db, R1)) is None
    assert asked(lambda db: generations.requeue(db, [R1])) == 0
    assert status(asked) == end


@pytest.mark.parametrize("before", ["requested", "admitted", "queued"])
def test_what_a_world_gives_up_is_cancelled_with_its_commit_and_never_begun(
    asked: Store, before: GenerationStatus
) -> None:
    """r2 as well, whose row is made by the same commit; of no row, nothing comes."""
    if before != "requested":
        asked(lambda db: generations.move(db, [R1], GenerationStatus(before)))
    gone = {R1: "session s1 has left", RequestId("r3"): "over", RequestId("never"): "over"}
    asked(lambda db: commits.write(db, [record(2, 2, requests=(request("r3"),), cancelled=gone)]))
    assert [status(asked, name) for name in ("r1", "r2", "r3")] == ["cancelled", "requested", "cancelled"]
    assert asked(lambda db: generations.begin(db, R1)) is None
    assert asked(lambda db: generations.move(db, [R1], GenerationStatus.QUEUED)) == 0
    assert asked(generations.counts) == {INN: {"cancelled": 2, "requested": 1}}
    found = asked(lambda db: generations.cancelled(db, [R1, R2]))
    assert [(row.request_id, why) for row, why in found] == [("r1", "session s1 has left")]


def test_what_is_being_made_has_ended_or_lands_at_its_tick_is_not_cancelled(asked: Store) -> None:
    asked(lambda db: generations.begin(db, R1))
    asked(lambda db: generations.finish(db, [R2], GenerationStatus.FAILED, reason="no provider"))
    gone = dict.fromkeys((R1, R2, RequestId("r3")), "over")
    fixed = request("r3", land_tick=6)
    asked(lambda db: commits.write(db, [record(2, 2, requests=(fixed,), cancelled=gone)]))
    assert [status(asked, name) for name in ("r1", "r2", "r3")] == ["running", "failed", "requested"]


def test_a_former_owner_cancels_nothing(asked: Store) -> None:
    asked.claim()
    asked(lambda db: commits.write(db, [record(2, 2, cancelled={R1: "over"})]))
    assert status(asked) == "requested"


def test_a_lost_job_waits_again(asked: Store) -> None:
    asked(lambda db: generations.move(db, [R1], GenerationStatus.QUEUED))
    assert asked(lambda db: generations.requeue(db, [R1])) == 1
    assert status(asked) == "admitted"


def test_live_rows_expire_after_their_deadline_and_lockstep_ones_never(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 1, requests=(request("r1"), request("r2", land_tick=6)))]))
    expired = inn(lambda db: generations.lapsed(db, 1e12, 10))
    assert [row.request_id for row in expired] == [R1]
    assert (status(inn, "r1"), status(inn, "r2")) == ("expired", "requested")


def test_no_more_rows_expire_at_once_than_asked(inn: Store) -> None:
    many = tuple(request(f"r{n}", made_tick=n) for n in range(1, 5))
    inn(lambda db: commits.write(db, [record(1, 4, requests=many)]))
    assert [len(inn(lambda db: generations.lapsed(db, 1e12, 3))) for _ in range(3)] == [3, 1, 0]


def test_what_is_beyond_a_worlds_bound_overflows_latest_first(inn: Store) -> None:
    asked = tuple(request(f"r{n}", made_tick=n, waiting_max=2) for n in range(1, 5))
    inn(lambda db: commits.write(db, [record(1, 4, requests=asked)]))
    assert [row.request_id for row in inn(lambda db: generations.overflow(db, 10))] == ["r3", "r4"]


def test_counts_and_listing_tell_what_became_of_requests(asked: Store) -> None:
    asked(lambda db: generations.finish(db, [R1], GenerationStatus.FAILED, reason="no provider"))
    assert asked(generations.counts) == {INN: {"failed": 1, "requested": 1}}
    newest, oldest = asked(lambda db: generations.listing(db, INN, 10))
    assert (newest.request_id, oldest.request_id, oldest.reason) == ("r2", "r1", "no provider")
