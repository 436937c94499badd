"""One player and one person walking through a narrative: from where they are as far as it goes now.

The walk has a time of its own: a wait that ended within a long tick ended when it ended, and what follows
begins then. It changes nothing of the world; it collects what is to be brought about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulation.consequences import (
    Consequence,
    Failed,
    SetPersonal,
    followed,
)
from simulation.definitions.kept import NarrativeOutcome, WaitsFor
from simulation.definitions.narrative_effects import NarrativeEffects
from simulation.definitions.narrative_nodes import (
    Action,
    Branch,
    Choice,
    Dialogue,
    ExternalCall,
    NarrativeNode,
    Option,
    Wait,
    Way,
)
from simulation.definitions.narratives import VARIABLES_BYTES_MAX
from simulation.definitions.plugins import PluginUse
from simulation.hashing import canonical
from simulation.orders import Failure
from simulation.person import Person
from simulation.person_json import json_seconds
from simulation.rules import RuleRaised, unmet
from simulation.sessions import SESSION_BYTES_MAX, Session
from simulation.stories.narrative_calls import called
from simulation.stories.narrative_doing import Doing
from simulation.stories.narrative_rules import Narrative, brought, counted
from simulation.stories.narrative_run import COMPONENT, Run, Waiting, answered, appearance, result_of
from simulation.units import Micros, NpcId
from simulation.views import View, met_by

NODES_AT_ONCE_MAX = 32
"""Nodes that one run enters in one go; entered without any wait between them, the run stops with an error:
it goes round."""


class Walk:
    """Made for one go, then thrown away; `finish` says what it came to."""

    def __init__(self, view: View, session: Session, npc_id: NpcId, run: Run, visits: int) -> None:
        self.view = view
        self.session = session
        self.npc_id = npc_id
        self.before = run
        self.run = run
        self.left = min(visits, NODES_AT_ONCE_MAX)
        """Nodes it may still enter."""
        self.visited = 0
        self.consequences: list[Consequence] = []

    # -- from outside

    def advance(self) -> Walk:
        """As far as it goes without anybody, and without a later time. Never raises for a rule."""
        try:
            while self.run.goes_on and self._step():
                pass
        except RuleRaised as raised:
            self.fail(raised)
        return self

    def choose(self, option: Option) -> Walk:
        """The player takes one of the choices."""
        return self._by_player(option, {"choice": option.id})

    def proceed(self) -> Walk:
        """The player says: go on."""
        return self._by_player(None, {})

    def stop(self) -> Walk:
        self.run = replace(
            self.run, frame=None, stack=(), steps=0, outcome=NarrativeOutcome.STOPPED, error=None
        )
        return self

    def fail(self, raised: RuleRaised) -> None:
        """A rule that raises stops the run where it is, with what it said; everything else goes on."""
        frame = self.run.frame
        error = {
            "program": None if frame is None else frame.program,
            "node": None if frame is None else frame.node,
            "rule": raised.path,
            "message": raised.error,
            "at": json_seconds(self.view.now),
        }
        self.run = replace(self.run, outcome=NarrativeOutcome.FAILED, error=error)
        self.consequences.append(Failed(Failure(self.npc_id, raised.path, raised.error)))

    @property
    def too_large(self) -> int:
        """Bytes of the session after it, if those are too many; else 0."""
        size = self.session.with_component(self.npc_id, COMPONENT, self.run.to_json()).size
        return size if size > SESSION_BYTES_MAX else 0

    def finish(self) -> tuple[Consequence, ...]:
        """What is to be brought about; a session that would grow too large keeps nothing but the error."""
        if size := self.too_large:
            self.run, self.consequences = self.before, []
            where = f"session {self.session.id}"
            self.fail(RuleRaised(where, f"it would have {size} bytes, at most {SESSION_BYTES_MAX}"))
        put = SetPersonal(self.session.id, self.npc_id, COMPONENT, self.run.to_json())
        return (*self.consequences, put)

    # -- where it is

    @property
    def narrative(self) -> Narrative:
        name = self._frame.program
        found = self.view.script.narratives.get(name)
        if found is None:
            raise RuleRaised(f"narrative {name}", "is not in this world any more")
        return found

    @property
    def node(self) -> NarrativeNode:
        found = self.narrative.program.nodes.get(self._frame.node)
        if found is None:
            raise RuleRaised(f"narrative {self._frame.program}", f"has no node {self._frame.node} any more")
        return found

    @property
    def _frame(self) -> Any:
        return self.run.frame

    def person(self) -> Person:
        """As the player meets them now, with the run as it stands."""
        found = self.view.people.get(self.npc_id)
        if found is None:
            raise RuleRaised(f"npc {self.npc_id}", "is not in this world now")
        return met_by(found, self.session.with_component(self.npc_id, COMPONENT, self.run.to_json()))

    def holds(self, path: str) -> str | None:
        """The path of the first condition of a way, or of a wait, that does not hold. Raises RuleRaised."""
        tests = self.narrative.tests.get(path)
        return unmet(tests, self.person()) if tests else None

    # -- one step

    def _step(self) -> bool:
        """Enter the node it is at, or leave it; False: neither can be done now."""
        waiting: Waiting = self._frame.waiting
        if waiting.kind is WaitsFor.TURN:
            return self._enter(waiting)
        now = self.view.now
        match waiting.kind:
            case WaitsFor.CONDITION:
                return self._look(waiting)
            case WaitsFor.RESULT if answered(self.session, self.npc_id, waiting):
                return self._answered(waiting)
            case _ if waiting.until is None or waiting.until > now:
                return False
            case WaitsFor.CHOICE:
                return self._leave(self._default(), waiting.until)
            case WaitsFor.PLAYER:
                return self._timed_out(waiting.until)
            case WaitsFor.RESULT:
                return self._never_came(waiting.until)
            case _:
                return self._leave(None, waiting.until)

    def _default(self) -> Option | None:
        node = self.node
        if isinstance(node, Choice):
            return next((option for option in node.options if option.id == node.default), None)
        return None

    def _enter(self, waiting: Waiting) -> bool:
        node = self.node
        if self.run.steps >= NODES_AT_ONCE_MAX:
            rule = f"narrative {self._frame.program} node {node.id}"
            raise RuleRaised(rule, f"{NODES_AT_ONCE_MAX} nodes were entered without waiting for anything")
        if self.left <= 0:
            self._park(replace(waiting, until=self.view.now))
            return False
        self.left -= 1
        self.visited += 1
        self.run = replace(self.run, visits=self.run.visits + 1, steps=self.run.steps + 1)
        self._remember(waiting.since, {})
        self._bring(node.on_enter)
        if isinstance(node, Action):
            self._bring(node.effects)
        doing = Doing(self.view, self.session, self.npc_id, self.run)
        consequences, then = doing.does(node, waiting.since)
        for item in consequences:
            self._do(item)
        if isinstance(node, ExternalCall) and node.use is not None:
            self._call(node, node.use, waiting.since)
        self._park(then)
        return True

    def _call(self, node: ExternalCall, use: PluginUse, at: Micros) -> None:
        """What a plug-in answers at once; null if it fails or is switched off."""
        cause = f"{self.session.id}|{self.run.run_id}|{self.run.visits}"
        answer = called(use, self.person(), at, cause)
        if node.variable is not None:
            self._set_variables({**self._frame.variables, node.variable: answer}, node.path)

    # -- waits that end

    def _look(self, waiting: Waiting) -> bool:
        """A condition wait: it ends when its conditions hold, or its time is over."""
        now, until = self.view.now, waiting.until
        over = until is not None and now > until
        if not over and self.holds(self.node.path) is None:
            return self._leave(None, waiting.since if waiting.checked_at is None else now)
        if until is not None and now >= until:
            return self._timed_out(until)
        node = self.node
        every = node.check_us if isinstance(node, Wait) else Micros(0)
        seen = appearance(self.session, self.npc_id)
        self._park(replace(waiting, checked_at=now, check_at=Micros(now + every), seen=seen))
        return False

    def _timed_out(self, at: Micros) -> bool:
        node = self.node
        return self._leave(node.when_over if isinstance(node, Wait) else None, at)

    def _answered(self, waiting: Waiting) -> bool:
        """The content is there, or its failure is: None is then what a variable gets."""
        node, now = self.node, self.view.now
        self._keep(result_of(self.session, self.npc_id, waiting))
        return self._shown(now) if isinstance(node, Dialogue) and not node.auto else self._after(now)

    def _never_came(self, at: Micros) -> bool:
        """Nobody wants the content any more: a variable is null, and there is no line to read."""
        node = self.node
        self._keep(None)
        return self._leave(None, at) if isinstance(node, Dialogue) and not node.auto else self._after(at)

    def _keep(self, result: Any) -> None:
        node = self.node
        if isinstance(node, ExternalCall) and node.variable is not None:
            self._set_variables({**self._frame.variables, node.variable: result}, node.path)

    def _shown(self, now: Micros) -> bool:
        """A line that was awaited stands there now, and waits for the player."""
        self.run = replace(self.run, steps=0)
        self._park(Waiting(WaitsFor.PLAYER, now))
        return False

    def _after(self, now: Micros) -> bool:
        delay = self.node.delay_us
        if not delay:
            return self._leave(None, now)
        self._park(Waiting(WaitsFor.TIME, now, Micros(now + delay)))
        return True

    # -- leaving

    def _by_player(self, way: Way | None, entry: Mapping[str, Any]) -> Walk:
        try:
            if entry:
                self._remember(self.view.now, entry)
            self.run = replace(self.run, steps=0)
            self._leave(way, self.view.now)
        except RuleRaised as raised:
            self.fail(raised)
        return self.advance()

    def _leave(self, way: Way | None, at: Micros) -> bool:
        """Go on from the node, on this way or on the first that holds."""
        node = self.node
        if at > self._frame.waiting.since:
            self.run = replace(self.run, steps=0)
        taken = self._open_way(node) if way is None else way
        if taken is not None and taken.effects is not None:
            self._bring(taken.effects)
        self._bring(node.on_exit)
        if taken is None:
            self._end(at)
        else:
            frame = replace(self._frame, node=taken.to, waiting=Waiting(WaitsFor.TURN, at, at))
            self.run = replace(self.run, frame=frame)
        return True

    def _open_way(self, node: NarrativeNode) -> Way | None:
        ways = node.ways if isinstance(node, Branch) else self.narrative.program.ways(node)
        return next((way for way in ways if self.holds(way.path) is None), None)

    def _end(self, at: Micros) -> None:
        """The program is over; the one it interrupted goes on, its waits as long as they were."""
        if not self.run.stack:
            self.run = replace(self.run, frame=None, steps=0, outcome=NarrativeOutcome.COMPLETED)
            return
        *rest, frame = self.run.stack
        cut = at if frame.interrupted_at is None else frame.interrupted_at
        waiting = frame.waiting.shifted(at - cut)
        back = replace(frame, waiting=waiting, interrupted_at=None)
        self.run = replace(self.run, frame=back, stack=tuple(rest))

    # -- small parts

    def _park(self, waiting: Waiting) -> None:
        self.run = replace(self.run, frame=replace(self._frame, waiting=waiting))

    def _remember(self, at: Micros, more: Mapping[str, Any]) -> None:
        entry = {"program": self._frame.program, "node": self._frame.node, "at": json_seconds(at), **more}
        self.run = self.run.remembering(entry)

    def _do(self, item: Consequence) -> None:
        self.consequences.append(item)
        self.session = followed(self.session, item)

    def _bring(self, effects: NarrativeEffects) -> None:
        if not effects.any:
            return
        for item in brought(effects, self.session.id, self.npc_id, self.person()):
            self._do(item)
        self._set_variables(counted(self._frame.variables, effects), effects.path)

    def _set_variables(self, variables: Mapping[str, Any], path: str) -> None:
        if len(canonical(dict(variables))) > VARIABLES_BYTES_MAX:
            raise RuleRaised(path, f"the variables would have more than {VARIABLES_BYTES_MAX} bytes")
        self.run = replace(self.run, frame=replace(self._frame, variables=dict(variables)))
