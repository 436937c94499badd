"""What the other format says and this one does not know is put aside under a free key, never dropped in
silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.importing.blocks import CHAINS, KEPT, with_chains
from service.importing.report import Report
from simulation.definitions import (
    DefinitionInvalid,
    Plugins,
    Problem,
    WorldDefinition,
    WorldFileInvalid,
    parse_world,
)

FREE = "x-import-"
"""What a key that was put aside begins with: such keys are kept and mean nothing."""
ROUNDS_MAX = 200
"""Parsings of one file, each of which puts something aside: far more than any file needs."""
ROUNDS_MIN = 3
"""Parsings that even the largest file gets."""
PEOPLE_READ_MAX = 200_000
"""People read in all parsings of one file together: a few seconds."""

WHAT_IT_IS = ("id", "type", "nodeType")
"""Keys without which nothing is left of what has them: the whole is put aside instead."""

GATES = ("conditions", "decisionConditions")
"""Lists all of which must hold. Without one of them the way would be open that it kept shut: in its place
stands one that never holds, since none of nothing does."""

Step = str | int


def put_aside(document: dict[str, Any], source: str, report: Report, plugins: Plugins) -> WorldDefinition:
    """Put aside whatever keeps the document from being sound, until it is. Raises WorldFileInvalid if nothing
    helps."""
    people = len(document.get("npcs", ()))
    for _ in range(min(ROUNDS_MAX, max(ROUNDS_MIN, PEOPLE_READ_MAX // max(people, 1)))):
        try:
            return parse_world(document, source, plugins)
        except DefinitionInvalid as invalid:
            problems = [problem for problem in invalid.problems if not problem.warning]
            moved = [one for one in _deepest_first(document, problems) if _move(document, *one, report)]
            if not moved:
                raise
    raise WorldFileInvalid(source, [Problem("$", "", "is too far from a world file to be imported")])


def _deepest_first(document: Any, problems: list[Problem]) -> Iterator[tuple[list[Step], Problem]]:
    """Where each problem is; later entries of a list first, so that earlier ones keep their places."""
    found = {tuple(steps_to(document, problem.path)): problem for problem in problems}
    order = sorted(found, key=lambda steps: [(isinstance(s, int), str(s).zfill(9)) for s in steps])
    for steps in reversed(order):
        if steps:
            yield list(steps), found[steps]


def steps_to(value: Any, path: str) -> list[Step]:
    """The keys and places a JSON path goes through, as far as they are there; keys may have dots in them."""
    if path.startswith("."):
        path = path[1:]
    if not path:
        return []
    if path.startswith("["):
        place, _, rest = path[1:].partition("]")
        if isinstance(value, list) and place.isdigit() and int(place) < len(value):
            return [int(place), *steps_to(value[int(place)], rest)]
        return []
    for key in sorted(value, key=len, reverse=True) if isinstance(value, dict) else ():
        rest = path.removeprefix(key)
        if path.startswith(key) and key and (not rest or rest[0] in ".["):
            return [key, *steps_to(value[key], rest)]
    return []


def _move(document: Any, steps: list[Step], problem: Problem, report: Report) -> bool:
    """Take one thing out of the way of the parser; False when it was moved with something around it."""
    parents = [document]
    for step in steps[:-1]:
        inner = _inner(parents[-1], step)
        if not isinstance(inner, dict | list):
            return False
        parents.append(inner)
    if _inner(parents[-1], steps[-1]) is None and not _has(parents[-1], steps[-1]):
        return False
    if steps[0] == "sessions" and len(steps) > 4 and steps[2] == "npcs":
        if len(steps) > 6 and steps[4:6] == list(CHAINS):
            _refuse_chain(parents[4], str(steps[6]))
        else:
            _refuse_component(parents[4], steps[4])
    else:
        _rename(parents, steps)
    shut = "; it never holds here" if any(step in GATES for step in steps[:-1]) else ""
    report.lost(problem.path, f"{problem.message}; {_allowed(problem)}{shut}")
    return True


def _allowed(problem: Problem) -> str:
    return f"allowed: {problem.allowed}" if problem.allowed else "put aside"


def _inner(value: Any, step: Step) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(step, int) and step < len(value) else None


def _has(value: Any, step: Step) -> bool:
    return step in value if isinstance(value, dict) else isinstance(step, int) and step < len(value)


def _rename(parents: list[Any], steps: list[Step]) -> None:
    """A key gets a free name; an entry of a list goes to a free key beside the list, and a condition into one
    that never holds."""
    holder, last = parents[-1], steps[-1]
    if isinstance(holder, dict):
        name = str(last)
        if len(steps) > 1 and (name.startswith(FREE) or name in WHAT_IT_IS):
            _rename(parents[:-1], steps[:-1])
            return
        holder[free_name(holder, name)] = holder.pop(last)
    elif steps[-2] in GATES:
        holder[last] = {"type": "any", "conditions": [], f"{FREE}condition": holder[last]}
    else:
        taken = holder.pop(last)
        around, name = parents[-2], str(steps[-2])
        beside = around.setdefault(f"{FREE}{name}", []) if isinstance(around, dict) else None
        if isinstance(beside, list):
            beside.append(taken)


def free_name(holder: dict[str, Any], name: str) -> str:
    """A free key that is not taken yet."""
    found = f"{FREE}{name}"
    while found in holder:
        found += "'"
    return found


def _kept(personal: dict[str, Any]) -> dict[str, Any]:
    """The component for what waits for the way back."""
    plain = {"rest": {}, "aside": {}, "components": True, "lifted": False}
    found: dict[str, Any] = personal.setdefault(KEPT, plain)
    return found


def _refuse_chain(personal: dict[str, Any], chain_id: str) -> None:
    """A chain that cannot go on here waits beside; the cooldowns and flags it lies among go on."""
    component, key = CHAINS
    there = dict(personal[component][key])
    _kept(personal).setdefault("chains", {})[chain_id] = there.pop(chain_id)
    personal[component] = {**personal[component], key: there}


def _refuse_component(personal: dict[str, Any], name: Step) -> None:
    """A personal component that cannot stand under its own name waits in the one for the way back."""
    if name == CHAINS[0]:
        with_chains(personal)
    value = personal.pop(str(name))
    kept = _kept(personal)
    if name == "interactions" and kept["lifted"]:
        kept["rest"]["interactions"], kept["lifted"] = value, False
    else:
        kept["aside"][str(name)] = value
