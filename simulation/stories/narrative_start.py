"""How a narrative begins: over nothing, over one that has ended, or over one that runs and then waits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulation.consequences import StartNarrative
from simulation.definitions.kept import STACK_MAX, WaitsFor
from simulation.definitions.narratives import Program
from simulation.orders import Failure
from simulation.stories.narrative_run import COMPONENT, Frame, Run, Waiting, run_in
from simulation.units import Micros

if TYPE_CHECKING:
    from simulation.world import World

FULL = f"{STACK_MAX} programs were interrupted already"


def run_id(world: World) -> str:
    """One start of one world: no other has it between the same two."""
    return f"{world.tick}.{world.applied}"


def started(before: Run | None, program: Program, run_id: str, now: Micros) -> Run | None:
    """The run with the program at its entry, to be entered. None: too many are interrupted already."""
    frame = Frame(program.id, program.entry, Waiting(WaitsFor.TURN, now, now), dict(program.variables))
    if before is None or before.frame is None or not before.goes_on:
        kept, visits = ((), 0) if before is None else (before.history, before.visits)
        return Run(run_id, now, frame, history=kept, visits=visits)
    if len(before.stack) >= STACK_MAX:
        return None
    stack = (*before.stack, replace(before.frame, interrupted_at=now))
    return replace(before, frame=frame, stack=stack, steps=0)


def begin(world: World, item: StartNarrative) -> None:
    """Put a start in the session; the next tick enters it. One that cannot be is counted and shown."""
    session = world.sessions.get(item.session_id)
    if session is None:
        return
    narrative = world.script.narratives.get(item.program_id)
    if narrative is None:
        reason = f"no narrative {item.program_id} is in this world"
    else:
        before = run_in(session, item.npc_id)
        run = started(before, narrative.program, run_id(world), world.world_time)
        if run is not None:
            world.put_session(session.with_component(item.npc_id, COMPONENT, run.to_json()))
            return
        reason = FULL
    world.failed.append(Failure(item.npc_id, f"narrative {item.program_id}", reason))
