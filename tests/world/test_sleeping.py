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
    until(lambda: len(service.events("world.slept")) >= times, f"asleep {times} times", service)


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


def renamed(file: Path, **flags: Any) -> Path:
    """The same village under another name, with more flags."""
    found = json.loads(file.read_text())
    found["name"], found["flags"] = "Other Village", {**found.get("flags", {}), **flags}
    new = file.with_name("other.json")
    new.write_text(json.dumps(found))
    return new


def test_a_sleeping_world_is_updated_and_rolled_back_and_sleeps_on(
    start: Start, village_file: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    quiet = ("--generation", "off", "--json", "--log-level", "info")
    service = start("run", village_file, *quiet)
    sleeps(service, 1)
    assert told("world", "step", "village", "-n", 5, data=data)["tick"] == 5
    sleeps(service, 2)
    first = told("world", "show", "village", data=data)

    updated = told("world", "update", "village", renamed(village_file, market=True), data=data)
    assert [one for one in updated["detail"]["differences"] if not one["applies"]] == []
    sleeps(service, 3)
    shown = told("world", "show", "village", data=data)
    assert (shown["tick"], shown["flags"].get("market")) == (5, True)
    service.kill_tree()

    again = start("serve", "--json", "--log-level", "info")
    until(lambda: opened_by(data) == again.process.pid, "the door is open", again)
    assert told("world", "step", "village", "-n", 5, data=data)["tick"] == 10
    sleeps(again, 1)
    kept = {one["tick"]: one for one in told("replay", "village", data=data)}
    done = told("world", "rollback", "village", kept[5]["snapshot"], data=data)
    assert (done["tick"], done["ticksUndone"]) == (5, 5)
    back = told("world", "show", "village", data=data)
    assert back["tick"] == 5
    assert back["stateHash"] == shown["stateHash"] != first["stateHash"]
    until(lambda: told("world", "list", data=data)[0]["status"] == "sleeping", "it sleeps", again)
    assert told("world", "step", "village", "-n", 5, data=data)["tick"] == 10
