"""Many world files: whatever number of processes read them, the answer is as if one had."""

from __future__ import annotations

import gc
import json
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actors.garbage import uncollected
from messages.commits import Beginning, Snapshot
from service import checking
from service.checking import CheckedWorld, Checking, goes_on
from simulation.definitions import WorldFileInvalid
from simulation.units import Tick, WorldId
from stored import mark

CORES = 2


@pytest.fixture(autouse=True)
def cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: CORES)
    monkeypatch.setattr(checking, "FILES_A_PROCESS_MIN", 2)


def files_of(folder: Path, count: int, **other: Mapping[str, Any]) -> list[Path]:
    """World files w0, w1 and so on; those named in `other` hold that instead."""
    paths = []
    for n in range(count):
        name = f"w{n}"
        path = folder / f"{name}.json"
        path.write_text(json.dumps(other.get(name, {"id": name, "name": name.upper(), "meta": {}})))
        paths.append(path)
    return paths


HERE = os.getpid()
CHECK = checking.check


def killed_elsewhere(path: Path) -> object:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return CHECK(path)


def searching(path: Path) -> object:
    """A world, if whoever reads it looks for cycles in what they read and in nothing else."""
    return CHECK(path if os.getpid() != HERE and gc.isenabled() and gc.get_freeze_count() else path.parent)


@pytest.mark.parametrize("count", [1, 3, 9])
def test_worlds_come_in_the_order_of_their_files(tmp_path: Path, count: int) -> None:
    """One and three are read by this process, nine by two others."""
    worlds = Checking(files_of(tmp_path, count)).worlds()
    assert [(world.world_id, world.name) for world in worlds] == [(f"w{n}", f"W{n}") for n in range(count)]


def test_the_first_file_that_is_wrong_is_named_whoever_read_it(tmp_path: Path) -> None:
    paths = files_of(tmp_path, 9, w4={"id": "w4", "nmae": "W"}, w7={"id": 7.5})
    with pytest.raises(WorldFileInvalid) as refused:
        Checking(paths).worlds()
    assert refused.value.source == str(paths[4])
    assert "did you mean 'name'?" in str(refused.value)


def test_two_files_of_one_world_are_both_named(tmp_path: Path) -> None:
    paths = files_of(tmp_path, 9, w8={"id": "w2", "name": "Again", "meta": {}})
    with pytest.raises(WorldFileInvalid) as refused:
        Checking(paths).worlds()
    assert str(refused.value) == (
        f"{paths[8]}: id: has the id 'w2', and so has {paths[2]}; allowed: an id of its own"
    )


def test_a_reader_looks_for_cycles_in_what_it_reads_and_in_nothing_it_was_forked_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "check", searching)
    with uncollected():
        found = Checking(files_of(tmp_path, 9))
    assert len(found.worlds()) == 9


def test_when_a_reader_is_killed_the_files_are_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = files_of(tmp_path, 9)
    monkeypatch.setattr(checking, "check", killed_elsewhere)
    assert [world.world_id for world in Checking(paths).worlds()] == [f"w{n}" for n in range(9)]


def test_when_a_reader_is_killed_before_all_files_are_handed_out_they_are_read_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(ProcessPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise BrokenProcessPool("a reader ended")

    monkeypatch.setattr(checking, "ProcessPoolExecutor", Broken)
    worlds = Checking(files_of(tmp_path, 9)).worlds()
    assert [world.world_id for world in worlds] == [f"w{n}" for n in range(9)]


def checked(definition_hash: str, beginning: Beginning | None = None) -> CheckedWorld:
    return CheckedWorld(Path("w.json"), WorldId("w"), "W", definition_hash, b"", beginning)


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ((), ""),
        (("h1",), ""),
        (("h1", "h2", "h1"), ""),
        (("h2", "h1"), "w goes on as `theatrum world update` left it, not as w.json says."),
    ],
)
def test_a_file_that_a_world_goes_by_or_went_by_lets_it_go_on(stored: tuple[str, ...], said: str) -> None:
    """Its definition is the first of `stored`; the others it had before updates."""
    assert goes_on(checked("h1"), stored) == said


def test_a_file_is_told_of_by_its_name_whatever_bytes_are_in_it() -> None:
    world = replace(checked("h1"), path=Path(os.fsdecode(b"w\xff.json")))
    assert world.to_add("ask", fresh=False, generation=None).source == "w\\xff.json"


def test_a_file_that_a_world_never_went_by_is_refused_with_what_to_do() -> None:
    with pytest.raises(WorldFileInvalid, match=r"another definition.*`theatrum world update w w.json`"):
        goes_on(checked("h3"), ("h2", "h1"))


@pytest.mark.parametrize("stored", [("h1",), ("h2", "h1"), ("h2",)])
def test_an_exported_world_is_put_in_no_stored_ones_place(stored: tuple[str, ...]) -> None:
    begins = Beginning(mark=mark(3), snapshot=Snapshot(tick=Tick(3), ordinal=0, body=b""), requests=())
    with pytest.raises(WorldFileInvalid, match="stored already"):
        goes_on(checked("h1", begins), stored)
    assert goes_on(checked("h1", begins), ()) == ""
