"""`meta.interactions`: what a player may do with a person, when, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulation.definitions.activities import same_id
from simulation.definitions.chains import Chain
from simulation.definitions.conditions import normal_ref
from simulation.definitions.fields import Fields
from simulation.definitions.interaction_gates import Gating, Known, read_gating
from simulation.definitions.interaction_outcomes import Outcome, read_outcome
from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.definitions.sessions import person_named

INTERACTIONS_MAX = 1_000
"""Of one world: all of one person's are judged when somebody lists them."""
TARGETS_MAX = 1_000
"""People and roles that one interaction names."""
SURFACES = ("inline", "dialogue", "scene", "notification", "menu")
PRIORITY_MAX = 1_000_000
"""Of one interaction, in either direction; it only orders a list."""


@dataclass(frozen=True, slots=True)
class Interaction:
    """One definition. With no targets it is for everybody."""

    id: str
    label: str
    path: str
    surface: str
    priority: int
    targets: tuple[str, ...]
    """`npc:ID`, `role:NAME` or an id."""
    branch_intent: str | None
    gating: Gating
    outcome: Outcome


def read_interactions(meta: Fields, known: Known) -> dict[str, Interaction]:
    """The interactions of a world, problems noted: under `definitions`, or by id, or as a list."""
    block, defaults = _block(meta)
    if "definitions" in block:
        fields = Fields(block, meta.at("interactions"), meta.problems)
        intents = _scenes(fields.within("sceneIntentMappings"))
        found = _table(fields, "definitions", replace(known, scenes=intents))
        defaults = fields.within("roleDefaults")
        fields.done()
    else:
        found = _table(Fields({"interactions": block}, meta.path, meta.problems), "interactions", known)
    for role, _ in defaults.entries():
        if role.removeprefix("role:") not in known.roles:
            meta.problems.append(unknown_name(defaults.at(role), role, known.roles, "role"))
        for name in defaults.names(role, found, "interaction"):
            if found[name].targets:
                ref = f"role:{role.removeprefix('role:')}"
                found[name] = replace(found[name], targets=(*found[name].targets, ref))
    return found


def _block(meta: Fields) -> tuple[Mapping[str, Any], Fields]:
    """(the object that is written, or made of a list; no role defaults)."""
    raw = meta.raw("interactions", {})
    none = Fields({}, meta.at("interactions"), meta.problems)
    if isinstance(raw, list):
        by_id = {
            str(one.get("id", n)) if isinstance(one, Mapping) else str(n): one for n, one in enumerate(raw)
        }
        if len(by_id) < len(raw):
            meta.refuse(meta.at("interactions"), len(raw), "gives an id twice", "each id once")
        return by_id, none
    if isinstance(raw, Mapping):
        return raw, none
    meta.refuse(meta.at("interactions"), raw, f"is {shown(raw)}", "an object by id, or a list")
    return {}, none


def _id(value: object, n: int) -> str:
    return str(value.get("id", n)) if isinstance(value, Mapping) else str(n)


def _scenes(fields: Fields) -> dict[str, str]:
    return {intent: fields.identifier(intent) for intent, _ in fields.entries()}


def _table(fields: Fields, key: str, known: Known) -> dict[str, Interaction]:
    return fields.table(key, lambda name, value, path: _one(name, value, path, known), INTERACTIONS_MAX)


def _one(key: str, value: Any, path: str, known: Known) -> Interaction:
    fields = Fields(value, path, known.names.problems)
    same_id(fields, key)
    found = Interaction(
        id=key,
        label=fields.text("label", key),
        path=path,
        surface=fields.choice("surface", SURFACES, SURFACES[0]),
        priority=fields.whole("priority", -PRIORITY_MAX, PRIORITY_MAX, 0),
        targets=(*_targets(fields, "targetRolesOrIds", known), *_targets(fields, "targetIds", known)),
        branch_intent=fields.text("branchIntent") if fields.has("branchIntent") else None,
        gating=read_gating(fields.within("gating"), known),
        outcome=read_outcome(fields.within("outcome"), known),
    )
    fields.ignore("name", "category", "branchIntent", "pluginConfig", "underlyingPluginId", "version")
    fields.ignore("npcCanInitiate", "targetCanInitiate")
    fields.done()
    return found


def _targets(fields: Fields, key: str, known: Known) -> tuple[str, ...]:
    found = fields.each(key, lambda value, path: _target(fields, value, path, known), TARGETS_MAX)
    return tuple(name for name in found if name)


def _target(fields: Fields, value: Any, path: str, known: Known) -> str:
    """Somebody, or whoever has a role; a role may be written without `role:`."""
    name = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(name, str):
        fields.refuse(path, value, f"is {shown(value)}", "an npc's id, or role:NAME")
        return ""
    if person_named(name, known.people) in known.people:
        return name if name in known.people else normal_ref(name)
    if name.removeprefix("role:") in known.roles:
        return f"role:{name.removeprefix('role:')}"
    who = (*known.people, *(f"role:{role}" for role in known.roles))
    fields.problems.append(unknown_name(path, name, who, "npc or role"))
    return ""


def check_steps(
    chains: Iterable[Chain], interactions: Mapping[str, Interaction], problems: list[Problem]
) -> None:
    """Note every step that an interaction belongs to which is not there. In a world without any, such names
    are for whoever shows steps to the player."""
    for step in (step for chain in chains if interactions for step in chain.steps.values()):
        name = step.interaction_id
        if name is not None and name not in interactions:
            problems.append(unknown_name(f"{step.path}.interactionId", name, interactions, "interaction"))
