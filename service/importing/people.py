"""People, places and sessions of the other shapes as entries of a world file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from service.importing.aside import FREE
from service.importing.blocks import personal_of, stored_of, with_related, with_stored
from service.importing.report import Report
from service.importing.shapes import components_of, store_of
from simulation.definitions.fields import is_descriptive, is_number
from simulation.definitions.preferences import TRAITS

HOMES = ("home_location_id", "homeLocationId")
OF_NPC = ("id", "name", "personality", "components")
OF_SESSION: tuple[str, ...] = (
    "id",
    "user_id",
    "userId",
    "scene_id",
    "sceneId",
    "version",
    "flags",
    "world_id",
    "worldId",
    "world_time",
    "worldTime",
)
PLACE_TYPE = "place"
"""Of a location whose file does not say what it is."""


def identified(listed: Sequence[Mapping[str, Any]], kind: str, report: Report) -> list[Mapping[str, Any]]:
    """Each of them with an id; those that have none are called by their place."""
    names = {f"{kind}s[{n}]": f"{kind}-{n + 1}" for n, one in enumerate(listed) if one.get("id") is None}
    for path, name in names.items():
        report.became(path, f"{kind}s {name}", "it has no id")
    return [{**one, "id": names.get(f"{kind}s[{n}]", one.get("id"))} for n, one in enumerate(listed)]


def object_of(value: object) -> dict[str, Any]:
    """An object that may be changed; of anything else, an empty one."""
    return dict(value) if isinstance(value, Mapping) else {}


def location_of(given: Mapping[str, Any], report: Report) -> dict[str, Any]:
    meta = given.get("meta")
    inner = meta if isinstance(meta, Mapping) else {}
    kind = given.get("type") or given.get("location_type") or inner.get("type") or inner.get("locationType")
    found = {"id": str(given.get("id")), "name": str(given.get("name") or given.get("id"))}
    if not kind:
        report.became(f"locations {found['id']}", "locations[]", f"without a type, so {PLACE_TYPE}")
    free = _free(given, ("id", "name", "type", "location_type"), f"locations {found['id']}", report)
    return {**found, "type": str(kind or PLACE_TYPE), **free}


def npc_of(given: Mapping[str, Any], places: Collection[str], report: Report) -> dict[str, Any]:
    """A person; `meta.behavior` of theirs is where the other format keeps routine and preferences."""
    npc_id = str(given.get("id"))
    personality = _personality(given, npc_id, places, report)
    components = given.get("components")
    found: dict[str, Any] = {"id": npc_id, "name": str(given.get("name") or npc_id)}
    if personality:
        found["personality"] = personality
    if components:
        found["components"] = components_of(given)
    home = () if "home" not in personality else HOMES
    return {**found, **_free(given, (*OF_NPC, *home), f"npcs {npc_id}", report)}


def _personality(
    given: Mapping[str, Any], npc_id: str, places: Collection[str], report: Report
) -> dict[str, Any]:
    own = given.get("personality")
    found = dict(own) if isinstance(own, Mapping) else {}
    traits = {name: found.pop(name) for name in TRAITS if is_number(found.get(name))}
    meta = given.get("meta")
    behavior = meta.get("behavior") if isinstance(meta, Mapping) else None
    for key in ("routineId", "preferences"):
        if isinstance(behavior, Mapping) and behavior.get(key) is not None:
            found[key] = behavior[key]
            report.became(f"npcs {npc_id} meta.behavior.{key}", f"npcs[].personality.{key}")
    if traits:
        liked = found.get("preferences") or {}
        preferences = object_of(liked)
        if preferences != liked or not isinstance(preferences.get("traitModifiers", {}), Mapping):
            found[f"{FREE}preferences"] = liked
            report.lost(f"npcs {npc_id} preferences", "is no object; kept beside")
        preferences["traitModifiers"] = {**traits, **object_of(preferences.get("traitModifiers"))}
        found["preferences"] = preferences
        report.became(f"npcs {npc_id} personality", "npcs[].personality.preferences.traitModifiers")
    home = next((given[key] for key in HOMES if given.get(key) is not None), None)
    if home is not None and str(home) in places:
        found["home"] = str(home)
        report.became(f"npcs {npc_id} home_location_id", "npcs[].personality.home")
    return found


def _free(given: Mapping[str, Any], known: Collection[str], path: str, report: Report) -> dict[str, Any]:
    """Everything else, under keys that mean nothing; what is empty is nothing lost."""
    found = {}
    for key, value in given.items():
        if key not in known:
            found[key if is_descriptive(key) else f"{FREE}{key}"] = value
            if not is_descriptive(key) and value not in (None, {}, []):
                report.lost(f"{path} {key}", "nothing here corresponds to it; kept beside")
    return found


def npc_of_object(
    ref: str, given: Mapping[str, Any], places: Collection[str], report: Report
) -> dict[str, Any]:
    """A person as a game object of kind `npc`."""
    components = components_of(given)
    known: tuple[str, ...] = (*OF_NPC, "kind", "ref")
    place = object_of(given.get("transform")).get("locationId")
    if place is not None and str(place) in places:
        behavior = components.get("behavior")
        components["behavior"] = {
            **(behavior if isinstance(behavior, Mapping) else {}),
            "locationId": str(place),
        }
        known = (*known, "transform")
    npc_id = str(given.get("id", ref.removeprefix("npc:")))
    role = object_of(given.get("npcData")).get("role")
    return {
        "id": npc_id,
        "name": str(given.get("name") or npc_id),
        **({"personality": {"roles": [role]}} if isinstance(role, str) and role else {}),
        "components": components,
        **_free(given, known, f"gameObjects {ref}", report),
    }


def session_of(given: Mapping[str, Any], places: Collection[str], report: Report) -> dict[str, Any]:
    """A session: blocks of `flags.npcs` and relationships become personal components, items of its store the
    inventory."""
    flags = object_of(given.get("flags"))
    name = str(given.get("id"))
    aside = {} if flags or not given.get("flags") else {f"{FREE}flags": given["flags"]}
    if aside:
        report.lost(f"sessions {name} flags", "is no object; kept beside")
    blocks, objects = flags.pop("npcs", {}), flags.pop("gameObjects", None)
    found: dict[str, Any] = {"id": name, **aside}
    for source, target in (("user_id", "userId"), ("scene_id", "sceneId"), ("version", "version")):
        value = given.get(source, given.get(target))
        if value is not None:
            found[target] = value if target == "version" else str(value)
            if source in given and source != target:
                report.became(f"sessions {name} {source}", f"sessions[].{target}")
    if (place := _place_of(flags, places)) is not None:
        found["locationId"] = place
        report.became(f"sessions {name} flags.gameState", f"sessions[].locationId {place}")
    npcs = _personal(blocks, name, report)
    _relate(npcs, given, name, report)
    inventory, strange = _objects(objects, npcs, name, report)
    found |= {"flags": flags, "npcs": npcs}
    if inventory:
        found["inventory"] = inventory
    if strange:
        found[f"{FREE}gameObjects"] = strange
    kept = {key: value for key, value in given.items() if key in ("stats", "relationships")}
    return {**found, **kept, **_free(given, (*OF_SESSION, *kept), f"sessions {name}", report)}


def _place_of(flags: Mapping[str, Any], places: Collection[str]) -> str | None:
    """Where the player is, as the state of their game says: `location:ID`."""
    state = flags.get("gameState")
    if not isinstance(state, Mapping):
        return None
    given = str(state.get("locationId", state.get("location_id", ""))).removeprefix("location:")
    return given if given in places else None


def _relate(npcs: dict[str, Any], given: Mapping[str, Any], session: str, report: Report) -> None:
    """Relationships of a session, which are how the player and a person stand: their component `core`."""
    stats = given.get("stats")
    related = stats.get("relationships") if isinstance(stats, Mapping) else None
    listed = related or given.get("relationships")
    if listed and not isinstance(listed, Mapping):
        report.lost(f"sessions {session} relationships", "is no object; kept in the session")
    for key, values in object_of(listed).items():
        path = f"sessions {session} relationships {key}"
        if not (str(key).startswith("npc:") and isinstance(values, Mapping)):
            report.lost(path, "is of no person; kept in the session")
        elif "core" in npcs.get(key, {}):
            report.lost(path, "flags.npcs has a core component of theirs; kept in the session")
        elif values:
            npcs[key] = with_related(npcs.get(key, {}), values)
            report.became(path, f"sessions[].npcs.{key}.core")


def _personal(blocks: object, session: str, report: Report) -> dict[str, Any]:
    found = {}
    for key, block in blocks.items() if isinstance(blocks, Mapping) else ():
        if str(key).startswith("npc:") and isinstance(block, Mapping):
            found[key] = personal_of(block)
        else:
            report.lost(f"sessions {session} flags.npcs.{key}", "is no block of a person")
    if found:
        report.became(f"sessions {session} flags.npcs", "sessions[].npcs", f"{len(found)} people")
    return found


def _objects(
    store: object, npcs: dict[str, Any], session: str, report: Report
) -> tuple[dict[str, int], dict[str, Any]]:
    """(inventory, objects that are nothing here) of a session's store; components of people join `npcs`."""
    inventory: dict[str, int] = {}
    strange: dict[str, Any] = {}
    for ref, thing in store_of(store):
        path = f"sessions {session} flags.gameObjects {ref}"
        data = thing.get("itemData") or {}
        count = data.get("quantity", 1) if isinstance(data, Mapping) else None
        if thing.get("kind") == "npc":
            npcs[ref] = with_stored(npcs.get(ref, {}), components_of(thing))
            report.became(path, "sessions[].npcs")
            if stored_of(npcs[ref]) != thing.get("components", []):
                strange[ref] = thing
                report.lost(f"{path} components", "some are off, or in flags.npcs already; kept beside")
        elif thing.get("kind") == "item" and isinstance(count, int) and count > 0:
            item = str(data.get("itemDefId") or ref.removeprefix("item:"))
            inventory[item] = inventory.get(item, 0) + count
            report.became(path, f"sessions[].inventory.{item}")
        else:
            strange[ref] = thing
            report.lost(path, f"a {thing.get('kind')} is nothing a world knows; kept beside")
    return inventory, strange
