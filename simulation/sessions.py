"""Players' places in a world: where each is, and what is personal between them and its people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulation.hashing import MODULUS, canonical, digest
from simulation.units import NpcId, SessionId

SESSIONS_MAX = 10_000
"""Of one world at once: each is a player, or a program that plays."""
SESSION_BYTES_MAX = 262_144
"""Bytes of one session as JSON: what it keeps of people, items and flags together."""

Component = Mapping[str, Any]
NOTHING: Component = {}


@dataclass(frozen=True, slots=True)
class Session:
    """One player's place. Replaced by every change, never mutated; `version` counts the inputs and ticks that
    changed it."""

    id: SessionId
    user_id: str | None = None
    location_id: str | None = None
    scene_id: str | None = None
    cast: tuple[NpcId, ...] = ()
    """Who plays in the scene."""
    flags: Mapping[str, Any] = field(default_factory=dict)
    """Dotted keys."""
    inventory: Mapping[str, int] = field(default_factory=dict)
    """Item -> how many, above 0."""
    npcs: Mapping[NpcId, Mapping[str, Component]] = field(default_factory=dict)
    """Person -> component -> what is personal between them and this player."""
    inbox: tuple[Mapping[str, Any], ...] = ()
    """Intents that wait for the player, the most urgent first."""
    version: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the file that mean nothing here."""

    def changed(self, **values: Any) -> Session:
        """With some fields replaced, one version on."""
        return replace(self, version=self.version + 1, **values)

    def component(self, npc_id: NpcId, name: str) -> Component:
        """What is personal under that name; empty if nothing is."""
        return self.npcs.get(npc_id, NOTHING).get(name, NOTHING)

    def with_component(self, npc_id: NpcId, name: str, value: Component | None) -> Session:
        """With one personal component put in place; None removes it."""
        mine = {key: old for key, old in self.npcs.get(npc_id, NOTHING).items() if key != name}
        if value is not None:
            mine[name] = value
        npcs = {key: old for key, old in self.npcs.items() if key != npc_id}
        if mine:
            npcs[npc_id] = mine
        return self.changed(npcs=npcs)

    def with_flags(self, changes: Mapping[str, Any]) -> Session:
        """With some flags set; one that is None is removed."""
        flags = {**self.flags, **changes}
        return self.changed(flags={key: value for key, value in flags.items() if value is not None})

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "userId": self.user_id,
            "locationId": self.location_id,
            "sceneId": self.scene_id,
            "cast": list(self.cast),
            "flags": dict(self.flags),
            "inventory": dict(self.inventory),
            "npcs": {npc: dict(components) for npc, components in self.npcs.items()},
            "inbox": [dict(intent) for intent in self.inbox],
            "version": self.version,
            **self.extra,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Session:
        """What `to_json` wrote."""
        return cls(
            id=SessionId(value["id"]),
            user_id=value["userId"],
            location_id=value["locationId"],
            scene_id=value["sceneId"],
            cast=tuple(NpcId(name) for name in value["cast"]),
            flags=value["flags"],
            inventory=value["inventory"],
            npcs={NpcId(name): components for name, components in value["npcs"].items()},
            inbox=tuple(value["inbox"]),
            version=value["version"],
            extra={key: inner for key, inner in value.items() if key not in KEYS},
        )

    @property
    def size(self) -> int:
        """Bytes as JSON."""
        return len(canonical(self.to_json()))


KEYS = frozenset(
    ("id", "userId", "locationId", "sceneId", "cast", "flags", "inventory", "npcs", "inbox", "version")
)


class Sessions:
    """A world's sessions by id, and the running sum of their hashes: a touched one costs one."""

    def __init__(self) -> None:
        self._by_id: dict[SessionId, Session] = {}
        self._hashes: dict[SessionId, int] = {}
        self._touched: dict[SessionId, None] = {}
        self._sum = 0
        self._before: dict[SessionId, int] = {}
        """Versions before the input or tick under way, of the sessions it has changed."""

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Session]:
        """By id, so that nothing depends on who came first."""
        return (self._by_id[name] for name in sorted(self._by_id))

    def get(self, session_id: SessionId) -> Session | None:
        return self._by_id.get(session_id)

    def begin(self) -> None:
        """An input or a tick begins: whatever it does to a session is one change."""
        self._before.clear()

    def put(self, session: Session) -> Session:
        """Keep it, and answer it as it is kept: a session that was here is one version on from where it was
        when the input or tick under way began, however often it was put since."""
        known = self._by_id.get(session.id)
        if session is known:
            return known
        before = self._before.setdefault(session.id, session.version - 1 if known is None else known.version)
        kept = session if session.version == before + 1 else replace(session, version=before + 1)
        self._by_id[session.id] = kept
        self._touched[session.id] = None
        return kept

    def remove(self, session_id: SessionId) -> None:
        self._by_id.pop(session_id, None)
        self._before.pop(session_id, None)
        self._touched[session_id] = None

    def total(self) -> int:
        """The sum mod 2**128 over all sessions, hashing only the touched."""
        for name in self._touched:
            session = self._by_id.get(name)
            high, low = digest(session.to_json()) if session is not None else (0, 0)
            fresh = (high << 64) | low
            self._sum = (self._sum - self._hashes.pop(name, 0) + fresh) % MODULUS
            if session is not None:
                self._hashes[name] = fresh
        self._touched.clear()
        return self._sum
