"""Decisions a second by the full behaviour language: Lanternford's own activities and routines."""

from __future__ import annotations

from time import perf_counter

from benchmarks.report import Measure
from benchmarks.shard import Shard, logging_to_a_file
from benchmarks.worlds import lanternford
from simulation.definitions import parse_world
from simulation.opening import create

PEOPLE = 100_000
A_SECOND_MIN = 150_000
"""Decisions; the aim is twice as many."""
INTERVAL_S = 300
"""Of every tier, below the shortest activity, so that activities say when people are due."""
TICK_S = 300
"""Game seconds of a tick: each serves whoever came due in five minutes."""


def document(people: int) -> dict[str, object]:
    """Nobody waits for the budget; four tiers of a quarter each."""
    tiers = {
        tier: {"maxNpcs": most, "decisionIntervalSeconds": INTERVAL_S}
        for tier, most in (
            ("detailed", people // 4),
            ("active", people // 4),
            ("ambient", people // 4),
            ("dormant", people),
        )
    }
    return lanternford(people, tiers=tiers, maxNpcTicksPerStep=people, timeScale=TICK_S)


def decisions_a_second(people: int, ticks: int) -> float:
    """All decisions of so many ticks of five game minutes, each with its log, commit record and state hash,
    by the time they took together."""
    world, stages = create(parse_world(document(people), "lanternford"))
    with logging_to_a_file():
        shard = Shard()
        world_id = shard.host(world, stages)
        begin = perf_counter()
        for _ in range(ticks):
            shard.tick(world_id)
            shard.commit(world_id)
        seconds = perf_counter() - begin
    return shard.decisions(world_id) / seconds


def measures(quick: bool) -> list[Measure]:
    people, ticks = (20_000, 36) if quick else (PEOPLE, 144)
    decisions_a_second(100, 3)
    rate = decisions_a_second(people, ticks)
    name = f"decisions through the actors, Lanternford's own rules, {people:,} people"
    return [Measure(name, rate, "a second", target=A_SECOND_MIN)]
