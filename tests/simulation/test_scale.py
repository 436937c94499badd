"""Energy and relationships are integers: settling at once is settling step by step, to the last bit."""

from hypothesis import given
from hypothesis import strategies as st

from simulation.kernels import moved
from simulation.scale import FULL, UNITS, settle, span_to_saturate, to_points, to_units

HOUR = 3_600_000_000
RATES = st.integers(-1_000_000, 1_000_000)
LEVELS = st.integers(0, FULL)


def test_an_hour_at_twelve_an_hour_costs_twelve_points() -> None:
    assert to_points(settle(to_units(50.0), -12_000, HOUR)) == 38.0


def test_a_minute_at_a_thousandth_an_hour_is_not_lost() -> None:
    assert settle(0, 1, 60_000_000) == 60_000_000


@given(LEVELS, RATES, st.lists(st.integers(0, 10**15), max_size=8))
def test_closed_form_equals_step_by_step_exactly(start, rate, steps) -> None:
    stepped = start
    for step in steps:
        stepped = settle(stepped, rate, step)
    assert stepped == settle(start, rate, sum(steps))


@given(LEVELS, RATES, st.integers(0, 2**62))
def test_values_stay_on_the_scale_after_any_time(start, rate, elapsed) -> None:
    assert 0 <= settle(start, rate, elapsed) <= FULL


@given(LEVELS, RATES, st.integers(0, 2**62))
def test_a_crowd_settles_like_one(units, rate, elapsed) -> None:
    assert moved(units, rate, span_to_saturate(rate), elapsed) == settle(units, rate, elapsed)


@given(st.integers(0, 100_000_000_000).map(lambda n: n / 10**9))
def test_points_survive_the_way_there_and_back(points) -> None:
    assert to_points(to_units(points)) == points


def test_one_point_is_a_thousand_thousandths_for_an_hour() -> None:
    assert settle(0, 1_000, HOUR) == UNITS
