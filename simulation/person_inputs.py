"""Inputs about one person's components: set, update and remove, for everybody or for one player."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulation.definitions.components import check_component
from simulation.definitions.fields import Fields
from simulation.definitions.metrics import HOT_KEYS
from simulation.definitions.preferences import read_preferences
from simulation.definitions.problems import Problem, unknown_name
from simulation.hashing import canonical, same_json
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.orders import ComponentMerge, ComponentWrite, Placed
from simulation.session_inputs import NOTHING, find, is_so, problem_verdict, too_large, unknown
from simulation.units import NpcId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

BY_METRIC = "other keys here; `theatrum npc metric set` for energy, mood and relationships"
OPS = ("set", "update", "remove", "move")
COMPONENT_CHARS_MAX = 65_536
"""Characters of one component that an input may write."""
PERSON_BYTES_MAX = 262_144
"""Bytes of somebody's components as JSON, beyond which no input makes them grow: as much as a session."""


def change(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches] | Looking:
    """Set, update or remove a component of somebody, with `sessionId` the personal one; or move them."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    npc_id = NpcId(fields.text("npcId"))
    op = fields.choice("op", OPS, "update")
    if npc_id and npc_id not in world.script.people_ids:
        problems.append(unknown_name("$.npcId", npc_id, world.script.people_ids, "npc"))
    if op == "move":
        return _move(world, fields, npc_id)
    component = fields.identifier("component")
    value = fields.mapping("value") if op != "remove" else {}
    fields.raw("sessionId")
    fields.done()
    _check(component, op, value, problems)
    check_component(component, value, "$.value", world.script.definition.metrics, problems)
    if component == "behavior" and value.get("preferences") is not None:
        liked = Fields(value["preferences"], "$.value.preferences", problems)
        read_preferences(liked, world.script.activity_index)
    if problems:
        return problem_verdict(problems), NOTHING
    if fields.has("sessionId"):
        return _personal(world, fields, npc_id, component, op, value)
    if op == "remove":
        return Looking((npc_id,), lambda view: _remove(world, view, npc_id, component))
    write = (ComponentWrite if op == "set" else ComponentMerge)(npc_id, component, value)
    return Looking((npc_id,), lambda view: _put(world, view, write, op))


def _put(
    world: World, view: View, write: ComponentWrite | ComponentMerge, op: str
) -> tuple[Verdict, Touches]:
    """Write, unless there would be too much of that person."""
    person, name = view.person(write.npc_id), write.component
    kept = {} if person is None else person.cold
    if isinstance(write, ComponentMerge):
        merged = {**kept.get(name, {}), **write.patch}
    else:
        merged = dict(write.value or {})
    if _is_so(kept, name, merged):
        return granted(npcId=write.npc_id, component=name, op=op, changed=False), NOTHING
    size, before = len(canonical({**kept, name: merged})), len(canonical(kept))
    if size > max(PERSON_BYTES_MAX, before):
        reason = f"$.value: {write.npc_id} would have {size} bytes of components"
        return refused(reason, f"at most {PERSON_BYTES_MAX}: remove some first"), NOTHING
    return granted(npcId=write.npc_id, component=name, op=op), world.write((write,))


def _remove(world: World, view: View, npc_id: NpcId, component: str) -> tuple[Verdict, Touches]:
    person = view.person(npc_id)
    kept = {} if person is None else person.cold
    if component not in kept:
        return granted(npcId=npc_id, component=component, op="remove", changed=False), NOTHING
    write = ComponentWrite(npc_id, component, None)
    return granted(npcId=npc_id, component=component, op="remove"), world.write((write,))


def _is_so(kept: Mapping[str, Any], name: str, merged: Mapping[str, Any]) -> bool:
    """Whether it is what is kept already. `behavior` is not kept whole, so nothing is said of it."""
    whole = {key: value for key, value in merged.items() if value is not None}
    return name in kept and name != "behavior" and same_json(kept[name], whole)


def _check(component: str, op: str, value: Mapping[str, Any], problems: list[Problem]) -> None:
    """Hot fields have inputs of their own: a component may not write them as if they were JSON."""
    if component == "relationships" or (component == "behavior" and op != "update"):
        message = "changes by metrics only"
        problems.append(Problem("$.component", component, message, BY_METRIC))
    hot = sorted(HOT_KEYS & value.keys()) if component == "behavior" else []
    problems.extend(
        Problem(f"$.value.{key}", value[key], "changes by a metric or a rule only", BY_METRIC) for key in hot
    )
    size = len(str(value))
    if size > COMPONENT_CHARS_MAX:
        problems.append(Problem("$.value", "", f"has {size} characters", f"at most {COMPONENT_CHARS_MAX}"))


def _personal(
    world: World, fields: Fields, npc_id: NpcId, component: str, op: str, value: Mapping[str, Any]
) -> tuple[Verdict, Touches]:
    session = find(world, fields)
    if session is None:
        return unknown(world, {"sessionId": fields.raw("sessionId")}), NOTHING
    merged = {**session.component(npc_id, component), **value} if op == "update" else value
    kept = {key: inner for key, inner in merged.items() if inner is not None}
    changed = session.with_component(npc_id, component, None if op == "remove" else kept)
    found: dict[str, Any] = {"npcId": npc_id, "component": component, "op": op, "sessionId": session.id}
    if is_so(session, changed):
        return granted(**found, version=session.version, changed=False), NOTHING
    if large := too_large(changed):
        return large, NOTHING
    world.put_session(changed)
    return granted(**found, version=changed.version), NOTHING


def _move(world: World, fields: Fields, npc_id: NpcId) -> tuple[Verdict, Touches]:
    place = fields.text("locationId")
    fields.done()
    if place and place not in world.script.location_index:
        fields.problems.append(unknown_name("$.locationId", place, world.script.location_index, "location"))
    if fields.problems:
        return problem_verdict(fields.problems), NOTHING
    return granted(npcId=npc_id, op="move", locationId=place), world.write((Placed(npc_id, place),))
