"""Bytes a person: what the process grows by for the columns and components of a million people."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from benchmarks.report import Measure
from benchmarks.worlds import crowded
from simulation import drive

BYTES_MAX = 400
"""Of a person with default components: hot columns, id, due index and all."""
DUE = 50


def resident_bytes(pid: int | None = None) -> int:
    """What a process has in memory now."""
    statm = Path(f"/proc/{pid or os.getpid()}/statm").read_text(encoding="ascii")
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def bytes_a_person(people: int) -> float:
    """Of people who live: placed, hashed and ticked once. The world file they came from does not count."""
    drive.tick(*crowded(1_000, DUE))
    gc.collect()
    before = resident_bytes()
    world, stages = crowded(people, DUE)
    drive.tick(world, stages)
    drive.state_hash(world, stages)
    gc.collect()
    return (resident_bytes() - before) / people


def measures(quick: bool) -> list[Measure]:
    people = 100_000 if quick else 1_000_000
    grown = bytes_a_person(people)
    return [Measure(f"memory a person, {people:,} people", grown, "bytes", target=BYTES_MAX, below=True)]
