"""Who prefers what: one row for each distinct set of preferences, already weighted by the scoring
configuration."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.definitions import Activity, Npc, Preferences, WorldDefinition
from simulation.definitions.preferences import stored_preferences
from simulation.population import Cold
from simulation.tables import with_profiles
from simulation.units import NpcId

if TYPE_CHECKING:
    from simulation.script import Script

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
        self._definition = definition
        self.fixed = len(rows)
        """Profiles of the definition; those of single people, by their component, come after them."""
        self._own: dict[str, int] = {}
        self._free: list[int] = []
        shape = (len(rows), -1) if rows else (1, 0)
        self.activity_factor = np.array([row[0] for row in rows]).reshape(shape)
        self.category_factor = np.array([row[1] for row in rows]).reshape(shape)
        self.trait_factor = np.array([row[2] for row in rows]).reshape(shape)

    def own(self, npc_id: NpcId, origin: int, component: Preferences) -> int:
        """The profile of somebody whose `components.behavior.preferences` says more, one for each of them."""
        npc = self._definition.npcs[origin]
        routines = self._definition.behavior.routines
        defaults = routines[npc.routine_id].default_preferences if npc.routine_id else None
        row = self._row(defaults, component.over(npc.preferences))
        number = self._own.setdefault(npc_id, self._free.pop() if self._free else self._next())
        self.activity_factor[number], self.category_factor[number], self.trait_factor[number] = row
        return number

    def disown(self, npc_id: NpcId, origin: int) -> int:
        """Back to the profile of the definition."""
        if npc_id in self._own:
            self._free.append(self._own.pop(npc_id))
        return self.of_npc[origin]

    def _next(self) -> int:
        """A number nobody has, with room for it."""
        number = self.fixed + len(self._own)
        if number >= len(self.activity_factor):
            self.activity_factor = _grown(self.activity_factor)
            self.category_factor = _grown(self.category_factor)
            self.trait_factor = _grown(self.trait_factor)
        return number

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


def profile_of(script: Script, npc_id: NpcId, origin: int, cold: Cold) -> int:
    """Which profile somebody has: their definition's, or one of their own where their component says so.

    Asked between two ticks, or where people come onto the stage.
    """
    given = cold.get("behavior", {}).get("preferences")
    component = None if given is None else stored_preferences(given, script.activity_index)
    if component is None:
        return script.profiles.disown(npc_id, origin)
    number = script.profiles.own(npc_id, origin, component)
    if script.tables.activity_factor is not script.profiles.activity_factor:
        script.tables = with_profiles(script.tables, script.profiles)
    return number


def _grown(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice the rows; those that are new mean nothing yet."""
    return np.concatenate([table, np.ones_like(table)])


def trait_multiplier(category: str, traits: Mapping[str, float]) -> float:
    """m = 0.5 + trait / 100 for the category's trait; a category no trait cares about is 1."""
    trait = TRAIT_OF.get(category)
    return 1.0 if trait is None else 0.5 + traits.get(trait, MISSING_TRAIT) / 100.0


def _key(npc: Npc) -> tuple[object, ...]:
    own = npc.preferences
    return tuple(
        tuple(sorted(part.items())) for part in (own.activity_weights, own.category_weights, own.traits)
    )
