"""What people see: a status line that fits, a table that lines up, a summary with every number."""

from __future__ import annotations

from typing import Any

import pytest

from messages.service import Drained, StatusReported, WorldReport, WorldSummary
from service.screen import Terminal
from service.status_line import render
from service.summary import to_json, to_text
from service.tables import table
from simulation.units import Tick, WorldId


def world(name: str = "inn", **more: Any) -> WorldReport:
    known: dict[str, Any] = {
        "world_id": WorldId(name),
        "name": name.title(),
        "status": "running",
        "shard": 0,
        "tick": Tick(10),
        "world_time": 600.0,
        "time_of_day": "day 0, Monday, 14:05 (afternoon)",
        "state_hash": "0" * 32,
        "decisions": 100,
        "decisions_by_tier": {"detailed": 100},
        "people_by_tier": {"detailed": 20, "active": 100, "ambient": 80, "dormant": 0},
        "requests": 3,
        "lateness_p99_ms": 4.4,
    }
    return WorldReport(**{**known, **more})


def report(*worlds: WorldReport, **more: Any) -> StatusReported:
    known: dict[str, Any] = {"ask_id": "a", "jobs": {"queued": 2, "running": 1, "succeeded": 5, "dead": 1}}
    return StatusReported(**{**known, "restarts": {}, **more, "worlds": worlds})


def test_the_line_says_worlds_times_rate_tiers_jobs_and_lateness() -> None:
    before = report(world(decisions=40))
    line = render(report(world()), before, 2.0, 200)
    assert line == (
        "inn day 0 14:05 | 30 decisions/s | D20 A100 M80 Z0 | jobs 2 queued 1 running 5 done 1 failed"
        " | late 4 ms"
    )


def test_jobs_that_failed_or_were_cancelled_are_not_done() -> None:
    jobs = {"succeeded": 3, "failed": 1, "expired": 1, "dead": 1, "cancelled": 2, "admitted": 4}
    line = render(report(world(), jobs=jobs), None, 1.0, 200)
    assert "| jobs 4 queued 0 running 3 done 3 failed 2 cancelled |" in line


def test_a_world_that_does_not_run_says_so() -> None:
    assert "inn day 0 14:05 [paused]" in render(report(world(status="paused")), None, 1.0, 200)


def test_many_worlds_are_counted_and_trouble_comes_last() -> None:
    worlds = [world(name) for name in ("a", "b", "c", "d", "e")]
    line = render(report(*worlds, troubles=("Redis is away",)), None, 1.0, 300)
    assert "c day 0 14:05 · 2 more | " in line
    assert line.endswith("| ! Redis is away")


@pytest.mark.parametrize("width", [40, 80, 100])
def test_the_line_never_wraps(width: int) -> None:
    assert len(render(report(world("a" * 90)), None, 1.0, width)) <= width


def test_what_was_said_is_not_said_again() -> None:
    said: list[str] = []
    screen = Terminal(said.append)
    for text in ("", "It runs.", "It runs.", "Compiling."):
        screen.banner(text)
    assert said == ["It runs.\n", "Compiling.\n"]


def test_in_a_pipe_nothing_is_cut() -> None:
    assert "a" * 900 in render(report(world("a" * 900)), None, 1.0, None)
    assert Terminal(lambda _: None).width is None, "a test has no terminal"


def test_without_worlds_it_says_so() -> None:
    assert render(report(), None, 1.0, 80).startswith("no worlds | 0 decisions/s")


def test_a_restarted_count_is_never_a_negative_rate() -> None:
    assert "| 0 decisions/s |" in render(report(world(decisions=5)), report(world()), 1.0, 200)


def test_tables_line_up() -> None:
    assert table(["id", "tick"], [["inn", "7"], ["harbour", "1,000"]]).splitlines() == [
        "id       tick",
        "-------  -----",
        "inn      7",
        "harbour  1,000",
    ]


def test_tables_line_up_in_every_script() -> None:
    """A castle takes two columns of a terminal, an accent on its own none."""
    rows = [["🏰", "7"], ["e\u0301a", "8"]]
    assert table(["id", "tick"], rows).splitlines()[2:] == ["🏰  7", "e\u0301a  8"]


SUMMARY = WorldSummary(
    world_id=WorldId("inn"),
    name="Inn",
    tick=Tick(10),
    world_time=600.0,
    decisions=100,
    decisions_by_tier={"detailed": 100},
    requests=3,
    jobs={"succeeded": 3},
    state_hash="ab" * 16,
    status="paused",
    skipped="paused: resume it first",
)


def test_the_json_summary_has_the_keys_it_promises() -> None:
    (found,) = to_json(Drained(ask_id="a", worlds=(SUMMARY,)))["worlds"]
    assert found == {
        "id": "inn",
        "name": "Inn",
        "tick": 10,
        "worldTime": 600.0,
        "decisions": 100,
        "decisionsByTier": {"detailed": 100},
        "requests": 3,
        "jobs": {"succeeded": 3},
        "stateHash": "ab" * 16,
        "status": "paused",
        "skipped": "paused: resume it first",
    }


def test_the_text_summary_is_a_table_with_the_hash() -> None:
    heads, _, row = to_text(Drained(ask_id="a", worlds=(SUMMARY,))).splitlines()
    assert heads.split()[0] == "world"
    assert row.split()[:2] == ["inn", "10"]
    assert row.endswith("ab" * 16)
