"""Bytes a person: what the process grows by for the columns and components of a million people."""

from __future__ import annotations

import ctypes
import gc
import os
from contextlib import suppress
from pathlib import Path

from benchmarks.report import Measure
from benchmarks.worlds import crowded, names_of
from simulation import drive

BYTES_MAX = 400
"""Of a person with default components: hot columns, due index and all."""
DUE = 50


def resident_bytes() -> int:
    """What this process has in memory, without what was freed and is kept for later: making a million people
    at once leaves some fifty megabytes of that, of which living takes nothing."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    statm = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def bytes_a_person(people: int) -> tuple[float, float]:
    """(of people who live: placed, hashed and ticked; and with the copy that a snapshot is made from). What
    belongs to the definition does not count: the world file's JSON, and the ids that people share with it."""
    drive.tick(*crowded(1_000, DUE))
    names = names_of(people)
    before = resident_bytes()
    world, stages = crowded(people, DUE, names)
    drive.tick(world, stages)
    drive.state_hash(world, stages)
    living = resident_bytes() - before
    copies = [stage.export() for stage in stages.values()]
    copied = resident_bytes() - before
    del copies
    return living / people, copied / people


def measures(quick: bool) -> list[Measure]:
    people = 100_000 if quick else 1_000_000
    living, copied = bytes_a_person(people)
    name = f"memory a person, {people:,} people"
    target = None if quick else BYTES_MAX  # columns double when they are full: a million fill theirs well
    return [
        Measure(name, living, "bytes", target=target, below=True),
        Measure(f"{name}, while a snapshot is made", copied, "bytes"),
    ]
