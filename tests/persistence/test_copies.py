"""A world stored as a copy of another."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from persistence import worlds
from persistence.tables import npcs, sessions
from simulation.units import WorldId
from stored import INN, Store

MINE = WorldId("mine")


def copied(store: Store, template: WorldId = INN, user: str | None = "ann") -> str | None:
    return store(lambda db: worlds.copy(db, template, MINE, user))


def test_a_copy_has_the_people_and_its_users_session_only(store: Store) -> None:
    store.register()
    assert copied(store) == "Inn"
    people = store.rows(select(npcs.c.npc_id).where(npcs.c.world_id == MINE))
    assert [row["npc_id"] for row in people] == ["ada"]
    visits = store.rows(select(sessions.c.session_id).where(sessions.c.world_id == MINE))
    assert [row["session_id"] for row in visits] == ["ann"]
    assert store(worlds.ids) == (INN, MINE)


def test_a_removed_world_is_a_template_still(store: Store) -> None:
    store.register()
    store(lambda db: worlds.retire(db, INN))
    assert copied(store) == "Inn"
    assert store(worlds.ids) == (MINE,)


def test_nothing_is_copied_from_a_world_nobody_stored(store: Store) -> None:
    assert copied(store) is None
    assert store(worlds.ids) == ()


def test_a_copy_asked_for_again_before_anybody_owned_it_is_the_same_one(store: Store) -> None:
    """The Archivist may be killed between its commit and its answer, and is asked again then."""
    store.register()
    assert copied(store) == copied(store) == "Inn"


def test_an_id_that_is_taken_is_refused(store: Store) -> None:
    store.register()
    copied(store)
    with pytest.raises(worlds.WorldTaken):
        copied(store, user="ben")
    store(lambda db: worlds.claim(db, MINE, 0, 0))
    with pytest.raises(worlds.WorldTaken):
        copied(store)
