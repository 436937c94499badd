"""Who prefers what: one row for each distinct set of preferences, already weighted by the scoring
configuration."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simulation.definitions import Activity, Npc, Preferences, WorldDefinition
from simulation.definitions.preferences import NO_PREFERENCES, stored_preferences
from simulation.orders import Heard
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

Factor: TypeAlias = "array[float]"
Factors: TypeAlias = tuple[Factor, Factor, Factor]
"""Of one profile: by activity, by category, by trait of a category."""


class Profiles:
    """Preference tables by profile number. Columns: activities, and categories; one more each for nothing."""

    def __init__(
        self, definition: WorldDefinition, activities: Sequence[Activity], activity_index: Mapping[str, int]
    ) -> None:
        self._weights = definition.behavior.weights
        self._activity_index = activity_index
        self._definition = definition
        self.categories = tuple(dict.fromkeys(activity.category for activity in activities))
        index = self._category_index = {name: n for n, name in enumerate(self.categories)}
        self.category = np.array([*(index[a.category] for a in activities), -1], dtype=np.int64)
        self._of_routine: dict[str | None, Factors] = {}
        routines = definition.behavior.routines
        numbers: dict[tuple[object, ...], int] = {}
        tables = array("d"), array("d"), array("d")
        self.of_npc = array("i")
        for npc in definition.npcs:
            defaults = routines[npc.routine_id].default_preferences if npc.routine_id else None
            key = (npc.routine_id if defaults else None, *_key(npc))
            if key not in numbers:
                numbers[key] = len(numbers)
                for table, factors in zip(tables, self._row(npc, npc.preferences), strict=True):
                    table.extend(factors)
            self.of_npc.append(numbers[key])
        self.fixed = len(numbers)
        """Profiles of the definition; those of single people, by their component, come after them."""
        self._own: dict[str, int] = {}
        self._free: list[int] = []
        self.heard: dict[NpcId, Heard] = {}
        """What players' sessions say of people."""
        shape = (self.fixed, -1) if self.fixed else (1, 0)
        self.activity_factor, self.category_factor, self.trait_factor = (
            np.array(table).reshape(shape) for table in tables
        )

    def hear(self, news: Iterable[Heard]) -> list[NpcId]:
        """Keep what players say from now on; answers of whom. Their profiles must be found anew."""
        names = []
        for one in news:
            names.append(one.npc_id)
            if one.sessions:
                self.heard[one.npc_id] = one
            else:
                self.heard.pop(one.npc_id, None)
        return names

    def own(self, npc_id: NpcId, origin: int, more: Preferences) -> int:
        """The profile of somebody of whom their component or a session says more, one for each of them."""
        npc = self._definition.npcs[origin]
        row = self._row(npc, more.over(npc.preferences))
        number = self._own.get(npc_id)
        if number is None:
            number = self._own[npc_id] = self._free.pop() if self._free else self._next()
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

    def _row(self, npc: Npc, own: Preferences) -> Factors:
        """With most activities and categories as their routine has it: only what they say themselves is
        reckoned."""
        weights = self._weights
        activity, category, trait = self._usual(npc.routine_id)
        for name, liking in own.activity_weights.items():
            if (place := self._activity_index.get(name)) is not None:
                activity[place] = liking * weights.activity_preference
        for name, liking in own.category_weights.items():
            if (place := self._category_index.get(name)) is not None:
                category[place] = liking * weights.category_preference
        if own.traits:
            trait = self._trait_factors({**self._defaults(npc.routine_id).traits, **own.traits})
        return activity, category, trait

    def _defaults(self, routine_id: str | None) -> Preferences:
        found = self._definition.behavior.routines[routine_id].default_preferences if routine_id else None
        return found or NO_PREFERENCES

    def _usual(self, routine_id: str | None) -> Factors:
        """Of whoever says nothing themselves: a copy, to be written over."""
        if routine_id not in self._of_routine:
            weights, defaults = self._weights, self._defaults(routine_id)
            liked, kinds = defaults.activity_weights, defaults.category_weights
            self._of_routine[routine_id] = (
                _factors(liked, self._activity_index, weights.activity_preference),
                _factors(kinds, self._category_index, weights.category_preference),
                self._trait_factors(defaults.traits),
            )
        activity, category, trait = self._of_routine[routine_id]
        return activity[:], category[:], trait

    def _trait_factors(self, traits: Mapping[str, float]) -> Factor:
        weight = self._weights.trait_modifier
        found = (1.0 + (trait_multiplier(name, traits) - 1.0) * weight for name in self.categories)
        return array("d", [*found, 1.0])


def _factors(liked: Mapping[str, float], names: Iterable[str], weight: float) -> Factor:
    """In the order of the names, and 1 for nothing."""
    return array("d", [*(liked.get(name, MISSING_PREFERENCE) * weight for name in names), 1.0])


def profile_of(script: Script, npc_id: NpcId, origin: int, cold: Cold) -> int:
    """Which profile somebody has: their definition's, or one of their own where their component or a player's
    session says so; the session comes first.

    Asked between two ticks, or where people come onto the stage.
    """
    given = cold.get("behavior", {}).get("preferences")
    component = None if given is None else stored_preferences(given, script.activity_index)
    heard = script.profiles.heard.get(npc_id)
    if component is None and heard is None:
        return script.profiles.disown(npc_id, origin)
    more = NO_PREFERENCES if component is None else component
    number = script.profiles.own(npc_id, origin, more if heard is None else heard.preferences.over(more))
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
