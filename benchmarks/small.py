"""The hard row: a tick of a world of the default size, through its actors and by plain calls."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from benchmarks.report import Measure
from benchmarks.shard import Shard, logging_to_a_file
from benchmarks.worlds import four_tiers
from messages.tick import MakeTick
from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import create

PEOPLE, DUE = 200, 50
IN_ALL_MS_MAX, ACTORS_MS_MAX = 0.8, 0.15


def costs_ms(ticks: int) -> tuple[float, float, float]:
    """Medians of (a tick as the shard makes it with its log, the same tick through the actors alone, the same
    tick by plain calls), of three equal worlds in turn: a busy moment of the machine hits all alike."""
    definition = parse_world(four_tiers(PEOPLE, DUE), "small")
    world, stages = create(definition)
    whole: list[float] = []
    acted: list[float] = []
    called: list[float] = []
    with logging_to_a_file():
        shards = [Shard(), Shard()]
        for shard in shards:
            world_id = shard.host(*create(definition))
        hosted = shards[1].running.hosted[world_id]
        for _ in range(ticks):
            begin = perf_counter()
            shards[0].tick(world_id)
            then = perf_counter()
            shards[1].running.tell(hosted, MakeTick())
            after = perf_counter()
            done = drive.tick(world, stages)
            end = perf_counter()
            if done.npc_ticks != DUE or len(done.served) != 4 or not all(done.served.values()):
                raise RuntimeError(f"tick {done.tick} served {dict(done.served)}")
            whole.append(then - begin)
            acted.append(after - then)
            called.append(end - after)
            shards[0].commit(world_id)
    in_all, actors, core = (median(costs) * 1000 for costs in (whole, acted, called))
    return in_all, actors, core


def measures(quick: bool) -> list[Measure]:
    costs_ms(20)
    in_all, actors, core = costs_ms(400 if quick else 2_000)
    name = f"tick of a world of {PEOPLE}, {DUE} due in four tiers"
    return [
        Measure(f"{name}, log included", in_all, "ms", target=IN_ALL_MS_MAX, below=True),
        Measure(f"{name}, the pure core alone", core, "ms"),
        Measure("actors and messages over the pure core", actors - core, "ms", ACTORS_MS_MAX, below=True),
    ]
