"""The chains of a world in its tick: those that are due are brought up to now, the most overdue first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from simulation.consequences import AskFor, Consequence, Failed, followed
from simulation.definitions.chain_graph import FAIL
from simulation.definitions.chains import Chain
from simulation.due_times import DueTimes
from simulation.orders import Failure
from simulation.rules import RuleRaised
from simulation.sessions import SESSION_BYTES_MAX, Component, Session
from simulation.stories.chain_progress import COMPONENT, KEY, Progress, due_at, read_progress
from simulation.stories.chain_rules import (
    ChainRules,
    Done,
    Hindrance,
    Meeting,
    StepRules,
    moved,
    progress_in,
    served,
    taken,
)
from simulation.stories.interaction_effects import Deed
from simulation.stories.interaction_rules import InteractionRules, barriers, opens_at
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

    def __init__(
        self, rules: Mapping[str, ChainRules], interactions: Mapping[str, InteractionRules] | None = None
    ) -> None:
        self.rules = rules
        self._looks = {name: _looked_at(chain, interactions or {}) for name, chain in rules.items()}
        """Whom each must see beside its person; None: nobody at all."""
        self.index: DueTimes[Key] = DueTimes()
        self._seen: dict[SessionId, dict[NpcId, Component]] = {}
        """What the index was made from: a component that is the same object is not read again."""

    def budget(self, world: World) -> int:
        return world.config.max_chain_ops_per_step

    def due(self, now: Micros) -> int:
        return self.index.count(now)

    def looks(self, now: Micros, most: int) -> Iterable[NpcId]:
        found: list[NpcId] = []
        for _, npc_id, chain_id in self.index.first(now, most):
            if (others := self._looks[chain_id]) is not None:
                found += (NpcId(npc_id), *others)
        return found

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
                    session, view = followed(session, item), _with_less_room(view, item)
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


def _looked_at(rules: ChainRules, interactions: Mapping[str, InteractionRules]) -> tuple[NpcId, ...] | None:
    if not any(step.sees for step in rules.steps.values()):
        return None
    named = [interactions.get(step.step.interaction_id or "") for step in rules.steps.values()]
    return tuple(sorted({npc for one in named if one is not None for npc in one.others}))


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
            progress, brought = served(rules, progress, meeting, partial(_take, rules.chain))
        except RuleRaised as raised:
            progress, brought = _failed(progress, meeting, raised)
        put = meeting.put(rules.chain, progress)
        for item in (*brought, put):
            session, view = followed(meeting.session, item), _with_less_room(meeting.view, item)
            meeting = replace(meeting, session=session, view=view)
            yield item


def _with_less_room(view: View, item: Consequence) -> View:
    """As the world's queue stands for whoever comes after."""
    return replace(view, room=view.room - 1) if isinstance(item, AskFor) else view


def _take(
    chain: Chain, step: StepRules, progress: Progress, meeting: Meeting, at: Micros
) -> Done | Hindrance:
    """If the session has room for what it brings about; else it waits, and that is told."""
    found = _taken(chain, step, progress, meeting, at)
    if isinstance(found, Hindrance):
        return found
    session = meeting.session
    for item in (*found[1], meeting.put(chain, found[0])):
        session = followed(session, item)
    if session.size <= SESSION_BYTES_MAX:
        return found
    reason, most = f"the session would have {session.size} bytes", f"at most {SESSION_BYTES_MAX}"
    failure = Failure(meeting.npc_id, step.step.path, f"{session.id}: {reason}, {most}")
    return Hindrance(reason, most, failure=failure)


def _taken(
    chain: Chain, step: StepRules, progress: Progress, meeting: Meeting, at: Micros
) -> Done | Hindrance:
    """By doing the interaction that belongs to the step, as of the time it is taken, if there is one."""
    rules = meeting.view.script.interactions.get(step.step.interaction_id or "")
    if rules is None:
        return taken(step, progress, meeting, at)
    then = replace(meeting, view=replace(meeting.view, now=at))
    if closed := barriers(rules, then):
        return Hindrance(closed[0].reason, closed[0].do, opens_at(closed, rules, then))
    made = Deed(then, rules, {}, cause=f"@{at}|{chain.id}|{step.step.id}").consequences()
    asked = len([item for item in made if isinstance(item, AskFor)])
    if asked > meeting.view.room:
        return Hindrance(f"the generation queue has room for {meeting.view.room} of {asked}", "wait for it")
    session = meeting.session
    for item in made:
        session = followed(session, item)
    after = progress_in(session, meeting.npc_id, chain)
    if after is None or after == progress:
        raise RuleRaised(step.step.path, f"{rules.interaction.id} was done and did not take the step")
    return after, made


def _failed(
    progress: Progress, meeting: Meeting, raised: RuleRaised
) -> tuple[Progress, tuple[Consequence, ...]]:
    """A rule that raises ends the chain, with what it said; everything else goes on."""
    because = f"{progress.current}: {raised}"
    failure = Failure(meeting.npc_id, raised.path, raised.error)
    return moved(progress, FAIL, meeting.now, because), (Failed(failure),)
