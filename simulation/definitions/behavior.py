"""`meta.behavior`: activities, routines, preferences and scoring, parsed and with every reference checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from simulation.definitions.activities import Activity, Category, read_activity, read_category, same_id
from simulation.definitions.behavior_profiles import BehaviorProfile, read_profiles
from simulation.definitions.conditions import Condition, Names, read_conditions
from simulation.definitions.fields import Fields, known_in
from simulation.definitions.plugins import PluginUse
from simulation.definitions.preferences import Archetypes, Preferences, read_archetypes, read_preferences
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import Micros

ACTIVITIES_MAX = 1_000
"""Of one world: a sixteen-bit code names one, and a table row each."""
ROUTINES_MAX = 1_000
"""Of one world."""
NODES_MAX = 64
"""Of one routine: more than a day has half hours."""
CANDIDATES_MAX = 64
"""Of one node: all of them are scored at every decision."""


@dataclass(frozen=True, slots=True)
class Candidate:
    activity_id: str
    weight: float
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    kind: Literal["time_slot", "decision", "activity"]
    start_us: Micros | None
    end_us: Micros | None
    days: tuple[str, ...]
    conditions: tuple[Condition, ...]
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Routine:
    id: str
    name: str
    nodes: tuple[Node, ...]
    default_preferences: Preferences


@dataclass(frozen=True, slots=True)
class ScoringWeights:
    """How far each factor counts; the defaults are domain.md's."""

    base: float = 1.0
    activity_preference: float = 1.0
    category_preference: float = 0.8
    trait_modifier: float = 0.6
    mood_compatibility: float = 0.7
    relationship_bonus: float = 0.5
    urgency: float = 1.2
    inertia: float = 0.3
    plugins: tuple[tuple[PluginUse, float], ...] = ()
    """Factors of plug-ins with their weights, by name: the order they are multiplied in."""


@dataclass(frozen=True, slots=True)
class Behavior:
    categories: Mapping[str, Category]
    activities: Mapping[str, Activity]
    routines: Mapping[str, Routine]
    weights: ScoringWeights
    mood_half_life_us: Micros
    mood_baseline: tuple[float, float]
    """(valence, arousal) that moods relax to."""
    archetypes: Archetypes = None
    """Preferences by what `personality.archetype` names; None: it names nothing."""
    profiles: Mapping[str, BehaviorProfile] = field(default_factory=dict)


MOOD_HALF_LIFE_SECONDS = 4 * 3600
WEIGHT_KEYS = {
    "baseWeight": "base",
    "activityPreference": "activity_preference",
    "categoryPreference": "category_preference",
    "traitModifier": "trait_modifier",
    "moodCompatibility": "mood_compatibility",
    "relationshipBonus": "relationship_bonus",
    "urgency": "urgency",
    "inertia": "inertia",
}


def read_behavior(value: Any, path: str, names: Names, day_us: int) -> Behavior:
    """The behaviour of a world, problems noted in `names.problems`."""
    fields = Fields({} if value is None else value, path, names.problems)
    fields.ignore("version", "customConditionEvaluators", "customEffectHandlers")
    categories = fields.table(
        "activityCategories", lambda k, v, p: read_category(k, v, p, names.problems), 1000
    )
    activities = fields.table(
        "activities", lambda k, v, p: read_activity(k, v, p, names, categories), ACTIVITIES_MAX
    )
    known = known_in(activities, names.problems, fields.at("activities"))
    routines = fields.table("routines", lambda k, v, p: _routine(k, v, p, names, known, day_us), ROUTINES_MAX)
    half_life, baseline = _npc_config(fields.within("npcConfig"))
    archetypes = read_archetypes(fields.raw("presets"), fields.at("presets"), known, names.problems)
    weights = _weights(fields, names)
    profiles = read_profiles(fields, names, known)
    found = Behavior(categories, activities, routines, weights, half_life, baseline, archetypes, profiles)
    fields.done()
    return found


def _routine(
    key: str, value: Any, path: str, names: Names, activities: Mapping[str, Activity], day_us: int
) -> Routine:
    fields = Fields(value, path, names.problems)
    same_id(fields, key)
    fields.ignore("version", "edges")
    found = Routine(
        id=key,
        name=fields.text("name", key),
        nodes=fields.each("nodes", lambda v, p: _node(v, p, names, activities, day_us), NODES_MAX),
        default_preferences=read_preferences(fields.within("defaultPreferences"), activities),
    )
    fields.done()
    return found


def _node(value: Any, path: str, names: Names, activities: Mapping[str, Activity], day_us: int) -> Node:
    fields = Fields(value, path, names.problems)
    kind = fields.choice("nodeType", ("time_slot", "decision", "activity"), "activity")
    start, end = _time_range(fields, day_us) if kind == "time_slot" else (None, None)
    if kind != "time_slot" and fields.has("timeRangeSeconds"):
        message = "is asked of time_slot nodes only"
        where = fields.at("timeRangeSeconds")
        fields.problems.append(Problem(where, kind, message, "time_slot", warning=True))
    fields.ignore("timeRangeSeconds")
    found = Node(
        id=fields.identifier("id", path.rpartition(".")[2]),
        kind=kind,  # type: ignore[arg-type]
        start_us=start,
        end_us=end,
        days=fields.names("days", names.days, "day"),
        conditions=read_conditions(fields, "decisionConditions", names),
        candidates=fields.each(
            "preferredActivities", lambda v, p: _candidate(v, p, names, activities), CANDIDATES_MAX
        ),
    )
    fields.done()
    return found


def _time_range(fields: Fields, day_us: int) -> tuple[Micros, Micros]:
    if not fields.has("timeRangeSeconds"):
        fields.refuse(fields.at("timeRangeSeconds"), None, "is missing", '{"start": seconds, "end": seconds}')
        return Micros(0), Micros(0)
    span = fields.within("timeRangeSeconds")
    for key in ("start", "end"):
        if not span.has(key):
            span.refuse(span.at(key), None, "is missing", "seconds of the day")
    start, end = span.micros("start", 0), span.micros("end", 0)
    for key, value in (("start", start), ("end", end)):
        if value > day_us:
            span.refuse(span.at(key), span.raw(key), "is after the end of the day", f"0 to {day_us // 10**6}")
    if start == end:
        span.refuse(span.path, span.raw("start"), "starts and ends at the same time", "a part of the day")
    span.done()
    return start, end


def _candidate(value: Any, path: str, names: Names, activities: Mapping[str, Activity]) -> Candidate:
    fields = Fields(value, path, names.problems)
    activity = fields.identifier("activityId")
    if activity and activity not in activities:
        fields.problems.append(unknown_name(fields.at("activityId"), activity, activities, "activity"))
    found = Candidate(activity, fields.number("weight", 0, 10), read_conditions(fields, "conditions", names))
    fields.done()
    return found


def _weights(fields: Fields, names: Names) -> ScoringWeights:
    scoring = fields.within("scoringConfig")
    scoring.ignore("version", "customScoringId")
    weights = scoring.within("weights")
    given = {name: weights.number(key, 0, 10) for key, name in WEIGHT_KEYS.items() if weights.has(key)}
    weights.ignore(*WEIGHT_KEYS)
    factors = _factors(weights, names)
    weights.done()
    scoring.done()
    return ScoringWeights(**given, plugins=factors)


def _factors(weights: Fields, names: Names) -> tuple[tuple[PluginUse, float], ...]:
    """`plugin:ID:NAME`: how far a plug-in's factor counts; one that is not named here does not."""
    found = []
    for name in sorted(key for key, _ in weights.values() if key.startswith("plugin:")):
        weight = weights.number(name, 0, 10)
        if use := names.plugin("factor", weights.at(name), name, {}):
            found.append((use, weight))
    return tuple(found)


def _npc_config(fields: Fields) -> tuple[Micros, tuple[float, float]]:
    half_life = fields.micros("moodHalfLifeSeconds", MOOD_HALF_LIFE_SECONDS, low=1)
    baseline = fields.within("moodBaseline")
    found = (baseline.number("valence", -100, 100, 0), baseline.number("arousal", -100, 100, 0))
    baseline.done()
    fields.done()
    return half_life, found
