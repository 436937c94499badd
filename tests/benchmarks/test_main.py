"""`python -m benchmarks`: which measures there are, and what stays in latest.json when only some are made."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.report import Measure, document


@pytest.fixture(autouse=True)
def latest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "LATEST", tmp_path / "latest.json")
    return tmp_path / "latest.json"


@pytest.mark.parametrize("name", command.NAMES)
def test_every_measure_is_a_file(name: str) -> None:
    assert callable(importlib.import_module(f"benchmarks.{name}").measures)


def test_a_measure_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str], latest: Path) -> None:
    assert command.main(["speed"]) == 2
    assert "no measure speed; there are decisions, whole" in capsys.readouterr().err
    assert not latest.exists()


def test_some_measures_leave_the_others_as_they_were(latest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cost = Measure("cost", 3.0, "ms", target=5.0, below=True, peers={"mesa": None})
    latest.write_text(document({"cpu": "x"}, [Measure("rate", 1.0, "a second", target=2.0), cost]))
    monkeypatch.setattr(command, "measured", lambda name, *, quick: [Measure("rate", 3.0, "a second", 2.0)])
    assert command.main(["small"]) == 0
    rate, kept = json.loads(latest.read_text())["measures"]
    assert (rate["ours"], rate["met"]) == (3.0, True)
    assert kept == cost.to_json()


def test_one_that_fails_says_so_and_the_others_are_made(
    capsys: pytest.CaptureFixture[str], latest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = Measure("small", None, "", because="it failed: killed")
    found = {"small": failed, "memory": Measure("memory", 1.0, "bytes")}
    monkeypatch.setattr(command, "measured", lambda name, *, quick: [found[name]])
    assert command.main(["small", "memory"]) == 1
    assert "not measured: it failed: killed" in capsys.readouterr().out
    assert len(json.loads(latest.read_text())["measures"]) == 2
