"""Half-lives from plain arithmetic: near enough to 2**-x, and the same bits alone as in a crowd."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.decay import decay
from simulation.kernels import left_of_one

HOUR = 3_600_000_000


@pytest.mark.parametrize(("halves", "left"), [(0, 1.0), (1, 0.5), (2, 0.25), (10, 2.0**-10), (60, 0.0)])
def test_whole_half_lives_halve_exactly(halves: int, left: float) -> None:
    assert decay(halves * HOUR, HOUR) == left


@given(st.integers(0, 59 * HOUR), st.integers(1, HOUR))
def test_it_is_two_to_the_minus_x(elapsed, half_life) -> None:
    assert decay(elapsed, half_life) == pytest.approx(
        2.0 ** -min(elapsed / half_life, 1000), rel=1e-12, abs=1e-17
    )


@given(st.integers(0, 10**15), st.integers(1, 10**12))
def test_a_crowd_decays_like_one(elapsed, half_life) -> None:
    assert left_of_one(elapsed, half_life) == decay(elapsed, half_life)


@given(st.integers(0, 10**13), st.integers(0, 10**13), st.integers(1, 10**11))
def test_more_time_never_leaves_more(first, second, half_life) -> None:
    early, late = sorted((first, second))
    assert decay(late, half_life) <= decay(early, half_life)
