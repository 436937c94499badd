"""Appointments in a running service: they wake a world that sleeps, survive kills, and come once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from village import document
from waiting import until

pytestmark = pytest.mark.world

Start = Callable[..., Any]


@pytest.fixture
def told(tmp_path: Path) -> Callable[..., Any]:
    def ask(*args: object, status: int = 0) -> Any:
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--json", "--data", tmp_path / "data"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == status, (done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    return ask


def soon(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def is_open(service: Any, data: Path) -> None:
    door = data / "service.json"

    def is_its_own() -> bool:
        return door.exists() and json.loads(door.read_text())["pid"] == service.process.pid

    until(is_its_own, "the service is up", service)


def test_an_appointment_wakes_a_world_that_sleeps_once_even_when_everything_was_killed(
    start: Start, told: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "village.json"
    file.write_text(json.dumps(document(20, idlePolicy="sleep")))
    service = start("run", file, "--generation", "off", "--json", "--log-level", "info")
    until(lambda: service.events("world.slept"), "it sleeps", service)
    told("world", "appoint", "village", "--at", soon(6), "--step", 4, "--id", "bell")
    until(lambda: len(service.events("world.slept")) == 2, "it woke and sleeps again", service)
    assert told("world", "list")[0]["tick"] == 4
    assert told("world", "appointments", "village")["appointments"] == []

    told("world", "appoint", "village", "--at", soon(3600), "--step", 99, "--id", "later")
    assert told("world", "appoint", "village", "--at", soon(3600), "--id", "never")["kind"] == "step"
    assert told("world", "unappoint", "village", "never")["cancelled"]
    moved = told("world", "appoint", "village", "--at", soon(6), "--flag", "fair.open=true", "--id", "later")
    assert moved["replaced"]
    service.kill_tree()
    until(lambda: datetime.now(UTC) > datetime.fromisoformat(moved["at"]), "its time has come")

    again = start("serve", "--json", "--log-level", "info")
    is_open(again, tmp_path / "data")
    until(lambda: len(again.events("world.slept")) == 1, "it woke and sleeps again", again)
    assert told("replay", "village")[-1]["inputs"] == 2, "each of the two came once"
    assert told("world", "show", "village")["flags"].get("fair.open") is True
    assert told("world", "appointments", "village")["appointments"] == []


def test_a_time_that_is_over_unclear_or_twice_is_refused(
    start: Start, told: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "village.json"
    file.write_text(json.dumps(document(5, mode="turn_based")))
    service = start("serve")
    is_open(service, tmp_path / "data")
    told("world", "add", file)
    assert "in the past" in told("world", "appoint", "village", "--at", soon(-5), "--id", "x", status=1)
    assert "offset" in told("world", "appoint", "village", "--at", "2030-01-31T18:00:00", status=2)
    both = ("--step", 1, "--resume")
    assert "one input" in told("world", "appoint", "village", "--at", soon(60), *both, status=2)
    assert "no appointment y" in told("world", "unappoint", "village", "y", status=1)
    assert "no world 'nowhere' is here" in told("world", "appointments", "nowhere", status=1)
