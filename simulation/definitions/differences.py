"""What differs between two definitions of one world, entry by entry: for people to read before and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from simulation.definitions.world import WorldDefinition

How = Literal["added", "changed", "removed"]
BEGINNINGS = ("flags", "sessions", "worldTime")
"""Sections a world begins with: what it has become since then is kept."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry of one section, such as the activity `fish` of `meta.behavior.activities`."""

    section: str
    name: str
    how: How
    applies: bool = True
    """Whether an update of a running world brings it about."""

    def to_json(self) -> dict[str, Any]:
        return {"section": self.section, "id": self.name, "change": self.how, "applies": self.applies}


def differences(before: WorldDefinition, after: WorldDefinition) -> tuple[Difference, ...]:
    """Every entry that was added, changed or removed, by section and id."""
    old, new = dict(_entries(before)), dict(_entries(after))
    found = []
    for place in sorted(old.keys() | new.keys()):
        if place not in old or place not in new or old[place] != new[place]:
            how: How = "added" if place not in old else "removed" if place not in new else "changed"
            found.append(Difference(*place, how, applies=place[0] not in BEGINNINGS))
    return tuple(found)


def _entries(definition: WorldDefinition) -> Iterator[tuple[tuple[str, str], Any]]:
    """((section, id), value) of everything in a document, in sections as authors think of them."""
    for key, value in definition.document.items():
        if key == "meta":
            for inner, block in value.items() if isinstance(value, Mapping) else ():
                yield from _meta(inner, block, definition)
        else:
            yield from _section(key, value)
    yield from _flat("meta.simulation", "", definition.simulation.to_json())


def _meta(key: str, block: Any, definition: WorldDefinition) -> Iterator[tuple[tuple[str, str], Any]]:
    if key == "behavior" and isinstance(block, Mapping):
        for section, entries in block.items():
            yield from _section(f"meta.behavior.{section}", entries)
    elif key != "simulation":  # compared as it is read, since many ways of writing it mean one block
        yield from _section(f"meta.{key}", block)


def _section(section: str, value: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    """One section's entries: by key, by the `id` of what is listed, or the whole as one."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield (section, str(key)), inner
    elif isinstance(value, list) and all(isinstance(one, Mapping) and "id" in one for one in value):
        for one in value:
            yield (section, str(one["id"])), one
    elif value not in ({}, [], None):
        yield (section, ""), value


def _flat(section: str, prefix: str, block: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Any]]:
    for key, value in block.items():
        if isinstance(value, Mapping):
            yield from _flat(section, f"{prefix}{key}.", value)
        else:
            yield (section, f"{prefix}{key}"), value


def config_changes(before: WorldDefinition, after: WorldDefinition) -> dict[str, Any]:
    """What the simulation block of the second says otherwise, by dotted key."""
    old = {name: value for (_, name), value in _flat("", "", before.simulation.to_json())}
    new = {name: value for (_, name), value in _flat("", "", after.simulation.to_json())}
    return {name: value for name, value in new.items() if name not in old or old[name] != value}
