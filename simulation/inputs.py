"""Every change of a running world from outside: durable before it is applied, applied once, at a tick
boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulation.units import InputKind, Seq, Tick

STEPS_MAX = 1_000_000
"""Ticks one step or advance may ask for: at a thousand a second, about a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Input:
    """`tick` and `ordinal` are known once it has been applied."""

    seq: Seq
    kind: InputKind
    payload: Mapping[str, Any]
    tick: Tick | None = None
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an input was applied, or why it was refused; its answer waits for `answer_at_tick` to be
    committed."""

    seq: Seq
    tick: Tick
    ordinal: int
    applied: bool
    detail: Mapping[str, Any]
    answer_at_tick: Tick
    redefines: bool = False
    """Whether the world goes by another definition from here on."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What applying one input came to, before it has its place in the order."""

    applied: bool
    detail: Mapping[str, Any]
    answer_at_tick: Tick | None = None
    """None: as soon as it is committed."""
    redefines: bool = False
    """Whether the world goes by the definition in the payload now."""


def granted(answer_at_tick: Tick | None = None, **detail: Any) -> Verdict:
    return Verdict(True, detail, answer_at_tick)


def refused(reason: str, do: str = "", **detail: Any) -> Verdict:
    return Verdict(False, {"reason": reason, "do": do, **detail})
