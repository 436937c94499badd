"""The people of a world as a table, and how to see more of them."""

from __future__ import annotations

from messages.admin import PeopleListed
from service.moments import moment, number
from service.tables import table


def to_text(found: PeopleListed) -> str:
    """One person a row; the last line says how many live there, and where the next page begins."""
    rows = [
        [
            one["id"],
            one["name"],
            one["tier"],
            one["location"] or "-",
            one["activity"] or "-",
            number(one["energy"]),
            moment(one["nextDecisionAt"], found.day_lengths),
        ]
        for one in found.people
    ]
    heads = ["person", "name", "tier", "location", "activity", "energy", "decides next"]
    shown = table(heads, rows) if rows else "Nobody fits that now."
    more = "" if found.next is None else f" The next page: --from {found.next}."
    return f"{shown}\n{len(rows):,} of {found.count:,} people, as of tick {found.tick:,}.{more}"
