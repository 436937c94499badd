"""What an input came to, as a sentence that names who and what was changed. Pure: answers in, text out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from service.errors import Refusal
from service.moments import moment, number
from simulation.definitions.activities import flat_flags
from simulation.units import InputKind

SHOWN_CHARS_MAX = 200
"""Of a value inside a sentence; --json has it whole."""

NOTHING_CHANGED = ", nothing changed"
"""What is said of everything that was so already."""

Values = Mapping[str, Any]

REFUSED: Mapping[InputKind, str] = {
    InputKind.PAUSE: "pause",
    InputKind.RESUME: "resume",
    InputKind.STEP: "step",
    InputKind.ADVANCE: "advance",
    InputKind.CONFIG: "change how it runs",
    InputKind.FLAGS: "set the flags",
    InputKind.SESSION_JOIN: "let the session in",
    InputKind.SESSION_UPDATE: "change the session",
    InputKind.SESSION_LEAVE: "let the session go",
    InputKind.PERSON: "change the person",
    InputKind.METRIC: "change the metric",
    InputKind.CHAIN: "move the chain",
    InputKind.INTERACT: "do it",
    InputKind.INTENT: "answer the intent",
    InputKind.NARRATIVE: "move the narrative",
}
"""What a world did not do, for the inputs that commands send."""


def sentence(world_id: str, kind: InputKind, payload: Values, answer: Any) -> str:
    """What was changed, at which tick and time of the world."""
    at = f"tick {answer.tick:,}, {moment(answer.world_time, answer.day_lengths)}"
    return f"{world_id}: {said(kind, payload, answer.detail)}; {at}"


def refusal(world_id: str, kind: InputKind, detail: Values) -> Refusal:
    """Why not, what to do, and what the player is told, if anything is."""
    reason, do, told = (str(detail.get(key, "")) for key in ("reason", "do", "message"))
    do = f"{do}. {told}" if do and told else do or told
    return Refusal(f"World {world_id} did not {REFUSED[kind]}", because=reason, do=do)


def said(kind: InputKind, payload: Values, detail: Values) -> str:
    """What was changed, by the payload that asked for it and the outcome that answers it."""
    return SAYS[kind](payload, detail)


def shown(value: Any) -> str:
    """A value inside a sentence."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_CHARS_MAX else f"{text[: SHOWN_CHARS_MAX - 3]}..."


def _already(detail: Values) -> str:
    return "" if detail.get("changed", True) else f" already{NOTHING_CHANGED}"


def _pause(payload: Values, detail: Values) -> str:
    return "paused" if detail.get("changed", True) else f"was paused already{NOTHING_CHANGED}"


def _resume(payload: Values, detail: Values) -> str:
    mode = f" ({detail['mode']})" if "mode" in detail else ""
    if "released" in detail:
        return f"out of quarantine{mode}"
    return f"resumed{mode}" if detail.get("changed", True) else f"was not paused, goes on{mode}"


def _step(payload: Values, detail: Values) -> str:
    ticks = payload.get("ticks", 1)
    return f"stepped {ticks:,} {'tick' if ticks == 1 else 'ticks'}"


def _advance(payload: Values, detail: Values) -> str:
    if "realSeconds" in payload:
        return f"advanced {shown(payload['realSeconds'])} real s at its timeScale"
    return f"advanced {shown(payload['seconds'])} s"


def _config(payload: Values, detail: Values) -> str:
    done = ", ".join(f"{key} = {shown(value)}" for key, value in detail["changed"].items())
    asked, unset = payload.get("changes", {}), "= null already"
    return _with_rest([f"set {done}"] if done else [], asked, detail, unset)


def _with_rest(done: list[str], asked: Values, detail: Values, unset: str = "was not there") -> str:
    """And what was so already."""
    rest = [(key, value) for key, value in asked.items() if key not in detail["changed"]]
    found = {key: unset if value is None else f"= {shown(value)} already" for key, value in rest}
    done += [f"{key} {said}" for key, said in found.items()]
    return ", ".join(done) + ("" if detail["changed"] else NOTHING_CHANGED)


def _join(payload: Values, detail: Values) -> str:
    session = payload["session"]
    place = f" at {session['locationId']}" if "locationId" in session else ""
    return f"session {detail['sessionId']} came{place}, version {detail['version']}"


def _session(payload: Values, detail: Values) -> str:
    keys = ("locationId", "sceneId", "cast", "flags", "inventory", "npcs")
    parts = [f"{key} {shown(payload[key])}" for key in keys if key in payload]
    said = f"session {detail['sessionId']} has {', '.join(parts)}"
    return f"{said}{_already(detail)}, version {detail['version']}"


def _leave(payload: Values, detail: Values) -> str:
    return f"session {detail['sessionId']} left"


def _person(payload: Values, detail: Values) -> str:
    if detail["op"] == "move":
        return f"{detail['npcId']} is at {detail['locationId']}"
    if not detail.get("changed", True):
        was = "was not there" if detail["op"] == "remove" else "was so already"
        return f"{detail['component']} of {_whose(detail)} {was}{NOTHING_CHANGED}"
    done = {"set": "set", "update": "updated", "remove": "removed"}[detail["op"]]
    return f"{detail['component']} of {_whose(detail)} {done}"


def _whose(detail: Values) -> str:
    """Who, and with which player if it is theirs alone."""
    with_ = f" with {detail['sessionId']}" if detail.get("sessionId") else ""
    return f"{detail['npcId']}{with_}"


def _metric(payload: Values, detail: Values) -> str:
    before, after = detail["before"], detail["after"]
    was = "nothing it could be" if before is None else shown(before)
    whose = _whose({**detail, "sessionId": payload.get("sessionId")})
    change = f"stays {shown(after)}{NOTHING_CHANGED}" if before == after else f"{was} -> {shown(after)}"
    kept = f" (kept within: {detail['clamped']})" if "clamped" in detail else ""
    return f"{detail['metric']} of {whose} {change}{kept}"


def _chain(payload: Values, detail: Values) -> str:
    done = {"start": "begun", "step": "moved", "skip": "moved", "abandon": "given up"}[detail["op"]]
    done += _already(detail)
    progress = detail["progress"]
    step = progress.get("currentStep")
    where = f"at {step}" if step else f"ended, {progress.get('outcome') or 'over'}"
    return f"chain {detail['chainId']} of {_whose(detail)} {done}: {where}"


def _interact(payload: Values, detail: Values) -> str:
    said = f": {detail['message']}" if detail.get("message") else ""
    return f"{detail['interactionId']} done with {detail['npcId']} by {detail['sessionId']}{said}"


KINDS_WANTED = ("chainId", "interactionId", "narrativeId")


def wanted(intent: Values) -> str:
    """What somebody wants to start."""
    return next((f"{key[:-2]} {intent[key]}" for key in KINDS_WANTED if key in intent), "something")


def _intent(payload: Values, detail: Values) -> str:
    intent = detail["intent"]
    what = wanted(intent)
    done = f"accepted: {what} begins" if detail["op"] == "accept" else f"dismissed: {what} does not begin"
    return f"intent {intent['id']} of {intent['npcId']} {done}"


def _narrative(payload: Values, detail: Values) -> str:
    return f"narrative of {_whose(detail)}: {detail['op']}{_already(detail)}"


def _flags(payload: Values, detail: Values) -> str:
    changed = detail["changed"].items()
    done = [
        f"flag {key} removed" if value is None else f"flag {key} = {shown(value)}" for key, value in changed
    ]
    asked = {f"flag {key}": value for key, value in flat_flags(payload.get("flags", {})).items()}
    return _with_rest(done, asked, {"changed": {f"flag {key}": value for key, value in changed}})


SAYS: Mapping[InputKind, Callable[[Values, Values], str]] = {
    InputKind.PAUSE: _pause,
    InputKind.RESUME: _resume,
    InputKind.STEP: _step,
    InputKind.ADVANCE: _advance,
    InputKind.CONFIG: _config,
    InputKind.FLAGS: _flags,
    InputKind.SESSION_JOIN: _join,
    InputKind.SESSION_UPDATE: _session,
    InputKind.SESSION_LEAVE: _leave,
    InputKind.PERSON: _person,
    InputKind.METRIC: _metric,
    InputKind.CHAIN: _chain,
    InputKind.INTERACT: _interact,
    InputKind.INTENT: _intent,
    InputKind.NARRATIVE: _narrative,
}
assert SAYS.keys() == REFUSED.keys(), "what can be refused can be done"
