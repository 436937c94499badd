"""A budget that cannot hold what a world was promised is said to whoever looks at the running service."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from village import document
from waiting import until

pytestmark = pytest.mark.world

WARNING = (
    "budget cannot keep up: needs 20/step, has 10; "
    "everybody due is served within maxStalenessSeconds and 3 ticks"
)


def overfull() -> dict[str, Any]:
    """Thirty people, each due every 60 s, ten decisions a tick of 60 s, bound 120 s: in the second tick
    twenty of them wait since the beginning, past their bound, and ten can run."""
    detailed = {"maxNpcs": 30, "decisionIntervalSeconds": 60, "maxStalenessSeconds": 120}
    tiers = {"detailed": detailed}
    found = document(30, mode="turn_based", maxNpcTicksPerStep=10, tiers=tiers, generation={"mode": "off"})
    for activity in found["meta"]["behavior"]["activities"].values():
        activity.pop("minDurationSeconds", None)
    return found


def test_a_staleness_bound_that_the_budget_cannot_hold_is_said_in_plan_world_and_log(
    start: Callable[..., Any], tmp_path: Path
) -> None:
    data, file = tmp_path / "data", tmp_path / "village.json"
    file.write_text(json.dumps(overfull()))

    def told(*args: object) -> str:
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--data", str(data)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def warnings(*args: object) -> list[str]:
        found: dict[str, Any] = json.loads(told(*args, "--json"))
        said: list[str] = found.get("plan", found)["warnings"]
        return said

    service = start("serve")
    until((data / "service.json").exists, "the service is up", service)
    told("world", "add", file)
    assert warnings("world", "plan", "village") == []
    told("world", "step", "village")
    assert warnings("world", "plan", "village") == [WARNING]
    assert f"warning: {WARNING}" in told("world", "plan", "village")
    assert warnings("world", "show", "village") == [], "the last tick kept every bound"
    told("world", "step", "village")
    assert warnings("world", "show", "village") == [WARNING]
    assert f"warning: {WARNING}" in told("world", "show", "village")
    assert warnings("world", "plan", "village") == []
    assert [event["warnings"] for event in service.events("world.ticked")] == [[], [WARNING]]
