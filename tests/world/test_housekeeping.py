"""Housekeeping of a running service: shown beside the plan, and nothing of it in the world."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.units import GenerationMode
from waiting import until

pytestmark = pytest.mark.world

TICKS = 10
CHORES = {
    "input retention",
    "generation clean-up",
    "definition clean-up",
    "metric snapshots",
    "expired requests",
    "overfull queues",
    "retry checks",
    "webhook deliveries",
    "webhook clean-up",
    "lost answers",
    "world reports",
    "commits",
    "snapshots",
}


def asked(tmp_path: Path, *args: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "theatrum", *args, "--json", "--data", str(tmp_path / "data")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout) if done.returncode == 0 else {}


def test_what_is_done_on_real_time_is_shown_and_touches_no_world(
    start: Callable[..., Any], run: Callable[..., Any], towns: tuple[Path, ...], tmp_path: Path
) -> None:
    """The world after every chore has run is the one that plain calls make, where no chore exists at all.
    It is stored when the service begins, and not measured, so that the first round of each finds it."""
    run(towns[0], ticks=TICKS, generation="off")
    with closing(sqlite3.connect(tmp_path / "data" / "theatrum.db")) as db, db:
        db.execute("DELETE FROM metric_snapshots")
    start("serve", "--generation", "off")
    shown: dict[str, Any] = {}

    def chores() -> dict[str, dict[str, Any]]:
        shown.update(asked(tmp_path, "world", "show", "lanternford"))
        return {chore["name"]: chore for chore in shown.get("housekeeping", [])}

    def all_ran() -> bool:
        found = chores()
        return found.keys() == CHORES and all(found[name]["lastRun"] for name in CHORES - {"snapshots"})

    until(all_ran, "all ran, but for the first snapshot, which may take half a minute")
    until(lambda: chores() and shown["tick"] > TICKS, "the world goes on")
    assert chores()["metric snapshots"]["didInAll"] > 0, "the world is measured"
    for chore in shown["housekeeping"]:
        assert chore["everySeconds"] > 0
        if chore["lastRun"] is None:
            continue
        next_at = chore["nextRun"] or chore["lastRun"] + chore["everySeconds"]
        assert chore["lastRun"] < next_at <= chore["lastRun"] + chore["everySeconds"] + 0.01
        assert chore["did"] <= chore["budget"]
    planned = asked(tmp_path, "world", "plan", "lanternford")["housekeeping"]
    assert {chore["name"] for chore in planned} == CHORES
    measured = asked(tmp_path, "world", "history", "lanternford")["history"]
    assert measured[0]["tick"] >= TICKS
    assert measured[0]["peopleByTier"] == shown["peopleByTier"]

    document = json.loads(towns[0].read_text(encoding="utf-8"))
    world, stages = create(parse_world(document, "lanternford.json"), GenerationMode.OFF)
    for _ in drive.run(world, stages, shown["tick"]):
        """Made."""
    assert shown["stateHash"] == drive.state_hash(world, stages)
