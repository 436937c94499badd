"""Where the steps of a chain lead: every name in it a step, nothing going round for ever by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulation.definitions.fields import at
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import MICROS_PER_SECOND

if TYPE_CHECKING:
    from simulation.definitions.chains import Chain, Step

ROUND_S_MIN = 60
"""Game seconds that going round a chain without a player takes at least: a faster one would eat the budget of
every other chain."""
COMPLETE, FAIL = "complete", "fail"
"""What stands in a step's place where a chain ends."""
Edges = dict[str, dict[str, int]]
"""From a step to a step, and after how many microseconds at least, with no player doing anything."""


def check_graph(chain: Chain, problems: list[Problem]) -> None:
    """Note every name that is no step, and rounds that take too little time."""
    before = len(problems)
    known = (*chain.steps, COMPLETE, FAIL)
    for step in chain.steps.values():
        for where, name in _named(step):
            if name not in known:
                problems.append(unknown_name(where, name, known, "step"))
    if len(problems) == before:
        problems.extend(_fast_rounds(chain))


def _named(step: Step) -> Iterator[tuple[str, str]]:
    yield at(step.path, "onExpired"), step.on_expired
    yield at(step.path, "next"), step.next
    for n, branch in enumerate(step.branches):
        yield at(at(at(step.path, "branches"), n), "to"), branch.to


def unreachable(chain: Chain) -> Iterator[Problem]:
    """Warnings about steps that no step leads to."""
    seen, ahead = {chain.first}, [chain.first]
    while ahead:
        step = chain.steps.get(ahead.pop())
        for name in (*step.targets, step.on_expired) if step else ():
            if name not in seen:
                seen.add(name)
                ahead.append(name)
    for step in chain.steps.values():
        if step.id not in seen:
            message = f"no step leads to {step.id}, so it never comes"
            yield Problem(at(step.path, "stepId"), step.id, message, warning=True)


def _edges(chain: Chain) -> Edges:
    """A step that waits for the player goes nowhere by itself, unless it expires."""
    found: Edges = {}
    for step in chain.steps.values():
        leads = found.setdefault(step.id, {})
        if step.auto:
            leads.update(dict.fromkeys(step.targets, step.min_wait_us))
        if step.max_wait_us is not None:
            leads[step.on_expired] = min(leads.get(step.on_expired, step.max_wait_us), step.max_wait_us)
    return found


def _fast_rounds(chain: Chain) -> Iterator[Problem]:
    """Steps that come back to themselves in less than ROUND_S_MIN."""
    edges = _edges(chain)
    for step in chain.steps.values():
        least = _round(edges, step.id)
        if least is not None and least < ROUND_S_MIN * MICROS_PER_SECOND:
            message = f"{step.id} comes back to itself after {least / MICROS_PER_SECOND:g} s by itself"
            yield Problem(step.path, step.id, message, f"waits of at least {ROUND_S_MIN} s on the way round")
            return


def _round(edges: Edges, start: str) -> int | None:
    """The shortest way from a step back to it; None: there is none."""
    best: dict[str, int] = {}
    ahead = dict(edges[start])
    while ahead:
        name = min(ahead, key=lambda one: (ahead[one], one))
        length = ahead.pop(name)
        best[name] = length
        if name == start:
            return length
        for target, wait in edges.get(name, {}).items():
            if target not in best and length + wait < ahead.get(target, length + wait + 1):
                ahead[target] = length + wait
    return None
