"""What a tick runs, how much, and what it leaves out and why. Pure: demands and budgets in, a WorkPlan out.

Two rules share the step budget. Whoever waits past the staleness bound of the tier is served first, in order
of that bound (earliest deadline first), whatever the weights. The rest is shared by weighted deficit round
robin. So everybody due is served no later than due + staleness + ceil(people / budget) ticks: once past the
bound, each other person can be served before them at most once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulation.orders import Shortfall, WorkPlan
from simulation.units import Micros, Tick, Tier


@dataclass(frozen=True, slots=True)
class Demand:
    """What a tier asks of this tick."""

    due: int
    weight: int
    deficit: int = 0
    """What the rounds before still owe it, in people."""
    overdue: tuple[tuple[Micros, int], ...] = ()
    """(deadline, how many) of those past the staleness bound, the earliest deadline first."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """Generation requests that wait for a hand-over."""

    waiting: int
    budget: int


def overdue_shares(demands: Mapping[Tier, Demand], budget: int) -> dict[Tier, int]:
    """Earliest deadline first over all tiers, ties in tier order, until the budget is spent."""
    queue = sorted(
        (deadline, order, tier, count)
        for order, (tier, demand) in enumerate(demands.items())
        for deadline, count in demand.overdue
    )
    shares = dict.fromkeys(demands, 0)
    for _, _, tier, count in queue:
        taken = min(count, budget)
        shares[tier] += taken
        budget -= taken
        if not budget:
            break
    return shares


def share_rest(
    rest: Mapping[Tier, int], weights: Mapping[Tier, int], deficits: Mapping[Tier, int], budget: int
) -> tuple[dict[Tier, int], dict[Tier, int]]:
    """Weighted deficit round robin: (shares, deficits after). A tier with nothing left to serve is owed
    nothing.

    What a budget left owing is served before a new round gives anybody more, so no order of tiers starves
    one. Whole rounds are taken at once: the cost is the number of tiers squared, not the budget.
    """
    left = dict(rest)
    owed = {tier: deficits.get(tier, 0) for tier in rest}
    shares = dict.fromkeys(rest, 0)
    while budget > 0 and (hungry := [tier for tier in left if left[tier] > 0]):
        if not any(owed[tier] for tier in hungry):
            rounds = _whole_rounds([(weights[tier], left[tier]) for tier in hungry], budget)
            for tier in hungry:
                owed[tier] = weights[tier] * rounds
        for tier in hungry:
            taken = min(owed[tier], left[tier], budget)
            owed[tier] -= taken
            left[tier] -= taken
            shares[tier] += taken
            budget -= taken
    return shares, {tier: owed[tier] if left[tier] else 0 for tier in rest}


def _whole_rounds(hungry: list[tuple[int, int]], budget: int) -> int:
    """How many rounds of (weight, left) pass before one runs dry or the budget ends; at least one."""
    width = 0
    rounds = budget
    for weight, left in hungry:
        width += weight
        rounds = min(rounds, left // weight)
    return max(1, min(rounds, budget // width))


def plan(
    tick: Tick, now: Micros, demands: Mapping[Tier, Demand], budget: int, jobs: Jobs, people: int = 0
) -> WorkPlan:
    """The work of one tick. `demands` lists every tier in tier order; `people` is everybody, for the
    bound."""
    due = {tier: demand.due for tier, demand in demands.items()}
    stale = {tier: _count(demand) for tier, demand in demands.items()}
    first = overdue_shares(demands, budget)
    spent = 0
    needed = 0
    for tier in demands:
        spent += first[tier]
        needed += stale[tier]
    rest, deficits = share_rest(
        {tier: due[tier] - first[tier] for tier in demands},
        {tier: demand.weight for tier, demand in demands.items()},
        {tier: demand.deficit for tier, demand in demands.items()},
        budget - spent,
    )
    shares = {tier: first[tier] + rest[tier] for tier in demands}
    job_ops = min(jobs.waiting, jobs.budget)
    return WorkPlan(
        tick=tick,
        now=now,
        budget=budget,
        due=due,
        stale=stale,
        shares=shares,
        deficits=deficits,
        job_budget=jobs.budget,
        jobs_due=jobs.waiting,
        job_ops=job_ops,
        shortfalls=tuple(
            Shortfall(tier, due[tier] - shares[tier], _reason(stale[tier] - first[tier], budget))
            for tier in demands
            if shares[tier] < due[tier]
        ),
        warnings=_warnings(needed, budget, people, jobs.waiting - job_ops, jobs.budget),
    )


def _count(demand: Demand) -> int:
    total = 0
    for _, count in demand.overdue:
        total += count
    return total


def _reason(still_stale: int, budget: int) -> str:
    if still_stale > 0:
        return f"maxNpcTicksPerStep {budget} is spent; {still_stale} of them are past maxStalenessSeconds"
    return f"maxNpcTicksPerStep {budget} is spent; they wait within maxStalenessSeconds"


def _warnings(needed: int, budget: int, people: int, jobs_left: int, job_budget: int) -> tuple[str, ...]:
    found = []
    if needed > budget:
        ticks = -(-max(people, needed) // budget)
        found.append(
            f"budget cannot keep up: needs {needed}/step, has {budget}; "
            f"everybody due is served within maxStalenessSeconds and {ticks} ticks"
        )
    if jobs_left > 0:
        found.append(f"{jobs_left} generation requests wait: maxJobOpsPerStep is {job_budget}")
    return tuple(found)
