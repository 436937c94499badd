"""How generation results land in a world: once, where their request says, or recorded and ignored.

A player's request of the most urgent band holds its person: until the result is there, or nobody wants it any
more, they begin nothing new (component `waitingFor`). The world goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulation.consequences import ChangePerson, Consequence, EnterScene, SetFlag, SetPersonal
from simulation.definitions.activities import flat_flags
from simulation.hashing import canonical
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Touches
from simulation.orders import ComponentMerge, ComponentWrite, PersonWrite, Requested
from simulation.person_json import json_seconds
from simulation.population import WAITING_FOR
from simulation.requests import Request
from simulation.sessions import SESSION_BYTES_MAX, Session
from simulation.stories.narrative_run import COMPONENT, noted
from simulation.units import Band, GenerationStatus, RequestId, SessionId

if TYPE_CHECKING:
    from simulation.world import World

RESULT_BYTES_MAX = 65_536
"""Bytes of one result as JSON: as much as an input may write into a component."""
REASON_CHARS_MAX = 200
"""Of why there is no result, in the component that tells a player."""
IGNORED = "nothing: it is recorded and ignored"
EXPIRED = "nobody answered before its time was over"


def ask(world: World, made: Sequence[Requested]) -> tuple[PersonWrite, ...]:
    """Queue generation requests; a full queue takes no more, and the tick says how many it refused. Answers
    who is held for them."""
    queue_max = world.config.generation.queue_max
    world.requests, accepted, refused = world.requests.make(made, world.tick, world.world_time, queue_max)
    world.counters.requests += len(accepted)
    world.note_refused(refused)
    return tuple(
        ComponentMerge(request.npc_id, WAITING_FOR, {request.request_id: _held(request)})
        for request in accepted
        if holds(request)
    )


def holds(request: Request) -> bool:
    """Whether its person begins nothing new meanwhile: only for a player, and never without an end."""
    waits = request.band is Band.PLAYER_WAITING and request.session_id is not None
    return waits and request.expires_at is not None


def _held(request: Request) -> dict[str, Any]:
    return {
        "kind": request.kind,
        "sessionId": request.session_id,
        "since": json_seconds(request.made_at),
        "until": json_seconds(request.expires_at or 0),
    }


def _released(request: Request) -> Iterator[Consequence]:
    if holds(request):
        yield ChangePerson(ComponentMerge(request.npc_id, WAITING_FOR, {request.request_id: None}))


def given_up(requests: Iterable[Request]) -> Iterator[Consequence]:
    """What follows when the time of requests is over: people are free, and a player is told."""
    for request in requests:
        yield from _unanswered(request, GenerationStatus.EXPIRED, EXPIRED)


def session_left(world: World, session_id: SessionId) -> Touches:
    """Nobody waits for that player's requests any more. Those a worker has stay until their result comes, so
    that a lockstep world waits for it wherever it was asked for."""
    mine = world.requests.of_session(session_id)
    if not mine:
        return {}
    world.requests = world.requests.without(r.request_id for r in mine if r.handed_tick is None)
    world.note_unwanted(mine, f"session {session_id} has left")
    return world.carry_out(item for request in mine for item in _released(request))


def land(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    """Apply one result. A late or unwanted one changes nothing but that it is not waited for any more."""
    request = world.requests.find(RequestId(str(payload.get("requestId"))))
    if request is None:
        return refused("nobody waits for this result", IGNORED), {}
    world.requests = world.requests.without((request.request_id,))
    status, reason = payload.get("status"), str(payload.get("reason", ""))
    if unwanted := _unwanted(world, request, status):
        return refused(unwanted, IGNORED), {} if request.given_up else world.carry_out(_released(request))
    if status != GenerationStatus.SUCCEEDED:
        none = [*_unanswered(request, status, reason), *_noted(world, request, None)]
        return granted(status=status, reason=reason), world.carry_out(none)
    result = payload.get("result")
    if unfit := _unfit(world, request, result):
        none = [*_unanswered(request, GenerationStatus.FAILED, unfit), *_noted(world, request, None)]
        return refused(unfit, IGNORED), world.carry_out(none)
    verdict = granted(status=status, writes=request.writes, component=request.component, npcId=request.npc_id)
    found = [*_landed(request, result), *_noted(world, request, result), *_released(request)]
    return verdict, world.carry_out(found)


def _unwanted(world: World, request: Request, status: object) -> str:
    """Why nobody wants the result any more; empty if somebody does."""
    if status == GenerationStatus.CANCELLED:
        return "this world had given it up"
    if request.lapsed(world.world_time):
        return f"it was wanted until {json_seconds(request.expires_at or 0)} s of world time"
    if request.session_id is not None and world.sessions.get(request.session_id) is None:
        return f"session {request.session_id} has left"
    if request.npc_id not in world.script.people_ids:
        return f"nobody called {request.npc_id} lives here any more"
    return ""


def _unfit(world: World, request: Request, result: object) -> str:
    """Why the result cannot be kept; empty if it can."""
    size = len(canonical(result))
    if size > RESULT_BYTES_MAX:
        return f"the result has {size} bytes, at most {RESULT_BYTES_MAX}"
    session = None if request.session_id is None else world.sessions.get(request.session_id)
    if session is not None:
        with_it = _kept(session, request, result).size
        return (
            f"the session would have {with_it} bytes, at most {SESSION_BYTES_MAX}"
            if (with_it > SESSION_BYTES_MAX)
            else ""
        )
    if request.flag is not None:
        return world.script.plugin_state.flag_room.judge(world.flags, _flags(request, result))
    return ""


def _kept(session: Session, request: Request, result: object) -> Session:
    if request.flag is not None:
        return session.with_flags(_flags(request, result))
    after = session.with_component(request.npc_id, request.component, written(request, result))
    run = noted(session, request.npc_id, request.request_id, result)
    return after if run is None else after.with_component(request.npc_id, COMPONENT, run.to_json())


def _landed(request: Request, result: object) -> Iterator[Consequence]:
    """Into a flag; else into a component, personal if a player asked, and perhaps into a scene."""
    session_id = request.session_id
    if request.flag is not None:
        for key, value in _flags(request, result).items():
            yield SetFlag(key, value, session_id)
        return
    value = written(request, result)
    if session_id is None:
        yield ChangePerson(ComponentWrite(request.npc_id, request.component, value))
        return
    yield SetPersonal(session_id, request.npc_id, request.component, value)
    if request.scene_id is not None:
        yield EnterScene(session_id, request.scene_id, (request.npc_id,))


def _noted(world: World, request: Request, result: object) -> Iterator[Consequence]:
    """A narrative that waits for it is told, since the next result may be written over this one before the
    tick that goes on."""
    session = None if request.session_id is None else world.sessions.get(request.session_id)
    run = None if session is None else noted(session, request.npc_id, request.request_id, result)
    if session is not None and run is not None:
        yield SetPersonal(session.id, request.npc_id, COMPONENT, run.to_json())


def _flags(request: Request, result: object) -> dict[str, Any]:
    """A result that is an object becomes one flag a value, with dotted keys."""
    return flat_flags({str(request.flag): result})


def written(request: Request, result: object) -> dict[str, Any]:
    """What a result becomes in a component."""
    node = request.params.get("nodeId")
    return {
        "requestId": request.request_id,
        "kind": request.kind,
        "askedAt": json_seconds(request.made_at),
        **({} if node is None else {"nodeId": node}),
        "result": result,
    }


def _unanswered(request: Request, status: object, reason: str) -> Iterator[Consequence]:
    """A player is told in the component where the result would be; nobody else waits."""
    if request.session_id is not None and request.flag is None:
        failed = {**written(request, None), "status": str(status), "reason": reason[:REASON_CHARS_MAX]}
        yield SetPersonal(request.session_id, request.npc_id, request.component, failed)
    yield from _released(request)
