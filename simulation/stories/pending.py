"""Content that narratives wait to ask for: `pendingDialogue` and `pendingActionBlocks`, drained by the tick.

Both are personal components, entries by id, bounded and with a time after which nobody wants them. A drained
entry is a generation request of the most urgent band; its result lands in the same session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.chance import word
from simulation.consequences import AskPending, Consequence, PutPersonal, SetPersonal, followed
from simulation.definitions.fields import SECONDS_MAX, is_number
from simulation.definitions.kept import (
    COMPONENT_OF_CALLS,
    COMPONENT_OF_RESULT,
    QUEUES,
    VISITS_MAX,
    is_request_of,
    queue_of,
)
from simulation.definitions.narrative_nodes import Asks
from simulation.due_times import DueTimes
from simulation.landing import EXPIRED
from simulation.orders import Requested
from simulation.person_json import json_seconds, micros
from simulation.sessions import Component, Session
from simulation.units import Band, GenerationMode, GenerationStatus, Micros, NpcId, RequestId, SessionId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.script import Script
    from simulation.stories.narrative_rules import Narrative
    from simulation.world import World

VISIT_DIGITS = 12
"""Decimal digits of a visit where texts are compared: more nodes than any run enters."""
assert len(str(VISITS_MAX)) == VISIT_DIGITS, "every visit can be compared"
OFF = "generation is off in this world"
NO_NODE = "its node is in no program of this world any more"
NOTHING: Component = {}

Key = tuple[str, str, str, str, str]
"""(session, npc, visit, queue, entry)"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something a node asks for. What the provider is told stands in the program."""

    request_id: RequestId
    program: str
    node: str
    kind: str
    component: str
    asked_at: Micros
    expires_at: Micros
    visit: int
    """Which of the nodes that its run entered: earlier ones ask first."""

    @property
    def queue(self) -> str:
        return queue_of(self.kind)

    def to_json(self) -> dict[str, Any]:
        return {
            "program": self.program,
            "nodeId": self.node,
            "kind": self.kind,
            "component": self.component,
            "askedAt": json_seconds(self.asked_at),
            "expiresAt": json_seconds(self.expires_at),
            "visit": self.visit,
        }


def read_entry(request_id: str, value: object) -> Entry | None:
    """What `to_json` wrote. None: this is none, since anybody may write a personal component."""
    if not isinstance(value, Mapping):
        return None
    texts = [value.get(key) for key in ("program", "nodeId", "kind", "component")]
    asked, expires, visit = value.get("askedAt"), value.get("expiresAt"), value.get("visit")
    if isinstance(visit, bool) or not isinstance(visit, int) or not 0 <= visit <= VISITS_MAX:
        return None
    if not all(isinstance(text, str) for text in texts) or not _is_time(asked) or not _is_time(expires):
        return None
    program, node, kind, component = map(str, texts)
    return Entry(
        RequestId(request_id), program, node, kind, component, _micros(asked), _micros(expires), visit
    )


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and is_number(value) and 0 <= value <= SECONDS_MAX


def _micros(value: Any) -> Micros:
    return Micros(micros(value))


def component_of(kind: str, external: bool) -> str:
    """Where a result lands."""
    return COMPONENT_OF_CALLS if external else COMPONENT_OF_RESULT[kind]


def free_of_expired(component: Component, now: Micros) -> dict[str, Any]:
    """The queue without what nobody wants any more."""
    found = {key: read_entry(key, value) for key, value in component.items()}
    return {
        key: component[key] for key, entry in found.items() if entry is not None and entry.expires_at > now
    }


def told(
    session_id: SessionId, npc_id: NpcId, entry: Entry, status: GenerationStatus, reason: str
) -> tuple[Consequence, ...]:
    """The player is told, where the result would be, that there will be none."""
    failed = {
        "requestId": entry.request_id,
        "kind": entry.kind,
        "askedAt": json_seconds(entry.asked_at),
        "nodeId": entry.node,
        "result": None,
        "status": str(status),
        "reason": reason,
    }
    return (
        PutPersonal(session_id, npc_id, entry.queue, (entry.request_id,), None),
        SetPersonal(session_id, npc_id, entry.component, failed),
    )


def take(world: World, item: AskPending, ahead: int) -> tuple[Requested, ...]:
    """Take an entry off its queue, if the world's own queue has room behind the `ahead` that go there first;
    else it stays. Where nothing is generated, the player is told."""
    session = world.sessions.get(item.session_id)
    request_id = item.request.request_id
    listed = NOTHING if session is None else session.component(item.npc_id, item.queue)
    entry = read_entry(request_id, listed.get(request_id))
    if session is None or entry is None:
        return ()
    generation = world.config.generation
    if generation.mode is GenerationMode.OFF:
        for one in told(session.id, item.npc_id, entry, GenerationStatus.CANCELLED, OFF):
            session = followed(session, one)
        world.put_session(session)
        return ()
    if len(world.requests.waiting) + ahead >= generation.queue_max:
        return ()
    off = PutPersonal(session.id, item.npc_id, item.queue, (request_id,), None)
    world.put_session(followed(session, off))
    return (item.request,)


class PendingContent:
    """A system: its due index is made from the queues that sessions keep."""

    name = "pendingContent"

    def __init__(self, script: Script) -> None:
        self.narratives: Mapping[str, Narrative] = script.narratives
        self.world_id = script.definition.id
        self.names = {npc.id: npc.name for npc in script.definition.npcs}
        self.index: DueTimes[Key] = DueTimes()
        self._seen: dict[SessionId, dict[tuple[NpcId, str], Component]] = {}
        """What the index was made from: a component that is the same object is not read again."""

    def budget(self, world: World) -> int:
        return world.config.job_budget

    def due(self, now: Micros) -> int:
        return self.index.count(now)

    def looks(self, now: Micros, most: int) -> Iterable[NpcId]:
        return ()

    def run(self, view: View, most: int) -> Sequence[Consequence]:
        return [item for key in self.index.first(view.now, most) for item in self._drained(view, key)]

    def _drained(self, view: View, key: Key) -> Iterator[Consequence]:
        session_id, npc_id, queue, entry_id = SessionId(key[0]), NpcId(key[1]), key[3], key[4]
        session = view.session(session_id)
        if session is None:
            return
        entry = read_entry(entry_id, session.component(npc_id, queue).get(entry_id))
        if entry is None or entry.queue != queue or not is_request_of(self.world_id, entry_id):
            yield PutPersonal(session_id, npc_id, queue, (entry_id,), None)
        elif entry.expires_at <= view.now:
            yield from told(session_id, npc_id, entry, GenerationStatus.EXPIRED, EXPIRED)
        elif (asks := self._asks(entry)) is None:
            yield from told(session_id, npc_id, entry, GenerationStatus.CANCELLED, NO_NODE)
        else:
            yield AskPending(session_id, npc_id, queue, self._request(view, session, npc_id, entry, asks))

    def _asks(self, entry: Entry) -> Asks | None:
        narrative = self.narratives.get(entry.program)
        node = None if narrative is None else narrative.program.nodes.get(entry.node)
        found = getattr(node, "asks", None)
        return found if isinstance(found, Asks) else None

    def _request(self, view: View, session: Session, npc_id: NpcId, entry: Entry, asks: Asks) -> Requested:
        told = {"npcName": self.names.get(npc_id, npc_id), "programId": entry.program, "nodeId": entry.node}
        return Requested(
            request_id=entry.request_id,
            npc_id=npc_id,
            entity=word(npc_id),
            kind=asks.kind,
            band=Band.PLAYER_WAITING,
            component=entry.component,
            params={**asks.params, **told},
            session_id=session.id,
            user_id=session.user_id,
            ttl=Micros(entry.expires_at - view.now),
        )

    def on_session(self, session_id: SessionId, session: Session | None) -> None:
        before = self._seen.pop(session_id, {})
        now = {
            (npc_id, queue): components[queue]
            for npc_id, components in (session.npcs if session is not None else {}).items()
            for queue in QUEUES
            if queue in components
        }
        if now:
            self._seen[session_id] = now
        for npc_id, queue in sorted(before.keys() | now.keys()):
            old, new = before.get((npc_id, queue), NOTHING), now.get((npc_id, queue), NOTHING)
            if old is not new:
                for entry_id, value in old.items():
                    _, visit = _place(entry_id, value)
                    self.index.put((session_id, npc_id, visit, queue, entry_id), None)
                for entry_id, value in new.items():
                    due, visit = _place(entry_id, value)
                    self.index.put((session_id, npc_id, visit, queue, entry_id), due)


def _place(entry_id: str, value: object) -> tuple[Micros, str]:
    """When it is due, which is at once, and where among those of the same time. What is no entry comes first,
    since it only stands in the way."""
    entry = read_entry(entry_id, value)
    return (Micros(0), "") if entry is None else (entry.asked_at, f"{entry.visit:0{VISIT_DIGITS}}")
