"""A world nobody plays in a running service: it leaves memory, wakes for whoever asks, survives kills."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from village import document
from waiting import until

pytestmark = pytest.mark.world

Start = Callable[..., Any]


@pytest.fixture
def village_file(tmp_path: Path) -> Path:
    file = tmp_path / "village.json"
    file.write_text(json.dumps(document(20, idlePolicy="sleep")))
    return file


def opened_by(data: Path) -> int | None:
    """The process whose service commands find."""
    door = data / "service.json"
    found: int | None = json.loads(door.read_text())["pid"] if door.exists() else None
    return found


def told(*args: object, data: Path) -> Any:
    """What a command answers."""
    command = [sys.executable, "-m", "theatrum", *map(str, args), "--json", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sleeps(service: Any, times: int) -> None:
    until(lambda: len(service.events("world.slept")) == times, f"asleep {times} times", service)


def test_a_world_sleeps_wakes_and_sleeps_through_a_restart_and_a_kill(
    start: Start, village_file: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    quiet = ("--generation", "off", "--json", "--log-level", "info")
    service = start("run", village_file, *quiet)
    sleeps(service, 1)
    assert told("world", "step", "village", "-n", 7, data=data)["tick"] == 7
    sleeps(service, 2)
    stood = told("world", "show", "village", data=data)
    assert (stood["status"], stood["tick"]) == ("sleeping", 7)
    service.kill_tree()

    again = start("serve", "--json", "--log-level", "info")
    until(lambda: opened_by(data) == again.process.pid, "the door is open", again)
    (listed,) = told("world", "list", data=data)
    assert (listed["status"], listed["tick"], listed["stateHash"]) == ("sleeping", 7, stood["stateHash"])
    assert again.events("world.opened") == [], "a start opens nobody who sleeps"
    assert told("world", "step", "village", "-n", 3, data=data)["tick"] == 10
    assert len(again.events("world.opened")) == 1
    sleeps(again, 1)
    (shard,) = again.named("th-shard-0")
    shard.kill()
    until(lambda: again.named("th-shard-0") not in ([], [shard]), "another shard", again)
    assert told("world", "step", "village", "-n", 1, data=data)["tick"] == 11
