"""Who prefers what: one row for each distinct set of preferences, already weighted by the scoring
configuration."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import numpy as np

from simulation.definitions import Activity, Npc, Preferences, WorldDefinition

MISSING_PREFERENCE = 0.5
MISSING_TRAIT = 50.0
TRAIT_OF = {
    "social": "extraversion",
    "work": "conscientiousness",
    "leisure": "openness",
    "quest": "openness",
}
"""Which trait a category of activities asks about (domain.md, Score)."""


class Profiles:
    """Preference tables by profile number. Columns: activities, and categories; one more each for nothing."""

    def __init__(
        self, definition: WorldDefinition, activities: Sequence[Activity], activity_index: Mapping[str, int]
    ) -> None:
        self._weights = definition.behavior.weights
        self._activity_index = activity_index
        names = dict.fromkeys(activity.category for activity in activities)
        self.categories = tuple(names)
        index = {name: n for n, name in enumerate(self.categories)}
        self.category = np.array([*(index[a.category] for a in activities), -1], dtype=np.int64)
        routines = definition.behavior.routines
        numbers: dict[tuple[object, ...], int] = {}
        rows: list[tuple[list[float], list[float], list[float]]] = []
        self.of_npc = array("i")
        for npc in definition.npcs:
            defaults = routines[npc.routine_id].default_preferences if npc.routine_id else None
            key = (npc.routine_id if defaults else None, *_key(npc))
            if key not in numbers:
                numbers[key] = len(rows)
                rows.append(self._row(defaults, npc.preferences))
            self.of_npc.append(numbers[key])
        shape = (len(rows), -1) if rows else (1, 0)
        self.activity_factor = np.array([row[0] for row in rows]).reshape(shape)
        self.category_factor = np.array([row[1] for row in rows]).reshape(shape)
        self.trait_factor = np.array([row[2] for row in rows]).reshape(shape)

    def _row(
        self, defaults: Preferences | None, own: Preferences
    ) -> tuple[list[float], list[float], list[float]]:
        weights = self._weights
        liked = {**(defaults.activity_weights if defaults else {}), **own.activity_weights}
        kinds = {**(defaults.category_weights if defaults else {}), **own.category_weights}
        traits = {**(defaults.traits if defaults else {}), **own.traits}
        activity = [
            liked.get(name, MISSING_PREFERENCE) * weights.activity_preference for name in self._activity_index
        ]
        category = [
            kinds.get(name, MISSING_PREFERENCE) * weights.category_preference for name in self.categories
        ]
        trait = [
            1.0 + (trait_multiplier(name, traits) - 1.0) * weights.trait_modifier for name in self.categories
        ]
        return [*activity, 1.0], [*category, 1.0], [*trait, 1.0]


def trait_multiplier(category: str, traits: Mapping[str, float]) -> float:
    """m = 0.5 + trait / 100 for the category's trait; a category no trait cares about is 1."""
    trait = TRAIT_OF.get(category)
    return 1.0 if trait is None else 0.5 + traits.get(trait, MISSING_TRAIT) / 100.0


def _key(npc: Npc) -> tuple[object, ...]:
    own = npc.preferences
    return tuple(
        tuple(sorted(part.items())) for part in (own.activity_weights, own.category_weights, own.traits)
    )
