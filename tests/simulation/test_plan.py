"""What a tick runs and what it leaves out, as a table; and the promises the sharing makes, as properties."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.orders import WorkPlan
from simulation.plan import Demand, Jobs, overdue_shares, plan, share_rest
from simulation.units import Micros, Tick, Tier

D, A, M, O = Tier  # noqa: E741
WEIGHTS = {D: 8, A: 4, M: 2, O: 1}
NO_JOBS = Jobs(waiting=0, budget=10)


def demands(due: Mapping[Tier, int], overdue: Mapping[Tier, tuple[tuple[Micros, int], ...]] | None = None):
    return {
        tier: Demand(due=due.get(tier, 0), weight=WEIGHTS[tier], overdue=(overdue or {}).get(tier, ()))
        for tier in Tier
    }


def planned(due: Mapping[Tier, int], budget: int, **more: object) -> WorkPlan:
    return plan(Tick(1), Micros(60), demands(due), budget, NO_JOBS, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("due", "budget", "shares"),
    [
        pytest.param({}, 50, {}, id="nobody due, nothing runs"),
        pytest.param({D: 3, O: 2}, 50, {D: 3, O: 2}, id="all fit"),
        # Rounds of 15: three whole ones give 24/12/6/3; the 5 left go to detailed, first in order.
        pytest.param({D: 99, A: 99, M: 99, O: 99}, 50, {D: 29, A: 12, M: 6, O: 3}, id="by weight"),
        # Detailed runs dry after 3; active and dormant share the other 47.
        pytest.param({D: 3, A: 100, O: 1}, 50, {D: 3, A: 46, O: 1}, id="what one leaves goes to others"),
        pytest.param({O: 100}, 50, {O: 50}, id="one tier alone takes the budget"),
        pytest.param({D: 5}, 1, {D: 1}, id="a budget of one"),
    ],
)
def test_the_budget_is_shared_by_weight(due, budget, shares) -> None:
    assert planned(due, budget).shares == {tier: shares.get(tier, 0) for tier in Tier}


def test_what_is_left_out_is_said_with_the_reason() -> None:
    found = planned({D: 99, O: 1}, 50)
    assert [(s.tier, s.left_out) for s in found.shortfalls] == [(D, 50)]
    assert (
        found.shortfalls[0].reason == "maxNpcTicksPerStep 50 is spent; they wait within maxStalenessSeconds"
    )


def test_nothing_is_left_out_when_all_fit() -> None:
    assert planned({D: 3, O: 2}, 50).shortfalls == ()


def test_people_past_their_bound_go_first_whatever_the_weights() -> None:
    due = demands({D: 50, O: 10}, {O: ((Micros(10), 10),)})
    assert plan(Tick(1), Micros(60), due, 10, NO_JOBS).shares == {D: 0, A: 0, M: 0, O: 10}


def test_the_earliest_deadline_goes_first_over_all_tiers() -> None:
    late = demands({D: 5, A: 5, M: 5}, {D: ((Micros(30), 5),), A: ((Micros(10), 3),), M: ((Micros(20), 5),)})
    assert overdue_shares(late, 6) == {D: 0, A: 3, M: 3, O: 0}


def test_of_equal_deadlines_the_tiers_go_in_their_order() -> None:
    late = demands({D: 2, A: 2, M: 2}, {tier: ((Micros(10), 2),) for tier in (D, A, M)})
    assert overdue_shares(late, 3) == {D: 2, A: 1, M: 0, O: 0}


def test_a_budget_that_cannot_keep_up_says_what_it_needs_and_the_bound_that_still_holds() -> None:
    late = demands({A: 30}, {A: ((Micros(10), 30),)})
    found = plan(Tick(1), Micros(60), late, 10, NO_JOBS, people=201)
    assert found.warnings == (
        "budget cannot keep up: needs 30/step, has 10; "
        "everybody due is served within maxStalenessSeconds and 21 ticks",
    )
    assert (
        found.shortfalls[0].reason
        == "maxNpcTicksPerStep 10 is spent; 20 of them are past maxStalenessSeconds"
    )


@pytest.mark.parametrize(("people", "warnings"), [(10, 0), (11, 1)])
def test_a_budget_that_serves_all_who_are_overdue_keeps_up(people: int, warnings: int) -> None:
    late = demands({A: people}, {A: ((Micros(10), people),)})
    assert len(plan(Tick(1), Micros(60), late, 10, NO_JOBS, people=people).warnings) == warnings


def test_job_operations_stop_at_their_budget_and_say_how_many_wait() -> None:
    found = plan(Tick(1), Micros(60), demands({}), 50, Jobs(waiting=14, budget=10))
    assert (found.job_ops, found.jobs_due) == (10, 14)
    assert found.warnings == ("4 generation requests wait: maxJobOpsPerStep is 10",)


@pytest.mark.parametrize(("waiting", "warned"), [(10, False), (11, True)])
def test_one_request_beyond_the_job_budget_is_warned_of(waiting: int, warned: bool) -> None:
    found = plan(Tick(1), Micros(60), demands({}), 50, Jobs(waiting, budget=10))
    assert found.warnings == (("1 generation requests wait: maxJobOpsPerStep is 10",) if warned else ())


def test_a_budget_of_one_serves_every_tier_in_proportion_over_rounds() -> None:
    """Fifteen ticks of one each are one round of 8, 4, 2 and 1: no order of tiers starves another."""
    owed: Mapping[Tier, int] = {}
    served = dict.fromkeys(Tier, 0)
    for _ in range(15):
        shares, owed = share_rest(dict.fromkeys(Tier, 100), WEIGHTS, owed, 1)
        for tier in Tier:
            served[tier] += shares[tier]
    assert served == WEIGHTS


COUNTS = st.fixed_dictionaries({tier: st.integers(0, 60) for tier in Tier})
SOME_WEIGHTS = st.fixed_dictionaries({tier: st.integers(1, 9) for tier in Tier})


def naive(rest: dict[Tier, int], weights: dict[Tier, int], budget: int) -> dict[Tier, int]:
    """One round at a time, as the textbook has it (Shreedhar and Varghese 1996, quantum = weight)."""
    left, owed, shares = dict(rest), dict.fromkeys(rest, 0), dict.fromkeys(rest, 0)
    while budget and any(left.values()):
        if not any(owed[tier] for tier in rest if left[tier]):
            owed = {tier: weights[tier] if left[tier] else 0 for tier in rest}
        for tier in rest:
            taken = min(owed[tier], left[tier], budget)
            owed[tier], left[tier] = owed[tier] - taken, left[tier] - taken
            shares[tier], budget = shares[tier] + taken, budget - taken
    return shares


@given(COUNTS, SOME_WEIGHTS, st.integers(1, 200))
def test_whole_rounds_at_once_share_like_one_round_at_a_time(rest, weights, budget) -> None:
    assert share_rest(rest, weights, {}, budget)[0] == naive(rest, weights, budget)


@given(COUNTS, SOME_WEIGHTS, st.integers(1, 200))
def test_the_budget_is_never_exceeded_and_never_wasted(rest, weights, budget) -> None:
    shares, owed = share_rest(rest, weights, {}, budget)
    assert sum(shares.values()) == min(budget, sum(rest.values()))
    assert all(0 <= shares[tier] <= rest[tier] for tier in Tier)
    assert all(owed[tier] >= 0 for tier in Tier)
    assert all(owed[tier] == 0 for tier in Tier if shares[tier] == rest[tier])
