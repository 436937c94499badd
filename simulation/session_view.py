"""One player's session for people and machines to read: what it holds, and where its chains are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simulation.person_json import json_seconds
from simulation.rules import flag_missing
from simulation.sessions import Session
from simulation.stories.chain_progress import Progress, closes_at, opens_at
from simulation.stories.chain_rules import ChainRules, Meeting, progress_in
from simulation.units import NpcId

if TYPE_CHECKING:
    from simulation.world import World

LISTED_MAX = 1_000
"""Chains that one answer lists: a session holds no more that run, and a world file few more."""


def session_view(world: World, session: Session, npc_id: NpcId | None = None) -> dict[str, Any]:
    """The session as JSON, its clock, and its chains; with `npc_id` also those that may begin with them."""
    listed = [chain for _, chain in zip(range(LISTED_MAX), _chains(world, session, npc_id), strict=False)]
    return {
        **session.to_json(),
        "worldTime": json_seconds(world.world_time),
        "chains": listed,
        "refusedIntents": world.cues.turned_away.to_json(session.id),
    }


def _chains(world: World, session: Session, npc_id: NpcId | None) -> Iterator[dict[str, Any]]:
    people = sorted(session.npcs) if npc_id is None else [npc_id]
    for one in people:
        for rules in world.script.chains.values():
            progress = progress_in(session, one, rules.chain)
            theirs = rules.npcs is None or one in rules.npcs
            if progress is not None or (npc_id is not None and theirs):
                yield chain_view(rules, progress, Meeting(world.view({}), session, one))


def chain_view(rules: ChainRules, progress: Progress | None, meeting: Meeting) -> dict[str, Any]:
    """One chain with one person. What conditions say is told to whoever takes the step."""
    chain = rules.chain
    found = {"chainId": chain.id, "name": chain.name, "npcId": meeting.npc_id}
    if progress is None:
        return {**found, "state": "not started", "progress": None}
    if progress.current is None:
        opens = json_seconds(progress.last_step_at + chain.cooldown_us) if chain.repeatable else None
        return {**found, "state": str(progress.outcome), "progress": progress.to_json(), "repeatsAt": opens}
    step = rules.steps[progress.current].step
    opens, closes = opens_at(step, progress), closes_at(step, progress)
    state = "ready" if meeting.now >= opens else "waits"
    if closes is not None and meeting.now > closes:
        state = "expired"
    return {
        **found,
        "state": state,
        "progress": progress.to_json(),
        "opensAt": json_seconds(opens),
        "closesAt": None if closes is None else json_seconds(closes),
        "autoAdvance": step.auto,
        "optional": step.optional,
        "interactionId": step.interaction_id,
        "flagMissing": flag_missing(step.required_flags, meeting.flags),
    }
