"""Installed plug-ins are found by their entry points, in every command that reads world files."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service import plugins
from service.cli import app

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugins" / "theatrum-weather"


def test_the_example_is_installed_and_loads() -> None:
    assert "theatrum_weather:plugin" in {ref.target for ref in plugins.refs()}
    assert plugins.installed().by_id["weather"].version == "1.0.0"


def test_of_two_with_one_id_the_first_by_target_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [EntryPoint("b", "z:plugin", plugins.GROUP), EntryPoint("a", "two:plugin", plugins.GROUP)]
    found += [EntryPoint("a", "one:plugin", plugins.GROUP)]
    monkeypatch.setattr(plugins, "entry_points", lambda group: found)
    plugins.refs.cache_clear()
    try:
        assert [(ref.id, ref.target) for ref in plugins.refs()] == [("a", "one:plugin"), ("b", "z:plugin")]
    finally:
        plugins.refs.cache_clear()


def test_check_knows_the_names_of_installed_plug_ins(tmp_path: Path) -> None:
    world = EXAMPLE / "quay.json"
    assert CliRunner().invoke(app, ["check", str(world)]).exit_code == 0
    bad = tmp_path / "quay.json"
    bad.write_text(world.read_text().replace("plugin:weather:is", "plugin:weather:was"))
    found = CliRunner().invoke(app, ["check", str(bad), "--json"])
    (problem,) = json.loads(found.stdout)["problems"]
    assert (problem["nearest"], problem["value"]) == ("plugin:weather:is", "'plugin:weather:was'")


def test_why_names_the_factors_of_plug_ins() -> None:
    found = CliRunner().invoke(app, ["why", str(EXAMPLE / "quay.json"), "ann", "--json"])
    (first, *_) = json.loads(found.stdout)["candidates"]
    assert list(first["factors"])[-1] == "plugin:weather:shelter"
