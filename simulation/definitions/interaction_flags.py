"""What an interaction does to flags and to the player's items, as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.definitions.activities import flat_flags
from simulation.definitions.fields import Fields
from simulation.definitions.metrics import NUMBER_MAX
from simulation.definitions.sessions import ITEMS_MAX

CHANGES_MAX = 64
"""Of one kind in one outcome."""
STATUSES = ("pending", "active", "completed", "failed")


@dataclass(frozen=True, slots=True)
class FlagChanges:
    sets: Mapping[str, Any] = field(default_factory=dict)
    removes: tuple[str, ...] = ()
    adds: Mapping[str, float] = field(default_factory=dict)
    stamps: tuple[str, ...] = ()
    """Flags that take the time at which it happens."""


def read_flags(fields: Fields) -> FlagChanges:
    """`set`, `delete` and `increment`; arcs, quests and events are flags with names of their own."""
    sets = flat_flags(fields.flags("set"))
    adds, arcs, quests = (fields.within(key).named() for key in ("increment", "arcStages", "questUpdates"))
    sets.update({f"arcs.{arc}.stage": arcs.whole(arc, -(2**31), 2**31, 0) for arc, _ in arcs.entries()})
    for quest, _ in quests.entries():
        sets[f"quests.{quest}.status"] = quests.choice(quest, STATUSES, STATUSES[0])
    begun, over = fields.flag_names("triggerEvents", CHANGES_MAX), fields.flag_names("endEvents", CHANGES_MAX)
    sets.update({f"events.{event}.active": event in begun for event in (*over, *begun)})
    stamps = [*(f"events.{one}.triggeredAt" for one in begun), *(f"events.{one}.endedAt" for one in over)]
    found = FlagChanges(
        sets,
        fields.flag_names("delete", CHANGES_MAX),
        {key: adds.number(key, -NUMBER_MAX, NUMBER_MAX) for key, _ in adds.entries()},
        tuple(stamps),
    )
    count = len(found.sets) + len(found.adds)
    if count > CHANGES_MAX:
        fields.refuse(fields.path, count, f"changes {count} flags", f"at most {CHANGES_MAX}")
    fields.done()
    return found


def with_event(flags: FlagChanges, fields: Fields) -> FlagChanges:
    """A world event is a flag that takes the time at which it happens."""
    key = f"worldEvents.{fields.text('eventType')}.{fields.text('eventName')}"
    fields.ignore("relevanceScore")
    fields.done()
    return FlagChanges(flags.sets, flags.removes, flags.adds, (*flags.stamps, key))


def read_items(fields: Fields) -> dict[str, int]:
    """What comes minus what goes, by item."""
    found: dict[str, int] = {}

    def read(value: Any, path: str) -> tuple[str, int]:
        one = Fields(value, path, fields.problems)
        item, count = one.identifier("itemId"), one.whole("quantity", 1, ITEMS_MAX, 1)
        one.done()
        return item, count

    for item, count in fields.each("add", read, CHANGES_MAX):
        found[item] = found.get(item, 0) + count
    for item, count in fields.each("remove", read, CHANGES_MAX):
        found[item] = found.get(item, 0) - count
    fields.done()
    return found
