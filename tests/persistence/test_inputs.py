"""Inputs are durable in one order without gaps, and each counts once whatever is sent again."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from persistence import commits, generations, inputs, worlds
from persistence.engine import Database
from persistence.tables import inputs as input_rows
from persistence.tables import worlds as world_rows
from simulation.units import GenerationStatus, InputKind, RequestId, WorldId
from stored import INN, Store, outcome, record, request


def submit(store: Store, key: str) -> inputs.Recorded:
    return store(lambda db: inputs.record(db, INN, InputKind.STEP, {"ticks": 1}, key))


def test_inputs_are_numbered_from_one_without_gaps(inn: Store) -> None:
    assert [submit(inn, key).seq for key in "abc"] == [1, 2, 3]


def test_an_input_sent_again_with_its_key_is_the_same_input(inn: Store) -> None:
    first, again = submit(inn, "a"), submit(inn, "a")
    assert (again.seq, first.known, again.known) == (first.seq, False, True)
    assert len(inn.rows(select(input_rows))) == 1


def test_many_at_once_get_numbers_without_gaps_and_a_shared_key_one(inn: Store) -> None:
    async def rush(db: Database) -> list[int]:
        keys = [f"k{n % 8}" for n in range(24)]
        found = await asyncio.gather(
            *(inputs.record(db, INN, InputKind.STEP, {"ticks": 1}, key) for key in keys)
        )
        return [recorded.seq for recorded in found]

    assert sorted(set(inn(rush))) == list(range(1, 9))
    assert sorted(row["seq"] for row in inn.rows(select(input_rows))) == list(range(1, 9))


def test_an_unknown_or_retired_world_takes_no_input(inn: Store) -> None:
    inn(lambda db: worlds.retire(db, INN))
    with pytest.raises(inputs.UnknownWorld):
        submit(inn, "a")


def test_too_many_waiting_inputs_are_refused_until_some_are_applied(
    inn: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "INPUTS_WAITING_MAX", 2)
    seqs = [submit(inn, key).seq for key in "ab"]
    with pytest.raises(inputs.InputsFull):
        submit(inn, "c")
    done = tuple(outcome(seq, ordinal=place) for place, seq in enumerate(seqs, 1))
    inn(lambda db: commits.write(db, [record(1, 3, outcomes=done)]))
    assert submit(inn, "c").seq == 3


def test_an_input_without_a_committed_outcome_has_none(inn: Store) -> None:
    seq = submit(inn, "a").seq
    assert inn(lambda db: inputs.outcome(db, INN, seq, "ask")) is None


def test_a_claim_gives_applied_inputs_in_their_order_then_the_waiting_ones(inn: Store) -> None:
    """Input 2 was applied before input 1: recovery must do the same."""
    for key in "abc":
        submit(inn, key)
    inn(lambda db: commits.write(db, [record(1, 3, outcomes=(outcome(2, 1), outcome(1, 2)))]))
    assert [(item.seq, item.ordinal) for item in inn.claim().inputs] == [(2, 1), (1, 2), (3, None)]


def test_a_result_becomes_one_input_however_often_it_is_collected(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 1, requests=(request("r1"), request("r2")))]))
    inn(
        lambda db: generations.finish(
            db, [RequestId("r1")], GenerationStatus.SUCCEEDED, result={"text": "Good morning."}
        )
    )
    collected = inn(inputs.collect_results)
    assert inn(inputs.collect_results) == {}
    (item,) = collected[INN]
    assert item.payload == {
        "requestId": "r1",
        "status": "succeeded",
        "result": {"text": "Good morning."},
        "reason": "",
    }


def test_no_key_of_a_client_passes_for_a_result(inn: Store) -> None:
    """Results have the keys `generation:ID`; whoever takes one of those keeps no result away."""
    inn(lambda db: commits.write(db, [record(1, 1, requests=(request("r1"),))]))
    submit(inn, "generation:r1")
    inn(lambda db: generations.finish(db, [RequestId("r1")], GenerationStatus.SUCCEEDED, result={}))
    assert [item.payload["requestId"] for item in inn(inputs.collect_results)[INN]] == ["r1"]


def test_results_are_collected_in_bounded_batches_the_oldest_first(inn: Store) -> None:
    for name in ("c", "a", "b"):
        inn(
            lambda db, name=name: commits.write(
                db, [record("cab".index(name) + 1, 1, requests=(request(name),))]
            )
        )
        ids = [RequestId(name)]
        inn(lambda db, ids=ids: generations.finish(db, ids, GenerationStatus.SUCCEEDED, result={}))
    batches = [inn(lambda db: inputs.collect_results(db, 2)) for _ in range(3)]
    assert [[item.payload["requestId"] for item in batch.get(INN, ())] for batch in batches] == [
        ["c", "a"],
        ["b"],
        [],
    ]


def test_two_collectors_at_once_make_one_input_of_a_result(inn: Store) -> None:
    names = [f"r{n}" for n in range(6)]
    inn(lambda db: commits.write(db, [record(1, 1, requests=tuple(map(request, names)))]))
    ids = [RequestId(name) for name in names]
    inn(lambda db: generations.finish(db, ids, GenerationStatus.SUCCEEDED, result={}))

    async def both(db: Database) -> None:
        other = await Database.open(inn.url, migrate=False)
        try:
            await asyncio.gather(inputs.collect_results(db), inputs.collect_results(other))
            await inputs.collect_results(db)
        finally:
            await other.close()

    inn(both)
    found = [row["payload"]["requestId"] for row in inn.rows(select(input_rows))]
    assert sorted(found) == names


def test_results_of_a_retired_world_wait_until_it_is_back(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 1, requests=(request("r1"),))]))
    inn(lambda db: generations.finish(db, [RequestId("r1")], GenerationStatus.SUCCEEDED, result={}))
    inn(lambda db: worlds.retire(db, INN))
    assert inn(inputs.collect_results) == {}
    inn.register()
    assert [item.payload["requestId"] for item in inn(inputs.collect_results)[INN]] == ["r1"]


def test_results_that_wait_for_their_world_are_in_nobodys_way(inn: Store) -> None:
    """That of the inn is the older one, and one is collected at a time."""
    barn = WorldId("barn")
    fields = {"name": "Barn", "document": '{"npcs": []}', "definition_hash": "b", "generation": None}
    inn(lambda db: worlds.register(db, world_id=barn, fresh=False, **fields))
    inn(lambda db: worlds.claim(db, barn, 0, 0))
    for name, world in (("r1", INN), ("r2", barn)):
        made = record(1, 1, requests=(request(name),), world=world)
        inn(lambda db, made=made: commits.write(db, [made]))
        ids = [RequestId(name)]
        inn(lambda db, ids=ids: generations.finish(db, ids, GenerationStatus.SUCCEEDED, result={}))
    inn(lambda db: worlds.retire(db, INN))
    assert list(inn(lambda db: inputs.collect_results(db, 1))) == [barn]


def test_each_result_that_is_collected_waits_as_an_input(inn: Store) -> None:
    names = [RequestId("r1"), RequestId("r2")]
    inn(lambda db: commits.write(db, [record(1, 1, requests=tuple(map(request, names)))]))
    inn(lambda db: generations.finish(db, names, GenerationStatus.SUCCEEDED, result={}))
    inn(inputs.collect_results)
    (row,) = inn.rows(select(world_rows))
    assert (row["waiting_inputs"], row["next_seq"]) == (2, 3)
