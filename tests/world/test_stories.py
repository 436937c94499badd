"""Chains in a running service: moved from another terminal, advanced by ticks, and exact across a kill."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from waiting import until

pytestmark = pytest.mark.world

Start = Callable[..., Any]
STEPS, WAIT = 30, 7
"""In ticks of 6 game seconds the road of 210 takes 35 ticks."""


def inn(folder: Path, every_s: float = 0.05, **more: Any) -> Path:
    document: dict[str, Any] = {
        "id": "inn",
        "name": "Inn",
        "meta": {
            "simulation": {
                "seed": 3,
                "tickIntervalSeconds": every_s,
                "timeScale": 6 / every_s,
                "generation": {"mode": "off"},
            },
            "chains": {
                "road": {
                    "steps": [
                        {
                            "stepId": f"mile{n}",
                            "waitSeconds": WAIT,
                            "autoAdvance": True,
                            "flagsSet": {f"m{n}": 1},
                        }
                        for n in range(STEPS)
                    ]
                },
                "toast": {"steps": [{"stepId": "ask", "waitHours": 100}, {"stepId": "drink"}]},
            },
        },
        "npcs": [{"id": "bo", "name": "Bo"}],
        "sessions": [{"id": "s1", "userId": "ann", **more}],
    }
    file = folder / "inn.json"
    file.write_text(json.dumps(document))
    return file


class Cli:
    """The commands of a second terminal."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def wait_for(self, service: Any) -> None:
        """Until the service is there for commands."""
        door = self.data / "service.json"

        def is_its_own() -> bool:
            return door.exists() and bool(json.loads(door.read_text())["pid"] == service.process.pid)

        until(is_its_own, "the service is up", service)

    def __call__(self, *args: object, status: int = 0) -> Any:
        """What `theatrum ARGS --json` answers; with another `status`, what it says on standard error."""
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--data", str(self.data), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout) if status == 0 else done.stderr

    def chain(self, name: str) -> dict[str, Any]:
        """How far the player is in it with Bo."""
        listed = self("chain", "list", "inn", "s1", "bo")
        found: dict[str, Any] = next(one for one in listed if one["chainId"] == name)
        return found


def test_a_chain_goes_on_exactly_once_while_its_shard_is_killed(start: Start, tmp_path: Path) -> None:
    service, cli = start("run", inn(tmp_path)), Cli(tmp_path / "data")
    cli.wait_for(service)
    assert cli.chain("road")["state"] == "not started"
    began = cli("chain", "start", "inn", "s1", "bo", "road")["detail"]["progress"]["startedAt"]

    def miles() -> int:
        return len(cli.chain("road")["progress"]["completedSteps"])

    until(lambda: miles() >= 1, "the first mile is committed", service)
    for _ in range(2):
        (shard,) = service.named("th-shard-0")
        shard.kill()
        until(
            lambda gone=shard.pid: [p for p in service.named("th-shard-0") if p.pid != gone],
            "the shard is back",
            service,
        )
        before = miles()
        until(lambda seen=before: miles() > seen or miles() == STEPS, "the road goes on", service)
    until(lambda: cli.chain("road")["state"] == "completed", "the road ends", service)
    progress = cli.chain("road")["progress"]
    assert progress["completedSteps"] == [f"mile{n}" for n in range(STEPS)]
    assert progress["completionCount"] == 1
    assert round(progress["lastStepAt"] - began, 6) == STEPS * WAIT


def test_a_step_that_waits_is_refused_with_the_time_it_opens(start: Start, tmp_path: Path) -> None:
    service, cli = start("run", inn(tmp_path)), Cli(tmp_path / "data")
    cli.wait_for(service)
    began = cli("chain", "start", "inn", "s1", "bo", "toast")["detail"]["progress"]["startedAt"]
    said = cli("chain", "step", "inn", "s1", "bo", "toast", status=1)
    assert "World inn did not move the chain: ask opens at day 4" in said
    chain = cli.chain("toast")
    assert (chain["state"], round(chain["opensAt"] - began, 6)) == ("waits", 360_000)
    assert cli("chain", "abandon", "inn", "s1", "bo", "toast")["detail"]["progress"]["outcome"] == "abandoned"
    assert "no session s9 is in inn" in cli("chain", "list", "inn", "s9", "bo", status=1)


def test_a_run_whose_shard_is_killed_ends_in_the_same_state(
    start: Start, run: Callable[..., Any], tmp_path: Path
) -> None:
    progress = {"currentStep": "mile0", "startedAt": 0, "lastStepAt": 0, "outcome": None}
    file = inn(tmp_path, 0.25, npcs={"bo": {"interactions": {"chainProgress": {"road": progress}}}})
    (calm,) = run(file, ticks=50, generation="off", data="calm")["worlds"]
    service, cli = start("run", file, "--ticks", 50, "--generation", "off", "--json"), Cli(tmp_path / "data")
    cli.wait_for(service)
    until(lambda: cli("world", "list")[0]["tick"] >= 3, "three ticks are committed", service)
    (shard,) = service.named("th-shard-0")
    shard.kill()
    (killed,) = service.finish()["worlds"]
    assert (killed["tick"], killed["stateHash"]) == (calm["tick"], calm["stateHash"])


def with_hooks(file: Path) -> Path:
    """Bo pours beer in the taproom from the first tick on, and wants to drink with whoever is there."""
    document = json.loads(file.read_text())
    document["locations"] = [{"id": "taproom", "type": "tavern"}]
    document["meta"]["behavior"] = {
        "activities": {
            "pour": {
                "category": "work",
                "minDurationSeconds": 60,
                "hooks": [{"when": "start", "chainId": "toast", "ttlSeconds": 86_400, "maxPerDay": 2}],
            }
        },
        "routines": {"bar": {"nodes": [{"preferredActivities": [{"activityId": "pour", "weight": 1}]}]}},
    }
    document["npcs"][0] |= {
        "personality": {"routineId": "bar"},
        "components": {"behavior": {"locationId": "taproom"}},
    }
    file.write_text(json.dumps(document))
    return file


def test_a_person_turns_to_the_player_who_answers_after_the_shard_was_killed(
    start: Start, tmp_path: Path
) -> None:
    file = with_hooks(inn(tmp_path, locationId="taproom"))
    service, cli = start("run", file), Cli(tmp_path / "data")
    cli.wait_for(service)

    def inbox() -> Any:
        return cli("session", "inbox", "inn", "s1")

    until(lambda: len(inbox()) == 2, "Bo asked twice", service)
    before = inbox()
    assert {intent["chainId"] for intent in before} == {"toast"}
    (shard,) = service.named("th-shard-0")
    shard.kill()
    until(lambda: [p for p in service.named("th-shard-0") if p.pid != shard.pid], "it is back", service)
    assert inbox() == before
    first, second = before
    done = cli("intent", "accept", "inn", "s1", first["id"])["detail"]
    assert done["started"]["progress"]["currentStep"] == "ask"
    assert cli.chain("toast")["state"] == "waits"
    said = cli("intent", "accept", "inn", "s1", second["id"], status=1)
    assert "World inn did not answer the intent: toast runs already" in said
    cli("intent", "dismiss", "inn", "s1", second["id"])
    assert inbox() == []
