"""`meta.behavior.profiles`: what makes people likelier to do some things while conditions hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.activities import same_id
from simulation.definitions.conditions import Condition, Names, read_conditions
from simulation.definitions.fields import Fields
from simulation.definitions.problems import unknown_name

PROFILES_MAX = 64
"""Of one world: all of them are asked at every decision."""
MODIFIER_MAX = 10
"""Of an activity or a category, as of the weights of the score: both together at most a hundredfold."""


@dataclass(frozen=True, slots=True)
class BehaviorProfile:
    """Scores of these activities and categories are multiplied while all conditions hold."""

    id: str
    path: str
    conditions: tuple[Condition, ...]
    activities: Mapping[str, float]
    categories: Mapping[str, float]


def read_profiles(fields: Fields, names: Names, activities: Collection[str]) -> Mapping[str, BehaviorProfile]:
    """The profiles of a world by id, problems noted."""
    return fields.table(
        "profiles", lambda key, value, path: _profile(key, value, path, names, activities), PROFILES_MAX
    )


def _profile(key: str, value: Any, path: str, names: Names, activities: Collection[str]) -> BehaviorProfile:
    fields = Fields(value, path, names.problems)
    same_id(fields, key)
    fields.ignore("version")
    fields.text("name", key)
    modifiers = fields.within("modifiers")
    liked, kinds = modifiers.within("activityWeights"), modifiers.within("categoryWeights")
    found = BehaviorProfile(
        id=key,
        path=path,
        conditions=read_conditions(fields, "conditions", names),
        activities={name: liked.number(name, 0, MODIFIER_MAX) for name, _ in liked.entries()},
        categories={name: kinds.number(name, 0, MODIFIER_MAX) for name, _ in kinds.entries()},
    )
    for name in found.activities:
        if name not in activities:
            names.problems.append(unknown_name(liked.at(name), name, activities, "activity"))
    modifiers.done()
    fields.done()
    return found
