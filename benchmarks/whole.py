"""Decisions a second through a whole service: the town rule, every process, real commits into SQLite."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from benchmarks.mind import TownMind
from benchmarks.report import Measure
from benchmarks.service import serving
from benchmarks.worlds import rule_town
from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import create

PEOPLE, TICKS = 100_000, 500
WITHIN_S = 180.0
"""Seconds for the service to come so far, on a machine that is busy with other things too."""


def expected(document: dict[str, Any], ticks: int) -> str:
    """The state hash by plain calls."""
    world, stages = create(parse_world(document, "rule"), mind=TownMind())
    for _ in drive.run(world, stages, ticks):
        """Made."""
    return drive.state_hash(world, stages)


def decisions_a_second(people: int, ticks: int) -> float:
    """From the log of the first tick to that of the last, so that starting and storing do not count; all of
    it is committed in the end, with the state hash that plain calls give."""
    document = rule_town(people)
    arguments = ["run", "--speed", "max", "--ticks", str(ticks), "--generation", "off"]
    with serving(arguments, [document], "benchmarks.town_service") as service:
        service.process.wait(WITHIN_S)
        service.look()
        (found,) = json.loads((service.folder / "out").read_text())["worlds"]
    if (found["tick"], found["stateHash"]) != (ticks, expected(document, ticks)):
        raise RuntimeError(f"the service lived by another rule: {found}")
    ticked = service.named("world.ticked")
    first, last = (datetime.fromisoformat(event["timestamp"]) for event in (ticked[0], ticked[-1]))
    made = int(sum(event["npc_ticks"] for event in ticked[1:]))
    return made / (last - first).total_seconds()


def measures(quick: bool) -> list[Measure]:
    people, ticks = (20_000, 100) if quick else (PEOPLE, TICKS)
    rate = decisions_a_second(people, ticks)
    return [Measure(f"decisions through a whole service, town rule, {people:,} people", rate, "a second")]
