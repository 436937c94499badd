"""A person as somebody who asks sees them: metrics, and with a session what is personal and their story."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulation import metrics
from simulation.definitions.metrics import Metric
from simulation.sessions import Session
from simulation.stories.chain_rules import Meeting
from simulation.stories.interaction_view import interactions_with
from simulation.stories.narrative_shown import shown
from simulation.units import NpcId
from simulation.views import View


def meeting(
    view: View, npc_id: NpcId, session: Session | None, more: Iterable[Metric] = ()
) -> dict[str, Any]:
    """What beside their components is to be said of a person, `more` metrics too; reading changes nothing."""
    person = view.person(npc_id, session)
    if person is None:
        return {}
    found: dict[str, Any] = {"metrics": metrics.all_of(person, (*view.script.definition.metrics, *more))}
    if session is not None:
        found["sessionId"] = session.id
        if view.script.interactions:
            found["interactions"] = interactions_with(Meeting(view, session, npc_id))
        found["personal"] = {name: dict(own) for name, own in session.npcs.get(npc_id, {}).items()}
        found["narrative"] = shown(view, session, npc_id)
    return found
