"""A person for whoever asked: as they are, or as a player meets them."""

from __future__ import annotations

from messages.tick import LookAt, PersonFound, PersonSeen
from simulation.definitions.problems import Problem
from simulation.metric_inputs import metric_named
from simulation.stories.meeting import meeting
from simulation.world import World


def person_found(world: World, found: PersonSeen | None, ask: LookAt) -> PersonFound:
    """The person who was asked for, with what is between them and the player who asks."""
    session = None if ask.session_id is None else world.sessions.get(ask.session_id)
    if ask.session_id is not None and session is None:
        reason, do = f"no session {ask.session_id} is in {world.id}", "Let the player join first."
        return PersonFound(world.id, ask.ask_id, None, reason, do)
    if found is None or found.view is None or found.person is None:
        return PersonFound(world.id, ask.ask_id, None)
    view, problems = world.view({ask.npc_id: found.person}), list[Problem]()
    metric = None
    if ask.metric is not None:
        ties = found.view["components"].get("relationships", {})
        metric = metric_named(world.script, ask.metric, "", problems, ties)
    if problems:
        return PersonFound(world.id, ask.ask_id, None, str(problems[0]))
    met = meeting(view, ask.npc_id, session, () if metric is None else (metric,))
    return PersonFound(world.id, ask.ask_id, {**found.view, **met})
