"""A world without its people: clock, plan, flags, requests, inputs. A WorldActor's half."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from simulation.agenda import Agenda
from simulation.applying import apply
from simulation.clock import Clock
from simulation.definitions import SimulationConfig
from simulation.hashing import digest, state_hash
from simulation.inputs import Input, Outcome
from simulation.orders import TierOrder, TierReport, TierTouch, TierTouched, WorkPlan
from simulation.plan import Demand, Jobs, plan
from simulation.requests import Requests
from simulation.script import Script
from simulation.ticking import BoundaryWork, Counters, Standing, TickDone, TickStart
from simulation.tiers import TIERS, Move
from simulation.units import GenerationMode, InputKind, Micros, Mode, RequestId, Seq, Tick, Tier, WorldId

RULES_VERSION = 1
"""Which rules made a state: part of the hash, one more whenever the same inputs would give another world."""


class World:
    """Everything of one world except the people on its stages."""

    def __init__(
        self, script: Script, config: SimulationConfig, clock: Clock, flags: Mapping[str, Any]
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
        self.applied = 0
        """How many inputs were ever applied: the ordinal of the last."""
        self.next_seq = Seq(1)
        self.last_plan: WorkPlan | None = None
        self.moves: tuple[Move, ...] = ()
        """What is left to do to restore the caps of the tiers; empty between ticks."""
        self._pending: dict[Seq, Input] = {}
        self._start: TickStart | None = None
        self._digests: dict[str, tuple[object, str]] = {}

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
    def people(self) -> int:
        total = 0
        for count in self.counts.values():
            total += count
        return total

    def seat(self, tier: Tier, count: int, agenda: Iterable[tuple[Micros, int]]) -> None:
        """Take note of who is on a stage: at the opening, and whenever people moved."""
        self.counts[tier] = count
        self.agendas[tier] = Agenda()
        self.agendas[tier].add(agenda)

    # -- inputs

    def deliver(self, inputs: Sequence[Input]) -> bool:
        """Queue durable inputs; those seen before are ignored. False: one is missing before these, fetch
        it."""
        for item in inputs:
            if item.seq > self.next_seq:
                return False
            if item.seq == self.next_seq:
                self._pending[item.seq] = item
                self.next_seq = Seq(item.seq + 1)
        return True

    def adopt(self, waiting: Iterable[Input]) -> None:
        """After a recovery: queue what is stored and not applied yet, whatever was applied around it."""
        for item in waiting:
            self._pending[item.seq] = item
            self.next_seq = Seq(max(self.next_seq, item.seq + 1))

    @property
    def has_applicable(self) -> bool:
        """Whether an input waits that may be applied without making a tick."""
        return self._next_applicable(before_tick=False) is not None

    def apply_inputs(self, *, before_tick: bool) -> BoundaryWork:
        """Apply waiting inputs in order, up to and including the first that touches people. Call again, after
        the touches are done (`finish_touch`), until there are no outcomes.

        A lockstep result is applied only right before the tick it lands at: a world that stands still there
        has one state, whether the result has come already or not.
        """
        outcomes: list[Outcome] = []
        while (item := self._next_applicable(before_tick=before_tick)) is not None:
            del self._pending[item.seq]
            touches = self._apply(item, outcomes)
            if touches:
                return BoundaryWork(tuple(outcomes), touches)
        return BoundaryWork(tuple(outcomes), {})

    def replay_input(self, item: Input) -> Mapping[Tier, TierTouch]:
        """Apply an input that was applied before, at its recorded place; the touches must be performed."""
        self.next_seq = Seq(max(self.next_seq, item.seq + 1))
        return self._apply(item, [])

    def _apply(self, item: Input, outcomes: list[Outcome]) -> Mapping[Tier, TierTouch]:
        verdict, touches = apply(self, item)
        self.applied += 1
        answer_at = self.tick if verdict.answer_at_tick is None else verdict.answer_at_tick
        outcomes.append(
            Outcome(item.seq, self.tick, self.applied, verdict.applied, verdict.detail, answer_at)
        )
        return touches or self._next_move()

    def _next_applicable(self, *, before_tick: bool) -> Input | None:
        """Lockstep results due at the next tick by request id, then everything else by seq."""
        landing = self.requests.landing_at(Tick(self.tick + 1)) if before_tick else ()
        for request_id in landing:
            for item in self._pending.values():
                if item.payload.get("requestId") == request_id:
                    return item
        for item in self._pending.values():
            if not self._lands_at_a_tick(item):
                return item
        return None

    def _lands_at_a_tick(self, item: Input) -> bool:
        if item.kind is not InputKind.GENERATION_RESULT:
            return False
        request = self.requests.find(RequestId(str(item.payload.get("requestId"))))
        return request is not None and request.land_tick is not None and request.land_tick > self.tick

    def finish_touch(self, touched: Mapping[Tier, TierTouched]) -> Mapping[Tier, TierTouch]:
        """Take the tiers' answers; answers what they must do next, empty when the boundary is settled."""
        for tier, answer in touched.items():
            if answer.agenda is not None:
                count = 0
                for _, group in answer.agenda:
                    count += group
                self.seat(tier, count, answer.agenda)
            if answer.left:
                target = self.moves[0].target
                self.moves = self.moves[1:]
                return {target: TierTouch(come=answer.left)}
        return self._next_move()

    def _next_move(self) -> Mapping[Tier, TierTouch]:
        return {self.moves[0].source: TierTouch(leave=self.moves[0].leave)} if self.moves else {}

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
        here = {item.payload.get("requestId") for item in self._pending.values()}
        return tuple(request_id for request_id in landing if request_id not in here)

    def begin_tick(self) -> TickStart:
        """Advance the clock and plan: who runs, how much, and what is handed over."""
        config = self.config
        self.clock, size = self.clock.ticked(config.tick_atto, config.max_step_us)
        made = self._plan()
        generation = config.generation
        off = generation.mode is GenerationMode.OFF
        self.requests, handed = self.requests.hand_over(
            made.job_ops,
            self.tick,
            generation.lockstep_ticks if generation.mode is GenerationMode.LOCKSTEP else None,
        )
        self.deficits = made.deficits
        orders = {
            tier: TierOrder(
                tick=self.tick,
                now=self.world_time,
                share=made.shares[tier],
                interval=config.tiers[tier].interval_us,
                flags=self.flags,
                hooks=tier is not Tier.DORMANT and not off,
            )
            for tier in TIERS
            if made.shares[tier] > 0
        }
        self._start = TickStart(made, size, self.world_time, orders, handed)
        return self._start

    def _plan(self) -> WorkPlan:
        demands = {}
        for tier in TIERS:
            agenda, tiering = self.agendas[tier], self.config.tiers[tier]
            agenda.advance(self.world_time)
            bound = tiering.staleness_us
            overdue = agenda.overdue(Micros(self.world_time - bound)) if agenda.due else []
            demands[tier] = Demand(
                due=agenda.due,
                weight=tiering.weight,
                deficit=self.deficits[tier],
                overdue=tuple((Micros(time + bound), count) for time, count in overdue),
            )
        off = self.config.generation.mode is GenerationMode.OFF
        jobs = Jobs(len(self.requests.waiting), 0 if off else self.config.job_budget)
        return plan(self.tick, self.world_time, demands, self.config.npc_budget, jobs, self.people)

    def end_tick(self, reports: Mapping[Tier, TierReport]) -> TickDone:
        """Take the tiers' reports in tier order, apply their effects on shared things, and close the tick."""
        start = self._start
        if start is None:
            raise RuntimeError(f"{self.id}: end_tick without begin_tick")
        self._start = None
        ordered = [reports[tier] for tier in TIERS if tier in reports]
        served = dict.fromkeys(TIERS, 0)
        npc_ticks = 0
        for report in ordered:
            self._check_served(report, start.plan)
            served[report.tier] = report.served
            npc_ticks += report.served
            self.agendas[report.tier].serve(report.served)
            self.agendas[report.tier].add(report.scheduled)
            self.counters.decisions[report.tier] += report.served
        self._apply_flags(ordered)
        refused = self._queue_requests(ordered)
        failures = tuple(failure for report in ordered for failure in report.failures)
        self.counters.failures += len(failures)
        waiting = {report.tier: report.waiting for report in ordered}
        shortfalls = tuple(replace(s, waiting=waiting.get(s.tier, ())) for s in start.plan.shortfalls)
        self.last_plan = replace(start.plan, shortfalls=shortfalls)
        return TickDone(
            tick=self.tick,
            size=start.size,
            world_time=self.world_time,
            plan=self.last_plan,
            npc_ticks=npc_ticks,
            job_ops=len(start.handed),
            served=served,
            requests=start.handed,
            failures=failures,
            refused_requests=refused,
        )

    def _check_served(self, report: TierReport, made: WorkPlan) -> None:
        if report.served != made.shares[report.tier]:
            raise RuntimeError(
                f"{self.id} tick {self.tick}: {report.tier} served {report.served}, "
                f"the agenda counted on {made.shares[report.tier]}"
            )

    def _apply_flags(self, ordered: Sequence[TierReport]) -> None:
        changes = {}
        for report in ordered:
            for setting in sorted(report.flags, key=lambda flag: flag.entity):
                changes[setting.key] = setting.value
        if any(key not in self.flags or self.flags[key] != value for key, value in changes.items()):
            self.flags = {**self.flags, **changes}

    def _queue_requests(self, ordered: Sequence[TierReport]) -> int:
        made = [
            request
            for report in ordered
            for request in sorted(report.requests, key=lambda r: (r.entity, r.request_id))
        ]
        if not made:
            return 0
        queue_max = self.config.generation.queue_max
        self.requests, accepted, refused = self.requests.make(made, self.tick, self.world_time, queue_max)
        self.counters.requests += accepted
        self.counters.refused_requests += refused
        return refused

    # -- what it is

    def scalars(self) -> dict[str, object]:
        """The state that is not people, as JSON values: what the hash covers beside them."""
        clock = self.clock
        awaited = self.requests.awaited or {}
        return {
            "rules": RULES_VERSION,
            "world": self.id,
            "seed": self.script.seed,
            "tick": clock.tick,
            "worldTime": clock.world_time,
            "carry": clock.carry,
            "stepsLeft": clock.steps_left,
            "advanceLeft": clock.advance_left,
            "mode": str(self.base_mode),
            "paused": self.paused,
            "deficits": {str(tier): owed for tier, owed in self.deficits.items()},
            "config": self._digest("config", self.config, self.config.to_json),
            "flags": self._digest("flags", self.flags, lambda: dict(self.flags)),
            "waiting": self._digest(
                "waiting", self.requests.waiting, lambda: [r.to_json() for r in self.requests.waiting]
            ),
            "awaited": self._digest(
                "awaited", awaited, lambda: [awaited[rid].to_json() for rid in sorted(awaited)]
            ),
        }

    def _digest(self, name: str, value: object, to_json: Any) -> str:
        """The digest of a value that is replaced, never mutated: computed when it is another object."""
        known = self._digests.get(name)
        if known is None or known[0] is not value:
            high, low = digest(to_json())
            known = (value, f"{high:016x}{low:016x}")
            self._digests[name] = known
        return known[1]

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
