"""From `theatrum run` to the first tick of a hundred worlds, nothing stored yet."""

from __future__ import annotations

from datetime import datetime
from statistics import median

from benchmarks.report import Measure
from benchmarks.service import serving
from benchmarks.worlds import lanternford

WORLDS, PEOPLE = 100, 200
SECONDS_MAX = 3.0
"""What somebody waits for a prompt that moves."""
WITHIN_S = 120.0
"""Seconds for the service to come so far, on a machine that is busy with other things too."""


def seconds_to_first_tick(worlds: int) -> float:
    """Every world is open before any ticks: the first tick of all is the end of the start."""
    documents = [lanternford(PEOPLE, number) for number in range(worlds)]
    with serving(["run", "--generation", "off"], documents) as service:
        ticked = service.wait_for("world.ticked", 1, WITHIN_S)[0]
        if len(service.named("world.opened")) != worlds:
            raise RuntimeError("a world ticked before all were open")
        return datetime.fromisoformat(ticked["timestamp"]).timestamp() - service.begun


def measures(quick: bool) -> list[Measure]:
    worlds, runs = (10, 1) if quick else (WORLDS, 3)
    seconds = median(seconds_to_first_tick(worlds) for _ in range(runs))
    target = None if quick else SECONDS_MAX
    name = f"start of {worlds} worlds of {PEOPLE} people, to the first tick"
    return [Measure(name, seconds, "s", target=target, below=True)]
