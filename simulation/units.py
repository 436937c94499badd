"""The project's measures. A bare int or str never crosses a module boundary."""

from enum import StrEnum
from typing import NewType

WorldId = NewType("WorldId", str)
NpcId = NewType("NpcId", str)
RequestId = NewType("RequestId", str)
SessionId = NewType("SessionId", str)

Micros = NewType("Micros", int)
"""Game microseconds since the world began, or a span of them. Never wall time."""

Tick = NewType("Tick", int)
"""How many ticks a world has made. 0 before its first."""

Epoch = NewType("Epoch", int)
"""Which ownership of a world: one more each time a shard claims it."""

Seq = NewType("Seq", int)
"""An input's place in its world's gapless order, from 1."""

MICROS_PER_SECOND = 1_000_000
MICROS_PER_HOUR = 3_600 * MICROS_PER_SECOND


class Tier(StrEnum):
    """How closely a person is simulated. Written in the order ties are resolved."""

    DETAILED = "detailed"
    ACTIVE = "active"
    AMBIENT = "ambient"
    DORMANT = "dormant"


class Mode(StrEnum):
    """Who advances a world: the shard's pacing, explicit steps, or nobody."""

    REAL_TIME = "real_time"
    TURN_BASED = "turn_based"
    PAUSED = "paused"


class GenerationMode(StrEnum):
    """When generation results land: as they come, at a fixed tick, or never (no requests are made)."""

    LIVE = "live"
    LOCKSTEP = "lockstep"
    OFF = "off"


class Band(StrEnum):
    """A generation request's priority, most urgent first."""

    PLAYER_WAITING = "player_waiting"
    DETAILED = "detailed"
    AMBIENT = "ambient"
    SPECULATIVE = "speculative"


class GenerationStatus(StrEnum):
    """A generation request's life. The last five are terminal and never change."""

    REQUESTED = "requested"
    ADMITTED = "admitted"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DEAD = "dead"


TERMINAL = frozenset(
    {
        GenerationStatus.SUCCEEDED,
        GenerationStatus.FAILED,
        GenerationStatus.CANCELLED,
        GenerationStatus.EXPIRED,
        GenerationStatus.DEAD,
    }
)


class InputKind(StrEnum):
    """Every way the outside changes a running world."""

    PAUSE = "pause"
    RESUME = "resume"
    STEP = "step"
    ADVANCE = "advance"
    CONFIG = "config"
    GENERATION_RESULT = "generation_result"
    SESSION_JOIN = "session_join"
    SESSION_UPDATE = "session_update"
    SESSION_LEAVE = "session_leave"
    FLAGS = "flags"
    PERSON = "person"
    METRIC = "metric"
    CHAIN = "chain"
    NARRATIVE = "narrative"
    INTERACT = "interact"
    INTENT = "intent"
    WORLD_UPDATE = "world_update"


def seconds(micros: Micros) -> float:
    """Game seconds for people to read; state keeps the integer."""
    return micros / MICROS_PER_SECOND
