"""What differs between two definitions of one world, entry by entry: for people to read before and after."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from simulation.definitions.world import WorldDefinition

How = Literal["added", "changed", "removed"]
COMPONENTS = "npcs.components"
"""The section of what people who stay are given by the two files, by `PERSON.COMPONENT`."""
OF_RULES = ("behavior", "relationships")
"""Components that decisions and effects write all the time: no file puts them in place."""


class People(StrEnum):
    """What an update does with components of people who stay."""

    KEEP = "keep"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Difference:
    """One entry of one section, such as the activity `fish` of `meta.behavior.activities`."""

    section: str
    name: str
    how: How
    because: str = ""
    """Why an update of a running world does not bring it about; empty: it does."""

    @property
    def applies(self) -> bool:
        return not self.because

    def to_json(self) -> dict[str, Any]:
        why = {"because": self.because} if self.because else {}
        return {
            "section": self.section,
            "id": self.name,
            "change": self.how,
            "applies": self.applies,
            **why,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Difference:
        """What `to_json` wrote."""
        return cls(value["section"], value["id"], value["change"], value.get("because", ""))


def differences(
    before: WorldDefinition,
    after: WorldDefinition,
    people: People = People.KEEP,
    flags: Collection[str] = (),
) -> tuple[Difference, ...]:
    """Every entry that was added, changed or removed, by section and id. `flags` are those that the world
    has: without them nobody can say yet whether it has a new one."""
    old, new = dict(_entries(before)), dict(_entries(after))
    stay = before.people_ids & after.people_ids
    found = []
    for place in sorted(old.keys() | new.keys()):
        if place[0] == COMPONENTS and _whose(place[1], stay) is None:
            continue  # somebody who comes or goes, comes or goes whole
        if place not in old or place not in new or old[place] != new[place]:
            how: How = "added" if place not in old else "removed" if place not in new else "changed"
            found.append(Difference(*place, how, _because(*place, how, people, flags)))
    return tuple(found)


def _whose(name: str, people: Collection[str]) -> str | None:
    """Of whom `PERSON.COMPONENT` is; ids may have dots in them. None: nobody of these."""
    parts = name.split(".")
    names = (".".join(parts[:n]) for n in range(1, len(parts)))
    return next((found for found in names if found in people), None)


def _because(section: str, name: str, how: How, people: People, flags: Collection[str]) -> str:
    """Why a running world does not take it."""
    match section:
        case "worldTime":
            return "ticks alone move a clock: `theatrum world advance`"
        case "sessions":
            return "players come, change and go by `theatrum session join`, `update` and `leave`"
        case "flags" if how != "added" or name in flags:
            return "the world has this flag and decides about it; a file gives only new ones"
        case "npcs.components" if name.rpartition(".")[2] in OF_RULES:
            return "rules write it all the time: `theatrum npc metric set`, `npc component update`"
        case "npcs.components" if people is People.KEEP:
            return "what people have become is kept; --people replace puts what the file says in its place"
        case _:
            return ""


def _entries(definition: WorldDefinition) -> Iterator[tuple[tuple[str, str], Any]]:
    """((section, id), value) of everything in a document, in sections as authors think of them."""
    for key, value in definition.document.items():
        if key == "meta":
            for inner, block in value.items() if isinstance(value, Mapping) else ():
                yield from _meta(inner, block, definition)
        elif key == "npcs":
            yield from _people(value)
        elif key != "flags":
            yield from _section(key, value)
    yield from _section("flags", definition.flags)  # as they are read, nested or with dots
    yield from _flat("meta.simulation", "", definition.simulation.to_json())


def _meta(key: str, block: Any, definition: WorldDefinition) -> Iterator[tuple[tuple[str, str], Any]]:
    if key == "behavior" and isinstance(block, Mapping):
        for section, entries in block.items():
            yield from _section(f"meta.behavior.{section}", entries)
    elif key != "simulation":  # compared as it is read, since many ways of writing it mean one block
        yield from _section(f"meta.{key}", block)


def _people(listed: Any) -> Iterator[tuple[tuple[str, str], Any]]:
    """People, and what they are given apart from them."""
    for npc in listed:
        yield ("npcs", str(npc["id"])), {key: value for key, value in npc.items() if key != "components"}
        for name, value in (npc.get("components") or {}).items():
            yield (COMPONENTS, f"{npc['id']}.{name}"), value


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
