"""What interactions, chains, intents and narratives bring about, as values: one place carries them out.

Consequences are carried out in the order they are given, at the end of a tick or with the input that caused
them; what they do to people reaches the tiers before the tick is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulation.components import put_at, take_at
from simulation.definitions.components import MISSING, value_at
from simulation.definitions.fields import is_number
from simulation.orders import Failure, PersonWrite, Requested
from simulation.sessions import SESSION_BYTES_MAX, Session
from simulation.stories import inboxes
from simulation.stories.turned_away import Why
from simulation.units import NpcId, SessionId

if TYPE_CHECKING:
    from simulation.world import World

ITEMS_MAX = 1_000_000
"""Of one kind in one inventory."""
INTERACTIONS = "interactions"
"""The personal component that keeps what hooks did."""


@dataclass(frozen=True, slots=True)
class SetFlag:
    """A flag of a session, or of the world where no session is named; None removes it."""

    key: str
    value: Any
    session_id: SessionId | None = None


@dataclass(frozen=True, slots=True)
class AddToFlag:
    """More of a flag of the world, or less: what others of the same tick add counts too. `npc_id` is told of
    if there is no number."""

    key: str
    amount: float
    npc_id: NpcId


@dataclass(frozen=True, slots=True)
class ChangePerson:
    """Something everybody sees of a person."""

    write: PersonWrite


@dataclass(frozen=True, slots=True)
class SetPersonal:
    """Put a component that is personal between a player and a person in place; None removes it."""

    session_id: SessionId
    npc_id: NpcId
    component: str
    value: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AddPersonal:
    """Set a number of a personal component, or add to it, clamped; one nobody wrote begins at `start`."""

    session_id: SessionId
    npc_id: NpcId
    component: str
    path: tuple[str, ...]
    value: float
    low: float
    high: float
    adds: bool = True
    start: float = 0.0


@dataclass(frozen=True, slots=True)
class PutPersonal:
    """Put one value inside a personal component; objects on the way are made where they are missing. None
    removes what is there."""

    session_id: SessionId
    npc_id: NpcId
    component: str
    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class GiveItem:
    """More of an item, or fewer; never fewer than none."""

    session_id: SessionId
    item: str
    count: int


@dataclass(frozen=True, slots=True)
class EnterScene:
    """The player's session goes to a scene with these people in it."""

    session_id: SessionId
    scene_id: str | None
    cast: tuple[NpcId, ...] = ()


@dataclass(frozen=True, slots=True)
class AskFor:
    """A generation request joins the world's queue."""

    request: Requested


@dataclass(frozen=True, slots=True)
class Failed:
    """A rule raised: counted and shown, and nothing else comes of it."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class AskPending:
    """An entry of a queue of pending content is asked for, if the world's own queue has room; else it
    stays."""

    session_id: SessionId
    npc_id: NpcId
    queue: str
    request: Requested


@dataclass(frozen=True, slots=True)
class StartNarrative:
    """A narrative program begins with the next tick, over the one that runs between the two, if any. Starts
    come after everything else that is brought about with them."""

    session_id: SessionId
    npc_id: NpcId
    program_id: str


@dataclass(frozen=True, slots=True)
class AddIntent:
    """A person wants to start something with the player: into the inbox, if it is urgent enough for a full
    one. With it what the session keeps of the hook that made it, at this path of `interactions`."""

    session_id: SessionId
    npc_id: NpcId
    intent: Mapping[str, Any]
    path: tuple[str, ...] = ()
    stamp: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DropIntents:
    """These are over: accepted, dismissed or expired."""

    session_id: SessionId
    ids: tuple[str, ...]


OfInbox = AddIntent | DropIntents
OfSession = SetFlag | SetPersonal | PutPersonal | AddPersonal | GiveItem | EnterScene | OfInbox
Consequence = OfSession | AddToFlag | ChangePerson | AskFor | AskPending | StartNarrative | Failed


def carry_out(world: World, consequences: Iterable[Consequence]) -> tuple[PersonWrite, ...]:
    """Do it, in order; answers what the tiers must still do to people. What names a session that has left
    is for nobody and does nothing."""
    from simulation import landing
    from simulation.stories import narrative_start, pending

    writes: list[PersonWrite] = []
    asked: list[Requested] = []
    starts: list[StartNarrative] = []
    flags: dict[str, Any] = {}
    for item in consequences:
        match item:
            case ChangePerson(write):
                writes.append(write)
            case AskFor(request):
                asked.append(request)
            case AskPending():
                asked.extend(pending.take(world, item, len(asked)))
            case StartNarrative():
                starts.append(item)
            case Failed(failure):
                world.failed.append(failure)
            case SetFlag(key, value, None):
                flags[key] = value
            case AddToFlag(key, amount, npc_id):
                before = flags[key] if key in flags else world.flags.get(key)
                if before is None or is_number(before):
                    flags[key] = summed(before or 0, amount)
                else:
                    failure = Failure(npc_id, f"flag {key}", f"is {before!r}, no number to add to")
                    world.failed.append(failure)
            case _:
                _to_session(world, item)
    _set_flags(world, flags)
    if asked:
        writes.extend(landing.ask(world, asked))
    for start in starts:
        narrative_start.begin(world, start)
    return tuple(writes)


def _set_flags(world: World, changes: Mapping[str, Any]) -> None:
    """Of the world, all at once, or as many as there is room for, in order; the others are told."""
    room = world.script.plugin_state.flag_room
    if not changes:
        return
    if room.judge(world.flags, changes):
        for key, value in changes.items():
            if wrong := room.judge(world.flags, {key: value}):
                world.failed.append(Failure(NpcId(""), f"flag {key}", wrong))
            else:
                world.set_flags({key: value})
        return
    world.set_flags(changes)
    room.note(world.flags)


def summed(before: float, amount: float) -> int | float:
    """Whole ones stay integers."""
    after = before + amount
    return int(after) if float(after).is_integer() else after


def _to_session(world: World, item: OfSession) -> None:
    session = None if item.session_id is None else world.sessions.get(item.session_id)
    if session is None:
        return
    after = session_after(session, item)
    if isinstance(item, AddIntent):
        count = inboxes.refused(session.inbox, after.inbox, item.intent)
        world.cues.turned_away.note(Why.INBOX, session.id, count)
    if after is not session:
        world.put_session(after)


def session_after(session: Session, item: OfSession) -> Session:
    """The session as that consequence leaves it."""
    match item:
        case SetFlag(key, value):
            return session.with_flags({key: value})
        case SetPersonal(_, npc_id, component, value):
            return session.with_component(npc_id, component, value)
        case PutPersonal(_, npc_id, component, path, None):
            rest = take_at(session.component(npc_id, component), path)
            return session.with_component(npc_id, component, rest or None)
        case PutPersonal(_, npc_id, component, path, value):
            put = put_at(session.component(npc_id, component), path, value)
            return session.with_component(npc_id, component, put)
        case AddPersonal(_, npc_id, component):
            before = session.component(npc_id, component)
            return session.with_component(npc_id, component, added(before, item))
        case GiveItem(_, name, count):
            left = min(ITEMS_MAX, max(0, session.inventory.get(name, 0) + count))
            others = {key: many for key, many in session.inventory.items() if key != name}
            return session.changed(inventory={**others, name: left} if left else others)
        case EnterScene(_, scene_id, cast):
            return session.changed(scene_id=scene_id, cast=cast)
        case AddIntent():
            return _with_intent(session, item)
        case DropIntents(_, ids):
            return session.changed(inbox=inboxes.without(session.inbox, ids))


def _with_intent(session: Session, item: AddIntent) -> Session:
    """With the intent, or as it was: without room for it nothing of it comes about."""
    inbox = inboxes.added(session.inbox, item.intent)
    if inbox is session.inbox:
        return session
    if item.path:
        before = session.component(item.npc_id, INTERACTIONS)
        kept = put_at(before, item.path, item.stamp)
        after = session.with_component(item.npc_id, INTERACTIONS, kept)
        is_new = value_at(before, item.path) is MISSING
        return session if is_new and after.size > SESSION_BYTES_MAX else after.changed(inbox=inbox)
    return session.changed(inbox=inbox)


def followed(session: Session, item: Consequence) -> Session:
    """The session as any consequence leaves it: most are about something else."""
    if isinstance(item, OfSession) and item.session_id == session.id:
        return session_after(session, item)
    return session


def added(component: Mapping[str, Any], change: AddPersonal) -> dict[str, Any]:
    """The component with one number changed, clamped; objects on the way are made where they are missing."""
    return changed_number(
        component, change.path, change.value, change.low, change.high, change.adds, change.start
    )


def changed_number(
    component: Mapping[str, Any],
    path: tuple[str, ...],
    value: float,
    low: float,
    high: float,
    adds: bool,
    start: float = 0.0,
) -> dict[str, Any]:
    """A copy with the number at `path` set or added to, clamped to [low, high]; whole ones stay integers."""
    head, *rest = path
    if rest:
        inner = component.get(head, {})
        kept = inner if isinstance(inner, Mapping) else {}
        return {**component, head: changed_number(kept, tuple(rest), value, low, high, adds, start)}
    before = component.get(head, start)
    known = before if isinstance(before, int | float) and not isinstance(before, bool) else start
    after = min(high, max(low, known + value if adds else value))
    return {**component, head: int(after) if float(after).is_integer() else after}
