"""`npcs` and `locations`: who lives in a world and where. Hand-written checks, since there may be a
million."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.definitions.activities import Activity
from simulation.definitions.behavior import Routine
from simulation.definitions.components import check_known
from simulation.definitions.conditions import RELATIONSHIP_AXES, normal_ref
from simulation.definitions.fields import Fields, at
from simulation.definitions.metrics import Metrics
from simulation.definitions.preferences import (
    NO_PREFERENCES,
    Archetypes,
    Preferences,
    read_preferences,
    read_traits,
)
from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.units import MICROS_PER_SECOND, Micros, NpcId, Tier

NPCS_MAX = 1_000_000
"""Of one world: its columns then take some 200 MB."""
LOCATIONS_MAX = 100_000
"""Of one world."""
IMPORTANCE = 50.0
"""Of a person whose file says nothing, 0-100."""
TIER_NAMES = tuple(map(str, Tier))


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
    world_time: Micros
    metrics: Metrics = field(default_factory=Metrics)
    archetypes: Archetypes = None


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
    seen: set[Any] = {""}  # one that is missing or no id is said already
    for n, one in enumerate(ids):
        if one in seen and one:
            problems.append(Problem(f"{path}[{n}].id", one, f"the id {one!r} is given twice", "each id once"))
        seen.add(one)


def _npc(value: Any, path: str, town: Town, problems: list[Problem]) -> Npc:
    fields = Fields(value, path, problems)
    npc_id = NpcId(fields.identifier("id"))
    name = fields.text("name", npc_id)
    person = fields.within("personality")
    routine = person.reference("routineId", town.routines, town.routines, "routine")
    home = person.reference("home", town.locations, town.locations, "location")
    preferences = _preferences(person, town)
    roles = (*person.texts("roles"), *town.roles.get(npc_id, ()))
    importance = person.number("importance", 0, 100, IMPORTANCE)
    components = fields.mapping("components")
    person.done()
    fields.done()
    if components:
        check_person(components, at(path, "components"), town, problems)
    raw = value if isinstance(value, Mapping) else {}
    return Npc(npc_id, name, routine, preferences, roles, importance, home, components, raw)


def _preferences(person: Fields, town: Town) -> Preferences:
    """What a personality says: its own preferences over its traits over those of its archetype."""
    found = NO_PREFERENCES
    person.ignore("preferences", "traits", "archetype")
    if town.archetypes is not None:
        named = person.reference("archetype", town.archetypes, town.archetypes, "archetype")
        found = town.archetypes.get(named or "", found)
    if isinstance(person.raw("traits"), Mapping):
        found = read_traits(person.within("traits")).over(found)
    if person.has("preferences"):
        found = read_preferences(person.within("preferences"), town.activities).over(found)
    return found


def check_person(components: Mapping[str, Any], path: str, town: Town, problems: list[Problem]) -> None:
    """Everything that is known of components: hot fields, names of the world, metrics."""
    _check_components(components, path, town, problems)
    check_known(components, path, town.metrics, problems)


def _check_components(components: Mapping[str, Any], path: str, town: Town, problems: list[Problem]) -> None:
    """Components are free JSON objects; the hot fields of `behavior` and relationships must make sense."""
    for name, component in components.items():
        if not isinstance(component, Mapping):
            problems.append(Problem(at(path, name), component, f"is {shown(component)}", "an object"))
    behavior, relationships = components.get("behavior"), components.get("relationships")
    if isinstance(behavior, Mapping):
        _check_behavior(Fields(behavior, at(path, "behavior"), problems), town)
    if isinstance(relationships, Mapping):
        for ref, axes in relationships.items():
            _check_tie(ref, Fields(axes, at(at(path, "relationships"), ref), problems))


def _check_tie(ref: str, ties: Fields) -> None:
    for axis in RELATIONSHIP_AXES:
        if ties.given(axis):
            ties.number(axis, 0, 100)
    if ref != normal_ref(ref):
        message = f"rules ask for {normal_ref(ref)}, so they do not see it"
        ties.problems.append(Problem(ties.path, ref, message, normal_ref(ref), warning=True))


def _check_behavior(fields: Fields, town: Town) -> None:
    for key in ("activityStartedAt", "nextDecisionAt", "settledAt"):
        at_us = fields.micros(key, 0)
        if key == "settledAt" and at_us > town.world_time:
            allowed = f"at most the world's own time, {town.world_time / MICROS_PER_SECOND:g}"
            fields.refuse(fields.at(key), fields.raw(key), "is in the future", allowed)
        if key == "activityStartedAt" and at_us > town.world_time:
            message = "is in the future: the world begins before it"
            fields.problems.append(Problem(fields.at(key), fields.raw(key), message, warning=True))
    if fields.has("preferences"):
        read_preferences(fields.within("preferences"), town.activities)
    fields.number("energy", 0, 100, 50)
    mood = fields.within("moodState")
    for key in ("valence", "arousal"):
        mood.number(key, -100, 100, 0)
    for key, known, what in (
        ("currentActivityId", town.activities, "activity"),
        ("locationId", town.locations, "location"),
        ("simulationTier", TIER_NAMES, "tier"),
    ):
        fields.reference(key, known, known, what)
    fields.each("lastActivities", lambda value, path: _check_recent(value, path, town, fields.problems), 10)
    ended = fields.within("lastEndedAt")
    for name, _ in ended.entries():
        if name not in town.activities:
            fields.problems.append(unknown_name(ended.at(name), name, town.activities, "activity"))
        ended.micros(name, 0)


def _check_recent(value: Any, path: str, town: Town, problems: list[Problem]) -> None:
    entry = Fields(value if isinstance(value, Mapping) else {"activityId": value}, path, problems)
    if not entry.has("activityId"):
        entry.refuse(entry.at("activityId"), None, "is missing", "an activity's id")
    entry.reference("activityId", town.activities, town.activities, "activity")
    entry.micros("endedAtSeconds", 0)
    entry.done()
