"""Job events are counted by world and kind, with how long the way to each took, and added up."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from generation import metrics
from generation.events import Handlers
from generation.metrics import JobMetrics
from messages.jobs import JobMetric, JobsShown
from persistence import job_metrics
from persistence.engine import DatabaseAway
from persistence.job_metrics import Counted
from service.job_figures import to_json, to_text
from simulation.units import WorldId
from stored import INN, Store

JOB = SimpleNamespace(world_id=INN, session_id=None, user_id=None, kind="dialogue")


def test_events_are_counted_whether_a_plug_in_hears_them_or_not() -> None:
    """2 s and 5 s are 7 s; one that is not timed counts alone, and no time is below zero."""
    handlers = Handlers()
    for took_s in (2.0, 5.0, None):
        handlers.tell("job:started", "r1", JOB, took_s=took_s)
    handlers.tell("job:completed", "r1", JOB, took_s=-0.5)
    assert handlers.metrics.counted == {
        (INN, "job:started"): Counted(3, 2, 7.0, 5.0),
        (INN, "job:completed"): Counted(1, 1, 0.0, 0.0),
    }


def test_what_several_processes_counted_is_added_up(database_url: str) -> None:
    store = Store(database_url)
    store.register()
    for took_s in (2.0, 5.0, 3.0):
        counts = JobMetrics()
        counts.count(INN, "job:started", took_s)
        counts.count(INN, "job:failed")
        counts.count(WorldId("nowhere"), "job:failed")
        store(counts.store)
        store(counts.store)
    failed = JobMetric(kind="job:failed", count=3, timed=0, seconds=0.0, seconds_max=0.0)
    started = JobMetric(kind="job:started", count=3, timed=3, seconds=10.0, seconds_max=5.0)
    assert store(lambda db: job_metrics.of_world(db, INN)) == (failed, started)
    store.register(fresh=True)
    assert store(lambda db: job_metrics.of_world(db, INN)) == (), "a world that begins afresh has no past"


def test_what_cannot_be_stored_now_is_stored_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted meanwhile comes to it."""
    counts = JobMetrics()
    counts.count(INN, "job:failed")

    async def away(*_: Any) -> None:
        counts.count(INN, "job:failed")
        raise DatabaseAway

    monkeypatch.setattr(metrics.job_metrics, "add", away)
    asyncio.run(counts.store(None))  # type: ignore[arg-type]
    assert counts.counted == {(INN, "job:failed"): Counted(2)}


def test_figures_for_machines_and_people() -> None:
    rows = (
        JobMetric(kind="job:completed", count=2, timed=2, seconds=3.0, seconds_max=2.5),
        JobMetric(kind="job:created", count=1_000, timed=0, seconds=0.0, seconds_max=0.0),
    )
    found = JobsShown(ask_id="a", counts={"succeeded": 2, "queued": 1}, metrics=rows)
    assert to_json(found) == {
        "byStatus": {"succeeded": 2, "queued": 1},
        "events": {"job:completed": 2, "job:created": 1_000},
        "waitedSeconds": None,
        "madeInSeconds": {"count": 2, "mean": 1.5, "max": 2.5},
    }
    assert to_text(found) == [
        "generation jobs: 1 queued, 2 succeeded",
        "job events: 2 completed, 1,000 created",
        "jobs made in 1.500 s on average, 2.500 s at most",
    ]
    assert to_text(JobsShown(ask_id="a", counts={}, metrics=())) == []
