"""A work plan for people to read: what each tier gets of what is due, and what is left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from service.moments import DayLengths, clock
from service.tables import table


def to_text(title: str, plan: Mapping[str, Any]) -> str:
    """The tiers as a table, the generation requests, the systems, then every reason and warning."""
    left_out = {short["tier"]: short for short in plan["leftOut"]}
    rows = [
        [
            tier,
            f"{share['due']:,}",
            f"{share['pastStaleness']:,}",
            f"{share['runs']:,}",
            f"{left_out[tier]['people'] if tier in left_out else 0:,}",
        ]
        for tier, share in plan["tiers"].items()
    ]
    lines = [title, table(["tier", "due", "overdue", "runs", "left out"], rows)]
    runs = sum(share["runs"] for share in plan["tiers"].values())
    lines.append(f"decisions: {runs:,} of at most {plan['npcBudget']:,}")
    lines.append(
        f"generation requests: {plan['jobsDue']:,} wait, {plan['jobsHandedOver']:,} are handed over "
        f"of at most {plan['jobBudget']:,}"
    )
    for name, share in plan["systems"].items():
        lines.append(
            f"system {name}: {share['due']:,} due, {share['runs']:,} run, {share['waits']:,} left out"
        )
    for short in plan["leftOut"]:
        named = ", ".join(short["next"])
        first = f"; next: {named}" if named else ""
        lines.append(f"left out, {short['tier']}: {short['people']:,}, since {short['reason']}{first}")
    lines += [f"warning: {warning}" for warning in plan["warnings"]]
    return "\n".join(lines)


def chores_to_text(chores: Sequence[Mapping[str, Any]]) -> str:
    """Housekeeping as a table; no process has told of any in its first moments."""
    if not chores:
        return "none heard of yet"
    rows = [
        [
            chore["name"],
            chore["by"],
            f"{chore['everySeconds']:g} s",
            _wall(chore["lastRun"]),
            "when needed" if chore["nextRun"] is None else _wall(chore["nextRun"]),
            f"{chore['did']:,} of {chore['budget']:,}",
        ]
        for chore in chores
    ]
    failing = [
        f"failing: {chore['name']} of the {chore['by']}, {chore['failures']:,} times so far: "
        f"{chore['because']}"
        for chore in chores
        if chore["because"]
    ]
    return "\n".join([table(["chore", "by", "every", "last run", "next run", "did"], rows), *failing])


def history_to_text(
    rows: Sequence[Mapping[str, Any]], rollbacks: Sequence[Mapping[str, Any]], lengths: DayLengths | None
) -> str:
    """Metric snapshots as a table, with a column for what is undone if anything was; then the rollbacks."""
    told = "no metric snapshot yet: the first is taken about half a minute after a world's first commit"
    lines = [_measures(rows, lengths, marks=bool(rollbacks)) if rows else told]
    lines += [
        f"rollback {one['branch']} ({_wall(one['at'])}): from tick {one['fromTick']:,} back to tick "
        f"{one['toTick']:,}; {one['inputsUndone']:,} inputs are undone"
        for one in rollbacks
    ]
    return "\n".join(lines)


def _measures(rows: Sequence[Mapping[str, Any]], lengths: DayLengths | None, *, marks: bool) -> str:
    cells = [
        [
            _wall(row["takenAt"]),
            f"{row['tick']:,}",
            clock(row["worldTime"], lengths),
            f"{total(row['decisionsByTier']):,}",
            f"{row['requests']:,}",
            f"{row['inputsWaiting']:,}",
            *([_undone(row["undone"])] if marks else []),
        ]
        for row in rows
    ]
    heads = ["taken (UTC)", "tick", "world time", "decisions", "requests", "inputs waiting"]
    return table([*heads, "undone"] if marks else heads, cells)


def _undone(by: Mapping[str, Any] | None) -> str:
    return "" if by is None else f"rollback {by['branch']}, to tick {by['toTick']:,}"


def total(by_tier: Mapping[str, int]) -> int:
    return sum(by_tier.values())


def _wall(at_s: float | None) -> str:
    """A wall time as people read it, in UTC."""
    return "never" if at_s is None else datetime.fromtimestamp(at_s, UTC).strftime("%H:%M:%S")
