"""`session.flags.npcs["npc:<id>"]` blocks as personal components, there and back without loss.

A block's components keep their names. What is no component of ours - other keys of the block, values that are
no objects, names every file may use freely - waits in one component, `import`, for the way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulation.definitions.fields import is_descriptive

KEPT = "import"
"""The component that holds what a block has beside components."""
OF_BLOCK = "interactions"
"""A component that older blocks have beside `components` instead of in it."""

CHAINS = (OF_BLOCK, "chainProgress")
"""Component and key under which a block says how far chains are."""

PLAIN = {"rest": {}, "aside": {}, "components": True, "lifted": False}
"""What there is to keep of a block that holds components of ours and nothing else: nothing."""


def personal_of(block: Mapping[str, Any]) -> dict[str, Any]:
    """The personal components of one block."""
    found: dict[str, Any] = {}
    aside: dict[str, Any] = {}
    rest = {key: value for key, value in block.items() if key != "components"}
    components = block.get("components")
    whole = isinstance(components, Mapping)
    if not whole and "components" in block:
        rest["components"] = components
    for name, value in components.items() if isinstance(components, Mapping) else ():
        mine = isinstance(value, Mapping) and not is_descriptive(name) and name not in ("", KEPT)
        (found if mine else aside)[name] = value
    lifted = OF_BLOCK not in {**found, **aside} and isinstance(rest.get(OF_BLOCK), Mapping)
    if lifted:
        found[OF_BLOCK] = rest.pop(OF_BLOCK)
    kept = {"rest": rest, "aside": aside, "components": whole, "lifted": lifted}
    if block and not (found and kept == PLAIN):
        found[KEPT] = kept
    return found


def block_of(personal: Mapping[str, Any]) -> dict[str, Any]:
    """The block of personal components: what `personal_of` was given, with what has changed since."""
    kept = personal.get(KEPT, {**PLAIN, "components": len(personal) > 0})
    stored = (*kept.get("stored", ()), *kept.get("related", ()))
    told = with_chains(dict(personal))
    components = {name: value for name, value in told.items() if name != KEPT and name not in stored}
    block = dict(kept["rest"])
    if kept["lifted"] and OF_BLOCK in components:
        block[OF_BLOCK] = components.pop(OF_BLOCK)
    components.update(kept["aside"])
    if kept["components"] or components:
        block["components"] = components
    return block


def with_chains(personal: dict[str, Any]) -> dict[str, Any]:
    """With the chains that could not go on here back among the others."""
    kept = personal.get(KEPT, PLAIN)
    if chains := kept.get("chains"):
        component, key = CHAINS
        there = personal.get(component, {})
        personal[component] = {**there, key: {**chains, **there.get(key, {})}}
        personal[KEPT] = {name: value for name, value in kept.items() if name != "chains"}
    return personal


def with_stored(personal: Mapping[str, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    """With components of the same person from a store of game objects, which go back there."""
    new = {
        name: value for name, value in components.items() if name not in personal and name not in ("", KEPT)
    }
    mine = {
        name: value for name, value in new.items() if isinstance(value, Mapping) and not is_descriptive(name)
    }
    if not mine:
        return dict(personal)
    plain = {**PLAIN, "components": len(personal) > 0}
    return {**personal, **mine, KEPT: {**personal.get(KEPT, plain), "stored": sorted(mine)}}


def with_related(personal: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """With the relationship of the two from the session's statistics, which goes back there."""
    plain = {**PLAIN, "components": len(personal) > 0}
    return {**personal, "core": values, KEPT: {**personal.get(KEPT, plain), "related": ["core"]}}


def stored_of(personal: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The components that came from a store of game objects, as they are listed there."""
    names = sorted(personal.get(KEPT, {}).get("stored", ()))
    return [{"type": name, "data": personal[name]} for name in names if name in personal]


def session_out(session: Mapping[str, Any]) -> dict[str, Any]:
    """A session for the other backend: `flags` with the blocks of people, and their stored components."""
    flags = {**session["flags"], "npcs": blocks_of(session)}
    objects = {
        name: {"kind": "npc", "ref": name, "components": stored}
        for npc_id, personal in session["npcs"].items()
        if (stored := stored_of(personal)) and (name := ref_of(npc_id))
    }
    if objects:
        flags["gameObjects"] = {"objects": objects}
    found = {"id": session["id"], "version": session["version"], "flags": flags}
    related = {
        ref_of(npc_id): personal["core"]
        for npc_id, personal in session["npcs"].items()
        if personal.get(KEPT, {}).get("related") and "core" in personal
    }
    return {**found, "stats": {"relationships": related}} if related else found


def ref_of(npc_id: str) -> str:
    return npc_id if npc_id.startswith("npc:") else f"npc:{npc_id}"


def blocks_of(session: Mapping[str, Any]) -> dict[str, Any]:
    """`flags.npcs` of a session as it is now, by `npc:<id>`."""
    return {ref_of(npc_id): block_of(personal) for npc_id, personal in session["npcs"].items()}
