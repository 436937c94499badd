"""What the core says, in the words of the messages between processes."""

from __future__ import annotations

from typing import Any

from messages.commits import InputOutcome, Mark, RequestRow
from simulation.definitions import SimulationConfig
from simulation.inputs import Outcome
from simulation.orders import WorkPlan
from simulation.person_json import json_seconds
from simulation.requests import Request
from simulation.ticking import Standing
from simulation.world import World


def input_outcome(outcome: Outcome) -> InputOutcome:
    return InputOutcome(
        seq=outcome.seq,
        tick=outcome.tick,
        ordinal=outcome.ordinal,
        applied=outcome.applied,
        detail=dict(outcome.detail),
        answer_at_tick=outcome.answer_at_tick,
        redefines=outcome.redefines,
    )


def request_row(request: Request, config: SimulationConfig) -> RequestRow:
    generation = config.generation
    if request.handed_tick is None:
        raise ValueError(f"{request.request_id} was not handed over")
    return RequestRow(
        request_id=request.request_id,
        npc_id=request.npc_id,
        session_id=request.session_id,
        user_id=request.user_id,
        kind=request.kind,
        params=dict(request.params),
        band=request.band,
        component=request.writes,
        made_tick=request.made_tick,
        made_at=request.made_at,
        handed_tick=request.handed_tick,
        land_tick=request.land_tick,
        limits={
            "perWorldInFlight": generation.per_world_in_flight,
            "perUserInFlight": generation.per_user_in_flight,
            "deferredMax": generation.deferred_max,
        },
        deadline_s=generation.deadline_seconds,
    )


def mark_of(standing: Standing) -> Mark:
    return Mark(
        tick=standing.tick,
        world_time=standing.world_time,
        state_hash=standing.state_hash,
        mode=str(standing.mode),
        requests=standing.requests,
        decisions_by_tier={str(tier): count for tier, count in standing.decisions_by_tier.items()},
        people_by_tier={str(tier): count for tier, count in standing.people_by_tier.items()},
    )


def plan_json(plan: WorkPlan | None) -> dict[str, Any]:
    """A WorkPlan for people and machines to read; empty before the first tick."""
    if plan is None:
        return {}
    return {
        "tick": plan.tick,
        "worldTime": json_seconds(plan.now),
        "npcBudget": plan.budget,
        "jobBudget": plan.job_budget,
        "tiers": {
            str(tier): {
                "due": plan.due[tier],
                "pastStaleness": plan.stale[tier],
                "runs": plan.shares[tier],
                "owed": plan.deficits[tier],
            }
            for tier in plan.due
        },
        "systems": {
            share.name: {"due": share.due, "runs": share.runs, "waits": share.due - share.runs}
            for share in plan.systems
        },
        "jobsDue": plan.jobs_due,
        "jobsHandedOver": plan.job_ops,
        "leftOut": [
            {
                "tier": str(short.tier),
                "people": short.left_out,
                "reason": short.reason,
                "next": list(short.waiting),
            }
            for short in plan.shortfalls
        ],
        "warnings": list(plan.warnings),
    }


def plugins_json(world: World) -> tuple[dict[str, Any], ...]:
    """How the plug-ins that a world names fare in it."""
    state = world.script.plugin_state
    return tuple(
        {
            "id": plugin.id,
            "version": plugin.version,
            "failures": state.failures.get(plugin.id, 0),
            "failuresMax": plugin.failures_max,
            "off": plugin.id in state.off,
        }
        for plugin in world.script.definition.plugins.by_id.values()
    )
