"""`sessions` of a world file, and what inputs may say of one: the same shape, checked the same way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.activities import leaves_of
from simulation.definitions.components import Speech, check_personal
from simulation.definitions.fields import Fields, at, is_descriptive
from simulation.definitions.people import refuse_twins
from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.definitions.session_stories import check_stories, read_inbox
from simulation.sessions import KEYS, SESSION_BYTES_MAX, SESSIONS_MAX, Session
from simulation.units import NpcId, SessionId, WorldId

ITEMS_MAX = 1_000_000
"""Of one kind in one inventory."""
CAST_MAX = 100
"""People in one scene."""
KINDS_OF_ITEM_MAX = 1_000
"""In one inventory."""
ALIASES = {"userId": "user", "locationId": "location", "sceneId": "scene"}
"""Either of each pair is read; one that is null is as if it were not there."""
FREE_KEYS = ("worldId", "components", "stats", "relationships", "scope")
"""Keys of the format that no rule reads; kept as they are."""
VIEW_KEYS = ("worldTime", "chains", "refusedIntents")
"""What whoever looks at a session is shown beside it: no part of it, so not kept."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a session of a world may name."""

    world_id: WorldId
    people: Collection[NpcId]
    places: Collection[str]
    speech: Speech


def read_sessions(fields: Fields, around: Around) -> tuple[Session, ...]:
    """The sessions a world begins with; problems are noted."""

    def read(value: Any, path: str) -> Session:
        return read_session(Fields(value, path, fields.problems), around)

    found = fields.each("sessions", read, SESSIONS_MAX)
    refuse_twins([session.id for session in found], "sessions", fields.problems)
    return found


def read_session(fields: Fields, around: Around) -> Session:
    """One session as it is written, with everything that it keeps. `user`, `location` and `scene` are read as
    their `...Id` keys."""
    people, speech = around.people, around.speech
    session_id = fields.identifier("id")

    def check(components: Mapping[str, Any], path: str) -> None:
        check_personal(components, path, speech, fields.problems)
        check_stories(components, path, around.world_id, speech.stories, fields.problems)

    found = Session(
        id=SessionId(session_id),
        user_id=_either(fields, "userId"),
        location_id=read_place(fields, around.places),
        scene_id=_either(fields, "sceneId"),
        cast=read_cast(fields, people),
        flags=_flags(fields),
        inventory=read_inventory(fields.within("inventory")),
        npcs=read_personal(fields.within("npcs"), people, check),
        inbox=read_inbox(fields, people, speech.stories),
        version=fields.whole("version", 0, 2**53, 0),
        extra=_free(fields),
    )
    fields.ignore(*FREE_KEYS, *VIEW_KEYS)
    fields.done()
    if found.size > SESSION_BYTES_MAX:
        fields.refuse(fields.path, session_id, f"has {found.size} bytes", f"at most {SESSION_BYTES_MAX}")
    return found


def _either(fields: Fields, key: str) -> str | None:
    """What stands under a key or its other name; both only if they say the same."""
    other = ALIASES[key]
    given = [name for name in (key, other) if fields.has(name)]
    fields.ignore(key, other)
    said = [fields.identifier(name) for name in given]
    if len(set(said)) > 1:
        fields.refuse(fields.at(other), said[1], f"is {shown(said[1])}", f"only {key}, or the same as there")
    return said[0] if said else None


def read_place(fields: Fields, places: Collection[str]) -> str | None:
    """Where the player is; None: nowhere in particular."""
    place = _either(fields, "locationId")
    if place is not None and place not in places:
        key = "locationId" if fields.has("locationId") else "location"
        fields.problems.append(unknown_name(fields.at(key), place, places, "location"))
    return place


def _flags(fields: Fields) -> dict[str, Any]:
    """The player's flags; one that is null is as if it were not there, and each is said once."""
    given = fields.flags("flags")
    found: dict[str, Any] = {}
    for name, value in leaves_of(given):
        if name in found:
            fields.refuse(at(fields.at("flags"), name), value, "is given twice", "each flag once")
        elif value is not None:
            found[name] = value
    return found


def read_cast(fields: Fields, people: Collection[NpcId]) -> tuple[NpcId, ...]:
    """Who plays in the player's scene."""
    names = tuple(person_named(name, people) for name in fields.ids("cast", CAST_MAX))
    for n, name in enumerate(names):
        if name not in people:
            fields.problems.append(unknown_name(at(fields.at("cast"), n), name, people, "npc"))
    return tuple(dict.fromkeys(names))


def person_named(name: str, people: Collection[NpcId]) -> NpcId:
    """A person's id as it is, or written `npc:ID`."""
    return NpcId(name if name in people else name.removeprefix("npc:"))


def read_inventory(fields: Fields) -> dict[str, int]:
    """Item -> how many; items of which there are none are left out."""
    listed = [(item, count) for item, count in fields.values() if not is_descriptive(item) or is_count(count)]
    if len(listed) > KINDS_OF_ITEM_MAX:
        fields.refuse(fields.path, len(listed), f"has {len(listed)} kinds", f"at most {KINDS_OF_ITEM_MAX}")
    counts = {item: fields.whole(item, 0, ITEMS_MAX, 0) for item, _ in listed}
    return {item: count for item, count in counts.items() if count}


def read_personal(
    fields: Fields, people: Collection[NpcId], check: Callable[[Mapping[str, Any], str], None]
) -> dict[NpcId, Mapping[str, Any]]:
    """`npcs`: person -> component -> JSON object. A person may be written `npc:ID`. `check(components, path)`
    notes what is wrong with one person's."""
    found: dict[NpcId, Mapping[str, Any]] = {}
    for key, components in fields.values():
        if components is None:
            continue
        npc_id = person_named(key, people)
        if npc_id in found:
            fields.refuse(fields.at(key), key, f"{npc_id} is given twice", "each person once")
        if npc_id not in people and is_descriptive(key):
            continue
        if npc_id not in people:
            fields.problems.append(unknown_name(fields.at(key), key, people, "npc"))
            continue
        blocks = Fields(components, fields.at(key), fields.problems)
        found[npc_id] = dict(read_components(blocks))
        check(found[npc_id], fields.at(key))
    return found


def read_components(fields: Fields) -> list[tuple[str, Mapping[str, Any]]]:
    """Components by name, each a JSON object. What has a descriptive name and is none describes."""
    found = []
    for name, value in fields.values():
        if isinstance(value, Mapping):
            found.append((name, value))
        elif value is not None and not is_descriptive(name):
            fields.problems.append(Problem(fields.at(name), value, f"is {shown(value)}", "an object"))
    return found


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _free(fields: Fields) -> dict[str, Any]:
    kept = {key: fields.raw(key) for key in FREE_KEYS if fields.given(key)}
    kept.update({key: value for key, value in fields.values() if is_descriptive(key) and key not in KEYS})
    return kept
