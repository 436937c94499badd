"""One world on a shard: when it may tick, what waits for it, and how it is reported. Pure of actors and
clocks."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from actors.commits import CommitBuffer
from actors.pacing import Lateness, Pacer
from actors.shell import Address
from messages.commits import Mark
from messages.service import WorldReport
from simulation.definitions import SimulationConfig
from simulation.time_limit import OVER
from simulation.units import MICROS_PER_SECOND, InputKind, Mode, RequestId, Tick, WorldId
from simulation.world import World


@dataclass
class Hosted:
    """Reads its `World` between ticks; only the WorldActor changes it."""

    world: World
    address: Address
    buffer: CommitBuffer
    pacer: Pacer
    flat_out: bool
    """At full speed instead of in real time."""
    going: bool = False
    target: Tick | None = None
    lateness: Lateness = field(default_factory=Lateness)
    stopped: str = ""
    """Why it makes no tick until it is resumed, but those that somebody asks for; empty while it may."""
    over_told: bool = False
    """Whether the log says that its time is over."""
    draining: bool = False
    """Saved for the last time in this service; how it stands is told as before."""
    saving: bool = False
    """Whether its state as it is shall become a durable snapshot, and then it is not needed here."""
    dozing: bool = False
    """Whether that is so because it falls asleep."""
    blocked_since_ns: int | None = None
    shown: object = None
    """What the last report said that the next may not repeat."""
    was_running: bool = False
    heeded: SimulationConfig | None = None
    """The simulation block that its pace follows."""

    def heed_config(self, now_ns: int) -> None:
        """Follow what its simulation block says of real time, from the input on that changed it."""
        config = self.world.config
        if config is not self.heeded:
            self.heeded = config
            pace = config.interval_ns, config.missed_tick_policy, config.max_catch_up_ticks
            self.pacer.configure(*pace, now_ns)
            self.buffer.snapshot_every_ns = config.snapshot_every_ns

    def next_tick_ns(self, now_ns: int) -> int | None:
        """When its next tick is due; None while it must not tick. One that is behind is due now, and so comes
        after every world that was due before."""
        stands = self.stopped and not self.world.wants_tick
        held = self.saving or self.is_idle or stands or self.world.is_over
        if held or not self.going or self.world.mode is Mode.PAUSED:
            self.was_running = False
            return None
        if self.buffer.is_full or self.blocked():
            return None
        if self.world.wants_tick:
            return now_ns
        if self.target is not None and self.world.tick >= self.target:
            return None
        if self.world.mode is Mode.TURN_BASED:
            return now_ns if self.target is not None else None
        if self.flat_out:
            return now_ns
        if not self.was_running:
            self.pacer.start(now_ns)
            self.was_running = True
        return max(now_ns, self.pacer.deadline_ns)

    def hear(self, kinds: Collection[InputKind]) -> None:
        """Inputs came. One that stopped goes on when it is resumed; one that waited too long for results
        waits anew when somebody asks for ticks, who must hear of it."""
        ticks = InputKind.STEP in kinds or InputKind.ADVANCE in kinds
        if self.stopped and (InputKind.RESUME in kinds or (ticks and self.world.blocked())):
            self.stopped, self.was_running, self.blocked_since_ns = "", False, None

    @property
    def is_idle(self) -> bool:
        """Whether its clock stands because nobody is there; a goal that is not reached is somebody."""
        due = self.target is not None and self.world.tick < self.target and self.world.mode is not Mode.PAUSED
        return self.going and not self.stopped and not self.draining and not due and may_sleep(self.world)

    def rouse(self) -> None:
        """Somebody asked for it while it fell asleep."""
        if self.dozing:
            self.dozing = self.saving = False

    @property
    def is_over(self) -> bool:
        """Whether it shall tick and cannot, for its time is over. Inputs are applied all the same."""
        live = self.world.mode is Mode.REAL_TIME and self.target is None
        due = self.target is not None and self.world.tick < self.target and self.world.mode is not Mode.PAUSED
        return (live or due) and self.world.is_over

    def blocked(self) -> tuple[RequestId, ...]:
        """Lockstep results its next tick waits for, unless it need not tick anyway."""
        if self.target is not None and self.world.tick >= self.target and not self.world.wants_tick:
            return ()
        if self.world.is_over:
            return ()
        return self.world.blocked()

    def flush_at_ns(self) -> int | None:
        return None if self.draining else self.buffer.flush_at_ns()

    @property
    def is_saved(self) -> bool:
        """Whether a durable snapshot holds exactly this state, and nothing waits to be written or sent. Who
        waits for a tick to come may wait longer."""
        buffer = self.buffer
        on_its_way = buffer.has_news or buffer.encoding or buffer.unacknowledged
        return not on_its_way and buffer.copied == (self.world.tick, self.world.applied)

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits for its next record, be it the world itself or the end of a run."""
        return (
            self.buffer.urgent_ns is not None or self.target is not None or not self.is_paced or self.saving
        )

    @property
    def is_paced(self) -> bool:
        """Whether its ticks have real-time deadlines, and so can be late."""
        return not self.flat_out and self.world.mode is Mode.REAL_TIME and not self.world.wants_tick

    def status(self) -> tuple[str, str]:
        """(status, why) for people to read."""
        if self.stopped:
            return "stopped", self.stopped
        if self.is_idle:
            return "sleeping", ""
        if self.world.mode is Mode.PAUSED:
            return "paused", ""
        if self.is_over:
            return "stopped", OVER
        if waits := self.blocked():
            return "waiting", f"waiting for {len(waits)} generation results of tick {self.world.tick + 1}"
        return ("turn_based", "") if self.world.mode is Mode.TURN_BASED else ("running", "")

    def troubles(self) -> list[str]:
        """What is wrong with it that does not keep it from running."""
        state = self.world.script.plugin_state
        return [
            f"{self.world.id} goes on without plug-in {name}: {state.failures[name]} failures switched it off"
            for name in sorted(state.off)
        ]

    def is_other(self) -> bool:
        """Whether its report may say something that it did not when this was asked last."""
        show = (self.buffer.committed, self.status(), self.target, self.pacer.missed)
        shown, self.shown = self.shown, show
        return shown != show

    def report(self, shard: int) -> WorldReport:
        """As of the last commit: nothing else is shown."""
        mark: Mark = self.buffer.committed
        status, because = self.status()
        paused = self.target is not None and self.world.mode is Mode.PAUSED
        return WorldReport(
            world_id=self.world.id,
            name=self.world.script.definition.name,
            status=status,
            because=because,
            shard=shard,
            tick=mark.tick,
            world_time=mark.world_time / MICROS_PER_SECOND,
            time_of_day=self.world.script.calendar.describe(mark.world_time),
            day_lengths=self.world.script.calendar.lengths,
            state_hash=mark.state_hash,
            decisions=sum(mark.decisions_by_tier.values()),
            decisions_by_tier=mark.decisions_by_tier,
            people_by_tier=mark.people_by_tier,
            requests=mark.requests,
            lateness_p50_ms=self.lateness.percentile_ms(50),
            lateness_p99_ms=self.lateness.percentile_ms(99),
            missed_ticks=self.pacer.missed,
            goal_tick=self.target,
            goal_reached=self.target is not None and mark.tick >= self.target and not self.buffer.has_news,
            skipped="paused: resume it first" if paused else "",
        )


def may_sleep(world: World) -> bool:
    """Whether nobody is in a world that may sleep then, and it owes nobody a tick, an answer or a result."""
    awaited = (world.requests.awaited or {}).values()
    return (
        world.config.idle_policy == "sleep"
        and not len(world.sessions)
        and not world.wants_tick
        and not world.has_applicable
        and all(request.land_tick is None for request in awaited)
    )


def stored_report(
    world_id: WorldId, name: str, mark: Mark | None, shard: int, status: str = "stopped"
) -> WorldReport:
    """A world that is stored but does not run, as of its last commit."""
    decisions = mark.decisions_by_tier if mark is not None else {}
    return WorldReport(
        world_id=world_id,
        name=name,
        status=status,
        shard=shard,
        tick=mark.tick if mark is not None else Tick(0),
        world_time=mark.world_time / MICROS_PER_SECOND if mark is not None else 0.0,
        state_hash=mark.state_hash if mark is not None else "",
        decisions=sum(decisions.values()),
        decisions_by_tier=decisions,
        people_by_tier=mark.people_by_tier if mark is not None else {},
        requests=mark.requests if mark is not None else 0,
    )
