"""Conditions as written and as parsed: a closed union, each part knowing its JSON path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Literal

from simulation.definitions.fields import Fields
from simulation.definitions.plugins import NO_PLUGINS, Plugins, PluginUse
from simulation.definitions.problems import Problem, unknown_name
from simulation.expressions import Expression, ExpressionInvalid, parse_expression
from simulation.plugins import Kind, Params

CONDITION_DEPTH_MAX = 16
"""Nesting of all, any and not: more than a person can follow."""
CONDITIONS_MAX = 64
"""Conditions in one list."""
RELATIONSHIP_AXES = ("affinity", "trust", "chemistry", "tension")
NUMBERS: Mapping[str, tuple[str, ...]] = {
    "core": RELATIONSHIP_AXES,
    "romance": ("arousal", "consentLevel"),
    "stealth": ("suspicion", "guardReputation"),
    "behavior": ("energy", "valence", "arousal"),
    "mood": ("energy", "valence", "arousal"),
}
"""Numbers that every person may have, by component."""
TIMES = ("activityStartedAt", "nextDecisionAt", "settledAt", "lastActivities", "lastEndedAt")
"""Keys of `behavior` that the rules keep for themselves: no condition reads them."""
NO_NUMBERS = (*TIMES, "currentActivityId", "locationId", "simulationTier", "moodState")
"""Keys of `behavior` that are no numbers a condition could compare."""


@dataclass(frozen=True, slots=True)
class StatAxis:
    """A number of a component compared with bounds; one nobody wrote reads 0."""

    path: str
    op: Literal["gt", "lt", "between"]
    stat: str
    axis: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Relationship:
    path: str
    op: Literal["gt", "lt"]
    ref: str
    axis: str
    threshold: float


@dataclass(frozen=True, slots=True)
class FlagEquals:
    path: str
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class FlagExists:
    path: str
    key: str


@dataclass(frozen=True, slots=True)
class MoodIn:
    path: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnergyBetween:
    path: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RandomChance:
    path: str
    probability: float


@dataclass(frozen=True, slots=True)
class TimeOfDayIn:
    path: str
    times: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DayOfWeekIn:
    path: str
    days: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocationTypeIn:
    path: str
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    path: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    path: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    path: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class ExpressionIs:
    path: str
    expression: Expression


@dataclass(frozen=True, slots=True)
class PluginCondition:
    path: str
    use: PluginUse


Condition = (
    StatAxis
    | Relationship
    | FlagEquals
    | FlagExists
    | MoodIn
    | EnergyBetween
    | RandomChance
    | TimeOfDayIn
    | DayOfWeekIn
    | LocationTypeIn
    | AllOf
    | AnyOf
    | Not
    | ExpressionIs
    | PluginCondition
)


@dataclass(frozen=True, slots=True)
class Names:
    """What conditions of one world may name."""

    periods: Collection[str]
    days: Collection[str]
    location_types: Collection[str]
    mood_tags: Collection[str]
    plugins: Plugins = NO_PLUGINS
    problems: list[Problem] = field(default_factory=list)
    used: dict[str, None] = field(default_factory=dict)
    """Ids of the plug-ins that were named."""

    def plugin(self, kind: Kind, path: str, full_name: str, params: Params) -> PluginUse | None:
        """What `plugin:ID:NAME` means here; None with a problem noted."""
        use = self.plugins.use(kind, path, full_name, params, self.problems)
        if use is not None:
            self.used[use.plugin_id] = None
        return use


def read_conditions(fields: Fields, key: str, names: Names) -> tuple[Condition, ...]:
    """The list of conditions under `key`; what cannot be read is a problem and left out."""
    found = fields.each(key, lambda item, path: read_condition(item, path, names, 0), CONDITIONS_MAX)
    return tuple(condition for condition in found if condition is not None)


def read_condition(value: Any, path: str, names: Names, depth: int) -> Condition | None:
    """One condition, or None with a problem noted."""
    fields = Fields(value, path, names.problems)
    if not isinstance(value, Mapping):
        return None
    if depth > CONDITION_DEPTH_MAX:
        fields.refuse(path, "", "is nested too deep", f"at most {CONDITION_DEPTH_MAX} levels")
        return None
    kind = fields.text("type")
    if kind.startswith("plugin:"):
        params = fields.mapping("params")
        fields.done()
        use = names.plugin("condition", f"{path}.type", kind, params)
        return None if use is None else PluginCondition(path, use)
    reader = READERS.get(kind)
    if reader is None:
        if kind:
            names.problems.append(unknown_name(f"{path}.type", kind, READERS, "condition type"))
        return None
    condition = reader(fields, names, depth)
    fields.done()
    return condition


def _stat(op: Literal["gt", "lt", "between"]) -> Reader:
    def read(fields: Fields, names: Names, depth: int) -> Condition:
        stat, axis = fields.text("statDefinition", "core"), fields.text("axis")
        _check_axis(fields, stat, axis)
        if op == "between":
            low, high = fields.number("min", -1e9, 1e9), fields.number("max", -1e9, 1e9)
        else:
            low = high = fields.number("threshold", -1e9, 1e9)
        return StatAxis(fields.path, op, stat, axis, low, high)

    return read


def _check_axis(fields: Fields, stat: str, axis: str) -> None:
    """A number lies directly in its component: what lies deeper, or by person, would read 0 for ever."""
    if stat == "relationships":
        allowed = "relationship_gt or relationship_lt"
        message = "is no place for one number: a relationship is towards somebody"
        fields.refuse(fields.at("statDefinition"), stat, message, allowed)
    elif stat == "behavior" and axis in NO_NUMBERS:
        fields.refuse(fields.at("axis"), axis, "is no number", ", ".join(NUMBERS["behavior"]))
    elif "." in axis:
        known = NUMBERS.get(stat, ())
        close = get_close_matches(axis.rpartition(".")[2], known, n=1)
        named = f" such as {', '.join(known)}" if known else ""
        deeper = "" if close else f"; an `expression` reads {stat}.{axis.removeprefix(f'{stat}.')}"
        allowed = f"a key of {stat} without dots{named}{deeper}"
        message = "has a dot, and a number is read from the component itself"
        nearest = close[0] if close else ""
        fields.problems.append(Problem(fields.at("axis"), axis, message, allowed, nearest))


def _relationship(op: Literal["gt", "lt"]) -> Reader:
    def read(fields: Fields, names: Names, depth: int) -> Condition:
        key = "axis" if fields.has("axis") else "metric"
        axis = fields.choice(key, RELATIONSHIP_AXES, "affinity")
        ref = normal_ref(fields.identifier("npcIdOrRole"))
        return Relationship(fields.path, op, ref, axis, fields.number("threshold", 0, 100))

    return read


def normal_ref(ref: str) -> str:
    """`npc:ID` or `role:NAME`; a bare word is an id."""
    return ref if ref.startswith(("npc:", "role:")) else f"npc:{ref}"


def _flag_equals(fields: Fields, names: Names, depth: int) -> Condition:
    key = fields.text("key")
    if not fields.given("value"):
        fields.refuse(fields.at("value"), None, "is missing", "any JSON value")
    return FlagEquals(fields.path, key, fields.raw("value"))


def _compose(make: type[AllOf] | type[AnyOf]) -> Reader:
    def read(fields: Fields, names: Names, depth: int) -> Condition:
        found = fields.each(
            "conditions", lambda item, path: read_condition(item, path, names, depth + 1), CONDITIONS_MAX
        )
        if not fields.has("conditions"):
            fields.refuse(fields.at("conditions"), None, "is missing", "a list of conditions")
        return make(fields.path, tuple(condition for condition in found if condition is not None))

    return read


def _not(fields: Fields, names: Names, depth: int) -> Condition | None:
    if not fields.has("condition"):
        fields.refuse(fields.at("condition"), None, "is missing", "a condition")
        return None
    inner = read_condition(fields.raw("condition"), fields.at("condition"), names, depth + 1)
    return None if inner is None else Not(fields.path, inner)


def _expression(fields: Fields, names: Names, depth: int) -> Condition | None:
    text = fields.text("expression")
    try:
        parsed = parse_expression(text) if text else None
    except ExpressionInvalid as invalid:
        fields.refuse(fields.at("expression"), text, str(invalid), invalid.allowed)
        return None
    for name in sorted(parsed.names) if parsed is not None else ():
        head, _, rest = name.partition(".")
        if head == "relationships":
            allowed = "relationship_gt or relationship_lt"
            fields.refuse(
                fields.at("expression"), text, f"cannot read {name}: it is towards somebody", allowed
            )
        elif head == "behavior" and rest.partition(".")[0] in TIMES:
            message = f"cannot read {name}, which the rules keep for themselves"
            fields.refuse(fields.at("expression"), text, message, "hour, day, energy, activity and others")
    return None if parsed is None else ExpressionIs(fields.path, parsed)


def _listed(fields: Fields, key: str, known: Collection[str], what: str) -> tuple[str, ...]:
    """Names that must be given: a condition without any could never hold."""
    found = fields.names(key, known, what)
    if fields.raw(key, []) == []:
        message = "is empty" if fields.has(key) else "is missing"
        fields.refuse(fields.at(key), fields.raw(key), message, f"a list with at least one {what}")
    return found


Reader = Callable[[Fields, Names, int], "Condition | None"]

READERS: dict[str, Reader] = {
    "stat_axis_gt": _stat("gt"),
    "stat_axis_lt": _stat("lt"),
    "stat_axis_between": _stat("between"),
    "relationship_gt": _relationship("gt"),
    "relationship_lt": _relationship("lt"),
    "flag_equals": _flag_equals,
    "flag_exists": lambda fields, names, depth: FlagExists(fields.path, fields.text("key")),
    "mood_in": lambda fields, names, depth: MoodIn(
        fields.path, _listed(fields, "moodTags", names.mood_tags, "mood tag")
    ),
    "energy_between": lambda fields, names, depth: EnergyBetween(
        fields.path, fields.number("min", 0, 100, 0), fields.number("max", 0, 100, 100)
    ),
    "random_chance": lambda fields, names, depth: RandomChance(
        fields.path, fields.number("probability", 0, 1)
    ),
    "time_of_day_in": lambda fields, names, depth: TimeOfDayIn(
        fields.path, _listed(fields, "times", names.periods, "time of day")
    ),
    "day_of_week_in": lambda fields, names, depth: DayOfWeekIn(
        fields.path, _listed(fields, "days", names.days, "day")
    ),
    "location_type_in": lambda fields, names, depth: LocationTypeIn(
        fields.path, _listed(fields, "locationTypes", names.location_types, "location type")
    ),
    "all": _compose(AllOf),
    "any": _compose(AnyOf),
    "not": _not,
    "expression": _expression,
}
