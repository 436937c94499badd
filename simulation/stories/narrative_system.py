"""The narratives of a world in its tick: runs that are due go on, the most overdue first.

Its share is counted in nodes entered; a look at a condition counts like one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from simulation.consequences import Consequence, followed
from simulation.due_times import DueTimes
from simulation.sessions import Session
from simulation.stories.narrative_run import COMPONENT, due_at, run_in
from simulation.stories.narrative_walk import NODES_AT_ONCE_MAX, Walk
from simulation.units import Micros, NpcId, SessionId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

Key = tuple[str, str]
"""(session, npc)"""
Looks = tuple[object, object]
"""The flags of a session, and what is personal between its player and a person: all that a run depends on."""
NEVER: Looks = (None, None)


class Narratives:
    """A system: its due index is made from the runs that sessions keep."""

    name = "narratives"

    def __init__(self) -> None:
        self.index: DueTimes[Key] = DueTimes()
        self._seen: dict[SessionId, dict[NpcId, Looks]] = {}
        """What the index was made from: what is the same object is not read again."""

    def budget(self, world: World) -> int:
        return world.config.max_narrative_ops_per_step

    def due(self, now: Micros) -> int:
        """How many nodes those that are due may enter."""
        return self.index.count(now) * NODES_AT_ONCE_MAX

    def looks(self, now: Micros, most: int) -> Iterable[NpcId]:
        return [NpcId(npc_id) for _, npc_id in self.index.first(now, most)]

    def run(self, view: View, most: int) -> Sequence[Consequence]:
        """Everybody reads the sessions as those before them left them, in the same session."""
        changed: dict[str, Session] = {}
        found: list[Consequence] = []
        for session_id, npc_id in self.index.first(view.now, most):
            session = changed.get(session_id) or view.session(SessionId(session_id))
            run = None if session is None else run_in(session, NpcId(npc_id))
            if session is None or run is None:
                continue
            if most <= 0:
                break
            walk = Walk(view, session, NpcId(npc_id), run, most).advance()
            most -= max(1, walk.visited)
            for item in walk.finish():
                session = followed(session, item)
                found.append(item)
            changed[session_id] = session
        return found

    def on_session(self, session_id: SessionId, session: Session | None) -> None:
        before = self._seen.pop(session_id, {})
        now: dict[NpcId, Looks] = {
            npc_id: (session.flags, components)
            for npc_id, components in (session.npcs if session is not None else {}).items()
            if session is not None and COMPONENT in components
        }
        if now:
            self._seen[session_id] = now
        for npc_id in sorted(before.keys() - now.keys()):
            self.index.put((session_id, npc_id), None)
        for npc_id, (flags, components) in now.items():
            old = before.get(npc_id, NEVER)
            if session is not None and (old[0] is not flags or old[1] is not components):
                self.index.put((session_id, npc_id), due_at(run_in(session, npc_id), session, npc_id))
