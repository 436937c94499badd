"""Where generation results land in a running service: in a player's flags, and in a scene, for good."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import Cli

from waiting import until

pytestmark = pytest.mark.world

MEADOW = Path(__file__).parents[2] / "examples" / "tin-moon.json"
PLAYING = 3 * 86_400 + 12 * 5_400
"""Day 3, bell 12: the Tin Moon plays, and whoever asks may have a part."""


def in_the_evening(folder: Path) -> Path:
    document = json.loads(MEADOW.read_text(encoding="utf-8"))
    document["worldTime"] = PLAYING
    document["flags"]["curtain"]["up"] = True
    document["meta"]["simulation"]["mode"] = "turn_based"
    file = folder / MEADOW.name
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_a_cue_and_a_scene_are_there_after_everything_was_killed(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    file, cli = in_the_evening(tmp_path), Cli(tmp_path / "data")
    service = start("run", file)
    cli.wait_for(service)
    cli("session", "join", "tin-moon", "june", "--user", "june")
    for interaction in ("ask-for-a-part", "walk-on"):
        cli("interaction", "do", "tin-moon", "june", "pell-quillon", interaction)

    def june() -> dict[str, Any]:
        found: dict[str, Any] = cli("session", "show", "tin-moon", "june")
        return found

    def has_both() -> bool:
        cli("world", "step", "tin-moon")
        now = june()
        return "cue.text" in now["flags"] and now["sceneId"] == "act-three"

    until(has_both, "the cue and the scene are there", service)
    before = june()
    assert before["cast"] == ["pell-quillon"]
    service.kill_tree()
    service = start("run", file)
    cli.wait_for(service)
    after = june()
    assert [after[key] for key in ("flags", "sceneId", "cast", "npcs")] == [
        before[key] for key in ("flags", "sceneId", "cast", "npcs")
    ]
    assert after["npcs"]["pell-quillon"]["scene"]["result"]["provider"] == "template"
    assert cli("world", "step", "tin-moon")["applied"]
