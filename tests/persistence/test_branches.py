"""A rollback begins a new branch of a world's history: the other one is kept, and never comes back."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from sqlalchemy import select, update

from messages.commits import Fenced, Mark
from persistence import branches, commits, histories, housekeeping, inputs, worlds
from persistence import generations as requests
from persistence.branches import SnapshotGone
from persistence.inputs import UnknownWorld
from persistence.tables import branches as branch_rows
from persistence.tables import generations, npcs
from persistence.tables import inputs as input_rows
from persistence.tables import worlds as world_rows
from simulation.definitions import pack
from simulation.units import Epoch, GenerationStatus, InputKind, RequestId, Seq, Tick, WorldId
from stored import DOCUMENT, INN, Store, mark, outcome, record, request, snapshot


def lived(inn: Store) -> None:
    """A snapshot at tick 10 after one input, another at tick 20 after two; a third input waits."""
    for n in (1, 2, 3):
        inn(lambda db, n=n: inputs.record(db, INN, InputKind.PAUSE, {"n": n}, f"key {n}"))
    for n in (1, 2):
        made = record(n, 10 * n, outcomes=(outcome(n, ordinal=n),), snapshot=snapshot(10 * n, n))
        inn(lambda db, made=made: commits.write(db, [made]))


def back(inn: Store, *, tick: int = 10, ordinal: int = 1, ask: str = "ask") -> branches.RolledBack:
    there: Mark = mark(tick)
    return inn(lambda db: branches.roll_back(db, INN, ordinal, there, ask))


def test_a_world_rolled_back_is_claimed_as_it_was_then(inn: Store) -> None:
    lived(inn)
    assert back(inn) == branches.RolledBack(number=1, tick=Tick(10), ticks=10, inputs=2)
    claimed = inn.claim()
    assert claimed.snapshot is not None
    assert (claimed.snapshot.tick, claimed.mark, claimed.inputs) == (10, mark(10), ())
    assert claimed.next_seq == 4
    (row,) = inn.rows(select(world_rows))
    assert (row["tick"], row["state_hash"], row["waiting_inputs"]) == (10, mark(10).state_hash, 0)


def test_inputs_of_the_abandoned_branch_are_kept_and_never_applied_again(inn: Store) -> None:
    lived(inn)
    back(inn)
    rows = {row["seq"]: (row["branch"], row["payload"]) for row in inn.rows(select(input_rows))}
    assert rows == {1: (None, {"n": 1}), 2: (1, {"n": 2}), 3: (1, {"n": 3})}
    assert [item.seq for item in inn(lambda db: inputs.after(db, INN, Seq(0)))] == [1]
    assert inn(lambda db: histories.load(db, INN, None)).inputs == ()
    found = inn(lambda db: inputs.outcome(db, INN, Seq(3), "who waits"))
    assert not found.applied
    assert "rolled back" in found.detail["reason"]


def test_inputs_that_waited_on_the_abandoned_branch_are_forgotten_when_they_are_old(inn: Store) -> None:
    """The first is replayed from the snapshot at tick 10 no more, the third waited; the second was applied
    after it. A fourth waits on the new branch."""
    lived(inn)
    back(inn)
    inn(lambda db: inputs.record(db, INN, InputKind.PAUSE, {"n": 4}, "key 4"))

    def left() -> list[int]:
        return sorted(row["seq"] for row in inn.rows(select(input_rows)))

    (third,) = [row["recorded_at"] for row in inn.rows(select(input_rows)) if row["seq"] == 3]
    assert inn(lambda db: housekeeping.forget_inputs(db, (INN,), 0.0, 100)) == 0
    assert inn(lambda db: housekeeping.forget_inputs(db, (INN,), third + 1e9, 1)) == 1
    assert left() == [2, 3, 4]
    assert inn(lambda db: housekeeping.forget_inputs(db, (INN,), third + 1e9, 100)) == 1
    assert left() == [2, 4]


def test_a_key_of_the_abandoned_branch_means_a_new_input(inn: Store) -> None:
    lived(inn)
    back(inn)
    again = inn(lambda db: inputs.record(db, INN, InputKind.PAUSE, {"n": 3}, "key 3"))
    assert (again.seq, again.known) == (4, False)
    assert [item.seq for item in inn.claim().inputs] == [4]


def test_a_world_that_is_stopped_goes_on_after_a_rollback_to_before_what_stopped_it(inn: Store) -> None:
    lived(inn)
    inn(lambda db: worlds.quarantine(db, INN, Epoch(1), "tick 21 failed twice"))
    assert [row["quarantine_reason"] for row in inn.rows(select(world_rows))] == ["tick 21 failed twice"]
    back(inn)
    assert [row["owner_shard"] for row in inn.rows(select(world_rows))] == [None], "nobody runs it"
    assert inn.claim().quarantined == ""


def test_what_the_old_owner_still_writes_is_refused(inn: Store) -> None:
    lived(inn)
    back(inn)
    (answer,) = inn(lambda db: commits.write(db, [record(3, 30)]))
    assert isinstance(answer, Fenced)
    claimed = inn.claim()
    late = record(3, 11, epoch=claimed.epoch, outcomes=())
    assert inn(lambda db: commits.write(db, [late])) == [(INN, claimed.epoch, 3)]


def test_requests_made_since_are_forgotten_and_results_that_came_since_come_again(inn: Store) -> None:
    made = record(1, 10, requests=(request("early", made_tick=5),), snapshot=snapshot(10, 0))
    inn(lambda db: commits.write(db, [made]))
    inn(lambda db: commits.write(db, [record(2, 20, requests=(request("late", made_tick=15),))]))
    done = update(generations).values(status=GenerationStatus.SUCCEEDED, result={"text": "hi"})

    async def finish(db: object) -> None:
        async with db.write() as connection:  # type: ignore[attr-defined]
            await connection.execute(done)

    inn(finish)
    assert len(inn(inputs.collect_results)[INN]) == 2
    assert back(inn, ordinal=0).inputs == 2
    assert [row["request_id"] for row in inn.rows(select(generations))] == ["early"]
    (again,) = inn(inputs.collect_results)[INN]
    assert (again.seq, again.payload["requestId"]) == (3, "early")
    assert inn(requests.counts) == {INN: {"succeeded": 1}}


def test_of_snapshots_after_the_same_inputs_the_later_ones_are_forgotten(inn: Store) -> None:
    for n in (1, 2):
        made = record(n, 10 * n, snapshot=snapshot(10 * n, 0))
        inn(lambda db, made=made: commits.write(db, [made]))
    back(inn, ordinal=0)
    found = inn.claim().snapshot
    assert found is not None
    assert found.tick == 10


def test_a_request_handed_over_in_the_very_tick_gone_back_to_is_kept(inn: Store) -> None:
    """The snapshot of tick 10 awaits it, so nobody would ask for it again."""
    asked = (request("here", made_tick=10), request("next", made_tick=11))
    inn(lambda db: commits.write(db, [record(1, 10, requests=asked[:1], snapshot=snapshot(10, 0))]))
    inn(lambda db: commits.write(db, [record(2, 20, requests=asked[1:])]))
    back(inn, ordinal=0)
    assert [row["request_id"] for row in inn.rows(select(generations))] == ["here"]


@pytest.mark.parametrize("collected", [True, False])
def test_what_the_abandoned_branch_gave_up_is_asked_for_again(inn: Store, collected: bool) -> None:
    """The player who left in tick 15 is there at tick 10 and waits, as long as at first: 60 s from now."""
    made = record(1, 10, requests=(request("here", made_tick=5),), snapshot=snapshot(10, 0))
    inn(lambda db: commits.write(db, [made]))
    inn(lambda db: commits.write(db, [record(2, 20, cancelled={RequestId("here"): "left"})]))
    if collected:
        (item,) = inn(inputs.collect_results)[INN]
        assert (item.payload["status"], item.payload["reason"]) == ("cancelled", "left")
    back(inn, ordinal=0)
    (row,) = inn.rows(select(generations))
    assert (row["status"], row["reason"], row["input_seq"]) == ("requested", "", None)
    assert row["expires_at"] - row["committed_at"] == pytest.approx(60)
    assert row["committed_at"] == row["moved_at"]
    assert inn(inputs.collect_results) == {}


def test_what_was_given_up_before_the_snapshot_stays_so(inn: Store) -> None:
    made = record(1, 5, requests=(request("here", made_tick=5),), cancelled={RequestId("here"): "left"})
    inn(lambda db: commits.write(db, [made]))
    (item,) = inn(inputs.collect_results)[INN]
    end = outcome(item.seq, ordinal=1, tick=6)
    inn(lambda db: commits.write(db, [record(2, 10, outcomes=(end,), snapshot=snapshot(10, 1))]))
    back(inn)
    assert inn(requests.counts) == {INN: {"cancelled": 1}}


def test_an_update_that_the_snapshot_holds_already_is_kept(inn: Store) -> None:
    text = json.dumps({"id": "inn", "name": "Other", "npcs": []})
    payload = {"document": b64encode(pack(text)).decode(), "definitionHash": "h2", "name": "Other"}
    inn(lambda db: inputs.record(db, INN, InputKind.WORLD_UPDATE, payload, "key"))
    applied = outcome(1, ordinal=1).model_copy(update={"redefines": True})
    inn(lambda db: commits.write(db, [record(1, 10, outcomes=(applied,), snapshot=snapshot(10, 1))]))
    inn(lambda db: commits.write(db, [record(2, 20)]))
    back(inn)
    assert inn.claim().name == "Other"


def test_a_result_that_was_applied_before_the_snapshot_comes_no_second_time(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 5, requests=(request("early"),))]))
    ids = [RequestId("early")]
    inn(lambda db: requests.finish(db, ids, GenerationStatus.SUCCEEDED, result={}))
    assert len(inn(inputs.collect_results)[INN]) == 1
    made = record(2, 10, outcomes=(outcome(1, ordinal=1),), snapshot=snapshot(10, 1))
    inn(lambda db: commits.write(db, [made]))
    inn(lambda db: commits.write(db, [record(3, 20)]))
    back(inn)
    assert inn(inputs.collect_results) == {}


def test_updates_since_are_undone(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 10, snapshot=snapshot(10, 0))]))
    text = json.dumps({"id": "inn", "name": "Other", "npcs": []})

    payload = {"document": b64encode(pack(text)).decode(), "definitionHash": "h2", "name": "Other"}
    inn(lambda db: inputs.record(db, INN, InputKind.WORLD_UPDATE, payload, "key"))
    applied = outcome(1, ordinal=1).model_copy(update={"redefines": True})
    inn(lambda db: commits.write(db, [record(2, 20, outcomes=(applied,), snapshot=snapshot(20, 1))]))
    assert inn.claim().name == "Other"
    back(inn, ordinal=0)
    claimed = inn.claim()
    assert (json.loads(claimed.document), claimed.name) == (DOCUMENT, "Inn")
    assert [row["name"] for row in inn.rows(select(npcs))] == ["Ada"], "whom the update took away"
    assert inn.register(definition_hash="h1").resumed


def test_of_two_updates_since_both_are_undone(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 10, snapshot=snapshot(10, 0))]))
    for n in (1, 2):
        text = json.dumps({"id": "inn", "name": f"Inn {n}", "npcs": []})
        payload = {"document": b64encode(pack(text)).decode(), "definitionHash": f"u{n}", "name": f"Inn {n}"}
        inn(lambda db, n=n, p=payload: inputs.record(db, INN, InputKind.WORLD_UPDATE, p, f"key {n}"))
        applied = outcome(n, ordinal=n).model_copy(update={"redefines": True})
        made = record(n + 1, 10 + n, outcomes=(applied,), snapshot=snapshot(10 + n, n))
        inn(lambda db, made=made: commits.write(db, [made]))
    assert inn.claim().name == "Inn 2"
    back(inn, ordinal=0)
    assert json.loads(inn.claim().document) == DOCUMENT


def test_how_it_fared_on_the_abandoned_branch_is_marked_with_the_tick_gone_back_to(inn: Store) -> None:
    """Measured at ticks 10 and 20, rolled back to 10, measured at 20 once more, rolled back again."""

    def measured(n: int, tick: int) -> None:
        kept = record(n, tick, epoch=inn.claim().epoch, snapshot=snapshot(tick, 0))
        inn(lambda db: commits.write(db, [kept]))
        assert inn(lambda db: housekeeping.measure(db, (INN,), 100.0 * n)) == 1

    def listed() -> list[tuple[float, int, tuple[int, int] | None]]:
        found = inn(lambda db: housekeeping.measures(db, INN, 10))
        return [(m.taken_at, m.tick, m.undone and (m.undone.branch, m.undone.tick)) for m in found]

    measured(1, 10)
    measured(2, 20)
    back(inn, ordinal=0)
    assert listed() == [(200.0, 20, (1, 10)), (100.0, 10, None)]
    measured(3, 20)
    assert listed() == [(300.0, 20, None), (200.0, 20, (1, 10)), (100.0, 10, None)]
    back(inn, ordinal=0, ask="another")
    assert listed() == [(300.0, 20, (2, 10)), (200.0, 20, (1, 10)), (100.0, 10, None)]
    told = inn(lambda db: housekeeping.rollbacks(db, INN, 1))
    assert [(one.branch, one.from_tick, one.tick, one.inputs) for one in told] == [(2, 20, 10, 0)]
    assert inn(lambda db: housekeeping.forget_measures(db, (INN,), 250.0, 100)) == 2
    assert listed() == [(300.0, 20, (2, 10))]


def test_asked_twice_it_is_done_once(inn: Store) -> None:
    lived(inn)
    assert back(inn) == back(inn)
    assert len(inn.rows(select(branch_rows))) == 1


def test_inputs_stay_of_the_branch_they_were_abandoned_with(inn: Store) -> None:
    lived(inn)
    back(inn)
    assert back(inn, ask="another") == branches.RolledBack(number=2, tick=Tick(10), ticks=0, inputs=0)
    rows = inn.rows(select(input_rows.c.seq, input_rows.c.branch).order_by(input_rows.c.seq))
    assert [(row["seq"], row["branch"]) for row in rows] == [(1, None), (2, 1), (3, 1)]


def test_a_snapshot_that_is_not_kept_and_a_world_that_is_not_there_are_refused(inn: Store) -> None:
    lived(inn)
    before = inn.rows(select(world_rows))
    with pytest.raises(SnapshotGone):
        back(inn, tick=11)
    with pytest.raises(UnknownWorld):
        inn(lambda db: branches.roll_back(db, WorldId("nowhere"), 1, mark(10), "ask"))
    assert inn.rows(select(world_rows)) == before
