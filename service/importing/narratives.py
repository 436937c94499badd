"""Narrative programs of the other backend as ours: milliseconds become game seconds, expressions and effects
are written anew.

A program with a condition that cannot be told here is put aside whole: without it, its way would always be
open and lead somewhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.importing.report import Report
from simulation.definitions.fields import is_descriptive, is_number
from simulation.expressions import PLAIN_NAMES, ExpressionInvalid, parse_expression

FREE = "x-import-"
AXES = ("affinity", "trust", "chemistry", "tension")
"""Names that stand alone there and belong to the component `core` here."""
KINDS_LEFT = ("comment",)
"""Nodes that only say something to authors."""


MISSHAPEN = (TypeError, AttributeError, ValueError, LookupError)
"""What reading a program raises that has a number where an object is expected, or the like."""


class Untold(ValueError):
    """A part of a program that has no counterpart here; the text says which."""


class _Node:
    """One object of a program: each key is taken once, in either spelling; what is left is put aside."""

    def __init__(self, given: Any) -> None:
        self.left: dict[str, Any] = (
            {_camel(key): value for key, value in given.items()} if isinstance(given, Mapping) else {}
        )

    def take(self, key: str, default: Any = None) -> Any:
        value = self.left.pop(key, None)
        return default if value is None else value

    def span(self, key: str) -> float | int | None:
        """Milliseconds there, game seconds here."""
        value = self.take(key)
        if value is None:
            return None
        if not is_number(value):
            raise Untold(f"{key} is {value!r}, no number")
        return value // 1000 if isinstance(value, int) and value % 1000 == 0 else value / 1000

    def aside(self) -> dict[str, Any]:
        """What nobody took, under keys that mean nothing."""
        return {
            key if is_descriptive(key) else f"{FREE}{key}": value
            for key, value in self.left.items()
            if value is not None
        }


def _camel(key: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), key)


def narratives_of(given: Any, path: str, report: Report) -> tuple[dict[str, Any], dict[str, Any]]:
    """(our programs, those put aside) by id, of an object by id or a list."""
    listed = given.values() if isinstance(given, Mapping) else given if isinstance(given, list) else ()
    found: dict[str, Any] = {}
    aside: dict[str, Any] = {}
    for program in listed:
        name = str(program.get("id")) if isinstance(program, Mapping) else "?"
        try:
            found[name] = _program(program, f"{path}.{name}", report)
        except (Untold, *MISSHAPEN) as error:
            why = error if isinstance(error, Untold) else "it is shaped like no program"
            aside[name] = program
            report.lost(f"{path}.{name}", f"{why}; the whole program is kept beside")
        else:
            report.became(f"{path}.{name}", f"meta.narratives.{name}", "milliseconds became game seconds")
    return found, aside


def _program(given: Any, path: str, report: Report) -> dict[str, Any]:
    program = _Node(given)
    nodes = [_Node(node) for node in program.take("nodes", [])]
    variables = dict(program.take("variables", {}))
    inputs = program.take("inputs", {})
    for name in (*inputs.get("required", ()), *inputs.get("optional", ())):
        if name not in AXES:
            variables.setdefault(name, None)
    for node in nodes:
        if (name := node.left.get("resultPath")) is not None:
            variables.setdefault(str(name), None)
    left = [node.left for node in nodes if node.left.get("type") in KINDS_LEFT]
    made = [_node(node, variables) for node in nodes if node.left.get("type") not in KINDS_LEFT]
    edges = [_way(_Node(edge), variables, "to") for edge in program.take("edges", [])]
    found: dict[str, Any] = {"id": str(program.take("id")), "name": str(program.take("name", ""))}
    if not found["name"]:
        found["name"] = found["id"]
    for key in ("version", "kind", "metadata"):
        if (value := program.take(key)) is not None:
            found[key] = value
    entry = program.take("entryNodeId")
    found |= {"nodes": made, "edges": [edge for edge in edges if edge], "variables": variables}
    found |= {"entryNodeId": str(entry)} if entry is not None else {}
    found |= {f"{FREE}comments": left} if left else {}
    found |= program.aside()
    for where, key in _put_aside(found, path):
        report.lost(f"{where}.{key.removeprefix(FREE)}", "nothing here corresponds to it; kept beside")
    return found


def _put_aside(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key.startswith(FREE):
                yield path, key
            else:
                yield from _put_aside(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _put_aside(inner, f"{path}[{n}]")


def _node(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(node.take("type"))
    if kind not in KINDS:
        raise Untold(f"a node of type {kind!r}")
    node.take("nodeType")
    found: dict[str, Any] = {"id": str(node.take("id")), "type": kind}
    for key in ("onEnter", "onExit"):
        if effects := _effects(node.take(key)):
            found[key] = effects
    found |= KINDS[kind](node, variables)
    return {key: value for key, value in found.items() if value is not None} | node.aside()


def _dialogue(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    mode, text = node.take("mode", "static"), node.take("text")
    template, program = node.take("template"), node.take("programId")
    delay, auto = node.span("advanceDelay"), node.take("autoAdvance", False)
    said: dict[str, Any] = {"text": text or ""}
    if mode != "static" or text is None:
        asked = {"template": template, "programId": program, "text": text}
        said = {
            "generate": {key: value for key, value in asked.items() if value is not None} or {"mode": mode}
        }
    speaker, emotion = node.take("speaker"), node.take("emotion")
    found = {**said, "speaker": speaker, "emotion": emotion, "autoAdvance": bool(auto)}
    return found | ({"delaySeconds": delay} if auto and delay else {})


def _choice(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    choices = [_way(_Node(one), variables, "targetNodeId") for one in node.take("choices", [])]
    timeout, default = _Node(node.take("timeout")), node.take("defaultChoiceId")
    span = timeout.span("duration")
    found = {"prompt": node.take("prompt", ""), "choices": [one for one in choices if one]}
    default = timeout.take("defaultChoiceId", default)
    if span is not None and default is not None:
        return found | {"timeoutSeconds": span, "defaultChoiceId": str(default)}
    return found | ({f"{FREE}defaultChoiceId": default} if default is not None else {})


def _action(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {"effects": _effects(node.take("effects")), "delaySeconds": node.span("delay")}


def _action_block(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    node.take("mode")
    return {
        "blockIds": node.take("blockIds"),
        "query": node.take("query"),
        "composition": node.take("composition"),
        "generate": node.take("generationConfig"),
    }


def _scene(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    node.take("mode")
    scene = node.take("sceneId", node.take("intent"))
    if scene is None:
        raise Untold("a scene node with neither a scene nor an intent")
    roles = node.take("roleBindings", {})
    return {"sceneId": str(scene), "cast": [str(npc) for npc in roles.values()] or None}


def _branch(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    branches = [_way(_Node(one), variables, "targetNodeId") for one in node.take("branches", [])]
    default = node.take("defaultTargetNodeId")
    return {
        "branches": [one for one in branches if one],
        "default": str(default) if default is not None else None,
    }


def _wait(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    mode = str(node.take("mode", "duration"))
    duration, poll, most = node.span("duration"), node.span("pollInterval"), node.span("maxWait")
    conditions = _conditions(node.take("condition"), variables)
    if mode == "duration":
        return {"mode": mode, "durationSeconds": duration}
    found: dict[str, Any] = {"mode": mode, "maxWaitSeconds": most}
    if mode == "condition":
        found |= {"conditions": conditions, "checkEverySeconds": poll and max(poll, 1)}
    return found


def _external_call(node: _Node, variables: Mapping[str, Any]) -> dict[str, Any]:
    awaits, span = not node.take("async", False), node.span("timeout")
    result = node.take("resultPath")
    return {
        "kind": "action_block",
        "system": node.take("system", ""),
        "method": node.take("method", ""),
        "params": node.take("parameters"),
        "awaitResult": awaits,
        "resultVariable": str(result) if result is not None and awaits else None,
        "ttlSeconds": span and max(span, 1),
    }


KINDS: Mapping[str, Callable[[_Node, Mapping[str, Any]], dict[str, Any]]] = {
    "dialogue": _dialogue,
    "choice": _choice,
    "action": _action,
    "action_block": _action_block,
    "scene": _scene,
    "branch": _branch,
    "wait": _wait,
    "external_call": _external_call,
}


def _way(way: _Node, variables: Mapping[str, Any], target: str) -> dict[str, Any]:
    """An edge, a choice or a branch: where it leads, on what conditions, with which effects."""
    origin, name, text = way.take("from"), way.take("id"), way.take("text")
    found: dict[str, Any] = {"id": str(name) if name is not None else None, "text": text}
    found |= {"from": str(origin)} if origin is not None else {}
    found["to"] = str(way.take(target))
    found["conditions"] = _conditions(way.take("condition"), variables) or None
    effects = _effects(way.take("effects"))
    if effects and origin is not None:
        raise Untold(f"effects of the edge from {origin!r}; here nodes, choices and branches have them")
    found["effects"] = effects or None
    return {key: value for key, value in found.items() if value is not None} | way.aside()


def _conditions(given: Any, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    if given is None:
        return []
    text = given.get("expression") if isinstance(given, Mapping) else given
    return [{"type": "expression", "expression": expression_of(str(text), variables)}]


def expression_of(text: str, variables: Mapping[str, Any]) -> str:
    """The expression in our words. Raises Untold for what has none."""
    parts = re.split(r"(\"[^\"]*\"|'[^']*')", text)
    found = "".join(part if n % 2 else _plain(part, variables) for n, part in enumerate(parts)).strip()
    try:
        names = parse_expression(found).names
    except ExpressionInvalid as error:
        raise Untold(f"the condition {text!r} {error}") from None
    if strange := sorted(name for name in names if "." not in name and name not in PLAIN_NAMES):
        raise Untold(f"the condition {text!r} asks for {strange[0]!r}, which nobody has here")
    return found


BETWEEN = re.compile(r"([\w.]+)\s+BETWEEN\s+(-?[\d.]+)\s+AND\s+(-?[\d.]+)", re.IGNORECASE)
WORDS = ((r"&&", " and "), (r"\|\|", " or "), (r"([!=]=)=", r"\1"), (r"!(?!=)", " not "), (r"\s+", " "))
"""What is written otherwise there, in the order in which it is rewritten."""


def _plain(part: str, variables: Mapping[str, Any]) -> str:
    """A part of an expression that is no text, in our words."""
    part = BETWEEN.sub(r"(\1 >= \2 and \1 <= \3)", part)
    for theirs, ours in WORDS:
        part = re.sub(theirs, ours, part)
    return _named(part, variables)


def _named(part: str, variables: Mapping[str, Any]) -> str:
    """Names that stand alone, with the component they are in."""

    def name(found: re.Match[str]) -> str:
        word = found[0]
        if word in AXES:
            return f"core.{word}"
        return f"narrative.variables.{word}" if word in variables else word

    return re.sub(r"(?<![\w.])[A-Za-z_]\w*(?:\.\w+)*", name, part)


def _effects(given: Any) -> dict[str, Any]:
    """Effects on the player and the person; what has no counterpart is put aside in them."""
    effects = _Node(given)
    flags = _Node(effects.take("flags"))
    changed = {**flags.take("set", {}), **dict.fromkeys(flags.take("delete", ()))}
    changed |= {f"arcs.{arc}.stage": stage for arc, stage in effects.take("arcs", {}).items()}
    changed |= {f"quests.{quest}.status": status for quest, status in effects.take("quests", {}).items()}
    events = effects.take("events", {})
    changed |= {f"events.{name}.active": True for name in events.get("trigger", ())}
    changed |= {f"events.{name}.active": False for name in events.get("end", ())}
    inventory = effects.take("inventory", {})
    items: dict[str, int] = {}
    for key, sign in (("add", 1), ("remove", -1)):
        for one in inventory.get(key, ()):
            name, count = str(one.get("itemId", one.get("item_id"))), one.get("quantity", 1)
            items[name] = items.get(name, 0) + sign * count
    found = {
        "flags": changed,
        "relationship": effects.take("relationship"),
        "items": items,
        "components": effects.take("components"),
    }
    if flags.left:
        effects.left["flags"] = flags.left
    return {key: value for key, value in found.items() if value} | effects.aside()
