"""What an import did: each thing that became something else, and each that could not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """In the order things were met."""

    mapped: list[tuple[str, str, str]] = field(default_factory=list)
    """(from, to, how many or what was assumed)."""
    unmapped: list[tuple[str, str]] = field(default_factory=list)
    """(from, why): kept beside, under a key that means nothing, where the format has room for it."""

    def became(self, source: str, target: str, note: str = "") -> None:
        self.mapped.append((source, target, note))

    def lost(self, source: str, why: str) -> None:
        self.unmapped.append((source, why))

    def to_json(self) -> dict[str, Any]:
        return {
            "mapped": [{"from": a, "to": b, "note": note} for a, b, note in self.mapped],
            "unmapped": [{"from": a, "why": why} for a, why in self.unmapped],
        }

    def to_text(self) -> str:
        lines = [f"{a} -> {b}{f' ({note})' if note else ''}" for a, b, note in self.mapped]
        lines += [f"not mapped: {a}: {why}" for a, why in self.unmapped]
        return "\n".join(lines)
