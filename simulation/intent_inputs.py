"""Inputs about intents: a player accepts what a person wants to start, or dismisses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from simulation.chain_inputs import Wish, judged
from simulation.chain_rules import Meeting
from simulation.consequences import DropIntents
from simulation.definitions.fields import Fields
from simulation.definitions.offers import Offered
from simulation.definitions.problems import Problem
from simulation.inboxes import Intent, expires_at, find
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.session_inputs import NOTHING, SHOWN_MAX, problem_verdict, unknown
from simulation.session_inputs import find as find_session
from simulation.sessions import Session
from simulation.units import NpcId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

OPS = ("accept", "dismiss")


def intent(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches] | Looking:
    """`op`: accept or dismiss. Accepting starts what is wanted; if that cannot begin, the intent stays."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    session = find_session(world, fields)
    if session is None:
        return unknown(world, payload), NOTHING
    intent_id = fields.identifier("intentId")
    op = fields.choice("op", OPS, "") if fields.has("op") else fields.text("op")
    fields.done()
    if problems:
        return problem_verdict(problems), NOTHING
    wanted = find(session, intent_id)
    if wanted is None:
        here = ", ".join(one["id"] for one in session.inbox[:SHOWN_MAX]) or "nothing"
        return refused(f"$.intentId is {intent_id!r}", f"in the inbox is: {here}"), NOTHING
    if op == "dismiss":
        return _over(world, session, wanted, op)
    if expires_at(wanted) <= world.world_time:
        when = world.script.calendar.describe(expires_at(wanted))
        return refused(f"{wanted['npcId']} wanted it until {when}", "the next tick removes it"), NOTHING
    return _accept(world, session, wanted)


def _over(world: World, session: Session, wanted: Intent, op: str, **more: Any) -> tuple[Verdict, Touches]:
    """It leaves the inbox."""
    touches = world.carry_out((DropIntents(session.id, (wanted["id"],)),))
    return granted(sessionId=session.id, op=op, intent=dict(wanted), **more), touches


def _accept(world: World, session: Session, wanted: Intent) -> tuple[Verdict, Touches] | Looking:
    kind = next(kind for kind in Offered if str(kind) in wanted)
    return ACCEPTS[kind](world, session, wanted)


def _chain(world: World, session: Session, wanted: Intent) -> tuple[Verdict, Touches] | Looking:
    rules = world.script.chains.get(wanted[Offered.CHAIN])
    if rules is None:
        return refused(f"there is no chain {wanted[Offered.CHAIN]} any more", "dismiss it"), NOTHING
    npc_id = NpcId(wanted["npcId"])

    def judge(view: View) -> tuple[Verdict, Touches]:
        begun, touches = judged(world, "start", Wish(rules, Meeting(view, session, npc_id), None))
        if not begun.applied:
            return begun, touches
        over, _ = _over(world, session, wanted, "accept", started=begun.detail)
        return over, touches

    return Looking((npc_id,), judge)


def _told(world: World, session: Session, wanted: Intent) -> tuple[Verdict, Touches]:
    """Whoever plays starts it: the world knows no more of it than its id."""
    return _over(world, session, wanted, "accept", started=None)


ACCEPTS: Mapping[Offered, Callable[[World, Session, Intent], tuple[Verdict, Touches] | Looking]] = {
    Offered.CHAIN: _chain,
    Offered.INTERACTION: _told,
    Offered.NARRATIVE: _told,
}
assert ACCEPTS.keys() == set(Offered), "everything that can be offered can be accepted"
