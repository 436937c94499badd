"""How far a player and a person are in a chain: `interactions.chainProgress` of their session, and when it is
due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.chains import Chain, Step
from simulation.definitions.fields import SECONDS_MAX, is_number
from simulation.definitions.kept import ChainOutcome
from simulation.person_json import json_seconds, micros
from simulation.units import Micros

COMPONENT, KEY = "interactions", "chainProgress"
EXPIRES_AFTER = 1
"""Microseconds after the end of a step's window at which it has expired: it is open at the end itself."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Replaced by every step. Times are the world's; JSON keeps them in seconds."""

    current: str | None
    """None: it has ended."""
    started_at: Micros
    last_step_at: Micros
    completed: tuple[str, ...] = ()
    """Each step once, in the order of their first time."""
    skipped: tuple[str, ...] = ()
    completions: int = 0
    outcome: ChainOutcome | None = None
    because: str = ""
    look_again_at: Micros | None = None
    """When the tick tries a step again that was ready and whose conditions did not hold."""

    @property
    def runs(self) -> bool:
        return self.current is not None

    def to_json(self) -> dict[str, Any]:
        later: dict[str, Any] = {}
        if self.because:
            later["because"] = self.because
        if self.look_again_at is not None:
            later["lookAgainAt"] = json_seconds(self.look_again_at)
        return {
            "currentStep": self.current,
            "startedAt": json_seconds(self.started_at),
            "lastStepAt": json_seconds(self.last_step_at),
            "completedSteps": list(self.completed),
            "skippedSteps": list(self.skipped),
            "completionCount": self.completions,
            "outcome": None if self.outcome is None else str(self.outcome),
            **later,
        }


def read_progress(value: object, chain: Chain) -> Progress | None:
    """What `to_json` wrote. None: this is none, since anybody may write a personal component."""
    if not isinstance(value, Mapping):
        return None
    current, outcome = value.get("currentStep"), value.get("outcome")
    started, last = read_time(value.get("startedAt")), read_time(value.get("lastStepAt"))
    count = value.get("completionCount", 0)
    known = current is None or (isinstance(current, str) and current in chain.steps)
    ended = outcome in (None, *ChainOutcome) and (current is None) != (outcome is None)
    if not (known and ended and isinstance(count, int)) or started is None or last is None:
        return None
    return Progress(
        current=current,
        started_at=started,
        last_step_at=last,
        completed=_steps(value.get("completedSteps"), chain),
        skipped=_steps(value.get("skippedSteps"), chain),
        completions=count,
        outcome=None if outcome is None else ChainOutcome(outcome),
        because=str(value.get("because", "")),
        look_again_at=read_time(value.get("lookAgainAt")),
    )


def read_time(value: object) -> Micros | None:
    """World time in JSON seconds, as `json_seconds` wrote it; None: this is none."""
    if isinstance(value, int | float) and is_number(value) and 0 <= value <= SECONDS_MAX:
        return Micros(micros(value))
    return None


def _steps(value: object, chain: Chain) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(name for name in listed if isinstance(name, str) and name in chain.steps))


def opens_at(step: Step, progress: Progress) -> Micros:
    """From this microsecond on it is ready."""
    return Micros(progress.last_step_at + step.min_wait_us)


def closes_at(step: Step, progress: Progress) -> Micros | None:
    """The last microsecond at which it may be taken; None: it never expires."""
    span = step.max_wait_us
    return None if span is None else Micros(progress.last_step_at + span)


def due_at(chain: Chain, progress: Progress) -> Micros | None:
    """When the tick has something to do for it; None: never, it has ended or waits for the player."""
    if progress.current is None:
        return None
    step = chain.steps[progress.current]
    closes = closes_at(step, progress)
    times = [] if closes is None else [Micros(closes + EXPIRES_AFTER)]
    if step.auto:
        opens = opens_at(step, progress)
        again = progress.look_again_at
        times.append(opens if again is None else max(opens, again))
    return min(times, default=None)
