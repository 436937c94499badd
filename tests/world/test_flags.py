"""Flags of a running world, set from another terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import Cli

pytestmark = pytest.mark.world

Start = Callable[..., Any]
INN: dict[str, Any] = {
    "id": "inn",
    "name": "Inn",
    "flags": {"weather": "mist"},
    "meta": {"simulation": {"seed": 3, "mode": "turn_based", "generation": {"mode": "off"}}},
    "npcs": [{"id": "bo"}],
}


def test_flags_are_set_all_or_none_and_are_there_after_a_kill(start: Start, tmp_path: Path) -> None:
    file, cli = tmp_path / "inn.json", Cli(tmp_path / "data")
    file.write_text(json.dumps(INN))
    service = start("run", file)
    cli.wait_for(service)
    done = cli("world", "flag", "inn", "town.festival=true", "guests=3", "weather=null", "motto=a=b")
    changed = {"town.festival": True, "guests": 3, "weather": None, "motto": "a=b"}
    assert (done["applied"], done["detail"]) == (True, {"changed": changed})
    kept = {"town.festival": True, "guests": 3, "motto": "a=b"}
    assert cli("world", "show", "inn")["flags"] == kept
    assert "write key=value, such as town.festival=true" in cli("world", "flag", "inn", "festival", status=2)
    assert "guests is given twice" in cli("world", "flag", "inn", "guests=1", "guests=2", status=2)
    assert "no world 'imn' is here" in cli("world", "flag", "imn", "a=1", status=1)
    large = cli("world", "flag", "inn", "ok=1", f"long={'x' * 70_000}", status=1)
    assert "$.flags has 70018 bytes. At most 65536." in large
    service.kill_tree()
    cli.wait_for(start("serve"))
    assert cli("world", "show", "inn")["flags"] == kept
