"""The Archivist wakes for the next appointment, is asked once, and looks again when a clock was set."""

from __future__ import annotations

from actors.diary import LOOK_AGAIN_S, Diary


def test_without_appointments_nobody_is_woken() -> None:
    diary = Diary()
    assert diary.wait_s(100.0) is None
    assert not diary.is_due(100.0)


def test_it_waits_for_the_next_and_for_an_earlier_one_that_comes() -> None:
    diary = Diary()
    diary.note(130.0)
    assert diary.wait_s(100.0) == 30.0
    assert diary.wait_s(100.0) is None
    diary.note(150.0)
    assert diary.wait_s(100.0) is None
    diary.note(110.0)
    assert diary.wait_s(100.0) == 10.0


def test_a_wake_up_that_another_took_the_place_of_means_nothing() -> None:
    diary = Diary()
    diary.note(130.0)
    diary.wait_s(100.0)
    diary.note(110.0)
    diary.wait_s(100.0)
    assert diary.woken(110.0)
    assert not diary.woken(130.0)


def test_one_far_away_is_looked_for_again_every_minute() -> None:
    diary = Diary()
    diary.note(1_000.0)
    assert diary.wait_s(100.0) == LOOK_AGAIN_S == 60.0
    assert diary.woken(160.0)
    assert not diary.is_due(160.0)
    assert diary.wait_s(160.0) == 60.0


def test_a_clock_that_was_set_back_makes_nobody_early_nor_forgotten() -> None:
    """Woken for 110 at what the wall now calls 50: a minute more, not yet due."""
    diary = Diary()
    diary.note(110.0)
    assert diary.wait_s(100.0) == 10.0
    assert diary.woken(110.0)
    assert not diary.is_due(50.0)
    assert diary.wait_s(50.0) == 60.0


def test_one_whose_time_is_over_is_due_at_once() -> None:
    diary = Diary()
    diary.note(0.0)
    assert diary.wait_s(100.0) == 0.0
    assert diary.is_due(100.0)
