"""What worlds cost that sleep: registered, without a session, their clocks standing."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert

from actors.resting import STORED
from actors.speech import mark_of
from benchmarks.report import Measure
from benchmarks.service import Service, started
from benchmarks.worlds import town
from messages.admin import ListWorlds, SubmitInput
from messages.commits import CommitRecord, Snapshot
from persistence import commits, tables
from persistence.definitions import person_rows
from persistence.engine import Database
from persistence.worlds import unborn
from service.client import ask
from service.errors import ServiceError
from service.system import ActorService, new_id
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.snapshot import encode, parts_of
from simulation.units import Epoch, GenerationMode, InputKind, Tick, WorldId

WORLDS, PEOPLE, FEW = 10_000, 200, 5
"""People of those that are woken, and of the others: a sleeping world's are in the database alone, so their
number costs nothing but the time to store them."""
BYTES_MAX, CORE_PERCENT_MAX, WAKE_MS_MAX = 1_000_000_000, 1.0, 100.0
WATCHED_S = 10.0
"""Seconds in which a single tick of ten thousand would show."""
OPEN_WITHIN_S = 120.0
"""Seconds for the service to come so far, on a machine that is busy with other things too."""
WOKEN = 10
ONCE = Epoch(1)
AT_ONCE = 100
"""Worlds stored in one transaction."""


@dataclass(frozen=True, slots=True)
class Asleep:
    """What is stored of one."""

    row: dict[str, Any]
    people: list[dict[str, Any]]
    record: CommitRecord


def sleeper(number: int, people: int = FEW) -> dict[str, Any]:
    document = town(people, None, 50, f"sleeper-{number}")
    document["meta"]["simulation"].update(idlePolicy="sleep", seed=number)
    return document


def worlds_sleep() -> bool:
    """Whether this version lets them."""
    warnings = parse_world(sleeper(0), "sleeper").warnings
    return not any("idlePolicy" in warning.path for warning in warnings)


def register(url: str, count: int) -> None:
    """Stored and asleep, as a service leaves worlds that nobody visited; every core makes some of them."""
    people = [FEW if number % (count // WOKEN) else PEOPLE for number in range(count)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("fork")) as pool:
        asyncio.run(store(url, pool.map(fallen_asleep, range(count), people, chunksize=AT_ONCE)))


async def store(url: str, worlds: Iterator[Asleep]) -> None:
    database = await Database.open(url, migrate=True)
    try:
        while found := list(islice(worlds, AT_ONCE)):
            async with database.write() as connection:
                await connection.execute(insert(tables.worlds), [world.row for world in found])
                people = [row for world in found for row in world.people]
                await connection.execute(insert(tables.npcs), people)
            await commits.write(database, [world.record for world in found])
    finally:
        await database.close()


def fallen_asleep(number: int, people: int) -> Asleep:
    """A registered world that was owned once and has one record: a snapshot, and a mark that says it
    sleeps."""
    document = sleeper(number, people)
    definition = parse_world(document, "sleeper")
    world, stages = create(definition, GenerationMode.OFF)
    standing = world.standing({tier: stage.fingerprint() for tier, stage in stages.items()})
    parts = parts_of(world, {tier: stage.export() for tier, stage in stages.items()})
    record = CommitRecord(
        world_id=definition.id,
        epoch=ONCE,
        number=1,
        from_tick=Tick(0),
        to_tick=Tick(0),
        mark=mark_of(standing).model_copy(update={"asleep": True}),
        snapshot=Snapshot(tick=Tick(0), ordinal=0, body=encode(parts)),
    )
    now = time.time()
    row = {
        **unborn(ONCE, now),
        "id": definition.id,
        "name": definition.name,
        "status": "active",
        "definition": json.dumps(document),
        "definition_hash": definition.definition_hash,
        "generation": GenerationMode.OFF,
        "updated_at": now,
    }
    return Asleep(row, person_rows(definition.id, document["npcs"]), record)


def wake_ms(door: ActorService, number: int) -> float:
    """From an input to its answer, the effect committed."""
    world_id = WorldId(f"sleeper-{number}")
    payload = {"ticks": 1}
    begin = time.perf_counter()
    step = SubmitInput(ask_id=new_id(), world_id=world_id, kind=InputKind.STEP, payload=payload)
    door.ask(step, OPEN_WITHIN_S)
    return (time.perf_counter() - begin) * 1000


def sleeping(count: int, watched_s: float) -> tuple[float, float, float]:
    """(bytes, percent of a core, milliseconds to wake) of so many."""
    with tempfile.TemporaryDirectory(prefix="theatrum-bench-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        register(f"sqlite:///{folder / 'data' / 'theatrum.db'}", count)
        with started(folder, ["serve", "--generation", "off"]) as service:
            until = time.monotonic() + OPEN_WITHIN_S
            while not is_open(service, count) and time.monotonic() < until:
                time.sleep(1.0)
            spent = service.cpu_s("th-shard")
            time.sleep(watched_s)
            percent = 100 * (service.cpu_s("th-shard") - spent) / watched_s
            memory = service.memory_bytes()
            door = service.connect(OPEN_WITHIN_S)
            woken = median(wake_ms(door, number * (count // WOKEN)) for number in range(WOKEN))
    return memory, percent, woken


def is_open(service: Service, count: int) -> bool:
    try:
        worlds = ask(service.data, ListWorlds(ask_id=new_id())).worlds
        return len([world for world in worlds if world.status != STORED]) >= count
    except ServiceError:
        return False


def measures(quick: bool) -> list[Measure]:
    count, watched_s = (500, 2.0) if quick else (WORLDS, WATCHED_S)
    name = f"{count:,} sleeping worlds"
    because = "" if worlds_sleep() else "worlds of this version do not sleep"
    memory, percent, woken = sleeping(count, watched_s) if not because else (None, None, None)
    return [
        Measure(f"{name}: memory", memory, "bytes", BYTES_MAX, below=True, because=because),
        Measure(
            f"{name}: CPU of the shard", percent, "% of a core", CORE_PERCENT_MAX, below=True, because=because
        ),
        Measure(f"{name}: wake of {PEOPLE}", woken, "ms", WAKE_MS_MAX, below=True, because=because),
    ]
