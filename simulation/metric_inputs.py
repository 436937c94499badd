"""Inputs about one person's metrics: set and add, for everybody or for one player, converted and clamped."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from simulation import metrics
from simulation.consequences import ChangePerson, session_after
from simulation.definitions.conditions import RELATIONSHIP_AXES
from simulation.definitions.fields import Fields
from simulation.definitions.metrics import Metric, Value, addable, amount_of
from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.definitions.sessions import person_named
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.session_inputs import NOTHING, find, problem_verdict, too_large, unknown
from simulation.units import NpcId, SessionId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.script import Script
    from simulation.world import World

OPS = ("set", "add")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants a metric to become."""

    npc_id: NpcId
    metric: Metric
    value: Value
    adds: bool
    session_id: SessionId | None
    given: object
    """As it was asked for, before it was converted."""


def change(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches] | Looking:
    """Set a metric of somebody or add to it; with `sessionId` as it is between them and that player."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    fields.raw("sessionId")
    wish = _wish(world, fields)
    fields.done()
    if wish is None or problems:
        return problem_verdict(problems), NOTHING
    if fields.has("sessionId"):
        session = find(world, fields)
        if session is None:
            return unknown(world, payload), NOTHING
        wish = replace(wish, session_id=session.id)
    return Looking((wish.npc_id,), lambda view: _judge(world, view, wish))


def _wish(world: World, fields: Fields) -> Wish | None:
    people = world.script.people_ids
    name = fields.text("npcId")
    npc_id = person_named(name, people)
    if name and npc_id not in people:
        fields.problems.append(unknown_name("$.npcId", name, people, "npc"))
    adds = fields.choice("op", OPS, "set") == "add"
    name = fields.text("metric")
    metric = metric_named(world.script, name, "$.metric", fields.problems) if name else None
    given = fields.raw("value")
    if metric is None:
        return None
    value = amount_of(metric, given) if adds else metric.converted(given)
    if value is None:
        allowed = addable(metric) if adds else metric.allowed
        fields.refuse("$.value", given, f"is {shown(given)}, no value of {metric.name}", allowed)
    if metric.is_told:
        fields.refuse("$.metric", metric.name, "is decided by the world", "read it")
    if metric.is_hot and fields.has("sessionId"):
        fields.refuse(
            "$.sessionId", fields.raw("sessionId"), f"has no {metric.name} of its own", "leave it out"
        )
    return None if value is None else Wish(npc_id, metric, value, adds, None, given)


def metric_named(
    script: Script, name: str, path: str, problems: list[Problem], written: Collection[str] = ()
) -> Metric | None:
    """The metric of a running world; a problem is noted for a name of none, and for a tie to nobody that is
    not `written` all the same."""
    found = script.definition.metrics.find(name)
    if found is None:
        axes = f"relationships.WHO.AXIS with an axis of {', '.join(RELATIONSHIP_AXES)}"
        problem = unknown_name(path, name, script.definition.metrics.names, "metric")
        problems.append(replace(problem, allowed=f"{problem.allowed}, {axes}"))
    elif found.component == "relationships" and found.path[0] not in written:
        ref = found.path[0]
        if not script.definition.resolve_ref(ref):
            problems.append(unknown_name(path, ref.removeprefix("npc:"), script.people_ids, "person or role"))
            return None
    return found


def _judge(world: World, view: View, wish: Wish) -> tuple[Verdict, Touches]:
    """What becomes of the wish, now that the person is seen."""
    session = None if wish.session_id is None else view.session(wish.session_id)
    person = view.person(wish.npc_id, session)
    if person is None:
        return refused(f"$.npcId is {wish.npc_id!r}, who is not here", "name somebody who is"), NOTHING
    try:
        before = metrics.read(person, wish.metric)
    except TypeError as error:
        if wish.adds:
            return refused(str(error), "set it first"), NOTHING
        before = None
    made = metrics.change(person, wish.metric, wish.value, wish.session_id, adds=wish.adds)
    if session is not None and not isinstance(made, ChangePerson):
        large = too_large(session_after(session, made))
        if large is not None:
            return large, NOTHING
    after = metrics.after(person, wish.metric, wish.value, adds=wish.adds)
    found: dict[str, Any] = {"npcId": wish.npc_id, "metric": wish.metric.name}
    found |= {"before": before, "after": after}
    if _is_clamped(wish, before, after):
        found["clamped"] = wish.metric.allowed
    return granted(**found), world.carry_out((made,))


def _is_clamped(wish: Wish, before: Value | None, after: Value) -> bool:
    """Whether a bound of the metric kept it from becoming what was asked for."""
    if not wish.metric.is_numeric:
        return False
    wanted = float(before or 0) + float(wish.value) if wish.adds else float(str(wish.given))
    return not wish.metric.low <= wanted <= wish.metric.high
