"""Inputs of one world: queued by seq, applied in order at a boundary, one at a time where people are touched.

An input that must see people before it can be judged is applied in two halves: the tiers show who was asked
for, and what is decided then may touch them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulation.inputs import Input, Outcome, Verdict
from simulation.orders import TierTouch, TierTouched, Users
from simulation.ticking import BoundaryWork
from simulation.tiers import TIERS
from simulation.units import InputKind, NpcId, RequestId, Seq, Tick, Tier
from simulation.views import View, view_of_people

if TYPE_CHECKING:
    from simulation.world import World

Touches = Mapping[Tier, TierTouch]
Judge = Callable[[View], tuple[Verdict, Touches]]


@dataclass(frozen=True, slots=True)
class Looking:
    """In place of a verdict: show me these people first, then ask `judge`."""

    looks: tuple[NpcId, ...]
    judge: Judge
    users: Users | None = None
    """And some of these."""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An input on its way between its two halves."""

    item: Input
    judge: Judge
    outcomes: list[Outcome]


class Intake:
    """What waits to be applied, and what the boundary under way still has to do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.applied = 0
        """How many inputs were ever applied: the ordinal of the last."""
        self.next_seq = Seq(1)
        self._pending: dict[Seq, Input] = {}
        self._unjudged: Unjudged | None = None
        self._judged: list[Outcome] = []
        self._seen: list[TierTouched] = []

    @property
    def waiting(self) -> int:
        """How many inputs have come and are not applied."""
        return len(self._pending)

    # -- coming in

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

    def results_here(self) -> set[object]:
        """Requests whose result waits to be applied."""
        return {item.payload.get("requestId") for item in self._pending.values()}

    # -- being applied

    def apply(self, *, before_tick: bool) -> BoundaryWork:
        """Apply waiting inputs in order, up to and including the first that touches people. Call again, after
        the touches are done (`finish_touch`), until there are neither outcomes nor touches.

        A lockstep result is applied only right before the tick it lands at: a world that stands still there
        has one state, whether the result has come already or not.
        """
        outcomes, self._judged = self._judged, []
        while (item := self._next_applicable(before_tick=before_tick)) is not None:
            del self._pending[item.seq]
            touches = self._apply(item, self._judged)
            if self._unjudged is None:
                outcomes.extend(self._judged)
                self._judged.clear()
            if touches:
                return BoundaryWork(tuple(outcomes), touches)
        return BoundaryWork(tuple(outcomes), {})

    def replay(self, item: Input) -> Touches:
        """Apply an input that was applied before, at its recorded place; the touches must be performed."""
        self.next_seq = Seq(max(self.next_seq, item.seq + 1))
        return self._apply(item, [])

    def _apply(self, item: Input, outcomes: list[Outcome]) -> Touches:
        """First half of an input, or all of it; its outcome joins `outcomes` when it is judged."""
        from simulation.applying import apply

        self.applied += 1
        self.world.script.plugin_state.settle()
        self.world.sessions.begin()
        found = apply(self.world, item)
        if isinstance(found, Looking):
            self._unjudged, self._seen = Unjudged(item, found.judge, outcomes), []
            touch = TierTouch(
                looks=found.looks,
                users=found.users,
                now=self.world.world_time,
                flags=self.world.flags,
            )
            if peopled := {tier: touch for tier in TIERS if self.world.counts[tier]}:
                return peopled
            return self._judge()
        return self._settle(item, *found, outcomes)

    def _judge(self) -> Touches:
        """Second half: everybody asked for was shown."""
        if (unjudged := self._unjudged) is None:
            return {}
        self._unjudged = None
        people = view_of_people(person for touched in self._seen for person in touched.seen)
        return self._settle(unjudged.item, *unjudged.judge(self.world.view(people)), unjudged.outcomes)

    def _settle(self, item: Input, verdict: Verdict, touches: Touches, outcomes: list[Outcome]) -> Touches:
        tick = self.world.tick
        answer_at = tick if verdict.answer_at_tick is None else verdict.answer_at_tick
        outcomes.append(
            Outcome(
                item.seq,
                tick,
                self.applied,
                verdict.applied,
                verdict.detail,
                answer_at,
                verdict.redefines,
            )
        )
        return touches or self.world.moving.next()

    def finish_touch(self, touched: Mapping[Tier, TierTouched]) -> Touches:
        """Take the tiers' answers; answers what they must do next, empty when the boundary is settled."""
        if self._unjudged is not None:
            self._seen.extend(touched.values())
            return self._judge()
        return self.world.moving.take(touched)

    # -- what may be applied now

    def _next_applicable(self, *, before_tick: bool) -> Input | None:
        """Lockstep results due at the next tick by request id, then everything else by seq."""
        requests, tick = self.world.requests, self.world.tick
        for request_id in requests.landing_at(Tick(tick + 1)) if before_tick else ():
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
        request = self.world.requests.find(RequestId(str(item.payload.get("requestId"))))
        return request is not None and request.land_tick is not None and request.land_tick > self.world.tick
