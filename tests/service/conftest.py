"""The command line as a function, and every test's log on the standard error of its own time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest
import structlog

from actors.logs import configure
from service.cli import main

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    configure("error", "console")
    yield
    structlog.reset_defaults()  # the next test's standard error is another one


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """`cli("check", FILE)`: exit status, standard output and standard error of the command line."""

    def run(*args: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["theatrum", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            main()
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out, shown.err

    return run
