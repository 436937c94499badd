"""A person as component JSON and as columns, there and back without loss.

Hot fields of `behavior` and the relationships some rule reads live in columns; every other component and
every other key stays as it was written. Keys of ours in `behavior`: `settledAt` (energy and mood are as of
then) and `lastEndedAt` (when each activity with a cooldown last ended).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulation.chance import word
from simulation.definitions import Npc
from simulation.definitions.metrics import HOT_KEYS
from simulation.moods import names_of
from simulation.person import Person
from simulation.population import BARE, NONE, RECENT_MAX, Cold, Population
from simulation.profiles import profile_of
from simulation.scale import UNKNOWN, to_points, to_units
from simulation.units import MICROS_PER_SECOND, Micros, Tier

if TYPE_CHECKING:
    from simulation.script import Script

START_ENERGY = 50.0
"""Of a person whose file says nothing."""


MOOD_KEYS = ("valence", "arousal", "tags")
"""Keys of `moodState` that have a column, or are computed from those that have."""


def micros(value: float) -> int:
    """JSON seconds as microseconds, to the nearest: what `json_seconds` was given, up to 2**33 s, beyond
    which no double holds single ones."""
    whole = int(value)
    return whole * MICROS_PER_SECOND + round((value - whole) * MICROS_PER_SECOND)


def json_seconds(value: int) -> int | float:
    """Microseconds as JSON seconds: whole ones without a fraction."""
    whole, rest = divmod(value, MICROS_PER_SECOND)
    return whole if rest == 0 else value / MICROS_PER_SECOND


def read_person(script: Script, origin: int, npc: Npc, world_time: Micros) -> tuple[dict[str, Any], Cold]:
    """(column values, cold components) of a person as defined."""
    given: Mapping[str, Any] = npc.components.get("behavior", {})
    behavior = {key: value for key, value in given.items() if value is not None}
    mood = {key: value for key, value in behavior.get("moodState", {}).items() if value is not None}
    home = script.location_index.get(npc.home or "", NONE)
    recent = behavior.get("lastActivities", [])[:RECENT_MAX]
    ended: Mapping[str, Any] = behavior.get("lastEndedAt", {})
    values = {
        "entity": word(npc.id),
        "origin": origin,
        "importance": npc.importance,
        "routine": script.routine_index.get(npc.routine_id or "", NONE),
        "profile": script.profiles.of_npc[origin],
        "home": home,
        "location": script.location_index.get(str(behavior.get("locationId", "")), home),
        "activity": script.activity_index.get(str(behavior.get("currentActivityId", "")), NONE),
        "started_at": micros(behavior.get("activityStartedAt", 0)),
        "settled_at": micros(behavior["settledAt"]) if "settledAt" in behavior else world_time,
        "due_at": max(world_time, micros(behavior.get("nextDecisionAt", 0))),
        "energy": to_units(behavior.get("energy", START_ENERGY)),
        "valence": float(mood.get("valence", script.mood_valence)),
        "arousal": float(mood.get("arousal", script.mood_arousal)),
        "recent": _padded([script.activity_index.get(_name(entry), NONE) for entry in recent], NONE),
        "recent_at": _padded([micros(_ended(entry)) for entry in recent], 0),
        "ended_at": [NONE if ended.get(name) is None else micros(ended[name]) for name in script.cooling],
    }
    values["slots"], rest = _read_relationships(script, npc.components.get("relationships", {}))
    cold = _cold(script, npc.components, given, rest)
    if "preferences" in cold.get("behavior", {}):
        values["profile"] = profile_of(script, npc.id, origin, cold)
    return values, cold


def _name(entry: Any) -> str:
    return str(entry["activityId"]) if isinstance(entry, Mapping) else str(entry)


def _ended(entry: Any) -> float:
    return float(entry.get("endedAtSeconds") or 0) if isinstance(entry, Mapping) else 0.0


def _padded(values: list[int], fill: int) -> list[int]:
    return [*values, *[fill] * (RECENT_MAX - len(values))]


def _read_relationships(script: Script, given: Mapping[str, Any]) -> tuple[list[int], dict[str, Any]]:
    rest = {ref: dict(axes) for ref, axes in given.items()}
    slots = []
    for ref, axis in script.slot_names:
        axes = rest.get(ref, {})
        points = axes.pop(axis, None)
        slots.append(UNKNOWN if points is None else to_units(points))
    return slots, {ref: axes for ref, axes in rest.items() if axes or not given[ref]}


def _cold(
    script: Script, components: Mapping[str, Any], behavior: Mapping[str, Any], relationships: dict[str, Any]
) -> Cold:
    cold = {name: value for name, value in components.items() if name not in ("behavior", "relationships")}
    extra = {key: value for key, value in behavior.items() if key not in HOT_KEYS}
    if extra := {**extra, **_beside(script, behavior)}:
        cold["behavior"] = extra
    if relationships or components.get("relationships") == {}:
        cold["relationships"] = relationships
    return cold or BARE


def _beside(script: Script, behavior: Mapping[str, Any]) -> dict[str, Any]:
    """What lies inside hot objects and has no column: further keys of a mood, and when activities without a
    cooldown ended."""
    mood = {key: value for key, value in (behavior.get("moodState") or {}).items() if key not in MOOD_KEYS}
    ended = {
        name: value
        for name, value in (behavior.get("lastEndedAt") or {}).items()
        if name not in script.cooling
    }
    return {key: value for key, value in (("moodState", mood), ("lastEndedAt", ended)) if value}


def components_of(script: Script, people: Population, row: int, tier: Tier) -> dict[str, Any]:
    """Every component as stored: the JSON that `read_person` takes back without loss."""
    stored: dict[str, Any] = dict(people.cold[row])
    cold = stored.get("behavior", {})
    stored["behavior"] = {
        **cold,
        **_hot_behavior(script, people, row, tier),
        "settledAt": json_seconds(int(people["settled_at"][row])),
        "energy": to_points(int(people["energy"][row])),
        "moodState": {
            **cold.get("moodState", {}),
            "valence": float(people["valence"][row]),
            "arousal": float(people["arousal"][row]),
        },
    }
    if ties := relationships_of(script, stored.get("relationships", {}), people["slots"][row].tolist()):
        stored["relationships"] = ties
    return stored


def view_of(script: Script, people: Population, row: int, tier: Tier, person: Person) -> dict[str, Any]:
    """The person as they are now: everything settled to `person.now`, nothing stored."""
    npc = script.definition.npcs[int(people["origin"][row])]
    seen: dict[str, Any] = dict(people.cold[row])
    cold = seen.get("behavior", {})
    seen["behavior"] = {
        **cold,
        **_hot_behavior(script, people, row, tier),
        "energy": to_points(person.energy),
        "moodState": {
            **cold.get("moodState", {}),
            "valence": person.valence,
            "arousal": person.arousal,
            "tags": list(names_of(person.mood)),
        },
    }
    if ties := relationships_of(script, seen.get("relationships", {}), person.slots):
        seen["relationships"] = ties
    return {
        "id": npc.id,
        "name": npc.name,
        "tier": str(tier),
        "location": _named(script.location_ids, person.location),
        "personality": npc.raw.get("personality", {}),
        "components": seen,
        "overdueSeconds": json_seconds(max(0, person.now - int(people["due_at"][row]))),
    }


def _named(names: tuple[str, ...], index: int) -> str | None:
    return None if index == NONE else names[index]


def _hot_behavior(script: Script, people: Population, row: int, tier: Tier) -> dict[str, Any]:
    recent = [
        {"activityId": script.activity_ids[activity], "endedAtSeconds": json_seconds(int(ended))}
        for activity, ended in zip(people["recent"][row], people["recent_at"][row], strict=True)
        if activity != NONE
    ]
    ended = dict(people.cold[row].get("behavior", {}).get("lastEndedAt", {}))
    ended |= {
        name: json_seconds(int(at))
        for name, at in zip(script.cooling, people["ended_at"][row], strict=True)
        if at != NONE
    }
    return {
        "currentActivityId": _named(script.activity_ids, int(people["activity"][row])),
        "activityStartedAt": json_seconds(int(people["started_at"][row])),
        "nextDecisionAt": json_seconds(int(people["due_at"][row])),
        "simulationTier": str(tier),
        "locationId": _named(script.location_ids, int(people["location"][row])),
        "lastActivities": recent,
        "lastEndedAt": ended,
    }


def relationships_of(script: Script, cold: Mapping[str, Any], slots: list[int]) -> dict[str, Any]:
    """The `relationships` component: hot axes in points among the cold ones."""
    ties = {ref: dict(axes) for ref, axes in cold.items()}
    for (ref, axis), units in zip(script.slot_names, slots, strict=True):
        if units != UNKNOWN:
            ties.setdefault(ref, {})[axis] = to_points(units)
    return ties
