"""The per-tick log event: one line a tick, made only if somebody reads it."""

from __future__ import annotations

from typing import Any

from actors.logs import is_enabled
from messages.tick import Ticked

FAILURES_LOGGED_MAX = 5
"""People named by the log of one tick; the count says how many there were."""


def log_tick(log: Any, event: Ticked, cost_ns: int, late_ns: int) -> None:
    """What one tick did. It may run ahead of the commit."""
    if is_enabled("info"):
        log.info("world.ticked", **_fields(event), **_costs(cost_ns, late_ns))
    for failure in event.failures[:FAILURES_LOGGED_MAX]:
        log.warning(
            "plugin.failed" if failure.rule.startswith("plugin:") else "person.failed",
            world_id=event.world_id,
            tick=event.tick,
            npc_id=failure.npc_id,
            rule=failure.rule,
            error=failure.error,
        )


def _fields(event: Ticked) -> dict[str, Any]:
    plan = event.plan
    return {
        "world_id": event.world_id,
        "tick": event.tick,
        "size_us": event.size,
        "world_time_us": event.world_time,
        "delta_game_seconds": event.size / 1_000_000,
        "npc_ticks": event.npc_ticks,
        "npc_budget": plan.budget,
        "job_ops": event.job_ops,
        "job_budget": plan.job_budget,
        "tiers": {str(tier): count for tier, count in event.served.items()},
        "left_out": {str(short.tier): short.left_out for short in plan.shortfalls},
        "waiting": [npc for short in plan.shortfalls for npc in short.waiting],
        "warnings": list(plan.warnings),
        "failures": len(event.failures),
        "refused_requests": event.refused_requests,
    }


def _costs(cost_ns: int, late_ns: int) -> dict[str, float]:
    return {"duration_ms": round(cost_ns / 1e6, 3), "lateness_ms": round(late_ns / 1e6, 3)}
