"""Marks: a hash asks only the tiers that were given work since, and is of all people as they are."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from actors import running
from actors.shell import InnerActor
from actors.tier import TierActor
from messages.tick import MakeTick, Marked, TakeMark, Ticked
from simulation.hashing import state_hash
from simulation.tiers import TIERS
from simulation.units import InputKind, WorldId
from village import document

EXAMPLES = Path(__file__).parents[2] / "examples"
PEOPLE, TICKS = 40, 60
VILLAGE = WorldId("village")
TENTH = 100_000_000
"""Of a second, in nanoseconds."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Kinds of messages to inner actors, in order."""
    heard: list[str] = []
    real = InnerActor.receiveMessage

    def received(self: InnerActor, message: object, sender: Any) -> None:
        heard.append(type(message).__name__)
        real(self, message, sender)

    monkeypatch.setattr(InnerActor, "receiveMessage", received)
    return heard


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> dict[Any, Any]:
    """The stages that stand, by tier."""
    found: dict[Any, Any] = {}
    real = TierActor.receive

    def received(self: TierActor, message: Any, sender: Any) -> None:
        real(self, message, sender)
        if self.stage is not None:
            found[self.stage.tier] = self.stage

    monkeypatch.setattr(TierActor, "receive", received)
    return found


def in_full(world: Any, stages: dict[Any, Any]) -> str:
    """The hash made of everybody, whatever anybody remembers."""
    people = 0
    for tier in TIERS:
        people = (people + stages[tier].fingerprint_in_full()) % 2**128
    return state_hash(people, world.scalars())


def test_every_mark_that_comes_with_a_tick_is_of_everybody_as_they_are_after_it(
    backstage: Any, stages: dict[Any, Any], asked: list[str]
) -> None:
    """In a town where a tick moves people between the tiers, so that tiers are touched after it, too."""
    town = json.loads((EXAMPLES / "lanternford.json").read_text(encoding="utf-8"))
    near = {"id": "near", "tier": "detailed", "when": {"type": "same_location"}}
    town["meta"]["simulation"].update(rules=[near], timeScale=600)
    backstage.add(town)
    world_id = WorldId(town["id"])
    backstage.submit(
        world_id, InputKind.SESSION_JOIN, session={"id": "tam", "userId": "tam", "locationId": "fish-stalls"}
    )
    hosted = backstage.running.hosted[world_id]
    touched_after = 0
    for number in range(TICKS):
        asked.clear()
        ticked, *marked = backstage.running.tell(hosted, MakeTick(mark=number % 3 > 0))
        assert isinstance(ticked, Ticked)
        ticked_at = asked.index("TierTicked") if "TierTicked" in asked else 0
        touched_after += bool(marked) and "TouchTier" in asked[ticked_at:]
        if number % 3 == 0:
            assert marked == []
            (marked,) = (backstage.running.tell(hosted, TakeMark(snapshot=False)),)
        (mark,) = marked
        assert isinstance(mark, Marked)
        assert mark.parts is None
        assert (mark.mark.tick, mark.mark.state_hash) == (number + 1, in_full(hosted.world, stages))
    assert touched_after > 0, "no tick here touched a tier at its end: the test shows nothing of that"


def test_only_tiers_that_were_given_work_are_asked_for_their_sum(backstage: Any, asked: list[str]) -> None:
    backstage.add(document(PEOPLE))
    hosted = backstage.running.hosted[VILLAGE]
    backstage.running.tell(hosted, TakeMark(snapshot=False))
    asked.clear()
    backstage.running.tell(hosted, TakeMark(snapshot=False))
    assert Counter(asked) == {"TakeMark": 1}, "all sums are known"
    asked.clear()
    backstage.running.tell(hosted, MakeTick())
    worked = asked.count("TickTier")
    backstage.running.tell(hosted, TakeMark(snapshot=False))
    assert 0 < asked.count("HashTier") == worked < len(TIERS)
    asked.clear()
    backstage.running.tell(hosted, MakeTick(mark=True))
    assert asked.count("TickTier") > 0
    assert "HashTier" not in asked, "the sums came with the tick"


def test_a_snapshot_asks_everybody(backstage: Any, asked: list[str]) -> None:
    backstage.add(document(PEOPLE))
    hosted = backstage.running.hosted[VILLAGE]
    asked.clear()
    (marked,) = backstage.running.tell(hosted, TakeMark(snapshot=True))
    assert asked.count("HashTier") == len(TIERS)
    assert marked.parts is not None
    asked.clear()
    (marked,) = backstage.running.tell(hosted, TakeMark(snapshot=False))
    assert marked.parts is None


def test_a_live_tick_makes_the_record_that_is_due_before_the_next(
    backstage: Any, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ticks at 0.4 s, 0.8 s, ...; a record is due a second after the one before, the first at 1 s. So the
    second tick makes it, at 0.8 s, and of the next, due at 1.8 s, the fourth, at 1.6 s."""
    backstage.add(document(PEOPLE, tickIntervalSeconds=0.4))
    hosted, at_ns = backstage.running.hosted[VILLAGE], 0
    monkeypatch.setattr(running, "now_ns", lambda: at_ns)
    hosted.flat_out, hosted.buffer.flushed_ns, hosted.buffer.snapshot_ns = False, 0, 0
    hosted.pacer.deadline_ns, made = TENTH, []
    for number in range(1, 7):
        at_ns = hosted.pacer.deadline_ns = number * 4 * TENTH
        asked.clear()
        backstage.running.tick(hosted, at_ns, at_ns)
        assert "TakeMark" not in asked
        made.append([record.to_tick for record in backstage.running.committing.batch])
        backstage.running.committing.batch.clear()
        hosted.buffer.unacknowledged.clear()
    assert made == [[], [2], [], [4], [], [6]]
