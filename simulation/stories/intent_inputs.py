"""Inputs about intents: a player accepts what a person wants to start, or dismisses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulation.consequences import DropIntents
from simulation.definitions.fields import Fields
from simulation.definitions.offers import Offered
from simulation.definitions.problems import Problem, shown
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.session_inputs import NOTHING, SHOWN_MAX, problem_verdict, stale, unknown
from simulation.session_inputs import find as find_session
from simulation.sessions import Session
from simulation.stories.chain_inputs import chain
from simulation.stories.inboxes import Intent, expires_at, find
from simulation.stories.interaction_inputs import interact
from simulation.stories.narrative_inputs import narrative
from simulation.units import SessionId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

OPS = ("accept", "dismiss")
Judged = tuple[Verdict, Touches]
Start = Callable[["World", Mapping[str, Any]], Judged | Looking]


def intent(world: World, payload: Mapping[str, Any]) -> Judged | Looking:
    """`op`: accept or dismiss. Accepting starts what is wanted; if that cannot begin, the intent stays."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    session = find_session(world, fields)
    if session is None:
        return unknown(world, payload), NOTHING
    if late := stale(fields, session):
        return late, NOTHING
    intent_id = fields.identifier("intentId")
    op = fields.choice("op", OPS, "") if fields.has("op") else fields.text("op")
    fields.done()
    if problems:
        return problem_verdict(problems), NOTHING
    wanted = find(session, intent_id)
    if wanted is None:
        here = ", ".join(one["id"] for one in session.inbox[:SHOWN_MAX]) or "nothing"
        return refused(f"$.intentId is {shown(intent_id)}", f"in the inbox is: {here}"), NOTHING
    if op == "dismiss":
        world.carry_out((DropIntents(session.id, (intent_id,)),))
        return granted(sessionId=session.id, op=op, intent=dict(wanted)), NOTHING
    return _accept(world, session, wanted)


def _accept(world: World, session: Session, wanted: Intent) -> Judged | Looking:
    """What the player would send to start it, judged the same way."""
    if expires_at(wanted) <= world.world_time:
        when = world.script.calendar.describe(expires_at(wanted))
        return refused(f"{wanted['npcId']} wanted it until {when}", "the next tick removes it"), NOTHING
    kind = next(kind for kind in Offered if str(kind) in wanted)
    start, key, more = STARTS[kind]
    payload = {"sessionId": session.id, "npcId": wanted["npcId"], key: wanted[kind], **more}
    found = start(world, payload)
    if not isinstance(found, Looking):
        return _begun(world, session.id, wanted, found)
    judge = found.judge

    def then(view: View) -> Judged:
        return _begun(world, session.id, wanted, judge(view))

    return Looking(found.looks, then)


def _begun(world: World, session_id: SessionId, wanted: Intent, judged: Judged) -> Judged:
    """It leaves the inbox if what it wants has begun."""
    verdict, touches = judged
    if not verdict.applied:
        return judged
    world.carry_out((DropIntents(session_id, (wanted["id"],)),))
    found = granted(sessionId=session_id, op="accept", intent=dict(wanted), started=verdict.detail)
    return found, touches


STARTS: Mapping[Offered, tuple[Start, str, Mapping[str, Any]]] = {
    Offered.CHAIN: (chain, "chainId", {"op": "start"}),
    Offered.INTERACTION: (interact, "interactionId", {}),
    Offered.NARRATIVE: (narrative, "programId", {"op": "start"}),
}
"""What is offered -> the input that starts it, the key that names it there, and what else that takes."""
assert STARTS.keys() == set(Offered), "everything that can be offered can be started"
