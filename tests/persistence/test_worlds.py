"""Worlds are stored once, resumed with the same definition only, and owned by one epoch at a time."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from persistence import commits, worlds
from persistence.engine import Database
from persistence.tables import generations, npcs, sessions
from stored import INN, Store, record, request


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


def test_a_retired_world_is_not_listed_and_cannot_be_claimed(inn: Store) -> None:
    assert inn(worlds.ids) == (INN,)
    inn(lambda db: worlds.retire(db, INN))
    assert inn(worlds.ids) == ()
    assert inn(lambda db: worlds.claim(db, INN, 0, 0)) is None


def test_only_the_owner_can_quarantine_and_a_release_ends_it(inn: Store) -> None:
    inn(lambda db: worlds.quarantine(db, INN, 7, "not mine"))  # type: ignore[arg-type]
    assert inn.claim().quarantined == ""
    inn(lambda db: worlds.quarantine(db, INN, 2, "tick 5 failed twice"))  # type: ignore[arg-type]
    assert inn.claim().quarantined == "tick 5 failed twice"
    assert inn(lambda db: worlds.release(db, INN)) is True
    assert inn(lambda db: worlds.release(db, INN)) is False
