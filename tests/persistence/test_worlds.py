"""Worlds are stored once, resumed with the same definition only, and owned by one epoch at a time."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, update

from messages.commits import CommitRecord
from persistence import commits, inputs, resting, worlds
from persistence.engine import Database
from persistence.tables import generations, npcs, sessions
from simulation.units import GenerationMode, InputKind, WorldId
from stored import INN, Store, outcome, record, request


def test_a_new_world_is_stored_with_its_people_and_sessions(store: Store) -> None:
    assert store.register() == worlds.Registered(resumed=False, tick=0, quarantined="")
    assert [row["npc_id"] for row in store.rows(select(npcs))] == ["ada"]
    assert [row["session_id"] for row in store.rows(select(sessions))] == ["s1"]


def test_a_stored_world_is_resumed_where_its_last_commit_stands(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 42)]))
    assert inn.register() == worlds.Registered(resumed=True, tick=42, quarantined="")


def test_a_changed_definition_is_refused_and_changes_nothing(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 42)]))
    with pytest.raises(worlds.DefinitionChanged) as refused:
        inn.register(definition_hash="h2")
    assert (refused.value.stored_hash, refused.value.given_hash) == ("h1", "h2")
    assert inn.register().tick == 42


def test_fresh_forgets_the_old_life_but_not_whose_turn_it_is(inn: Store) -> None:
    """The epoch goes on growing: a shard that still has the old life is fenced, not mixed in."""
    inn(lambda db: commits.write(db, [record(1, 42, requests=(request("r1"),))]))
    assert inn.register(fresh=True, definition_hash="h2").tick == 0
    assert inn.rows(select(generations)) == []
    assert inn.claim().epoch == 3


def test_two_registrations_at_once_make_one_world(store: Store) -> None:
    async def register(db: Database) -> worlds.Registered:
        return await worlds.register(
            db,
            world_id=INN,
            name="Inn",
            document='{"npcs": []}',
            definition_hash="h1",
            generation=None,
            fresh=False,
        )

    async def both(db: Database) -> list[bool]:
        return sorted(r.resumed for r in await asyncio.gather(register(db), register(db)))

    assert store(both) == [False, True]


def test_each_claim_takes_one_more_epoch(inn: Store) -> None:
    assert [inn.claim().epoch for _ in range(3)] == [2, 3, 4]
    assert inn(worlds.epochs) == {INN: 4}


def test_a_retired_world_is_not_listed_and_cannot_be_claimed(inn: Store) -> None:
    assert tuple(inn(worlds.epochs)) == (INN,)
    inn(lambda db: worlds.retire(db, INN))
    assert tuple(inn(worlds.epochs)) == ()
    assert inn(lambda db: worlds.claim(db, INN, 0, 0)) is None


def test_only_the_owner_can_quarantine_and_a_release_ends_it(inn: Store) -> None:
    inn(lambda db: worlds.quarantine(db, INN, 7, "not mine"))  # type: ignore[arg-type]
    assert inn.claim().quarantined == ""
    inn(lambda db: worlds.quarantine(db, INN, 2, "tick 5 failed twice"))  # type: ignore[arg-type]
    assert inn.claim().quarantined == "tick 5 failed twice"
    assert inn(lambda db: worlds.release(db, INN)) is True
    assert inn(lambda db: worlds.release(db, INN)) is False


def test_a_world_sleeps_until_an_input_waits_or_its_last_record_says_otherwise(inn: Store) -> None:
    def slept(number: int, *, asleep: bool) -> CommitRecord:
        made = record(number, 5 * number)
        return made.model_copy(update={"mark": made.mark.model_copy(update={"asleep": asleep})})

    assert inn(worlds.asleep) == [], "never committed"
    inn(lambda db: commits.write(db, [slept(1, asleep=True)]))
    ((world_id, name, mark),) = inn(worlds.asleep)
    assert (world_id, name, mark.tick) == (INN, "Inn", 5)
    inn(lambda db: inputs.record(db, INN, InputKind.PAUSE, {}, "key"))
    assert inn(worlds.asleep) == []
    inn(
        lambda db: commits.write(
            db, [slept(2, asleep=False).model_copy(update={"outcomes": (outcome(1, 1),)})]
        )
    )
    assert inn(worlds.asleep) == []
    inn(lambda db: commits.write(db, [slept(3, asleep=True)]))
    assert len(inn(worlds.asleep)) == 1
    inn(lambda db: worlds.retire(db, INN))
    assert inn(worlds.asleep) == []


def test_a_mark_of_a_version_that_knew_no_sleep_is_of_a_world_awake(inn: Store) -> None:
    inn(lambda db: commits.write(db, [record(1, 5)]))
    old = {key: value for key, value in inn.rows(select(worlds.worlds))[0]["mark"].items() if key != "asleep"}

    async def age(db: Database) -> None:
        async with db.write() as connection:
            await connection.execute(update(worlds.worlds).values(mark=old))

    inn(age)
    assert inn(worlds.asleep) == []
    claimed = inn.claim().mark
    assert claimed is not None
    assert not claimed.asleep


def test_a_run_says_by_which_mode_a_world_is_opened_when_it_wakes(inn: Store) -> None:
    inn(lambda db: worlds.set_generation(db, [INN], GenerationMode.OFF))
    assert inn.claim().generation is GenerationMode.OFF


def test_stored_worlds_are_told_with_where_they_stand_and_whether_they_were_removed(inn: Store) -> None:
    assert inn(resting.stored) == ((INN, "Inn", None, False),)
    inn(lambda db: commits.write(db, [record(1, 42)]))
    inn(lambda db: worlds.retire(db, INN))
    ((_, _, mark, removed),) = inn(resting.stored)
    assert (mark.tick, removed) == (42, True)


def test_a_removed_world_is_recalled_and_an_unknown_one_is_not(inn: Store) -> None:
    inn(lambda db: worlds.retire(db, INN))
    assert inn(lambda db: resting.recall(db, INN))
    assert tuple(inn(worlds.epochs)) == (INN,)
    assert not inn(lambda db: resting.recall(db, WorldId("barn")))
