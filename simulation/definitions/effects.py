"""`customEffects` of an activity: what beginning it sets off beyond energy, mood and flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from simulation.definitions.components import check_component
from simulation.definitions.conditions import Names, normal_ref
from simulation.definitions.fields import Fields, is_number
from simulation.definitions.metrics import PATH_PARTS_MAX, Metric, Metrics, amount_of
from simulation.definitions.plugins import PluginUse
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import Band

if TYPE_CHECKING:
    from simulation.definitions.activities import Activity

KINDS = ("dialogue", "action_block", "scene", "image")
MICRO_SECONDS = 0.000001
"""The shortest span of game time there is."""
EFFECTS_MAX = 16
"""Custom effects of one activity: each is carried out whenever somebody begins it."""
TYPES = ("generate", "set_flag", "set_component", "add_stat", "metric_add")
HOT_COMPONENTS = ("behavior", "relationships")
"""Kept in columns: energy, mood and relationships change as numbers, never as whole components."""
NOT_FOR_RESULTS = (*HOT_COMPONENTS, "waitingFor")
"""Components that a generation result may not replace: the rules themselves keep them."""
HOT_NUMBERS = ("energy", "valence", "arousal")
VALUE_MAX = 1e9
"""What a number of a component may be, either way."""


@dataclass(frozen=True, slots=True)
class CustomEffect:
    """`use` is what a plug-in's effect names; None: one of TYPES, whose `params` were checked."""

    type: str
    params: Mapping[str, Any]
    path: str
    use: PluginUse | None = None


def read_effects(fields: Fields, names: Names) -> tuple[CustomEffect, ...]:
    found = fields.each("customEffects", lambda v, p: _custom(v, p, names), EFFECTS_MAX)
    return tuple(effect for effect in found if effect is not None)


def _custom(value: Any, path: str, names: Names) -> CustomEffect | None:
    fields = Fields(value, path, names.problems)
    kind = fields.text("type", "generate") if isinstance(value, Mapping) else ""
    params = fields.mapping("params")
    given = Fields(params, fields.at("params"), fields.problems)
    fields.done()
    match kind:
        case "":
            return None
        case "generate":
            _generate(given)
        case "set_flag":
            _set_flag(given)
        case "set_component":
            _set_component(given)
        case "add_stat":
            _add_stat(given)
        case "metric_add":
            _metric_add(given)
        case _ if kind.startswith("plugin:"):
            use = names.plugin("effect", f"{path}.type", kind, params)
            return None if use is None else CustomEffect(kind, params, path, use)
        case _:
            known = (*TYPES, *names.plugins.names("effect"))
            names.problems.append(unknown_name(f"{path}.type", kind, known, "type"))
            return None
    return CustomEffect(kind, params, path)


GENERATE_KEYS = ("kind", "band", "chance", "component", "flag", "ttlSeconds", "coalesceKey")
"""What we read of `params`; everything else is the provider's."""


def _generate(params: Fields) -> None:
    params.choice("kind", KINDS, "dialogue")
    if not params.has("kind"):
        params.refuse(params.at("kind"), None, "is missing", ", ".join(KINDS))
    params.choice("band", [str(band) for band in Band], str(Band.AMBIENT))
    params.number("chance", 0, 1, 1)
    if (component := params.identifier("component", "dialogue")) in NOT_FOR_RESULTS:
        params.refuse(params.at("component"), component, "is kept by the rules", "another component")
    for key in ("flag", "coalesceKey"):
        if params.has(key):
            params.text(key)
    if params.has("ttlSeconds"):
        params.micros("ttlSeconds", 0, low=MICRO_SECONDS)
    for key, value in params.entries():
        if key not in GENERATE_KEYS and (close := get_close_matches(key, GENERATE_KEYS, 1, 0.8)):
            message = "is none of our keys, so the provider gets it"
            params.problems.append(Problem(params.at(key), value, message, "", close[0], warning=True))


def _set_flag(params: Fields) -> None:
    params.text("key")
    if not params.given("value"):
        params.refuse(params.at("value"), None, "is missing", "any JSON value; null removes the flag")
    params.ignore("value")
    params.done()


def _set_component(params: Fields) -> None:
    component = params.text("component")
    if component in HOT_COMPONENTS:
        allowed = "add_stat, or another component"
        params.refuse(params.at("component"), component, "is kept in columns", allowed)
    params.mapping("value")
    params.done()


def _add_stat(params: Fields) -> None:
    component, axis = params.text("component", "core"), params.text("axis")
    if component == "behavior" and axis not in HOT_NUMBERS:
        params.refuse(params.at("axis"), axis, "is no number of behavior", ", ".join(HOT_NUMBERS))
    params.number("value", -VALUE_MAX, VALUE_MAX)
    for key in ("min", "max"):
        if params.has(key):
            params.number(key, -VALUE_MAX, VALUE_MAX)
    params.ignore("min", "max")
    params.done()


def _metric_add(params: Fields) -> None:
    params.text("metric")
    params.number("value", -VALUE_MAX, VALUE_MAX)
    if not params.has("value"):
        params.refuse(params.at("value"), None, "is missing", "a number")
    params.done()


def check_metrics(activities: Iterable[Activity], metrics: Metrics, problems: list[Problem]) -> None:
    """Everything that can be said of components only when the whole file is read: metrics that can be added
    to, numbers inside their metric, components that make sense."""
    for effect in (effect for activity in activities for effect in activity.effects.custom):
        where = f"{effect.path}.params"
        match effect.type:
            case "metric_add":
                _check_metric_add(effect, where, metrics, problems)
            case "add_stat" if isinstance(effect.params.get("axis"), str):
                _check_add_stat(effect, where, metrics, problems)
            case "set_component":
                name, value = str(effect.params.get("component", "")), effect.params.get("value", {})
                check_component(name, value, f"{where}.value", metrics, problems)


def _check_metric_add(effect: CustomEffect, where: str, metrics: Metrics, problems: list[Problem]) -> None:
    name = str(effect.params.get("metric", ""))
    metric = metrics.find(name) if name else None
    if name and metric is None:
        problems.append(unknown_name(f"{where}.metric", name, metrics.names, "metric"))
    elif metric is not None and (metric.is_told or not metric.is_numeric):
        problems.append(Problem(f"{where}.metric", name, "is no number that can be added to", "a number"))
    elif metric is not None:
        _check_whole(metric, effect.params.get("value"), f"{where}.value", problems)


def _check_whole(metric: Metric, value: object, where: str, problems: list[Problem]) -> None:
    if is_number(value) and amount_of(metric, value) is None:
        problems.append(Problem(where, value, f"is {value}, and {metric.name} is whole", "a whole number"))


def _check_add_stat(effect: CustomEffect, where: str, metrics: Metrics, problems: list[Problem]) -> None:
    """A number must be one after it was added to: inside its metric, and where the component has room."""
    component, path = stat_place(effect.params)
    metric, axis = metrics.lying_at(component, path), effect.params["axis"]
    given = (effect.params.get("min", 0), effect.params.get("max", 0))
    if len(path) > PATH_PARTS_MAX or "" in path:
        problems.append(Problem(f"{where}.axis", axis, "is no path", f"1 to {PATH_PARTS_MAX} names"))
    elif metric is None and component == "relationships":
        problems.append(Problem(f"{where}.axis", axis, "is no relationship", "npc:ID.AXIS or role:NAME.AXIS"))
    elif metric is not None and (metric.is_told or not metric.is_numeric):
        problems.append(Problem(f"{where}.axis", axis, "is no number that can be added to", "a number"))
    elif all(map(is_number, given)):
        low, high = stat_bounds(effect.params, metric)
        if low > high:
            bounds = f"within {metric.low:g} to {metric.high:g}" if metric is not None else "at most max"
            problems.append(Problem(f"{where}.min", low, f"is above max {high:g}", bounds))
        if metric is not None:
            _check_whole(metric, effect.params.get("value"), f"{where}.value", problems)
        before = len(problems)
        for edge in (low, high) if low <= high and metric is None else ():
            if len(problems) == before:
                check_component(component, _nested(path, edge), where, metrics, problems)


def stat_place(params: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """(component, path) of the number that `add_stat` adds to."""
    component, *path = [str(params.get("component", "core")), *str(params["axis"]).split(".")]
    if component == "relationships" and len(path) > 1:
        return component, (normal_ref(".".join(path[:-1])), path[-1])
    return component, tuple(path)


def stat_bounds(params: Mapping[str, Any], metric: Metric | None) -> tuple[float, float]:
    """Between what the number stays: what is written, inside its metric; else its metric's, or 0 and 100."""
    low, high = (0.0, 100.0) if metric is None else (metric.low, metric.high)
    given_low, given_high = params.get("min"), params.get("max")
    if given_low is not None:
        low = float(given_low) if metric is None else max(low, float(given_low))
    if given_high is not None:
        high = float(given_high) if metric is None else min(high, float(given_high))
    return low, high


def _nested(path: tuple[str, ...], value: object) -> dict[str, Any]:
    head, *rest = path
    return {head: _nested(tuple(rest), value) if rest else value}
