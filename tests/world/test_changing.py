"""A world's definition, state and past in an operator's hands: updated, exported, imported, replayed."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.world_files import load
from waiting import until

pytestmark = pytest.mark.world

Start = Callable[..., Any]
Run = Callable[..., dict[str, Any]]
ROOT = Path(__file__).parents[2]


def write(file: Path, **changes: Any) -> Path:
    """A turn-based mill of three people; `changes` go into its activities."""
    activities = {
        "grind": {"category": "work", "effects": {"energyDeltaPerHour": -5}},
        "nap": {"category": "rest", "effects": {"energyDeltaPerHour": 10}},
        **changes.pop("activities", {}),
    }
    offered = [{"activityId": name, "weight": 1} for name in activities]
    routines = {"miller": {"nodes": [{"nodeType": "activity", "preferredActivities": offered}]}}
    people = changes.pop("people", ("ada", "bo", "cy"))
    document = {
        "id": "mill",
        "name": "Mill",
        "meta": {
            "simulation": {"seed": 5, "mode": "turn_based", **changes},
            "behavior": {"activities": activities, "routines": routines},
        },
        "npcs": [{"id": name, "personality": {"routineId": "miller"}} for name in people],
    }
    file.write_text(json.dumps(document))
    return file


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., Any]:
    """`cli("world", "list", data="d")`: what the command answers as JSON; its standard error, otherwise."""

    def ask(*args: object, data: str = "data", status: int = 0) -> Any:
        folder = str(tmp_path / data)
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--data", folder, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90, cwd=ROOT)
        assert done.returncode == status, (done.stdout, done.stderr)
        return json.loads(done.stdout) if done.stdout else done.stderr

    return ask


def is_open(service: Any, data: Path) -> None:
    door = data / "service.json"

    def is_its_own() -> bool:
        return door.exists() and json.loads(door.read_text())["pid"] == service.process.pid

    until(is_its_own, "the service is up", service)


def test_an_exported_world_goes_on_elsewhere_as_it_does_here(
    run: Run, cli: Callable[..., Any], towns: tuple[Path, ...], tmp_path: Path, hashes_of: Any
) -> None:
    """In the middle of a lockstep run, so that requests are awaited when it is exported."""
    here = run(towns[0], ticks=200)
    file = tmp_path / "lanternford.thtr"
    exported = cli("world", "export", "lanternford", "-o", file)
    assert (exported["tick"], exported["stateHash"]) == hashes_of(here)["lanternford"]
    there = run(file, ticks=100, data="there")
    assert hashes_of(there) == hashes_of(run(towns[0], ticks=100))
    assert there["worlds"][0]["tick"] == 300
    # It has a history here now: another one is not put in its place, unless that is asked for.
    assert "stored already" in cli("run", file, "--ticks", 1, data="there", status=2)
    again = run(file, ticks=100, data="there", fresh=True)
    assert hashes_of(again) == hashes_of(there)


def test_a_damaged_export_is_refused_before_anything_happens(
    run: Run, cli: Callable[..., Any], tmp_path: Path
) -> None:
    run(write(tmp_path / "mill.json"), ticks=5)
    file = tmp_path / "mill.thtr"
    cli("world", "export", "mill", "-o", file)
    body = bytearray(file.read_bytes())
    body[-1] ^= 1
    file.write_bytes(bytes(body))
    assert "checksum" in cli("run", file, "--ticks", 1, data="there", status=2)
    assert not (tmp_path / "there").exists()


def test_a_running_world_is_exported_and_added_to_another_service(
    start: Start, cli: Callable[..., Any], tmp_path: Path
) -> None:
    here, there = start("serve"), start("serve", data="there")
    is_open(here, tmp_path / "data")
    is_open(there, tmp_path / "there")
    cli("world", "add", write(tmp_path / "mill.json"))
    cli("world", "step", "mill", "-n", 20)
    file = tmp_path / "mill.thtr"
    exported = cli("world", "export", "mill", "-o", file)
    added = cli("world", "add", file, data="there")
    assert added == {"id": "mill", "resumed": False, "ran": False, "tick": 20}
    (shown,) = cli("world", "list", data="there")
    assert (shown["tick"], shown["stateHash"]) == (20, exported["stateHash"])
    for data in ("data", "there"):
        cli("world", "step", "mill", "-n", 20, data=data)
    assert cli("world", "list")[0]["stateHash"] == cli("world", "list", data="there")[0]["stateHash"]
    assert "stored already" in cli("world", "add", file, data="there", status=2)


def test_a_replay_says_whether_the_past_gives_the_present(
    run: Run, cli: Callable[..., Any], tmp_path: Path
) -> None:
    run(write(tmp_path / "mill.json"), ticks=30)
    kept = cli("replay", "mill")
    assert [(one["tick"], one["inputs"]) for one in kept] == [(0, 0), (30, 0)]
    found = cli("replay", "mill", "--from", kept[0]["snapshot"])
    assert (found["ticks"], found["same"]) == (30, True)
    with sqlite3.connect(tmp_path / "data" / "theatrum.db") as db:
        db.execute("UPDATE worlds SET mark = json_set(mark, '$.state_hash', 'f00d')")
    found = cli("replay", "mill", "--from", kept[0]["snapshot"], status=1)
    assert (found["expected"], found["same"]) == ("f00d", False)


def test_a_running_world_is_updated_and_remembers_it_when_killed(
    start: Start, run: Run, cli: Callable[..., Any], tmp_path: Path
) -> None:
    service = start("serve")
    is_open(service, tmp_path / "data")
    old = write(tmp_path / "mill.json")
    cli("world", "add", old)
    cli("world", "step", "mill", "-n", 10)
    sing = {"sing": {"category": "leisure", "effects": {"moodImpact": {"valence": 5}}}}
    new = write(tmp_path / "new.json", activities=sing, people=("cy", "dee", "ada"), timeScale=30)
    before = cli("world", "list")[0]
    dry = cli("world", "update", "mill", new, "--dry-run")
    shown = dry.pop("differences")
    assert dry == {"world": "mill", "dryRun": True, "tick": 10, "applied": True}
    assert [(one["section"], one["id"], one["change"]) for one in shown] == [
        ("meta.behavior.activities", "sing", "added"),
        ("meta.behavior.routines", "miller", "changed"),
        ("meta.simulation", "timeScale", "changed"),
        ("npcs", "bo", "removed"),
        ("npcs", "dee", "added"),
    ]
    assert cli("world", "list")[0] == before
    updated = cli("world", "update", "mill", new)
    assert updated["detail"]["differences"] == shown
    assert cli("npc", "show", "mill", "dee")["tier"] == "detailed"
    cli(
        "world", "export", "mill", "-o", tmp_path / "mill.thtr"
    )  # its newest snapshot is from before the update
    assert load(tmp_path / "mill.thtr").definition.definition_hash == updated["detail"]["definitionHash"]
    service.kill_tree()
    service = start("serve", "--json")
    is_open(service, tmp_path / "data")
    assert "no person 'bo'" in cli("npc", "show", "mill", "bo", status=1)
    assert cli("world", "config", "get", "mill")["timeScale"] == 30
    cli("world", "step", "mill", "-n", 10)
    kept = cli("replay", "mill")
    assert kept[0]["inputs"] < updated["seq"]  # taken before the update, by the old definition
    for one in kept:
        assert cli("replay", "mill", "--from", one["snapshot"])["same"]
    service.process.terminate()
    service.finish()
    assert run(new, ticks=5)["worlds"][0]["tick"] == 25
    assert run(old, ticks=5)["worlds"][0]["tick"] == 30
    assert cli("world", "export", "mill", "-o", tmp_path / "then.thtr")["tick"] == 30
    assert {npc.id for npc in load(tmp_path / "then.thtr").definition.npcs} == {"cy", "dee", "ada"}


def test_what_somebody_does_is_not_taken_from_a_running_world(
    start: Start, cli: Callable[..., Any], tmp_path: Path
) -> None:
    service = start("serve")
    is_open(service, tmp_path / "data")
    only = {"nap": {"category": "rest", "minDurationSeconds": 86400}}
    cli("world", "add", write(tmp_path / "mill.json", activities=only))
    cli("world", "step", "mill", "-n", 2)
    doing = cli("npc", "show", "mill", "ada")["components"]["behavior"]["currentActivityId"]
    document = json.loads((tmp_path / "mill.json").read_text())
    behavior = document["meta"]["behavior"]
    del behavior["activities"][doing]
    (node,) = behavior["routines"]["miller"]["nodes"]
    node["preferredActivities"] = [c for c in node["preferredActivities"] if c["activityId"] != doing]
    (tmp_path / "less.json").write_text(json.dumps(document))
    dry = cli("world", "update", "mill", tmp_path / "less.json", "--dry-run", status=1)
    assert not dry["applied"]
    assert f"ada does {doing}" in dry["reason"]
    said = cli("world", "update", "mill", tmp_path / "less.json", status=1)
    assert f"ada does {doing}" in said
    assert cli("world", "update", "mill", tmp_path / "mill.json")["detail"]["differences"] == []


def test_a_world_rolled_back_goes_on_from_there_as_it_would_have(
    start: Start, cli: Callable[..., Any], tmp_path: Path
) -> None:
    service = start("serve", "--json")
    is_open(service, tmp_path / "data")
    cli("world", "add", write(tmp_path / "mill.json"))
    cli("world", "step", "mill", "-n", 10)
    cli("world", "step", "mill", "-n", 10)
    straight = cli("world", "list")[0]
    cli("world", "config", "set", "mill", "timeScale=7")
    assert "SNAPSHOT is 5" in cli("world", "rollback", "mill", 5, status=1)
    first = cli("replay", "mill")[0]
    assert (first["tick"], first["inputs"]) == (0, 0)
    done = cli("world", "rollback", "mill", first["snapshot"])
    assert done == {"world": "mill", "branch": 1, "tick": 0, "ticksUndone": 20, "inputsUndone": 3}
    (told,) = cli("world", "history", "mill")["rollbacks"]
    del told["at"]
    assert told == {"branch": 1, "fromTick": 20, "toTick": 0, "inputsUndone": 3}
    assert cli("world", "config", "get", "mill")["timeScale"] == 60
    assert cli("world", "list")[0]["tick"] == 0
    cli("world", "step", "mill", "-n", 20)
    assert cli("world", "list")[0]["stateHash"] == straight["stateHash"]
    service.kill_tree()
    service = start("serve")
    is_open(service, tmp_path / "data")
    assert cli("world", "list")[0]["stateHash"] == straight["stateHash"]
    for one in cli("replay", "mill"):
        assert cli("replay", "mill", "--from", one["snapshot"])["same"]
