"""Errors a person will read, and the exit status that goes with each.

2 is for what was typed, or a file that it names: it is wrong whatever the worlds do.
1 is for everything else: it was understood, and a world, the service or the database refused it or failed.
What is so already is no error: it is done, and the answer says that nothing changed.
"""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote

DONE, FAILED, WRONG_USE = 0, 1, 2

EXIT_STATUS = (
    "Exit status: 0 done, also when it was so already; 1 understood, and refused or failed: by a world, the "
    "service or the database; 2 wrong use: what was typed, or a file that it names, cannot be right."
)
"""As `theatrum --help` says it."""


class ServiceError(RuntimeError):
    """What happened, because of what, and what to do: one sentence each."""

    status = FAILED

    def __init__(self, what: str, *, because: str = "", do: str = "") -> None:
        self.what, self.because, self.do = what, because, do
        found = _ended(f"{what}: {because}" if because else what)
        super().__init__(f"{found} {_ended(do[:1].upper() + do[1:])}" if do else found)


def _ended(text: str) -> str:
    """With a mark at the end. Its beginning may be a path or an id, and stays as it is written."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


class Unstartable(ServiceError):
    """The service cannot start until someone changes something."""


class ServiceNotRunning(ServiceError):
    """Nobody answers for this data folder."""

    def __init__(self, data: object, because: str) -> None:
        folder = quote(str(data))
        super().__init__(
            f"No service is running on {data}",
            because=because,
            do=f"Start one with `theatrum run --data {folder}` or `theatrum serve --data {folder}`.",
        )


class ServiceGone(ServiceError):
    """The service was there and does not answer any more."""


class ServiceEnded(ServiceGone):
    """Its Supervisor is gone, so no answer can come; one that is only slow raises ServiceGone."""


class Refusal(ServiceError):
    """The service said no."""

    @classmethod
    def of(cls, reason: str, *, do: str = "", path: str = "") -> Refusal:
        """One that names a place in a file is about that file: wrong use."""
        found = cls(f"Refused ({path})" if path else "Refused", because=reason, do=do)
        found.status = WRONG_USE if path else FAILED
        return found

    def from_here(self, data: Path) -> Refusal:
        """With commands that can be pasted: they say which folder, where it is not the one they look in."""
        found = Refusal(self.what, because=self.because, do=for_folder(self.do, data))
        found.status = self.status
        return found


def for_folder(text: str, data: Path) -> str:
    """A text whose commands, in backticks, are for the service on that folder."""
    return text if data == FOLDER else COMMAND.sub(rf"\1 --data {quote(str(data))}`", text)


FOLDER = Path("data")
"""Where commands look for the service."""
COMMAND = re.compile(r"(`theatrum [^`]*)`")


class WrongUse(ServiceError):
    """What was typed, or a file that it names, cannot be right."""

    status = WRONG_USE
