"""Preferences of routines and people: what they would rather do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, shown, unknown_name

TRAITS = ("extraversion", "conscientiousness", "openness", "agreeableness", "neuroticism")
IGNORED_PREFERENCES = (
    "preferredNpcIdsOrRoles",
    "avoidedNpcIdsOrRoles",
    "favoriteLocations",
    "morningPerson",
    "nightOwl",
)
"""Keys of the format that no rule reads; kept in the file."""


@dataclass(frozen=True, slots=True)
class Preferences:
    activity_weights: Mapping[str, float]
    category_weights: Mapping[str, float]
    traits: Mapping[str, float]

    def over(self, other: Preferences) -> Preferences:
        """These where they say something, the other's where they do not: one level deep."""
        return Preferences(
            {**other.activity_weights, **self.activity_weights},
            {**other.category_weights, **self.category_weights},
            {**other.traits, **self.traits},
        )


NO_PREFERENCES = Preferences({}, {}, {})


Archetypes = Mapping[str, Preferences] | None


def read_preferences(fields: Fields, activities: Collection[str]) -> Preferences:
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


def read_traits(fields: Fields) -> Preferences:
    """`personality.traits`: those that scores ask about count, 0-100; others describe a person."""
    return Preferences({}, {}, {name: fields.number(name, 0, 100) for name in TRAITS if fields.has(name)})


def read_archetypes(
    presets: Any, path: str, activities: Collection[str], problems: list[Problem]
) -> Archetypes:
    """`meta.behavior.presets.archetypes`: {name: {preferences}}; every other preset is kept as it is.

    None: the file has none, so that `personality.archetype` only describes.
    """
    if presets is None:
        return None
    if not isinstance(presets, Mapping):
        problems.append(Problem(path, presets, f"is {shown(presets)}", "an object"))
        return None
    if presets.get("archetypes") is None:
        return None
    listed = Fields(presets, path, problems).within("archetypes")
    found = {}
    for name, value in listed.entries():
        one = Fields(value, listed.at(name), problems)
        one.text("name", name)
        found[name] = read_preferences(one.within("preferences"), activities)
        one.done()
    return found


def stored_preferences(value: Any, activities: Collection[str]) -> Preferences | None:
    """What a component says; None where it makes no sense, as a generated one may: then it does not count."""
    problems: list[Problem] = []
    found = read_preferences(Fields(value, "preferences", problems), activities)
    return None if any(not problem.warning for problem in problems) else found
