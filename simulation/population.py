"""The people of one tier as columns: one row a person, one array a property, cold JSON beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, get_type_hints

import numpy as np
from numpy.typing import NDArray

from simulation.units import NpcId

RECENT_MAX = 10
"""`lastActivities` keeps this many, the newest first (domain.md, behavior component)."""
CAPACITY_MIN = 16
"""Rows a tier starts with; columns double when they are full."""
SPARE_ROWS_MIN = 4_096
"""Rows from which on a population keeps its last copy and brings it up to date for the next: what changed
since costs, not who exists. A thousand small worlds need not hold theirs twice."""
COPIED_ANEW_FROM = 32
"""One row in so many changed: copying all of them in order of memory costs less than picking those out."""
NONE = -1
"""No activity, no location, no routine: an index into nothing."""

WAITING_FOR = "waitingFor"
"""The component that names the generation requests somebody waits for; while they do, they begin nothing."""

Cold = Mapping[str, Any]
"""A person's components that no rule reads hot, by name; replaced, never mutated."""
BARE: Cold = {}
"""Of everybody without cold components, which most are: one object for all of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One person taken out of a population, to be put into another: every column's value, and the cold
    JSON."""

    npc_id: NpcId
    values: Mapping[str, Any]
    cold: Cold


class Columns(NamedTuple):
    """One array a property, of equal length; rows beyond the population's count are unused."""

    entity: NDArray[np.uint64]
    origin: NDArray[np.int32]
    importance: NDArray[np.float64]
    routine: NDArray[np.int32]
    profile: NDArray[np.int32]
    home: NDArray[np.int32]
    location: NDArray[np.int32]
    activity: NDArray[np.int16]
    started_at: NDArray[np.int64]
    settled_at: NDArray[np.int64]
    due_at: NDArray[np.int64]
    energy: NDArray[np.int64]
    valence: NDArray[np.float64]
    arousal: NDArray[np.float64]
    recent: NDArray[np.int16]
    """(people, RECENT_MAX)"""
    recent_at: NDArray[np.int64]
    ended_at: NDArray[np.int64]
    """(people, activities with a cooldown)"""
    slots: NDArray[np.int64]
    """(people, relationships that some rule reads)"""
    own: NDArray[np.float64]
    """(people, values that only the world's mind reads)"""
    hash_hi: NDArray[np.uint64]
    hash_lo: NDArray[np.uint64]
    cold_hi: NDArray[np.uint64]
    cold_lo: NDArray[np.uint64]


DERIVED = frozenset({"hash_hi", "hash_lo"})
"""Columns that follow from the others: never copied for a snapshot."""
FILLS = dict.fromkeys(("origin", "routine", "home", "location", "activity", "recent", "ended_at"), NONE)
"""What a column holds where nothing is said; 0 where it is not named."""
TYPES = {name: np.dtype(hint.__args__[1].__args__[0]) for name, hint in get_type_hints(Columns).items()}


def empty_columns(rows: int, cooldowns: int, slots: int, own: int = 0) -> Columns:
    """Columns for so many people, in a world with that many cooldowns, relationships and values of its
    mind."""
    widths = {
        "recent": RECENT_MAX,
        "recent_at": RECENT_MAX,
        "ended_at": cooldowns,
        "slots": slots,
        "own": own,
    }
    return Columns(
        **{
            name: np.full((rows, widths[name]) if name in widths else rows, FILLS.get(name, 0), dtype)
            for name, dtype in TYPES.items()
        }
    )


class Population:
    """Columns of equal length with `count` rows in use. Rows are dense: who leaves is replaced by the
    last."""

    def __init__(self, cooldowns: int, slots: int, own: int = 0) -> None:
        self._widths = cooldowns, slots, own
        self.count = 0
        self.ids: list[NpcId] = []
        self.cold: list[Cold] = []
        self.row_of: dict[NpcId, int] = {}
        self.columns = empty_columns(CAPACITY_MIN, *self._widths)
        self.dirty = np.zeros(CAPACITY_MIN, dtype=np.bool_)
        """Rows whose hash is not up to date."""
        self.held: dict[NpcId, None] = {}
        """Who waits for a generation result."""
        self._spare: dict[str, NDArray[Any]] = {}
        self._spare_cold: list[Cold] = []
        """The last copy, when there are many people."""
        self._stale = np.zeros(0, dtype=np.bool_)
        """Rows in which the last copy is behind; empty while there is none."""

    def __getitem__(self, column: str) -> NDArray[Any]:
        """The whole column; rows beyond `count` are unused."""
        found: NDArray[Any] = getattr(self.columns, column)
        return found

    def _named(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every column; without `own` where the mind keeps nothing, as in most worlds."""
        columns: tuple[NDArray[Any], ...] = self.columns
        own = self._widths[2]
        named = zip(Columns._fields, columns, strict=True)
        return ((name, column) for name, column in named if own or name != "own")

    def add(self, npc_id: NpcId, values: Mapping[str, Any], cold: Cold) -> int:
        """Put a person in the next free row; columns not named get their fill."""
        row = self.count
        self._reserve(row + 1)
        for name, column in self._named():
            column[row] = values.get(name, FILLS.get(name, 0))
        self.ids.append(npc_id)
        self.cold.append(cold)
        self.row_of[npc_id] = row
        self.count += 1
        self.changed(row)
        self._note_held(row)
        return row

    def extend(self, ids: Iterable[NpcId], columns: Mapping[str, NDArray[Any]], cold: Iterable[Cold]) -> None:
        """Put many people at once behind the last row, every column but the derived given."""
        new = list(ids)
        start, end = self.count, self.count + len(new)
        self._reserve(end)
        for name, column in self._named():
            column[start:end] = columns.get(name, 0)
        self.row_of.update({npc_id: start + n for n, npc_id in enumerate(new)})
        self.ids.extend(new)
        self.cold.extend(cold)
        self.count = end
        self.changed(slice(start, end))
        for row in range(start, end):
            if self.cold[row]:
                self._note_held(row)

    def put_cold(self, row: int, cold: Cold) -> None:
        """Replace somebody's cold components."""
        self.cold[row] = cold
        self.changed(row)
        self._note_held(row)

    def _note_held(self, row: int) -> None:
        if WAITING_FOR in self.cold[row]:
            self.held[self.ids[row]] = None
        else:
            self.held.pop(self.ids[row], None)

    def remove(self, npc_id: NpcId) -> Row:
        """Take a person out; the last row moves into the gap, with its hash and whether that is up to
        date."""
        row = self.row_of.pop(npc_id)
        self.held.pop(npc_id, None)
        last = self.count - 1
        values = {name: column[row].copy() for name, column in self._named()}
        taken = Row(npc_id, values, self.cold[row])
        if row != last:
            for _, column in self._named():
                column[row] = column[last]
            self.ids[row], self.cold[row] = self.ids[last], self.cold[last]
            self.row_of[self.ids[row]] = row
        self.dirty[row], self.dirty[last] = self.dirty[last], False
        self.changed(row)
        self.ids.pop()
        self.cold.pop()
        self.count = last
        return taken

    def changed(self, rows: NDArray[np.int64] | slice | int) -> None:
        """These rows are not as they were copied."""
        if len(self._stale):
            self._stale[rows] = True

    def copied(self) -> tuple[dict[str, NDArray[Any]], list[Cold]]:
        """The rows in use of every column that is not derived, and their cold components: safe to encode
        while the world goes on, until the next copy is asked for."""
        kept = {name: column[: self.count] for name, column in self._named() if name not in DERIVED}
        if self.count < SPARE_ROWS_MIN:
            return {name: column.copy() for name, column in kept.items()}, list(self.cold)
        rows = np.flatnonzero(self._stale[: self.count])
        if len(self._stale) != len(self.dirty) or len(rows) * COPIED_ANEW_FROM > self.count:
            self._copy_all(kept)
        else:
            for name, column in kept.items():
                self._spare[name][rows] = column[rows]
            self._copy_cold(rows.tolist())
        self._stale[:] = False
        return {name: self._spare[name][: self.count] for name in kept}, self._spare_cold

    def _copy_all(self, kept: Mapping[str, NDArray[Any]]) -> None:
        rows = len(self.dirty)
        if len(self._stale) != rows:
            self._stale = np.zeros(rows, dtype=np.bool_)
            self._spare = {name: np.empty((rows, *c.shape[1:]), c.dtype) for name, c in kept.items()}
        for name, column in kept.items():
            np.copyto(self._spare[name][: self.count], column)
        self._spare_cold = list(self.cold)

    def _copy_cold(self, rows: list[int]) -> None:
        """As many as there are people; those of `rows` and whoever came are new."""
        cold = self._spare_cold
        del cold[self.count :]
        cold.extend(self.cold[len(cold) :])
        for row in rows:
            cold[row] = self.cold[row]

    def _reserve(self, rows: int) -> None:
        capacity = len(self.dirty)
        if rows <= capacity:
            return
        while capacity < rows:
            capacity *= 2
        grown = empty_columns(capacity, *self._widths)
        for name, column in self._named():
            getattr(grown, name)[: self.count] = column[: self.count]
        dirty = np.zeros(capacity, dtype=np.bool_)
        dirty[: self.count] = self.dirty[: self.count]
        self.columns, self.dirty = grown, dirty
        self._stale = np.zeros(0, dtype=np.bool_)
