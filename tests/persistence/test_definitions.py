"""A world's definition changes with the commit that applied an update, and the former one is kept."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from sqlalchemy import select

from persistence import commits, histories, inputs, worlds
from persistence.tables import npcs
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
    assert inn(worlds.definitions) == {INN: "h2"}
    assert inn.register(definition_hash="h2").resumed
    with pytest.raises(worlds.DefinitionChanged):
        inn.register(definition_hash="h1")
    assert {row["npc_id"]: row["name"] for row in inn.rows(select(npcs))} == {"ada": "ada", "bo": "bo"}
    assert inn.claim().name == "Inn at last"


def test_an_update_that_was_refused_or_never_committed_changes_no_definition(inn: Store) -> None:
    payload, _ = updated(["bo"])
    inn(lambda db: inputs.record(db, INN, InputKind.WORLD_UPDATE, payload, "key"))
    assert json.loads(inn.claim().document) == DOCUMENT
    inn(lambda db: commits.write(db, [record(1, 3, epoch=2, outcomes=(outcome(1, ordinal=1),))]))
    assert json.loads(inn.claim().document) == DOCUMENT
    assert inn(worlds.definitions) == {INN: "h1"}
