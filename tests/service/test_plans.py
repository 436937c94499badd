"""A plan reads as a table and a sentence for each thing it leaves out."""

from __future__ import annotations

from typing import Any

from service.plans import chores_to_text, history_to_text, to_text

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


def test_housekeeping_is_a_table_with_when_and_how_much() -> None:
    """86,400 s after 1970 began is midnight again; 61 s later it is 00:01:01."""
    chore = {
        "name": "sweep",
        "by": "gate",
        "everySeconds": 2.0,
        "lastRun": None,
        "nextRun": 86_461.0,
        "did": 3,
        "budget": 500,
        "didInAll": 3,
        "failures": 0,
        "because": "",
    }
    assert chores_to_text([chore]).splitlines()[-1].split() == [
        *("sweep", "gate", "2", "s", "never", "00:01:01", "3", "of", "500")
    ]
    idle = chores_to_text([{**chore, "lastRun": 86_400.0, "nextRun": None}]).splitlines()[-1]
    assert idle.split()[4:7] == ["00:00:00", "when", "needed"]
    assert chores_to_text([]) == "none heard of yet"
    failing = chores_to_text([chore, {**chore, "failures": 2, "because": "OSError: no disk"}]).splitlines()
    assert failing[-1] == "failing: sweep of the gate, 2 times so far: OSError: no disk"
    assert [line.split()[0] for line in failing[-3:-1]] == ["sweep", "sweep"]


def test_what_a_rollback_undid_is_marked_in_the_history() -> None:
    """One was measured at 00:01:01, undone, and one at 00:01:31; a world that was never rolled back has no
    such column."""
    row = {"worldTime": 60.0, "decisionsByTier": {"detailed": 3}, "requests": 0, "inputsWaiting": 0}
    happened = {**row, "takenAt": 86_491.0, "tick": 1_250, "undone": None}
    undone = {**row, "takenAt": 86_461.0, "tick": 1_300, "undone": {"branch": 2, "toTick": 1_200}}
    back = {"branch": 2, "at": 86_470.0, "fromTick": 1_310, "toTick": 1_200, "inputsUndone": 4}
    heads, _, first, second, last = history_to_text([happened, undone], [back], None).splitlines()
    assert heads.endswith("undone")
    assert first.startswith("00:01:31")
    assert "rollback" not in first
    assert second.startswith("00:01:01")
    assert second.endswith("rollback 2, to tick 1,200")
    assert last == "rollback 2 (00:01:10): from tick 1,310 back to tick 1,200; 4 inputs are undone"
    assert "undone" not in history_to_text([happened], [], None)
