"""Why a person decides what, for people to read: candidates with every factor, and why others are out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.errors import ServiceError
from service.tables import table

HEADS = {
    "weight": "weight",
    "activityPreference": "activity",
    "categoryPreference": "category",
    "traitModifier": "trait",
    "moodCompatibility": "mood",
    "relationshipBonus": "relationship",
    "urgency": "urgency",
    "inertia": "inertia",
}
"""Short names of the factors of the score; those of plug-ins keep their own."""
NOT_NAMED = "factors that are not named are 1"


def to_text(who: str, why: Mapping[str, Any]) -> str:
    """The node, the candidates by score with their chances, the draw, the choice, and who is out."""
    until = why.get("waitsUntil")
    held = "" if until is None else f"; a player waits with them, until {until:,} s at most"
    if why["node"] is None:
        return f"{who}: no node of a routine of theirs matches, so they begin nothing{held}"
    lines = [f"{who}: node {why['node']}, draw {why['draw']:.6f} -> {why['chosen'] or 'nothing'}{held}"]
    if why["candidates"]:
        lines.append(_scores(why["candidates"]))
    lines += [f"not {one['activityId']}: {one['reason']}" for one in why["excluded"]]
    if of := why.get("preferencesOf"):
        lines.append(f"preferences of players first: {', '.join(of)}")
    return "\n".join(lines)


def rule_fails(npc_id: str, error: str) -> ServiceError:
    """For somebody whose conditions raise instead of answering; a running world counts it and goes on."""
    do = "Write the condition so that it holds for every value its names can have, null too."
    return ServiceError(f"A rule of {npc_id} fails", because=error, do=do)


def _scores(candidates: list[dict[str, Any]]) -> str:
    """In the order of the node, which is the order the draw runs through."""
    total = sum(one["score"] for one in candidates)
    rows = [
        [one["activityId"], f"{one['score']:.4g}", f"{one['score'] / total:.1%}", _made_of(one["factors"])]
        for one in candidates
    ]
    return f"{table(['candidate', 'score', 'chance', 'made of'], rows)}\n{NOT_NAMED}"


def _made_of(factors: Mapping[str, float]) -> str:
    """The product that a score is, without what changes nothing."""
    told = [f"{HEADS.get(name, name)} {value:.4g}" for name, value in factors.items() if value != 1]
    return " x ".join(told) or "1"
