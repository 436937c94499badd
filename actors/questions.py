"""What a client's ask about one world is to the shard that has it."""

from __future__ import annotations

from messages import admin, shards

Asked = (
    admin.ShowWorld
    | admin.PlanWorld
    | admin.ShowPerson
    | admin.ShowSession
    | admin.ListSessions
    | admin.ListPeople
)
Read = (
    shards.ReadWorld
    | shards.ReadPlan
    | shards.ReadPerson
    | shards.ReadSession
    | shards.ReadSessions
    | shards.ReadPeople
)


def read_of(ask: Asked) -> Read:
    """The same question in the words of the shard."""
    world_id, ask_id = ask.world_id, ask.ask_id
    match ask:
        case admin.ShowWorld():
            return shards.ReadWorld(ask_id=ask_id, world_id=world_id)
        case admin.PlanWorld():
            return shards.ReadPlan(ask_id=ask_id, world_id=world_id)
        case admin.ShowSession(session_id=session_id, npc_id=npc_id):
            return shards.ReadSession(ask_id=ask_id, world_id=world_id, session_id=session_id, npc_id=npc_id)
        case admin.ListSessions(limit=limit):
            return shards.ReadSessions(ask_id=ask_id, world_id=world_id, limit=limit)
        case admin.ListPeople():
            return shards.ReadPeople(
                ask_id=ask_id,
                world_id=world_id,
                tier=ask.tier,
                location=ask.location,
                start=ask.start,
                limit=ask.limit,
            )
        case admin.ShowPerson():
            return shards.ReadPerson(
                ask_id=ask_id,
                world_id=world_id,
                npc_id=ask.npc_id,
                session_id=ask.session_id,
                metric=ask.metric,
            )
