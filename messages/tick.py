"""Conversation: one tick inside a shard. Plain frozen dataclasses, passed by reference within one process.

shard -> world   Deliver | MakeTick | Settle | TakeMark | Look | LookAt | LookAhead | LookAtSession
                 | LookAtSessions | LookAtPeople
world -> tier    TickTier    -> TierTicked
world -> tier    TouchTier   -> TierWasTouched
world -> tier    LookAtPerson -> PersonSeen
world -> tier    LookThrough -> PeopleSeen
world -> tier    LookWhoWaits -> WaitingSeen
world -> tier    HashTier    -> TierHashed
world -> outbox  Ticked | Settled | Missing | Marked | Seen | PersonFound | SessionFound | SessionsFound
                 | PeopleFound | Foreseen | Crashed   (actors.outbox)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from messages.commits import InputOutcome, Mark, RequestRow
from simulation.inputs import Input
from simulation.orders import Failure, TierOrder, TierReport, TierTouch, TierTouched, WorkPlan
from simulation.person import Person
from simulation.roster import Page, Rows
from simulation.sessions import Session
from simulation.units import Micros, NpcId, RequestId, Seq, SessionId, Tick, Tier, WorldId


@dataclass(frozen=True, slots=True)
class Deliver:
    """shard -> world: durable inputs, to be applied in order at the next boundary."""

    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class MakeTick:
    """shard -> world: apply the waiting inputs and make one tick."""

    mark: bool = False
    """Also answer the mark of a commit record that holds it."""


@dataclass(frozen=True, slots=True)
class Settle:
    """shard -> world: apply the waiting inputs now, at this boundary, without a tick (a paused world)."""


@dataclass(frozen=True, slots=True)
class Look:
    """shard -> world: configuration, flags and last plan, for `ask_id`."""

    ask_id: str


@dataclass(frozen=True, slots=True)
class LookAt:
    ask_id: str
    npc_id: NpcId
    session_id: SessionId | None = None
    """As that player meets them."""
    metric: str | None = None
    """Shown among the others."""


@dataclass(frozen=True, slots=True)
class LookAhead:
    """shard -> world: the plan of the tick that has not been made, for `ask_id`."""

    ask_id: str


@dataclass(frozen=True, slots=True)
class LookAtSession:
    ask_id: str
    session_id: SessionId
    npc_id: NpcId | None


@dataclass(frozen=True, slots=True)
class LookAtSessions:
    """shard -> world: at most `limit` sessions, for `ask_id`."""

    ask_id: str
    limit: int


@dataclass(frozen=True, slots=True)
class TakeMark:
    """shard -> world: the mark for a commit record, state hash up to date; with a snapshot if asked."""

    snapshot: bool


@dataclass(frozen=True, slots=True)
class TickTier:
    order: TierOrder
    hashed: bool
    """A mark follows: sum up the people too."""


@dataclass(frozen=True, slots=True)
class TierTicked:
    report: TierReport
    people_sum: int | None


@dataclass(frozen=True, slots=True)
class TouchTier:
    touch: TierTouch


@dataclass(frozen=True, slots=True)
class TierWasTouched:
    touched: TierTouched


@dataclass(frozen=True, slots=True)
class LookAtPerson:
    ask_id: str
    npc_id: NpcId
    now: Micros
    flags: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PersonSeen:
    ask_id: str
    view: Mapping[str, Any] | None
    person: Person | None = None
    """As rules see them."""


@dataclass(frozen=True, slots=True)
class LookAtPeople:
    """shard -> world: a page of its people, for `ask_id`."""

    ask_id: str
    page: Page


@dataclass(frozen=True, slots=True)
class LookThrough:
    """world -> tier: whom do you have for this page?"""

    page: Page
    now: Micros
    flags: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PeopleSeen:
    rows: Rows


@dataclass(frozen=True, slots=True)
class PeopleFound:
    world_id: WorldId
    ask_id: str
    rows: Rows
    next: int | None


@dataclass(frozen=True, slots=True)
class LookWhoWaits:
    """world -> tier: who would be left out if `share` of those due at `now` were served."""

    now: Micros
    share: int


@dataclass(frozen=True, slots=True)
class WaitingSeen:
    tier: Tier
    waiting: tuple[NpcId, ...]


@dataclass(frozen=True, slots=True)
class HashTier:
    copy: bool
    """Also hand over a copy of every column, for a snapshot."""


@dataclass(frozen=True, slots=True)
class TierHashed:
    tier: Tier
    people_sum: int
    columns: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Ticked:
    """world -> outbox: one tick is made. Nothing of it is true outside until it is committed."""

    world_id: WorldId
    tick: Tick
    size: Micros
    world_time: Micros
    plan: WorkPlan
    npc_ticks: int
    job_ops: int
    served: Mapping[Tier, int]
    outcomes: tuple[InputOutcome, ...]
    requests: tuple[RequestRow, ...]
    failures: tuple[Failure, ...]
    refused_requests: int
    unwanted: Mapping[RequestId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settled:
    world_id: WorldId
    outcomes: tuple[InputOutcome, ...]
    unwanted: Mapping[RequestId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Missing:
    """world -> outbox: inputs after this seq have not come, later ones have."""

    world_id: WorldId
    after: Seq


@dataclass(frozen=True, slots=True)
class Marked:
    world_id: WorldId
    mark: Mark
    ordinal: int
    parts: Any
    """With a snapshot: what `simulation.snapshot.encode` takes. None without."""


@dataclass(frozen=True, slots=True)
class Seen:
    world_id: WorldId
    ask_id: str
    config: Mapping[str, Any]
    plan: Mapping[str, Any]
    flags: Mapping[str, Any]
    refused_intents: Mapping[str, int]
    refused_requests: int
    plugins: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class SessionFound:
    world_id: WorldId
    ask_id: str
    view: Mapping[str, Any] | None
    """None: no such session is here."""


@dataclass(frozen=True, slots=True)
class SessionsFound:
    world_id: WorldId
    ask_id: str
    sessions: tuple[Session, ...]
    count: int
    """How many there are in the world."""


@dataclass(frozen=True, slots=True)
class PersonFound:
    world_id: WorldId
    ask_id: str
    view: Mapping[str, Any] | None
    refused: str = ""
    """Why nothing is shown, if it is not that nobody of this name lives here."""
    do: str = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    world_id: WorldId
    ask_id: str
    plan: WorkPlan
    inputs: int
    """Inputs that wait and would be applied before it."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """A handler raised: the world's actors are thrown away and rebuilt from its last commit."""

    world_id: WorldId
    tick: Tick
    where: str
    traceback: str
