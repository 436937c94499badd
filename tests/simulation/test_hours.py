"""Opening hours: the first microsecond at which something is open, in any calendar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.calendar import HOUR, Calendar
from simulation.hours import Hours, both, unwrapped
from simulation.units import Micros

DAY = 24 * HOUR
DEFAULT = Calendar()
SHORT = Calendar(hour_us=HOUR, day_us=10 * HOUR, day_names=("One", "Two", "Three"), rest_days=frozenset())


@pytest.mark.parametrize(
    ("spans", "days", "at", "opens"),
    [
        ([(9, 17)], None, 9 * HOUR, 9 * HOUR),
        ([(9, 17)], None, 17 * HOUR - 1, 17 * HOUR - 1),
        ([(9, 17)], None, 17 * HOUR, DAY + 9 * HOUR),
        ([(9, 17)], None, 9 * HOUR - 1, 9 * HOUR),
        ([(9, 12), (14, 17)], None, 12 * HOUR, 14 * HOUR),
        ([(0, 5), (21, 24)], None, 5 * HOUR, 21 * HOUR),
        ([(0, 24)], {6}, 0, 6 * DAY),
        ([(0, 24)], {0}, DAY, 7 * DAY),
        ([(9, 17)], {0}, 17 * HOUR, 7 * DAY + 9 * HOUR),
        ([(9, 17)], {2}, 2 * DAY + 10 * HOUR, 2 * DAY + 10 * HOUR),
        ([], None, 0, None),
    ],
)
def test_it_opens_at_the_first_microsecond_that_suits(
    spans: list[tuple[int, int]], days: set[int] | None, at: int, opens: int | None
) -> None:
    hours = Hours(
        tuple((start * HOUR, end * HOUR) for start, end in spans), None if days is None else frozenset(days)
    )
    assert hours.opens(Micros(at), DEFAULT) == opens


def test_days_and_weeks_are_the_calendars_own() -> None:
    hours = Hours(((2 * HOUR, 3 * HOUR),), frozenset({1}))
    assert hours.opens(Micros(13 * HOUR), SHORT) == (10 + 30 + 2) * HOUR


@pytest.mark.parametrize(
    ("start", "end", "spans"),
    [
        (5, 7, [(5, 7)]),
        (21, 5, [(21, 24), (0, 5)]),
        (0, 24, [(0, 24)]),
        (21, 24, [(21, 24)]),
        (9, 0, [(9, 24)]),
    ],
)
def test_a_span_that_wraps_midnight_is_two(start: int, end: int, spans: list[tuple[int, int]]) -> None:
    assert unwrapped(start, end, 24) == spans


def test_only_what_lies_in_both_lists_is_open_in_both() -> None:
    assert both([(21, 24), (0, 5)], [(4, 6), (22, 23)]) == ((4, 5), (22, 23))
    assert both([(1, 2)], [(2, 3)]) == ()


TIMES = st.integers(0, 24).flatmap(lambda start: st.tuples(st.just(start), st.integers(0, 24)))


@given(
    st.lists(TIMES, max_size=4), st.none() | st.sets(st.integers(0, 6), min_size=1), st.integers(0, 30 * 24)
)
def test_the_time_it_opens_is_open_and_no_whole_hour_before_it_is(
    ranges: list[tuple[int, int]], days: set[int] | None, start: int
) -> None:
    found = sorted(span for low, high in ranges if low != high for span in unwrapped(low, high, 24))
    spans = tuple((low * HOUR, high * HOUR) for low, high in found)
    opens = Hours(spans, None if days is None else frozenset(days)).opens(Micros(start * HOUR), DEFAULT)

    def is_open(hour: int) -> bool:
        wanted = days is None or hour // 24 % 7 in days
        return wanted and any(low <= hour % 24 < high for low, high in found)

    expected = next((hour for hour in range(start, start + 8 * 24) if is_open(hour)), None)
    assert opens == (None if expected is None else expected * HOUR)
