"""A plan reads as a table and a sentence for each thing it leaves out."""

from __future__ import annotations

from typing import Any

from service.plans import to_text

NOBODY = {"due": 0, "pastStaleness": 0, "runs": 0, "owed": 0}
PLAN: dict[str, Any] = {
    "tick": 8,
    "worldTime": 480,
    "npcBudget": 50,
    "jobBudget": 10,
    "tiers": {"detailed": {"due": 1200, "pastStaleness": 3, "runs": 50, "owed": 0}, "active": NOBODY},
    "systems": {"chains": {"due": 12, "runs": 8, "waits": 4}},
    "jobsDue": 14,
    "jobsHandedOver": 10,
    "leftOut": [{"tier": "detailed", "people": 1150, "reason": "the budget is spent", "next": ["ada", "bo"]}],
    "warnings": ["4 generation requests wait: maxJobOpsPerStep is 10"],
}


def test_a_plan_tells_what_runs_and_what_does_not_and_why() -> None:
    assert to_text("Inn (inn): tick 8", PLAN).splitlines() == [
        "Inn (inn): tick 8",
        "tier      due    overdue  runs  left out",
        "--------  -----  -------  ----  --------",
        "detailed  1,200  3        50    1,150",
        "active    0      0        0     0",
        "decisions: 50 of at most 50",
        "generation requests: 14 wait, 10 are handed over of at most 10",
        "system chains: 12 due, 8 run, 4 left out",
        "left out, detailed: 1,150, since the budget is spent; next: ada, bo",
        "warning: 4 generation requests wait: maxJobOpsPerStep is 10",
    ]
