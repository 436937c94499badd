"""Where the people of one tier live: their columns, who is due, and what a tick does to them. A TierActor's
half."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.changes import write
from simulation.deciding import decide
from simulation.due import DueIndex
from simulation.effects import begun, flags_of, requests_of
from simulation.fingerprint import Fingerprint, cold_words
from simulation.orders import Leave, PersonWrite, TierOrder, TierReport, TierTouch, TierTouched
from simulation.person import Person, Scene, person_of
from simulation.person_json import read_person, view_of
from simulation.population import Population
from simulation.reasoning import Reasons, reason
from simulation.script import Script
from simulation.units import Micros, NpcId, Tier

WAITING_NAMED_MAX = 8
"""How many of those left out a plan names: enough to look at, small enough to log every tick."""

Rows = NDArray[np.int64]


class Stage:
    """One tier of one world."""

    def __init__(self, script: Script, tier: Tier) -> None:
        self.script = script
        self.tier = tier
        self.people = Population(len(script.cooling), len(script.slot_names))
        self.due = DueIndex()
        self._fingerprint = Fingerprint()

    @property
    def count(self) -> int:
        return self.people.count

    def open(self, origins: Iterable[int], world_time: Micros) -> tuple[tuple[Micros, int], ...]:
        """Put the people defined at these places of the world file on the stage; answers their agenda."""
        for origin in origins:
            npc = self.script.definition.npcs[origin]
            values, cold = read_person(self.script, origin, npc, world_time)
            high, low = cold_words(cold)
            self.people.add(npc.id, {**values, "cold_hi": high, "cold_lo": low}, cold)
        return self.reindex()

    def load(
        self, ids: Iterable[NpcId], columns: Mapping[str, NDArray[Any]], cold: Iterable[Mapping[str, Any]]
    ) -> tuple[tuple[Micros, int], ...]:
        """Take over the columns of a snapshot; answers their agenda."""
        self.people.extend(ids, columns, cold)
        self._fingerprint.everybody()
        return self.reindex()

    def reindex(self) -> tuple[tuple[Micros, int], ...]:
        """Build the due index anew from the column; answers the agenda of the tier."""
        self.due = DueIndex()
        rows = np.arange(self.people.count, dtype=np.int64)
        return self.due.put(self.people["due_at"][: self.people.count], rows)

    def tick(self, order: TierOrder) -> TierReport:
        """Let at most `order.share` due people decide, the most overdue first."""
        scene = Scene(self.script, order.now, self.tier, order.flags)
        seen = self._seen(scene, order.looks)
        rows = self.due.take(order.now, order.share, self.people.columns.entity)
        if not len(rows):
            return TierReport(self.tier, 0, (), waiting=self._waiting(order.now), seen=seen)
        decided = decide(scene, self.people, rows, order.interval)
        self._fingerprint.touch(self.people, rows)
        begins = begun(self.script, rows, decided.chosen)
        return TierReport(
            tier=self.tier,
            served=len(rows),
            scheduled=self.due.put(self.people.columns.due_at[rows], rows),
            flags=flags_of(self.script, self.people, begins),
            requests=tuple(requests_of(scene, self.people, begins)) if order.hooks else (),
            failures=decided.failures,
            waiting=self._waiting(order.now),
            touched=len(rows),
            seen=seen,
        )

    def _seen(self, scene: Scene, looks: Iterable[NpcId]) -> tuple[Person, ...]:
        """Those of `looks` who are on this stage, as they stand now."""
        rows = [row for npc_id in looks if (row := self.people.row_of.get(npc_id)) is not None]
        return tuple(person_of(scene, self.people, row) for row in rows)

    def _waiting(self, now: Micros) -> tuple[NpcId, ...]:
        return self.left_out(now, 0)

    def left_out(self, now: Micros, share: int) -> tuple[NpcId, ...]:
        """The first few who would still wait if `share` of those due at `now` were served; nobody is."""
        rows = self.due.peek(now, share + WAITING_NAMED_MAX, self.people["entity"])
        return tuple(self.people.ids[row] for row in rows[share:])

    def touch(self, touch: TierTouch) -> TierTouched:
        """What inputs do to people between ticks: looks, writes, then who leaves, then who comes."""
        scene = Scene(self.script, touch.now, self.tier, touch.flags)
        seen = self._seen(scene, touch.looks)
        written = self._write(scene, touch.writes)
        left = tuple(self.people.remove(npc_id) for npc_id in self._leavers(touch.leave))
        for comer in touch.come:
            self.people.add(comer.npc_id, comer.values, comer.cold)
        if not left and not touch.come:
            return TierTouched(self.tier, written=written, seen=seen)
        self._fingerprint.everybody()
        return TierTouched(self.tier, left, written, self.reindex(), seen)

    def _write(self, scene: Scene, writes: Iterable[PersonWrite]) -> int:
        """How many of the writes were about people of this stage."""
        rows = []
        for change in writes:
            row = self.people.row_of.get(change.npc_id)
            if row is not None:
                write(scene, self.people, row, change)
                rows.append(row)
        if rows:
            self._fingerprint.touch(self.people, np.array(list(dict.fromkeys(rows)), dtype=np.int64))
        return len(rows)

    def _leavers(self, leave: Leave | None) -> list[NpcId]:
        """By importance, ties by entity number: the same people whatever rows they sit in."""
        if leave is None:
            return []
        count = self.people.count
        by_entity = np.argsort(self.people["entity"][:count], kind="stable")
        importance = self.people["importance"][:count][by_entity]
        order = by_entity[np.argsort(-importance if leave.best else importance, kind="stable")]
        return [self.people.ids[row] for row in order[: leave.count].tolist()]

    def fingerprint(self) -> int:
        """The sum of the people's hashes mod 2**128, recomputed for those touched since the last call."""
        return self._fingerprint.total(self.script, self.people, self.tier)

    def fingerprint_in_full(self) -> int:
        """The same from nothing: what tests and recovery compare with."""
        return Fingerprint().everybody().total(self.script, self.people, self.tier)

    def person(self, npc_id: NpcId, now: Micros, flags: Mapping[str, Any]) -> Person | None:
        """One person at `now`, as rules see them; reading changes nothing. None: not on this stage."""
        return next(iter(self._seen(Scene(self.script, now, self.tier, flags), (npc_id,))), None)

    def view(self, npc_id: NpcId, now: Micros, flags: Mapping[str, Any]) -> dict[str, Any] | None:
        """One person as they are at `now`; reading changes nothing. None: not on this stage."""
        row = self.people.row_of.get(npc_id)
        if row is None:
            return None
        person = person_of(Scene(self.script, now, self.tier, flags), self.people, row)
        return view_of(self.script, self.people, row, self.tier, person)

    def why(self, npc_id: NpcId, now: Micros, flags: Mapping[str, Any]) -> Reasons | None:
        """What this person would decide at `now`, and why. None: not on this stage."""
        row = self.people.row_of.get(npc_id)
        if row is None:
            return None
        return reason(
            person_of(Scene(self.script, now, self.tier, flags), self.people, row), self.people, row
        )

    def shown(self, npc_id: NpcId, now: Micros, flags: Mapping[str, Any]) -> dict[str, Any] | None:
        """One person as they are, with what they would decide at `now` and why under `why`."""
        view = self.view(npc_id, now, flags)
        if view is None:
            return None
        try:
            found = self.why(npc_id, now, flags)
        except (TypeError, ValueError, ArithmeticError) as error:
            return {**view, "why": {"error": f"{type(error).__name__}: {error}"}}
        return {**view, "why": found.to_json() if found is not None else None}

    def export(self) -> dict[str, Any]:
        """Copies of everything a snapshot keeps of this tier."""
        return {
            "ids": list(self.people.ids),
            "cold": list(self.people.cold),
            "columns": self.people.copy_columns(),
        }
