"""Inputs about sessions and flags: players come, move, change and leave; the world's flags are set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simulation.definitions.activities import flat_flags
from simulation.definitions.components import Speech, check_personal
from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, shown
from simulation.definitions.sessions import (
    Around,
    person_named,
    read_cast,
    read_inventory,
    read_personal,
    read_place,
    read_session,
)
from simulation.flag_room import FLAGS_MAX, WORLD_FLAGS_BYTES_MAX
from simulation.hashing import canonical, same_json
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Touches
from simulation.landing import session_left
from simulation.sessions import SESSION_BYTES_MAX, SESSIONS_MAX, Session
from simulation.units import NpcId, SessionId

if TYPE_CHECKING:
    from simulation.world import World

NOTHING: Touches = {}


def speech(world: World) -> Speech:
    """What personal components of this world may speak of."""
    return world.script.definition.speech


def problem_verdict(problems: list[Problem]) -> Verdict:
    """Every problem of a payload in one refusal."""
    return refused("; ".join(str(problem) for problem in problems), "nothing was changed")


def join(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    """A player comes: `session` as in a world file. Refused while the id is taken."""
    problems: list[Problem] = []
    whole = Fields(payload, "$", problems)
    fields = Fields(whole.raw("session"), "$.session", problems)
    whole.done()
    script = world.script
    session = read_session(fields, Around(world.id, script.people_ids, script.location_index, speech(world)))
    if wrong := [problem for problem in problems if not problem.warning]:
        return problem_verdict(wrong), NOTHING
    if world.sessions.get(session.id) is not None:
        return refused(f"session {session.id} is here already", "update it, or let it leave first"), NOTHING
    if len(world.sessions) >= SESSIONS_MAX:
        return refused(f"{SESSIONS_MAX} sessions are here already", "let one leave first"), NOTHING
    world.put_session(session)
    return granted(sessionId=session.id, version=session.version), NOTHING


def update(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    """A player moves, changes scene, or what is theirs changes. `expectedVersion` refuses a stale writer."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    session = find(world, fields)
    if session is None:
        return unknown(world, payload), NOTHING
    if late := stale(fields, session):
        return late, NOTHING
    changes = _changes(world, fields, session)
    fields.ignore("expectedVersion", *CHANGEABLE)
    fields.done()
    if problems:
        return problem_verdict(problems), NOTHING
    if not changes:
        return refused("$ changes nothing", f"give one of {', '.join(CHANGEABLE)}"), NOTHING
    changed = session.changed(**changes)
    if is_so(session, changed):
        return granted(sessionId=session.id, version=session.version, changed=False), NOTHING
    if large := too_large(changed):
        return large, NOTHING
    world.put_session(changed)
    return granted(sessionId=session.id, version=changed.version), NOTHING


def is_so(before: Session, after: Session) -> bool:
    """Whether they differ in nothing but the version."""
    return same_json(before.to_json(), {**after.to_json(), "version": before.version})


def stale(fields: Fields, session: Session) -> Verdict | None:
    """The refusal of a writer that has seen another version; one that expects none is let through."""
    if not fields.given("expectedVersion"):
        return None
    before = len(fields.problems)
    wanted = fields.whole("expectedVersion", 0, VERSION_MAX, -1)
    if len(fields.problems) > before:
        return problem_verdict(fields.problems)
    if wanted == session.version:
        return None
    reason = f"$.expectedVersion: session {session.id} is at version {session.version}, not {wanted}"
    return refused(reason, "read it again and decide anew", version=session.version)


VERSION_MAX = 2**53
"""As in a world file: the largest whole number that every reader of JSON holds exactly."""

CHANGEABLE = ("locationId", "sceneId", "cast", "flags", "inventory", "npcs")


def _changes(world: World, fields: Fields, session: Session) -> dict[str, Any]:
    """The fields of the session that the payload replaces. Flags, items and components merge key by key; one
    that is null is removed."""
    found: dict[str, Any] = {}
    people, places = world.script.people_ids, world.script.location_index
    if fields.given("locationId"):
        found["location_id"] = read_place(fields, places)
    if fields.given("sceneId"):
        found["scene_id"] = fields.text("sceneId") if fields.has("sceneId") else fields.raw("sceneId")
    if fields.given("cast"):
        found["cast"] = read_cast(fields, people)
    if fields.given("flags"):
        found["flags"] = session.with_flags(flat_flags(fields.flags("flags"))).flags
    if fields.given("inventory"):
        mine = {**session.inventory, **dict.fromkeys(fields.mapping("inventory"), 0)}
        mine.update(read_inventory(fields.within("inventory")))
        found["inventory"] = {item: count for item, count in mine.items() if count}
    if fields.given("npcs"):
        speaks, notes = speech(world), fields.problems
        given = read_personal(
            fields.within("npcs"),
            people,
            lambda components, path: check_personal(components, path, speaks, notes),
        )
        found["npcs"] = _merged(session, given, _removed(fields, people))
    return found


def _removed(fields: Fields, people: Collection[NpcId]) -> Iterator[tuple[NpcId, str]]:
    """Components that are null."""
    for key, components in fields.mapping("npcs").items():
        for name, value in components.items() if isinstance(components, Mapping) else ():
            if value is None:
                yield person_named(key, people), name


def _merged(
    session: Session,
    given: Mapping[NpcId, Mapping[str, Any]],
    removed: Iterable[tuple[NpcId, str]],
) -> Mapping[NpcId, Mapping[str, Any]]:
    for npc_id, name in removed:
        session = session.with_component(npc_id, name, None)
    for npc_id, components in given.items():
        for name, value in components.items():
            session = session.with_component(npc_id, name, value)
    return session.npcs


def leave(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    """A player goes; what was personal between them and the people goes with them, and is in the answer."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    session = find(world, fields)
    if session is None:
        return unknown(world, payload), NOTHING
    if late := stale(fields, session):
        return late, NOTHING
    fields.done()
    if problems:
        return problem_verdict(problems), NOTHING
    world.drop_session(session.id)
    found = granted(sessionId=session.id, session=session.to_json())
    return found, session_left(world, session.id)


def flags(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches]:
    """Set flags of the world; one that is null is removed."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    changes = flat_flags(fields.flags("flags"))
    fields.done()
    if not changes and not problems:
        return refused("$.flags is empty", 'give at least one flag, such as {"town.festival": true}'), NOTHING
    if problems:
        return problem_verdict(problems), NOTHING
    if (size := len(canonical(changes))) > FLAGS_BYTES_MAX:
        return refused(f"$.flags has {size} bytes", f"at most {FLAGS_BYTES_MAX}"), NOTHING
    if len(world.flags.keys() | changes.keys()) > FLAGS_MAX:
        return refused(f"the world would have more than {FLAGS_MAX} flags", "remove some first"), NOTHING
    kept = {key: value for key, value in {**world.flags, **changes}.items() if value is not None}
    if (size := len(canonical(kept))) > max(WORLD_FLAGS_BYTES_MAX, len(canonical(world.flags))):
        reason = f"the world would have {size} bytes of flags"
        return refused(reason, f"at most {WORLD_FLAGS_BYTES_MAX}: remove some first"), NOTHING
    changed = {key: value for key, value in changes.items() if not same_json(world.flags.get(key), value)}
    world.set_flags(changes)
    return granted(changed=changed), NOTHING


FLAGS_BYTES_MAX = 65_536
"""Bytes that one input may set of a world's flags, as JSON."""


def too_large(session: Session) -> Verdict | None:
    """The refusal of a session that grew beyond its bound."""
    size = session.size
    if size <= SESSION_BYTES_MAX:
        return None
    return refused(f"the session would have {size} bytes", f"at most {SESSION_BYTES_MAX}")


def find(world: World, fields: Fields) -> Session | None:
    """The session that a payload names."""
    name = fields.raw("sessionId")
    return world.sessions.get(SessionId(name)) if isinstance(name, str) else None


def unknown(world: World, payload: Mapping[str, Any]) -> Verdict:
    """No such session: with a few that are here."""
    here = ", ".join(session.id for _, session in zip(range(SHOWN_MAX), world.sessions, strict=False))
    return refused(f"$.sessionId is {shown(payload.get('sessionId'))}", f"here are: {here or 'none'}")


SHOWN_MAX = 8
"""Sessions that a refusal names."""
