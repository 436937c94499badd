"""`meta.chains`: stories in steps between one player and one person, with waits, branches and ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulation.calendar import Calendar
from simulation.definitions.activities import flat_flags, same_id
from simulation.definitions.chain_graph import COMPLETE, FAIL, check_graph
from simulation.definitions.conditions import Condition, Names, normal_ref, read_conditions
from simulation.definitions.fields import Fields, at
from simulation.definitions.offers import Offer, read_offer
from simulation.definitions.problems import Problem, unknown_name
from simulation.definitions.spans import read_span
from simulation.units import Micros

CHAINS_MAX = 1_000
"""Of one world: more than anybody writes by hand."""
STEPS_MAX = 64
"""Of one chain; serving one may take as many steps as it has."""
BRANCHES_MAX = 16
"""Of one step."""
FLAGS_MAX = 64
"""That one step or one chain requires."""


@dataclass(frozen=True, slots=True)
class Branch:
    """Where a taken step leads while its conditions hold; the first that holds counts."""

    to: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Step:
    id: str
    path: str
    min_wait_us: Micros
    max_wait_us: Micros | None
    required_flags: tuple[str, ...]
    conditions: tuple[Condition, ...]
    optional: bool
    auto: bool
    """The tick takes it as soon as it is ready; otherwise it waits for the player."""
    on_expired: str
    branches: tuple[Branch, ...]
    next: str
    interaction_id: str | None
    flags_set: Mapping[str, Any]
    """Flags of the player's session."""
    intent: Offer | None = None
    """What the person wants to start once it is taken."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Where taking it may lead."""
        return (*(branch.to for branch in self.branches), self.next)


@dataclass(frozen=True, slots=True)
class Chain:
    id: str
    name: str
    path: str
    npcs: tuple[str, ...]
    """`npc:ID` or `role:NAME`; none: anybody's."""
    repeatable: bool
    cooldown_us: Micros
    """Since it last ended."""
    required_flags: tuple[str, ...]
    conditions: tuple[Condition, ...]
    steps: Mapping[str, Step]

    @property
    def first(self) -> str:
        return next(iter(self.steps), COMPLETE)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what chains may name."""

    people: Collection[str]
    roles: Collection[str]


def read_chains(meta: Fields, names: Names, calendar: Calendar, cast: Cast) -> dict[str, Chain]:
    """The chains of a world, problems noted; an object by id, or a list."""
    raw = meta.raw("chains", {})
    if isinstance(raw, list):
        listed = Fields({"chains": {_id(one, n): one for n, one in enumerate(raw)}}, meta.path, meta.problems)
        if len(listed.raw("chains")) < len(raw):
            meta.refuse(meta.at("chains"), len(raw), "gives an id twice", "each id once")
        meta = listed
    return meta.table(
        "chains", lambda key, value, path: _chain(key, value, path, names, calendar, cast), CHAINS_MAX
    )


def _id(value: object, n: int) -> str:
    return str(value.get("id", n)) if isinstance(value, Mapping) else str(n)


def _chain(key: str, value: Any, path: str, names: Names, calendar: Calendar, cast: Cast) -> Chain:
    fields = Fields(value, path, names.problems)
    same_id(fields, key)
    fields.ignore("version", "category")
    steps = fields.each("steps", lambda item, where: _step(item, where, names, calendar), STEPS_MAX)
    if not steps:
        fields.refuse(fields.at("steps"), fields.raw("steps"), "has no step", "at least one step")
    found = Chain(
        id=key,
        name=fields.text("name", key),
        path=path,
        npcs=_npcs(fields, cast),
        repeatable=_truth(fields, "repeatable"),
        cooldown_us=read_span(fields, ("repeatCooldown", "cooldown"), calendar) or Micros(0),
        required_flags=fields.flag_names("requiredFlags", FLAGS_MAX),
        conditions=read_conditions(fields, "conditions", names),
        steps=_in_order(steps, names.problems),
    )
    if found.cooldown_us and not found.repeatable:
        fields.refuse(fields.at("repeatable"), False, "has a cooldown but is not repeatable", "true")
    fields.done()
    check_graph(found, names.problems)
    return found


def _npcs(fields: Fields, cast: Cast) -> tuple[str, ...]:
    """`npcId`, or `npcs` for several."""
    listed = fields.ids("npcs")
    fields.ignore("npcId")
    if fields.has("npcId"):
        listed = (fields.identifier("npcId"), *listed)
    found = tuple(name if name in cast.people else normal_ref(name) for name in listed)
    for name in found:
        role, is_role = name.removeprefix("role:"), name.startswith("role:")
        person = name in cast.people or name.removeprefix("npc:") in cast.people
        known = role in cast.roles if is_role else person
        if not known:
            who = (*cast.people, *(f"role:{one}" for one in cast.roles))
            where = fields.at("npcs" if fields.has("npcs") else "npcId")
            fields.problems.append(unknown_name(where, name.removeprefix("npc:"), who, "npc"))
    return found


def _in_order(steps: tuple[Step, ...], problems: list[Problem]) -> dict[str, Step]:
    """By id, each with the step that follows it where it names none."""
    found: dict[str, Step] = {}
    for n, step in enumerate(steps):
        after = steps[n + 1].id if n + 1 < len(steps) else COMPLETE
        if step.id in found:
            message = f"the id {step.id!r} is given twice"
            problems.append(Problem(at(step.path, "stepId"), step.id, message, "each id once"))
        found[step.id] = replace(step, next=step.next or after)
    return found


def _step(value: Any, path: str, names: Names, calendar: Calendar) -> Step:
    fields = Fields(value, path, names.problems)
    key = "stepId" if fields.has("stepId") else "id"
    step_id = fields.identifier(key)
    if step_id in (COMPLETE, FAIL):
        fields.refuse(fields.at(key), step_id, f"{step_id!r} names an end of the chain", "another id")
    gates = [fields, fields.within("additionalGating")]
    low = [read_span(gate, ("minWait", "wait"), calendar) for gate in gates]
    high = [read_span(gate, ("maxWait",), calendar) for gate in gates]
    flags = tuple(flag for gate in gates for flag in gate.flag_names("requiredFlags", FLAGS_MAX))
    gates[1].done()
    least = next((span for span in low if span is not None), Micros(0))
    most = next((span for span in high if span is not None), None)
    if most is not None and most < least:
        message = "closes before it opens: maxWait is below minWait"
        fields.refuse(fields.path, step_id, message, "a maxWait that is not below minWait")
    if fields.has("onExpired") and most is None:
        fields.refuse(fields.at("onExpired"), fields.raw("onExpired"), "never happens", "a maxWait as well")
    found = Step(
        id=step_id,
        path=path,
        min_wait_us=least,
        max_wait_us=most,
        required_flags=flags,
        conditions=read_conditions(fields, "conditions", names),
        optional=_truth(fields, "optional"),
        auto=_truth(fields, "autoAdvance"),
        on_expired=fields.text("onExpired", FAIL),
        branches=fields.each("branches", lambda item, where: _branch(item, where, names), BRANCHES_MAX),
        next=fields.text("next", ""),
        interaction_id=fields.text("interactionId") if fields.has("interactionId") else None,
        flags_set=flat_flags(fields.flags("flagsSet")),
        intent=_intent(fields) if fields.has("intent") else None,
    )
    fields.ignore("intent", "name", "interactionId")
    fields.done()
    return found


def _branch(value: Any, path: str, names: Names) -> Branch:
    fields = Fields(value, path, names.problems)
    key = next((key for key in ("to", "stepId", "step") if fields.has(key)), "to")
    found = Branch(fields.text(key), read_conditions(fields, "conditions", names))
    fields.done()
    return found


def _intent(fields: Fields) -> Offer:
    inner = fields.within("intent")
    found = read_offer(inner)
    inner.done()
    return found


def _truth(fields: Fields, key: str) -> bool:
    value = fields.raw(key, False)
    if not isinstance(value, bool):
        fields.refuse(fields.at(key), value, f"is {value!r}", "true or false")
    return value is True
