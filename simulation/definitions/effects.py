"""`customEffects` of an activity: what beginning it sets off beyond energy, mood and flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from simulation.definitions.conditions import Names
from simulation.definitions.fields import Fields
from simulation.definitions.metrics import Metrics
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
    params.identifier("component", "dialogue")
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
    low = params.number("min", -VALUE_MAX, VALUE_MAX, 0)
    high = params.number("max", -VALUE_MAX, VALUE_MAX, 100)
    if low > high:
        params.refuse(params.at("min"), low, f"is above max {high:g}", "at most max")
    params.done()


def _metric_add(params: Fields) -> None:
    params.text("metric")
    params.number("value", -VALUE_MAX, VALUE_MAX)
    if not params.has("value"):
        params.refuse(params.at("value"), None, "is missing", "a number")
    params.done()


def check_metrics(activities: Iterable[Activity], metrics: Metrics, problems: list[Problem]) -> None:
    """Every metric that `metric_add` names can be added to; asked once the whole file is read."""
    for effect in (effect for activity in activities for effect in activity.effects.custom):
        if effect.type != "metric_add":
            continue
        name, where = str(effect.params.get("metric", "")), f"{effect.path}.params.metric"
        metric = metrics.find(name) if name else None
        if name and metric is None:
            problems.append(unknown_name(where, name, metrics.names, "metric"))
        elif metric is not None and (metric.is_told or not metric.is_numeric):
            problems.append(Problem(where, name, "is no number that can be added to", "a number"))
        elif metric is not None and metric.type == "int" and effect.params.get("value", 0) % 1:
            value, at_value = effect.params["value"], f"{effect.path}.params.value"
            problems.append(Problem(at_value, value, f"is {value:g}, and {name} is whole", "a whole number"))
