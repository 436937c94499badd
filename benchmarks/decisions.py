"""Decisions a second through the actors, by the town rule, beside Mesa, SimPy and bare NumPy."""

from __future__ import annotations

from statistics import median
from time import perf_counter

from benchmarks.mind import TownMind, checksum
from benchmarks.peers.lived import Lived, ask
from benchmarks.report import Measure
from benchmarks.shard import Shard, logging_to_a_file
from benchmarks.worlds import rule_town
from simulation.definitions import WorldDefinition, parse_world
from simulation.opening import create
from simulation.population import Population
from simulation.units import Tier

PEOPLE, TICKS = 100_000, 12
"""Two game hours: everybody decides three times or so."""
A_SECOND_MIN, MESA_TIMES_MIN, SIMPY_TIMES_MIN, NUMPY_SHARE_MIN = 600_000, 10, 5, 0.15


def live(definition: WorldDefinition, ticks: int) -> Lived:
    """The horizon through WorldActor and TierActors: plan, messages, due index, effects, tick logs, and a
    commit record with its state hash after every tick (a shard makes one a second)."""
    world, stages = create(definition, mind=TownMind())
    with logging_to_a_file():
        shard = Shard()
        world_id = shard.host(world, stages)
        begin = perf_counter()
        for _ in range(ticks):
            shard.tick(world_id)
            shard.commit(world_id)
        seconds = perf_counter() - begin
    everybody = Population(*world_widths(stages[Tier.DETAILED].people))
    for stage in stages.values():
        everybody.extend(stage.people.ids, *stage.people.copied())
    return Lived(shard.decisions(world_id), seconds, checksum(everybody))


def world_widths(people: Population) -> tuple[int, int, int]:
    columns = people.columns
    return columns.ended_at.shape[1], columns.slots.shape[1], columns.own.shape[1]


def through_the_actors(people: int, ticks: int, runs: int) -> Lived:
    """The median of runs, which must all come to the same."""
    definition = parse_world(rule_town(people), "rule")
    live(parse_world(rule_town(100), "warm"), 2)
    found = [live(definition, ticks) for _ in range(runs)]
    if len({(one.decisions, one.checksum) for one in found}) != 1:
        raise RuntimeError("the same run ended differently")
    return Lived(found[0].decisions, median(one.seconds for one in found), found[0].checksum)


def side_by_side(people: int, ticks: int, runs: int) -> tuple[Lived, dict[str, Lived | None]]:
    """Ours and the others, all of whom must have made the same decisions and ended in the same state."""
    ours = through_the_actors(people, ticks, runs)
    peers = {
        "numpy": ask("columns", "numpy", people, ticks, runs),
        "mesa": ask("agents", "mesa", people, ticks, runs),
        "simpy": ask("processes", "simpy", people, ticks, runs),
    }
    for name, peer in peers.items():
        if peer is not None and (peer.decisions, peer.checksum) != (ours.decisions, ours.checksum):
            raise RuntimeError(f"{name} lived by another rule: {peer}, ours {ours}")
    return ours, peers


def measures(quick: bool) -> list[Measure]:
    people, ticks, runs = (20_000, 12, 3) if quick else (PEOPLE, TICKS, 5)
    ours, peers = side_by_side(people, ticks, runs)
    rates = {name: None if peer is None else peer.rate for name, peer in peers.items()}
    found = [
        Measure(
            f"decisions through the actors, town rule, {people:,} people",
            ours.rate,
            "a second",
            target=A_SECOND_MIN,
            peers=rates,
        )
    ]
    for name, what, target in (
        ("mesa", "the same, against Mesa", MESA_TIMES_MIN),
        ("simpy", "the same, against SimPy", SIMPY_TIMES_MIN),
        ("numpy", "the same, against the bare NumPy kernel", NUMPY_SHARE_MIN),
    ):
        rate = rates[name]
        times = None if rate is None else ours.rate / rate
        because = "" if rate is not None else f"{name} is not installed"
        found.append(Measure(what, times, "times", target=target, because=because))
    return found
