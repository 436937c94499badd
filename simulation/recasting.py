"""The people of a tier taken from one script to another: who stays keeps everything, column by column, by
name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.changes import settle_row
from simulation.definitions import Npc
from simulation.fingerprint import cold_words
from simulation.person import Scene
from simulation.person_json import read_person
from simulation.population import NONE, Cold, Columns, Population
from simulation.scale import UNKNOWN, to_points, to_units
from simulation.script import Script
from simulation.units import Micros, NpcId, Tier

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Recast:
    """world -> tier: play by this script from now on, without those it does not name, and with newcomers."""

    script: Script
    newcomers: Mapping[Tier, tuple[int, ...]]
    """Places in the new definition of people who come to each tier."""


def recast(old: Scene, people: Population, change: Recast) -> Population:
    """The people of one tier as the new script lays them out. What runs on elapsed time is settled by the old
    rules where the new ones would settle it otherwise."""
    script = change.script
    places = {npc.id: place for place, npc in enumerate(script.definition.npcs)}
    _settle(old, people, script)
    rows = [row for row, npc_id in enumerate(people.ids) if npc_id in places]
    ids = [people.ids[row] for row in rows]
    kept = np.array(rows, dtype=np.int64)
    columns = {name: people[name][kept] for name in Columns._fields}
    cold = [people.cold[row] for row in rows]
    columns["origin"][:] = [places[npc_id] for npc_id in ids]
    _rename(columns, old.script, script)
    _redefine(columns, ids, old.script, script, places)
    _move_ties(columns, cold, old.script, script)
    found = Population(len(script.cooling), len(script.slot_names))
    found.extend(ids, columns, cold)
    _welcome(found, script, change.newcomers.get(old.tier, ()), old.now)
    return found


def times_of(people: Population) -> dict[Micros, int]:
    """How many are due when."""
    times, counts = np.unique(people["due_at"][: people.count], return_counts=True)
    return {Micros(time): count for time, count in zip(times.tolist(), counts.tolist(), strict=True)}


def _settle(old: Scene, people: Population, script: Script) -> None:
    """By the old rules, whoever does something whose rates are others now; everybody if moods relax
    otherwise."""
    before = old.script
    moods = [(s.mood_half_life, s.mood_valence, s.mood_arousal) for s in (before, script)]
    if moods[0] != moods[1]:
        rows = list(range(people.count))
    else:
        other = np.array(
            [*(_rates(before, name) != _rates(script, name) for name in before.activity_ids), False]
        )
        rows = np.nonzero(other[people["activity"][: people.count]])[0].tolist()
    for row in rows:
        settle_row(old, people, row)


def _rates(script: Script, name: str) -> tuple[int, dict[tuple[str, str], int]] | None:
    """What an activity does while it goes on; None: there is none of that name."""
    activity = script.activity_index.get(name)
    if activity is None:
        return None
    ties = {
        script.slot_names[slot]: int(rates[activity])
        for slot, (rates, _) in script.slot_rates.items()
        if rates[activity]
    }
    return int(script.energy_rate[activity]), ties


def _renamed(before: Sequence[str], after: Mapping[str, int]) -> Ints:
    """Old number -> new number of the same name; NONE of a name that is gone, and of NONE."""
    return np.array([*(after.get(name, NONE) for name in before), NONE], dtype=np.int64)


def _rename(columns: dict[str, NDArray[Any]], before: Script, after: Script) -> None:
    activities = _renamed(before.activity_ids, after.activity_index)
    locations = _renamed(before.location_ids, after.location_index)
    routines = _renamed(before.routine_ids, after.routine_index)
    _forget_recent(columns, activities)
    for name, table in (
        ("activity", activities),
        ("recent", activities),
        ("location", locations),
        ("home", locations),
        ("routine", routines),
    ):
        columns[name] = table[columns[name]].astype(columns[name].dtype)
    columns["ended_at"] = _gathered(columns["ended_at"], before.cooling, after.cooling, NONE)


def _forget_recent(columns: dict[str, NDArray[Any]], activities: Ints) -> None:
    """What somebody did last, without activities that are gone: the rest moves up."""
    recent, recent_at = columns["recent"], columns["recent_at"]
    gone = (recent != NONE) & (activities[recent] == NONE)
    for row in np.nonzero(gone.any(axis=1))[0].tolist():
        stay = np.nonzero(~gone[row])[0]
        for values, fill in ((recent, NONE), (recent_at, 0)):
            moved = values[row][stay]
            values[row] = fill
            values[row][: len(stay)] = moved


def _gathered(values: NDArray[Any], before: Sequence[Any], after: Sequence[Any], fill: int) -> NDArray[Any]:
    """Columns of names, in the order of other names; those that were not there are filled."""
    place = {name: n for n, name in enumerate(before)}
    found = np.full((len(values), len(after)), fill, dtype=values.dtype)
    for n, name in enumerate(after):
        if name in place:
            found[:, n] = values[:, place[name]]
    return found


def _redefine(
    columns: dict[str, NDArray[Any]],
    ids: Sequence[NpcId],
    before: Script,
    after: Script,
    places: Mapping[NpcId, int],
) -> None:
    """What a person's own definition says, where it says something else now."""
    old = {npc.id: npc for npc in before.definition.npcs}
    for row, npc_id in enumerate(ids):
        was, now = old[npc_id], after.definition.npcs[places[npc_id]]
        columns["profile"][row] = after.profiles.of_npc[places[npc_id]]
        if was is not now:
            _redefine_one(columns, row, was, now, after)


def _redefine_one(columns: dict[str, NDArray[Any]], row: int, was: Npc, now: Npc, script: Script) -> None:
    if was.routine_id != now.routine_id:
        columns["routine"][row] = script.routine_index.get(now.routine_id or "", NONE)
    if was.importance != now.importance:
        columns["importance"][row] = now.importance
    if was.home != now.home:
        columns["home"][row] = script.location_index.get(now.home or "", NONE)


def _move_ties(columns: dict[str, NDArray[Any]], cold: list[Cold], before: Script, after: Script) -> None:
    """Relationships no rule reads any more go among the cold ones, those one reads now come from there."""
    dropped = [(n, *name) for n, name in enumerate(before.slot_names) if name not in set(after.slot_names)]
    taken = [(n, *name) for n, name in enumerate(after.slot_names) if name not in set(before.slot_names)]
    slots = columns["slots"]
    columns["slots"] = _gathered(slots, before.slot_names, after.slot_names, UNKNOWN)
    if not dropped and not taken:
        return
    for row, components in enumerate(cold):
        ties = {ref: dict(axes) for ref, axes in components.get("relationships", {}).items()}
        for n, ref, axis in dropped:
            if slots[row, n] != UNKNOWN:
                ties.setdefault(ref, {})[axis] = to_points(int(slots[row, n]))
        for n, ref, axis in taken:
            if (points := ties.get(ref, {}).pop(axis, None)) is not None:
                columns["slots"][row, n] = to_units(points)
        _put_ties(columns, cold, row, {ref: axes for ref, axes in ties.items() if axes})


def _put_ties(
    columns: dict[str, NDArray[Any]], cold: list[Cold], row: int, ties: Mapping[str, Mapping[str, Any]]
) -> None:
    if ties == cold[row].get("relationships", {}):
        return
    components = {name: value for name, value in cold[row].items() if name != "relationships"}
    cold[row] = {**components, "relationships": ties} if ties else components
    columns["cold_hi"][row], columns["cold_lo"][row] = cold_words(cold[row])


def _welcome(people: Population, script: Script, places: Sequence[int], now: Micros) -> None:
    """People who were not there before begin as they are defined."""
    for place in places:
        npc = script.definition.npcs[place]
        values, cold = read_person(script, place, npc, now)
        high, low = cold_words(cold)
        people.add(npc.id, {**values, "cold_hi": high, "cold_lo": low}, cold)
