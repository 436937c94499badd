"""What a snapshot costs the worlds of a shard, how large it is, and how long a restore takes."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from benchmarks.report import Measure
from benchmarks.shard import Shard, logging_to_a_file
from benchmarks.worlds import crowded, town
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.snapshot import restore
from simulation.units import WorldId

DUE = 50
SMALL, LARGE = 10_000, 1_000_000
SMALL_STALL_MS_MAX, LARGE_STALL_MS_MAX = 3.0, 50.0
SMALL_BYTES_MAX, SMALL_RESTORE_MS_MAX = 1_000_000, 150.0
PLAIN_TICKS, TICKS_MAX = 20, 100_000
"""Ticks to know what is usual, and that no snapshot takes to be made."""


def tick_ms(shard: Shard, world_id: WorldId) -> float:
    """One tick and its commit: what any other world of the shard would have waited for."""
    begin = perf_counter()
    shard.tick(world_id)
    shard.commit(world_id)
    return (perf_counter() - begin) * 1000


def stall_ms(shard: Shard, world_id: WorldId) -> float:
    """How much longer than usual the longest tick takes from the asking for a snapshot until it has left."""
    usual = median(tick_ms(shard, world_id) for _ in range(PLAIN_TICKS))
    shard.want_snapshot(world_id)
    before, longest = len(shard.snapshots), 0.0
    for _ in range(TICKS_MAX):
        longest = max(longest, tick_ms(shard, world_id))
        if len(shard.snapshots) > before:
            return longest - usual
    raise RuntimeError(f"{world_id} made no snapshot in {TICKS_MAX} ticks")


def small(rounds: int) -> tuple[float, float, float]:
    """(stall in ms, bytes, restore in ms) of ten thousand people whose days have begun to differ."""
    definition = parse_world(town(SMALL, DUE, DUE), "town")
    with logging_to_a_file():
        shard = Shard()
        world_id = shard.host(*create(definition))
        for _ in range(SMALL // DUE):
            tick_ms(shard, world_id)
        stall = median(stall_ms(shard, world_id) for _ in range(rounds))
    body = shard.snapshots[-1]
    restores = []
    for _ in range(rounds):
        begin = perf_counter()
        restore(definition, body)
        restores.append((perf_counter() - begin) * 1000)
    return stall, len(body), median(restores)


def large_stall_ms(people: int, rounds: int) -> float:
    with logging_to_a_file():
        shard = Shard()
        world_id = shard.host(*crowded(people, DUE))
        return median(stall_ms(shard, world_id) for _ in range(rounds))


def measures(quick: bool) -> list[Measure]:
    rounds = 3 if quick else 5
    stall, size, back = small(rounds)
    people = 100_000 if quick else LARGE
    most = None if quick else LARGE_STALL_MS_MAX
    held = large_stall_ms(people, rounds)
    name = f"snapshot of {SMALL:,} people"
    return [
        Measure(f"{name}: stall", stall, "ms", target=SMALL_STALL_MS_MAX, below=True),
        Measure(f"{name}: size", size, "bytes", target=SMALL_BYTES_MAX, below=True),
        Measure(f"{name}: restore", back, "ms", target=SMALL_RESTORE_MS_MAX, below=True),
        Measure(f"snapshot of {people:,} people: stall", held, "ms", target=most, below=True),
    ]
