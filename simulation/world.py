"""A world without its people: clock, plan, flags, sessions, requests, inputs. A WorldActor's half."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from simulation.agenda import Agenda
from simulation.clock import Clock
from simulation.closing import close_tick
from simulation.consequences import Consequence, carry_out
from simulation.definitions import SimulationConfig
from simulation.hashing import same_json, state_hash
from simulation.inputs import Input
from simulation.intake import Intake
from simulation.likings import Likings
from simulation.moving import Moving
from simulation.orders import Failure, PersonWrite, TierOrder, TierReport, TierTouch, TierTouched, WorkPlan
from simulation.person import Person
from simulation.planning import plan_tick
from simulation.requests import Request, Requests
from simulation.scalars import Digests, scalars
from simulation.script import Script
from simulation.sessions import Session, Sessions
from simulation.stories.intent_system import cues_of
from simulation.systems import System, plan_systems
from simulation.ticking import BoundaryWork, Counters, Standing, TickDone, TickStart
from simulation.tiers import TIERS
from simulation.time_limit import is_over
from simulation.units import (
    GenerationMode,
    Micros,
    Mode,
    NpcId,
    RequestId,
    Seq,
    SessionId,
    Tick,
    Tier,
    WorldId,
)
from simulation.views import View


class World:
    """Everything of one world except the people on its stages."""

    def __init__(
        self,
        script: Script,
        config: SimulationConfig,
        clock: Clock,
        flags: Mapping[str, Any],
        sessions: Iterable[Session] = (),
        systems: Sequence[System] = (),
    ) -> None:
        self.script = script
        self.id: WorldId = script.definition.id
        self.config = config
        self.clock = clock
        self.flags = flags
        self.base_mode: Mode = Mode.REAL_TIME if config.mode is Mode.PAUSED else config.mode
        self.paused = config.mode is Mode.PAUSED
        self.requests = Requests()
        self.deficits: Mapping[Tier, int] = dict.fromkeys(TIERS, 0)
        self.agendas = {tier: Agenda() for tier in TIERS}
        self.counts = dict.fromkeys(TIERS, 0)
        self.counters = Counters(0, 0, 0, dict.fromkeys(TIERS, 0))
        self.unwanted: dict[RequestId, str] = {}
        """Why nobody wants what was handed over, since it was told last. Not part of its state."""
        self.failed: list[Failure] = []
        """Rules of systems and inputs that raised since the last tick ended."""
        self.intake = Intake(self)
        self.systems = tuple(systems)
        """In the order the tick runs them."""
        self.cues = cues_of(script, self.systems)
        self.sessions = Sessions()
        self.likings = Likings(script.activity_index)
        self.moving = Moving(self)
        self.last_plan: WorkPlan | None = None
        self.made_with: Mapping[str, str] = script.definition.plugins.versions()
        """Versions of the plug-ins that made this state: of the snapshot it was taken from."""
        self._start: TickStart | None = None
        self.refused = 0
        """Requests that found the queue full in this tick."""
        self._digests = Digests()
        for session in sessions:
            self.put_session(session)
        self.moving.tiering.begin(config)

    @property
    def tick(self) -> Tick:
        return self.clock.tick

    @property
    def world_time(self) -> Micros:
        return self.clock.world_time

    @property
    def mode(self) -> Mode:
        return Mode.PAUSED if self.paused else self.base_mode

    @property
    def applied(self) -> int:
        return self.intake.applied

    @property
    def next_seq(self) -> Seq:
        return self.intake.next_seq

    @property
    def is_over(self) -> bool:
        """Whether its next tick would lead beyond the time that a world can have: it makes none then."""
        return is_over(self.clock, self.config)

    @property
    def people(self) -> int:
        total = 0
        for count in self.counts.values():
            total += count
        return total

    def seat(self, tier: Tier, count: int, agenda: Iterable[tuple[Micros, int]]) -> None:
        """Take note of who is on a stage at the opening."""
        self.counts[tier] = count
        self.agendas[tier].add(agenda)

    def view(self, people: Mapping[NpcId, Person]) -> View:
        """The world as it stands, with the people who were shown."""
        return View(
            self.script,
            self.world_time,
            self.tick,
            self.flags,
            self.sessions,
            people,
            generates=self.config.generation.mode is not GenerationMode.OFF,
            room=self.room,
        )

    @property
    def room(self) -> int:
        """How many requests more its own queue takes."""
        return max(0, self.config.generation.queue_max - len(self.requests.waiting))

    # -- inputs

    def deliver(self, inputs: Sequence[Input]) -> bool:
        """Queue durable inputs; False: one is missing before these."""
        return self.intake.deliver(inputs)

    def adopt(self, waiting: Iterable[Input]) -> None:
        """After a recovery: queue what is stored and not applied yet."""
        self.intake.adopt(waiting)

    @property
    def has_applicable(self) -> bool:
        """Whether an input waits that may be applied without making a tick."""
        return self.intake.has_applicable

    def apply_inputs(self, *, before_tick: bool) -> BoundaryWork:
        """Apply waiting inputs until one touches people or none is left (`Intake.apply`)."""
        return self.intake.apply(before_tick=before_tick)

    def replay_input(self, item: Input) -> Mapping[Tier, TierTouch]:
        """Apply an input that was applied before, at its recorded place; the touches must be performed."""
        return self.intake.replay(item)

    def finish_touch(self, touched: Mapping[Tier, TierTouched]) -> Mapping[Tier, TierTouch]:
        """Take the tiers' answers; answers what they must do next, empty when nothing is left."""
        return self.intake.finish_touch(touched)

    # -- what changes it

    def put_session(self, session: Session) -> None:
        """A session came or changed."""
        before = self.sessions.get(session.id)
        session = self.sessions.put(session)
        self.moving.tiering.on_session(before, session)
        self.likings.on_session(session.id, session)
        for system in self.systems:
            system.on_session(session.id, session)

    def drop_session(self, session_id: SessionId) -> None:
        self.moving.tiering.on_session(self.sessions.get(session_id), None)
        self.sessions.remove(session_id)
        self.likings.on_session(session_id, None)
        self.cues.turned_away.forget(session_id)
        for system in self.systems:
            system.on_session(session_id, None)

    def set_flags(self, changes: Mapping[str, Any]) -> None:
        """Set flags of the world; one that is None is removed."""
        if any(not same_json(self.flags.get(key), value) for key, value in changes.items()):
            flags = {**self.flags, **changes}
            self.flags = {key: value for key, value in flags.items() if value is not None}
            self.moving.tiering.on_flags()

    def note_refused(self, requests: int) -> None:
        """So many generation requests found the queue full."""
        self.counters.refused_requests += requests
        self.refused += requests

    def note_unwanted(self, requests: Iterable[Request], why: str) -> None:
        """Nobody wants these any more; a lockstep world takes each outcome at its tick all the same."""
        gone = (r for r in requests if r.handed_tick is not None and r.land_tick is None)
        self.unwanted.update({request.request_id: why for request in gone})

    def take_unwanted(self) -> Mapping[RequestId, str]:
        told, self.unwanted = self.unwanted, {}
        return told

    def write(self, writes: tuple[PersonWrite, ...]) -> Mapping[Tier, TierTouch]:
        """What the tiers must do for these writes; whoever does not have the person passes it over."""
        if not writes:
            return {}
        self.moving.tiering.on_people(change.npc_id for change in writes)
        touch = TierTouch(writes=writes, now=self.world_time, flags=self.flags)
        return {tier: touch for tier in TIERS if self.counts[tier]}

    def carry_out(self, consequences: Iterable[Consequence]) -> Mapping[Tier, TierTouch]:
        """Do what an input or a system brings about; answers what the tiers must do for it."""
        return self.write(carry_out(self, consequences))

    # -- ticks

    @property
    def wants_tick(self) -> bool:
        """Whether an explicit step or advance is owed, in any mode but paused."""
        return self.clock.owes and not self.paused

    def blocked(self) -> tuple[RequestId, ...]:
        """Lockstep results that the next tick must wait for."""
        landing = self.requests.landing_at(Tick(self.tick + 1))
        if not landing:
            return ()
        here = self.intake.results_here()
        return tuple(request_id for request_id in landing if request_id not in here)

    def begin_tick(self) -> TickStart:
        """Advance the clock and plan: who runs, how much, and what is handed over."""
        config = self.config
        self.script.plugin_state.settle()
        self.sessions.begin()
        self.clock, size = self.clock.ticked(config.tick_atto, config.max_step_us)
        systems = plan_systems(self, self.systems, self.world_time)
        self.requests, lapsed = self.requests.lapse(self.world_time)
        for agenda in self.agendas.values():
            agenda.advance(self.world_time)
        made = plan_tick(self, self.clock, self.agendas, systems)
        generation = config.generation
        self.requests, handed = self.requests.hand_over(
            made.job_ops,
            self.tick,
            self.world_time,
            generation.lockstep_ticks if generation.mode is GenerationMode.LOCKSTEP else None,
        )
        self.deficits = made.deficits
        self.refused = 0
        self.note_unwanted(lapsed, "its time of the world is over")
        orders = self._orders(made, systems.looks)
        self._start = TickStart(made, size, self.world_time, orders, handed, systems, lapsed)
        return self._start

    def _orders(self, made: WorkPlan, looks: tuple[NpcId, ...]) -> dict[Tier, TierOrder]:
        """An order for each tier with a share, and for each peopled one when somebody must be seen."""
        off = self.config.generation.mode is GenerationMode.OFF
        watch = self.moving.tiering.watch()
        return {
            tier: TierOrder(
                tick=self.tick,
                now=self.world_time,
                share=made.shares[tier],
                interval=self.config.tiers[tier].interval_us,
                flags=self.flags,
                hooks=tier is not Tier.DORMANT and not off,
                looks=looks,
                watch=watch,
                turns=tier is not Tier.DORMANT and bool(self.cues),
            )
            for tier in TIERS
            if made.shares[tier] > 0 or (looks and self.counts[tier])
        }

    def end_tick(self, reports: Mapping[Tier, TierReport]) -> TickDone:
        """Take the tiers' reports and close the tick (`closing.close_tick`)."""
        start = self._start
        if start is None:
            raise RuntimeError(f"{self.id}: end_tick without begin_tick")
        self._start = None
        return close_tick(self, start, reports)

    # -- what it is

    def scalars(self) -> dict[str, object]:
        """The state that is not people, as JSON values: what the hash covers beside them."""
        return scalars(self, self._digests)

    def standing(self, people_sums: Mapping[Tier, int]) -> Standing:
        """Where the world stands, its hash made from the tiers' sums."""
        people = 0
        for tier in TIERS:
            people = (people + people_sums[tier]) % 2**128
        return Standing(
            tick=self.tick,
            world_time=self.world_time,
            state_hash=state_hash(people, self.scalars()),
            mode=self.mode,
            requests=self.counters.requests,
            decisions_by_tier=dict(self.counters.decisions),
            people_by_tier=dict(self.counts),
        )
