"""Where a run shows its progress: a line that is rewritten, a line a second, or nowhere."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import Protocol


class Screen(Protocol):
    """Where progress is shown."""

    @property
    def width(self) -> int | None:
        """Characters of a line; None: as many as it takes."""

    def banner(self, text: str) -> None: ...
    def status(self, line: str) -> None: ...
    def done(self) -> None: ...


class Quiet:
    """No progress: for machines."""

    width = None

    def banner(self, text: str) -> None:
        """Nothing."""

    def status(self, line: str) -> None:
        """Nothing."""

    def done(self) -> None:
        """Nothing."""


class Terminal:
    """A line that is rewritten on a terminal, a line a second in a pipe."""

    def __init__(self, write: Callable[[str], object] = sys.stdout.write) -> None:
        self._write = write
        self._live = sys.stdout.isatty()
        self._shown = False
        self._said = {""}
        """What need not be said again: the actor system may start more than once."""

    @property
    def width(self) -> int | None:
        """A line that is rewritten must not wrap; in a pipe nothing is cut."""
        return shutil.get_terminal_size((160, 24)).columns if self._live else None

    def banner(self, text: str) -> None:
        if text in self._said:
            return
        self._said.add(text)
        self._write(text + "\n")
        sys.stdout.flush()

    def status(self, line: str) -> None:
        self._write(f"\r\x1b[2K{line}" if self._live else line + "\n")
        self._shown = True
        sys.stdout.flush()

    def done(self) -> None:
        if self._live and self._shown:
            self._write("\n")
