"""Aligned text tables, the same on a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from unicodedata import combining, east_asian_width


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: some letters take two, marks on letters none."""
    wide = [2 if east_asian_width(letter) in "WF" else 1 for letter in text if not combining(letter)]
    return sum(wide)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, a rule under the heads."""
    lines = [list(heads), *[list(row) for row in rows]]
    widths = [max(cells(line[n]) for line in lines) for n in range(len(heads))]
    text = [
        "  ".join(
            cell + " " * (width - cells(cell)) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]
    text.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(text)
