"""A world driven by plain calls: the same tick as through its actors. For replay, tests and measurements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from simulation.inputs import Input, Outcome
from simulation.opening import Stages, settle
from simulation.orders import TierTouch
from simulation.ticking import TickDone
from simulation.units import InputKind, Tick, Tier
from simulation.world import World


def boundary(world: World, stages: Stages, *, before_tick: bool = True) -> tuple[Outcome, ...]:
    """Apply every input that may be applied now."""
    outcomes: list[Outcome] = []
    while (work := world.apply_inputs(before_tick=before_tick)) and (work.outcomes or work.touches):
        outcomes.extend(work.outcomes)
        perform(world, stages, work.touches)
    return tuple(outcomes)


def perform(world: World, stages: Stages, touches: Mapping[Tier, TierTouch]) -> None:
    """Do what a boundary asks of the tiers, until it asks nothing more."""
    settle(world, stages, touches)


def tick(world: World, stages: Stages) -> TickDone:
    """One tick, without the inputs before it."""
    start = world.begin_tick()
    done = world.end_tick({tier: stages[tier].tick(order) for tier, order in start.orders.items()})
    perform(world, stages, done.touches)
    return done


def state_hash(world: World, stages: Stages) -> str:
    """The world's hash, from the running sums of its tiers."""
    return world.standing({tier: stage.fingerprint() for tier, stage in stages.items()}).state_hash


def state_hash_in_full(world: World, stages: Stages) -> str:
    """The same with every person hashed anew."""
    return world.standing({tier: stage.fingerprint_in_full() for tier, stage in stages.items()}).state_hash


def replay(
    world: World, stages: Stages, applied: Sequence[Input], until: Tick, most: int | None = None
) -> tuple[Sequence[Input], bool]:
    """Make the ticks up to `until` again with the inputs at their recorded places, at most `most` ticks of
    them.

    Answers the inputs still ahead and whether `until` is reached.
    """
    ahead = list(applied)
    made = 0
    while True:
        while ahead and ahead[0].tick == world.tick:
            perform(world, stages, world.replay_input(ahead.pop(0)))
        if world.tick >= until:
            return ahead, True
        if made == most:
            return ahead, False
        tick(world, stages)
        made += 1


def tick_world(world: World, stages: Stages, delta_real_seconds: object) -> tuple[TickDone, ...]:
    """Advance by exactly `delta_real_seconds` at the world's scale, with the inputs before each tick; what is
    below a microsecond is carried to the next call. Raises ValueError: no such span, or the world is
    paused."""
    asked = Input(world.next_seq, InputKind.ADVANCE, {"realSeconds": delta_real_seconds})
    world.deliver([asked])
    outcome = next(found for found in boundary(world, stages) if found.seq == asked.seq)
    if not outcome.applied:
        raise ValueError(f"{outcome.detail['reason']}: {outcome.detail['do']}")
    made = []
    while world.wants_tick:
        made.append(tick(world, stages))
        boundary(world, stages)
    return tuple(made)


def run(world: World, stages: Stages, ticks: int) -> Iterable[TickDone]:
    """Tick after tick, inputs at each boundary."""
    for _ in range(ticks):
        boundary(world, stages)
        yield tick(world, stages)
