"""`theatrum generate`: files that `theatrum check` accepts, and refusals that say what is allowed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from service import world_files
from service.cli import main
from service.commands import generate

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """`cli("generate", ...)`: exit status, standard output and standard error of the command line."""

    def run(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["theatrum", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run


def test_what_is_generated_is_sound(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "town.json"
    status, out, _ = cli("generate", "--people", 700, "--seed", 7, "-o", file, "--json")
    assert (status, json.loads(out)) == (
        0,
        {"file": str(file), "id": "town-700-7", "people": 700, "seed": 7, "bytes": file.stat().st_size},
    )
    status, out, _ = cli("check", file)
    assert status == 0
    assert "Town of 700 is sound: 700 people" in out
    assert "warning" not in out


def test_the_same_seed_writes_the_same_bytes(cli: Cli, tmp_path: Path) -> None:
    written = []
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        cli("generate", "--people", 50, "--seed", seed, "--id", "t", "-o", tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1] != written[2]


def test_long_work_says_how_far_it_is(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "SAY_EVERY", 40)
    _, out, said = cli("generate", "--people", 100, "-o", tmp_path / "town.json", "--json")
    assert said.splitlines() == ["40 of 100 people", "80 of 100 people"]
    assert json.loads(out)["people"] == 100


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--people", 0), "--people is 0: it may be 1 to 1000000"),
        (("--people", -5), "--people is -5: it may be 1 to 1000000"),
        (("--people", 1_000_001), "--people is 1000001: it may be 1 to 1000000"),
        (("--people", 5, "--seed", -1), "--seed is -1: it may be 0 to"),
        (("--people", "many"), "Invalid value for '--people'"),
    ],
)
def test_bad_numbers_are_refused(cli: Cli, tmp_path: Path, args: tuple[object, ...], says: str) -> None:
    status, out, said = cli("generate", *args, "-o", tmp_path / "town.json")
    assert (status, out) == (2, "")
    assert says in said
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_unless_forced(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text("precious")
    status, _, said = cli("generate", "--people", 5, "-o", file)
    assert (status, file.read_text()) == (2, "precious")
    assert f"{file} exists" in said
    assert "--force" in said
    assert cli("generate", "--people", 5, "-o", file, "--force")[0] == 0
    assert len(json.loads(file.read_text())["npcs"]) == 5


def test_a_place_that_cannot_be_written_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert "is a directory" in cli("generate", "--people", 5, "-o", tmp_path)[2]
    status, _, said = cli("generate", "--people", 5, "-o", tmp_path / "nowhere" / "town.json")
    assert status == 2
    assert f"there is no folder {tmp_path / 'nowhere'}" in said


def test_a_file_too_large_to_load_is_not_left_behind(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world_files, "WORLD_FILE_BYTES_MAX", 200_000)
    status, _, said = cli("generate", "--people", 1_000, "-o", tmp_path / "town.json")
    assert status == 2
    assert "more than 200000 bytes" in said
    assert list(tmp_path.iterdir()) == []


def test_an_id_the_database_cannot_hold_is_refused(cli: Cli, tmp_path: Path) -> None:
    status, _, said = cli("generate", "--people", 5, "--id", "x" * 300, "-o", tmp_path / "town.json")
    assert status == 2
    assert "--id" in said
    assert list(tmp_path.iterdir()) == []
