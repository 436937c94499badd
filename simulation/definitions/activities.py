"""Activities and their categories: what they ask for, and what they do to people and the world."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.conditions import RELATIONSHIP_AXES, Condition, Names, normal_ref, read_conditions
from simulation.definitions.effects import CustomEffect, read_effects
from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import Micros

RATE_MAX = 1_000
"""Points an hour: the whole scale in six minutes."""


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


def read_category(key: str, value: Any, path: str, problems: list[Problem]) -> Category:
    fields = Fields(value, path, problems)
    same_id(fields, key)
    fields.ignore("name", "color")
    found = Category(key, fields.number("defaultWeight", 0, 1, 0.5))
    fields.done()
    return found


def read_activity(
    key: str, value: Any, path: str, names: Names, categories: Mapping[str, Category]
) -> Activity:
    fields = Fields(value, path, names.problems)
    same_id(fields, key)
    fields.ignore("version", "priority", "hooks")
    category = fields.text("category")
    if category and categories and category not in categories:
        fields.problems.append(unknown_name(fields.at("category"), category, categories, "activity category"))
    found = Activity(
        id=key,
        name=fields.text("name", key),
        category=category,
        requirements=_requirements(fields.within("requirements"), names),
        effects=_effects(fields.within("effects"), names),
        min_duration_us=fields.micros("minDurationSeconds", 0),
        cooldown_us=fields.micros("cooldownSeconds", 0),
    )
    fields.done()
    return found


def same_id(fields: Fields, key: str) -> None:
    """An object listed under its id may repeat it, but not another."""
    if fields.identifier("id", key) != key:
        fields.refuse(
            fields.at("id"), fields.raw("id"), f"is not {key!r}, under which it is listed", repr(key)
        )


def _requirements(fields: Fields, names: Names) -> Requirements:
    found = Requirements(
        min_energy=fields.optional_number("minEnergy", 0, 100),
        max_energy=fields.optional_number("maxEnergy", 0, 100),
        mood_tags=fields.names("moodTags", names.mood_tags, "mood tag"),
        time_of_day=fields.names("timeOfDay", names.periods, "time of day"),
        location_types=fields.texts("locationTypes"),
        required_npcs=tuple(normal_ref(ref) for ref in fields.ids("requiredNpcRolesOrIds")),
        conditions=read_conditions(fields, "conditions", names),
    )
    fields.done()
    return found


def _effects(fields: Fields, names: Names) -> Effects:
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
        flags_set=flat_flags(fields.flags("flagsSet")),
        custom=read_effects(fields, names),
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


def flat_flags(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested or dotted flags as dotted keys with values that are no objects."""
    return dict(leaves_of(value, prefix))


def leaves_of(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The same one by one: a flag that is given twice comes twice."""
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, Mapping) and inner:
            yield from leaves_of(inner, f"{name}.")
        else:
            yield name, inner
