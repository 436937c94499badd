"""Cost follows work: one tick with fifty people due, among ten thousand and among a million."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from benchmarks.report import Measure
from benchmarks.shard import Shard, logging_to_a_file
from benchmarks.worlds import crowded

DUE = 50
"""The default budget of a step."""
TICK_MS_MAX = 1.5
"""Milliseconds at a million people."""
GROWTH_MAX, GROWTH_MS = 1.5, 0.2
"""A million people may cost so many times ten thousand, and so many ms: caches are only so large."""


def tick_ms(people: int, ticks: int) -> float:
    """The median of ticks as the shard makes them, with their logs, commit records and state hashes."""
    with logging_to_a_file():
        shard = Shard()
        world_id = shard.host(*crowded(people, DUE))
        costs = []
        for _ in range(ticks):
            before, begin = shard.decisions(world_id), perf_counter()
            shard.tick(world_id)
            shard.commit(world_id)
            costs.append((perf_counter() - begin) * 1000)
            if (made := shard.decisions(world_id) - before) != DUE:
                raise RuntimeError(f"{made} decided, not {DUE}")
    return median(costs)


def measures(quick: bool) -> list[Measure]:
    ticks = 100 if quick else 190
    sizes = (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000)
    tick_ms(1_000, 10)
    found = {people: tick_ms(people, ticks) for people in sizes}
    most = sizes[-1]
    return [
        *(
            Measure(
                f"tick with {DUE} due among {people:,} people, with its commit",
                cost,
                "ms",
                target=TICK_MS_MAX if people == most else None,
                below=True,
            )
            for people, cost in found.items()
        ),
        Measure(
            f"the same, {most:,} over {GROWTH_MAX} x 10,000",
            found[most] - GROWTH_MAX * found[10_000],
            "ms",
            target=GROWTH_MS,
            below=True,
        ),
    ]
