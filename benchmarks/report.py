"""What a measure is, and how measures are shown: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LATEST = Path(__file__).parent / "latest.json"


@dataclass(frozen=True)
class Measure:
    """One number. `target`: what it should at most (`below`) or at least be; None: only a fact."""

    name: str
    ours: float | None
    """None: it cannot be measured here; `because` says why."""
    unit: str
    target: float | None = None
    below: bool = False
    peers: Mapping[str, float | None] = field(default_factory=dict)
    """What others reach at the same, by name; None: not installed. Empty where nobody was measured."""
    because: str = ""

    @property
    def met(self) -> bool | None:
        if self.target is None or self.ours is None:
            return None
        return self.ours <= self.target if self.below else self.ours >= self.target

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "ours": self.ours,
            "unit": self.unit,
            "peers": dict(self.peers),
            "target": self.target,
            "met": self.met,
        }


def table(measures: Sequence[Measure]) -> str:
    """Aligned columns: measure, number, unit, target and peers."""
    rows = [("measure", "here", "unit", "target; others")]
    rows += [(m.name, number(m.ours), m.unit, "; ".join([*_target(m), *_peers(m)])) for m in measures]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{name:<{widths[0]}}  {ours:>{widths[1]}}  {unit:<{widths[2]}}  {more}".rstrip()
        for name, ours, unit, more in rows
    )


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _target(measure: Measure) -> list[str]:
    if measure.because:
        return [f"not measured: {measure.because}"]
    if measure.target is None:
        return []
    sign = "at most" if measure.below else "at least"
    return [f"{sign} {number(measure.target)}: {'met' if measure.met else 'missed'}"]


def _peers(measure: Measure) -> list[str]:
    return [
        f"{name} not installed" if value is None else f"{name} {number(value)}"
        for name, value in measure.peers.items()
    ]


def document(machine: Mapping[str, Any], measures: Sequence[Measure]) -> str:
    shown = {"machine": dict(machine), "measures": [measure.to_json() for measure in measures]}
    return json.dumps(shown, indent=2) + "\n"
