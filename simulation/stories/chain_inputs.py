"""Inputs about chains: a player starts one with somebody, takes its step, skips it, or gives it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation.consequences import Consequence, followed
from simulation.definitions.chain_graph import FAIL
from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, unknown_name
from simulation.definitions.sessions import person_named
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.person_json import json_seconds
from simulation.rules import RuleRaised, flag_missing, unmet
from simulation.session_inputs import NOTHING, find, problem_verdict, unknown
from simulation.sessions import SESSION_BYTES_MAX, Session
from simulation.stories.chain_progress import COMPONENT, KEY, ChainOutcome, Progress, read_progress
from simulation.stories.chain_rules import (
    ChainRules,
    Hindrance,
    Meeting,
    hindrance,
    missed,
    moved,
    skipped,
    taken,
)
from simulation.units import Micros, NpcId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

OPS = ("start", "step", "skip", "abandon")
RUNNING_MAX = 64
"""Chains that run in one session at once: each costs a due time and its part of the session."""
Done = tuple[Progress, tuple[Consequence, ...]]


@dataclass(frozen=True, slots=True)
class Wish:
    """One input about a chain, every name in it known."""

    rules: ChainRules
    meeting: Meeting
    step_id: str | None


def chain(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches] | Looking:
    """`op`: start, step, skip or abandon. The person is looked at first: conditions may ask about them."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    session = find(world, fields)
    if session is None:
        return unknown(world, payload), NOTHING
    people, chains = world.script.people_ids, world.script.chains
    npc_id = person_named(fields.identifier("npcId"), people)
    chain_id, op = fields.identifier("chainId"), fields.choice("op", OPS, "step")
    step_id = fields.text("stepId") if fields.has("stepId") else fields.raw("stepId")
    fields.done()
    if npc_id and npc_id not in people:
        problems.append(unknown_name("$.npcId", npc_id, people, "npc"))
    if chain_id and chain_id not in chains:
        problems.append(unknown_name("$.chainId", chain_id, chains, "chain"))
    if problems:
        return problem_verdict(problems), NOTHING

    def judge(view: View) -> tuple[Verdict, Touches]:
        return _judge(world, op, Wish(chains[chain_id], Meeting(view, session, npc_id), step_id))

    return Looking((npc_id,), judge)


def _judge(world: World, op: str, wish: Wish) -> tuple[Verdict, Touches]:
    try:
        found = DOES[op](wish)
    except RuleRaised as raised:
        return refused(f"a rule of {wish.rules.chain.id} fails: {raised}", "nothing was changed"), NOTHING
    if isinstance(found, Hindrance):
        opens = {} if found.opens_at is None else {"opensAt": json_seconds(found.opens_at)}
        return refused(found.reason, found.do, **opens), NOTHING
    progress, brought = found
    meeting, definition = wish.meeting, wish.rules.chain
    session = meeting.session
    everything = (*brought, meeting.put(definition, progress))
    for item in everything:
        session = followed(session, item)
    if session.size > SESSION_BYTES_MAX:
        reason = f"the session would have {session.size} bytes"
        return refused(reason, f"at most {SESSION_BYTES_MAX}"), NOTHING
    touches = world.carry_out(everything)
    verdict = granted(
        sessionId=session.id,
        npcId=meeting.npc_id,
        chainId=definition.id,
        op=op,
        progress=progress.to_json(),
    )
    return verdict, touches


def start(wish: Wish) -> Done | Hindrance:
    """Begin it, or begin it again."""
    rules, meeting = wish.rules, wish.meeting
    before = meeting.progress(rules.chain)
    hinders = _not_theirs(wish) or (before and _not_again(rules, meeting, before)) or _unfit(rules, meeting)
    if hinders:
        return hinders
    now = meeting.now
    completions = 0 if before is None else before.completions
    return Progress(rules.chain.first, now, now, completions=completions), ()


def _not_theirs(wish: Wish) -> Hindrance | None:
    rules, npc_id = wish.rules, wish.meeting.npc_id
    if rules.npcs is not None and npc_id not in rules.npcs:
        those = ", ".join(sorted(rules.npcs)[:SHOWN_MAX]) or "nobody"
        return Hindrance(f"{rules.chain.id} is no chain of {npc_id}", f"it is with {those}")
    if running(wish.meeting) >= RUNNING_MAX:
        return Hindrance(f"{RUNNING_MAX} chains run in this session", "end or abandon one first")
    return None


def _not_again(rules: ChainRules, meeting: Meeting, before: Progress) -> Hindrance | None:
    if before.runs:
        return Hindrance(
            f"{rules.chain.id} runs already, at {before.current}", "take its step, or abandon it"
        )
    if not rules.chain.repeatable:
        return Hindrance(f"{rules.chain.id} is {before.outcome} and not repeatable", "nothing is left to do")
    opens = Micros(before.last_step_at + rules.chain.cooldown_us)
    if meeting.now < opens:
        when = meeting.view.script.calendar.describe(opens)
        return Hindrance(f"{rules.chain.id} can be repeated at {when}", "wait for it", opens)
    return None


def _unfit(rules: ChainRules, meeting: Meeting) -> Hindrance | None:
    if missing := flag_missing(rules.chain.required_flags, meeting.flags):
        return Hindrance(f"{rules.chain.id} requires the flag {missing}", f"it begins once {missing} is set")
    if rules.start and (path := unmet(rules.start, meeting.person)):
        return Hindrance(f"{path} does not hold", "try again when it does")
    return None


def _current(wish: Wish) -> Progress | Hindrance:
    progress, name = wish.meeting.progress(wish.rules.chain), wish.rules.chain.id
    if progress is None:
        return Hindrance(f"{name} is not started", "start it first")
    if progress.current is None:
        return Hindrance(f"{name} has ended: {progress.outcome}", "start it again if it is repeatable")
    if wish.step_id is not None and wish.step_id != progress.current:
        return Hindrance(f"{name} is at {progress.current}, not at {wish.step_id}", "read it again")
    return progress


def step(wish: Wish) -> Done | Hindrance:
    """Take the current step."""
    progress = _current(wish)
    if isinstance(progress, Hindrance) or progress.current is None:
        return progress if isinstance(progress, Hindrance) else (progress, ())
    rules = wish.rules.steps[progress.current]
    return hindrance(rules, progress, wish.meeting) or taken(rules, progress, wish.meeting, wish.meeting.now)


def skip(wish: Wish) -> Done | Hindrance:
    """Go past the current step, ready or not, if it is optional."""
    progress = _current(wish)
    if isinstance(progress, Hindrance) or progress.current is None:
        return progress if isinstance(progress, Hindrance) else (progress, ())
    definition = wish.rules.steps[progress.current].step
    if not definition.optional:
        return Hindrance(f"{definition.id} is not optional", "take it, or abandon the chain")
    if gone := missed(definition, progress, wish.meeting):
        return gone
    return skipped(definition, progress, wish.meeting.now), ()


def abandon(wish: Wish) -> Done | Hindrance:
    """Give it up."""
    progress = _current(replace(wish, step_id=None))
    if isinstance(progress, Hindrance):
        return progress
    return replace(moved(progress, FAIL, wish.meeting.now), outcome=ChainOutcome.ABANDONED), ()


def running(meeting: Meeting) -> int:
    """How many chains run in the session."""
    return len(list(running_in(meeting.session, meeting.view.script.chains)))


def running_in(session: Session, chains: Mapping[str, ChainRules]) -> list[tuple[NpcId, str]]:
    """(npc, chain) of those that run."""
    found = []
    for npc_id, components in session.npcs.items():
        listed = components.get(COMPONENT, {}).get(KEY)
        for chain_id, value in listed.items() if isinstance(listed, Mapping) else ():
            rules = chains.get(chain_id)
            progress = None if rules is None else read_progress(value, rules.chain)
            if progress is not None and progress.runs:
                found.append((npc_id, chain_id))
    return found


DOES: Mapping[str, Callable[[Wish], Done | Hindrance]] = {
    "start": start,
    "step": step,
    "skip": skip,
    "abandon": abandon,
}
assert tuple(DOES) == OPS, "every op needs its function"
SHOWN_MAX = 8
"""People that a refusal names."""
