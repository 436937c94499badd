"""What a service has loaded before it forks: its children find it there, and nobody looks through it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from service import warming

AHEAD = ("actors.archivist", "actors.generation_gate", "actors.shard", "alembic.command")
"""The modules of the three children of the supervisor, and what brings a database up to date."""


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[str], object]]:
    """Whom each loading of machine code would have told of compiling."""
    told: list[Callable[[str], object]] = []
    monkeypatch.setattr(warming, "warm", told.append)
    return told


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has imported what is to be loaded ahead."""
    for name in AHEAD:
        package, _, module = name.rpartition(".")
        known = import_module(name)
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys.modules[package], module, known)


@pytest.mark.usefixtures("forgotten", "warmed")
def test_the_code_of_every_child_is_there_before_the_first_is_forked() -> None:
    warming.load_ahead()
    assert [name for name in AHEAD if name not in sys.modules] == []


@pytest.mark.parametrize(
    ("compiles", "kept", "loads"), [(True, True, 1), (True, False, 0), (False, True, 0), (False, False, 0)]
)
def test_machine_code_is_loaded_where_it_is_kept_and_never_compiled_ahead(
    warmed: list[object],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    compiles: bool,
    kept: bool,
    loads: int,
) -> None:
    monkeypatch.setattr(warming, "COMPILES", compiles)
    monkeypatch.setattr(warming, "CODE_FOLDER", tmp_path if kept else tmp_path / "none")
    warming.load_ahead()
    assert len(warmed) == loads


def test_what_was_loaded_is_looked_through_no_more(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A list that holds itself is found by the search alone, and by none while it is out of it."""
    loaded: list[object] = []
    loaded.append(loaded)
    monkeypatch.setattr(warming, "COMPILES", True)
    monkeypatch.setattr(warming, "CODE_FOLDER", tmp_path)
    monkeypatch.setattr(warming, "warm", lambda _: loaded.append([loaded]))
    warming.load_ahead()
    searched = {id(one) for one in gc.get_objects()}
    assert id(loaded) not in searched
    assert id(loaded[-1]) not in searched, "machine code is loaded before, not after"
