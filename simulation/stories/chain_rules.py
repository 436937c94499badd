"""What a chain does with one player and one person: what hinders a step, and what taking or missing it brings
about."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from simulation.conditions import Test
from simulation.consequences import AddIntent, Consequence, Failed, PutPersonal, SetFlag
from simulation.definitions.chain_graph import COMPLETE, FAIL
from simulation.definitions.chains import Chain, Step
from simulation.definitions.conditions import Condition
from simulation.definitions.kept import ChainOutcome
from simulation.definitions.offers import Offer
from simulation.orders import Failure
from simulation.person import Person
from simulation.rules import RuleRaised, flag_missing, unmet
from simulation.sessions import Session
from simulation.stories.chain_progress import (
    COMPONENT,
    KEY,
    Progress,
    closes_at,
    due_at,
    opens_at,
    read_progress,
)
from simulation.stories.inboxes import intent_of
from simulation.units import MICROS_PER_SECOND, Micros, NpcId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.script import Script

LOOK_AGAIN_S = 60
"""Game seconds after which the tick tries a step again that was ready and whose conditions did not hold."""
Tests = tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class StepRules:
    step: Step
    tests: Tests
    branches: tuple[tuple[Tests, str], ...]

    @property
    def sees(self) -> bool:
        """Whether taking it asks anything of the person."""
        asks = self.step.interaction_id is not None or bool(self.tests)
        return asks or any(tests for tests, _ in self.branches)


@dataclass(frozen=True, slots=True)
class ChainRules:
    """A chain with its conditions compiled."""

    chain: Chain
    start: Tests
    steps: Mapping[str, StepRules]
    npcs: frozenset[NpcId] | None
    """Whose it may be; None: anybody's."""


def compile_chains(script: Script) -> dict[str, ChainRules]:
    """The chains of a world with their tests; before its tables are laid out, since tests take room there."""
    return {name: _compiled(chain, script) for name, chain in script.definition.chains.items()}


def _compiled(chain: Chain, script: Script) -> ChainRules:
    def tests(conditions: tuple[Condition, ...]) -> Tests:
        return script.gates[script.gate(conditions)]

    found = {
        step.id: StepRules(
            step,
            tests(step.conditions),
            tuple((tests(branch.conditions), branch.to) for branch in step.branches),
        )
        for step in chain.steps.values()
    }
    named = [npc for ref in chain.npcs for npc in script.definition.resolve_ref(ref)]
    return ChainRules(chain, tests(chain.conditions), found, frozenset(named) if chain.npcs else None)


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a step cannot be taken now, and for a wait the time it opens."""

    reason: str
    do: str
    opens_at: Micros | None = None
    failure: Failure | None = None
    """What is told of it when no player asked."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One player and one person, as they stand now."""

    view: View
    session: Session
    npc_id: NpcId

    @property
    def now(self) -> Micros:
        return self.view.now

    @property
    def person(self) -> Person:
        """As the player meets them. Raises RuleRaised for somebody who is not in the world."""
        found = self.view.person(self.npc_id, self.session)
        if found is None:
            raise RuleRaised(f"npc {self.npc_id}", "is not in this world now")
        return found

    @property
    def flags(self) -> Mapping[str, Any]:
        return ChainMap(cast("dict[str, Any]", self.session.flags), cast("dict[str, Any]", self.view.flags))

    def progress(self, chain: Chain) -> Progress | None:
        return progress_in(self.session, self.npc_id, chain)

    def put(self, chain: Chain, progress: Progress) -> PutPersonal:
        return PutPersonal(self.session.id, self.npc_id, COMPONENT, (KEY, chain.id), progress.to_json())


def progress_in(session: Session, npc_id: NpcId, chain: Chain) -> Progress | None:
    """How far they are in a chain; None: they never began, or what stands there is none."""
    listed = session.component(npc_id, COMPONENT).get(KEY)
    return read_progress(listed.get(chain.id), chain) if isinstance(listed, Mapping) else None


def unfit(rules: StepRules, meeting: Meeting) -> Hindrance | None:
    """What of flags and conditions hinders the step, waits aside. Raises RuleRaised."""
    step = rules.step
    if missing := flag_missing(step.required_flags, meeting.flags):
        return Hindrance(f"{step.id} requires the flag {missing}", f"it can be taken once {missing} is set")
    if rules.tests and (path := unmet(rules.tests, meeting.person)):
        return Hindrance(f"{step.id}: {path} does not hold", "try again when it does")
    return None


def hindrance(rules: StepRules, progress: Progress, meeting: Meeting) -> Hindrance | None:
    """Why the player cannot take the current step now. Raises RuleRaised."""
    step, opens = rules.step, opens_at(rules.step, progress)
    if meeting.now < opens:
        when = meeting.view.script.calendar.describe(opens)
        return Hindrance(f"{step.id} opens at {when}", "wait for it, or skip it if it is optional", opens)
    return missed(step, progress, meeting) or unfit(rules, meeting)


def missed(step: Step, progress: Progress, meeting: Meeting) -> Hindrance | None:
    """That its window has ended."""
    closes = closes_at(step, progress)
    if closes is None or meeting.now <= closes:
        return None
    when = meeting.view.script.calendar.describe(closes)
    return Hindrance(f"{step.id} was open until {when}", f"the next tick goes on to {step.on_expired}")


def taken(
    rules: StepRules, progress: Progress, meeting: Meeting, at: Micros
) -> tuple[Progress, tuple[Consequence, ...]]:
    """The step is taken at `at`: what it brings about, and where the chain goes. Raises RuleRaised."""
    step = rules.step
    brought: tuple[Consequence, ...] = tuple(
        SetFlag(key, value, meeting.session.id) for key, value in step.flags_set.items()
    )
    after = replace(meeting, session=meeting.session.with_flags(step.flags_set))
    if step.intent is not None and at + step.intent.ttl_us > meeting.now:
        brought = (*brought, _wanted(step, step.intent, meeting, at))
    done = replace(progress, completed=tuple(dict.fromkeys((*progress.completed, step.id))))
    return moved(done, _next(rules, after), at), brought


def _wanted(step: Step, offer: Offer, meeting: Meeting, at: Micros) -> AddIntent:
    session_id, world_id = meeting.session.id, meeting.view.script.definition.id
    context = {"trigger": "chain", "stepId": step.id}
    intent = intent_of(offer, meeting.npc_id, session_id, step.path, at, context, world_id)
    return AddIntent(session_id, meeting.npc_id, intent)


def _next(rules: StepRules, meeting: Meeting) -> str:
    for tests, to in rules.branches:
        if not tests or unmet(tests, meeting.person) is None:
            return to
    return rules.step.next


def moved(progress: Progress, to: str, at: Micros, because: str = "") -> Progress:
    """At another step, or at the end."""
    gone = replace(progress, current=None, last_step_at=at, look_again_at=None, because=because)
    if to == COMPLETE:
        return replace(gone, completions=progress.completions + 1, outcome=ChainOutcome.COMPLETED)
    if to == FAIL:
        return replace(gone, outcome=ChainOutcome.FAILED)
    return replace(gone, current=to)


def skipped(step: Step, progress: Progress, at: Micros) -> Progress:
    """Past an optional step, without what it brings about, to the one that follows it."""
    listed = tuple(dict.fromkeys((*progress.skipped, step.id)))
    return moved(replace(progress, skipped=listed), step.next, at)


def expired(step: Step, progress: Progress, at: Micros) -> Progress:
    """The window of the step ended at `at`."""
    return moved(progress, step.on_expired, at, f"{step.id} expired")


Done = tuple[Progress, tuple[Consequence, ...]]
Take = Callable[[StepRules, Progress, Meeting, Micros], Done | Hindrance]


def served(rules: ChainRules, progress: Progress, meeting: Meeting, take: Take = taken) -> Done:
    """One due thing done: a step taken or missed as of the time it was due, or put off. Raises RuleRaised."""
    if progress.current is None:
        return progress, ()
    step_rules = rules.steps[progress.current]
    step, due = step_rules.step, due_at(rules.chain, progress)
    closes = closes_at(step, progress)
    if due is None or (closes is not None and due > closes):
        return expired(step, progress, meeting.now if closes is None else closes), ()
    found = unfit(step_rules, meeting) or take(step_rules, progress, meeting, due)
    if not isinstance(found, Hindrance):
        return found
    again = found.opens_at or Micros(meeting.now + LOOK_AGAIN_S * MICROS_PER_SECOND)
    told = () if found.failure is None else (Failed(found.failure),)
    return replace(progress, look_again_at=again), told
