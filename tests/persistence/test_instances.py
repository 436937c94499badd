"""A world made from a stored one, in one transaction with its first owner."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select, update

from messages.archive import Origin
from persistence import instances, worlds
from persistence.instances import WorldTaken
from persistence.tables import npcs, sessions
from persistence.tables import worlds as stored
from simulation.definitions.instances import instance_of
from simulation.definitions.templates import Templates
from simulation.definitions.world import hash_of
from simulation.units import WorldId
from stored import DOCUMENT, INN, Store

MINE = WorldId("mine")
ASKED_AT = 1_700_000_000.25


def origin(user: str | None = "ann", at: float = ASKED_AT) -> Origin:
    return Origin(template=INN, user_id=user, asked_at=at)


def made(store: Store, asked: Origin | None = None, shard: int = 2) -> worlds.Claimed | None:
    return store(lambda db: instances.make(db, Templates(), asked or origin(), MINE, shard))


def test_it_has_the_people_and_its_users_session_only(store: Store) -> None:
    store.register()
    made(store)
    people = store.rows(select(npcs.c.npc_id).where(npcs.c.world_id == MINE))
    assert [row["npc_id"] for row in people] == ["ada"]
    visits = store.rows(select(sessions.c.session_id).where(sessions.c.world_id == MINE))
    assert [row["session_id"] for row in visits] == ["ann"]
    assert tuple(store(worlds.epochs)) == (MINE, INN)


def test_it_is_stored_as_the_template_under_its_own_id(store: Store) -> None:
    store.register()
    made(store)
    (row,) = store.rows(select(stored).where(stored.c.id == MINE))
    wanted = instance_of(DOCUMENT, "mine", "ann")
    assert (json.loads(row["definition"]), row["definition_hash"]) == (wanted, hash_of(wanted))
    assert (row["name"], row["epoch"], row["owner_shard"], row["created_at"]) == ("Inn", 1, 2, ASKED_AT)


def test_its_first_owner_is_told_what_a_claim_would_tell(store: Store) -> None:
    store.register()
    found = made(store)
    again = store(lambda db: worlds.claim(db, MINE, 2, 0))
    assert found is not None
    assert again is not None
    assert {**json.loads(found.document), **found.own} == json.loads(again.document)
    same = ("name", "number", "generation", "mark", "snapshot", "inputs", "quarantined", "next_seq")
    assert [getattr(found, name) for name in same] == [getattr(again, name) for name in same]
    assert (found.epoch, again.epoch) == (1, 2)


def test_a_removed_world_is_a_template_still(store: Store) -> None:
    store.register()
    store(lambda db: worlds.retire(db, INN))
    assert made(store) is not None
    assert tuple(store(worlds.epochs)) == (MINE,)


def test_nothing_is_made_from_a_world_nobody_stored(store: Store) -> None:
    assert made(store) is None
    assert tuple(store(worlds.epochs)) == ()


def test_an_ask_repeated_after_a_lost_answer_gets_the_world_it_made(store: Store) -> None:
    """The Archivist, or the shard, may be killed between the commit and the answer."""
    store.register()
    first, second = made(store), made(store, shard=0)
    assert first is not None
    assert second is not None
    assert (first.epoch, second.epoch) == (1, 2)
    assert json.loads(second.document) == {**json.loads(first.document), **first.own}
    assert len(store.rows(select(npcs).where(npcs.c.world_id == MINE))) == 1


def test_an_id_that_is_taken_is_refused_and_its_owner_stays(store: Store) -> None:
    store.register()
    made(store)
    for other in (origin(at=ASKED_AT + 1), origin(user="ben", at=ASKED_AT + 1)):
        with pytest.raises(WorldTaken, match="a world mine is stored already"):
            made(store, other)
    (row,) = store.rows(select(stored.c.epoch).where(stored.c.id == MINE))
    assert row["epoch"] == 1


def test_one_that_was_removed_meanwhile_does_not_come_back(store: Store) -> None:
    store.register()
    made(store)
    store(lambda db: worlds.retire(db, MINE))
    with pytest.raises(WorldTaken):
        made(store)


def test_a_template_that_changes_is_read_anew(store: Store) -> None:
    store.register()
    templates = Templates()
    store(lambda db: instances.make(db, templates, origin(), MINE, 0))
    changed = {**DOCUMENT, "name": "Tavern"}

    async def change(db: object) -> None:
        async with db.write() as connection:  # type: ignore[attr-defined]
            await connection.execute(
                update(stored).where(stored.c.id == INN).values(definition=json.dumps(changed))
            )

    store(change)
    found = store(lambda db: instances.make(db, templates, origin(), WorldId("other"), 0))
    assert found is not None
    assert found.name == "Tavern"
