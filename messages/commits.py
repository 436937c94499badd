"""Conversation: what leaves a world for good, written in one transaction conditional on its epoch.

shard -> archivist   Commit
archivist -> shard   Committed | Fenced | CommitsMissing

A shard keeps a record until it is answered and sends it again after an Archivist restart; writing one twice
is writing it once, by (world, epoch, number).
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from messages.base import Message
from simulation.units import Band, Epoch, Micros, NpcId, RequestId, Seq, SessionId, Tick, WorldId


class InputOutcome(Message):
    """An input as it was applied: after `tick` ticks, as the world's `ordinal`-th applied input."""

    seq: Seq
    tick: Tick
    ordinal: int
    applied: bool
    detail: dict[str, Any]
    answer_at_tick: Tick
    """The answer waits for this tick to be committed: an explicit step is done when its ticks are."""
    redefines: bool = False
    """Whether the world goes by the definition in the input's payload from here on."""


class RequestRow(Message):
    """A generation request as it is committed, before it is ever a job. `params` is JSON."""

    request_id: RequestId
    npc_id: NpcId | None
    session_id: SessionId | None = None
    user_id: str | None = None
    kind: str
    params: dict[str, Any]
    band: Band
    component: str
    """Where the result goes, for people to read: a component, `flag:KEY` or `scene:ID`. The world knows."""
    made_tick: Tick
    made_at: Micros
    handed_tick: Tick
    land_tick: Tick | None
    """Lockstep: the tick its outcome is applied at. None: as it comes."""
    limits: dict[str, int] = Field(default_factory=dict)
    """The world's own: perWorldInFlight, perUserInFlight, deferredMax."""
    deadline_s: float
    """Real seconds after the commit; not started by then, it expires (live only)."""


class Mark(Message):
    """Where a world stands: shown to people only once committed."""

    tick: Tick
    world_time: Micros
    state_hash: str
    mode: str
    requests: int
    decisions_by_tier: dict[str, int]
    people_by_tier: dict[str, int]
    asleep: bool = False
    """Whether nothing keeps it awake: a service that starts leaves it where it is until somebody asks."""


class Snapshot(Message):
    tick: Tick
    ordinal: int
    """How many inputs are applied in it."""
    body: bytes
    """Versioned, compressed and checksummed by `simulation.snapshot`."""


class Beginning(Message):
    """A state that a world begins with here, made elsewhere: its history begins there too."""

    mark: Mark
    snapshot: Snapshot
    requests: tuple[RequestRow, ...] = ()
    """What it waits for: asked for again here."""


class CommitRecord(Message):
    """Everything `world` did since the record before. `number` counts a world's commits from 1, gapless."""

    world_id: WorldId
    epoch: Epoch
    number: int
    from_tick: Tick
    to_tick: Tick
    sizes: tuple[tuple[Micros, int], ...] = ()
    """Microseconds of each tick, in order: (size, how many in a row)."""
    outcomes: tuple[InputOutcome, ...] = ()
    requests: tuple[RequestRow, ...] = ()
    cancelled: dict[RequestId, str] = Field(default_factory=dict)
    """Requests of this record or an earlier one that nobody wants any more, and why: those that nobody makes
    yet need not be made."""
    mark: Mark
    snapshot: Snapshot | None = None


class Commit(Message):
    """A batch: records of different worlds, each its own success or refusal."""

    shard: int
    records: tuple[CommitRecord, ...]


class Committed(Message):
    records: tuple[tuple[WorldId, Epoch, int], ...]
    """(world, epoch, number) of each record that is durable."""


class CommitsMissing(Message):
    """A record came before the one it follows: messages between processes may overtake each other. Everything
    of this world after record `after` must be sent again, in order."""

    world_id: WorldId
    epoch: Epoch
    after: int


class Fenced(Message):
    """Somebody else owns the world now: stop it, its writes are refused."""

    world_id: WorldId
    epoch: Epoch
    owner_epoch: Epoch
