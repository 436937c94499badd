"""A state that a stranger may have written: bounded before it is unpacked, and checked before anything reads
it, for compiled code trusts every index."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.clock import ATTO_PER_MICRO, Clock
from simulation.definitions import SimulationConfig
from simulation.inputs import STEPS_MAX
from simulation.population import DERIVED, NONE, TYPES, empty_columns
from simulation.scale import FULL, UNKNOWN
from simulation.script import Script
from simulation.time_limit import WORLD_TIME_US_MAX, owes_too_much

STATE_BYTES_MAX = 2 * 1024**3
"""Bytes of a state unpacked: a million people take a third of it."""
TICKS_MAX = 2**53
"""Ticks of a life: what every reader of JSON counts exactly, at a thousand a second 280,000 years."""
DEADLINE_US_MAX = 5 * WORLD_TIME_US_MAX
"""Microseconds: the last moment, and four spans of so much."""


class Senseless(ValueError):
    """Nobody's export wrote this; the text says what is wrong."""


def inflated(packed: bytes, most: int) -> bytes:
    """What was packed, if it is no more than `most` bytes. Raises Senseless, zlib.error."""
    unpacker = zlib.decompressobj()
    body = unpacker.decompress(packed, most)
    if not unpacker.eof:
        more = "more than" if unpacker.unconsumed_tail else "cut off within"
        raise Senseless(f"it unpacks into {more} {most:,} bytes")
    return body


def check_clock(clock: Clock, config: SimulationConfig) -> None:
    """Raises Senseless for a time that no world comes to."""
    for name, value, most in (
        ("world time", clock.world_time, WORLD_TIME_US_MAX),
        ("tick", clock.tick, TICKS_MAX),
        ("carry", clock.carry, ATTO_PER_MICRO - 1),
        ("steps", clock.steps_left, STEPS_MAX),
        ("advance", clock.advance_left, WORLD_TIME_US_MAX),
        ("advance limit", clock.advance_limit, WORLD_TIME_US_MAX),
    ):
        if type(value) is not int or not 0 <= value <= most:
            raise Senseless(f"its {name} is no whole number from 0 to {most}")
    if owes_too_much(clock, config) is not None:
        raise Senseless("it owes steps beyond the time that a world can have")


def check_people(script: Script, tiers: Iterable[tuple[Mapping[str, NDArray[Any]], int]]) -> None:
    """The columns of each tier, and whose components it counts. Raises Senseless."""
    everybody = []
    for columns, people in tiers:
        rows = len(columns["origin"])
        if people != rows:
            raise Senseless(f"it has {people} people's components and {rows} people")
        _check_columns(script, columns, rows)
        everybody.append(columns["origin"])
    origins = np.concatenate(everybody)
    if len(np.unique(origins)) != len(origins):
        raise Senseless("somebody is in it twice")


def _check_columns(script: Script, columns: Mapping[str, NDArray[Any]], rows: int) -> None:
    own = len(script.mind.own)
    like = empty_columns(1, len(script.cooling), len(script.slot_names), own)
    wanted = {name for name in TYPES if name not in DERIVED and (own or name != "own")}
    if columns.keys() != wanted:
        raise Senseless(f"it has other columns than {', '.join(sorted(wanted))}")
    ranges = _ranges(script)
    for name, values in columns.items():
        shape = (rows, *getattr(like, name).shape[1:])
        if values.dtype.newbyteorder("=") != TYPES[name] or values.shape != shape:
            raise Senseless(f"its column {name} is of another type or shape")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise Senseless(f"its column {name} has what is no number")
        low, high = ranges.get(name, (None, None))
        if low is not None and values.size and not (low <= values.min() and values.max() <= high):
            raise Senseless(f"its column {name} has values that are not from {low} to {high}")


def _ranges(script: Script) -> dict[str, tuple[int, int]]:
    """Least and greatest of each column that has bounds; tables keep what NONE reads behind their last."""
    names = script.names
    activity, location = (NONE, len(names.activity) - 2), (NONE, len(names.location) - 2)
    moment = (NONE, DEADLINE_US_MAX)
    return {
        "origin": (0, len(script.definition.npcs) - 1),
        "routine": (NONE, len(names.routine) - 2),
        "profile": (0, 2**31 - 1),
        "home": location,
        "location": location,
        "activity": activity,
        "recent": activity,
        "energy": (0, FULL),
        "slots": (UNKNOWN, FULL),
        **dict.fromkeys(("started_at", "settled_at", "due_at", "recent_at", "ended_at"), moment),
    }
