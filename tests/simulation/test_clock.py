"""World time is an integer, and a million ticks of any size add up to the microsecond."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulation.clock import ATTO_PER_MICRO, Clock
from simulation.person_json import json_seconds, micros
from simulation.units import Micros, Tick

MINUTE_ATTO = 60 * 10**18


def atto(interval: str, scale: str) -> int:
    return int(Decimal(interval) * Decimal(scale) * 10**18)


def test_a_standard_tick_of_the_default_world_is_a_game_minute() -> None:
    clock, size = Clock().ticked(MINUTE_ATTO, None)
    assert (size, clock.world_time, clock.tick) == (60_000_000, 60_000_000, 1)


def test_a_million_ticks_of_a_third_of_a_microsecond_more_do_not_drift() -> None:
    """1.000000333 s a tick: after a million ticks exactly 1,000,000.333 s."""
    size = atto("1.000000333", "1")
    clock = Clock()
    for _ in range(1_000_000):
        clock, _ = clock.ticked(size, None)
    assert clock.world_time == 1_000_000_333_000
    assert clock.carry == 0


@pytest.mark.parametrize(
    ("interval", "scale", "micros", "carry"),
    [
        ("0.123456789", "0.987654321", 121_932_631_112, 635_269_000_000),
        ("0.333333333", "0.3", 99_999_999_900, 0),
        ("0.000000001", "0.000000001", 0, 1_000_000),
        ("0.1", "33.333333333", 3_333_333_333_300, 0),
    ],
)
def test_a_million_ticks_of_nine_decimals_each_way_are_exact(
    interval: str, scale: str, micros: int, carry: int
) -> None:
    """0.123456789 x 0.987654321 = 0.121932631112635269 s, a million times 121,932.631112635269 s.
    0.333333333 x 0.3 = 0.0999999999 s, a million times 99,999.9999 s. 1e-9 x 1e-9 a million times is 1e-12 s,
    which no clock shows yet. 0.1 x 33.333333333 = 3.3333333333 s, a million times 3,333,333.3333 s."""
    clock, size = Clock(), atto(interval, scale)
    for _ in range(1_000_000):
        clock, _ = clock.ticked(size, None)
    assert (clock.world_time, clock.carry) == (micros, carry)


@given(
    st.integers(1, 10**9).map(lambda n: Decimal(n) / 10**9),
    st.integers(10**6, 10**13).map(lambda n: Decimal(n) / 10**9),
    st.integers(1, 300),
)
def test_the_clock_is_the_exact_product_cut_to_a_microsecond(interval, scale, ticks) -> None:
    size = int(interval * scale * 10**18)
    clock = Clock()
    for _ in range(ticks):
        clock, _ = clock.ticked(size, None)
    assert clock.world_time * ATTO_PER_MICRO + clock.carry == size * ticks
    assert 0 <= clock.carry < ATTO_PER_MICRO


def test_an_advance_is_made_in_ticks_of_at_most_the_step_and_one_remainder() -> None:
    clock = Clock(advance_left=Micros(150_000_000))
    assert clock.ticks_owed(MINUTE_ATTO, None) == 3
    sizes = []
    while clock.owes:
        clock, size = clock.ticked(MINUTE_ATTO, None)
        sizes.append(size)
    assert sizes == [60_000_000, 60_000_000, 30_000_000]


def test_an_advance_keeps_to_max_step_game_seconds() -> None:
    clock, size = Clock(advance_left=Micros(150_000_000)).ticked(MINUTE_ATTO, Micros(100_000_000))
    assert (size, clock.advance_left) == (100_000_000, 50_000_000)


def test_an_advance_loses_nothing_of_what_standard_ticks_carry() -> None:
    """0.0000004 s a tick: two of them carry 0.8 microseconds, and the third after an advance shows one."""
    size = atto("0.0000004", "1")
    clock, _ = Clock().ticked(size, None)
    clock, _ = clock.ticked(size, None)
    clock, _ = replace(clock, advance_left=Micros(5)).ticked(size, Micros(5))
    assert (clock.world_time, clock.carry) == (5, 800_000_000_000)
    clock, _ = clock.ticked(size, None)
    assert (clock.world_time, clock.carry) == (6, 200_000_000_000)


def test_steps_wait_until_an_advance_is_done() -> None:
    clock = Clock(steps_left=1, advance_left=Micros(30_000_000))
    clock, first = clock.ticked(MINUTE_ATTO, None)
    assert (first, clock.steps_left) == (30_000_000, 1)
    clock, second = clock.ticked(MINUTE_ATTO, None)
    assert (second, clock.steps_left, clock.tick) == (60_000_000, 0, Tick(2))


@given(st.integers(1, 10**12), st.integers(1, 10**9))
def test_an_advance_ends_exactly_where_it_was_asked_to(span, step) -> None:
    span = min(span, step * 50)
    clock = Clock(advance_left=Micros(span))
    made, owed = 0, clock.ticks_owed(MINUTE_ATTO, Micros(step))
    while clock.owes:
        clock, size = clock.ticked(MINUTE_ATTO, Micros(step))
        assert 0 < size <= step
        made += 1
    assert clock.world_time == span
    assert made == owed


@given(st.integers(0, 2**33 * 1_000_000 - 1))
@example(4_386_749_045_965_053)
def test_world_time_in_json_comes_back_to_the_microsecond_for_272_years(micros_: int) -> None:
    """A double holds single microseconds of up to 2**33 s; the example is of year 139."""
    assert micros(json_seconds(micros_)) == micros_
