"""People on their way from tier to tier, step by step between the touches of a boundary.

Each step is one message to a tier and its answer: who leaves, who comes, and what the tier rules must know.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from simulation.orders import TierTouch, TierTouched
from simulation.tiering import Tiering
from simulation.tiers import TIERS, Move, moves_for
from simulation.units import Tier
from simulation.views import view_of_people

if TYPE_CHECKING:
    from simulation.world import World

Touches = Mapping[Tier, TierTouch]


class Moving:
    """What the tiers must still do before a boundary, or a tick, is over. Nothing is left between two."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tiering = Tiering(world)
        self.queue: deque[Move] = deque()
        self._under_way: Move | None = None
        """People left for its target and are not there yet, or not gone yet."""
        self._asking = False

    def add(self, moves: Iterable[Move]) -> None:
        self.queue.extend(moves)
        self.tiering.unbalanced = bool(self.tiering.pulled)

    def next(self) -> Touches:
        """What the tiers must do next: hear what players say, a move, or an answer for the rules. Empty:
        everybody is in place."""
        tiering = self.tiering
        if heard := self.world.likings.take():
            touch = TierTouch(heard=heard)
            if peopled := {tier: touch for tier in TIERS if self.world.counts[tier]}:
                return peopled
        if not self.queue and tiering.wants_to_know:
            self._asking = True
            question = tiering.question()
            if peopled := {tier: question for tier in TIERS if self.world.counts[tier]}:
                return peopled
            self._judge({})
        move = self.queue.popleft() if self.queue else tiering.balance()
        if move is None:
            return {}
        self._under_way = move
        return {move.source: TierTouch(leave=move.leave)}

    def take(self, touched: Mapping[Tier, TierTouched]) -> Touches:
        """Take the tiers' answers; answers what they must do next."""
        if self._asking:
            self._judge(touched)
        for tier, answer in touched.items():
            self.world.agendas[tier].add(answer.agenda)
            for _, count in answer.agenda:
                self.world.counts[tier] += count
        for answer in touched.values():
            self.world.cues.watch(answer.doing, self.world.world_time)
        if any(answer.recast for answer in touched.values()):
            caps = {tier: self.world.config.tiers[tier].max_npcs for tier in TIERS}
            self.add(moves_for(self.world.counts, caps, self.tiering.ranks()))
        move = self._under_way
        if move is not None:
            left = tuple(row for answer in touched.values() for row in answer.left)
            if left:
                self.tiering.on_moved(move, [row.npc_id for row in left])
                self.world.cues.on_moved(move.target, left, self.world.world_time)
                return {move.target: TierTouch(come=left)}
            self._under_way = None
        return self.next()

    def _judge(self, touched: Mapping[Tier, TierTouched]) -> None:
        self._asking = False
        people = view_of_people(person for answer in touched.values() for person in answer.seen)
        found = [(tier, one) for tier, answer in touched.items() for one in answer.found]
        self.queue.extend(self.tiering.judge(found, people))
