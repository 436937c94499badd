"""What an appointment will do is said as a command would say it."""

from __future__ import annotations

from typing import Any

import pytest

from service.commands.appointing import values_of


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ({"seconds": 3600.0}, "seconds=3,600"),
        ({"ticks": 1}, "ticks=1"),
        ({"flags": {"fair": True, "mist": None}}, "fair=true, mist=null"),
        ({}, "-"),
    ],
)
def test_it_is_told_in_words(payload: dict[str, Any], text: str) -> None:
    assert values_of(payload) == text
