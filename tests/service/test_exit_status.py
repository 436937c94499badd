"""One rule for exit statuses: 2 for what was typed or a file it names, 1 for what worlds say, 0 for done."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.commands.amounts import micros_of, ticks_of
from service.errors import DONE, FAILED, WRONG_USE, WrongUse
from service.world_files import unwritten

Cli = Callable[..., tuple[int, str, str]]

FILES: dict[str, tuple[object, ...]] = {
    "generate": ("generate", "--people", 1, "-o"),
    "import": ("import", "given.json", "-o"),
    "export": ("world", "export", "inn", "-o"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given.json").write_text(json.dumps({"activities": {}}))
    return tmp_path


def test_help_says_what_each_status_means(cli: Cli) -> None:
    status, out, _ = cli("--help")
    said = " ".join(out.split())
    assert status == DONE
    for part in ("0 done, also when it was so already", "1 understood, and refused or failed", "2 wrong use"):
        assert part in said


@pytest.mark.parametrize("command", FILES)
@pytest.mark.parametrize(
    ("output", "because"),
    [
        ("nowhere/out.json", "there is no folder nowhere"),
        (".", "it is a directory"),
        ("given.json", "nothing is overwritten unasked"),
        ("given.json/out.json", "there is no folder given.json"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_file_that_cannot_be_written_is_wrong_use(
    cli: Cli, command: str, output: str, because: str
) -> None:
    if command == "export" and len(output) == 300:
        output, because = "given.json", "unasked"  # nothing is stored here: only a write would tell
    status, out, said = cli(*FILES[command], output)
    assert (status, out) == (WRONG_USE, "")
    assert said.startswith(f"File {output} ")
    assert because in said


@pytest.mark.parametrize(
    ("number", "status"), [(errno.EACCES, WRONG_USE), (errno.ENOSPC, FAILED), (errno.EDQUOT, FAILED)]
)
def test_a_full_disk_is_nothing_that_was_typed(number: int, status: int) -> None:
    found = unwritten(Path("out.json"), OSError(number, "why"))
    assert (found.status, str(found)) == (status, "File out.json cannot be written: why.")


def test_old_names_of_options_are_still_understood(cli: Cli) -> None:
    assert cli("generate", "--people", 1, "--out", "new.json")[0] == DONE
    assert cli("generate", "--people", 1, "--output", "newer.json")[0] == DONE


def test_a_data_folder_that_cannot_be_one_is_wrong_use(cli: Cli, folder: Path) -> None:
    inside = folder / "given.json" / "data"
    assert cli("run", "--data", inside, "--ticks", 1)[0] == WRONG_USE


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("world", "advance", "inn", "abc"), "SECONDS is abc: it may be game seconds above 0"),
        (("world", "advance", "inn", "-5"), "SECONDS is -5"),
        (("world", "advance", "inn", "--real", "abc"), "SECONDS is abc: it may be a number above 0."),
        (("world", "advance", "inn", "--real", "-1.5"), "SECONDS is -1.5"),
        (("world", "advance", "inn", "0"), "SECONDS is 0"),
        (("world", "advance", "inn", "0.0000001"), "at most six decimals"),
        (("world", "step", "inn", "-n", "1000001"), "-n is 1000001: it may be 1 to 1,000,000."),
        (("world", "appoint", "inn", "--at", "2030-01-31T18:00:00Z", "--ticks", "0"), "--ticks is 0"),
        (("world", "appoint", "inn", "--at", "2030-01-31T18:00:00Z", "--advance", "nan"), "--advance is nan"),
        (("world", "appoint", "inn", "--at", "2030-01-31T18:00:00Z", "--flag", "a"), "key=value"),
        (("session", "update", "inn", "s1", "scenId=ball"), "Did you mean sceneId?"),
        (("interaction", "do", "inn", "s1", "ann", "greet", "--params", "[]"), "it is a JSON object"),
    ],
)
def test_what_can_never_be_right_is_wrong_use_and_nobody_is_asked(
    cli: Cli, words: tuple[str, ...], says: str
) -> None:
    """Nobody runs here to be asked: that would be status 1."""
    status, _, said = cli(*words)
    assert status == WRONG_USE
    assert says in said


@pytest.mark.parametrize(
    "words",
    [
        ("world", "advance", "inn", "0.000001"),
        ("world", "advance", "inn", "1e12"),
        ("world", "step", "inn", "--ticks", "1000000"),
        ("world", "step", "inn", "-n", "1"),
        ("world", "appoint", "inn", "--at", "2030-01-31T18:00:00Z", "--step", "2"),
        ("chain", "step", "inn", "s1", "ann", "courting", "--step", "dance", "--expected-version", "2"),
        ("replay", "inn", "--from", "7"),
        ("world", "rollback", "inn", "7"),
        ("world", "export", "inn", "--out", "new.thtr"),
    ],
)
def test_what_may_be_right_is_asked(cli: Cli, words: tuple[str, ...]) -> None:
    status, _, said = cli(*words)
    assert status == FAILED
    assert said.startswith(("No service is running on data", "Nothing is stored on data"))


@pytest.mark.parametrize("data", ["given.json", "x" * 5_000])
@pytest.mark.parametrize("words", [("world", "list"), ("replay", "inn"), ("world", "add", "x" * 5_000)])
def test_a_data_folder_that_is_none_holds_no_service(cli: Cli, data: str, words: tuple[str, ...]) -> None:
    status, _, said = cli(*words, "--data", data)
    assert status == FAILED
    assert said.startswith((f"No service is running on {data}", f"Nothing is stored on {data}"))


def test_bounds_are_what_a_world_takes() -> None:
    assert (ticks_of(1, "-n"), ticks_of(1_000_000, "-n")) == (1, 1_000_000)
    assert micros_of("1.5", "x") == 1_500_000
    assert micros_of("0", "x") == 0
    for text in ("1e400", "true", '"5"', "1000000000000.5", "9" * 5_000):
        with pytest.raises(WrongUse):
            micros_of(text, "x")


VERSIONED: list[tuple[tuple[str, ...], str]] = [
    *(
        (("chain", op, "inn", "s1", "ann", "courting"), "chain")
        for op in ("start", "step", "skip", "abandon")
    ),
    (("narrative", "start", "inn", "s1", "ann", "the-tale"), "narrative"),
    (("narrative", "choose", "inn", "s1", "ann", "yes"), "narrative"),
    (("narrative", "continue", "inn", "s1", "ann"), "narrative"),
    (("narrative", "stop", "inn", "s1", "ann"), "narrative"),
    (("intent", "accept", "inn", "s1", "0123456789abcdef"), "intent"),
    (("intent", "dismiss", "inn", "s1", "0123456789abcdef"), "intent"),
    (("interaction", "do", "inn", "s1", "ann", "greet"), "interact"),
    (("session", "move", "inn", "s1", "--location", "yard"), "session_update"),
    (("session", "update", "inn", "s1", "sceneId=ball"), "session_update"),
    (("session", "leave", "inn", "s1"), "session_leave"),
]


class Asked(Exception):
    """Instead of an answer."""


@pytest.mark.parametrize(("words", "kind"), VERSIONED)
def test_whatever_changes_a_session_may_say_which_version_was_seen(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], kind: str
) -> None:
    asked: list[dict[str, Any]] = []

    def answer(data: Path, world_id: str, of: Any, payload: dict[str, Any], wait_s: float) -> None:
        asked.append({"kind": str(of), **payload})
        raise Asked

    monkeypatch.setattr("service.commands.asking._answer", answer)
    for option in (("--expect-version", "3"), ()):
        with pytest.raises(Asked):
            cli(*words, *option)
    with_it, without = asked
    assert with_it.pop("expectedVersion") == 3
    assert with_it == without
    assert without["kind"] == kind


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("ab", "ab"),
        ("abc", "abcd0123456789abcdef"),
        ("x", "x"),
        ("abcd0123456789abcdef", "abcd0123456789abcdef"),
    ],
)
def test_the_beginning_of_an_intents_id_is_enough_where_one_begins_so(
    monkeypatch: pytest.MonkeyPatch, typed: str, sent: str
) -> None:
    from service.commands import intent

    inbox = [{"id": "abcd0123456789abcdef"}, {"id": "abff0123456789abcdef"}]
    monkeypatch.setattr(intent, "ask", lambda *_, **__: SimpleNamespace(view={"inbox": inbox}))
    assert intent._whole(Path("data"), "inn", "s1", typed) == sent
