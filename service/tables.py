"""Aligned text tables: whole in a pipe, and on a terminal no wider than it is, as far as words allow."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from itertools import zip_longest
from unicodedata import combining, east_asian_width

BETWEEN = "  "
"""Two columns."""


def cells(text: str) -> int:
    """How many columns of a terminal a text takes: some letters take two, marks on letters none."""
    wide = [2 if east_asian_width(letter) in "WF" else 1 for letter in text if not combining(letter)]
    return sum(wide)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], room: int | None = None) -> str:
    """Columns two spaces apart, a rule under the heads; what has no room goes on a line below."""
    lines = [list(heads), *[list(row) for row in rows]]
    widths = _widths(lines, _terminal() if room is None else room)
    text = [written for line in lines for written in _written(line, widths)]
    heads_high = len(list(_written(lines[0], widths)))
    text.insert(heads_high, BETWEEN.join("-" * width for width in widths))
    return "\n".join(text)


def _terminal() -> int:
    """Columns of the terminal that is written to; no end in a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize


def _widths(lines: Sequence[Sequence[str]], room: int) -> list[int]:
    """Each as wide as what is in it; if that is too much the widest give way, down to their longest word."""
    columns = list(zip(*lines, strict=True))
    widths = [max(map(cells, column)) for column in columns]
    least = [max((cells(word) for cell in column for word in cell.split()), default=0) for column in columns]
    over = sum(widths) + len(BETWEEN) * (len(widths) - 1) - room
    while over > 0:
        can = [n for n, width in enumerate(widths) if width > least[n]]
        if not can:
            break
        widest = max(can, key=lambda n: widths[n])
        folded = [part for cell in columns[widest] for part in _folded(cell, widths[widest] - 1)]
        narrower = max(map(cells, folded))
        over, widths[widest] = over - (widths[widest] - narrower), narrower
    return widths


def _written(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    """One row, on as many lines as its cells need."""
    folded = [_folded(cell, width) for cell, width in zip(line, widths, strict=True)]
    return [
        BETWEEN.join(
            cell + " " * (width - cells(cell)) for cell, width in zip(parts, widths, strict=True)
        ).rstrip()
        for parts in zip_longest(*folded, fillvalue="")
    ]


def _folded(cell: str, width: int) -> list[str]:
    """The words of a cell in lines of that width."""
    if cells(cell) <= width:
        return [cell]
    found = [""]
    for word in cell.split():
        longer = f"{found[-1]} {word}".lstrip()
        if cells(longer) <= width or not found[-1]:
            found[-1] = longer
        else:
            found.append(word)
    return found
