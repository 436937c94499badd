"""Conversation: the Supervisor places worlds on shards and hears what became of them.

supervisor -> shard   OpenShard    -> ShardOpened
supervisor -> shard   Wire         new addresses after a sibling was restarted
supervisor -> shard   AdoptWorld   -> WorldOpened | WorldFailed
supervisor -> shard   WakeWorld    -> WorldOpened | WorldFailed       one that sleeps
supervisor -> shard   DropWorld    -> WorldDropped       after its last snapshot is committed
supervisor -> shard   RunTo        how far to tick
supervisor -> shard   ReadWorld    -> WorldShown         (messages.admin, answered after the commit)
supervisor -> shard   ReadPlan     -> WorldPlanned       (messages.admin, answered after the commit)
supervisor -> shard   ReadSession  -> SessionShown | Refused
supervisor -> shard   ReadPerson   -> PersonShown | Refused
supervisor -> shard   ReadSessions -> SessionsListed | Refused
supervisor -> shard   ReadPeople   -> PeopleListed | Refused
supervisor -> shard   DrainShard   -> ShardDrained
shard -> supervisor   ShardReported       about once a second: the worlds that changed
shard -> supervisor   WorldSlept          a world has nothing to do: it left the shard's memory
shard -> supervisor   InputsAnswered      after the commit
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from messages.archive import Origin
from messages.base import Ask, Message
from messages.service import ServiceSettings, WorldReport
from simulation.units import NpcId, Seq, SessionId, Tick, Tier, WorldId


class Wire(Message):
    """Where a shard's siblings live. Addresses are Thespian's, opaque to everyone but the shell."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    archivist: Any
    gate: Any


class OpenShard(Ask):
    shard: int
    settings: ServiceSettings
    wire: Wire


class ShardOpened(Message):
    ask_id: str
    shard: int
    pid: int


class AdoptWorld(Message):
    """With an `origin` it is an instance that is not stored yet."""

    world_id: WorldId
    origin: Origin | None = None


class WakeWorld(Message):
    world_id: WorldId


class WorldSlept(Message):
    """Everything of it is durable, with a snapshot. Whoever asks for it anew must wake it first."""

    shard: int
    report: WorldReport


class WorldOpened(Message):
    shard: int
    report: WorldReport


class WorldFailed(Message):
    """A world in quarantine: it stays where its last commit left it, every other world goes on."""

    shard: int
    world_id: WorldId
    reason: str
    report: WorldReport


class DropWorld(Message):
    world_id: WorldId


class WorldDropped(Message):
    shard: int
    world_id: WorldId
    report: WorldReport | None


class RunTo(Message):
    """Tick from now on: each world named until its target, every other one for ever."""

    targets: dict[WorldId, Tick]


class ReadWorld(Ask):
    world_id: WorldId


class ReadPlan(Ask):
    world_id: WorldId


class ReadSession(Ask):
    world_id: WorldId
    session_id: SessionId
    npc_id: NpcId | None = None


class ReadPerson(Ask):
    world_id: WorldId
    npc_id: NpcId
    session_id: SessionId | None = None
    metric: str | None = None


class ReadSessions(Ask):
    world_id: WorldId
    limit: int


class ReadPeople(Ask):
    world_id: WorldId
    tier: Tier | None
    location: str | None
    start: int
    limit: int


class AnsweredInput(Message):
    seq: Seq
    applied: bool
    detail: dict[str, Any]


class InputsAnswered(Message):
    """`report` is of the commit that holds the outcomes: whoever was answered never sees an older one."""

    world_id: WorldId
    answers: tuple[AnsweredInput, ...]
    report: WorldReport


class ShardReported(Message):
    shard: int
    worlds: tuple[WorldReport, ...]
    troubles: tuple[str, ...] = ()


class DrainShard(Ask):
    pass


class ShardDrained(Message):
    ask_id: str
    shard: int
    worlds: tuple[WorldReport, ...]
    unsaved: tuple[WorldId, ...]
