"""Where a player and a person are in a narrative (personal component `narrative`), and when it is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulation.definitions.fields import SECONDS_MAX, is_number
from simulation.definitions.kept import (
    COMPONENT_OF_CALLS,
    HISTORY_MAX,
    STACK_MAX,
    NarrativeOutcome,
    WaitsFor,
)
from simulation.definitions.narrative_effects import OWN
from simulation.definitions.narratives import VARIABLES_BYTES_MAX
from simulation.hashing import canonical, digest
from simulation.person_json import json_seconds, micros
from simulation.sessions import Session
from simulation.units import Micros, NpcId

COMPONENT = "narrative"


@dataclass(frozen=True, slots=True)
class Waiting:
    kind: WaitsFor
    since: Micros
    until: Micros | None = None
    """When the tick goes on whatever happens; None: it does not."""
    checked_at: Micros | None = None
    check_at: Micros | None = None
    seen: str = ""
    """What the session looked like at the last check: another look is due as soon as that changes."""
    request_id: str = ""
    component: str = ""
    answer: Mapping[str, Any] | None = None
    """The content is there, or never will be, whatever was written to the component since."""

    def shifted(self, by: int) -> Waiting:
        """The same wait after an interruption, which it did not count."""
        return replace(
            self,
            since=Micros(self.since + by),
            until=_later(self.until, by),
            checked_at=_later(self.checked_at, by),
            check_at=_later(self.check_at, by),
        )

    def to_json(self) -> dict[str, Any]:
        times = {"until": self.until, "checkedAt": self.checked_at, "checkAt": self.check_at}
        words = {"seen": self.seen, "requestId": self.request_id, "component": self.component}
        return {
            "for": str(self.kind),
            "since": json_seconds(self.since),
            **{key: json_seconds(value) for key, value in times.items() if value is not None},
            **{key: value for key, value in words.items() if value},
            **({} if self.answer is None else {"answer": dict(self.answer)}),
        }


def _later(time: Micros | None, by: int) -> Micros | None:
    return None if time is None else Micros(time + by)


@dataclass(frozen=True, slots=True)
class Frame:
    """One program under way. Replaced by every change."""

    program: str
    node: str
    waiting: Waiting
    variables: Mapping[str, Any] = field(default_factory=dict)
    interrupted_at: Micros | None = None

    def to_json(self) -> dict[str, Any]:
        cut = self.interrupted_at
        return {
            "program": self.program,
            "node": self.node,
            "waiting": self.waiting.to_json(),
            "variables": dict(self.variables),
            **({} if cut is None else {"interruptedAt": json_seconds(cut)}),
        }


@dataclass(frozen=True, slots=True)
class Run:
    """Everything between one player and one person about narratives. Replaced by every change."""

    run_id: str
    """Which start it was: of a world, none has it twice."""
    started_at: Micros
    frame: Frame | None = None
    """None: it has ended."""
    stack: tuple[Frame, ...] = ()
    """Programs that were interrupted, the first one first."""
    history: tuple[Mapping[str, Any], ...] = ()
    visits: int = 0
    """Nodes ever entered."""
    steps: int = 0
    """Nodes entered since it last waited."""
    outcome: NarrativeOutcome | None = None
    error: Mapping[str, Any] | None = None

    @property
    def goes_on(self) -> bool:
        return self.frame is not None and self.error is None

    def remembering(self, entry: Mapping[str, Any]) -> Run:
        return replace(self, history=(*self.history, entry)[-HISTORY_MAX:])

    def to_json(self) -> dict[str, Any]:
        now: Mapping[str, Any] = (
            {"program": None, "node": None} if self.frame is None else self.frame.to_json()
        )
        return {
            **now,
            "runId": self.run_id,
            "startedAt": json_seconds(self.started_at),
            "stack": [frame.to_json() for frame in self.stack],
            "history": [dict(entry) for entry in self.history],
            "visits": self.visits,
            "steps": self.steps,
            "outcome": None if self.outcome is None else str(self.outcome),
            "error": None if self.error is None else dict(self.error),
        }


def read_run(value: object) -> Run | None:
    """What `to_json` wrote. None: this is none, since anybody may write a personal component."""
    if not isinstance(value, Mapping):
        return None
    started, visits, steps = _time(value, "startedAt"), value.get("visits"), value.get("steps")
    stack, history = value.get("stack"), value.get("history")
    frame = None if value.get("program") is None else _frame(value)
    if started is None or not _count(visits) or not _count(steps):
        return None
    if not isinstance(stack, list) or not isinstance(history, list):
        return None
    frames = tuple(found for one in stack[:STACK_MAX] if (found := _frame(one)) is not None)
    if (frame is None and value.get("program") is not None) or len(frames) < len(stack):
        return None
    outcome, error = value.get("outcome"), value.get("error")
    return Run(
        run_id=str(value.get("runId", "")),
        started_at=started,
        frame=frame,
        stack=frames,
        history=tuple(entry for entry in history[-HISTORY_MAX:] if isinstance(entry, Mapping)),
        visits=visits or 0,
        steps=steps or 0,
        outcome=NarrativeOutcome(outcome) if outcome in tuple(NarrativeOutcome) else None,
        error=error if isinstance(error, Mapping) else None,
    )


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _frame(value: object) -> Frame | None:
    if not isinstance(value, Mapping):
        return None
    program, node, variables = value.get("program"), value.get("node"), value.get("variables")
    waiting = _waiting(value.get("waiting"))
    if not isinstance(program, str) or not isinstance(node, str) or waiting is None:
        return None
    if not isinstance(variables, Mapping):
        return None
    return Frame(program, node, waiting, variables, _time(value, "interruptedAt"))


def _waiting(value: object) -> Waiting | None:
    if not isinstance(value, Mapping):
        return None
    kind, since, answer = value.get("for"), _time(value, "since"), value.get("answer")
    if kind not in tuple(WaitsFor) or since is None:
        return None
    return Waiting(
        kind=WaitsFor(kind),
        since=since,
        until=_time(value, "until"),
        checked_at=_time(value, "checkedAt"),
        check_at=_time(value, "checkAt"),
        seen=str(value.get("seen", "")),
        request_id=str(value.get("requestId", "")),
        component=str(value.get("component", "")),
        answer=answer if isinstance(answer, Mapping) else None,
    )


def _time(value: Mapping[str, Any], key: str) -> Micros | None:
    """World time in JSON seconds; None: this is none."""
    found = value.get(key)
    if isinstance(found, int | float) and is_number(found) and 0 <= found <= SECONDS_MAX:
        return Micros(micros(found))
    return None


def run_in(session: Session, npc_id: NpcId) -> Run | None:
    return read_run(session.npcs.get(npc_id, {}).get(COMPONENT))


def appearance(session: Session, npc_id: NpcId) -> str:
    """What conditions can see of a session about one person, in a few letters, the narrative itself aside."""
    others = {name: value for name, value in session.npcs.get(npc_id, {}).items() if name not in OWN}
    high, low = digest([dict(session.flags), others])
    return f"{high:016x}{low:016x}"


def answered(session: Session, npc_id: NpcId, waiting: Waiting) -> bool:
    """Whether the content it waits for is there, or will never be."""
    return waiting.answer is not None or _stands(session, npc_id, waiting)


def _stands(session: Session, npc_id: NpcId, waiting: Waiting) -> bool:
    return session.component(npc_id, waiting.component).get("requestId") == waiting.request_id


def result_of(session: Session, npc_id: NpcId, waiting: Waiting) -> Any:
    """What came of the content it waited for; None: nothing did."""
    if _stands(session, npc_id, waiting):
        return session.component(npc_id, waiting.component).get("result")
    return None if waiting.answer is None else waiting.answer.get("result")


def noted(session: Session, npc_id: NpcId, request_id: str, result: object) -> Run | None:
    """The run with the answer to what it waits for, or a program that it interrupted; None: none does."""
    run = run_in(session, npc_id)
    if run is None or not any(_awaits(frame, request_id) for frame in (run.frame, *run.stack)):
        return None
    stack = tuple(_with_answer(frame, result) if _awaits(frame, request_id) else frame for frame in run.stack)
    frame = run.frame
    if frame is not None and _awaits(frame, request_id):
        frame = _with_answer(frame, result)
    return replace(run, frame=frame, stack=stack)


def _awaits(frame: Frame | None, request_id: str) -> bool:
    return (
        frame is not None and frame.waiting.kind is WaitsFor.RESULT and frame.waiting.request_id == request_id
    )


def _with_answer(frame: Frame, result: object) -> Frame:
    """Kept is what may become a variable; other results stand in their component."""
    wanted = frame.waiting.component == COMPONENT_OF_CALLS and len(canonical(result)) <= VARIABLES_BYTES_MAX
    answer = {"result": result} if wanted else {}
    return replace(frame, waiting=replace(frame.waiting, answer=answer))


def due_at(run: Run | None, session: Session, npc_id: NpcId) -> Micros | None:
    """When the tick has something to do for it, as its session stands; None: not before that changes."""
    if run is None or run.frame is None or not run.goes_on:
        return None
    waiting = run.frame.waiting
    match waiting.kind:
        case WaitsFor.CONDITION:
            checked = waiting.since if waiting.checked_at is None else waiting.checked_at
            if waiting.seen != appearance(session, npc_id):
                return checked
            times = [time for time in (waiting.check_at, waiting.until) if time is not None]
            return min(times, default=checked)
        case WaitsFor.RESULT if answered(session, npc_id, waiting):
            return waiting.since
        case _:
            return waiting.until
