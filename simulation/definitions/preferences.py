"""Preferences of routines and people: what they would rather do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from simulation.definitions.fields import Fields
from simulation.definitions.problems import unknown_name

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
