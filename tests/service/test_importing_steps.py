"""Steps that hold their interaction get one of its own, which they name; what cannot go on is kept beside."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from service.importing.blocks import block_of
from service.importing.worlds import Imported, import_world
from service.world_files import body_of
from simulation.definitions import WorldFileInvalid

POUR = {"label": "Pour tea", "outcome": {"flagChanges": {"set": {"poured": True}}}}
SIT = {"label": "Sit down"}


def brought(steps: list[dict[str, Any]], interactions: Any = None, *, listed: bool = False) -> Imported:
    chains: Any = {"tea": {"steps": steps}}
    if listed:
        chains = [{"id": "tea", "steps": steps}]
    meta = {"chains": chains} | ({} if interactions is None else {"interactions": interactions})
    given = {"world": {"id": "w", "meta": meta}}
    before = copy.deepcopy(given)
    found = import_world(given, "file.json", "file")
    assert given == before, "what was given is nobody's to change"
    return found


@pytest.mark.parametrize("listed", [False, True])
@pytest.mark.parametrize(
    ("steps", "interactions", "named"),
    [
        # An id of its own, none, one given in the step.
        ([{"stepId": "a", "interaction": {"id": "pour", **POUR}}], None, {"a": "pour"}),
        ([{"stepId": "a", "interaction": POUR}], None, {"a": "tea.a"}),
        ([{"id": "a", "interaction": POUR, "interactionId": "pour"}], None, {"a": "pour"}),
        # The same twice is one; another under that id gets a name of its own, the same at every import.
        (
            [
                {"stepId": "a", "interaction": {"id": "pour", **POUR}},
                {"stepId": "b", "interaction": {"id": "pour", **POUR}},
                {"stepId": "c", "interaction": {"id": "pour", **SIT}},
            ],
            None,
            {"a": "pour", "b": "pour", "c": "tea.c"},
        ),
        ([{"stepId": "a", "interaction": {"id": "pour", **SIT}}], {"pour": POUR}, {"a": "tea.a"}),
        ([{"stepId": "a", "interaction": {"id": "pour", **POUR}}], {"pour": POUR}, {"a": "pour"}),
        (
            [{"stepId": "a", "interaction": {"id": "pour", **POUR}}],
            {"pour": SIT, "tea.a": SIT},
            {"a": "tea.a.2"},
        ),
        # However interactions are written down.
        ([{"stepId": "a", "interaction": POUR}], [{"id": "sit", **SIT}], {"a": "tea.a"}),
        ([{"stepId": "a", "interaction": POUR}], {"definitions": {"sit": SIT}}, {"a": "tea.a"}),
        # A name in its place.
        ([{"stepId": "a", "interaction": "sit"}], {"sit": SIT}, {"a": "sit"}),
        # Steps without one stay as they are.
        ([{"stepId": "a"}, {"stepId": "b", "interaction": POUR}], None, {"a": None, "b": "tea.b"}),
    ],
)
def test_a_step_names_the_interaction_that_it_held(
    steps: list[dict[str, Any]], interactions: Any, named: dict[str, str | None], listed: bool
) -> None:
    found = brought(steps, interactions, listed=listed)
    there = found.definition.chains["tea"].steps
    assert {name: step.interaction_id for name, step in there.items()} == named
    assert {name for name in named.values() if name} <= found.definition.interactions.keys()
    assert found.report.unmapped == []


def test_the_report_says_what_became_of_it() -> None:
    found = brought([{"stepId": "a", "interaction": POUR}])
    assert (
        "meta.chains.tea.steps[0].interaction",
        "meta.interactions.tea.a",
        "named by step a",
    ) in found.report.mapped
    assert found.document["meta"]["interactions"] == {"tea.a": {"id": "tea.a", **POUR}}
    assert found.document["meta"]["chains"]["tea"]["steps"] == [{"stepId": "a", "interactionId": "tea.a"}]


def test_an_interaction_that_is_no_object_is_kept_beside_and_said() -> None:
    found = brought([{"stepId": "a", "interaction": [1]}])
    assert found.document["meta"]["chains"]["tea"]["steps"] == [{"stepId": "a", "x-import-interaction": [1]}]
    assert [where for where, _ in found.report.unmapped] == ["meta.chains.tea.steps[0].interaction"]


# -- chains under way


@pytest.mark.parametrize("older", [False, True])
def test_a_chain_that_is_not_here_waits_beside_and_cooldowns_go_on(older: bool) -> None:
    kept = {"lastUsedAt": {"chat": 3}, "chainProgress": {"duel": {"currentStep": "draw", "at": 5}}}
    block = {"components": {}, "interactions": kept} if older else {"components": {"interactions": kept}}
    session = {"id": 1, "flags": {"npcs": {"npc:1": block}}}
    found = import_world({"sessions": [session], "npcs": [{"id": 1}]}, "file.json", "file")
    (there,) = found.definition.sessions
    assert there.npcs["1"]["interactions"] == {"lastUsedAt": {"chat": 3}, "chainProgress": {}}
    assert block_of(there.npcs["1"]) == block
    assert any("chainProgress.duel" in where for where, _ in found.report.unmapped)


# -- YAML


@pytest.mark.parametrize("name", ["pack.yaml", "pack.YML"])
def test_yaml_is_refused_with_how_to_convert_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("id: tea\nnodes: []\n")
    with pytest.raises(WorldFileInvalid, match="is YAML, which is not read; allowed: JSON, such as `yq"):
        body_of(path)


def test_the_command_refuses_yaml_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text("id: tea\n")
    command = [sys.executable, "-m", "theatrum", "import", str(path), "-o", str(tmp_path / "out.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert f"yq -o json {path} > {tmp_path / 'pack.json'}" in done.stderr


def test_json_in_a_file_of_that_name_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_text(json.dumps({"id": "tea"}))
    assert body_of(path) == b'{"id": "tea"}'
