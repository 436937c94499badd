"""WorldActor: one world's clock, plan and inputs; a thin shell over `simulation.world`.

One message of the shard at a time runs to its end, through three steps: what inputs do to people, the tick of
every tier with work, and the report to the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from actors.outbox import Outbox
from actors.shell import Address, InnerActor
from actors.showing import person_found
from actors.speech import input_outcome, mark_of, plan_json, plugins_json, request_row
from actors.tier import Stand, TierActor
from messages.tick import (
    Crashed,
    Deliver,
    Foreseen,
    HashTier,
    Look,
    LookAhead,
    LookAt,
    LookAtPeople,
    LookAtPerson,
    LookAtSession,
    LookAtSessions,
    LookThrough,
    LookWhoWaits,
    MakeTick,
    Marked,
    Missing,
    PeopleFound,
    PeopleSeen,
    PersonSeen,
    Seen,
    SessionFound,
    SessionsFound,
    Settle,
    Settled,
    TakeMark,
    Ticked,
    TickTier,
    TierHashed,
    TierTicked,
    TierWasTouched,
    TouchTier,
    WaitingSeen,
)
from simulation.inputs import Outcome
from simulation.orders import TierReport, TierTouch, TierTouched, WorkPlan
from simulation.planning import next_plan
from simulation.roster import Rows, joined
from simulation.session_view import session_view
from simulation.snapshot import parts_of
from simulation.stage import Stage
from simulation.ticking import TickDone
from simulation.tiers import TIERS
from simulation.units import Seq, Tier
from simulation.world import World

FromShard = (
    Deliver
    | MakeTick
    | Settle
    | TakeMark
    | Look
    | LookAt
    | LookAhead
    | LookAtSession
    | LookAtSessions
    | LookAtPeople
)
FromTier = TierTicked | TierWasTouched | TierHashed | PersonSeen | PeopleSeen | WaitingSeen


@dataclass(frozen=True, slots=True)
class Cast:
    """Here is your world, its stages, and the way out."""

    world: World
    stages: Mapping[Tier, Stage]
    outbox: Outbox


class WorldActor(InnerActor):
    inbox = (Cast, *FromShard.__args__, *FromTier.__args__)

    def __init__(self) -> None:
        super().__init__()
        self.outbox: Outbox | None = None
        self.tiers: dict[Tier, Address] = {}
        self.job: FromShard | None = None
        """What the shard asked and is not done yet."""
        self.closing: TickDone | None = None
        """A tick whose people are still being written to."""
        self.awaited = 0
        """Answers of tiers still to come in this step."""
        self.outcomes: list[Outcome] = []
        self.touched: dict[Tier, TierTouched] = {}
        self.reports: dict[Tier, TierReport] = {}
        self.sums: dict[Tier, int] = {}
        """What the people of a tier hash to, of tiers that were not given any work since."""
        self.columns: dict[Tier, Mapping[str, Any]] = {}
        """For a snapshot."""
        self.found: PersonSeen | None = None
        self.listed: list[Rows] = []
        self.foreseen: WorkPlan | None = None

    def receive(self, message: Cast | FromShard | FromTier, sender: Address) -> None:
        match message:
            case Cast():
                self.open(message)
            case Deliver(inputs):
                if not self.world.deliver(inputs):
                    self.say(Missing(self.world.id, Seq(self.world.next_seq - 1)))
            case MakeTick() | Settle():
                self.job, self.outcomes = message, []
                self.boundary()
            case TakeMark():
                self.sum_up(message)
            case Look():
                self.look(message)
            case LookAt() | LookAtPeople():
                self.look_at(message)
            case LookAtSession():
                self.show_session(message)
            case LookAtSessions():
                self.list_sessions(message)
            case PeopleSeen(rows):
                self.listed.append(rows)
                self.one_less(self.list_people)
            case LookAhead():
                self.job = message
                self.look_ahead()
            case WaitingSeen():
                self.name_waiting(message)
                self.one_less(self.foresee)
            case TierWasTouched(touched):
                self.touched[touched.tier] = touched
                self.one_less(self.on_touched)
            case TierTicked(report, people_sum):
                self.reports[report.tier] = report
                if people_sum is not None:
                    self.sums[report.tier] = people_sum
                self.one_less(self.end_tick)
            case TierHashed(tier, people_sum, columns):
                self.sums[tier] = people_sum
                if columns is not None:
                    self.columns[tier] = columns
                self.one_less(self.mark)
            case PersonSeen():
                self.found = message if message.view is not None else self.found
                self.one_less(self.person)

    def open(self, cast: Cast) -> None:
        self.world, self.outbox = cast.world, cast.outbox
        for tier in TIERS:
            self.tiers[tier] = self.createActor(TierActor)
            self.send(self.tiers[tier], Stand(cast.stages[tier], cast.outbox))

    def put_to_work(self, tier: Tier, message: TickTier | TouchTier) -> None:
        """Whatever is known of its people is over."""
        self.sums.pop(tier, None)
        self.send(self.tiers[tier], message)

    def ask_all(self, message: LookAtPerson | LookThrough) -> None:
        self.awaited = len(TIERS)
        for tier in TIERS:
            self.send(self.tiers[tier], message)

    def one_less(self, then: object) -> None:
        """An answer came; after the last one, go on."""
        self.awaited -= 1
        if not self.awaited and callable(then):
            then()

    def boundary(self) -> None:
        """Apply inputs until none is left or one asks something of the tiers."""
        work = self.world.apply_inputs(before_tick=isinstance(self.job, MakeTick))
        self.outcomes.extend(work.outcomes)
        if work.touches:
            self.touch(work.touches)
        elif isinstance(self.job, MakeTick) and not self.world.paused and not self.world.is_over:
            self.begin_tick()
        else:
            outcomes = tuple(map(input_outcome, self.outcomes))
            self.say(Settled(self.world.id, outcomes, self.world.take_unwanted()))

    def touch(self, touches: Mapping[Tier, TierTouch]) -> None:
        self.touched, self.awaited = {}, len(touches)
        for tier, touch in touches.items():
            self.put_to_work(tier, TouchTier(touch))

    def on_touched(self) -> None:
        more = self.world.finish_touch(self.touched)
        if more:
            self.touch(more)
        elif self.closing is not None:
            self.close(self.closing)
        else:
            self.boundary()

    def begin_tick(self) -> None:
        start = self.world.begin_tick()
        self.reports, self.awaited = {}, len(start.orders)
        hashed = isinstance(self.job, MakeTick) and self.job.mark
        for tier, order in start.orders.items():
            self.put_to_work(tier, TickTier(order, hashed))
        if not start.orders:
            self.end_tick()

    def end_tick(self) -> None:
        done = self.world.end_tick(self.reports)
        if done.touches:
            self.closing = done
            self.touch(done.touches)
        else:
            self.close(done)

    def close(self, done: TickDone) -> None:
        """Everything of the tick has happened: report it."""
        self.closing, marked = None, isinstance(self.job, MakeTick) and self.job.mark
        self.say(
            Ticked(
                world_id=self.world.id,
                tick=done.tick,
                size=done.size,
                world_time=done.world_time,
                plan=done.plan,
                npc_ticks=done.npc_ticks,
                job_ops=done.job_ops,
                served=done.served,
                outcomes=tuple(map(input_outcome, self.outcomes)),
                requests=tuple(request_row(request, self.world.config) for request in done.requests),
                failures=done.failures,
                refused_requests=done.refused_requests,
                unwanted=done.unwanted,
            )
        )

        if marked:
            self.sum_up(TakeMark(snapshot=False))

    def sum_up(self, ask: TakeMark) -> None:
        """Ask the tiers whose sum is not known, or all of them for copies."""
        self.job = ask
        asked = [tier for tier in TIERS if ask.snapshot or tier not in self.sums]
        self.awaited = len(asked)
        for tier in asked:
            self.send(self.tiers[tier], HashTier(copy=ask.snapshot))
        if not asked:
            self.mark()

    def mark(self) -> None:
        standing, parts = self.world.standing(self.sums), None
        if isinstance(self.job, TakeMark) and self.job.snapshot:
            parts, self.columns = parts_of(self.world, self.columns), {}
        self.say(Marked(self.world.id, mark_of(standing), self.world.applied, parts))

    def look(self, ask: Look) -> None:
        self.say(
            Seen(
                self.world.id,
                ask.ask_id,
                {**self.world.config.to_json(), "mode": str(self.world.mode)},
                plan_json(self.world.last_plan),
                dict(self.world.flags),
                self.world.cues.turned_away.to_json(),
                self.world.counters.refused_requests,
                plugins_json(self.world),
            )
        )

    def look_at(self, ask: LookAt | LookAtPeople) -> None:
        """Ask every tier for whom it has."""
        now, flags = self.world.world_time, self.world.flags
        self.job, self.found, self.listed = ask, None, []
        if isinstance(ask, LookAt):
            self.ask_all(LookAtPerson(ask.ask_id, ask.npc_id, now, flags))
        else:
            self.ask_all(LookThrough(ask.page, now, flags))

    def show_session(self, ask: LookAtSession) -> None:
        session = self.world.sessions.get(ask.session_id)
        view = None if session is None else session_view(self.world, session, ask.npc_id)
        self.say(SessionFound(self.world.id, ask.ask_id, view))

    def list_sessions(self, ask: LookAtSessions) -> None:
        sessions = self.world.sessions
        found = tuple(islice(sessions, ask.limit))
        self.say(SessionsFound(self.world.id, ask.ask_id, found, len(sessions)))

    def list_people(self) -> None:
        if isinstance(self.job, LookAtPeople):
            rows, then = joined(self.job.page, self.listed, self.world.people)
            self.say(PeopleFound(self.world.id, self.job.ask_id, rows, then))

    def look_ahead(self) -> None:
        """The plan of the next tick; tiers that would get less than is due say who would wait."""
        self.foreseen = made = next_plan(self.world)
        self.awaited = len(made.shortfalls)
        for short in made.shortfalls:
            self.send(self.tiers[short.tier], LookWhoWaits(made.now, made.shares[short.tier]))
        if not made.shortfalls:
            self.foresee()

    def name_waiting(self, seen: WaitingSeen) -> None:
        if self.foreseen is not None:
            named = [
                replace(short, waiting=seen.waiting) if short.tier is seen.tier else short
                for short in self.foreseen.shortfalls
            ]
            self.foreseen = replace(self.foreseen, shortfalls=tuple(named))

    def foresee(self) -> None:
        if isinstance(self.job, LookAhead) and self.foreseen is not None:
            inputs = self.world.intake.waiting
            self.say(Foreseen(self.world.id, self.job.ask_id, self.foreseen, inputs))

    def person(self) -> None:
        if isinstance(self.job, LookAt):
            self.say(person_found(self.world, self.found, self.job))

    def say(self, item: object) -> None:
        self.job = None
        if self.outbox is not None:
            self.outbox.put(item)

    def crashed(self, message: object, trace: str) -> None:
        if self.outbox is None:
            raise RuntimeError(trace)
        where = f"world, {type(message).__name__}"
        self.outbox.put(Crashed(self.world.id, self.world.tick, where, trace))
