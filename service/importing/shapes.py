"""The other backend's shapes: a bare behaviour file, a world, a session, or several of them in one object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.definitions import Problem, WorldFileInvalid

OF_BEHAVIOR = ("activities", "routines", "activityCategories", "scoringConfig", "simulationConfig", "presets")
OF_PROGRAM = ("nodes", "edges")
EXPECTED = (
    "a behaviour file (activities, routines, simulationConfig ...), a world (meta.behavior), a session "
    "(flags.npcs), a snapshot or a scenario with one, a project bundle (core), a narrative program (nodes, "
    "edges), or one object with world, behavior, npcs, locations, sessions or gameObjects"
)


@dataclass
class Shapes:
    """What was found in a file, each thing with where it was."""

    world: Mapping[str, Any] = field(default_factory=dict)
    behavior: Mapping[str, Any] = field(default_factory=dict)
    npcs: list[Mapping[str, Any]] = field(default_factory=list)
    locations: list[Mapping[str, Any]] = field(default_factory=list)
    sessions: list[Mapping[str, Any]] = field(default_factory=list)
    objects: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """(ref, object) of a store of game objects that is nobody's session."""
    programs: list[Mapping[str, Any]] = field(default_factory=list)
    """Narrative programs that belong to no world yet."""
    strange: dict[str, Any] = field(default_factory=dict)
    """Keys of the whole that are none of this."""


OF_WRAPPING = ("id", "name", "description", "version", "schema_version", "schemaVersion", "exported_at")
"""What a scenario or a bundle says of itself."""
RENAMED = {
    "source_id": "id",
    "sessionId": "id",
    "session_id": "id",
    "home_location_source_id": "home_location_id",
}
"""Other names of the same, in snapshots and bundles."""


def _unwrapped(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A snapshot as a world with its sessions; ids of snapshots and bundles under the names others use."""
    found = dict(document)
    for key in ("npcs", "locations", "sessions"):
        if isinstance(found.get(key), list):
            found[key] = [_renamed(one) for one in found[key]]
    meta = found.pop("world_meta", found.pop("worldMeta", None))
    if not isinstance(meta, Mapping):
        return found
    world: dict[str, Any] = {"meta": meta}
    for given, ours in (("world_id", "id"), ("worldId", "id"), ("world_time", "world_time")):
        if given in found:
            world[ours] = found.pop(given)
    if "worldTime" in found:
        world["world_time"] = found.pop("worldTime")
    return {**found, "world": world}


def _renamed(one: Any) -> Any:
    return {RENAMED.get(key, key): value for key, value in one.items()} if isinstance(one, Mapping) else one


def read_shapes(document: Mapping[str, Any], source: str) -> Shapes:
    """Sort out a file. Raises WorldFileInvalid, saying what is expected."""
    found = Shapes()
    if any(key in document for key in OF_BEHAVIOR):
        found.behavior = document
        return found
    if all(key in document for key in OF_PROGRAM) and (
        "entryNodeId" in document or "entry_node_id" in document
    ):
        found.programs = [document]
        return found
    for key in ("snapshot", "core"):
        inner = document.get(key)
        if isinstance(inner, Mapping):
            found = read_shapes(_unwrapped(inner), f"{source} {key}")
            found.strange |= {
                name: value for name, value in document.items() if name not in (key, *OF_WRAPPING)
            }
            if found.world and isinstance(document.get("name"), str):
                found.world = {"name": document["name"], **found.world}
            return found
    document = _unwrapped(document)
    if isinstance(document.get("flags"), Mapping) and "meta" not in document and "npcs" not in document:
        found.sessions = [document]
        return found
    world = document.get("world")
    found.world = world if isinstance(world, Mapping) else document if "meta" in document else {}
    meta = found.world.get("meta")
    inner = meta.get("behavior") if isinstance(meta, Mapping) else None
    behavior = document.get("behavior", inner)
    found.behavior = behavior if isinstance(behavior, Mapping) else {}
    session = document.get("session")
    listed = [session] if isinstance(session, Mapping) else _objects(document, "sessions")
    found.npcs, found.locations = _objects(document, "npcs"), _objects(document, "locations")
    found.sessions = listed
    found.objects = list(store_of(document.get("gameObjects")))
    if not (found.world or found.behavior or found.npcs or found.sessions or found.objects):
        shown = ", ".join(sorted(document)[:8]) or "nothing"
        raise WorldFileInvalid(source, [Problem("$", "", f"has {shown}, none of which is known", EXPECTED)])
    known = {"world", "behavior", "npcs", "locations", "session", "sessions", "gameObjects", "version"}
    if found.world is not document:
        found.strange = {key: value for key, value in document.items() if key not in known}
    return found


def _objects(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """A list of objects, or an object of objects by id."""
    value = document.get(key)
    if isinstance(value, Mapping):
        return [{"id": name, **one} for name, one in value.items() if isinstance(one, Mapping)]
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def store_of(value: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(ref, object) of a store: `{objects: {ref: object}}`, `{ref: object}` or a list."""
    if isinstance(value, Mapping):
        inner = value.get("objects", value)
        for ref, one in inner.items() if isinstance(inner, Mapping) else ():
            if isinstance(one, Mapping):
                yield str(ref), one
    elif isinstance(value, list):
        for one in value:
            if isinstance(one, Mapping):
                yield str(one.get("ref", f"{one.get('kind')}:{one.get('id')}")), one


def components_of(thing: Mapping[str, Any]) -> dict[str, Any]:
    """The components of a game object by name: listed with their type, or by name. Disabled ones are none."""
    listed = thing.get("components")
    if isinstance(listed, Mapping):
        return dict(listed)
    return {
        str(one.get("type")): one.get("data", {})
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, Mapping) and one.get("enabled", True) is not False
    }
