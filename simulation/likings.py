"""What players' sessions say of people's preferences: who is named, by which sessions, and whose word comes
first.

Made from the sessions alone, so a change costs the people it names. Of one person, sessions in whose scene
they play come first, then by id; key by key, the first that says something of it counts.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping
from dataclasses import dataclass

from simulation.definitions.preferences import NO_PREFERENCES, Preferences, stored_preferences
from simulation.orders import Heard
from simulation.sessions import Session
from simulation.units import NpcId, SessionId

COMPONENT, KEY = "behavior", "preferences"
"""Where a session keeps them, below the person."""
HEARD_MAX = 64
"""Sessions that one person heeds, the first in order: a crowd beyond it is not asked one by one."""

Rank = tuple[bool, SessionId]
"""(whether the person plays in no scene of it, session): the lowest comes first."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one session says of one person."""

    rank: Rank
    value: object
    """As it is written: the same object is not read again."""
    preferences: Preferences


class Likings:
    """The word of every session about everybody it names, and about whom it has changed."""

    def __init__(self, activities: Mapping[str, int]) -> None:
        self._activities = activities
        self._said: dict[SessionId, dict[NpcId, Said]] = {}
        self._ranks: dict[NpcId, list[Rank]] = {}
        self._news: dict[NpcId, None] = {}

    def on_session(self, session_id: SessionId, session: Session | None) -> None:
        """A session came, changed or left."""
        before = self._said.pop(session_id, {})
        after = {} if session is None else self._read(session, before)
        if after:
            self._said[session_id] = after
        for npc_id in before.keys() | after.keys():
            old, new = before.get(npc_id), after.get(npc_id)
            if old != new:
                self._rank(npc_id, old, new)
                self._news[npc_id] = None

    def _read(self, session: Session, before: Mapping[NpcId, Said]) -> dict[NpcId, Said]:
        """What it says; what makes no sense, or names nothing, is not said."""
        found = {}
        for npc_id, components in session.npcs.items():
            value = components.get(COMPONENT, {}).get(KEY)
            if value is None:
                continue
            known = before.get(npc_id)
            same = known is not None and known.value is value
            liked = known.preferences if same and known else stored_preferences(value, self._activities)
            if liked is not None and liked != NO_PREFERENCES:
                together = session.scene_id is not None and npc_id in session.cast
                found[npc_id] = Said((not together, session.id), value, liked)
        return found

    def _rank(self, npc_id: NpcId, old: Said | None, new: Said | None) -> None:
        listed = self._ranks.setdefault(npc_id, [])
        if old is not None:
            del listed[bisect_left(listed, old.rank)]
        if new is not None:
            insort(listed, new.rank)
        if not listed:
            del self._ranks[npc_id]

    def take(self) -> tuple[Heard, ...]:
        """What is new since the last call, by person."""
        if not self._news:
            return ()
        news, self._news = sorted(self._news), {}
        return tuple(self._heard(npc_id) for npc_id in news)

    def _heard(self, npc_id: NpcId) -> Heard:
        found = NO_PREFERENCES
        sessions = tuple(session_id for _, session_id in self._ranks.get(npc_id, ())[:HEARD_MAX])
        for session_id in sessions:
            found = found.over(self._said[session_id][npc_id].preferences)
        return Heard(npc_id, found, sessions)
