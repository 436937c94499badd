"""Which players are where: who is addressed by a person, found without asking every session."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from simulation.definitions.hooks import Audience
from simulation.sessions import Session
from simulation.units import NpcId, SessionId

ADDRESSED_MAX = 64
"""Sessions that one cause reaches, the first by id: a crowd beyond it is not spoken to one by one."""

Place = tuple[str, str]
"""("location" | "cast" | "all", which)"""


class Audiences:
    """Sessions by place, by whom they play with, and all of them; each list by id."""

    def __init__(self) -> None:
        self._of: dict[Place, list[SessionId]] = {}
        self._places: dict[SessionId, tuple[Place, ...]] = {}

    def on_session(self, session_id: SessionId, session: Session | None) -> None:
        """A session came, changed or left: costs what it is in, not who else is there."""
        before = self._places.pop(session_id, ())
        after = () if session is None else _places_of(session)
        if session is not None:
            self._places[session_id] = after
        if before == after:
            return
        for place in before:
            listed = self._of[place]
            del listed[bisect_left(listed, session_id)]
            if not listed:
                del self._of[place]
        for place in after:
            insort(self._of.setdefault(place, []), session_id)

    def of(self, audience: Audience, npc_id: NpcId, location_id: str | None) -> list[SessionId]:
        """Whom a person turns to, by session id, at most ADDRESSED_MAX."""
        found: list[SessionId] = []
        for place in _asked(audience, npc_id, location_id):
            found += self._of.get(place, ())[:ADDRESSED_MAX]
        return sorted(set(found))[:ADDRESSED_MAX]


def _places_of(session: Session) -> tuple[Place, ...]:
    where = () if session.location_id is None else (("location", session.location_id),)
    return (("all", ""), *where, *(("cast", npc_id) for npc_id in dict.fromkeys(session.cast)))


def _asked(audience: Audience, npc_id: NpcId, location_id: str | None) -> Iterator[Place]:
    if audience is Audience.ALL:
        yield ("all", "")
        return
    if audience is not Audience.CAST and location_id is not None:
        yield ("location", location_id)
    if audience is not Audience.PLACE:
        yield ("cast", npc_id)
