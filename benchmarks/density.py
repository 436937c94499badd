"""How many worlds of the default size one shard keeps on time, a tick a second each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from benchmarks.report import Measure
from benchmarks.service import Service, serving
from benchmarks.worlds import lanternford
from messages.admin import SubmitInput
from service.system import new_id
from simulation.units import InputKind, WorldId

PEOPLE, WORLDS = 200, 1_000
LATE_P99_MS_MAX, CORE_PERCENT_MAX = 100.0, 90.0
SETTLE_S = 5.0
"""Seconds of ticking before the measure begins: the first snapshots are over then."""
OPEN_WITHIN_S = 300.0
"""Seconds for the service to come so far, on a machine that is busy with other things too."""


@dataclass(frozen=True)
class Kept:
    """What one shard made of so many worlds in so many seconds."""

    late_p50_ms: float
    late_p99_ms: float
    shard_percent: float
    """Of one core."""
    ticks_percent: float
    """Ticks made, of those that were due."""


def town(pattern: dict[str, Any], number: int) -> dict[str, Any]:
    """One of many, with draws of its own. Paused, for towns that tick while others open hold those up for
    minutes."""
    simulation = {**pattern["meta"]["simulation"], "seed": number, "mode": "paused"}
    meta = {**pattern["meta"], "simulation": simulation}
    return {**pattern, "id": f"lanternford-{number}", "name": f"Lanternford {number}", "meta": meta}


def resume(service: Service, world_ids: list[WorldId]) -> None:
    door = service.connect(OPEN_WITHIN_S)
    asks = [
        SubmitInput(ask_id=new_id(), world_id=world_id, kind=InputKind.RESUME, payload={})
        for world_id in world_ids
    ]
    for _, answer in door.ask_each(asks, OPEN_WITHIN_S):
        if isinstance(answer, Exception):
            raise answer


def keep(worlds: int, seconds: float) -> Kept:
    """All processes of a service, tick logs and commits on; generation off, so that only worlds cost."""
    pattern = lanternford(PEOPLE)
    documents = [town(pattern, number) for number in range(worlds)]
    with serving(["run", "--generation", "off", "--shards", "1"], documents) as service:
        service.wait_for("world.opened", worlds, OPEN_WITHIN_S)
        resume(service, [WorldId(document["id"]) for document in documents])
        service.wait_for("world.ticked", 2 * worlds, OPEN_WITHIN_S)
        time.sleep(SETTLE_S)
        service.look()
        seen, spent, begin = len(service.look()), service.cpu_s("th-shard"), time.monotonic()
        time.sleep(seconds)
        spent, elapsed = service.cpu_s("th-shard") - spent, time.monotonic() - begin
        service.look()
        late = sorted(
            event["lateness_ms"] for event in service.events[seen:] if event["event"] == "world.ticked"
        )
    return Kept(
        late_p50_ms=late[len(late) // 2],
        late_p99_ms=late[len(late) * 99 // 100],
        shard_percent=100 * spent / elapsed,
        ticks_percent=100 * len(late) / (worlds * elapsed),
    )


def measures(quick: bool) -> list[Measure]:
    worlds, seconds = (30, 4.0) if quick else (WORLDS, 20.0)
    kept = keep(worlds, seconds)
    name = f"{worlds:,} worlds of {PEOPLE} people, a tick a second"
    return [
        Measure(f"{name}: lateness p99", kept.late_p99_ms, "ms", target=LATE_P99_MS_MAX, below=True),
        Measure(f"{name}: the shard", kept.shard_percent, "% of a core", CORE_PERCENT_MAX, below=True),
        Measure(f"{name}: ticks made of those due", kept.ticks_percent, "%", target=99.0),
    ]
