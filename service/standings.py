"""How a world stands, for people to read: its clock, its people, its last plan, its flags."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from messages.admin import WorldShown
from service.moments import seconds
from service.outlines import outline
from service.plans import chores_to_text
from service.plans import to_text as plan_to_text


def to_text(found: WorldShown, jobs: Sequence[str] = ()) -> str:
    """A block each for the world, its jobs, its last plan, its flags and housekeeping."""
    report = found.report
    because = f": {report.because}" if report.because else ""
    people = ", ".join(f"{count:,} {tier}" for tier, count in report.people_by_tier.items())
    lines = [
        f"{report.name} ({report.world_id}): {report.status}{because}",
        f"tick {report.tick:,}, {report.time_of_day or seconds(report.world_time)}",
        f"state {report.state_hash}",
        f"people: {people}",
        f"decisions {report.decisions:,}, generation requests {report.requests:,}",
        *jobs,
        *_refused(found),
        *map(_plugin, found.plugins),
        plan_to_text("last plan:", found.plan)
        if found.plan
        else "last plan: none, it has not ticked since it was opened",
        "flags:",
        outline(dict(sorted(found.flags.items())), report.day_lengths),
        "housekeeping, by real time:",
        chores_to_text(found.housekeeping),
    ]
    return "\n".join(lines)


def _plugin(one: Mapping[str, Any]) -> str:
    failures = f"{one['failures']} of {one['failuresMax']} failures"
    return f"plug-in {one['id']} {one['version']}: {'switched off, ' if one['off'] else ''}{failures}"


def _refused(found: WorldShown) -> Iterator[str]:
    """Why what people wanted did not come to be; nothing if all of it did."""
    if found.refused_intents:
        reasons = ", ".join(f"{count:,} {why}" for why, count in found.refused_intents.items())
        yield f"intents refused since it was opened: {reasons}"
    if found.refused_requests:
        yield f"generation requests refused: {found.refused_requests:,} queue full"
