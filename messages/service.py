"""Conversation: the service process starts the Supervisor, watches it and drains it.

main -> supervisor   StartService
supervisor -> main   ServiceStarted | Refused
main -> supervisor   AddSleeping        stored worlds that sleep, registered without being opened
supervisor -> main   SleepingAdded
main -> supervisor   SetGoal            how far the worlds run before the drain
supervisor -> main   GoalSet
main -> supervisor   AskStatus
supervisor -> main   StatusReported
main -> supervisor   Drain
supervisor -> main   Drained
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from messages.base import Ask, Message
from simulation.units import Epoch, GenerationMode, Tick, WorldId


class Speed(StrEnum):
    REAL = "real"
    MAX = "max"


class PluginRef(Message):
    """An installed plug-in as every process of the service finds it."""

    id: str
    target: str
    """`module:attribute` of its `simulation.plugins.Plugin`."""


class ServiceSettings(Message):
    """What every process of one service needs to know. Wall times are real seconds."""

    database_url: str
    redis_url: str
    namespace: str
    """Prefix of every key and queue name in Redis, one per data folder."""
    shards: int = 1
    speed: Speed = Speed.REAL
    npc_ticks_per_second: int | None = None
    """Decisions of all worlds of one shard together; None: as many as come."""
    plugins: tuple[PluginRef, ...] = ()
    """What main found installed: the same for every process."""
    log_level: str = "info"
    log_format: str = "console"
    main_pid: int
    """When this process is gone, every actor process goes too."""
    commit_every_s: float = 1.0
    commit_delay_s: float = 0.05
    """The longest a commit waits while an input, a request or a player does."""


class StartService(Ask):
    settings: ServiceSettings


class ServiceStarted(Message):
    ask_id: str
    supervisor_pid: int
    admin_pid: int
    worlds: dict[WorldId, Epoch]
    """Every stored world, with its epoch; `OpenWorld` runs one without its file."""
    definitions: dict[WorldId, tuple[str, ...]]
    """Every world ever stored, removed ones too, with the hash of its definition, and of those before."""
    asleep: tuple[WorldId, ...] = ()
    """Those of `worlds` that sleep: `AddSleeping` is enough for them."""


class AddSleeping(Ask):
    worlds: tuple[WorldId, ...]
    generation: GenerationMode | None = None


class SleepingAdded(Message):
    ask_id: str
    worlds: tuple[WorldId, ...]


class Goal(Message):
    """How far to run: `ticks` more, or until `until_tick` of a world's life. Neither: for ever."""

    ticks: int | None = None
    until_tick: int | None = None
    targets: dict[WorldId, Tick] = Field(default_factory=dict)
    """Worlds whose last tick is known already, from before a restart."""


class SetGoal(Ask):
    """Let the worlds tick: they hold still until the first goal is set."""

    goal: Goal


class GoalSet(Message):
    ask_id: str
    targets: dict[WorldId, Tick]


class AskStatus(Ask):
    since: int = 0
    """The version of the last answer: only worlds that changed since then are of interest."""


class WorldReport(Message):
    """One world as of its last commit. `lateness_*` are real milliseconds over its last 600 ticks."""

    world_id: WorldId
    name: str
    status: str
    """running | paused | turn_based | waiting | sleeping | recovering | quarantined | stopped, and of worlds
    not in service removed | stored"""
    because: str = ""
    shard: int
    tick: Tick
    world_time: float
    """Game seconds."""
    time_of_day: str = ""
    day_lengths: tuple[int, int, int] | None = None
    """Game microseconds of a day, an hour and a minute; None: of a world that was not opened."""
    state_hash: str
    decisions: int
    decisions_by_tier: dict[str, int]
    people_by_tier: dict[str, int]
    requests: int
    lateness_p50_ms: float = 0.0
    lateness_p99_ms: float = 0.0
    missed_ticks: int = 0
    goal_tick: Tick | None = None
    goal_reached: bool = False
    skipped: str = ""
    """Why a world does not run towards the goal; empty if it does."""


class StatusReported(Message):
    ask_id: str
    worlds: tuple[WorldReport, ...]
    """Those that changed since the version asked for; all of them if `whole`."""
    version: int = 0
    whole: bool = True
    jobs: dict[str, int]
    """Generation requests of all worlds by status, as last counted."""
    restarts: dict[str, int]
    """Child name -> times restarted since the service started."""
    troubles: tuple[str, ...] = ()
    """What is wrong right now, one sentence each: Redis away, a world in quarantine."""


class Drain(Ask):
    """Last snapshot and commit of every world, then stop every child."""


class WorldSummary(Message):
    world_id: WorldId
    name: str
    tick: Tick
    world_time: float
    time_of_day: str = ""
    decisions: int
    decisions_by_tier: dict[str, int]
    requests: int
    jobs: dict[str, int]
    state_hash: str
    status: str
    because: str = ""
    skipped: str = ""


class Drained(Message):
    ask_id: str
    worlds: tuple[WorldSummary, ...]
    unsaved: tuple[WorldId, ...] = ()
    """Worlds whose last commit was not acknowledged in time: they resume from the one before."""
