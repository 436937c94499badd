"""Reading the nodes of a narrative program: one reader a kind, every problem with its path."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.conditions import Names, read_conditions
from simulation.definitions.effects import KINDS, MICRO_SECONDS
from simulation.definitions.fields import Fields
from simulation.definitions.metrics import Metrics
from simulation.definitions.narrative_effects import read_effects
from simulation.definitions.narrative_nodes import (
    KIND_OF,
    NO_TIME,
    Action,
    ActionBlock,
    Asks,
    Branch,
    Choice,
    Dialogue,
    ExternalCall,
    NarrativeNode,
    Option,
    SceneChange,
    Wait,
    WaitMode,
    Way,
)
from simulation.definitions.sessions import read_cast
from simulation.hashing import canonical
from simulation.units import Micros, NpcId

OPTIONS_MAX = 32
"""Choices or branches of one node: more than a player reads."""
BLOCKS_MAX = 64
"""Action blocks of one node."""
PARAMS_BYTES_MAX = 16_384
"""Bytes, as JSON, of what one node tells a provider."""
TEXT_CHARS_MAX = 8_192
"""Characters of one line: it is kept in the session."""
CHECK_S = 60
"""Game seconds between two looks at a condition, unless the node or a change of the session says sooner."""
TTL_S = 3_600
"""Game seconds after which nobody wants what a node asked for, unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the nodes of one program may name."""

    names: Names
    people: Collection[NpcId]
    variables: Mapping[str, Any]
    metrics: Metrics


def read_node(value: Any, path: str, known: Known) -> NarrativeNode | None:
    """One node, or None with a problem noted."""
    fields = Fields(value, path, known.names.problems)
    if not isinstance(value, Mapping):
        return None
    kind = fields.choice("type", READERS, "") if fields.has("type") else fields.text("type")
    if kind not in READERS:
        return None
    common = {
        "id": fields.identifier("id"),
        "path": path,
        "on_enter": read_effects(fields, "onEnter", known.variables, known.metrics),
        "on_exit": read_effects(fields, "onExit", known.variables, known.metrics),
    }
    found = READERS[kind](fields, known, common)
    fields.done()
    return found


def read_way(value: Any, path: str, known: Known) -> Way:
    """`{to, conditions, effects}`."""
    fields = Fields(value, path, known.names.problems)
    fields.ignore("id")
    found = Way(
        path,
        fields.at("to"),
        fields.identifier("to"),
        read_conditions(fields, "conditions", known.names),
        read_effects(fields, "effects", known.variables, known.metrics),
    )
    fields.done()
    return found


def _option(value: Any, path: str, known: Known) -> Option:
    fields = Fields(value, path, known.names.problems)
    found = Option(
        path,
        fields.at("to"),
        fields.identifier("to"),
        read_conditions(fields, "conditions", known.names),
        read_effects(fields, "effects", known.variables, known.metrics),
        fields.identifier("id"),
        _line(fields, "text"),
    )
    fields.done()
    return found


def _truth(fields: Fields, key: str, default: bool = False) -> bool:
    value = fields.raw(key, default)
    if not isinstance(value, bool):
        fields.refuse(fields.at(key), value, f"is {value!r}", "true or false")
    return value is True


def _line(fields: Fields, key: str, default: str | None = None) -> str:
    text = fields.text(key, default)
    if len(text) > TEXT_CHARS_MAX:
        fields.refuse(fields.at(key), text, f"has {len(text)} characters", f"at most {TEXT_CHARS_MAX}")
    return text


def _span(fields: Fields, key: str) -> Micros | None:
    return fields.micros(key, 0, low=MICRO_SECONDS) if fields.has(key) else fields.raw(key)


def _delay(fields: Fields) -> Micros:
    return fields.micros("delaySeconds", 0)


def _asks(fields: Fields, kind: str, params: Mapping[str, Any], *, awaits: bool) -> Asks:
    size = len(canonical(dict(params)))
    if size > PARAMS_BYTES_MAX:
        fields.refuse(fields.path, size, f"tells the provider {size} bytes", f"at most {PARAMS_BYTES_MAX}")
    ttl = fields.micros("ttlSeconds", TTL_S, low=MICRO_SECONDS)
    return Asks(kind, params, ttl, _truth(fields, "awaitResult", awaits))


def _dialogue(fields: Fields, known: Known, common: Mapping[str, Any]) -> Dialogue:
    said, made = fields.has("text"), fields.has("generate")
    if said == made:
        message = "has both a text and generate" if said else "has neither a text nor generate"
        fields.refuse(fields.path, common["id"], message, "one of the two")
    auto, delay = _truth(fields, "autoAdvance"), _delay(fields)
    if delay and not auto:
        fields.refuse(fields.at("delaySeconds"), fields.raw("delaySeconds"), "never passes", "autoAdvance")
    params = {key: fields.raw(key) for key in ("speaker", "emotion") if fields.has(key)}
    asks = _asks(fields, "dialogue", {**params, **fields.mapping("generate")}, awaits=False) if made else None
    fields.ignore("generate", *(() if made else ("ttlSeconds", "awaitResult")))
    return Dialogue(
        **common,
        delay_us=delay,
        text=_line(fields, "text", ""),
        speaker=fields.text("speaker") if fields.has("speaker") else fields.raw("speaker"),
        emotion=fields.text("emotion") if fields.has("emotion") else fields.raw("emotion"),
        asks=asks,
        auto=auto,
    )


def _choice(fields: Fields, known: Known, common: Mapping[str, Any]) -> Choice:
    options = fields.each("choices", lambda item, path: _option(item, path, known), OPTIONS_MAX)
    if not options:
        fields.refuse(fields.at("choices"), fields.raw("choices"), "offers nothing", "at least one choice")
    ids = [option.id for option in options]
    if len(set(ids)) < len(ids):
        fields.refuse(fields.at("choices"), len(ids), "gives an id twice", "each id once")
    span = _span(fields, "timeoutSeconds")
    default = fields.reference("defaultChoiceId", ids, ids, "choice")
    if fields.has("timeoutSeconds") != fields.has("defaultChoiceId"):
        message = "needs both timeoutSeconds and defaultChoiceId"
        fields.refuse(fields.path, common["id"], message, "both, or neither")
    for option in options:
        if option.id == default and option.conditions:
            message = "is the default, so it may have no conditions"
            fields.refuse(option.path, option.id, message, "a choice that is always open")
    return Choice(
        **common, prompt=_line(fields, "prompt", ""), options=options, timeout_us=span, default=default
    )


def _action(fields: Fields, known: Known, common: Mapping[str, Any]) -> Action:
    return Action(
        **common,
        delay_us=_delay(fields),
        effects=read_effects(fields, "effects", known.variables, known.metrics),
    )


COMPOSITIONS = ("sequential", "layered", "merged")


def _action_block(fields: Fields, known: Known, common: Mapping[str, Any]) -> ActionBlock:
    blocks, query = fields.texts("blockIds", BLOCKS_MAX), fields.mapping("query")
    if not blocks and not query:
        fields.refuse(fields.path, common["id"], "names no block and no query", "blockIds, or a query")
    params: dict[str, Any] = {"blockIds": list(blocks)} if blocks else {}
    if query:
        params["query"] = query
    params["composition"] = fields.choice("composition", COMPOSITIONS, COMPOSITIONS[0])
    params.update(fields.mapping("generate"))
    return ActionBlock(
        **common, delay_us=_delay(fields), asks=_asks(fields, "action_block", params, awaits=False)
    )


def _scene(fields: Fields, known: Known, common: Mapping[str, Any]) -> SceneChange:
    return SceneChange(
        **common,
        delay_us=_delay(fields),
        scene_id=fields.identifier("sceneId"),
        cast=read_cast(fields, known.people),
    )


def _branch(fields: Fields, known: Known, common: Mapping[str, Any]) -> Branch:
    ways = fields.each("branches", lambda item, path: read_way(item, path, known), OPTIONS_MAX)
    if not ways:
        fields.refuse(fields.at("branches"), fields.raw("branches"), "has no branch", "at least one branch")
    if fields.has("default"):
        where = fields.at("default")
        ways = (*ways, Way(where, where, fields.identifier("default")))
    fields.ignore("default")
    return Branch(**common, ways=ways)


OF_MODE = {
    WaitMode.DURATION: ("durationSeconds",),
    WaitMode.CONDITION: ("conditions", "checkEverySeconds", "maxWaitSeconds", "onTimeout"),
    WaitMode.PLAYER_INPUT: ("maxWaitSeconds", "onTimeout"),
}
"""Which keys a wait of that mode may have."""
assert OF_MODE.keys() == set(WaitMode), "every mode needs its keys"


def _wait(fields: Fields, known: Known, common: Mapping[str, Any]) -> Wait:
    mode = WaitMode(fields.choice("mode", list(WaitMode), WaitMode.DURATION))
    for key in {key: None for keys in OF_MODE.values() for key in keys}:
        if key not in OF_MODE[mode] and fields.has(key):
            allowed = ", ".join(OF_MODE[mode])
            fields.refuse(fields.at(key), fields.raw(key), f"is not asked of mode {mode}", allowed)
    conditions = read_conditions(fields, "conditions", known.names)
    duration = _span(fields, "durationSeconds")
    if mode is WaitMode.DURATION and not fields.has("durationSeconds"):
        fields.refuse(fields.at("durationSeconds"), None, "is missing", "game seconds above 0")
    if mode is WaitMode.CONDITION and not fields.raw("conditions", []):
        fields.refuse(fields.at("conditions"), None, "is missing", "at least one condition")
    most = _span(fields, "maxWaitSeconds")
    over = None
    if fields.has("onTimeout"):
        where = fields.at("onTimeout")
        over = Way(where, where, fields.identifier("onTimeout"))
        if most is None:
            fields.refuse(fields.at("onTimeout"), over.to, "never happens", "maxWaitSeconds as well")
    fields.ignore("onTimeout")
    check = fields.micros("checkEverySeconds", CHECK_S, low=1)
    return Wait(
        **common,
        delay_us=duration or NO_TIME,
        mode=mode,
        conditions=conditions,
        check_us=check,
        most_us=most,
        when_over=over,
    )


def _external_call(fields: Fields, known: Known, common: Mapping[str, Any]) -> ExternalCall:
    if fields.has("call"):
        return _plugin_call(fields, known, common)
    kind = fields.choice("kind", KINDS, "")
    params = {
        **fields.mapping("params"),
        "system": fields.text("system"),
        "method": fields.text("method"),
    }
    variable = fields.reference("resultVariable", known.variables, known.variables, "variable of the program")
    asks = _asks(fields, kind, params, awaits=True)
    if variable is not None and not asks.awaits:
        message = "is never written: the program does not wait for the result"
        fields.refuse(fields.at("resultVariable"), variable, message, "awaitResult true")
    return ExternalCall(**common, delay_us=_delay(fields), asks=asks, use=None, variable=variable)


def _plugin_call(fields: Fields, known: Known, common: Mapping[str, Any]) -> ExternalCall:
    """`call`: a function of a plug-in, answered at once. What asks a provider has no place beside it."""
    name, params = fields.text("call"), fields.mapping("params")
    use = known.names.plugin("call", fields.at("call"), name, params) if name else None
    if not fields.has("resultVariable"):
        fields.refuse(fields.at("resultVariable"), None, "is missing", "the variable that keeps the result")
    variable = fields.reference("resultVariable", known.variables, known.variables, "variable of the program")
    return ExternalCall(**common, delay_us=_delay(fields), asks=None, use=use, variable=variable)


READERS: Mapping[str, Callable[[Fields, Known, Mapping[str, Any]], NarrativeNode]] = {
    "dialogue": _dialogue,
    "choice": _choice,
    "action": _action,
    "action_block": _action_block,
    "scene": _scene,
    "branch": _branch,
    "wait": _wait,
    "external_call": _external_call,
}
assert tuple(KIND_OF.values()) == tuple(READERS), "every kind of node needs its reader"
