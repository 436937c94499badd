"""World systems of plug-ins: each runs in the first tick at or after every multiple of its game seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from simulation.chance import word
from simulation.consequences import Consequence
from simulation.plugin_rules import NOBODY, addressed
from simulation.plugin_views import PluginView
from simulation.plugins import WorldSystem
from simulation.soundness import sound
from simulation.units import MICROS_PER_SECOND, Micros, NpcId

if TYPE_CHECKING:
    from simulation.script import Script
    from simulation.sessions import Session
    from simulation.units import SessionId
    from simulation.views import View
    from simulation.world import World

LOOKS_MAX = 100
"""People whom one run of a system may see."""


class PluginSystem:
    """One world system of one plug-in in one world."""

    def __init__(self, script: Script, plugin_id: str, spec: WorldSystem) -> None:
        self.name = f"plugin:{plugin_id}:{spec.name}"
        self._script, self._plugin, self._spec = script, plugin_id, spec
        self._every = max(1, round(spec.every * MICROS_PER_SECOND))
        self._entity = word(f"{script.definition.id}|{self.name}")

    def budget(self, world: World) -> int:
        return 1

    def due(self, now: Micros) -> int:
        """A tick that is longer than `every` runs it once all the same."""
        state = self._script.plugin_state
        last = state.ran.get(self.name)
        is_due = last is None or now // self._every > last // self._every
        return 1 if is_due and self._plugin not in state.off else 0

    def looks(self, now: Micros, most: int) -> Iterable[NpcId]:
        def ask() -> tuple[NpcId, ...]:
            found = self._spec.looks(self._script.people_ids, now)
            wanted = tuple(islice(found, LOOKS_MAX + 1))
            if len(wanted) > LOOKS_MAX:
                raise ValueError(f"wants to see more than {LOOKS_MAX} people")
            if strange := [name for name in wanted if not isinstance(name, str)]:
                raise TypeError(f"wants to see {strange[0]!r}, no id of a person")
            return tuple(NpcId(str.__str__(name)) for name in wanted)

        return self._script.plugin_state.call(self._plugin, self.name, NOBODY, ask, ())

    def run(self, view: View, most: int) -> Sequence[Consequence]:
        state = self._script.plugin_state
        state.ran = {**state.ran, self.name: view.now}

        def ask() -> Sequence[Consequence]:
            chance = addressed(self._script.seed, self._entity, view.now, self.name)
            found = self._spec.run(PluginView(view), view.now, chance)
            return sound(self._script, self._plugin, found, self._spec.budget, view.flags)

        return state.call(self._plugin, self.name, NOBODY, ask, ())

    def on_session(self, session_id: SessionId, session: Session | None) -> None:
        """No system of a plug-in keeps anything of a session."""


def plugin_systems(script: Script) -> tuple[PluginSystem, ...]:
    """Those of the plug-ins in the world's `meta.plugins`, by id, in each plug-in's own order."""
    definition = script.definition
    return tuple(
        PluginSystem(script, plugin_id, spec)
        for plugin_id in sorted(definition.plugin_settings)
        for spec in definition.plugins.by_id[plugin_id].systems
    )
