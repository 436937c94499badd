"""Expressions can compare and calculate, and nothing else; whatever they are given, they end at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.expressions import EXPRESSION_CHARS_MAX, ExpressionInvalid, parse_expression

VALUES: dict[str, Any] = {
    "energy": 40,
    "flags.festival": True,
    "flags.guest": "ann",
    "activity": "fish",
    "mood.x": None,
}


def value(text: str) -> bool:
    return parse_expression(text).evaluate(VALUES.get)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("energy > 30", True),
        ("energy + 2 * 5 == 50", True),
        ("10 < energy <= 40", True),
        ("10 < energy < 40", False),
        ("not (energy > 30)", False),
        ("energy > 90 or flags.festival", True),
        ("energy > 90 or flags.festival and energy < 10", False),
        ("activity in ['fish', 'sleep']", True),
        ("activity not in ['fish']", False),
        ("mood.x == null", True),
        ("nobody.set.this == null", True),
        ("flags.festival == true", True),
        ("-energy // 7 == -6", True),
        ("energy % 7 == 5", True),
    ],
)
def test_what_an_expression_means(text: str, expected: bool) -> None:
    assert value(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "print('x')",
        "().__class__",
        "energy.__class__ == 1",
        "[x for x in [1]]",
        "lambda: 1",
        "energy ** 9",
        "energy if energy else 1",
        "{'a': 1}",
        "f'{energy}'",
        "energy := 1",
        "a[0]",
        "energy is 40",
        "1 << 99",
        "energy >",
        "",
        "(" * 300 + "1" + ")" * 300,
        " or ".join(["energy"] * 129),
        "1" * (EXPRESSION_CHARS_MAX + 1),
        b"\x00".decode(),
        "1or energy",
        "'\\d' == activity",
    ],
)
def test_everything_else_is_refused_when_the_world_loads(text: str) -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        parse_expression(text)
    assert "comparisons" in refused.value.allowed


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("energy / (energy - 40)", ZeroDivisionError),
        ("energy + flags.guest > 1", TypeError),
        ("energy < flags.guest", TypeError),
        ("mood.x + 1 > 0", TypeError),
        ("*".join(["99999999999999999999999999"] * 18) + " > 1", OverflowError),
    ],
)
def test_values_that_do_not_fit_raise_for_that_person(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        value(text)


@given(st.text(max_size=EXPRESSION_CHARS_MAX))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    try:
        expression = parse_expression(text)
    except ExpressionInvalid:
        return
    try:
        assert expression.evaluate(VALUES.get) in (True, False)
    except (TypeError, ValueError, ArithmeticError):
        """It is told, and its person tries again later."""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("energy + activity > 3", "calculates with `activity`, which is a text"),
        ("-activity == 1", "calculates with `activity`, which is a text"),
        ("energy * null > 3", "calculates with `null`, which is null"),
        ("[1] + 2 > 3", "calculates with `[1]`, which is a list"),
        ("energy // 0 > 3", "divides by 0"),
        ("flags.n % 0 == 1", "divides by 0"),
        ("energy > 'much'", "compares `energy`, which is a number, with `'much'`, which is a text"),
        ("tier < 3", "compares `tier`, which is a text, with `3`, which is a number"),
        ("1 < energy < activity", "compares `energy`, which is a number, with `activity`, which is a text"),
        ("hour >= null", "compares `hour`, which is a number, with `null`, which is null"),
        ("hour in 5", "looks in `5`, which is a number"),
        ("3 in tier", "looks for `3`, which is a number, in a text"),
        ("not (energy > 1 or hour in 5)", "looks in `5`, which is a number"),
        ("activity in ['fish', -tier]", "calculates with `tier`, which is a text"),
    ],
)
def test_what_raises_whoever_is_asked_is_refused_when_the_world_loads(text: str, says: str) -> None:
    with pytest.raises(ExpressionInvalid) as refused:
        parse_expression(text)
    assert str(refused.value) == says


@pytest.mark.parametrize(
    "text",
    [
        "energy > flags.limit",
        "flags.name + 1 > 2",
        "core.affinity / flags.by > 1",
        "activity == null or location != null",
        "tier > 'a'",
        "'fi' in activity",
        "flags.guest in activity",
        "activity in flags.done",
        "true + energy > 1",
        "[1, 2] < [3]",
        "whatever > 3",
        "energy / 2 > 0",
    ],
)
def test_what_may_fit_is_taken(text: str) -> None:
    assert parse_expression(text).text == text


def test_texts_that_names_are_compared_with_are_known() -> None:
    text = (
        "tier == 'active' and activity in ['fish', 3] or 'inn' != location or 'fi' in activity or energy < 3"
    )
    found = parse_expression(text).compared
    assert set(found) == {("tier", "active"), ("activity", "fish"), ("location", "inn")}
