"""Measures of the core alone: plain calls, no actors, no messages."""

from __future__ import annotations

import json
from statistics import median
from time import perf_counter

from benchmarks.report import Measure
from benchmarks.town import town
from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import Stages, create
from simulation.world import World

DUE = 50
"""People due in each tick: the default budget of a step."""

GROWTH_MAX = 1.5
"""A tick with as many due may cost this much more among ten times the people: caches are only so large."""


def opened(people: int, due: int | None, budget: int) -> tuple[World, Stages]:
    """A town with everybody's first decision behind them."""
    return create(parse_world(town(people, due, budget), "town"))


def tick_cost_ms(people: int, ticks: int) -> float:
    """The median of single ticks with exactly `DUE` due, state hash included as before a commit."""
    world, stages = opened(people, DUE, DUE)
    costs = []
    for _ in range(ticks):
        start = perf_counter()
        done = drive.tick(world, stages)
        costs.append((perf_counter() - start) * 1000)
        if done.npc_ticks != DUE:
            raise RuntimeError(
                f"tick {done.tick} made {done.npc_ticks} decisions, not {DUE}: {json.dumps(str(done.plan))}"
            )
    return median(costs)


def ticks_with_fifty_due(quick: bool) -> list[Measure]:
    ticks = 100 if quick else 190
    small, large = tick_cost_ms(10_000, ticks), tick_cost_ms(100_000, ticks)
    return [
        Measure("tick with 50 due among 10,000 people, core", small, "ms"),
        Measure("tick with 50 due among 100,000 people, core", large, "ms"),
        Measure("the same, 100,000 against 10,000", large / small, "times", target=GROWTH_MAX, below=True),
    ]
