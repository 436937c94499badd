"""`sessions` of a world file, and what inputs may say of one: the same shape, checked the same way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from simulation.definitions.activities import flat_flags
from simulation.definitions.fields import Fields, at, is_descriptive
from simulation.definitions.people import refuse_twins
from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.sessions import KEYS, SESSION_BYTES_MAX, SESSIONS_MAX, Session
from simulation.units import NpcId, SessionId

ITEMS_MAX = 1_000_000
"""Of one kind in one inventory."""
CAST_MAX = 100
"""People in one scene."""
KINDS_OF_ITEM_MAX = 1_000
"""In one inventory."""
ALIASES = ("userId", "user", "locationId", "location", "sceneId", "scene")
"""Either of each pair is read; one that is null is as if it were not there."""
FREE_KEYS = ("worldId", "components", "stats", "relationships", "scope")
"""Keys of the format that no rule reads; kept as they are."""


def read_sessions(fields: Fields, people: Collection[NpcId], places: Collection[str]) -> tuple[Session, ...]:
    """The sessions a world begins with; problems are noted."""

    def read(value: Any, path: str) -> Session:
        return read_session(Fields(value, path, fields.problems), people, places)

    found = fields.each("sessions", read, SESSIONS_MAX)
    refuse_twins([session.id for session in found], "sessions", fields.problems)
    return found


def read_session(fields: Fields, people: Collection[NpcId], places: Collection[str]) -> Session:
    """One session as it is written. `user`, `location` and `scene` are read as their `...Id` keys."""
    session_id = _short(fields, "id", required=True)
    found = Session(
        id=SessionId(session_id or ""),
        user_id=_short(fields, "userId" if fields.has("userId") else "user"),
        location_id=read_place(fields, places),
        scene_id=_short(fields, "sceneId" if fields.has("sceneId") else "scene"),
        cast=read_cast(fields, people),
        flags=flat_flags(fields.mapping("flags")),
        inventory=read_inventory(fields.within("inventory")),
        npcs=read_personal(fields.within("npcs"), people),
        version=fields.whole("version", 0, 2**53, 0),
        extra=_free(fields),
    )
    fields.ignore("inbox", *ALIASES, *FREE_KEYS)
    fields.done()
    if found.size > SESSION_BYTES_MAX:
        fields.refuse(fields.path, session_id, f"has {found.size} bytes", f"at most {SESSION_BYTES_MAX}")
    return found


def _short(fields: Fields, key: str, *, required: bool = False) -> str | None:
    if not required and fields.raw(key) is None:
        return None
    return fields.identifier(key)


def read_place(fields: Fields, places: Collection[str]) -> str | None:
    """Where the player is; None: nowhere in particular."""
    key = "locationId" if fields.has("locationId") else "location"
    place = _short(fields, key)
    if place is not None and place not in places:
        fields.problems.append(unknown_name(fields.at(key), place, places, "location"))
    return place


def read_cast(fields: Fields, people: Collection[NpcId]) -> tuple[NpcId, ...]:
    """Who plays in the player's scene."""
    names = tuple(person_named(name, people) for name in fields.texts("cast", CAST_MAX))
    for n, name in enumerate(names):
        if name not in people:
            fields.problems.append(unknown_name(at(fields.at("cast"), n), name, people, "npc"))
    return tuple(dict.fromkeys(names))


def person_named(name: str, people: Collection[NpcId]) -> NpcId:
    """A person's id as it is, or written `npc:ID`."""
    return NpcId(name if name in people else name.removeprefix("npc:"))


def read_inventory(fields: Fields) -> dict[str, int]:
    """Item -> how many; items of which there are none are left out."""
    listed = list(fields.entries())
    if len(listed) > KINDS_OF_ITEM_MAX:
        fields.refuse(fields.path, len(listed), f"has {len(listed)} kinds", f"at most {KINDS_OF_ITEM_MAX}")
    counts = {item: fields.whole(item, 0, ITEMS_MAX, 0) for item, _ in listed}
    return {item: count for item, count in counts.items() if count}


def read_personal(fields: Fields, people: Collection[NpcId]) -> dict[NpcId, Mapping[str, Any]]:
    """`npcs`: person -> component -> JSON object. A person may be written `npc:ID`."""
    found: dict[NpcId, Mapping[str, Any]] = {}
    for key, components in fields.entries():
        npc_id = person_named(key, people)
        if npc_id not in people:
            fields.problems.append(unknown_name(fields.at(key), key, people, "npc"))
            continue
        blocks = Fields(components, fields.at(key), fields.problems)
        found[npc_id] = dict(read_components(blocks))
    return found


def read_components(fields: Fields) -> list[tuple[str, Mapping[str, Any]]]:
    """Components by name, each a JSON object."""
    found = []
    for name, value in fields.entries():
        if isinstance(value, Mapping):
            found.append((name, value))
        else:
            fields.problems.append(Problem(fields.at(name), value, f"is {shown(value)}", "an object"))
    return found


def _free(fields: Fields) -> dict[str, Any]:
    kept = {key: fields.raw(key) for key in FREE_KEYS if fields.given(key)}
    kept.update({key: value for key, value in fields.values() if is_descriptive(key) and key not in KEYS})
    return kept
