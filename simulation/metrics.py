"""Metrics of people as they stand: read through the columns and components, changed by consequences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulation.consequences import AddPersonal, ChangePerson, PutPersonal
from simulation.definitions.components import MISSING, value_at
from simulation.definitions.metrics import HOT, TOLD, Metric, Value
from simulation.orders import StatChange, ValuePut
from simulation.person import Person
from simulation.scale import UNKNOWN, to_points
from simulation.units import NpcId, SessionId

PERSONAL_COMPONENTS = frozenset({"core", "romance", "stealth", "quests", "interactions", "narrative"})
"""What an interaction changes between the player and the person unless its author says otherwise."""


def is_personal(metric: Metric) -> bool:
    """Whether an interaction changes it for the player alone."""
    return metric.component in PERSONAL_COMPONENTS


def read(person: Person, metric: Metric) -> Value | None:
    """What the metric is, its default where nothing is written; None is being nowhere or doing nothing.

    Raises TypeError where something else is written there.
    """
    if (told := TOLD.get(metric.place)) is not None:
        where: Value | None = person.resolve(told)
        return where
    value = _written(person, metric)
    if value is MISSING or value is None:
        return metric.default
    found = metric.converted(value)
    if found is None:
        raise TypeError(f"{metric.name} is {value!r}, not {metric.allowed}")
    return found


def _written(person: Person, metric: Metric) -> object:
    if (axis := HOT.get(metric.place)) is not None:
        return person.resolve(axis)
    if metric.component == "relationships":
        ref, axis = metric.path
        slots = person.script.slot_names
        if (ref, axis) in slots:
            units = person.slots[slots.index((ref, axis))]
            return MISSING if units == UNKNOWN else to_points(units)
    return value_at(person.cold.get(metric.component, {}), metric.path)


def change(
    person: Person, metric: Metric, value: Value, session_id: SessionId | None, *, adds: bool
) -> ChangePerson | AddPersonal | PutPersonal:
    """What sets a metric to a value of its type, or adds to it: for one player, or as everybody sees it.

    Raises TypeError where there is no number to add to.
    """
    if session_id is None:
        return ChangePerson(_shared(person.npc_id, metric, value, adds=adds))
    place = (session_id, person.npc_id, metric.component, metric.path)
    if not metric.is_numeric:
        return PutPersonal(*place, value)
    start = float(read(person, metric) or 0) if adds else 0.0
    return AddPersonal(*place, float(value), metric.low, metric.high, adds, start)


def _shared(npc_id: NpcId, metric: Metric, value: Value, *, adds: bool) -> StatChange | ValuePut:
    if not metric.is_numeric:
        return ValuePut(npc_id, metric.component, metric.path, value)
    start = float(metric.default)
    return StatChange(
        npc_id, metric.component, metric.path, float(value), metric.low, metric.high, adds, start
    )


def after(person: Person, metric: Metric, value: Value, *, adds: bool) -> Value:
    """What the metric will be. Raises TypeError where there is no number to add to."""
    before = read(person, metric) if adds else 0
    return metric.clamped(float(before or 0) + float(value)) if metric.is_numeric else value


def all_of(person: Person, metrics: Iterable[Metric]) -> dict[str, Any]:
    """Every one of these metrics by name; one whose place holds something else says what."""
    found: dict[str, Any] = {}
    for metric in metrics:
        try:
            found[metric.name] = read(person, metric)
        except TypeError as error:
            found[metric.name] = {"error": str(error)}
    return found
