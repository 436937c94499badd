"""A whole import: shapes found, mapped, and brought to where `theatrum check` finds nothing wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.importing.aside import FREE, put_aside
from service.importing.narratives import narratives_of
from service.importing.people import identified, location_of, npc_of, npc_of_object, session_of
from service.importing.report import Report
from service.importing.shapes import Shapes, read_shapes
from service.importing.steps import lift_interactions
from service.importing.tiers import simulation_of
from simulation.definitions import Plugins, WorldDefinition
from simulation.definitions.fields import is_descriptive, is_number
from simulation.definitions.plugins import NO_PLUGINS

OF_WORLD = (
    "id",
    "name",
    "meta",
    "flags",
    "npcs",
    "locations",
    "sessions",
    "worldTime",
    "world_time",
    "version",
)


@dataclass(frozen=True, slots=True)
class Imported:
    document: dict[str, Any]
    definition: WorldDefinition
    report: Report


def import_world(
    given: Mapping[str, Any], source: str, world_id: str, plugins: Plugins = NO_PLUGINS
) -> Imported:
    """The world file of what was given. `world_id` is for files that have none. Raises WorldFileInvalid."""
    shapes, report = read_shapes(given, source), Report()
    for key in shapes.strange:
        report.lost(key, "nothing here corresponds to it; kept beside")
    world = shapes.world
    document: dict[str, Any] = {
        "id": str(world.get("id", world_id)),
        "name": str(world.get("name") or world_id),
    }
    if (time := _world_time(shapes, report)) is not None:
        document["worldTime"] = time
    if world.get("flags"):
        document["flags"] = world["flags"]
    document["locations"] = [
        location_of(place, report) for place in identified(shapes.locations, "location", report)
    ]
    places = {place["id"] for place in document["locations"]}
    document["npcs"] = [npc_of(npc, places, report) for npc in identified(shapes.npcs, "npc", report)]
    _objects(document, shapes, places, report)
    sessions = identified(shapes.sessions, "session", report)
    document["sessions"] = [session_of(session, places, report) for session in sessions]
    _make_people(document, report)
    document["meta"] = _meta(shapes, len(document["npcs"]), report)
    _default_tier(document)
    document |= {f"{FREE}{key}": value for key, value in shapes.strange.items()}
    for key, value in world.items():
        if key not in OF_WORLD:
            document[key if is_descriptive(key) else f"{FREE}{key}"] = value
            if not is_descriptive(key) and value not in (None, {}, []):
                report.lost(f"world {key}", "nothing here corresponds to it; kept beside")
    found = {key: value for key, value in document.items() if value not in ([], {})}
    found["meta"] = document["meta"]
    return Imported(found, put_aside(found, source, report, plugins), report)


TIMES = ("world_time", "worldTime")


def _world_time(shapes: Shapes, report: Report) -> Any:
    """One clock: the world's, else the latest a session was at."""
    own, key = _time_of(shapes.world)
    told = [(f"sessions {session.get('id')} ", *_time_of(session)) for session in shapes.sessions]
    times = [time for _, time, _ in told if is_number(time) and time >= 0]
    found = own if own is not None else max(times, default=None)
    if own is not None:
        report.became(f"world {key}", "worldTime")
    for where, time, key in told:
        if time is None:
            continue
        if time == found:
            report.became(f"{where}{key}", "worldTime")
        else:
            report.lost(f"{where}{key}", f"a world has one clock, here at {found}")
    return found


def _time_of(given: Mapping[str, Any]) -> tuple[Any, str]:
    """What a world or a session says its time is, and under which key."""
    key = next((key for key in TIMES if given.get(key) is not None), "")
    return given.get(key), key


def _objects(document: dict[str, Any], shapes: Shapes, places: set[str], report: Report) -> None:
    """People of a store of game objects that belongs to no session."""
    known = {npc["id"] for npc in document["npcs"]}
    for ref, thing in shapes.objects:
        if thing.get("kind") != "npc":
            report.lost(f"gameObjects {ref}", f"a {thing.get('kind')} is nothing a world knows; kept beside")
            document.setdefault(f"{FREE}gameObjects", {})[ref] = thing
            continue
        npc = npc_of_object(ref, thing, places, report)
        if npc["id"] in known:
            report.lost(f"gameObjects {ref}", "this person is among npcs already")
        else:
            known.add(npc["id"])
            document["npcs"].append(npc)
            report.became(f"gameObjects {ref}", "npcs[]")


def _make_people(document: dict[str, Any], report: Report) -> None:
    """Somebody whom sessions know and nobody defined is a person too."""
    known = {npc["id"] for npc in document["npcs"]}
    for session in document["sessions"]:
        for key in session["npcs"]:
            npc_id = key if key in known else key.removeprefix("npc:")
            if npc_id not in known:
                known.add(npc_id)
                document["npcs"].append({"id": npc_id, "name": npc_id})
                report.became(f"sessions {session['id']} flags.npcs.{key}", "npcs[]", "defined nowhere else")


def _meta(shapes: Shapes, people: int, report: Report) -> dict[str, Any]:
    given = shapes.world.get("meta")
    meta = (
        {key: value for key, value in given.items() if key != "behavior"}
        if isinstance(given, Mapping)
        else {}
    )
    _narratives(meta, shapes, report)
    lift_interactions(meta, report)
    behavior = {key: value for key, value in shapes.behavior.items() if key != "simulationConfig"}
    if behavior:
        meta["behavior"] = behavior
        report.became("behavior" if shapes.world else "$", "meta.behavior")
    config = shapes.behavior.get("simulationConfig")
    if isinstance(config, Mapping):
        block = simulation_of(config, people, report)
        own = meta.get("simulation")
        meta["simulation"] = {**block, **(own if isinstance(own, Mapping) else {})}
    return meta


def _narratives(meta: dict[str, Any], shapes: Shapes, report: Report) -> None:
    """Programs of `meta.narrative.programs`, and one that is a file of its own."""
    block = meta.get("narrative")
    given = block.get("programs") if isinstance(block, Mapping) else None
    found, aside = narratives_of(given, "meta.narrative.programs", report)
    more, beside = narratives_of(shapes.programs, "programs", report)
    if found or more:
        own = meta.get("narratives")
        meta["narratives"] = {**found, **more, **(own if isinstance(own, Mapping) else {})}
    if aside or beside:
        meta[f"{FREE}programs"] = {**aside, **beside}
    if isinstance(block, Mapping) and given is not None:
        meta.pop("narrative")
        if rest := {key: value for key, value in block.items() if key != "programs"}:
            meta[f"{FREE}narrative"] = rest
            report.lost("meta.narrative", f"only its programs are known; kept beside: {', '.join(rest)}")


def _default_tier(document: dict[str, Any]) -> None:
    """Where everybody begins whom no rule concerns."""
    tier = document["meta"].get("simulation", {}).pop("x-import-default-tier", None)
    for npc in document["npcs"] if tier is not None else ():
        components = dict(npc.get("components", {}))
        behavior = components.get("behavior", {})
        if isinstance(behavior, Mapping) and not behavior.get("simulationTier"):
            npc["components"] = {**components, "behavior": {**behavior, "simulationTier": tier}}
