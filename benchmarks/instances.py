"""Private worlds made from a template in a running service, from the ask at its door to the answer."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.report import Measure
from benchmarks.service import serving
from messages.admin import InstanceWorld
from service.system import ActorService, new_id
from simulation.units import WorldId

TEMPLATE = Path(__file__).parent.parent / "examples" / "lanternford.json"
INSTANCES = 20
MS_MAX = 50.0
"""What a player who opens a private game does not notice."""
WITHIN_S = 120.0
"""Seconds for the service to come so far, on a machine that is busy with other things too."""


def instance_ms(door: ActorService, template: WorldId, number: int) -> float:
    """From the ask to the answer: the world is stored, on a shard, and ticks."""
    begin = time.perf_counter()
    own = WorldId(f"mine-{number}")
    door.ask(
        InstanceWorld(ask_id=new_id(), template=template, world_id=own, user_id=f"user-{number}"), WITHIN_S
    )
    return (time.perf_counter() - begin) * 1000


def instances(count: int) -> list[float]:
    """Milliseconds for each of so many, one after the other, beside the template and those made before."""
    document = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    with serving(["run", "--generation", "off"], [document]) as service:
        service.wait_for("world.ticked", 1, WITHIN_S)
        door = service.connect(WITHIN_S)
        return [instance_ms(door, WorldId(document["id"]), number) for number in range(count)]


def ninth_tenth(found: Sequence[float]) -> float:
    """The value nine of ten do not exceed."""
    return sorted(found)[(9 * len(found) - 1) // 10]


def measures(quick: bool) -> list[Measure]:
    found = instances(5 if quick else INSTANCES)
    name = f"{len(found)} private instances of the example town"
    target = None if quick else MS_MAX
    return [
        Measure(f"{name}: p50", median(found), "ms", target=target, below=True),
        Measure(f"{name}: p90", ninth_tenth(found), "ms", target=target, below=True),
    ]
