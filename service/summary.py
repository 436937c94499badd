"""What a run came to: one JSON object for machines, a table for people."""

from __future__ import annotations

from typing import Any

from messages.service import Drained, WorldSummary
from service.moments import seconds
from service.tables import table


def to_json(drained: Drained) -> dict[str, Any]:
    return {"worlds": [_world(world) for world in drained.worlds], "unsaved": list(drained.unsaved)}


def _world(world: WorldSummary) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": world.world_id,
        "name": world.name,
        "tick": world.tick,
        "worldTime": world.world_time,
        "decisions": world.decisions,
        "decisionsByTier": world.decisions_by_tier,
        "requests": world.requests,
        "jobs": world.jobs,
        "stateHash": world.state_hash,
        "status": world.status,
    }
    if world.because:
        found["because"] = world.because
    if world.skipped:
        found["skipped"] = world.skipped
    return found


def to_text(drained: Drained) -> str:
    rows = [
        [
            world.world_id,
            f"{world.tick}",
            world.time_of_day or seconds(world.world_time),
            f"{world.decisions:,}",
            f"{world.requests:,}",
            " ".join(f"{count} {status}" for status, count in sorted(world.jobs.items())) or "-",
            world.state_hash,
        ]
        for world in drained.worlds
    ]
    return table(["world", "tick", "time", "decisions", "requests", "jobs", "state hash"], rows)
