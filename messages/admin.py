"""Conversation: an operator changes and reads worlds through the Supervisor.

client -> supervisor   AddWorld       -> WorldAdded | Refused
client -> supervisor   OpenWorld      -> WorldAdded | Refused
client -> supervisor   InstanceWorld  -> WorldAdded | Refused
client -> supervisor   RemoveWorld    -> WorldRemoved | Refused
client -> supervisor   RollBackWorld  -> WorldRolledBack | Refused     answered when it runs again
client -> supervisor   SubmitInput    -> InputAnswered | Refused       answered after the commit
client -> supervisor   ListWorlds     -> WorldsListed
client -> supervisor   ShowWorld      -> WorldShown | Refused
client -> supervisor   PlanWorld      -> WorldPlanned | Refused
client -> supervisor   ShowSession    -> SessionShown | Refused
client -> supervisor   ShowPerson     -> PersonShown | Refused
client -> supervisor   ListSessions   -> SessionsListed | Refused
client -> supervisor   ListPeople     -> PeopleListed | Refused
client -> supervisor   ShowHistory    -> HistoryShown | Refused
client -> supervisor   ListGenerations -> GenerationsListed | Refused
"""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from messages.appointments import AppointmentCancelled, AppointmentMade, AppointmentsListed
from messages.base import DEFINITION_HASH_CHARS, NEW_ID, PAYLOAD_KEYS_MAX, Ask, Message, refuse_large
from messages.commits import Beginning, Mark
from messages.service import WorldReport
from simulation.units import GenerationMode, InputKind, NpcId, RequestId, Seq, SessionId, Tick, Tier, WorldId

IDEMPOTENCY_KEY_CHARS_MAX = 200
"""Characters. A UUID is 36; longer than this is a document, not a key."""

SESSIONS_SHOWN_MAX = 1_000
"""Sessions of one list: some 200 kB; a world that has more is a program's to page through by id."""

PEOPLE_SHOWN_MAX = 500
"""People of one page: each is settled to now, which takes some twenty microseconds."""

PLACES_MAX = 10_000_000
"""More than a world file can list."""


class Timed(Message):
    """An answer with moments of one world in it."""

    ask_id: str
    day_lengths: tuple[int, int, int] | None = None
    """Game microseconds of a day, an hour and a minute, as far as they are known: put in as it leaves."""


class AddWorld(Ask):
    """Register a world, or go on with the stored one of the same id and definition."""

    world_id: Annotated[WorldId, NEW_ID]
    name: str
    definition_hash: str = Field(max_length=DEFINITION_HASH_CHARS)
    document: bytes
    """The world file, checked by the sender and packed (`simulation.definitions.pack`)."""
    source: str
    """The file it came from, for error messages."""
    fresh: bool = False
    """Start over, forgetting the stored world of this id."""
    generation: GenerationMode | None = None
    beginning: Beginning | None = None
    """The state of an exported world; None: the world begins as its definition says."""


class WorldAdded(Message):
    ask_id: str
    world_id: WorldId
    resumed: bool
    """Whether it goes on with what was stored of it."""
    tick: Tick
    ran: bool = False
    """Whether it ran here already: nothing was changed."""


class OpenWorld(Ask):
    """Run a stored world, as `theatrum serve` does with every one."""

    world_id: WorldId
    recall: bool = False
    """Also one that was removed, or that this service was started without."""


class InstanceWorld(Ask):
    """Make a world of its own from a stored one, and run it."""

    template: WorldId
    world_id: Annotated[WorldId, NEW_ID]
    user_id: Annotated[str, NEW_ID] | None = None
    """Whose private session it is: their session is the only one it begins with."""


class RemoveWorld(Ask):
    world_id: WorldId


class WorldRemoved(Message):
    ask_id: str
    world_id: WorldId
    tick: Tick
    before: bool = False
    """Whether it was removed already: nothing was changed."""


class RollBackWorld(Ask):
    """Go back to a kept snapshot, after so many inputs; `mark` is where it leaves the world."""

    world_id: WorldId
    ordinal: int = Field(ge=0, lt=2**63)
    mark: Mark


class WorldRolledBack(Message):
    """The world runs on a new branch of its history. `ticks` and `inputs` are undone, and kept aside."""

    ask_id: str
    world_id: WorldId
    number: int
    tick: Tick
    ticks: int
    inputs: int


class SubmitInput(Ask):
    world_id: WorldId
    kind: InputKind
    payload: dict[str, Any] = Field(default_factory=dict, max_length=PAYLOAD_KEYS_MAX)
    idempotency_key: str | None = Field(default=None, max_length=IDEMPOTENCY_KEY_CHARS_MAX)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        if self.kind is not InputKind.WORLD_UPDATE:  # whose document has a bound of its own
            refuse_large(self.payload)
        return self


class InputAnswered(Timed):
    """The committed outcome. `applied` False: the world refused it and `detail["reason"]` says why."""

    world_id: WorldId
    seq: Seq
    applied: bool
    detail: dict[str, Any]
    tick: Tick
    """The committed tick of the world when this was answered."""
    world_time: float


class ListWorlds(Ask):
    pass


class WorldsListed(Message):
    ask_id: str
    worlds: tuple[WorldReport, ...]


class ShowWorld(Ask):
    world_id: WorldId


class WorldShown(Message):
    ask_id: str
    report: WorldReport
    config: dict[str, Any]
    """The simulation block in force, camelCase, every key with its value."""
    plan: dict[str, Any]
    """The last committed tick's WorkPlan: what ran, what was left out and why."""
    flags: dict[str, Any]
    refused_intents: dict[str, int] = Field(default_factory=dict)
    """What people wanted of players and did not come to be since the world was opened, by reason."""
    refused_requests: int = 0
    """Generation requests that found the world's queue full."""
    plugins: tuple[dict[str, Any], ...] = ()
    """id, version, failures, failuresMax, off: of each plug-in the world names."""
    housekeeping: tuple[dict[str, Any], ...] = ()
    """Every chore: name, everySeconds, lastRun, nextRun, budget, did, didInAll, by. Commits and snapshots are
    the own ones of this world."""


class Undone(Message):
    """The rollback of that number went back to `tick`."""

    branch: int
    tick: Tick


class Measured(Message):
    """How a world stood at a commit. `taken_at` is wall time, `world_time` game seconds."""

    taken_at: float
    tick: Tick
    world_time: float
    measures: dict[str, Any]
    undone: Undone | None = None
    """What made it part of a history that is not the world's any more."""


class RolledBack(Message):
    """A world went back from one tick to another, and `inputs` after it are undone. `at` is wall time."""

    branch: int
    at: float
    from_tick: Tick
    tick: Tick
    inputs: int


class ShowHistory(Ask):
    """How a world fared over the last day, from its metric snapshots."""

    world_id: WorldId
    limit: int = Field(default=50, ge=1, le=1440)


class HistoryShown(Timed):
    rows: tuple[Measured, ...]
    """The newest first."""
    rollbacks: tuple[RolledBack, ...] = ()
    """The newest first."""


class PlanWorld(Ask):
    """What the next tick would run and leave out; asking changes nothing."""

    world_id: WorldId


class WorldPlanned(Timed):
    report: WorldReport
    plan: dict[str, Any]
    """The WorkPlan of the tick that comes next, as the world stands."""
    inputs: int
    """Inputs that are applied before it and may change it."""
    holds: str
    """Why that tick is not made now; empty when it is on its way."""
    housekeeping: tuple[dict[str, Any], ...] = ()
    """Every chore: name, everySeconds, lastRun, nextRun, budget, did, didInAll, by. Commits and snapshots are
    the own ones of this world."""


class ShowSession(Ask):
    world_id: WorldId
    session_id: SessionId
    npc_id: NpcId | None = None
    """With the chains that may begin with them."""


class SessionShown(Timed):
    view: dict[str, Any]
    """The session as JSON, with worldTime and chains."""
    tick: Tick


class ShowPerson(Ask):
    world_id: WorldId
    npc_id: NpcId
    session_id: SessionId | None = None
    """As that player meets them."""
    metric: str | None = None
    """Among the metrics too, of which those of relationships are too many to show unasked."""


class PersonShown(Timed):
    view: dict[str, Any]
    """id, name, tier, location, personality, components (settled to `world_time`), metrics, why; with a
    session `personal` too."""
    tick: Tick
    world_time: float


class ListSessions(Ask):
    world_id: WorldId
    limit: int = Field(default=SESSIONS_SHOWN_MAX, ge=1, le=SESSIONS_SHOWN_MAX)


class SessionsListed(Timed):
    sessions: tuple[dict[str, Any], ...]
    """By id: id, userId, locationId, sceneId, version, and how many intents wait."""
    count: int
    """How many there are, shown or not."""
    tick: Tick
    world_time: float


class ListPeople(Ask):
    """A page of the people, in the order of the world file from place `start` on."""

    world_id: WorldId
    tier: Tier | None = None
    location: str | None = None
    start: int = Field(default=0, ge=0, le=PLACES_MAX)
    limit: int = Field(default=50, ge=1, le=PEOPLE_SHOWN_MAX)


class PeopleListed(Timed):
    people: tuple[dict[str, Any], ...]
    """place, id, name, tier, location, activity, energy, nextDecisionAt."""
    next: int | None
    """Where the next page begins; None: this is the last."""
    count: int
    """How many live in the world, shown or not."""
    tick: Tick
    world_time: float


class GenerationRow(Message):
    request_id: RequestId
    npc_id: NpcId | None
    kind: str
    band: str
    status: str
    attempts: int
    made_tick: Tick
    handed_tick: Tick
    landed_tick: Tick | None
    reason: str
    result: dict[str, Any] | None


class ListGenerations(Ask):
    world_id: WorldId
    limit: int = Field(default=50, ge=1, le=1000)


class GenerationsListed(Message):
    ask_id: str
    rows: tuple[GenerationRow, ...]
    counts: dict[str, int]


Answer = (
    GenerationsListed
    | HistoryShown
    | WorldShown
    | WorldPlanned
    | PersonShown
    | PeopleListed
    | SessionShown
    | SessionsListed
    | AppointmentMade
    | AppointmentCancelled
    | AppointmentsListed
)
"""What a child of the Supervisor answers a client through it."""
