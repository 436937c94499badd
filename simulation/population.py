"""The people of one tier as columns: one row a person, one array a property, cold JSON beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.units import NpcId

RECENT_MAX = 10
"""`lastActivities` keeps this many, the newest first (domain.md, behavior component)."""
CAPACITY_MIN = 16
"""Rows a tier starts with; columns double when they are full."""
NONE = -1
"""No activity, no location, no routine: an index into nothing."""

Cold = Mapping[str, Any]
"""A person's components that no rule reads hot, by name; replaced, never mutated."""


@dataclass(frozen=True, slots=True)
class Row:
    """One person taken out of a population, to be put into another: every column's value, and the cold
    JSON."""

    npc_id: NpcId
    values: Mapping[str, Any]
    cold: Cold


def column_types(cooldowns: int, slots: int) -> dict[str, tuple[Any, tuple[int, ...], int]]:
    """name -> (dtype, shape of one value, fill) of every column, for a world with that many cooldowns and
    slots."""
    return {
        "entity": (np.uint64, (), 0),
        "origin": (np.int32, (), NONE),
        "importance": (np.float64, (), 0),
        "routine": (np.int32, (), NONE),
        "profile": (np.int32, (), 0),
        "home": (np.int32, (), NONE),
        "location": (np.int32, (), NONE),
        "activity": (np.int16, (), NONE),
        "started_at": (np.int64, (), 0),
        "settled_at": (np.int64, (), 0),
        "due_at": (np.int64, (), 0),
        "energy": (np.int64, (), 0),
        "valence": (np.float64, (), 0),
        "arousal": (np.float64, (), 0),
        "recent": (np.int16, (RECENT_MAX,), NONE),
        "recent_at": (np.int64, (RECENT_MAX,), 0),
        "ended_at": (np.int64, (cooldowns,), NONE),
        "slots": (np.int64, (slots,), NONE),
        "hash_hi": (np.uint64, (), 0),
        "hash_lo": (np.uint64, (), 0),
        "cold_hi": (np.uint64, (), 0),
        "cold_lo": (np.uint64, (), 0),
    }


class Population:
    """Columns of equal length with `count` rows in use. Rows are dense: who leaves is replaced by the
    last."""

    def __init__(self, cooldowns: int, slots: int) -> None:
        self.types = column_types(cooldowns, slots)
        self.count = 0
        self.ids: list[NpcId] = []
        self.cold: list[Cold] = []
        self.row_of: dict[NpcId, int] = {}
        self.columns: dict[str, NDArray[Any]] = {
            name: np.full((CAPACITY_MIN, *shape), fill, dtype=dtype)
            for name, (dtype, shape, fill) in self.types.items()
        }

    def __getitem__(self, column: str) -> NDArray[Any]:
        """The whole column; rows beyond `count` are unused."""
        return self.columns[column]

    def add(self, npc_id: NpcId, values: Mapping[str, Any], cold: Cold) -> int:
        """Put a person in the next free row; columns not named get their fill."""
        row = self.count
        self._reserve(row + 1)
        for name, (_, _, fill) in self.types.items():
            self.columns[name][row] = values.get(name, fill)
        self.ids.append(npc_id)
        self.cold.append(cold)
        self.row_of[npc_id] = row
        self.count += 1
        return row

    def extend(self, ids: Iterable[NpcId], columns: Mapping[str, NDArray[Any]], cold: Iterable[Cold]) -> None:
        """Put many people at once behind the last row, every column given."""
        new = list(ids)
        start, end = self.count, self.count + len(new)
        self._reserve(end)
        for name in self.types:
            self.columns[name][start:end] = columns[name]
        self.row_of.update({npc_id: start + n for n, npc_id in enumerate(new)})
        self.ids.extend(new)
        self.cold.extend(cold)
        self.count = end

    def remove(self, npc_id: NpcId) -> Row:
        """Take a person out; the last row moves into the gap."""
        row = self.row_of.pop(npc_id)
        last = self.count - 1
        taken = Row(
            npc_id, {name: values[row].copy() for name, values in self.columns.items()}, self.cold[row]
        )
        if row != last:
            for values in self.columns.values():
                values[row] = values[last]
            self.ids[row], self.cold[row] = self.ids[last], self.cold[last]
            self.row_of[self.ids[row]] = row
        self.ids.pop()
        self.cold.pop()
        self.count = last
        return taken

    def copy_columns(self) -> dict[str, NDArray[Any]]:
        """A copy of the rows in use of every column, safe to encode while the world goes on."""
        return {name: values[: self.count].copy() for name, values in self.columns.items()}

    def _reserve(self, rows: int) -> None:
        capacity = len(self.columns["entity"])
        if rows <= capacity:
            return
        while capacity < rows:
            capacity *= 2
        for name, (dtype, shape, fill) in self.types.items():
            grown = np.full((capacity, *shape), fill, dtype=dtype)
            grown[: self.count] = self.columns[name][: self.count]
            self.columns[name] = grown
