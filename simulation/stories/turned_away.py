"""How often somebody wanted something of a player and it came to nothing, and why: statistics of one world
since it was opened. Not part of its state: no rule reads them, no hash has them, no snapshot keeps them."""

from __future__ import annotations

from enum import StrEnum

from simulation.units import SessionId


class Why(StrEnum):
    """What stood against it."""

    CUES = "causesFull"
    """As many causes waited in the world as may."""
    LATE = "tooLate"
    """It waited longer than the intent would have been open."""
    INBOX = "inboxFull"
    """The inbox, or what a session may keep, is full."""
    PER_DAY = "maxPerDay"
    COOLDOWN = "cooldown"
    AFFINITY = "minAffinity"
    FLAGS = "requiredFlags"
    CONDITIONS = "conditions"


class TurnedAway:
    """Those of a world, and of each session that is here."""

    def __init__(self) -> None:
        self._in_all: dict[Why, int] = {}
        self._of: dict[SessionId, dict[Why, int]] = {}

    def note(self, why: Why, session_id: SessionId | None = None, count: int = 1) -> None:
        """So many more, of nobody's session if none is named."""
        if not count:
            return
        self._in_all[why] = self._in_all.get(why, 0) + count
        if session_id is not None:
            of = self._of.setdefault(session_id, {})
            of[why] = of.get(why, 0) + count

    def forget(self, session_id: SessionId) -> None:
        """A session left; what it was refused still counts for the world."""
        self._of.pop(session_id, None)

    def to_json(self, session_id: SessionId | None = None) -> dict[str, int]:
        """How many for each reason that there was, of the world or of one session."""
        found = self._in_all if session_id is None else self._of.get(session_id, {})
        return {str(why): found[why] for why in Why if why in found}
