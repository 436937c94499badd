"""What stories cost in a tick: those that are due, whoever else plays; counted and not timed."""

from __future__ import annotations

import gc
import sys
from types import FrameType
from typing import Any

from hooked import Play, hamlet

from simulation import drive

AT_ONCE = 3
"""Players of whom something of every kind is due in the tick that is counted."""


def player(n: int, *, due: bool) -> dict[str, Any]:
    """A chain, a narrative and an intent with the one person there, over in a minute or in a month."""
    span = 60 if due else 2_592_000
    offer = {"id": f"i{n}", "npcId": "n00", "chainId": "walk", "surface": "inline"}
    waits = {"for": "time", "since": 0, "until": span}
    run = {"program": "long", "node": "rest", "variables": {}, "waiting": waits, "startedAt": 0}
    progress = {"currentStep": "soon" if due else "late", "startedAt": 0, "lastStepAt": 0}
    return {
        "id": f"s{n:04}",
        "npcs": {
            "n00": {
                "interactions": {"chainProgress": {"road": progress}},
                "narrative": {**run, "runId": "0.0", "visits": 1, "steps": 0, "stack": [], "history": []},
            }
        },
        "inbox": [{**offer, "createdAt": 0, "expiresAt": span}],
    }


def lines(players: int) -> tuple[int, list[tuple[str, int, int]]]:
    """How many lines one tick runs among so many players, and what its systems had due and did."""
    steps = [
        {"stepId": "soon", "minWaitSeconds": 60, "autoAdvance": True},
        {"stepId": "late", "minWaitSeconds": 2_592_000, "autoAdvance": True},
    ]
    rest = {"id": "rest", "type": "wait", "durationSeconds": 60}
    made = hamlet(
        [{"when": "end", "chainId": "walk", "audience": "cast"}],
        sessions=[player(n, due=n < AT_ONCE) for n in range(players)],
        chains={"walk": {"steps": [{"stepId": "meet"}]}, "road": {"steps": steps}},
        narratives={"long": {"nodes": [rest]}},
    )
    play = Play(made)
    found = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal found
        found += 1
        return count

    gc.disable()  # others' callbacks would count
    before = sys.gettrace()
    sys.settrace(count)
    try:
        done = drive.tick(play.world, play.stages)
    finally:
        sys.settrace(before)
        gc.enable()
    return found, [(share.name, share.due, share.runs) for share in done.plan.systems]


def test_a_tick_costs_what_is_due_among_ten_times_the_players() -> None:
    """A narrative may enter 32 nodes: three of them are 96 of the 200 that a tick has."""
    lines(10)  # what is made once is made
    few, did = lines(40)
    many, did_too = lines(400)
    assert did == did_too == [("chains", 3, 3), ("intents", 3, 3), ("narratives", 96, 96)]
    assert few == many
