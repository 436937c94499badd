"""Stories under way of which a new definition takes something away: they end, and say why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from simulation.definitions.chain_graph import FAIL
from simulation.definitions.kept import ChainOutcome, NarrativeOutcome, WaitsFor
from simulation.definitions.narrative_nodes import Choice
from simulation.definitions.offers import Offered
from simulation.person_json import json_seconds
from simulation.sessions import Session
from simulation.stories.chain_progress import COMPONENT as INTERACTIONS
from simulation.stories.chain_progress import KEY, read_progress
from simulation.stories.chain_rules import moved
from simulation.stories.narrative_run import COMPONENT as NARRATIVE
from simulation.stories.narrative_run import Frame, run_in
from simulation.units import Micros, NpcId

if TYPE_CHECKING:
    from simulation.script import Script

GONE = "is not in this world any more"


@dataclass
class Endings:
    """What two scripts say of the stories of sessions, one session after the other."""

    before: Script
    after: Script
    now: Micros
    said: list[str] = field(default_factory=list)
    """What ended where, for people to read."""

    def of(self, session: Session) -> Session:
        """The session with its stories as they go on; the same one if nothing ends."""
        found = session
        for npc_id in session.npcs:
            found = self._narrative(self._chains(found, npc_id), npc_id)
        inbox = tuple(intent for intent in found.inbox if self._is_wanted(intent, found))
        if len(inbox) < len(found.inbox):
            found = found.changed(inbox=inbox)
        return found

    def _chains(self, session: Session, npc_id: NpcId) -> Session:
        component = session.component(npc_id, INTERACTIONS)
        kept = component.get(KEY)
        listed: Mapping[str, object] = kept if isinstance(kept, Mapping) else {}
        ended: dict[str, object] = {}
        for chain_id, value in listed.items():
            old, new = self.before.chains.get(chain_id), self.after.chains.get(chain_id)
            progress = None if old is None else read_progress(value, old.chain)
            if progress is None or progress.current is None:
                continue
            if new is None or progress.current not in new.chain.steps:
                what = f"chain {chain_id}" if new is None else f"step {progress.current} of {chain_id}"
                done = moved(progress, FAIL, self.now, f"{what} {GONE}")
                ended[chain_id] = replace(done, outcome=ChainOutcome.ABANDONED).to_json()
                self.said.append(f"{what} with {npc_id} in session {session.id}")
        if not ended:
            return session
        return session.with_component(npc_id, INTERACTIONS, {**component, KEY: {**listed, **ended}})

    def _narrative(self, session: Session, npc_id: NpcId) -> Session:
        run = run_in(session, npc_id)
        if run is None or run.frame is None or not run.goes_on:
            return session
        stack = tuple(frame for frame in run.stack if not self._gone(frame))
        found = run if len(stack) == len(run.stack) else replace(run, stack=stack)
        if what := self._gone(run.frame):
            error = {
                "program": run.frame.program,
                "node": run.frame.node,
                "rule": what,
                "message": GONE,
                "at": json_seconds(self.now),
            }
            found = replace(found, outcome=NarrativeOutcome.FAILED, error=error)
            self.said.append(f"{what} with {npc_id} in session {session.id}")
        return session if found is run else session.with_component(npc_id, NARRATIVE, found.to_json())

    def _gone(self, frame: Frame) -> str:
        """What of the place a program stands at there is no more; empty: it is all there."""
        narrative = self.after.narratives.get(frame.program)
        if narrative is None:
            return f"narrative {frame.program}"
        node = narrative.program.nodes.get(frame.node)
        if node is None:
            return f"node {frame.node} of narrative {frame.program}"
        if frame.waiting.kind is WaitsFor.CHOICE and not isinstance(node, Choice):
            return f"the choice at node {frame.node} of narrative {frame.program}"
        return ""

    def _is_wanted(self, intent: Mapping[str, object], session: Session) -> bool:
        for kind, known in (
            (Offered.CHAIN, self.after.chains),
            (Offered.INTERACTION, self.after.interactions),
            (Offered.NARRATIVE, self.after.narratives),
        ):
            name = intent.get(str(kind))
            if name is not None and name not in known:
                self.said.append(f"an offer of {name} by {intent.get('npcId')} in session {session.id}")
                return False
        return True
