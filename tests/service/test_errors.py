"""What a person reads when something is refused: whole sentences, and names as they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.errors import FAILED, FOLDER, WRONG_USE, Refusal, ServiceError, ServiceNotRunning, for_folder


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


def test_commands_can_be_pasted_whatever_is_in_ids_and_folders() -> None:
    said = "`theatrum world add 'my town'` brings it back; $.a may be `x`."
    assert for_folder(said, FOLDER) == said
    there = "`theatrum world add 'my town' --data 'my data'` brings it back; $.a may be `x`."
    assert for_folder(said, Path("my data")) == there
    refused = Refusal.of("is gone", do="`theatrum world list` says.", path="id").from_here(Path("d"))
    assert str(refused) == "Refused (id): is gone. `theatrum world list --data d` says."
    assert refused.status == WRONG_USE
    assert "`theatrum run --data 'my data'`" in str(ServiceNotRunning("my data", "nobody answers"))


def test_a_refusal_that_names_a_place_is_wrong_use() -> None:
    assert Refusal.of("is taken", path="id").status == WRONG_USE
    assert Refusal.of("is taken").status == FAILED
