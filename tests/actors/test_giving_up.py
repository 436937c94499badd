"""What a world gave up is cancelled by the very commit that says why, whenever its shard is killed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from messages.generation import RequestsCommitted
from messages.shards import Wire
from persistence.tables import generations
from simulation.units import GenerationMode, InputKind, WorldId
from village import document

VILLAGE = WorldId("village")


TALK = {"outcome": {"generationLaunch": {"kind": "scene", "ttlSeconds": 3600}}}


@pytest.fixture
def asked(backstage: Any) -> Any:
    """Player s1 has asked for a scene; it is handed over in tick 1, and committed."""
    made = document(3)
    made["sessions"] = [{"id": "s1", "userId": "ann"}]
    made["meta"]["interactions"] = {"talk": TALK}
    backstage.add(made, GenerationMode.LIVE)
    backstage.submit(VILLAGE, InputKind.INTERACT, sessionId="s1", npcId="npc:1", interactionId="talk")
    backstage.run(1)
    assert rows(backstage) == [("requested", "")]
    return backstage


def rows(backstage: Any) -> list[tuple[str, str]]:
    query = select(generations).where(generations.c.session_id == "s1")
    return [(row["status"], row["reason"]) for row in backstage.store.rows(query)]


def leave(backstage: Any) -> None:
    backstage.submit(VILLAGE, InputKind.SESSION_LEAVE, sessionId="s1")


def test_a_player_who_leaves_takes_along_what_nobody_has_begun(asked: Any) -> None:
    """The gate hears of it when it is durable, without a tick."""
    asked.running.post.rewire(Wire(archivist="archivist", gate="gate"))
    told = []
    carry = asked.carry
    asked.carry = lambda message: (
        told.append((message, rows(asked))) if isinstance(message, RequestsCommitted) else carry(message)
    )
    leave(asked)
    asked.run(1)
    (row,) = asked.store.rows(select(generations).where(generations.c.session_id == "s1"))
    hint = RequestsCommitted(world_id=VILLAGE, count=0, cancelled=(row["request_id"],))
    assert told == [(hint, [("cancelled", "session s1 has left")])]


def test_killed_before_the_commit_the_next_shard_gives_it_up(asked: Any, another: Callable[[], Any]) -> None:
    leave(asked)
    assert rows(asked) == [("requested", "")]
    successor = another()
    successor.adoption.claim(VILLAGE)
    successor.turn()
    successor.run(1)
    assert rows(successor) == [("cancelled", "session s1 has left")]
