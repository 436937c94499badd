"""Moments and numbers lose no digit that matters and have none that does not."""

from __future__ import annotations

import pytest

from service.moments import clock, moment, number, seconds, told_at

STANDARD = (86_400_000_000, 3_600_000_000, 60_000_000)
SHORT = (4_000_000_000, 1_000_000_000, 100_000_000)
"""A day of four hours of ten minutes of a hundred seconds."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 s"),
        (1_234_567, "1,234,567 s"),
        (1_234_567.25, "1,234,567.25 s"),
        (0.000001, "0.000001 s"),
        (100, "100 s"),
    ],
)
def test_seconds_keep_every_digit(value: float, text: str) -> None:
    assert seconds(value) == text


# 3 days = 259,200 s; 14 h = 50,400 s; 5 min = 300 s; together 309,900 s
# of the short day: 2 days of 4,000 s, 1 hour of 1,000 s, 2 minutes of 100 s; together 9,200 s
@pytest.mark.parametrize(
    ("value", "lengths", "text"),
    [
        (309_900, STANDARD, "day 3 14:05"),
        (309_907, STANDARD, "day 3 14:05:07"),
        (309_910, STANDARD, "day 3 14:05:10"),
        (309_900.000001, STANDARD, "day 3 14:05:00.000001"),
        (309_959.5, STANDARD, "day 3 14:05:59.5"),
        (9_250, SHORT, "day 2 01:02:50"),
        (86_400 * 1_000, STANDARD, "day 1,000 00:00"),
    ],
)
def test_a_moment_is_told_by_the_calendar_and_can_be_told_back(
    value: float, lengths: tuple[int, int, int], text: str
) -> None:
    assert moment(value, lengths) == text
    assert told_at(text, 0, lengths) == round(value * 1_000_000)


@pytest.mark.parametrize(
    ("text", "seconds_"),
    [("22:00", 5 * 86_400 + 79_200), ("day 2, 22:00", 2 * 86_400 + 79_200), (" 0:00 ", 5 * 86_400)],
)
def test_a_time_without_a_day_is_of_the_same_day(text: str, seconds_: int) -> None:
    assert told_at(text, 5, STANDARD) == seconds_ * 1_000_000


@pytest.mark.parametrize(
    "text", ["24:00", "23:60", "10:30:60", "noon", "day two 10:00", "day -1 10:00", "10"]
)
def test_a_time_that_no_day_has_is_none(text: str) -> None:
    assert told_at(text, 0, STANDARD) is None


def test_another_calendar_tells_it_another_way() -> None:
    # 9,250 s = 2 days of 4,000 s, 1 hour of 1,000 s, 2 minutes of 100 s, 50 s
    assert clock(9_250, SHORT) == "day 2 01:02"


def test_without_a_calendar_there_are_only_seconds() -> None:
    assert clock(90, None) == moment(90, None) == "90 s"


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.465070943757371, "2.465"), (50.0, "50"), (-0.0001, "0"), (1e9, "1,000,000,000"), (100, "100")],
)
def test_numbers_are_rounded_for_reading(value: float, text: str) -> None:
    assert number(value) == text
