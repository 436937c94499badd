"""What loads but cannot be meant: what never happens, is never reached, or names nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.definitions.activities import Activity
from simulation.definitions.behavior import Node, Routine
from simulation.definitions.chain_graph import unreachable
from simulation.definitions.conditions import (
    AllOf,
    AnyOf,
    Condition,
    EnergyBetween,
    ExpressionIs,
    Not,
    Relationship,
    StatAxis,
)
from simulation.definitions.fields import at
from simulation.definitions.narrative_graph import lost_nodes
from simulation.definitions.narrative_nodes import Wait
from simulation.definitions.narratives import Program, each_way
from simulation.definitions.preferences import Preferences
from simulation.definitions.problems import Problem, unknown_name
from simulation.expressions import PLAIN_NAMES, Expression
from simulation.units import Tier

if TYPE_CHECKING:
    from simulation.definitions.world import WorldDefinition

VARIABLES = "narrative.variables."
BEHAVIOR = "meta.behavior"


def warnings_of(world: WorldDefinition) -> Iterator[Problem]:
    """Everything suspicious about a world that is otherwise sound."""
    people = (_activities, _routines, _conditions, _preferences, _profiles, _ties)
    kinds = (*people, _chains, _narratives, _interactions, _hooks)
    return (found for kind in kinds for found in kind(world))


def _warn(path: str, value: object, message: str, allowed: str = "") -> Problem:
    return Problem(path, value, message, allowed, warning=True)


def _chains(world: WorldDefinition) -> Iterator[Problem]:
    for chain in world.chains.values():
        yield from unreachable(chain)
        yield from _each(chain.conditions, world)
        for step in chain.steps.values():
            yield from _each(step.conditions, world)
            for branch in step.branches:
                yield from _each(branch.conditions, world)


def _interactions(world: WorldDefinition) -> Iterator[Problem]:
    for interaction in world.interactions.values():
        yield from _each(interaction.gating.conditions, world)
    for chain in world.chains.values():
        theirs = {npc for ref in chain.npcs for npc in world.resolve_ref(ref)}
        for step in chain.steps.values():
            belongs = world.interactions.get(step.interaction_id or "")
            targets = belongs.targets if belongs is not None else ()
            whom = {npc for ref in targets for npc in world.resolve_ref(ref)}
            if chain.npcs and targets and not theirs & whom:
                message = f"is for nobody whose chain this is, so {step.id} is never taken"
                yield _warn(f"{step.path}.interactionId", step.interaction_id, message)


def _hooks(world: WorldDefinition) -> Iterator[Problem]:
    for hook in world.hooks.values():
        yield from _each(hook.conditions, world)


def _activities(world: WorldDefinition) -> Iterator[Problem]:
    kinds = {location.type for location in world.locations}
    for activity in world.behavior.activities.values():
        path = at(f"{BEHAVIOR}.activities", activity.id)
        asks = activity.requirements
        for ref in asks.required_npcs:
            if not world.resolve_ref(ref):
                message = f"{ref} names nobody of this world, so {activity.id} never happens"
                yield _warn(f"{path}.requirements.requiredNpcRolesOrIds", ref, message)
        if world.locations and asks.location_types and not kinds & set(asks.location_types):
            types = " or ".join(asks.location_types)
            message = f"no location is of type {types}, so {activity.id} never happens"
            yield _warn(f"{path}.requirements.locationTypes", list(asks.location_types), message)
        if _crossed(asks.min_energy, asks.max_energy):
            message = f"is above maxEnergy {asks.max_energy:g}, so {activity.id} never happens"
            yield _warn(f"{path}.requirements.minEnergy", asks.min_energy, message)
        for ref in activity.effects.relationship_changes:
            if not world.resolve_ref(ref):
                yield _warn(at(f"{path}.effects.relationshipChanges", ref), ref, "names nobody of this world")


def _crossed(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low > high


def _routines(world: WorldDefinition) -> Iterator[Problem]:
    for routine in world.behavior.routines.values():
        path = at(f"{BEHAVIOR}.routines", routine.id)
        if not routine.nodes:
            yield _warn(f"{path}.nodes", [], "has no node, so its people never decide anything")
        yield from _nodes(routine, path)


def _nodes(routine: Routine, path: str) -> Iterator[Problem]:
    always: Node | None = None
    seen: set[str] = set()
    for n, node in enumerate(routine.nodes):
        where = f"{path}.nodes[{n}]"
        if always is not None:
            yield _warn(where, node.id, f"is never reached: {always.id!r} before it always matches")
        elif node.kind == "activity" and not node.days:
            always = node
        if node.id in seen:
            yield _warn(f"{where}.id", node.id, "is another node's id too, so a why cannot tell them apart")
        seen.add(node.id)
        if not node.candidates:
            yield _warn(f"{where}.preferredActivities", [], "offers nothing, so people here do nothing")
        if node.conditions and node.kind != "decision":
            yield _warn(
                f"{where}.decisionConditions", node.kind, "are asked of decision nodes only", "decision"
            )


def _conditions(world: WorldDefinition) -> Iterator[Problem]:
    behavior = world.behavior
    for activity in behavior.activities.values():
        yield from _each(activity.requirements.conditions, world)
    for routine in behavior.routines.values():
        for node in routine.nodes:
            yield from _each(node.conditions, world)
            for candidate in node.candidates:
                yield from _each(candidate.conditions, world)


def _each(conditions: Iterable[Condition], world: WorldDefinition) -> Iterator[Problem]:
    for condition in conditions:
        match condition:
            case AllOf(conditions=inner):
                yield from _each(inner, world)
            case AnyOf(path=path, conditions=inner):
                if not inner:
                    yield _warn(f"{path}.conditions", [], "is empty, so it never holds")
                yield from _each(inner, world)
            case Not(condition=inner_one):
                yield from _each([inner_one], world)
            case StatAxis(path=path, op="between", low=low, high=high) | EnergyBetween(path, low, high):
                if low > high:
                    yield _warn(f"{path}.min", low, f"is above max {high:g}, so it never holds")
            case Relationship(path=path, ref=ref):
                if not world.resolve_ref(ref):
                    yield _warn(f"{path}.npcIdOrRole", ref, "names nobody of this world")
            case ExpressionIs(path=path, expression=expression):
                yield from _expression(expression, f"{path}.expression", world)


def _expression(expression: Expression, path: str, world: WorldDefinition) -> Iterator[Problem]:
    for name in sorted(expression.names - PLAIN_NAMES):
        if "." not in name:
            yield replace(unknown_name(path, name, PLAIN_NAMES, "name"), warning=True)
    for name, text in expression.compared:
        known = _texts(name, world)
        if text not in known:
            yield replace(unknown_name(path, text, known, name), warning=True)


def _texts(name: str, world: WorldDefinition) -> Collection[str]:
    """What a name in an expression can be."""
    match name:
        case "tier":
            return tuple(Tier)
        case "activity":
            return world.behavior.activities
        case "location":
            return {location.id for location in world.locations}
        case _:
            return {location.type for location in world.locations}


def _variables(program: Program, conditions: Iterable[Condition]) -> Iterator[Problem]:
    """Variables that a program asks for and does not declare."""
    for condition in conditions:
        match condition:
            case AllOf(conditions=inner) | AnyOf(conditions=inner):
                yield from _variables(program, inner)
            case Not(condition=inner_one):
                yield from _variables(program, [inner_one])
            case ExpressionIs(path=path, expression=expression):
                for name in sorted(expression.names):
                    asked = name.removeprefix(VARIABLES).partition(".")[0]
                    if name.startswith(VARIABLES) and asked not in program.variables:
                        found = unknown_name(f"{path}.expression", asked, program.variables, "variable")
                        yield replace(found, warning=True)


def _narratives(world: WorldDefinition) -> Iterator[Problem]:
    for program in world.narratives.values():
        yield from lost_nodes(program)
        for way in each_way(program):
            yield from _each(way.conditions, world)
            yield from _variables(program, way.conditions)
        for node in program.nodes.values():
            if isinstance(node, Wait):
                yield from _each(node.conditions, world)
                yield from _variables(program, node.conditions)


def _preferences(world: WorldDefinition) -> Iterator[Problem]:
    activities: Iterable[Activity] = world.behavior.activities.values()
    known = {*world.behavior.categories, *(activity.category for activity in activities)}
    for routine in world.behavior.routines.values():
        path = at(f"{BEHAVIOR}.routines", routine.id)
        yield from _liked(routine.default_preferences, f"{path}.defaultPreferences", known)
    for n, npc in enumerate(world.npcs):
        if npc.preferences.category_weights:
            yield from _liked(npc.preferences, f"npcs[{n}].personality.preferences", known)


def _ties(world: WorldDefinition) -> Iterator[Problem]:
    for n, npc in enumerate(world.npcs):
        ties = npc.components.get("relationships")
        for ref in ties if isinstance(ties, Mapping) else ():
            if not world.resolve_ref(ref):
                path = at(f"npcs[{n}].components.relationships", ref)
                yield _warn(path, ref, "names nobody of this world")


def _profiles(world: WorldDefinition) -> Iterator[Problem]:
    known = {activity.category for activity in world.behavior.activities.values()}
    for profile in world.behavior.profiles.values():
        yield from _each(profile.conditions, world)
        if not profile.activities and not profile.categories:
            yield _warn(f"{profile.path}.modifiers", {}, "names nothing, so the profile changes nothing")
        for category in profile.categories:
            if category not in known:
                where = at(f"{profile.path}.modifiers.categoryWeights", category)
                yield replace(unknown_name(where, category, known, "category"), warning=True)


def _liked(preferences: Preferences, path: str, known: set[str]) -> Iterator[Problem]:
    for category in preferences.category_weights:
        if category not in known:
            found = unknown_name(at(f"{path}.categoryWeights", category), category, known, "category")
            yield replace(found, warning=True)
