"""The example plug-in in a running service: every process finds it, the world is that of plain calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.plugins import installed
from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import create
from simulation.units import GenerationMode

QUAY = Path(__file__).parents[2] / "examples" / "plugins" / "theatrum-weather" / "quay.json"
TICKS = 200

pytestmark = pytest.mark.world


def test_a_world_with_weather_is_the_same_in_a_service_and_by_plain_calls(
    run: Callable[..., dict[str, Any]], hashes_of: Any
) -> None:
    document = json.loads(QUAY.read_text(encoding="utf-8"))
    world, stages = create(parse_world(document, "quay.json", installed()), GenerationMode.LOCKSTEP)
    for _ in drive.run(world, stages, TICKS):
        """Made."""
    run(QUAY, ticks=TICKS // 2)
    assert hashes_of(run(QUAY, until_tick=TICKS)) == {"quay": (TICKS, drive.state_hash(world, stages))}
