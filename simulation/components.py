"""Helpers for people's components, for embedders and authors of plug-ins: values in, values out.

`components` is a person's `components` object, or what is personal between them and a player
(`personal(session, npc_id)`). Nothing is ever changed in place: what changes something answers the new value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulation.definitions.components import MISSING, value_at
from simulation.definitions.fields import SECONDS_MAX, AnyName
from simulation.definitions.metrics import Metric, Value, amount_of
from simulation.definitions.people import Town, check_person
from simulation.definitions.problems import Problem
from simulation.definitions.world import WorldDefinition
from simulation.plain import why_not_plain
from simulation.sessions import NOTHING, Session
from simulation.units import MICROS_PER_SECOND, Micros, NpcId

Components = Mapping[str, Mapping[str, Any]]
ENTITY = "entity"
"""The component that holds what is said of a person as a whole: tags and metadata."""


class NoSuchValue(ValueError):
    """A value that a metric cannot have, with what it can."""

    def __init__(self, metric: Metric, value: object) -> None:
        super().__init__(f"{value!r} is no value of {metric.name}; allowed: {metric.allowed}")


# -- components


def list_components(components: Components) -> tuple[str, ...]:
    """Their names, as they are kept."""
    return tuple(components)


def has_component(components: Components, name: str) -> bool:
    return name in components


def get_component(components: Components, name: str) -> Mapping[str, Any]:
    """One component; empty where there is none."""
    return components.get(name, NOTHING)


def set_component(components: Components, name: str, value: Mapping[str, Any]) -> Components:
    """With one component put in place of what was there."""
    return {**components, name: value}


def update_component(components: Components, name: str, patch: Mapping[str, Any]) -> Components:
    """With some keys of a component set, the others kept; a key that is None is removed."""
    merged = {**get_component(components, name), **patch}
    return {**components, name: {key: value for key, value in merged.items() if value is not None}}


def remove_component(components: Components, name: str) -> Components:
    return {key: value for key, value in components.items() if key != name}


def plugin_component(plugin_id: str, name: str = "") -> str:
    """What a plug-in's component is called."""
    return f"plugin:{plugin_id}:{name}" if name else f"plugin:{plugin_id}"


# -- what is personal


def personal(session: Session, npc_id: NpcId) -> Components:
    """What is between that player and that person."""
    return session.npcs.get(npc_id, NOTHING)


def with_personal(session: Session, npc_id: NpcId, components: Components) -> Session:
    """The session with everything between the two put in place, one version on."""
    npcs = {key: kept for key, kept in session.npcs.items() if key != npc_id}
    return session.changed(npcs={**npcs, npc_id: components} if components else npcs)


def as_met(components: Components, session: Session, npc_id: NpcId) -> Components:
    """A person as one player meets them: what is personal comes before what everybody sees, key by key."""
    mine = personal(session, npc_id)
    return {**components, **{name: {**components.get(name, {}), **own} for name, own in mine.items()}}


# -- tags and metadata


def tags_of(components: Components) -> tuple[str, ...]:
    return tuple(get_component(components, ENTITY).get("tags", ()))


def with_tags(components: Components, tags: Iterable[str]) -> Components:
    """With exactly these tags, each once."""
    return update_component(components, ENTITY, {"tags": list(dict.fromkeys(tags)) or None})


def metadata_of(components: Components) -> Mapping[str, Any]:
    found: Mapping[str, Any] = get_component(components, ENTITY).get("metadata", NOTHING)
    return found


def with_metadata(components: Components, patch: Mapping[str, Any]) -> Components:
    """With some keys of the metadata set; a key that is None is removed."""
    merged = {key: value for key, value in {**metadata_of(components), **patch}.items() if value is not None}
    return update_component(components, ENTITY, {"metadata": merged or None})


# -- metrics


def get_metric(components: Components, metric: Metric) -> Value:
    """The metric's value, its default where nothing is written. Raises NoSuchValue for what is none."""
    value = value_at(get_component(components, metric.component), metric.path)
    if value is MISSING or value is None:
        return metric.default
    found = metric.converted(value)
    if found is None:
        raise NoSuchValue(metric, value)
    return found


def set_metric(components: Components, metric: Metric, value: object) -> Components:
    """With the metric set, converted and clamped. Raises NoSuchValue for what does not convert."""
    found = metric.converted(value)
    if found is None:
        raise NoSuchValue(metric, value)
    inside = put_at(get_component(components, metric.component), metric.path, found)
    return {**components, metric.component: inside}


def add_metric(components: Components, metric: Metric, amount: float) -> Components:
    """With so much added, clamped. Raises NoSuchValue where there is no number to add to, and for what is no
    amount: nothing that is added is rounded."""
    before = get_metric(components, metric)
    if amount_of(metric, amount) is None or isinstance(before, str):
        raise NoSuchValue(metric, amount)
    return set_metric(components, metric, before + amount)


def put_at(component: Mapping[str, Any], path: tuple[str, ...], value: object) -> dict[str, Any]:
    """A copy with a value put at a path; objects on the way are made where they are missing."""
    head, *rest = path
    if not rest:
        return {**component, head: value}
    inner = component.get(head, {})
    kept = inner if isinstance(inner, Mapping) else {}
    return {**component, head: put_at(kept, tuple(rest), value)}


def take_at(component: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """A copy without what lies at a path; objects that hold nothing any more go too."""
    head, *rest = path
    others = {key: value for key, value in component.items() if key != head}
    if not rest:
        return others
    inner = component.get(head)
    if not isinstance(inner, Mapping):
        return dict(component)
    left = take_at(inner, tuple(rest))
    return {**others, head: left} if left else others


# -- validation


def validate_components(
    components: Components, world: WorldDefinition | None = None, path: str = "components"
) -> tuple[Problem, ...]:
    """Everything that makes no sense, each with its JSON path: what is no JSON or no object, known keys and
    values outside their metric; with the world, names that it does not know too."""
    if wrong := why_not_plain(components, path):
        where, _, message = wrong.partition(": ")
        return (Problem(where, None, message),)
    problems = [Problem(path, name, "is no name of a component", "a text") for name in components if not name]
    check_person(components, path, ANYWHERE if world is None else town_of(world), problems)
    return tuple(problems)


EVER = Micros(SECONDS_MAX * MICROS_PER_SECOND)
ANYWHERE = Town(AnyName(), AnyName(), AnyName(), {}, EVER)
"""A world that knows every name."""


def town_of(world: WorldDefinition) -> Town:
    """What a person of this world may name."""
    places = {location.id for location in world.locations}
    behavior = world.behavior
    return Town(behavior.routines, behavior.activities, places, {}, EVER, world.metrics)
