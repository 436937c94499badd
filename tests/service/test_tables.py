"""Tables are whole in a pipe and fit a terminal, as far as words allow."""

from __future__ import annotations

from service.tables import cells, table

HEADS = ("person", "decides next")
ROWS = [("Ann", "day 0 07:00"), ("Ilse von Saltby", "-")]


def test_a_table_is_as_wide_as_what_is_in_it() -> None:
    assert table(HEADS, ROWS).splitlines() == [
        "person           decides next",
        "---------------  ------------",
        "Ann              day 0 07:00",
        "Ilse von Saltby  -",
    ]


def test_on_a_narrow_terminal_the_widest_cells_go_on_a_line_below() -> None:
    """15 + 2 + 12 columns are 29; with Saltby below, the first needs 8, and they are 22."""
    assert table(HEADS, ROWS, 24).splitlines() == [
        "person    decides next",
        "--------  ------------",
        "Ann       day 0 07:00",
        "Ilse von  -",
        "Saltby",
    ]


def test_heads_fold_too_and_their_rule_stays_below_them() -> None:
    lines = table(HEADS, ROWS[:1], 15).splitlines()
    assert lines == ["person  decides", "        next", "------  -------", "Ann     day 0", "        07:00"]


def test_no_word_is_broken_however_narrow_it_is() -> None:
    lines = table(("id",), [("0123456789",), ("a b",)], 4).splitlines()
    assert lines == ["id", "----------", "0123456789", "a b"]


def test_letters_that_take_two_columns_count_as_two() -> None:
    assert cells("港町") == 4
    assert table(("a", "b"), [("港町 港町", "x")], 8).splitlines() == [
        "a     b",
        "----  -",
        "港町  x",
        "港町",
    ]
