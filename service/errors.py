"""Errors a person will read, and the exit status that goes with each."""

from __future__ import annotations

DONE, FAILED, WRONG_USE = 0, 1, 2


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
        super().__init__(
            f"No service is running on {data}",
            because=because,
            do=f"Start one with `theatrum run --data {data}` or `theatrum serve --data {data}`.",
        )


class ServiceGone(ServiceError):
    """The service was there and does not answer any more."""


class ServiceEnded(ServiceGone):
    """Its Supervisor is gone, so no answer can come; one that is only slow raises ServiceGone."""


class Refusal(ServiceError):
    """The service said no."""

    @classmethod
    def of(cls, reason: str, *, do: str = "", path: str = "") -> Refusal:
        """One that names a place in a document is about what was given: wrong use."""
        found = cls(f"Refused ({path})" if path else "Refused", because=reason, do=do)
        found.status = WRONG_USE if path else FAILED
        return found


class WrongUse(ServiceError):
    """The command line does not make sense."""

    status = WRONG_USE
