"""What was changed when: every input of a world is told with what became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from persistence.histories import KeptInput
from service.commands.inputs import to_json
from simulation.units import InputKind, Seq, Tick


def kept(**more: Any) -> KeptInput:
    values: dict[str, Any] = {
        "seq": Seq(7),
        "kind": InputKind.CONFIG,
        "payload": {"changes": {"timeScale": 30}},
        "recorded_at": 1_893_456_000.0,
        "tick": Tick(4),
        "applied": True,
        "detail": {"changed": {"timeScale": 30}},
        "branch": None,
    }
    return KeptInput(**{**values, **more})


def test_a_change_is_told_whole() -> None:
    assert to_json(kept()) == {
        "seq": 7,
        "kind": "config",
        "payload": {"changes": {"timeScale": 30}},
        "recordedAt": 1_893_456_000.0,
        "tick": 4,
        "applied": True,
        "detail": {"changed": {"timeScale": 30}},
        "undoneBy": None,
    }


def test_a_whole_definition_is_counted_and_not_shown() -> None:
    assert to_json(kept(payload={"x": "a" * 2_000}))["payload"] == {"characters": 2_009}


@pytest.mark.parametrize(
    ("more", "became"),
    [
        ({}, "applied after tick 4"),
        ({"tick": None, "applied": None, "detail": None}, "waits"),
        ({"applied": False, "detail": {"reason": "timeScale is 0"}}, "refused after tick 4: timeScale is 0"),
        ({"branch": 2}, "undone by rollback 2"),
    ],
)
def test_people_get_a_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: dict[str, Any], became: str
) -> None:
    from service import cli, histories

    def read(url: str, work: Callable[..., Any]) -> tuple[KeptInput, ...]:
        return (kept(**more),)

    monkeypatch.setattr(histories, "read", read)
    monkeypatch.setattr(histories, "database_url", lambda data, database: "sqlite://")
    shown = CliRunner().invoke(cli.app, ["world", "inputs", "inn", "--data", str(tmp_path)])
    row = shown.stdout.splitlines()[-1]
    assert row.startswith("7    2030-01-01 00:00:00  config")
    assert row.endswith(became)
