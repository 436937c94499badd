"""What a narrative does when it enters or leaves a node, acts, or takes a choice: parsed and checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.activities import flat_flags
from simulation.definitions.conditions import RELATIONSHIP_AXES
from simulation.definitions.fields import Fields
from simulation.definitions.problems import unknown_name
from simulation.definitions.sessions import ITEMS_MAX, read_components

EFFECT_KEYS_MAX = 64
"""Flags, items, components or variables of one block of effects."""
INCREMENT_MAX = 1_000_000_000
"""What one increment adds at most, and how far from 0 a counted variable goes."""
OWN = ("narrative", "pendingDialogue", "pendingActionBlocks")
"""Components that the narratives themselves keep: no effect may write them."""


@dataclass(frozen=True, slots=True)
class NarrativeEffects:
    """Carried out in the order of the fields."""

    path: str
    flags: Mapping[str, Any]
    """Of the player's session; null removes one."""
    world_flags: Mapping[str, Any]
    relationship: Mapping[str, float]
    """Axis of personal `core` -> points added."""
    mood: Mapping[str, float]
    """Of the person, as everybody sees it."""
    items: Mapping[str, int]
    """More of an item for the player, or fewer."""
    components: Mapping[str, Mapping[str, Any]]
    """Merged into what is personal between the two."""
    variables: Mapping[str, Any]
    increments: Mapping[str, float]

    @property
    def any(self) -> bool:
        blocks = (self.flags, self.world_flags, self.relationship, self.mood, self.items)
        return any(blocks) or any((self.components, self.variables, self.increments))


def read_effects(fields: Fields, key: str, variables: Collection[str]) -> NarrativeEffects:
    """The block under `key`; without one it does nothing. `variables` are those the program declares."""
    block = fields.within(key)
    found = NarrativeEffects(
        path=block.path,
        flags=flat_flags(block.mapping("flags")),
        world_flags=flat_flags(block.mapping("worldFlags")),
        relationship=_numbers(block.within("relationship"), RELATIONSHIP_AXES, 100),
        mood=_numbers(block.within("mood"), ("valence", "arousal"), 100),
        items={
            item: block.within("items").whole(item, -ITEMS_MAX, ITEMS_MAX, 0)
            for item, _ in block.within("items").entries()
        },
        components=dict(_components(block.within("components"))),
        variables=_declared(block, "variables", variables),
        increments=_increments(block, variables),
    )
    for name in ("flags", "worldFlags", "items", "components"):
        count = len(block.mapping(name))
        if count > EFFECT_KEYS_MAX:
            block.refuse(block.at(name), count, f"has {count} keys", f"at most {EFFECT_KEYS_MAX}")
    block.done()
    return found


def _numbers(block: Fields, axes: Collection[str], limit: float) -> dict[str, float]:
    found = {axis: block.number(axis, -limit, limit) for axis in axes if block.has(axis)}
    block.ignore(*axes)
    block.done()
    return found


def _components(block: Fields) -> list[tuple[str, Mapping[str, Any]]]:
    found = read_components(block)
    for name, value in found:
        if name in OWN:
            block.refuse(block.at(name), value, "is kept by the narratives themselves", "another component")
    return found


def _declared(block: Fields, key: str, variables: Collection[str]) -> dict[str, Any]:
    found = block.mapping(key)
    for name in found:
        if name not in variables:
            where = block.within(key).at(name)
            block.problems.append(unknown_name(where, name, variables, "variable of the program"))
    return found


def _increments(block: Fields, variables: Collection[str]) -> dict[str, float]:
    inner = block.within("increment")
    _declared(block, "increment", variables)
    return {name: inner.number(name, -INCREMENT_MAX, INCREMENT_MAX) for name, _ in inner.entries()}
