"""When the next appointment of all worlds is, and how long to wait for it. Pure half of the Archivist."""

from __future__ import annotations

from dataclasses import dataclass

LOOK_AGAIN_S = 60.0
"""Real seconds after which the wall clock is read again though an appointment is further away: somebody may
have set it."""


@dataclass
class Diary:
    """Times are wall time in seconds."""

    next_at: float | None = None
    """None: there is no appointment."""
    wakes_at: float | None = None
    """When a look is asked for already."""

    def note(self, at: float | None) -> None:
        """There is one at this time."""
        if at is not None and (self.next_at is None or at < self.next_at):
            self.next_at = at

    def is_due(self, now: float) -> bool:
        return self.next_at is not None and self.next_at <= now

    def wait_s(self, now: float) -> float | None:
        """Ask to be woken after so many seconds; None: no look is needed, or one as early is asked for."""
        if self.next_at is None:
            return None
        wait = min(LOOK_AGAIN_S, max(0.0, self.next_at - now))
        if self.wakes_at is not None and self.wakes_at <= now + wait:
            return None
        self.wakes_at = now + wait
        return wait

    def woken(self, wakes_at: float) -> bool:
        """The look asked for that time has come; False: an earlier one took its place."""
        if wakes_at != self.wakes_at:
            return False
        self.wakes_at = None
        return True
