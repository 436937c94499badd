"""What worlds cost that sleep: registered, without a session, their clocks standing."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import Measure
from benchmarks.service import Service, started
from benchmarks.worlds import town
from messages.admin import ListWorlds, SubmitInput
from persistence import worlds
from persistence.engine import Database
from service.client import ask
from service.errors import ServiceError
from service.system import new_id
from simulation.definitions import parse_world
from simulation.units import GenerationMode, InputKind, WorldId

WORLDS, PEOPLE = 10_000, 20
"""People of each: a sleeping world's are in the database alone, so their number costs nothing here."""
BYTES_MAX, CORE_PERCENT_MAX, WAKE_MS_MAX = 1_000_000_000, 1.0, 100.0
WATCHED_S = 10.0
"""Seconds in which a single tick of ten thousand would show."""
OPEN_WITHIN_S = 120.0
"""Seconds for the service to come so far, on a machine that is busy with other things too."""
WOKEN = 10


def sleeper(number: int) -> dict[str, Any]:
    document = town(PEOPLE, None, 50, f"sleeper-{number}")
    document["meta"]["simulation"].update(idlePolicy="sleep", seed=number)
    return document


def worlds_sleep() -> bool:
    """Whether this version lets them."""
    warnings = parse_world(sleeper(0), "sleeper").warnings
    return not any("idlePolicy" in warning.path for warning in warnings)


async def register(url: str, count: int) -> None:
    """As `theatrum world add` stores them, without a service."""
    database = await Database.open(url, migrate=True)
    try:
        for number in range(count):
            document = sleeper(number)
            definition = parse_world(document, "sleeper")
            await worlds.register(
                database,
                world_id=definition.id,
                name=definition.name,
                document=json.dumps(document),
                definition_hash=definition.definition_hash,
                generation=GenerationMode.OFF,
                fresh=False,
            )
    finally:
        await database.close()


def wake_ms(service: Service, number: int) -> float:
    """From an input to its answer, the effect committed."""
    world_id = WorldId(f"sleeper-{number}")
    payload = {"ticks": 1}
    begin = time.perf_counter()
    step = SubmitInput(ask_id=new_id(), world_id=world_id, kind=InputKind.STEP, payload=payload)
    ask(service.data, step)
    return (time.perf_counter() - begin) * 1000


def sleeping(count: int) -> tuple[float, float, float]:
    """(bytes, percent of a core, milliseconds to wake) of so many."""
    with tempfile.TemporaryDirectory(prefix="theatrum-bench-") as name:
        folder = Path(name)
        (folder / "data").mkdir()
        asyncio.run(register(f"sqlite:///{folder / 'data' / 'theatrum.db'}", count))
        with started(folder, ["serve", "--generation", "off"]) as service:
            until = time.monotonic() + OPEN_WITHIN_S
            while not is_open(service, count) and time.monotonic() < until:
                time.sleep(1.0)
            spent = service.cpu_s()
            time.sleep(WATCHED_S)
            percent = 100 * (service.cpu_s() - spent) / WATCHED_S
            memory = service.memory_bytes()
            woken = median(wake_ms(service, number * (count // WOKEN)) for number in range(WOKEN))
    return memory, percent, woken


def is_open(service: Service, count: int) -> bool:
    try:
        return len(ask(service.data, ListWorlds(ask_id=new_id())).worlds) >= count
    except ServiceError:
        return False


def measures(quick: bool) -> list[Measure]:
    count = 500 if quick else WORLDS
    name = f"{count:,} sleeping worlds"
    because = "" if worlds_sleep() else "worlds of this version do not sleep"
    memory, percent, woken = sleeping(count) if not because else (None, None, None)
    return [
        Measure(f"{name}: memory", memory, "bytes", BYTES_MAX, below=True, because=because),
        Measure(f"{name}: CPU", percent, "% of a core", CORE_PERCENT_MAX, below=True, because=because),
        Measure(f"{name}: wake", woken, "ms", WAKE_MS_MAX, below=True, because=because),
    ]
