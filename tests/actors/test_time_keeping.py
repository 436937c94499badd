"""Deadlines are absolute: what a tick costs never moves the next one, and late ones follow the policy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.deadlines import Deadlines
from actors.pacing import SAMPLES_MAX, Lateness, Pacer, TooLate, spread

SECOND = 1_000_000_000


def started(policy: str = "catch_up", most: int = 5, **more: int) -> Pacer:
    pacer = Pacer(SECOND, policy, most, **more)
    pacer.start(100 * SECOND)
    return pacer


def test_the_first_tick_is_due_at_once_and_the_next_an_interval_later() -> None:
    pacer = started()
    assert pacer.deadline_ns == 100 * SECOND
    pacer.ticked(100 * SECOND + 300)
    assert pacer.deadline_ns == 101 * SECOND


@given(st.lists(st.integers(0, SECOND - 1), min_size=1, max_size=200))
def test_a_million_small_delays_move_no_deadline(costs: list[int]) -> None:
    pacer = started()
    for cost in costs:
        pacer.ticked(pacer.deadline_ns + cost)
    assert pacer.deadline_ns == (100 + len(costs)) * SECOND
    assert pacer.missed == 0


@pytest.mark.parametrize(
    ("policy", "late_s", "deadline_s", "missed"),
    [
        ("catch_up", 3, 101, 0),
        ("catch_up", 5, 101, 0),
        ("catch_up", 9, 105, 4),
        ("skip", 3, 104, 3),
        ("skip", 9, 110, 9),
        ("slow", 3, 103, 0),
    ],
)
def test_late_ticks_follow_the_policy(policy: str, late_s: int, deadline_s: int, missed: int) -> None:
    """Due at 100 s and made `late_s` later: the deadlines 101, 102, ... up to then have passed too."""
    pacer = started(policy)
    pacer.ticked((100 + late_s) * SECOND)
    assert (pacer.deadline_ns, pacer.missed) == (deadline_s * SECOND, missed)


def test_the_policy_fail_says_how_far_behind() -> None:
    with pytest.raises(TooLate, match="3 ticks behind"):
        started("fail").ticked(103 * SECOND)


@given(st.integers(0, 100), st.integers(1, 20))
def test_catching_up_makes_at_most_so_many_ticks_back_to_back(late_s: int, most: int) -> None:
    pacer = started("catch_up", most)
    now = (100 + late_s) * SECOND
    made = 0
    pacer.ticked(now)
    while pacer.deadline_ns <= now:
        pacer.ticked(now)
        made += 1
    assert made == min(late_s, most)
    assert made + pacer.missed == late_s


@pytest.mark.parametrize(("stood_s", "owed"), [(0, 0), (3, 3), (3600, 5)])
def test_a_world_that_stood_still_may_owe_a_bounded_number_of_ticks(stood_s: int, owed: int) -> None:
    pacer = started("catch_up", 5, behind_ns=stood_s * SECOND)
    assert pacer.deadline_ns == (100 - owed) * SECOND
    pacer.start(500 * SECOND)
    assert pacer.deadline_ns == 500 * SECOND


@pytest.mark.parametrize("policy", ["skip", "slow", "fail"])
def test_time_that_is_caught_up_with_is_late_by_no_policy(policy: str) -> None:
    """Back at 200 s after nine seconds: five are owed, four are dropped and counted. Its ticks of 195 to 199
    and that of 200 are made, and the next is due at 201."""
    pacer = Pacer(SECOND, policy, 5, behind_ns=9 * SECOND)
    pacer.start(200 * SECOND)
    assert pacer.missed == 4
    deadlines = []
    while pacer.deadline_ns <= 200 * SECOND:
        deadlines.append(pacer.deadline_ns // SECOND)
        pacer.ticked(200 * SECOND)
    assert deadlines == [195, 196, 197, 198, 199, 200]
    assert (pacer.deadline_ns, pacer.missed) == (201 * SECOND, 4)


@pytest.mark.parametrize(
    ("interval_s", "at_s", "deadline_s"),
    [
        (2, 100, 102),
        (4, 100.5, 104),
        (0.25, 100, 100.25),
        (0.25, 100.75, 100.75),
        (3, 101, 101),
        (0.25, 105, 101),
    ],
)
def test_a_changed_interval_counts_from_the_last_deadline_and_makes_nothing_late(
    interval_s: float, at_s: float, deadline_s: float
) -> None:
    """The tick of 100 s is made and the next due at 101 s, when the interval changes; what is due then stays
    due, and a shorter one than the time that has passed is due at once."""
    pacer = started("fail")
    pacer.ticked(100 * SECOND)
    pacer.configure(int(interval_s * SECOND), "fail", 5, int(at_s * SECOND))
    assert pacer.deadline_ns == deadline_s * SECOND


@pytest.mark.parametrize(
    ("until_s", "deadline_s"), [(100.5, 101), (101, 101), (101.5, 101), (102, 102), (130.25, 130)]
)
def test_explicit_ticks_that_take_long_make_no_live_tick_late(until_s: float, deadline_s: float) -> None:
    """The next live tick is due at 101 s; of those that come meanwhile the last one is made."""
    pacer = started("fail")
    pacer.ticked(100 * SECOND)
    pacer.stepped(int(until_s * SECOND))
    assert (pacer.deadline_ns, pacer.missed) == (deadline_s * SECOND, 0)


def test_percentiles_are_nearest_rank() -> None:
    lateness = Lateness()
    assert lateness.percentile_ms(99) == 0.0
    for value in range(1, 101):
        lateness.add(value * 1_000_000)
    assert (lateness.percentile_ms(50), lateness.percentile_ms(99)) == (50.0, 99.0)


def test_deadlines_come_in_order_and_equal_ones_first_come_first_served() -> None:
    timers: Deadlines[str] = Deadlines()
    for key, at in (("late", 30), ("a", 10), ("b", 10)):
        timers.set(key, at)
    assert timers.next_ns() == 10
    assert [timers.pop(20) for _ in range(3)] == [("a", 10), ("b", 10), None]


def test_a_deadline_set_again_counts_once() -> None:
    timers: Deadlines[str] = Deadlines()
    timers.set("a", 10)
    timers.set("a", 50)
    assert timers.pop(20) is None
    timers.set("a", None)
    assert timers.next_ns() is None


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.integers(0, 50))), max_size=60))
def test_each_key_fires_once_at_its_last_deadline(sets: list[tuple[str, int | None]]) -> None:
    timers: Deadlines[str] = Deadlines()
    for key, at in sets:
        timers.set(key, at)
    fired = []
    while (due := timers.pop(100)) is not None:
        fired.append(due)
    assert dict(fired) == {key: at for key, at in dict(sets).items() if at is not None}
    assert [at for _, at in fired] == sorted(at for _, at in fired)


def test_worlds_that_begin_together_are_spread_evenly_however_many_there_are() -> None:
    """The first begins at once; of any eight in a row from a multiple of eight, one falls in each eighth."""
    assert [spread(place) for place in range(6)] == [0, 1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8]
    for start in (0, 8, 800):
        assert sorted(int(spread(place) * 8) for place in range(start, start + 8)) == list(range(8))


def test_a_phase_moves_every_deadline_and_no_interval() -> None:
    pacer = started(phase_ns=SECOND // 4)
    assert pacer.deadline_ns == 100 * SECOND + SECOND // 4
    pacer.ticked(pacer.deadline_ns)
    assert pacer.deadline_ns == 101 * SECOND + SECOND // 4


def test_a_phase_is_shorter_than_the_interval_there_is() -> None:
    """Three quarters of a second, and then an interval of half a one: a quarter is left over."""
    pacer = started(phase_ns=SECOND * 3 // 4)
    pacer.configure(SECOND // 2, "catch_up", 5, 100 * SECOND)
    pacer.start(500 * SECOND)
    assert pacer.deadline_ns == 500 * SECOND + SECOND // 4


def test_so_many_samples_of_lateness_are_kept_and_no_more() -> None:
    lateness = Lateness()
    for n in range(SAMPLES_MAX + 1):
        assert len(lateness.ranked) == n
        lateness.add(n)
    lateness.add(SAMPLES_MAX + 1)
    assert (len(lateness.ranked), lateness.ranked[0]) == (SAMPLES_MAX, 2)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=SAMPLES_MAX + 40))
def test_lateness_is_of_the_last_samples_only(samples: list[int]) -> None:
    lateness = Lateness()
    for sample in samples:
        lateness.add(sample)
    ranked = sorted(samples[-SAMPLES_MAX:])
    assert lateness.ranked == ranked
    assert lateness.percentile_ms(100) == ranked[-1] / 1_000_000


@pytest.mark.parametrize(("end_ns", "missed"), [(101 * SECOND - 1, 0), (101 * SECOND, 1)])
def test_a_tick_that_takes_a_whole_interval_is_late_to_the_nanosecond(end_ns: int, missed: int) -> None:
    pacer = started("skip")
    pacer.ticked(end_ns)
    assert (pacer.missed, pacer.deadline_ns) == (missed, (101 + missed) * SECOND)
