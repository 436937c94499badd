"""`meta.metrics`: the typed way to numbers, choices and truths in people's components.

A metric is named `CATEGORY.NAME`. Those of the components every world has are built in; the one of a
relationship is named `relationships.WHO.AXIS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from simulation.definitions.conditions import RELATIONSHIP_AXES, normal_ref
from simulation.definitions.fields import Fields, is_number
from simulation.definitions.problems import Problem

METRICS_MAX = 1_000
"""Of one world: all of them are read when somebody looks at a person."""
CHOICES_MAX = 1_000
"""Values of one enum."""
NUMBER_MAX = 1e9
"""Of a metric without `min` or `max`, in either direction; the bound of what conditions compare with."""
PATH_PARTS_MAX = 8
"""Objects inside one another on the way to a metric."""

Value = float | int | str | bool


class MetricType(StrEnum):
    FLOAT = "float"
    INT = "int"
    ENUM = "enum"
    BOOLEAN = "boolean"


NUMERIC = (MetricType.FLOAT, MetricType.INT)


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of a person: where it is, of what kind, between which bounds."""

    name: str
    type: MetricType
    component: str
    path: tuple[str, ...]
    low: float = -NUMBER_MAX
    high: float = NUMBER_MAX
    values: tuple[str, ...] = ()
    default: Value = 0
    """What somebody has of whom nothing is written."""

    @property
    def place(self) -> tuple[str, tuple[str, ...]]:
        return self.component, self.path

    @property
    def is_numeric(self) -> bool:
        return self.type in NUMERIC

    @property
    def is_told(self) -> bool:
        """Whether the world decides it: everybody may read it, nobody may set it."""
        return self.place in TOLD

    @property
    def is_hot(self) -> bool:
        """Whether every rule that reads it reads the same column, so that it is nobody's personally."""
        return self.place in HOT or self.component == "relationships" or self.is_told

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        match self.type:
            case MetricType.FLOAT:
                return f"a number from {self.low:g} to {self.high:g}"
            case MetricType.INT:
                return f"a whole number from {self.low:g} to {self.high:g}"
            case MetricType.ENUM:
                return ", ".join(self.values)
            case MetricType.BOOLEAN:
                return "true or false"

    def holds(self, value: object) -> bool:
        """Whether this is a value of the metric as it stands, neither clamped nor converted."""
        found = self.converted(value)
        return found is not None and found == value and isinstance(found, bool) == isinstance(value, bool)

    def converted(self, value: object) -> Value | None:
        """The value of the metric's type that this means, clamped; None: it means none.

        Numbers may be written as texts, whole ones are rounded to the nearest (halves up), truths may be 0
        and 1.
        """
        match self.type:
            case MetricType.BOOLEAN:
                return _truth(value)
            case MetricType.ENUM:
                return value if isinstance(value, str) and value in self.values else None
            case MetricType.INT | MetricType.FLOAT:
                number = _number(value)
                return None if number is None else self.clamped(number)

    def clamped(self, number: float) -> float | int:
        """A number inside the bounds; whole ones are integers."""
        inside = min(self.high, max(self.low, number))
        if self.type is MetricType.INT:
            return int((inside + 0.5) // 1)
        return int(inside) if float(inside).is_integer() else inside


def _number(value: object) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value if value.isascii() and "_" not in value else "")
        except ValueError:
            return None
    return value if is_number(value) else None  # type: ignore[return-value]


TRUTHS: Mapping[object, bool] = {"true": True, "false": False, "1": True, "0": False, 1: True, 0: False}


def _truth(value: object) -> bool | None:
    if isinstance(value, str):
        return TRUTHS.get(value.lower())
    return TRUTHS.get(value) if isinstance(value, int | float) else None


HOT: Mapping[tuple[str, tuple[str, ...]], str] = {
    ("behavior", ("energy",)): "energy",
    ("behavior", ("moodState", "valence")): "valence",
    ("behavior", ("moodState", "arousal")): "arousal",
}
"""Place -> the column it lives in."""
TOLD: Mapping[tuple[str, tuple[str, ...]], str] = {
    ("behavior", ("simulationTier",)): "tier",
    ("behavior", ("currentActivityId",)): "activity",
    ("behavior", ("locationId",)): "location",
}
"""Place -> the name that expressions know it by."""
HOT_KEYS = frozenset(
    [
        *("currentActivityId", "activityStartedAt", "nextDecisionAt", "simulationTier", "locationId"),
        *("energy", "moodState", "lastActivities", "lastEndedAt", "settledAt"),
    ]
)
"""Keys of `behavior` that are kept in columns."""
SHORT: Mapping[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]] = {
    (component, (axis,)): place
    for place, axis in HOT.items()
    for component in ("behavior", "mood")
    if (component, (axis,)) != place
}
"""Other ways to write the places of hot numbers, as conditions may."""


def _scale(component: str, axis: str, path: tuple[str, ...], low: float) -> Metric:
    return Metric(f"{component}.{axis}", MetricType.FLOAT, path[0], path[1:], low, 100)


BUILT_IN: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        *(_scale("core", axis, ("core", axis), 0) for axis in RELATIONSHIP_AXES),
        _scale("behavior", "energy", ("behavior", "energy"), 0),
        _scale("mood", "valence", ("behavior", "moodState", "valence"), -100),
        _scale("mood", "arousal", ("behavior", "moodState", "arousal"), -100),
    )
}
BY_PLACE = {metric.place: metric for metric in BUILT_IN.values()}
UNKNOWN_TIE = 50
"""Points of a relationship nobody has said anything about (domain.md)."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """A world's registry: the built-in metrics and the declared ones, by name."""

    declared: Mapping[str, Metric] = field(default_factory=dict)
    _inside: Mapping[str, tuple[Metric, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        inside: dict[str, tuple[Metric, ...]] = {}
        for metric in self.declared.values():
            if not metric.is_hot:
                inside[metric.component] = (*inside.get(metric.component, ()), metric)
        object.__setattr__(self, "_inside", inside)

    def of(self, component: str) -> tuple[Metric, ...]:
        """The declared metrics whose values lie in that component as JSON."""
        return self._inside.get(component, ())

    def __iter__(self) -> Iterator[Metric]:
        """Built-in ones first, then as the file lists them."""
        yield from BUILT_IN.values()
        yield from (metric for name, metric in self.declared.items() if name not in BUILT_IN)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(metric.name for metric in self)

    def find(self, name: str) -> Metric | None:
        found = BUILT_IN.get(name) or self.declared.get(name)
        return found if found is not None else _tie(name)

    def at(self, component: str, axis: str) -> Metric | None:
        """The metric of that name, or else the one at that place."""
        found = self.find(f"{component}.{axis}")
        if found is not None:
            return found
        return self.lying_at(component, tuple(axis.split(".")))

    def lying_at(self, component: str, path: tuple[str, ...]) -> Metric | None:
        """The metric whose value lies there."""
        if component == "relationships":
            return _tie(".".join((component, *path)))
        place = canonical(component, path)
        return next((metric for metric in self if metric.place == place), None)


def _tie(name: str) -> Metric | None:
    """The metric of a relationship: `relationships.WHO.AXIS`."""
    head, _, rest = name.partition(".")
    ref, _, axis = rest.rpartition(".")
    if head != "relationships" or not ref or axis not in RELATIONSHIP_AXES:
        return None
    path = (normal_ref(ref), axis)
    return Metric(name, MetricType.FLOAT, "relationships", path, 0, 100, default=UNKNOWN_TIE)


def canonical(component: str, path: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The place itself, however it is written."""
    return SHORT.get((component, path), (component, path))


def read_metrics(meta: Fields) -> Metrics:
    """The registry of a world; problems are noted."""
    listed = meta.within("metrics")
    found: dict[str, Metric] = {}
    for category, block in listed.entries():
        if "." in category or category == "relationships":
            listed.refuse(listed.at(category), category, "is no category", "a name without dots of your own")
            continue
        named = Fields(block, listed.at(category), meta.problems)
        for name, value in named.entries():
            metric = _read_metric(f"{category}.{name}", name, Fields(value, named.at(name), meta.problems))
            found[metric.name] = metric
    if len(found) > METRICS_MAX:
        listed.refuse(listed.path, len(found), f"has {len(found)} metrics", f"at most {METRICS_MAX}")
    return Metrics(found)


def _read_metric(name: str, key: str, fields: Fields) -> Metric:
    kind = MetricType(fields.choice("type", [str(one) for one in MetricType], str(MetricType.FLOAT)))
    if not fields.has("type"):
        fields.refuse(fields.at("type"), None, "is missing", ", ".join(MetricType))
    if fields.identifier("id", name) not in (name, key):
        fields.refuse(fields.at("id"), fields.raw("id"), f"is not {name!r}, under which it is listed", name)
    fields.ignore("source")
    component = fields.text("component")
    path = tuple(fields.text("path", key).split("."))
    if len(path) > PATH_PARTS_MAX or "" in path:
        fields.refuse(fields.at("path"), fields.raw("path"), "is no path", f"1 to {PATH_PARTS_MAX} names")
    component, path = canonical(component, path)
    low, high = _bounds(fields, kind, BY_PLACE.get((component, path)))
    values = _choices(fields) if kind is MetricType.ENUM else ()
    found = Metric(name, kind, component, path, low, high, values)
    found = Metric(name, kind, component, path, low, high, values, _default(fields, found))
    fields.done()
    _check_place(found, fields)
    return found


def _bounds(fields: Fields, kind: MetricType, built_in: Metric | None) -> tuple[float, float]:
    """(min, max); of a place that every world has, that place's where none are given."""
    if kind not in NUMERIC:
        return 0.0, 0.0
    whole = (built_in.low, built_in.high) if built_in is not None else (-NUMBER_MAX, NUMBER_MAX)
    low = fields.number("min", -NUMBER_MAX, NUMBER_MAX, whole[0])
    high = fields.number("max", -NUMBER_MAX, NUMBER_MAX, whole[1])
    if low > high:
        fields.refuse(fields.at("min"), low, f"is above max, {high:g}", f"at most {high:g}")
    for key, bound in (("min", low), ("max", high)):
        if kind is MetricType.INT and not bound.is_integer():
            fields.refuse(fields.at(key), bound, f"is {bound:g}, and the metric is an int", "a whole number")
    return low, high


def _choices(fields: Fields) -> tuple[str, ...]:
    values = fields.texts("values", CHOICES_MAX)
    if not values or len(set(values)) < len(values):
        message = "is missing" if not values else "has a value twice"
        fields.refuse(fields.at("values"), list(values), message, "a list of texts, each once")
    return values


def _default(fields: Fields, metric: Metric) -> Value:
    """What is written, or else 0 clamped, false, or the first value."""
    if fields.has("default"):
        value = fields.raw("default")
        if metric.holds(value):
            return value  # type: ignore[no-any-return]
        fields.refuse(fields.at("default"), value, f"is {value!r}", metric.allowed)
    if metric.type is MetricType.ENUM:
        return metric.values[0] if metric.values else ""
    return False if metric.type is MetricType.BOOLEAN else metric.clamped(0)


def _check_place(metric: Metric, fields: Fields) -> None:
    """A metric of a place that every world has must agree with what is there."""
    component, path = metric.place
    built_in, same_name = BY_PLACE.get(metric.place), BUILT_IN.get(metric.name)
    if same_name is not None and metric != same_name:
        where = ".".join((same_name.component, *same_name.path))
        fields.refuse(fields.path, metric.name, "is built in", f"{same_name.allowed} at {where}")
    elif built_in is not None and not (metric.is_numeric and _inside(metric, built_in)):
        fields.refuse(fields.path, metric.name, f"is at the place of {built_in.name}", built_in.allowed)
    elif component == "relationships":
        fields.refuse(fields.at("component"), component, "needs no metric", "relationships.WHO.AXIS is one")
    elif component == "behavior" and path[0] in HOT_KEYS and built_in is None and not metric.is_told:
        fields.refuse(fields.at("path"), ".".join(path), "is kept in columns", "another path")


def _inside(metric: Metric, other: Metric) -> bool:
    return other.low <= metric.low and metric.high <= other.high


def checked(metric: Metric, value: object, path: str, problems: list[Problem]) -> None:
    """Note a value that is none of the metric's."""
    if not metric.holds(value):
        problems.append(Problem(path, value, f"is {value!r}, no value of {metric.name}", metric.allowed))


def addable(metric: Metric) -> str:
    """What may be added to it, in words: nothing that is added is rounded."""
    if not metric.is_numeric:
        return f"nothing: it is no number; set it to {metric.allowed}"
    whole = "whole number" if metric.type is MetricType.INT else "number"
    return f"a {whole} from {-NUMBER_MAX:g} to {NUMBER_MAX:g}"


def amount_of(metric: Metric, value: object) -> Value | None:
    """What may be added to the metric: a number, a whole one to an int; None: this may not."""
    if not metric.is_numeric or not is_number(value):
        return None
    number = float(value)  # type: ignore[arg-type]
    whole = metric.type != "int" or number.is_integer()
    return number if abs(number) <= NUMBER_MAX and whole else None
