"""Interactions in a running service: done from another terminal, kept and cooling down across a kill."""

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

INN: dict[str, Any] = {
    "id": "inn",
    "name": "Inn",
    "worldTime": 43_200,
    "meta": {
        "simulation": {"seed": 3, "mode": "turn_based", "generation": {"mode": "off"}},
        "interactions": {
            "treat": {
                "label": "Buy them a drink",
                "gating": {"cooldownSeconds": 90},
                "outcome": {
                    "statDeltas": [
                        {"metric": "core.affinity", "add": 5},
                        {"metric": "behavior.energy", "add": 10},
                    ],
                    "flagChanges": {"increment": {"treats": 1}},
                    "worldFlagChanges": {"set": {"merry": True}},
                    "inventoryChanges": {"remove": [{"itemId": "coin"}]},
                    "sceneLaunch": {"sceneId": "bar"},
                },
            },
            "dance": {"gating": {"timeOfDay": {"periods": ["evening"]}}},
        },
    },
    "npcs": [
        {"id": "bo", "name": "Bo", "components": {"core": {"affinity": 40}, "behavior": {"energy": 30}}}
    ],
    "sessions": [{"id": "s1", "userId": "ann", "inventory": {"coin": 3}}],
}


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

    def treat(self) -> dict[str, Any]:
        """How the player stands with the first interaction."""
        found: dict[str, Any] = self("interaction", "list", "inn", "s1", "bo")[0]
        return found


def test_what_was_done_is_there_after_a_kill_and_its_cooldown_holds(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "inn.json"
    file.write_text(json.dumps(INN))
    service, cli = start("run", file), Cli(tmp_path / "data")
    cli.wait_for(service)
    assert cli.treat()["available"]
    done = cli("interaction", "do", "inn", "s1", "bo", "treat")["detail"]
    assert [(one["metric"], one["after"]) for one in done["metrics"]] == [
        ("core.affinity", 45),
        ("behavior.energy", 40),
    ]
    cli("world", "advance", "inn", 60)
    (shard,) = service.named("th-shard-0")
    shard.kill()
    until(
        lambda: [p for p in service.named("th-shard-0") if p.pid != shard.pid], "the shard is back", service
    )
    waits = cli.treat()
    assert (waits["available"], waits["gate"], waits["opensAt"]) == (False, "cooldown", 43_290)
    said = cli("interaction", "do", "inn", "s1", "bo", "treat", status=1)
    assert "World inn did not do it: treat is closed (cooldown)" in said
    assert "43290 s of world time." in said
    assert cli("npc", "metric", "get", "inn", "bo", "core.affinity", "--session", "s1") == 45
    assert cli("npc", "metric", "get", "inn", "bo", "core.affinity") == 40
    cli("world", "advance", "inn", 30)
    again = cli("interaction", "do", "inn", "s1", "bo", "treat", "--expected-version", done["version"])
    assert (again["detail"]["flags"], again["detail"]["sceneId"]) == ({"treats": 2}, "bar")
    assert cli("interaction", "do", "inn", "s1", "bo", "treat", "--expected-version", 0, status=1)
    (dance,) = (
        one for one in cli("interaction", "list", "inn", "s1", "bo") if one["interactionId"] == "dance"
    )
    assert (dance["gate"], dance["opensAt"]) == ("time", 61_200)
    assert "no session s9 is in inn" in cli("interaction", "list", "inn", "s9", "bo", status=1)
