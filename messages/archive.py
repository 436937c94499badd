"""Conversation: storing and loading worlds and their inputs. All SQL of a host's shards is the Archivist's.

supervisor -> archivist   OpenArchive       -> ArchiveOpened | Refused
supervisor -> archivist   RegisterWorld     -> WorldRegistered | Refused
supervisor -> archivist   RetireWorld       -> WorldRetired | Refused
supervisor -> archivist   RecallWorld       -> WorldRecalled | Refused
supervisor -> archivist   ReleaseWorld      -> WorldReleased
supervisor -> archivist   RollBackWorld     -> WorldRolledBack | Refused
supervisor -> archivist   RegisterSleeping  -> SleepingRegistered
supervisor -> archivist   RecordInput       -> InputRecorded | Refused
supervisor -> archivist   AskOutcome        -> OutcomeFound | OutcomePending
supervisor -> archivist   CountGenerations  -> GenerationsCounted
client's ask, forwarded   ReadGenerations   -> GenerationsListed (messages.admin)
shard -> archivist        ClaimWorld        -> WorldClaimed | Refused     an instance is made by it
shard -> archivist        OwnWorlds         after an Archivist restart: who owns what
shard -> archivist        DisownWorld       it sleeps: new inputs of it are nobody's
archivist -> supervisor   InputsWaiting     inputs became durable of a world that no shard owns
shard -> archivist        FetchInputs       -> InputsRecorded
shard -> archivist        QuarantineWorld   (told, not answered)
archivist -> shard        InputsRecorded    new inputs of a world it owns, as they become durable
archivist -> supervisor   ChoresReported    its housekeeping, as it goes on
client's ask, forwarded   ShowHistory       -> HistoryShown (messages.admin)
gate -> archivist         CollectResults    terminal generation rows become inputs
client's ask, forwarded   OfAppointments    -> their answers (messages.appointments)
client's ask, forwarded   ShowJobs          -> JobsShown (messages.jobs)
client's ask, forwarded   OfWebhooks        -> their answers (messages.webhooks)
archivist -> archivist    KeepAppointments  appointments whose time has come become inputs
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from messages.base import Ask, Message
from messages.commits import Beginning, Mark, Snapshot
from messages.service import ServiceSettings, WorldReport
from simulation.units import Epoch, GenerationMode, InputKind, Seq, Tick, WorldId


class OpenArchive(Ask):
    settings: ServiceSettings
    patience_s: float | None = None
    """Real seconds to wait for a database that is away before refusing; None: for ever."""


class ArchiveOpened(Message):
    ask_id: str
    pid: int
    worlds: dict[WorldId, Epoch]
    """Every stored world that is not retired, to be placed on shards by `theatrum serve`, with its epoch."""
    definitions: dict[WorldId, tuple[str, ...]]
    """Every world ever stored, with the hash of its definition, and of those before updates."""
    asleep: tuple[WorldReport, ...] = ()
    """Those of `worlds` that sleep and for which no input waits, as of their last commit."""
    resting: tuple[WorldReport, ...] = ()
    """Stored worlds used last, removed or not, as of their last commit."""


class RegisterSleeping(Ask):
    """Stored worlds that sleep are part of this run, by the generation mode it asks for."""

    worlds: tuple[WorldId, ...]
    generation: GenerationMode | None


class SleepingRegistered(Message):
    ask_id: str
    worlds: tuple[WorldId, ...]


class RegisterWorld(Ask):
    world_id: WorldId
    name: str
    definition_hash: str
    document: bytes
    """Packed, as in AddWorld."""
    fresh: bool
    generation: GenerationMode | None
    beginning: Beginning | None = None
    """As in AddWorld."""


class WorldRegistered(Message):
    ask_id: str
    world_id: WorldId
    name: str
    resumed: bool
    tick: Tick
    quarantined: str = ""


class RetireWorld(Ask):
    world_id: WorldId


class WorldRetired(Message):
    ask_id: str
    world_id: WorldId
    report: WorldReport
    """As of its last commit, which the Supervisor may not have heard of."""


class RecallWorld(Ask):
    """Put a stored world into service again, removed or not."""

    world_id: WorldId


class WorldRecalled(Message):
    ask_id: str
    world_id: WorldId


class StoredInput(Message):
    """A durable input. `tick` and `ordinal` are None until it has been applied."""

    seq: Seq
    kind: InputKind
    payload: dict[str, Any]
    tick: Tick | None = None
    ordinal: int | None = None


class ReleaseWorld(Ask):
    """Let a quarantined world try again from its last commit."""

    world_id: WorldId


class WorldReleased(Message):
    ask_id: str
    world_id: WorldId
    released: bool
    """False: it was in no quarantine."""


class RollBackWorld(Ask):
    """Let a world stand where a kept snapshot left it, after so many inputs; `mark` is where that is."""

    world_id: WorldId
    ordinal: int
    mark: Mark


class WorldRolledBack(Message):
    ask_id: str
    world_id: WorldId
    number: int
    tick: Tick
    ticks: int
    inputs: int


OfRegistry = WorldRegistered | WorldRetired | WorldRecalled | WorldReleased | WorldRolledBack
"""What became of a world's place in the database."""


class RecordInput(Ask):
    world_id: WorldId
    kind: InputKind
    payload: dict[str, Any]
    idempotency_key: str | None


class InputRecorded(Message):
    """Durable, not yet applied. `known`: the idempotency key was recorded before, under this seq."""

    ask_id: str
    world_id: WorldId
    seq: Seq
    known: bool


class AskOutcome(Ask):
    world_id: WorldId
    seq: Seq


class OutcomeFound(Message):
    ask_id: str
    world_id: WorldId
    seq: Seq
    applied: bool
    detail: dict[str, Any]
    tick: Tick
    answer_at_tick: Tick


class OutcomePending(Message):
    ask_id: str
    world_id: WorldId
    seq: Seq


class InputsRecorded(Message):
    """In order of seq. The shard ignores seqs it has seen and asks for a gap with FetchInputs."""

    world_id: WorldId
    inputs: tuple[StoredInput, ...]


class FetchInputs(Message):
    world_id: WorldId
    after: Seq


class Origin(Message):
    """What an instance is made from: a stored world, running or not, and whose private session it gets."""

    template: WorldId
    user_id: str | None
    asked_at: float
    """Wall time in seconds: by it the world that this very ask made is known again."""


class ClaimWorld(Ask):
    """Take ownership: one more epoch, and what recovery needs. The `skip` newest snapshots are corrupt.

    With an `origin` the world is made by the same transaction. Asked again, it is there and is claimed.
    """

    world_id: WorldId
    shard: int
    skip: int = 0
    origin: Origin | None = None


class WorldClaimed(Message):
    ask_id: str
    world_id: WorldId
    name: str
    epoch: Epoch
    number: int
    """Of the last commit."""
    document: bytes
    """The definition, packed; an instance's is its template's."""
    own: dict[str, Any] = Field(default_factory=dict)
    """What an instance says instead of its template, by top-level key."""
    generation: GenerationMode | None
    """What the run asks for; None: as the world's own configuration says."""
    mark: Mark | None
    snapshot: Snapshot | None
    inputs: tuple[StoredInput, ...]
    """Applied after the snapshot (by ordinal), then the waiting ones (by seq)."""
    quarantined: str = ""
    next_seq: Seq = Seq(1)
    """Of the first input that is not stored yet."""
    committed_at: float
    """Wall time of the last commit, in seconds."""


class OwnWorlds(Message):
    shard: int
    epochs: dict[WorldId, Epoch]


class DisownWorld(Message):
    """`epoch` is the ownership that ended: a later one of the same shard may have overtaken this."""

    world_id: WorldId
    epoch: Epoch


class InputsWaiting(Message):
    world_id: WorldId


class QuarantineWorld(Message):
    world_id: WorldId
    epoch: Epoch
    reason: str
    """Rule, person and traceback; empty releases it."""


class CountGenerations(Ask):
    pass


class GenerationsCounted(Message):
    ask_id: str
    by_world: dict[WorldId, dict[str, int]]


class CollectResults(Message):
    """Hint: at least one generation row became terminal. Safe to lose, safe to repeat."""


class KeepAppointments(Message):
    """The time of an appointment may have come. Safe to lose, safe to repeat."""


class ChoresReported(Message):
    """The housekeeping of the Archivist: name, everySeconds, lastRun, nextRun, budget, did, didInAll,
    failures, because."""

    chores: tuple[dict[str, Any], ...]
