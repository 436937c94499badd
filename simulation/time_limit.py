"""The end of the time that a world can have: what leads beyond it is refused, and no tick passes it."""

from __future__ import annotations

from simulation.clock import ATTO_PER_MICRO, Clock
from simulation.definitions import SimulationConfig
from simulation.definitions.fields import SECONDS_MAX
from simulation.inputs import Verdict, refused
from simulation.units import MICROS_PER_SECOND, Micros

WORLD_TIME_US_MAX = Micros(SECONDS_MAX * MICROS_PER_SECOND)
"""Microseconds. A deadline is now and at most four spans of so much, one a unit: 64 bits hold that."""

OVER = (
    f"its time is over: the next tick would pass {SECONDS_MAX:g} s, the most that a world can have; "
    "lower its timeScale, roll it back, or begin it anew"
)


def is_over(clock: Clock, config: SimulationConfig) -> bool:
    """Whether the next tick would lead beyond."""
    size, _ = clock.next_size(config.tick_atto, config.max_step_us)
    return clock.world_time + size > WORLD_TIME_US_MAX


def owes_too_much(clock: Clock, config: SimulationConfig) -> Verdict | None:
    """Why the steps that a clock owes cannot all be made; None if they can."""
    if not clock.owes:
        return None
    steps = (clock.steps_left * config.tick_atto + clock.carry) // ATTO_PER_MICRO
    if clock.world_time + clock.advance_left + steps <= WORLD_TIME_US_MAX:
        return None
    reason = f"the world's time would pass {SECONDS_MAX:g} s"
    return refused(reason, "ask for less, or begin the world anew")
