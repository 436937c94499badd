"""A world's definition changes with the commit that applied an update, and the former one is kept."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from sqlalchemy import select

from persistence import commits, histories, housekeeping, inputs, worlds
from persistence.tables import definitions, npcs
from simulation.definitions import pack
from simulation.units import InputKind, Tick
from stored import DOCUMENT, INN, Store, outcome, record, snapshot


def updated(people: list[str]) -> tuple[dict[str, object], str]:
    """The payload of an update of the inn that names these people, and its document."""
    text = json.dumps({"id": "inn", "name": "Inn at last", "npcs": [{"id": name} for name in people]})
    packed = b64encode(pack(text)).decode()
    return {"document": packed, "definitionHash": "h2", "name": "Inn at last"}, text


def test_an_update_takes_effect_with_the_commit_that_applied_it_and_the_former_definition_is_kept(
    inn: Store,
) -> None:
    payload, text = updated(["bo", "ada"])
    for kind, given in ((InputKind.PAUSE, {}), (InputKind.WORLD_UPDATE, payload)):
        inn(lambda db, kind=kind, given=given: inputs.record(db, INN, kind, given, f"key {kind}"))
    before, after = outcome(1, ordinal=1), outcome(2, ordinal=2).model_copy(update={"redefines": True})
    inn(lambda db: commits.write(db, [record(1, 3, outcomes=(before,), snapshot=snapshot(3, 1))]))
    assert json.loads(inn.claim().document) == DOCUMENT
    late = record(2, 4, epoch=2, outcomes=(after,), snapshot=snapshot(4, 2))
    for _ in range(2):
        inn(lambda db: commits.write(db, [late]))
    assert inn.claim().document == text
    assert json.loads(inn.claim(skip=1).document) == DOCUMENT
    history = inn(lambda db: histories.load(db, INN, (Tick(3), 1)))
    assert history is not None
    assert (json.loads(history.document), history.newest) == (DOCUMENT, text)
    assert inn(worlds.definitions) == {INN: ("h2", "h1")}
    for known in ("h1", "h2"):
        assert inn.register(definition_hash=known).resumed
    with pytest.raises(worlds.DefinitionChanged):
        inn.register(definition_hash="h3")
    assert inn.claim().document == text
    assert {row["npc_id"]: row["name"] for row in inn.rows(select(npcs))} == {"ada": "ada", "bo": "bo"}
    assert inn.claim().name == "Inn at last"


def test_an_update_that_was_refused_or_never_committed_changes_no_definition(inn: Store) -> None:
    payload, _ = updated(["bo"])
    inn(lambda db: inputs.record(db, INN, InputKind.WORLD_UPDATE, payload, "key"))
    assert json.loads(inn.claim().document) == DOCUMENT
    inn(lambda db: commits.write(db, [record(1, 3, epoch=2, outcomes=(outcome(1, ordinal=1),))]))
    assert json.loads(inn.claim().document) == DOCUMENT
    assert inn(worlds.definitions) == {INN: ("h1",)}
    with pytest.raises(worlds.DefinitionChanged):
        inn.register(definition_hash="h2")


def test_a_former_definition_is_kept_for_snapshots_from_before_the_update_and_for_a_day(inn: Store) -> None:
    """Updates are inputs 1 and 2; snapshots are kept of before both, of between them, and of after both."""
    for n in (1, 2):
        payload, _ = updated([f"guest {n}"])
        inn(lambda db, n=n, given=payload: inputs.record(db, INN, InputKind.WORLD_UPDATE, given, f"key {n}"))
    inn(lambda db: commits.write(db, [record(1, 1, snapshot=snapshot(1, 0))]))
    for n in (1, 2):
        done = outcome(n, ordinal=n).model_copy(update={"redefines": True})
        made = record(n + 1, n + 1, outcomes=(done,), snapshot=snapshot(n + 1, n))
        inn(lambda db, made=made: commits.write(db, [made]))

    def forget(before: float = 1e12, most: int = 10) -> int:
        return inn(lambda db: housekeeping.forget_definitions(db, (INN,), before, most))

    def kept() -> list[int]:
        query = select(definitions.c.until_ordinal).order_by(definitions.c.until_ordinal)
        return [row["until_ordinal"] for row in inn.rows(query.where(definitions.c.definition != ""))]

    assert (forget(), kept()) == (0, [1, 2]), "the oldest snapshot is of the first definition"
    inn(lambda db: commits.write(db, [record(4, 4, snapshot=snapshot(4, 2))]))
    assert (forget(before=0.0), kept()) == (0, [1, 2]), "it was replaced just now"
    assert (forget(), kept()) == (1, [2]), "the oldest snapshot is of the second definition"
    inn(lambda db: commits.write(db, [record(5, 5, snapshot=snapshot(5, 2))]))
    assert (forget(most=0), kept()) == (0, [2])
    assert (forget(), kept()) == (1, []), "every kept snapshot is of the newest definition"
    assert json.loads(inn.claim(skip=2).document)["npcs"] == [{"id": "guest 2"}]


def test_the_definitions_of_a_world_without_snapshots_stay(inn: Store) -> None:
    payload, _ = updated(["bo"])
    inn(lambda db: inputs.record(db, INN, InputKind.WORLD_UPDATE, payload, "key"))
    done = outcome(1, ordinal=1).model_copy(update={"redefines": True})
    inn(lambda db: commits.write(db, [record(1, 1, outcomes=(done,))]))
    assert inn(lambda db: housekeeping.forget_definitions(db, (INN,), 1e12, 10)) == 0
