"""Where the people of one tier live: their columns, who is due, and what a tick does to them. A TierActor's
half."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.changes import write
from simulation.custom_effects import brought_by
from simulation.due import DueIndex
from simulation.effects import begun, flags_of, requests_of
from simulation.fingerprint import Fingerprint, cold_words
from simulation.orders import (
    UNRANKED,
    Doing,
    Found,
    Leave,
    PersonWrite,
    TierOrder,
    TierReport,
    TierTouch,
    TierTouched,
    Turn,
    Users,
    Watch,
)
from simulation.person import Person, Scene, person_of
from simulation.person_json import read_person, view_of
from simulation.plain import said_by
from simulation.plugins import CallTooLong
from simulation.population import Population, Row
from simulation.profiles import profile_of
from simulation.ranking import Ranking
from simulation.reasoning import Reasons
from simulation.recasting import Recast, recast, times_of
from simulation.script import Script
from simulation.units import Micros, NpcId, Tier

WAITING_NAMED_MAX = 8
"""How many of those left out a plan names: enough to look at, small enough to log every tick."""

USERS_SHOWN_MAX = 100
"""How many people who do or are something a tier shows: more than any refusal names."""

Rows = NDArray[np.int64]


class Stage:
    """One tier of one world."""

    def __init__(self, script: Script, tier: Tier) -> None:
        self.script = script
        self.tier = tier
        self.people = Population(len(script.cooling), len(script.slot_names), len(script.mind.own))
        self.due = DueIndex()
        self._fingerprint = Fingerprint()
        self._rankings: dict[bool, Ranking] = {}
        """Who is important (True) and who is not, from the first time people left by that."""

    @property
    def count(self) -> int:
        return self.people.count

    def open(self, origins: Iterable[int], world_time: Micros) -> tuple[tuple[Micros, int], ...]:
        """Put the people defined at these places of the world file on the stage; answers their agenda."""
        for origin in origins:
            npc = self.script.definition.npcs[origin]
            values, cold = read_person(self.script, origin, npc, world_time)
            high, low = cold_words(cold)
            own = self.script.mind.opening(origin, npc)
            self.people.add(npc.id, {**values, "cold_hi": high, "cold_lo": low, "own": own}, cold)
        return self.reindex()

    def load(
        self, ids: Iterable[NpcId], columns: Mapping[str, NDArray[Any]], cold: Iterable[Mapping[str, Any]]
    ) -> tuple[tuple[Micros, int], ...]:
        """Take over the columns of a snapshot; answers their agenda."""
        self.people.extend(ids, columns, cold)
        self.people.copied()  # so that the memory is there when a tick waits for the next copy
        self._fingerprint.everybody()
        self._find_profiles(self._single())
        return self.reindex()

    def _single(self) -> list[NpcId]:
        """Who has a profile of their own, by what their component says."""
        people = self.people
        rows = np.flatnonzero(people["profile"][: people.count] >= self.script.profiles.fixed)
        return [people.ids[row] for row in rows.tolist()]

    def _find_profiles(self, single: Iterable[NpcId]) -> None:
        """Profiles of single people are made anew: what they say is kept, not their numbers."""
        people = self.people
        for npc_id in single:
            if (row := people.row_of.get(npc_id)) is not None:
                origin = int(people["origin"][row])
                people["profile"][row] = profile_of(self.script, npc_id, origin, people.cold[row])
                people.changed(row)

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
        before = None if order.watch is None else self.people.columns.location[rows]
        doing = self._doing(rows) if order.turns else None
        decided = self.script.mind.decide(scene, self.people, rows, order.interval)
        self._fingerprint.touch(self.people, rows)
        begins = begun(self.script, rows, decided.chosen)
        return TierReport(
            tier=self.tier,
            served=len(rows),
            scheduled=self.due.put(self.people.columns.due_at[rows], rows),
            flags=flags_of(self.script, self.people, begins),
            requests=tuple(requests_of(scene, self.people, begins)) if order.hooks else (),
            brought=tuple(brought_by(scene, self.people, begins)),
            failures=decided.failures,
            waiting=self._waiting(order.now),
            touched=len(rows),
            seen=seen,
            moved=() if order.watch is None or before is None else self._moved(order.watch, rows, before),
            turns=() if doing is None else self._turns(rows, *doing, order.now),
        )

    def _doing(self, rows: Rows) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """What they do, and since when."""
        return self.people.columns.activity[rows], self.people.columns.started_at[rows]

    def _turns(
        self, rows: Rows, before: NDArray[Any], since: NDArray[np.int64], now: Micros
    ) -> tuple[Turn, ...]:
        """Those of `rows` who just ended or began what a hook watches. Whose rules raised, or who waits for a
        result, goes on with what they did."""
        after, began = self._doing(rows)
        watched = self.script.hooks.watched
        told = (watched[before] | watched[after]) & (began == now) & (since != now)
        return tuple(
            Turn(self.people.ids[rows[n]], int(before[n]), int(after[n])) for n in np.flatnonzero(told)
        )

    def _moved(self, watch: Watch, rows: Rows, before: NDArray[np.int32]) -> tuple[NpcId, ...]:
        """Those of `rows`, who were at `before`, of whom a tier rule may say something else now."""
        after = self.people.columns.location[rows]
        at_place = np.isin(before, watch.places) | np.isin(after, watch.places)
        moved = (before != after) & at_place
        names = [self.people.ids[row] for row in (rows if watch.everybody else rows[moved]).tolist()]
        if watch.people and not watch.everybody:
            names += [name for row in rows.tolist() if (name := self.people.ids[row]) in watch.people]
        return tuple(sorted(set(names)))

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
        self._find_profiles(self.script.profiles.hear(touch.heard))
        scene = Scene(self.script, touch.now, self.tier, touch.flags)
        seen = self._seen(scene, (*touch.looks, *self._users(touch.users)))
        if touch.recast is not None:
            answer = self._recast(scene, touch.recast)
            self._write(Scene(self.script, touch.now, self.tier, touch.flags), touch.writes)
            return answer
        written = self._write(scene, touch.writes)
        found = self._found(touch) if touch.finds or touch.places else ()
        agenda: dict[Micros, int] = {}
        left = tuple(self._leave(npc_id, agenda) for npc_id in self._leavers(touch.leave))
        for comer in touch.come:
            self._come(comer, agenda)
        return TierTouched(self.tier, left, written, tuple(agenda.items()), seen, found)

    def _recast(self, scene: Scene, change: Recast) -> TierTouched:
        """Play by another script from here on; answers who is due when more, and who is not any more."""
        before, single = times_of(self.people), self._single()
        self.people, self.script = recast(scene, self.people, change), change.script
        self._fingerprint.everybody()
        self._rankings = {}
        self._find_profiles(single)
        self.reindex()
        after = times_of(self.people)
        times = sorted(before.keys() | after.keys())
        delta = ((time, after.get(time, 0) - before.get(time, 0)) for time in times)
        agenda = tuple((time, count) for time, count in delta if count)
        return TierTouched(self.tier, agenda=agenda, recast=True, doing=self.doing())

    def doing(self) -> tuple[Doing, ...]:
        """Who does what some hook keeps the time of; the dormant set off nothing."""
        hooks, people = self.script.hooks, self.people
        if not hooks.timed or self.tier is Tier.DORMANT:
            return ()
        activities = people["activity"][: people.count]
        rows = np.flatnonzero(hooks.keeps_time[activities]).tolist()
        return tuple(
            (people.ids[row], int(activities[row]), Micros(int(people["started_at"][row]))) for row in rows
        )

    def _leave(self, npc_id: NpcId, agenda: dict[Micros, int]) -> Row:
        """Take one person off the stage; the last row takes the place. Costs two people."""
        people = self.people
        row, last = people.row_of[npc_id], people.count - 1
        due_at = Micros(int(people.columns.due_at[row]))
        self.due.forget(due_at, row)
        if row != last:
            self.due.rename(int(people.columns.due_at[last]), last, row)
        self._fingerprint.leave(people, row)
        agenda[due_at] = agenda.get(due_at, 0) - 1
        return people.remove(npc_id)

    def _come(self, comer: Row, agenda: dict[Micros, int]) -> None:
        """Put one person on the stage, exactly as they were on another."""
        row = self.people.add(comer.npc_id, comer.values, comer.cold)
        due_at = Micros(int(comer.values["due_at"]))
        self.due.put_one(due_at, row)
        self._fingerprint.come(self.people, row)
        for ranking in self._rankings.values():
            ranking.come(self.people, row)
        agenda[due_at] = agenda.get(due_at, 0) + 1

    def _found(self, touch: TierTouch) -> tuple[Found, ...]:
        """Who of those asked for is here, and who is at the places asked for."""
        people = self.people
        rows = [row for npc_id in touch.finds if (row := people.row_of.get(npc_id)) is not None]
        if touch.places:
            rows += np.flatnonzero(np.isin(people["location"][: people.count], touch.places)).tolist()
        return tuple(
            Found(people.ids[row], int(people["location"][row]), float(people["importance"][row]))
            for row in dict.fromkeys(rows)
        )

    def _users(self, users: Users | None) -> tuple[NpcId, ...]:
        """The first few, by entity number, who do or are what is asked for."""
        if users is None:
            return ()
        doing = [*(name in users.activities for name in self.script.activity_ids), False]
        at = [*(name in users.places for name in self.script.location_ids), False]
        people, count = self.people, self.people.count
        uses = np.array(doing)[people["activity"][:count]] | np.array(at)[people["location"][:count]]
        found = [row for row in np.flatnonzero(uses).tolist() if people.ids[row] not in users.besides]
        rows = np.array(found, dtype=np.int64)
        order = np.argsort(people["entity"][rows], kind="stable")
        return tuple(people.ids[row] for row in rows[order][:USERS_SHOWN_MAX].tolist())

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
        if leave.names is not None:
            return self._ordered(leave, leave.names)[: leave.count]
        ranking = self._rankings.get(leave.best)
        if ranking is None or ranking.is_stale(self.people):
            ranking = self._rankings[leave.best] = Ranking(self.people, best=leave.best)
        found = ranking.pick(self.people, leave.count, leave.ranks)
        if len(found) < leave.count and not leave.spares:
            found += self._ordered(leave, leave.ranks)[: leave.count - len(found)]
        return found

    def _ordered(self, leave: Leave, names: Iterable[NpcId]) -> list[NpcId]:
        """Those of `names` who are here, by rank, then importance, then entity number."""
        people, sign = self.people, -1 if leave.best else 1

        def key(npc_id: NpcId) -> tuple[int, float, int, NpcId]:
            row = people.row_of[npc_id]
            rank = leave.ranks.get(npc_id, UNRANKED)
            return (
                sign * rank,
                sign * float(people["importance"][row]),
                int(people["entity"][row]),
                npc_id,
            )

        return sorted((name for name in names if name in people.row_of), key=key)

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
        with self.script.plugin_state.unheard():
            person = person_of(Scene(self.script, now, self.tier, flags), self.people, row)
            return self.script.mind.why(person, self.people, row)

    def shown(self, npc_id: NpcId, now: Micros, flags: Mapping[str, Any]) -> dict[str, Any] | None:
        """One person as they are, with what they would decide at `now` and why under `why`."""
        view = self.view(npc_id, now, flags)
        if view is None:
            return None
        try:
            found = self.why(npc_id, now, flags)
        except (TypeError, ValueError, ArithmeticError, CallTooLong) as error:
            return {**view, "why": {"error": said_by(error)}}
        return {**view, "why": found.to_json() if found is not None else None}

    def export(self) -> dict[str, Any]:
        """Copies of everything a snapshot keeps of this tier, good until the next are asked for. Who sits in
        a row is in the column `origin`."""
        columns, cold = self.people.copied()
        return {"cold": cold, "columns": columns}
