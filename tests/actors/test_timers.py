"""Thespian's timers, as every process here has them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from thespian.system.timing import ExpirationTimerView

from actors import shell


@pytest.mark.parametrize(
    ("left_s", "expected"),
    [
        (2.5, timedelta(seconds=2.5)),
        (3e-7, shell.SHORTEST),
        (0.0, timedelta(0)),
        (-1.0, timedelta(0)),
    ],
)
def test_a_timer_that_is_not_over_has_something_left(left_s: float, expected: timedelta) -> None:
    """A wait of zero is taken for none at all: whoever it was for would wait for ever."""
    view = ExpirationTimerView(None, 1.0 + left_s, 1.0)
    assert (view.remaining(), view.expired()) == (expected, left_s <= 0)


def test_a_timer_without_an_end_has_none() -> None:
    assert ExpirationTimerView(None, None, 1.0).remaining() is None
