"""The people of a world as a table, and how to see more of them."""

from __future__ import annotations

from messages.admin import PeopleListed
from service.moments import clock
from service.tables import table


def to_text(found: PeopleListed, start: int = 0) -> str:
    """One person a row; the last line says how many live there, and where the next page begins."""
    rows = [
        [
            one["id"],
            one["name"],
            one["tier"],
            one["location"] or "-",
            one["activity"] or "-",
            f"{one['energy']:.1f}",
            clock(one["nextDecisionAt"], found.day_lengths),
        ]
        for one in found.people
    ]
    heads = ["person", "name", "tier", "location", "activity", "energy", "decides next"]
    shown = table(heads, rows) if rows else _nobody(found, start)
    more = "" if found.next is None else f" The next page: --from {found.next}."
    return f"{shown}\n{len(rows):,} of {found.count:,} people, as of tick {found.tick:,}.{more}"


def _nobody(found: PeopleListed, start: int) -> str:
    """Why a page is empty."""
    if start and start >= found.count:
        last = f"the last of them is at place {found.count - 1:,}" if found.count else "nobody lives there"
        return f"--from {start} is beyond the end: {last}."
    return "Nobody fits that now." if not start else f"Nobody from place {start:,} on fits that now."
