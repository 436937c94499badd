"""Private worlds made from a template in a running service."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import Cli

pytestmark = pytest.mark.world

Start = Callable[..., Any]


def test_a_world_of_ones_own_is_made_from_a_template_that_need_not_run(
    start: Start, tmp_path: Path, towns: tuple[Path, ...]
) -> None:
    document = {**json.loads(towns[0].read_text()), "sessions": [{"id": "guest"}]}
    document["meta"]["simulation"] = {**document["meta"]["simulation"], "mode": "turn_based"}
    del document["meta"]["simulation"]["seed"]
    file = tmp_path / "town.json"
    file.write_text(json.dumps(document))
    service, cli = start("run", file, "--generation", "off", "--log-level", "info"), Cli(tmp_path / "data")
    cli.wait_for(service)
    cli("world", "remove", "lanternford")
    for n, user in enumerate(("ann", "ben", "cy")):
        made = cli("world", "instance", "lanternford", f"mine-{n}", "--user", user)
        assert made == {"id": f"mine-{n}", "template": "lanternford", "tick": 0}
    assert [one["userId"] for one in cli("session", "list", "mine-1")] == ["ben"]
    for n in range(2):
        assert cli("world", "step", f"mine-{n}", "-n", 20)["tick"] == 20
    worlds = {world["id"]: world for world in cli("world", "list")}
    assert worlds.pop("lanternford")["status"] == "removed"
    assert set(worlds) == {"mine-0", "mine-1", "mine-2"}
    assert worlds["mine-0"]["stateHash"] != worlds["mine-1"]["stateHash"]
    made = service.events("world.instanced")
    assert [event["world_id"] for event in made] == ["mine-0", "mine-1", "mine-2"]
    assert all(event["duration_ms"] > 0 for event in made)
    sys.stdout.write(f"instances took {[event['duration_ms'] for event in made]} ms\n")
    assert "is stored already" in cli("world", "instance", "lanternford", "mine-0", status=1)
    assert "no world lanternfort is stored" in cli("world", "instance", "lanternfort", "x", status=1)
    assert "id" in cli("world", "instance", "lanternford", "a\tb", status=2)
    service.kill_tree()
    again = start("serve", "--generation", "off")
    cli.wait_for(again)
    again_listed = [world for world in cli("world", "list") if world["status"] != "removed"]
    assert {world["id"]: world["tick"] for world in again_listed} == {
        "mine-0": 20,
        "mine-1": 20,
        "mine-2": 0,
    }
