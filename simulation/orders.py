"""What a world asks of its tiers in one tick, and what they answer. Plain and frozen: the hot path of a
shard.

Values pass by reference, so nothing here is ever changed after it is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulation.units import Band, Micros, NpcId, RequestId, SessionId, Tick, Tier

if TYPE_CHECKING:
    from simulation.consequences import Consequence
    from simulation.definitions.preferences import Preferences
    from simulation.person import Person
    from simulation.recasting import Recast

NO_TIME = Micros(0)
UNRANKED = -(10**9)
"""The rank of whoever no tier rule pulls: below every priority."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Whose decisions may change what a tier rule says of them."""

    places: tuple[int, ...]
    """Whoever comes to one of these, or goes from one: numbers of locations."""
    people: frozenset[NpcId]
    everybody: bool


@dataclass(frozen=True, slots=True)
class TierOrder:
    """world -> tier: decide for at most `share` people, the most overdue first."""

    tick: Tick
    now: Micros
    share: int
    interval: Micros
    """The tier's decision interval in force."""
    flags: Mapping[str, Any]
    """The world's flags as they stood after this tick's inputs: what every decision of the tick reads."""
    hooks: bool
    """Whether deciding may make generation requests: never in the dormant tier or with generation off."""
    looks: tuple[NpcId, ...] = ()
    """People the world's systems must see, as they stand before anybody decides."""
    watch: Watch | None = None
    """Whom to name among those who decide; None: nobody."""
    turns: bool = False
    """Whether to tell who begins or ends something that a hook watches: never in the dormant tier."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A generation request as a person's decision made it, not yet queued by the world."""

    request_id: RequestId
    npc_id: NpcId
    entity: int
    kind: str
    band: Band
    component: str
    params: Mapping[str, Any]
    session_id: SessionId | None = None
    """Whose request it is: its result is then personal between them and the person."""
    user_id: str | None = None
    flag: str | None = None
    """Keep the result under this flag, the session's if there is one, instead of the component."""
    scene_id: str | None = None
    """The session enters this scene with the result; the component keeps what it shows."""
    ttl: Micros | None = None
    """Game time after which nobody wants the result any more. None: it is always welcome."""
    coalesce_key: str | None = None
    """While one of this key is not answered whose result goes to the same place, no other is made."""


@dataclass(frozen=True, slots=True)
class FlagSet:
    entity: int
    key: str
    value: Any


@dataclass(frozen=True, slots=True)
class Brought:
    """What a person's beginning of an activity brings about beyond themselves."""

    entity: int
    consequences: tuple[Consequence, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody ended one activity and began another, by number; NONE: doing nothing."""

    npc_id: NpcId
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A behaviour that raised: the person is left out of this tick, everyone else goes on."""

    npc_id: NpcId
    rule: str
    error: str


@dataclass(frozen=True, slots=True)
class TierReport:
    """tier -> world: what one tick did."""

    tier: Tier
    served: int
    scheduled: tuple[tuple[Micros, int], ...]
    """(due at, how many people) of everybody served, ascending."""
    flags: tuple[FlagSet, ...] = ()
    requests: tuple[Requested, ...] = ()
    brought: tuple[Brought, ...] = ()
    failures: tuple[Failure, ...] = ()
    waiting: tuple[NpcId, ...] = ()
    """The first few people who are due and were not served, most overdue first."""
    touched: int = 0
    """People whose row was read or written: what `cost follows work` counts."""
    seen: tuple[Person, ...] = ()
    """Those of the order's `looks` who live in this tier."""
    moved: tuple[NpcId, ...] = ()
    """Those whom the order's `watch` asks to be named, by id."""
    turns: tuple[Turn, ...] = ()
    """Those that a hook watches, if the order asks for them."""


@dataclass(frozen=True, slots=True)
class ComponentWrite:
    """Put a whole cold component in place of the one there."""

    npc_id: NpcId
    component: str
    value: Mapping[str, Any] | None
    """None removes the component."""


@dataclass(frozen=True, slots=True)
class ComponentMerge:
    """Set some keys of a component and keep the others; a key that is None is removed."""

    npc_id: NpcId
    component: str
    patch: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StatChange:
    """Set a number of a component, or add to it, clamped to [low, high]. Hot fields settle first."""

    npc_id: NpcId
    component: str
    path: tuple[str, ...]
    value: float
    low: float
    high: float
    adds: bool
    start: float = 0.0
    """What it is added to where nothing is written."""


@dataclass(frozen=True, slots=True)
class ValuePut:
    """Put one value inside a cold component; objects on the way are made where they are missing."""

    npc_id: NpcId
    component: str
    path: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Placed:
    """Somebody is somewhere else now."""

    npc_id: NpcId
    location_id: str


PersonWrite = ComponentWrite | ComponentMerge | StatChange | ValuePut | Placed


@dataclass(frozen=True, slots=True)
class Leave:
    """How many people leave a tier: its most important ones, or its least. Ties go by entity number."""

    count: int
    best: bool
    names: tuple[NpcId, ...] | None = None
    """Only these; None: anybody."""
    ranks: Mapping[NpcId, int] = field(default_factory=dict)
    """Who is pulled by a tier rule, with its priority: more important than everybody else."""
    spares: bool = False
    """Whoever is pulled stays."""


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody a tier was asked about, as tier rules read them."""

    npc_id: NpcId
    location: int
    importance: float


@dataclass(frozen=True, slots=True)
class Users:
    """Whoever does one of these activities or is in one of these places."""

    activities: frozenset[str]
    places: frozenset[str]
    besides: frozenset[NpcId]
    """These do not count."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What players' sessions say of somebody's preferences now."""

    npc_id: NpcId
    preferences: Preferences
    sessions: tuple[SessionId, ...]
    """Whose word it is, the first counts most; none: nobody says anything any more."""


@dataclass(frozen=True, slots=True)
class TierTouch:
    """world -> tier, between ticks: what inputs do to people. Looks first, then writes, leavers and comers.

    `now` and `flags` are the world's; they matter to looks and to writes of hot fields.
    """

    writes: tuple[PersonWrite, ...] = ()
    leave: Leave | None = None
    come: tuple[Any, ...] = ()
    """`simulation.population.Row` values, as `left` of another tier's answer."""
    looks: tuple[NpcId, ...] = ()
    finds: tuple[NpcId, ...] = ()
    """Of whom it is asked where they are."""
    places: tuple[int, ...] = ()
    """Of which it is asked who is there: numbers of locations. Reads one column whole."""
    users: Users | None = None
    """Show some of these, too."""
    recast: Recast | None = None
    """The world goes by another definition now."""
    heard: tuple[Heard, ...] = ()
    """What players now say of people's preferences."""
    now: Micros = NO_TIME
    flags: Mapping[str, Any] = field(default_factory=dict)


Doing = tuple[NpcId, int, Micros]
"""Somebody, the number of the activity they do, and since when."""


@dataclass(frozen=True, slots=True)
class TierTouched:
    tier: Tier
    left: tuple[Any, ...] = ()
    """Rows of those who left."""
    written: int = 0
    agenda: tuple[tuple[Micros, int], ...] = ()
    """(due at, how many more) of those who came, and fewer, below 0, of those who left."""
    seen: tuple[Person, ...] = ()
    """Those of the touch's `looks` who live in this tier, as they stood before its writes."""
    found: tuple[Found, ...] = ()
    """Those of its `finds`, and whoever is at its `places`."""
    recast: bool = False
    """Whether the tier plays by another script now: people came and left anyhow."""
    doing: tuple[Doing, ...] = ()
    """After that: who does what a hook of the new script keeps the time of."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a tier got less than was due."""

    tier: Tier
    left_out: int
    reason: str
    waiting: tuple[NpcId, ...] = ()


@dataclass(frozen=True, slots=True)
class SystemShare:
    """What a world system may do in one tick, and what must wait."""

    name: str
    due: int
    runs: int


@dataclass(frozen=True, slots=True)
class WorkPlan:
    """What one tick runs, how much, and what it leaves out and why."""

    tick: Tick
    now: Micros
    budget: int
    due: Mapping[Tier, int]
    stale: Mapping[Tier, int]
    shares: Mapping[Tier, int]
    deficits: Mapping[Tier, int]
    job_budget: int
    jobs_due: int
    job_ops: int
    systems: tuple[SystemShare, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    """`budget cannot keep up: needs n/step`, for instance."""
