"""Measures of a shard: the same worlds through their actors, commits made but not written."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import Any

from actors.outbox import Outbox
from actors.shell import InnerSystem
from actors.world import Cast, WorldActor
from benchmarks.core import DUE, GROWTH_MAX
from benchmarks.report import Measure
from benchmarks.town import default_town, town
from messages.tick import Crashed, MakeTick, Marked, TakeMark, Ticked
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.snapshot import encode

DEFAULT_PEOPLE = 200
"""People of a default world."""
SNAPSHOT_EVERY_TICKS = 30
"""As by default: every 30 s, at a tick a second."""


class Stagehand:
    """One world and its tier actors on an in-process actor system, driven as a shard drives them."""

    def __init__(self, document: dict[str, Any]) -> None:
        world, stages = create(parse_world(document, "bench"))
        self.outbox = Outbox()
        self.inner = InnerSystem()
        self.address = self.inner.create(WorldActor)
        self.inner.tell(self.address, Cast(world, stages, self.outbox))
        self.ticks = 0

    def say(self, message: object) -> Any:
        self.inner.tell(self.address, message)
        for item in self.outbox.take():
            if isinstance(item, Crashed):
                raise RuntimeError(item.traceback)  # noqa: TRY004  not a wrong type: the world's crash
            found = item
        return found

    def tick(self) -> Ticked:
        self.ticks += 1
        done: Ticked = self.say(MakeTick())
        return done

    def commit(self) -> int:
        """The mark of a record, now and then a snapshot; the snapshot's bytes."""
        snapshot = self.ticks % SNAPSHOT_EVERY_TICKS == 0
        marked: Marked = self.say(TakeMark(snapshot))
        return len(encode(marked.parts)) if snapshot else 0


def decisions_a_second(people: int, ticks: int) -> float:
    """Everybody decides in every tick, within the budget; a mark after each tick."""
    world = Stagehand(town(people, None, people))
    world.tick()
    rates = []
    for _ in range(ticks):
        start = perf_counter()
        done = world.tick()
        world.say(TakeMark(False))
        rates.append(done.npc_ticks / (perf_counter() - start))
        if done.npc_ticks != people:
            raise RuntimeError(f"{done.npc_ticks} of {people} decided")
    return median(rates)


def tick_cost_ms(people: int, ticks: int) -> float:
    """The median of ticks in which exactly `DUE` of so many people decide."""
    world = Stagehand(town(people, DUE, DUE))
    costs = []
    for _ in range(ticks):
        start = perf_counter()
        done = world.tick()
        costs.append((perf_counter() - start) * 1000)
        if done.npc_ticks != DUE:
            raise RuntimeError(f"{done.npc_ticks} decided, not {DUE}")
    return median(costs)


def default_worlds(worlds: int, ticks: int) -> float:
    """How many default worlds one core ticks once a second, each with its commit and its snapshots."""
    all_worlds = [Stagehand(default_town(number, DEFAULT_PEOPLE)) for number in range(worlds)]
    for world in all_worlds:
        world.tick()
    start = perf_counter()
    for _ in range(ticks):
        for world in all_worlds:
            world.tick()
            world.commit()
    return worlds * ticks / (perf_counter() - start)


def measures(quick: bool) -> list[Measure]:
    many, rounds = (20_000, 3) if quick else (100_000, 5)
    ticks = 60 if quick else 190
    small, large = tick_cost_ms(10_000, ticks), tick_cost_ms(many, ticks)
    return [
        Measure(
            f"decisions through the actors, {many:,} people, a mark a tick",
            decisions_a_second(many, rounds),
            "a second",
        ),
        Measure(f"tick with {DUE} due among 10,000 people, actors", small, "ms"),
        Measure(f"tick with {DUE} due among {many:,} people, actors", large, "ms"),
        Measure("the same, large against small", large / small, "times", target=GROWTH_MAX, below=True),
        Measure(
            f"default worlds ({DEFAULT_PEOPLE} people, a tick a second) a core",
            default_worlds(5 if quick else 20, 30 if quick else 90),
            "worlds",
        ),
    ]
