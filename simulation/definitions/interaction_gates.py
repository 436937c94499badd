"""`gating` of an interaction: what must hold of the time, the person and the player."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulation.calendar import Calendar
from simulation.definitions.activities import Activity
from simulation.definitions.conditions import Condition, Names, read_conditions
from simulation.definitions.fields import Fields, is_number
from simulation.definitions.metrics import NUMBER_MAX, Metric, Metrics, Value
from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.definitions.spans import read_span
from simulation.hours import Hours, Span, both, unwrapped
from simulation.units import Micros, NpcId, Tier

NO_TIME = Micros(0)
GATES_MAX = 64
"""Metrics, flags or hours of one interaction's gating: more than a person can follow."""
SCOPES = ("personal", "shared")
RELATIONSHIPS = "relationships"
"""What others call the numbers between a player and a person, which are metrics of `core` here."""


@dataclass(frozen=True, slots=True)
class Known:
    """What interactions of one world may name."""

    names: Names
    calendar: Calendar
    activities: Mapping[str, Activity]
    categories: Collection[str]
    metrics: Metrics
    people: Collection[NpcId]
    roles: Collection[str]
    chains: Mapping[str, Collection[str]]
    """Chain -> its steps."""
    programs: Collection[str]
    scenes: Mapping[str, str] = field(default_factory=dict)
    """Scene intent -> scene."""


@dataclass(frozen=True, slots=True)
class MetricGate:
    """A metric that must lie between bounds, or be one of some values."""

    path: str
    metric: Metric
    low: float | None
    high: float | None
    values: tuple[Value, ...]
    shared: bool
    """As everybody sees it, not as this player does."""


@dataclass(frozen=True, slots=True)
class Gating:
    """Everything here must hold. What is empty asks nothing."""

    hours: Hours | None = None
    all_of: tuple[MetricGate, ...] = ()
    any_of: tuple[MetricGate, ...] = ()
    doing: frozenset[str] | None = None
    """Activities, one of which they must be doing."""
    not_doing: frozenset[str] = frozenset()
    tier: Tier | None = None
    """The coarsest tier they may be in."""
    moods: tuple[str, ...] = ()
    no_moods: tuple[str, ...] = ()
    emotion_max: float | None = None
    required_flags: tuple[str, ...] = ()
    forbidden_flags: tuple[str, ...] = ()
    cooldown_us: Micros = NO_TIME
    conditions: tuple[Condition, ...] = ()


def read_gating(fields: Fields, known: Known) -> Gating:
    """The gates as written; problems are noted."""
    stats, behavior, mood = (fields.within(key) for key in ("statGating", "behavior", "mood"))

    def gate(value: Any, path: str) -> MetricGate | None:
        return _metric_gate(Fields(value, path, fields.problems), known.metrics)

    listed = [*fields.each("metrics", gate, GATES_MAX), *stats.each("allOf", gate, GATES_MAX)]
    doing, not_doing = _doing(behavior, known)
    found = Gating(
        hours=_hours(fields.within("timeOfDay"), known),
        all_of=tuple(one for one in listed if one is not None),
        any_of=tuple(one for one in stats.each("anyOf", gate, GATES_MAX) if one is not None),
        doing=doing,
        not_doing=not_doing,
        tier=_tier(behavior),
        moods=mood.names("allowedMoods", known.names.mood_tags, "mood tag"),
        no_moods=mood.names("forbiddenMoods", known.names.mood_tags, "mood tag"),
        emotion_max=mood.optional_number("maxEmotionIntensity", 0, 1),
        required_flags=fields.flag_names("requiredFlags", GATES_MAX),
        forbidden_flags=fields.flag_names("forbiddenFlags", GATES_MAX),
        cooldown_us=read_span(fields, ("cooldown",), known.calendar) or NO_TIME,
        conditions=read_conditions(fields, "conditions", known.names),
    )
    no_hooks(fields, "customGatingId", "conditions, plugin:ID:NAME among them")
    for part in (stats, behavior, mood, fields):
        part.done()
    return found


def no_hooks(fields: Fields, key: str, instead: str) -> None:
    """Names of code that is not here would be gates that never close: they are refused."""
    if fields.has(key):
        fields.refuse(fields.at(key), fields.raw(key), "names code that this world does not have", instead)
    fields.ignore(key)


def _tier(behavior: Fields) -> Tier | None:
    if not behavior.has("minSimulationTier"):
        behavior.ignore("minSimulationTier")
        return None
    return Tier(behavior.choice("minSimulationTier", [str(tier) for tier in Tier], str(Tier.DORMANT)))


# -- metrics


def _metric_gate(fields: Fields, registry: Metrics) -> MetricGate | None:
    metric = read_metric(fields, registry)
    low = fields.optional_number("minValue" if fields.has("minValue") else "min", -NUMBER_MAX, NUMBER_MAX)
    high = fields.optional_number("maxValue" if fields.has("maxValue") else "max", -NUMBER_MAX, NUMBER_MAX)
    only_people(fields)
    shared = fields.choice("scope", SCOPES, SCOPES[0]) == "shared"
    given = fields.raw("values", [])
    values = tuple(given) if isinstance(given, list) and len(given) <= GATES_MAX else ()
    if given and not values:
        fields.refuse(fields.at("values"), given, f"is {shown(given)}", f"a list of at most {GATES_MAX}")
    fields.done()
    if metric is None:
        return None
    for n, value in enumerate(values):
        if not metric.holds(value):
            where = f"{fields.at('values')}[{n}]"
            fields.refuse(where, value, f"is {shown(value)}, no value of {metric.name}", metric.allowed)
    bounds = low is not None or high is not None
    if bounds and not metric.is_numeric:
        fields.refuse(
            fields.path, metric.name, f"{metric.name} is no number", "values in place of min and max"
        )
    elif low is None and high is None and not values:
        fields.refuse(fields.path, metric.name, "asks nothing", "min, max or values")
    if low is not None and high is not None and low > high:
        fields.refuse(fields.at("min"), low, f"is above max, {high:g}", f"at most {high:g}")
    return MetricGate(fields.path, metric, low, high, values, shared)


def read_metric(fields: Fields, registry: Metrics) -> Metric | None:
    """`metric`, or `definitionId` and `axis` as others write it; None, with a problem, for none."""
    if fields.has("metric") or not fields.has("definitionId"):
        key, name = "metric", fields.text("metric")
    else:
        key = "axis"
        name = metric_name(fields.text("definitionId"), fields.text("axis"))
    return find_metric(fields, key, name, registry)


def metric_name(definition: str, axis: str) -> str:
    return f"{'core' if definition == RELATIONSHIPS else definition}.{axis}"


def find_metric(fields: Fields, key: str, name: str, registry: Metrics) -> Metric | None:
    component, _, axis = name.partition(".")
    found = registry.find(name) or (registry.at(component, axis) if axis else None)
    if found is None and name:
        fields.problems.append(unknown_name(fields.at(key), name, registry.names, "metric"))
    return found


def only_people(fields: Fields) -> None:
    """`entityType`: numbers here are people's."""
    kind = fields.raw("entityType", "npc")
    if kind != "npc":
        fields.refuse(fields.at("entityType"), kind, f"is {shown(kind)}", "npc: flags are for the others")


# -- behaviour


def _doing(fields: Fields, known: Known) -> tuple[frozenset[str] | None, frozenset[str]]:
    """(activities of which one must be done, activities none of which may be)."""
    acts, kinds = known.activities, known.categories
    allowed = [
        set(fields.names("allowedActivities", acts, "activity")) if fields.has("allowedActivities") else None,
        _of(fields, "allowedCategories", kinds, known),
        _of(fields, "allowedStates", {*kinds, *acts}, known),
    ]
    given = [one for one in allowed if one is not None]
    fields.ignore("allowedActivities")
    forbidden = {
        *fields.names("forbiddenActivities", acts, "activity"),
        *(_of(fields, "forbiddenCategories", kinds, known) or ()),
        *(_of(fields, "forbiddenStates", {*kinds, *acts}, known) or ()),
    }
    doing = frozenset(name for name in acts if all(name in one for one in given)) if given else None
    return doing, frozenset(forbidden)


def _of(fields: Fields, key: str, listed: Collection[str], known: Known) -> set[str] | None:
    """The activities of some categories; a state is a category or an activity."""
    fields.ignore(key)
    if not fields.has(key):
        return None
    wanted = set(fields.names(key, listed, "category" if key.endswith("Categories") else "state"))
    return {name for name, activity in known.activities.items() if {name, activity.category} & wanted}


# -- hours


def _hours(fields: Fields, known: Known) -> Hours | None:
    calendar = known.calendar
    periods = fields.names("periods", known.names.periods, "time of day")
    ranges = fields.each(
        "hourRanges", lambda value, path: _range(Fields(value, path, fields.problems), calendar), GATES_MAX
    )
    days = fields.names("days", known.names.days, "day")
    fields.done()
    if not (periods or ranges or days):
        return None
    spans: tuple[Span, ...] = ((0, calendar.day_us),)
    if periods:
        inside = [calendar.periods[n] for n in sorted(calendar.matches(periods))]
        spans = both(spans, (s for p in inside for s in unwrapped(p.start, p.end, calendar.day_us)))
    if ranges:
        spans = both(spans, (span for listed in ranges for span in listed))
    if not spans and fields.path and not any(p.path.startswith(fields.path) for p in fields.problems):
        message = "is never open: no hour lies in both the periods and the hourRanges"
        fields.problems.append(Problem(fields.path, list(periods), message, "hours of one of the periods"))
    wanted = frozenset(n for n, name in enumerate(calendar.day_names) if name in days)
    return Hours(spans, wanted if days else None)


def _range(fields: Fields, calendar: Calendar) -> list[Span]:
    """`{start, end}` in hours of the day; one that ends before it starts wraps midnight."""
    hours = calendar.day_us // calendar.hour_us
    start, end = _hour(fields, "start", 0, calendar), _hour(fields, "end", hours, calendar)
    fields.done()
    if start is None or end is None:
        return []
    if start == end:
        fields.refuse(fields.path, fields.raw("start"), "ends as it starts", "an end that is another hour")
    return unwrapped(start, end, calendar.day_us)


def _hour(fields: Fields, key: str, default: int, calendar: Calendar) -> int | None:
    value = fields.raw(key, default)
    if is_number(value):
        exact = Decimal(str(value)) * calendar.hour_us
        if 0 <= exact <= calendar.day_us and exact == exact.to_integral_value():
            return int(exact)
    allowed = f"hours of the day, from 0 to {calendar.day_us // calendar.hour_us}"
    fields.refuse(fields.at(key), value, f"is {shown(value)}", allowed)
    return None
