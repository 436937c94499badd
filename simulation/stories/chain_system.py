"""The chains of a world in its tick: those that are due are brought up to now, the most overdue first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.consequences import Consequence, Failed, followed
from simulation.definitions.chain_graph import FAIL
from simulation.due_times import DueTimes
from simulation.orders import Failure
from simulation.rules import RuleRaised
from simulation.sessions import Component, Session
from simulation.stories.chain_progress import COMPONENT, KEY, Progress, due_at, read_progress
from simulation.stories.chain_rules import ChainRules, Meeting, moved, served
from simulation.units import Micros, NpcId, SessionId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

Key = tuple[str, str, str]
"""(session, npc, chain)"""
NOTHING: Component = {}


class Chains:
    """A system: its due index is made from the progress that sessions keep."""

    name = "chains"

    def __init__(self, rules: Mapping[str, ChainRules]) -> None:
        self.rules = rules
        self.index: DueTimes[Key] = DueTimes()
        self._seen: dict[SessionId, dict[NpcId, Component]] = {}
        """What the index was made from: a component that is the same object is not read again."""

    def budget(self, world: World) -> int:
        return world.config.max_chain_ops_per_step

    def due(self, now: Micros) -> int:
        return self.index.count(now)

    def looks(self, now: Micros, most: int) -> Iterable[NpcId]:
        return [
            NpcId(npc_id)
            for _, npc_id, chain_id in self.index.first(now, most)
            if any(step.sees for step in self.rules[chain_id].steps.values())
        ]

    def run(self, view: View, most: int) -> Sequence[Consequence]:
        """At most `most` chains, each by at most as many steps as it has: a chain whose next step is due by
        now as well, in a long tick, takes it in the same tick."""
        changed: dict[str, Session] = {}
        brought: list[Consequence] = []
        for session_id, npc_id, chain_id in self.index.first(view.now, most):
            session = changed.get(session_id) or view.session(SessionId(session_id))
            if session is not None:
                meeting = Meeting(view, session, NpcId(npc_id))
                for item in _up_to_now(self.rules[chain_id], meeting):
                    session = followed(session, item)
                    brought.append(item)
                changed[session_id] = session
        return brought

    def on_session(self, session_id: SessionId, session: Session | None) -> None:
        before = self._seen.pop(session_id, {})
        now = (
            {}
            if session is None
            else {
                npc: components[COMPONENT]
                for npc, components in session.npcs.items()
                if COMPONENT in components
            }
        )
        if now:
            self._seen[session_id] = now
        for npc_id in before.keys() | now.keys():
            old, new = before.get(npc_id, NOTHING), now.get(npc_id, NOTHING)
            if old is not new:
                self._reindex(session_id, npc_id, old, new)

    def _reindex(self, session_id: SessionId, npc_id: NpcId, old: Component, new: Component) -> None:
        for chain_id in _chains_in(old).keys() | _chains_in(new).keys():
            rules = self.rules.get(chain_id)
            if rules is not None:
                progress = read_progress(_chains_in(new).get(chain_id), rules.chain)
                due = None if progress is None else due_at(rules.chain, progress)
                self.index.put((session_id, npc_id, chain_id), due)


def _chains_in(component: Component) -> Mapping[str, object]:
    found = component.get(KEY)
    return found if isinstance(found, Mapping) else NOTHING


def _up_to_now(rules: ChainRules, meeting: Meeting) -> Iterable[Consequence]:
    """What a chain does until nothing of it is due any more."""
    progress = meeting.progress(rules.chain)
    for _ in rules.chain.steps:
        due = None if progress is None else due_at(rules.chain, progress)
        if progress is None or due is None or due > meeting.now:
            break
        try:
            progress, brought = served(rules, progress, meeting)
        except RuleRaised as raised:
            progress, brought = _failed(progress, meeting, raised)
        put = meeting.put(rules.chain, progress)
        for item in (*brought, put):
            meeting = replace(meeting, session=followed(meeting.session, item))
            yield item


def _failed(
    progress: Progress, meeting: Meeting, raised: RuleRaised
) -> tuple[Progress, tuple[Consequence, ...]]:
    """A rule that raises ends the chain, with what it said; everything else goes on."""
    because = f"{progress.current}: {raised}"
    failure = Failure(meeting.npc_id, raised.path, raised.error)
    return moved(progress, FAIL, meeting.now, because), (Failed(failure),)
