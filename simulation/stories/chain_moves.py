"""What a player may do with a chain: start it, take its step, skip it, give it up. Pure: what comes of it, or
what hinders it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from simulation.definitions.chain_graph import FAIL
from simulation.definitions.kept import ChainOutcome
from simulation.rules import flag_missing, unmet
from simulation.sessions import Session
from simulation.stories.chain_progress import COMPONENT, KEY, Progress, read_progress
from simulation.stories.chain_rules import (
    ChainRules,
    Done,
    Hindrance,
    Meeting,
    hindrance,
    missed,
    moved,
    skipped,
    taken,
)
from simulation.units import Micros, NpcId

RUNNING_MAX = 64
"""Chains that run in one session at once: each costs a due time and its part of the session."""
SHOWN_MAX = 8
"""People that a refusal names."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One input about a chain, every name in it known."""

    rules: ChainRules
    meeting: Meeting
    step_id: str | None


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
    """Give it up; what is given up already stays so."""
    before = wish.meeting.progress(wish.rules.chain)
    if before is not None and before.outcome is ChainOutcome.ABANDONED:
        return before, ()
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
