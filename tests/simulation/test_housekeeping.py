"""The housekeeping plan: what is due when, by real time that is handed to it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from simulation.housekeeping import Chore, Failed, Housekeeping

SWEEP = Chore("sweep", 10.0, 5)
AIR = Chore("air", 60.0, 100)


def names(plan: Housekeeping, now_s: float) -> list[str]:
    return [chore.name for chore in plan.due(now_s)]


def test_everything_is_due_at_once_and_then_at_its_own_pace() -> None:
    plan = Housekeeping((SWEEP, AIR), 100.0)
    assert names(plan, 100.0) == ["sweep", "air"]
    plan.done("sweep", 100.0, 1)
    plan.done("air", 101.0, 1)
    assert names(plan, 109.9) == []
    assert names(plan, 110.0) == ["sweep"]
    assert names(plan, 161.0) == ["sweep", "air"]


def test_it_says_when_the_first_of_all_is_due() -> None:
    plan = Housekeeping((AIR, SWEEP), 5.0)
    assert plan.next_s() == 5.0
    plan.done("sweep", 6.0, 1)
    assert plan.next_s() == 5.0, "the air was not looked after yet"
    plan.done("air", 7.0, 1)
    assert plan.next_s() == 16.0


def test_the_most_overdue_comes_first() -> None:
    plan = Housekeeping((AIR, SWEEP), 0.0)
    plan.done("air", 0.0, 0)  # next at 60
    plan.done("sweep", 45.0, 0)  # next at 55
    assert names(plan, 70.0) == ["sweep", "air"]


def test_a_chore_that_used_up_its_budget_comes_again_after_a_tenth_of_its_interval() -> None:
    plan = Housekeeping((SWEEP,), 0.0)
    plan.done("sweep", 0.0, 5)
    assert (names(plan, 0.99), names(plan, 1.0)) == ([], ["sweep"])
    plan.done("sweep", 1.0, 4)
    assert (names(plan, 10.99), names(plan, 11.0)) == ([], ["sweep"])


def test_the_plan_is_shown_in_wall_time_with_what_was_done() -> None:
    """Monotonic 1,000 s is wall time 50,000 s: it ran at 990, so 49,990, and comes 10 s later."""
    plan = Housekeeping((SWEEP,), 900.0)
    assert plan.to_json(900.0, 50_000.0)[0]["lastRun"] is None
    plan.done("sweep", 980.0, 2)
    plan.done("sweep", 990.0, 1)
    assert plan.to_json(1_000.0, 50_000.0) == (
        {
            "name": "sweep",
            "everySeconds": 10.0,
            "lastRun": 49_990.0,
            "nextRun": 50_000.0,
            "budget": 5,
            "did": 1,
            "didInAll": 3,
            "failures": 0,
            "because": "",
        },
    )


def test_a_chore_that_raised_comes_again_at_its_own_pace_and_says_why_until_it_went_well() -> None:
    """A budget used up hurries, a failure does not: what fails every time would only fail more often."""
    plan = Housekeeping((SWEEP, AIR), 0.0)
    plan.done("air", 0.0, 0)
    plan.done("sweep", 0.0, 4)
    for at_s in (10.0, 20.0):
        assert names(plan, at_s) == ["sweep"]
        plan.failed("sweep", at_s, Failed.of(KeyError("mark")).because)
    assert (names(plan, 29.9), names(plan, 30.0)) == ([], ["sweep"])
    keys = ("lastRun", "nextRun", "did", "didInAll", "failures", "because")

    def shown() -> tuple[object, ...]:
        row = plan.to_json(20.0, 20.0)[0]
        return tuple(row[key] for key in keys)

    assert shown() == (20.0, 30.0, 0, 4, 2, "KeyError: 'mark'")
    plan.done("sweep", 30.0, 1)
    assert shown() == (30.0, 40.0, 1, 5, 2, "")


def test_why_a_chore_failed_is_one_line_of_bounded_length() -> None:
    assert Failed.of(ValueError("no\nsuch thing")).because == "ValueError: no"
    assert len(Failed.of(ValueError("x" * 1_000)).because) == 200


@given(st.lists(st.integers(0, 30), max_size=50))
def test_no_chore_runs_more_often_than_a_tenth_of_its_interval(gaps: list[int]) -> None:
    plan, now, ran = Housekeeping((SWEEP,), 0.0), 0.0, []
    for gap in gaps:
        now += gap / 10
        if plan.due(now):
            plan.done("sweep", now, gap)
            ran.append((now, gap))
    for (before, did), (after, _) in pairwise(ran):
        assert after - before >= (1.0 if did >= 5 else 10.0) - 1e-9
