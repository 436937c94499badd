"""A narrative as a player sees it: the node they are at, what it says, and what they may do now."""

from __future__ import annotations

from typing import Any

from simulation.definitions.kept import QUEUES, WaitsFor
from simulation.definitions.narrative_nodes import KIND_OF, Choice, Dialogue, Option
from simulation.person_json import json_seconds
from simulation.rules import RuleRaised
from simulation.sessions import Session
from simulation.stories.narrative_run import Run, run_in
from simulation.stories.narrative_walk import Walk
from simulation.units import NpcId
from simulation.views import View

MAY = {WaitsFor.CHOICE: ("choose", "stop"), WaitsFor.PLAYER: ("continue", "stop")}
"""What a run waits for -> the inputs it takes then, beside a start; anything else takes a stop."""


def shown(view: View, session: Session, npc_id: NpcId) -> dict[str, Any] | None:
    """None: the two were in no narrative."""
    run = run_in(session, npc_id)
    if run is None:
        return None
    found: dict[str, Any] = {
        "program": None,
        "node": None,
        "outcome": None if run.outcome is None else str(run.outcome),
        "error": run.error,
        "interrupted": [{"program": frame.program, "node": frame.node} for frame in run.stack],
        "pending": {
            queue: dict(entries) for queue in QUEUES if (entries := session.component(npc_id, queue))
        },
        "history": [dict(entry) for entry in run.history],
    }
    return {**found, **_where(view, session, npc_id, run)}


def _where(view: View, session: Session, npc_id: NpcId, run: Run) -> dict[str, Any]:
    frame = run.frame
    if frame is None:
        return {}
    found: dict[str, Any] = {
        "program": frame.program,
        "node": frame.node,
        "variables": dict(frame.variables),
    }
    if run.error is not None:
        return found
    found["waitsFor"], found["since"] = str(frame.waiting.kind), json_seconds(frame.waiting.since)
    found["may"] = list(MAY.get(frame.waiting.kind, ("stop",)))
    if frame.waiting.until is not None:
        found["until"] = json_seconds(frame.waiting.until)
    walk = Walk(view, session, npc_id, run, 0)
    try:
        node = walk.node
    except RuleRaised as raised:
        return {**found, "fails": str(raised)}
    found["nodeType"] = KIND_OF[type(node)]
    if isinstance(node, Dialogue) and node.text:
        found["text"], found["speaker"] = node.text, node.speaker
    if isinstance(node, Choice):
        found["prompt"] = node.prompt
        found["choices"] = [_option(walk, option) for option in node.options]
    return found


def _option(walk: Walk, option: Option) -> dict[str, Any]:
    closed = closed_by(walk, option)
    because = {} if closed is None else {"because": closed}
    return {"id": option.id, "text": option.text, "open": closed is None, **because}


def closed_by(walk: Walk, option: Option) -> str | None:
    """Why the choice cannot be taken now; None: it can."""
    try:
        path = walk.holds(option.path)
    except RuleRaised as raised:
        return f"a rule fails: {raised}"
    return None if path is None else f"{path} does not hold"
