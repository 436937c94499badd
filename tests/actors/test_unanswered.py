"""A read that storage keeps waiting is told so after five seconds, and what is not stored is not shown."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from actors import reading
from messages.admin import WorldPlanned, WorldShown
from messages.base import Refused
from messages.shards import ReadPlan, ReadWorld
from simulation.units import WorldId
from village import document

S = 1_000_000_000
VILLAGE = WorldId("village")


@pytest.fixture
def away(backstage: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The village has made tick 1 at 100 s, which is 12:00:00 UTC, and no answer of storage comes."""
    backstage.add(document(3))
    backstage.running.going = True
    clock = SimpleNamespace(time=lambda: 43_200.0, strftime=time.strftime, gmtime=time.gmtime)
    monkeypatch.setattr(reading, "time", clock)
    monkeypatch.setattr(reading, "now_ns", lambda: 100 * S)
    hosted = backstage.running.hosted[VILLAGE]
    backstage.running.tick(hosted, 0, 0)
    backstage.running.committing.flush(hosted, 100 * S)
    backstage.running.committing.send_batch(10**30)
    backstage.said.clear()
    return backstage


def test_after_five_seconds_a_read_hears_since_when_storage_does_not_answer(away: Any) -> None:
    away.reading.read(ReadWorld(ask_id="w", world_id=VILLAGE))
    away.reading.read(ReadPlan(ask_id="p", world_id=VILLAGE))
    away.reading.give_up(105 * S - 1, 105 * S - 1)
    assert away.heard(Refused) == []
    away.reading.give_up(105 * S, 105 * S)
    refused = away.heard(Refused)
    assert [one.ask_id for one in refused] == ["w", "p"]
    assert {one.reason for one in refused} == {
        "storage does not answer since 11:59:55 UTC, and nothing of village is shown that is not stored"
    }
    assert not away.reading.parked
    while away.mail:
        away.carry(away.mail.pop(0))
    assert away.heard(WorldShown) == away.heard(WorldPlanned) == []


def test_what_becomes_durable_in_time_is_shown_once_and_never_refused(away: Any) -> None:
    away.reading.read(ReadWorld(ask_id="w", world_id=VILLAGE))
    while away.mail:
        away.carry(away.mail.pop(0))
    away.reading.give_up(105 * S, 105 * S)
    assert [one.report.tick for one in away.heard(WorldShown)] == [1]
    assert away.heard(Refused) == []


def test_a_shard_that_was_busy_itself_reads_its_mail_first(away: Any) -> None:
    """Its timer of 105 s comes at 107 s: the answer may be in the mail."""
    away.reading.read(ReadWorld(ask_id="w", world_id=VILLAGE))
    away.reading.give_up(105 * S, 107 * S)
    assert away.heard(Refused) == []
    away.reading.give_up(108 * S, 108 * S)
    assert [one.ask_id for one in away.heard(Refused)] == ["w"]


def test_a_world_whose_first_snapshot_is_being_made_keeps_nobody_from_waiting(away: Any) -> None:
    """Nothing is on its way to storage, so it is not storage that does not answer."""
    buffer = away.running.hosted[VILLAGE].buffer
    away.reading.read(ReadWorld(ask_id="w", world_id=VILLAGE))
    buffer.unacknowledged, buffer.made_ns = [], []
    away.reading.give_up(105 * S, 105 * S)
    assert away.heard(Refused) == []
    assert list(away.reading.parked) == ["w"]


def test_a_read_of_a_world_that_was_let_go_is_not_left_without_an_answer(away: Any) -> None:
    away.reading.read(ReadWorld(ask_id="w", world_id=VILLAGE))
    away.running.forget(VILLAGE)
    away.reading.give_up(105 * S, 105 * S)
    assert [one.reason for one in away.heard(Refused)] == ["world village was let go before it answered"]
