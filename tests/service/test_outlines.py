"""JSON is readable without brackets, and nothing of it is lost."""

from __future__ import annotations

from typing import Any

import pytest

from service.outlines import outline


def test_what_lies_inside_is_indented_under_its_key() -> None:
    value = {"core": {"trust": 2.46507, "met": True}, "tags": ["a", "b"], "none": None, "bare": {}}
    assert outline(value).splitlines() == [
        "core:",
        "  trust: 2.465",
        "  met: true",
        "tags: a, b",
        "none: -",
        "bare: none",
    ]


def test_a_list_of_objects_is_a_dash_each() -> None:
    assert outline({"last": [{"id": "nap", "at": 7_200}, {"of": {"id": "eat"}}]}).splitlines() == [
        "last:",
        "  - id: nap, at: 7,200",
        "  -",
        "    of:",
        "      id: eat",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [({}, "none"), ("", '""'), ("two\nlines", '"two\\nlines"'), ("plain", "plain")]
)
def test_single_values(value: Any, text: str) -> None:
    assert outline(value) == text
