"""The inbox of a session: what people want to start with the player, the most urgent first."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from simulation.chance import word
from simulation.definitions.kept import INBOX_MAX
from simulation.definitions.offers import Offer
from simulation.person_json import json_seconds, micros
from simulation.sessions import Session
from simulation.units import Micros, NpcId, SessionId

Intent = Mapping[str, Any]
Inbox = tuple[Intent, ...]


def intent_of(
    offer: Offer,
    npc_id: NpcId,
    session_id: SessionId,
    cause: str,
    at: Micros,
    context: Mapping[str, Any],
    world_id: str,
) -> Intent:
    """One intent. Its id is made of what caused it: the same cause makes the same intent."""
    told = f"{world_id}|{npc_id}|{session_id}|{cause}|{at}"
    return {
        "id": f"{word(told):016x}{word(told + '|'):016x}",
        "npcId": npc_id,
        str(offer.kind): offer.target,
        "priority": offer.priority,
        "createdAt": json_seconds(at),
        "expiresAt": json_seconds(at + offer.ttl_us),
        "surface": offer.surface,
        "context": context,
    }


def urgency(intent: Intent) -> tuple[int, float, str]:
    return (-intent["priority"], intent["createdAt"], intent["id"])


def holds(inbox: Inbox, intent: Intent) -> bool:
    return any(one["id"] == intent["id"] for one in inbox)


def added(inbox: Inbox, intent: Intent) -> Inbox:
    """With one more, in its place; the same inbox if it is there already or too little urgent for a full
    one."""
    if holds(inbox, intent):
        return inbox
    found = tuple(sorted((*inbox, intent), key=urgency)[:INBOX_MAX])
    return found if holds(found, intent) else inbox


def refused(before: Inbox, after: Inbox, intent: Intent) -> int:
    """How many found no room when this one came: it, or a less urgent one."""
    return int(not holds(before, intent) and len(after) <= len(before))


def without(inbox: Inbox, ids: Collection[str]) -> Inbox:
    return tuple(one for one in inbox if one["id"] not in ids)


def expires_at(intent: Intent) -> Micros:
    """The first microsecond at which nobody wants it any more."""
    return Micros(micros(intent["expiresAt"]))


def expired(session: Session, now: Micros) -> tuple[str, ...]:
    """Ids of those whose time is over."""
    return tuple(one["id"] for one in session.inbox if expires_at(one) <= now)


def first_expiry(inbox: Inbox) -> Micros | None:
    """When the first of them expires; None: the inbox is empty."""
    return min((expires_at(one) for one in inbox), default=None)


def find(session: Session, intent_id: str) -> Intent | None:
    return next((one for one in session.inbox if one["id"] == intent_id), None)
