"""What a person reads when something is refused: whole sentences, and names as they are written."""

from __future__ import annotations

import pytest

from service.errors import FAILED, WRONG_USE, Refusal, ServiceError


@pytest.mark.parametrize(
    ("what", "because", "do", "text"),
    [
        ("town.json is a directory", "", "", "town.json is a directory."),
        ("$.a", "is gone", "look again", "$.a: is gone. Look again."),
        ("Refused", "no key 'x'; allowed: a, b, ...", "", "Refused: no key 'x'; allowed: a, b, ..."),
        ("Refused", "what is it?", "`theatrum x` says", "Refused: what is it? `theatrum x` says."),
    ],
)
def test_an_error_is_sentences_that_leave_names_alone(what: str, because: str, do: str, text: str) -> None:
    assert str(ServiceError(what, because=because, do=do)) == text


def test_a_refusal_that_names_a_place_is_wrong_use() -> None:
    assert Refusal.of("is taken", path="id").status == WRONG_USE
    assert Refusal.of("is taken").status == FAILED
