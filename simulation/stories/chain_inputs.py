"""Inputs about chains: a player starts one with somebody, takes its step, skips it, or gives it up.

A step that an interaction belongs to is taken by doing that: its gates are the step's as well, and both
happen or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulation.consequences import followed
from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, unknown_name
from simulation.definitions.sessions import person_named
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.person_json import json_seconds
from simulation.rules import RuleRaised
from simulation.session_inputs import NOTHING, find, problem_verdict, stale, unknown
from simulation.sessions import SESSION_BYTES_MAX
from simulation.stories import interaction_inputs
from simulation.stories.chain_moves import Wish, abandon, skip, start, step
from simulation.stories.chain_progress import Progress
from simulation.stories.chain_rules import ChainRules, Done, Hindrance, Meeting, progress_in
from simulation.stories.interaction_rules import InteractionRules
from simulation.units import NpcId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

OPS = ("start", "step", "skip", "abandon")


def chain(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches] | Looking:
    """`op`: start, step, skip or abandon. The person is looked at first: conditions may ask about them."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    session = find(world, fields)
    if session is None:
        return unknown(world, payload), NOTHING
    if late := stale(fields, session):
        return late, NOTHING
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

    return Looking((npc_id, *_others(world, chains[chain_id])), judge)


def _others(world: World, rules: ChainRules) -> list[NpcId]:
    """Whom interactions of its steps change beside the person."""
    known = world.script.interactions
    named = [known.get(step.step.interaction_id or "") for step in rules.steps.values()]
    return sorted({npc for interaction in named if interaction is not None for npc in interaction.others})


def _judge(world: World, op: str, wish: Wish) -> tuple[Verdict, Touches]:
    try:
        found = DOES[op](wish)
    except RuleRaised as raised:
        return refused(f"a rule of {wish.rules.chain.id} fails: {raised}", "nothing was changed"), NOTHING
    if isinstance(found, Hindrance):
        opens = {} if found.opens_at is None else {"opensAt": json_seconds(found.opens_at)}
        return refused(found.reason, found.do, **opens), NOTHING
    if op == "step" and (interaction := _interaction(wish)) is not None:
        return _by_doing(world, wish, interaction)
    progress, brought = found
    if op == "abandon" and progress == wish.meeting.progress(wish.rules.chain):
        return _granted(op, wish, progress, changed=False), NOTHING
    meeting, definition = wish.meeting, wish.rules.chain
    session = meeting.session
    everything = (*brought, meeting.put(definition, progress))
    for item in everything:
        session = followed(session, item)
    if session.size > SESSION_BYTES_MAX:
        reason = f"the session would have {session.size} bytes"
        return refused(reason, f"at most {SESSION_BYTES_MAX}"), NOTHING
    return _granted(op, wish, progress), world.carry_out(everything)


def _granted(op: str, wish: Wish, progress: Progress, **more: Any) -> Verdict:
    meeting = wish.meeting
    return granted(
        sessionId=meeting.session.id,
        npcId=meeting.npc_id,
        chainId=wish.rules.chain.id,
        op=op,
        progress=progress.to_json(),
        **more,
    )


def _interaction(wish: Wish) -> InteractionRules | None:
    """The interaction that belongs to the current step."""
    progress = wish.meeting.progress(wish.rules.chain)
    if progress is None or progress.current is None:
        return None
    name = wish.rules.steps[progress.current].step.interaction_id
    return wish.meeting.view.script.interactions.get(name or "")


def _by_doing(world: World, wish: Wish, rules: InteractionRules) -> tuple[Verdict, Touches]:
    """The step, which nothing else hinders, is taken with its interaction, or neither."""
    meeting = wish.meeting
    deed = interaction_inputs.Wish(world, rules, meeting.session, meeting.npc_id, {})
    verdict, touches = interaction_inputs.judged(meeting.view, deed)
    if not verdict.applied:
        return verdict, touches
    session = world.sessions.get(meeting.session.id) or meeting.session
    progress = progress_in(session, meeting.npc_id, wish.rules.chain)
    if progress is None:
        raise RuntimeError(f"{wish.rules.chain.id}: its step was taken and it is nowhere")
    return _granted("step", wish, progress, interaction=verdict.detail), touches


DOES: Mapping[str, Callable[[Wish], Done | Hindrance]] = {
    "start": start,
    "step": step,
    "skip": skip,
    "abandon": abandon,
}
assert tuple(DOES) == OPS, "every op needs its function"
