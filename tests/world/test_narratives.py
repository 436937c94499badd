"""Narratives of a running service: played from another terminal, their content made by a real worker."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import Cli

from waiting import until

pytestmark = pytest.mark.world

Start = Callable[..., Any]

EVENING = {
    "nodes": [
        {"id": "hello", "type": "dialogue", "text": "Evening!", "autoAdvance": True},
        {
            "id": "ask",
            "type": "choice",
            "prompt": "Stay?",
            "choices": [
                {"id": "stay", "text": "I stay.", "to": "talk"},
                {
                    "id": "kiss",
                    "text": "Only for you.",
                    "to": "talk",
                    "conditions": [{"type": "stat_axis_gt", "axis": "affinity", "threshold": 50}],
                },
            ],
        },
        {
            "id": "talk",
            "type": "dialogue",
            "generate": {"tone": "warm"},
            "awaitResult": True,
            "onExit": {"items": {"lamp": 1}},
        },
        {"id": "pause", "type": "wait", "mode": "duration", "durationSeconds": 90},
        {"id": "bye", "type": "dialogue", "text": "Good night."},
    ],
    "edges": [
        {"from": "hello", "to": "ask"},
        {"from": "talk", "to": "pause"},
        {"from": "pause", "to": "bye"},
    ],
}
INN: dict[str, Any] = {
    "id": "inn",
    "name": "Inn",
    "meta": {"simulation": {"seed": 3, "mode": "turn_based"}, "narratives": {"evening": EVENING}},
    "npcs": [{"id": "bo", "name": "Bo", "components": {"core": {"affinity": 40}}}],
    "sessions": [{"id": "s1", "userId": "ann"}],
}
WHO = ("inn", "s1", "bo")


@pytest.fixture
def inn(tmp_path: Path) -> Path:
    file = tmp_path / "inn.json"
    file.write_text(json.dumps(INN))
    return file


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "data")


def narrative(cli: Cli, command: str, *more: str, status: int = 0) -> Any:
    return cli("narrative", command, *WHO, *more, status=status)


def talk(cli: Cli) -> str:
    """As far as the line that a provider makes: its request's id."""
    assert narrative(cli, "start", "evening")["detail"]["narrative"]["node"] == "ask"
    refused = narrative(cli, "choose", "kiss", status=1)
    assert "choice kiss is closed" in refused
    assert "Open are: stay" in refused
    found = narrative(cli, "choose", "stay")["detail"]["narrative"]
    assert (found["node"], found["waitsFor"]) == ("talk", "result")
    (request_id,) = found["pending"]["pendingDialogue"]
    return str(request_id)


def lands(cli: Cli, service: Any) -> None:
    """Steps until the line is there and waits for the player: the world never waits for it."""

    def there() -> bool:
        cli("world", "step", "inn")
        return bool(narrative(cli, "show")["waitsFor"] == "player")

    until(there, "the line is there", service)


def test_a_story_is_played_from_another_terminal(start: Start, inn: Path, cli: Cli) -> None:
    service = start("run", inn)
    cli.wait_for(service)
    assert narrative(cli, "show") is None
    request_id = talk(cli)
    cli("world", "step", "inn")
    assert cli("world", "show", "inn")["plan"]["systems"]["pendingContent"] == {
        "due": 1,
        "runs": 1,
        "waits": 0,
    }
    lands(cli, service)
    line = cli("npc", "component", "get", "inn", "bo", "dialogue", "--session", "s1")
    assert (line["requestId"], line["nodeId"]) == (request_id, "talk")
    assert line["result"]["speaker"] == "Bo"
    found = narrative(cli, "continue")["detail"]["narrative"]
    assert (found["node"], found["until"] - found["since"]) == ("pause", 90)
    cli("world", "advance", "inn", 89)
    assert narrative(cli, "show")["node"] == "pause"
    cli("world", "advance", "inn", 1)
    assert narrative(cli, "show")["text"] == "Good night."
    assert narrative(cli, "stop")["detail"]["narrative"]["outcome"] == "stopped"
    assert "no narrative runs" in narrative(cli, "continue", status=1)


def test_a_line_lands_once_though_worker_and_shard_are_killed(start: Start, inn: Path, cli: Cli) -> None:
    service = start("run", inn)
    cli.wait_for(service)
    request_id = talk(cli)
    for name in ("th-shard-0", "th-worker", "th-shard-0"):
        for process in service.named(name):
            process.kill()
        until(lambda: stepped(cli), f"the world goes on after {name} was killed", service)
    lands(cli, service)
    assert cli("generation", "list", "inn")["counts"] == {"succeeded": 1}
    line = cli("npc", "component", "get", "inn", "bo", "dialogue", "--session", "s1")
    assert (line["requestId"], line["nodeId"]) == (request_id, "talk")
    assert narrative(cli, "continue")["applied"]
    for process in service.named("th-shard-0"):
        process.kill()
    until(lambda: stepped(cli), "the world goes on", service)
    found = narrative(cli, "show")
    assert [entry["node"] for entry in found["history"]] == ["hello", "ask", "ask", "talk", "pause"]
    assert cli("world", "show", "inn")["status"] != "quarantined"


def stepped(cli: Cli) -> bool:
    """Whether the world took a step just now."""
    try:
        return bool(cli("world", "step", "inn", "--wait", 5)["applied"])
    except AssertionError:
        return False
