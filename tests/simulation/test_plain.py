"""What no database, no state hash or no reader of JSON could hold is named, with its path."""

from __future__ import annotations

import pytest

from simulation.plain import DEPTH_MAX, why_not_plain


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": float("nan")}, "$.a: is nan"),
        ({"a": [1, float("inf")]}, "$.a[1]: is inf"),
        ({"a": 10**309}, "$.a: is a whole number with hundreds of digits"),
        ({"a": {"b": "\ud800"}}, "$.a.b: the text has half a letter"),
        ({"a": "x\0"}, "$.a: the text has half a letter, or the letter U+0000"),
        ({"\udfff": 1}, r"$: the key '\udfff' is none"),
        ({1: 1}, "$: the key 1 is none"),
        ({"a": b""}, "$.a: is a bytes"),
        (nested(DEPTH_MAX + 1), "nested too deep; allowed: at most 64 levels"),
        (nested(100_000), "nested too deep"),
    ],
)
def test_what_cannot_be_kept_is_named(value: object, says: str) -> None:
    assert says in why_not_plain(value, "$")


@pytest.mark.parametrize(
    "value", [None, True, -(10**308), 1e308, "", "\U0001f600é", {"": {"__proto__": []}}, nested(DEPTH_MAX)]
)
def test_everything_else_is_plain(value: object) -> None:
    assert why_not_plain(value, "$") == ""
