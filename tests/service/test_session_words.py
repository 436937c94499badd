"""What the session commands make of words and files: nothing is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.commands.session import kept_in, wanted_of
from service.errors import WrongUse
from simulation.definitions import WorldFileInvalid

SESSION: dict[str, Any] = {"id": "s1", "locationId": "inn", "flags": {"met": True}, "version": 3}

Cli = Callable[..., tuple[int, str, str]]


def test_changes_of_one_key_come_together() -> None:
    found = wanted_of(["flags.met=true", "flags.lamp.lit=null", "inventory.lamp=2", "sceneId=ball"])
    assert found == {"flags": {"met": True, "lamp.lit": None}, "inventory": {"lamp": 2}, "sceneId": "ball"}


def test_a_whole_key_and_more_of_it_come_together() -> None:
    assert wanted_of(['flags={"met": 1}', "flags.lamp=2"]) == {"flags": {"met": 1, "lamp": 2}}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        (["flags.met=1", "flags.met=2"], "flags.met"),
        (["sceneId=ball", "sceneId=yard"], "sceneId"),
        (["flags.met=1", 'flags={"lamp": 2}'], "flags"),
        (['flags={"met": 1}', "flags.met=2"], "flags.met"),
    ],
)
def test_what_is_said_twice_is_refused(changes: list[str], key: str) -> None:
    with pytest.raises(WrongUse, match=rf"{key} is given twice\. Give each key once\."):
        wanted_of(changes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("scenId=ball", "Did you mean sceneId?"),
        ("expectedVersion=3", "it may be locationId, sceneId, cast, flags, inventory, npcs."),
        ("sessionId=s2", "it may be locationId, sceneId, cast, flags, inventory, npcs."),
    ],
)
def test_what_no_session_changes_is_refused_with_what_it_does(change: str, says: str) -> None:
    with pytest.raises(WrongUse) as refused:
        wanted_of([change])
    assert says in str(refused.value)


@pytest.mark.parametrize("change", ["flags", "=1", ".met=1"])
def test_what_is_no_change_is_refused(change: str) -> None:
    with pytest.raises(WrongUse, match=r"is no change: write key=value, such as sceneId=ball\."):
        wanted_of([change])


@pytest.mark.parametrize(
    "printed", [SESSION, {"world": "inn", "detail": {"sessionId": "s1", "session": SESSION}}]
)
def test_a_session_comes_back_as_show_or_leave_printed_it(printed: object, tmp_path: Path) -> None:
    file = tmp_path / "s1.json"
    file.write_text(json.dumps(printed))
    assert kept_in(file) == SESSION


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorldFileInvalid, match="does not exist"):
        kept_in(tmp_path / "s1.json")


@pytest.mark.parametrize(
    "words",
    [
        ("npc", "metric", "add", "inn", "ann", "core.affinity", "-10"),
        ("npc", "metric", "set", "inn", "ann", "mood.valence", "-2.5"),
    ],
)
def test_a_negative_number_is_no_option(words: tuple[str, ...], cli: Cli, tmp_path: Path) -> None:
    """It is sent, and here nobody is there to answer."""
    status, _, said = cli(*words, "--data", tmp_path)
    assert (status, said.partition(":")[0]) == (1, f"No service is running on {tmp_path}")


def test_an_option_that_nobody_knows_is_refused_beside_a_number(cli: Cli, tmp_path: Path) -> None:
    assert cli("world", "advance", "inn", "5", "--dta", tmp_path)[0] == 2
