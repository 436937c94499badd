"""A work plan for people to read: what each tier gets of what is due, and what is left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
