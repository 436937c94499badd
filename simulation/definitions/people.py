"""`npcs` and `locations`: who lives in a world and where. Hand-written checks, since there may be a
million."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.activities import Activity
from simulation.definitions.behavior import Routine
from simulation.definitions.fields import Fields, at, is_number
from simulation.definitions.preferences import Preferences, read_preferences
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import NpcId, Tier

NPCS_MAX = 1_000_000
"""Of one world: its columns then take some 200 MB."""
LOCATIONS_MAX = 100_000
"""Of one world."""
IMPORTANCE = 50.0
"""Of a person whose file says nothing, 0-100."""
NO_PREFERENCES = Preferences({}, {}, {})


@dataclass(frozen=True, slots=True)
class Location:
    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Npc:
    id: NpcId
    name: str
    routine_id: str | None
    preferences: Preferences
    roles: tuple[str, ...]
    importance: float
    home: str | None
    components: Mapping[str, Any]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Town:
    """What a person's definition may name."""

    routines: Mapping[str, Routine]
    activities: Mapping[str, Activity]
    locations: Collection[str]
    roles: Mapping[str, tuple[str, ...]]
    """Roles by npc id, from `meta.npcs`."""


def read_locations(fields: Fields) -> tuple[Location, ...]:
    def read(value: Any, path: str) -> Location:
        place = Fields(value, path, fields.problems)
        name = place.identifier("id")
        found = Location(name, place.text("name", name), place.text("type"))
        place.done()
        return found

    found = fields.each("locations", read, LOCATIONS_MAX)
    refuse_twins([location.id for location in found], fields.at("locations"), fields.problems)
    return found


def read_npcs(fields: Fields, town: Town) -> tuple[Npc, ...]:
    found = fields.each("npcs", lambda value, path: _npc(value, path, town, fields.problems), NPCS_MAX)
    refuse_twins([npc.id for npc in found], fields.at("npcs"), fields.problems)
    return found


def refuse_twins(ids: list[Any], path: str, problems: list[Problem]) -> None:
    """One problem for every id that an earlier one has."""
    if len(set(ids)) == len(ids):
        return
    seen: set[Any] = set()
    for n, one in enumerate(ids):
        if one in seen:
            problems.append(Problem(f"{path}[{n}].id", one, f"the id {one!r} is given twice", "each id once"))
        seen.add(one)


def _npc(value: Any, path: str, town: Town, problems: list[Problem]) -> Npc:
    fields = Fields(value, path, problems)
    npc_id = NpcId(fields.identifier("id"))
    name = fields.text("name", npc_id or None)
    person = fields.within("personality")
    routine = person.raw("routineId")
    if routine is not None and routine not in town.routines:
        problems.append(unknown_name(person.at("routineId"), routine, town.routines, "routine"))
        routine = None
    home = person.raw("home")
    if home is not None and home not in town.locations:
        problems.append(unknown_name(person.at("home"), home, town.locations, "location"))
    preferences = NO_PREFERENCES
    if person.has("preferences"):
        preferences = read_preferences(person.within("preferences"), town.activities)
    person.ignore("preferences", "traits", "archetype")
    roles = (*person.texts("roles"), *town.roles.get(npc_id, ()))
    importance = person.number("importance", 0, 100, IMPORTANCE)
    components = fields.mapping("components")
    person.done()
    fields.done()
    if components:
        _check_components(components, at(path, "components"), town, problems)
    raw = value if isinstance(value, Mapping) else {}
    return Npc(npc_id, name, routine, preferences, roles, importance, home, components, raw)


def _check_components(components: Mapping[str, Any], path: str, town: Town, problems: list[Problem]) -> None:
    """Components are free JSON objects; the hot fields of `behavior` and relationships must make sense."""
    for name, component in components.items():
        if not isinstance(component, Mapping):
            problems.append(Problem(at(path, name), component, f"is {component!r}", "an object"))
            return
    if "behavior" in components:
        _check_behavior(Fields(components["behavior"], at(path, "behavior"), problems), town)
    for ref, axes in components.get("relationships", {}).items():
        ties = Fields(axes, at(at(path, "relationships"), ref), problems)
        for axis, points in ties.entries():
            if is_number(points):
                ties.number(axis, 0, 100)


def _check_behavior(fields: Fields, town: Town) -> None:
    for key in ("activityStartedAt", "nextDecisionAt", "settledAt"):
        if fields.has(key):
            fields.micros(key, 0)
    fields.number("energy", 0, 100, 50)
    mood = fields.within("moodState")
    for key in ("valence", "arousal"):
        mood.number(key, -100, 100, 0)
    for key, known, what in (
        ("currentActivityId", town.activities, "activity"),
        ("locationId", town.locations, "location"),
        ("simulationTier", list(Tier), "tier"),
    ):
        if fields.has(key) and fields.raw(key) not in known:
            fields.problems.append(unknown_name(fields.at(key), fields.raw(key), map(str, known), what))
    fields.each("lastActivities", lambda value, path: _check_recent(value, path, town, fields.problems), 10)
    ended = fields.within("lastEndedAt")
    for name, _ in ended.entries():
        ended.micros(name, 0)


def _check_recent(value: Any, path: str, town: Town, problems: list[Problem]) -> None:
    name = value.get("activityId") if isinstance(value, Mapping) else value
    if name not in town.activities:
        problems.append(unknown_name(path, name, town.activities, "activity"))
