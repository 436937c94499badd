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


def seconds_to_first_tick(worlds: int) -> tuple[float, float]:
    """(until the first tick of all, until the last world is open): a world ticks as soon as it is open."""
    documents = [lanternford(PEOPLE, number) for number in range(worlds)]
    with serving(["run", "--generation", "off"], documents) as service:
        ticked = service.wait_for("world.ticked", 1, WITHIN_S)[0]
        opened = service.wait_for("world.opened", worlds, WITHIN_S)[worlds - 1]
        first, last = (datetime.fromisoformat(event["timestamp"]).timestamp() for event in (ticked, opened))
        return first - service.begun, last - service.begun


def measures(quick: bool) -> list[Measure]:
    worlds, runs = (10, 1) if quick else (WORLDS, 3)
    found = [seconds_to_first_tick(worlds) for _ in range(runs)]
    first, last = (median(seconds) for seconds in zip(*found, strict=True))
    target = None if quick else SECONDS_MAX
    name = f"start of {worlds} worlds of {PEOPLE} people"
    return [
        Measure(f"{name}, to the first tick", first, "s", target=target, below=True),
        Measure(f"{name}, until all are open", last, "s"),
    ]
