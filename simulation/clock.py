"""The one clock of a world: an integer count of game microseconds, advanced only by ticks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulation.units import Micros, Tick

ATTO_PER_MICRO = 10**12
"""1e-18 game seconds in a microsecond: interval and scale have nine decimals each, so sizes are exact
here."""


BIRTH = Tick(0)
NO_TIME = Micros(0)


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a world stands, and what it still owes to explicit steps."""

    world_time: Micros = NO_TIME
    tick: Tick = BIRTH
    carry: int = 0
    """1e-18 game seconds of standard ticks not yet shown, below one microsecond."""
    steps_left: int = 0
    """Standard ticks an operator asked for and that are not made yet."""
    advance_left: Micros = NO_TIME
    """Game time an operator asked for and that is not made yet."""
    advance_limit: Micros = NO_TIME
    """The longest tick of the advance under way, where the simulation block says another."""

    def longest(self, tick_atto: int, max_step: Micros | None) -> Micros:
        """The longest tick of an advance, as it was when the one under way began."""
        return self.advance_limit or max_step or Micros(max(1, tick_atto // ATTO_PER_MICRO))

    def next_size(self, tick_atto: int, max_step: Micros | None) -> tuple[Micros, int]:
        """(size, carry after) of the next tick: a part of an advance if one is pending, else a standard
        tick."""
        if self.advance_left:
            return Micros(min(self.longest(tick_atto, max_step), self.advance_left)), self.carry
        size, carry = divmod(tick_atto + self.carry, ATTO_PER_MICRO)
        return Micros(size), carry

    def ticked(self, tick_atto: int, max_step: Micros | None) -> tuple[Clock, Micros]:
        """The clock after the next tick, and that tick's size."""
        size, carry = self.next_size(tick_atto, max_step)
        steps = self.steps_left if self.advance_left else max(0, self.steps_left - 1)
        left = Micros(max(0, self.advance_left - size))
        after = replace(
            self,
            world_time=Micros(self.world_time + size),
            tick=Tick(self.tick + 1),
            carry=carry,
            steps_left=steps,
            advance_left=left,
            advance_limit=self.advance_limit if left else NO_TIME,
        )
        return after, size

    def ticks_owed(self, tick_atto: int, max_step: Micros | None) -> int:
        """How many explicit ticks are to come: an advance takes full ones and one for the rest."""
        return -(-self.advance_left // self.longest(tick_atto, max_step)) + self.steps_left

    @property
    def owes(self) -> bool:
        """Whether explicit steps are pending."""
        return self.steps_left > 0 or self.advance_left > 0
