"""The interactions of a player with a person for people and machines to read: which are open, and why not."""

from __future__ import annotations

from typing import Any

from simulation.person_json import json_seconds
from simulation.stories.chain_rules import Meeting
from simulation.stories.interaction_rules import (
    Barrier,
    Gate,
    InteractionRules,
    barriers,
    last_used,
    opens_at,
)


def interactions_with(meeting: Meeting) -> list[dict[str, Any]]:
    """Those that have to do with the person, the most important first, then as the file lists them."""
    found = [(rules, barriers(rules, meeting)) for rules in meeting.view.script.interactions.values()]
    theirs = [(rules, closed) for rules, closed in found if not any(b.gate is Gate.TARGET for b in closed)]
    theirs.sort(key=lambda one: -one[0].interaction.priority)
    return [_shown(rules, closed, meeting) for rules, closed in theirs]


def _shown(rules: InteractionRules, closed: tuple[Barrier, ...], meeting: Meeting) -> dict[str, Any]:
    first, used = closed[0] if closed else None, last_used(rules, meeting)
    opens = opens_at(closed, rules, meeting)
    return {
        "interactionId": rules.interaction.id,
        "label": rules.interaction.label,
        "surface": rules.interaction.surface,
        "priority": rules.interaction.priority,
        "available": first is None,
        "gate": None if first is None else str(first.gate),
        "reason": None if first is None else first.reason,
        "opensAt": None if opens is None else json_seconds(opens),
        "lastUsedAt": None if used is None else json_seconds(used),
        "barriers": [
            {
                "gate": str(one.gate),
                "reason": one.reason,
                "opensAt": None if one.opens_at is None else json_seconds(one.opens_at),
            }
            for one in closed
        ],
    }
