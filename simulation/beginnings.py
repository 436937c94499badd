"""What a world begins with, in a new definition of a running one: new flags are taken, what people are given
only where it is asked for, and the rest belongs to the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulation.definitions import WorldDefinition
from simulation.definitions.differences import OF_RULES, People
from simulation.flag_room import FLAGS_MAX
from simulation.inputs import Verdict, refused
from simulation.orders import ComponentWrite


def new_flags(
    before: WorldDefinition, after: WorldDefinition, flags: Mapping[str, Any]
) -> dict[str, Any] | Verdict:
    """Flags that the new file gives, the old one did not, and the world does not have."""
    found = {
        key: value
        for key, value in after.flags.items()
        if key not in before.flags and key not in flags and value is not None
    }
    if len(flags) + len(found) > FLAGS_MAX:
        return refused(f"the world would have more than {FLAGS_MAX} flags", "remove some first")
    return found


def rewritten(before: WorldDefinition, after: WorldDefinition, people: People) -> tuple[ComponentWrite, ...]:
    """Components of people who stay that the two files say differently, as the new one says them; what rules
    write all the time is left to them."""
    if people is People.KEEP:
        return ()
    old = {npc.id: npc.components for npc in before.npcs}
    return tuple(
        ComponentWrite(npc.id, name, npc.components.get(name))
        for npc in after.npcs
        if (was := old.get(npc.id)) is not None
        for name in sorted(was.keys() | npc.components.keys())
        if name not in OF_RULES and was.get(name) != npc.components.get(name)
    )
