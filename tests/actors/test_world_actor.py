"""Actors take only what they know, and a handler that raised is never run twice on half-changed state."""

from __future__ import annotations

from typing import Any

import pytest

from actors.outbox import Outbox
from actors.shell import InnerActor, InnerSystem, UnknownMessage


class Counter(InnerActor):
    """Adds what it is told; raises on a text, having changed itself first."""

    inbox = (int, str, Outbox)

    def __init__(self) -> None:
        super().__init__()
        self.total = 0
        self.outbox = Outbox()

    def receive(self, message: Any, sender: Any) -> None:
        match message:
            case Outbox():
                self.outbox = message
            case int():
                self.total += message
                self.outbox.put(self.total)
            case _:
                self.total += 100
                raise ValueError(message)

    def crashed(self, message: object, trace: str) -> None:
        self.outbox.put((message, trace.strip().splitlines()[-1], self.total))


@pytest.fixture
def told() -> Any:
    inner, outbox = InnerSystem(), Outbox()
    address = inner.create(Counter)
    inner.tell(address, outbox)

    def tell(message: object) -> list[Any]:
        inner.tell(address, message)
        return outbox.take()

    return tell


def test_everything_a_message_sets_off_is_done_when_tell_returns(told: Any) -> None:
    assert told(2) == [2]
    assert told(3) == [5]


def test_a_handler_that_raised_is_reported_once_and_not_run_again(told: Any) -> None:
    """Thespian by itself would run it again, and the total would be 200."""
    assert told("bad") == [("bad", "ValueError: bad", 100)]


def test_a_message_nobody_taught_it_is_refused_with_a_remedy(told: Any) -> None:
    ((message, error, _),) = told(2.5)
    assert message == 2.5
    assert "Counter does not accept float: add it to the actor's `inbox`" in error


def test_an_unknown_message_is_an_error_that_names_both() -> None:
    with pytest.raises(UnknownMessage, match="Counter does not accept bytes"):
        Counter().check(b"")
