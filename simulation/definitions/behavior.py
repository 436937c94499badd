"""`meta.behavior`: activities, routines, preferences and scoring, parsed and with every reference checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulation.definitions.conditions import RELATIONSHIP_AXES, Condition, Names, normal_ref, read_conditions
from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import Band, Micros

ACTIVITIES_MAX = 1_000
ROUTINES_MAX = 1_000
NODES_MAX = 64
CANDIDATES_MAX = 64
RATE_MAX = 1_000
"""Points an hour: the whole scale in six minutes."""
TRAITS = ("extraversion", "conscientiousness", "openness", "agreeableness", "neuroticism")
KINDS = ("dialogue", "action_block", "scene", "image")


@dataclass(frozen=True, slots=True)
class Category:
    id: str
    default_weight: float


@dataclass(frozen=True, slots=True)
class Requirements:
    min_energy: float | None
    max_energy: float | None
    mood_tags: tuple[str, ...]
    time_of_day: tuple[str, ...]
    location_types: tuple[str, ...]
    required_npcs: tuple[str, ...]
    """`npc:ID` or `role:NAME`."""
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class CustomEffect:
    type: str
    params: Mapping[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class Effects:
    energy_per_hour_milli: int
    valence: float
    arousal: float
    relationship_changes: Mapping[str, Mapping[str, int]]
    """Reference -> axis -> thousandths of a point an hour."""
    flags_set: Mapping[str, Any]
    custom: tuple[CustomEffect, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    id: str
    name: str
    category: str
    requirements: Requirements
    effects: Effects
    min_duration_us: Micros
    cooldown_us: Micros


@dataclass(frozen=True, slots=True)
class Preferences:
    activity_weights: Mapping[str, float]
    category_weights: Mapping[str, float]
    traits: Mapping[str, float]


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


@dataclass(frozen=True, slots=True)
class Behavior:
    categories: Mapping[str, Category]
    activities: Mapping[str, Activity]
    routines: Mapping[str, Routine]
    weights: ScoringWeights
    mood_half_life_us: Micros
    mood_baseline: tuple[float, float]
    """(valence, arousal) that moods relax to."""


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
IGNORED_PREFERENCES = (
    "preferredNpcIdsOrRoles",
    "avoidedNpcIdsOrRoles",
    "favoriteLocations",
    "morningPerson",
    "nightOwl",
)
"""Keys of the format that no rule reads; kept in the file."""


def read_behavior(value: Any, path: str, names: Names, day_us: int) -> Behavior:
    """The behaviour of a world, problems noted in `names.problems`."""
    fields = Fields({} if value is None else value, path, names.problems)
    fields.ignore("version", "presets", "customConditionEvaluators", "customEffectHandlers")
    categories = fields.table("activityCategories", lambda k, v, p: _category(k, v, p, names.problems), 1000)
    activities = fields.table(
        "activities", lambda k, v, p: _activity(k, v, p, names, categories), ACTIVITIES_MAX
    )
    routines = fields.table(
        "routines", lambda k, v, p: _routine(k, v, p, names, activities, day_us), ROUTINES_MAX
    )
    half_life, baseline = _npc_config(fields.within("npcConfig"))
    found = Behavior(categories, activities, routines, _weights(fields), half_life, baseline)
    fields.done()
    return found


def _category(key: str, value: Any, path: str, problems: list[Problem]) -> Category:
    fields = Fields(value, path, problems)
    _same_id(fields, key)
    fields.ignore("name", "color")
    found = Category(key, fields.number("defaultWeight", 0, 1, 0.5))
    fields.done()
    return found


def _same_id(fields: Fields, key: str) -> None:
    """An object listed under its id may repeat it, but not another."""
    if fields.identifier("id", key) != key:
        fields.refuse(
            fields.at("id"), fields.raw("id"), f"is not {key!r}, under which it is listed", repr(key)
        )


def _activity(key: str, value: Any, path: str, names: Names, categories: Mapping[str, Category]) -> Activity:
    fields = Fields(value, path, names.problems)
    _same_id(fields, key)
    fields.ignore("version", "priority")
    category = fields.text("category")
    if categories and category not in categories:
        names.problems.append(unknown_name(fields.at("category"), category, categories, "activity category"))
    found = Activity(
        id=key,
        name=fields.text("name", key),
        category=category,
        requirements=_requirements(fields.within("requirements"), names),
        effects=_effects(fields.within("effects")),
        min_duration_us=fields.micros("minDurationSeconds", 0),
        cooldown_us=fields.micros("cooldownSeconds", 0),
    )
    fields.done()
    return found


def _requirements(fields: Fields, names: Names) -> Requirements:
    found = Requirements(
        min_energy=fields.optional_number("minEnergy", 0, 100),
        max_energy=fields.optional_number("maxEnergy", 0, 100),
        mood_tags=fields.names("moodTags", names.mood_tags, "mood tag"),
        time_of_day=fields.names("timeOfDay", names.periods, "time of day"),
        location_types=fields.texts("locationTypes"),
        required_npcs=tuple(normal_ref(ref) for ref in fields.texts("requiredNpcRolesOrIds")),
        conditions=read_conditions(fields, "conditions", names),
    )
    fields.done()
    return found


def _effects(fields: Fields) -> Effects:
    mood = fields.within("moodImpact")
    found = Effects(
        energy_per_hour_milli=fields.thousandths("energyDeltaPerHour", RATE_MAX),
        valence=mood.number("valence", -100, 100, 0),
        arousal=mood.number("arousal", -100, 100, 0),
        relationship_changes={
            normal_ref(ref): changes
            for ref, changes in fields.table(
                "relationshipChanges", lambda k, v, p: _changes(v, p, fields.problems), 1000
            ).items()
        },
        flags_set=flat_flags(fields.mapping("flagsSet")),
        custom=fields.each("customEffects", lambda v, p: _custom(v, p, fields.problems), 16),
    )
    mood.done()
    fields.done()
    return found


def _changes(value: Any, path: str, problems: list[Problem]) -> dict[str, int]:
    fields = Fields(value, path, problems)
    found = {axis: fields.thousandths(axis, RATE_MAX) for axis in RELATIONSHIP_AXES if fields.has(axis)}
    fields.ignore(*RELATIONSHIP_AXES)
    fields.done()
    return found


def _custom(value: Any, path: str, problems: list[Problem]) -> CustomEffect:
    fields = Fields(value, path, problems)
    kind = fields.choice("type", ["generate"], "generate")
    params = fields.mapping("params")
    given = Fields(params, fields.at("params"), problems)
    given.choice("kind", KINDS, "dialogue")
    if not given.has("kind"):
        given.refuse(given.at("kind"), None, "is missing", ", ".join(KINDS))
    given.choice("band", [str(band) for band in Band], str(Band.AMBIENT))
    given.number("chance", 0, 1, 1)
    given.text("component", "dialogue")
    fields.done()
    return CustomEffect(kind, params, path)


def flat_flags(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested or dotted flags as dotted keys with values that are no objects."""
    found: dict[str, Any] = {}
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            found.update(flat_flags(inner, f"{name}."))
        else:
            found[name] = inner
    return found


def _routine(
    key: str, value: Any, path: str, names: Names, activities: Mapping[str, Activity], day_us: int
) -> Routine:
    fields = Fields(value, path, names.problems)
    _same_id(fields, key)
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
    fields.ignore("timeRangeSeconds")
    found = Node(
        id=fields.identifier("id"),
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
    activity = fields.text("activityId")
    if activity and activity not in activities:
        names.problems.append(unknown_name(fields.at("activityId"), activity, activities, "activity"))
    found = Candidate(activity, fields.number("weight", 0, 10), read_conditions(fields, "conditions", names))
    fields.done()
    return found


def read_preferences(fields: Fields, activities: Mapping[str, Activity]) -> Preferences:
    """Preferences of a routine or a person; weights 0-1, traits 0-100."""
    liked = fields.within("activityWeights")
    weights = {name: liked.number(name, 0, 1) for name, _ in liked.entries()}
    for name in weights:
        if name not in activities:
            fields.problems.append(unknown_name(liked.at(name), name, activities, "activity"))
    kinds = fields.within("categoryWeights")
    traits = fields.within("traitModifiers")
    found = Preferences(
        weights,
        {name: kinds.number(name, 0, 1) for name, _ in kinds.entries()},
        {name: traits.number(name, 0, 100) for name in TRAITS if traits.has(name)},
    )
    traits.ignore(*TRAITS)
    traits.done()
    fields.ignore(*IGNORED_PREFERENCES)
    fields.done()
    return found


def _weights(fields: Fields) -> ScoringWeights:
    scoring = fields.within("scoringConfig")
    scoring.ignore("version", "customScoringId")
    weights = scoring.within("weights")
    given = {name: weights.number(key, 0, 10) for key, name in WEIGHT_KEYS.items() if weights.has(key)}
    weights.ignore(*WEIGHT_KEYS)
    weights.done()
    scoring.done()
    return ScoringWeights(**given)


def _npc_config(fields: Fields) -> tuple[Micros, tuple[float, float]]:
    half_life = fields.micros("moodHalfLifeSeconds", MOOD_HALF_LIFE_SECONDS, low=1)
    baseline = fields.within("moodBaseline")
    found = (baseline.number("valence", -100, 100, 0), baseline.number("arousal", -100, 100, 0))
    baseline.done()
    fields.done()
    return half_life, found
