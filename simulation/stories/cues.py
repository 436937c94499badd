"""What sets hooks off: people begin and end activities, and time passes while they go on.

What waits to be served is state of the world. When a hook of an activity under way acts next is made from
the people's rows and the world's time, whenever it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.definitions.hooks import When
from simulation.due_times import DueTimes
from simulation.orders import Doing, Turn
from simulation.population import NONE, Row
from simulation.stories.hook_rules import Hooks
from simulation.stories.turned_away import TurnedAway, Why
from simulation.units import Micros, NpcId, Tier

if TYPE_CHECKING:
    from simulation.script import Script
    from simulation.stage import Stage

CUES_MAX = 10_000
"""Waiting at once in one world: many times what a tick serves. More of them refuse the least urgent."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A hook was set off, and who does what about it is not worked out yet."""

    hook_id: str
    npc_id: NpcId
    at: Micros
    activity_id: str | None = None
    """What began or ended. None: doing nothing, or the hook acts while something goes on."""

    def to_json(self) -> list[Any]:
        return [self.hook_id, self.npc_id, self.at, self.activity_id]


class Cues:
    """Those of one world."""

    def __init__(self, script: Script) -> None:
        self.hooks: Hooks = script.hooks
        self._names = script.activity_ids
        self.waiting: tuple[Cue, ...] = ()
        """The most urgent first. Replaced, never mutated: state."""
        self.turned_away = TurnedAway()
        """What came to nothing, and why: a statistic."""
        self._timed: DueTimes[tuple[str, str]] = DueTimes()
        """(person, hook) -> when it acts next."""

    def __bool__(self) -> bool:
        return bool(self.hooks)

    # -- what happens

    def take(self, turns: Sequence[Turn], now: Micros, *, heard: bool) -> None:
        """The turns of one tick, and what became due by it. Nobody hears it in a world without players."""
        if not self.hooks:
            return
        turned = {turn.npc_id for turn in turns}
        found = [cue for cue in self._due(now) if not (cue.npc_id in turned and self._ends(cue, now))]
        for turn in turns:
            for rules in self.hooks.set_off(turn.before, turn.after):
                activity = turn.before if rules.hook.trigger.when is When.END else turn.after
                name = None if activity == NONE else self._names[activity]
                found.append(Cue(rules.hook.id, turn.npc_id, now, name))
            self._forget(turn.npc_id, turn.before)
            self._watch(turn.npc_id, turn.after, now, now)
        if found and heard:
            self._put(found)

    def _ends(self, cue: Cue, now: Micros) -> bool:
        """Whether what had to go on until `now` was over just then."""
        return cue.at == now and self.hooks.rules[cue.hook_id].hook.trigger.when is When.WHILE

    def _due(self, now: Micros) -> Iterable[Cue]:
        for npc_id, hook_id in self._timed.first(now, self._timed.count(now)):
            rules = self.hooks.rules[hook_id]
            due = self._timed.at((npc_id, hook_id))
            self._timed.put((npc_id, hook_id), rules.time_after(now))
            yield Cue(hook_id, NpcId(npc_id), rules.last_time(due, now))

    def on_moved(self, target: Tier, rows: Iterable[Row], now: Micros) -> None:
        """People went to another tier: the dormant set off nothing."""
        for row in rows if self.hooks.timed else ():
            activity = int(row.values["activity"])
            self._forget(row.npc_id, activity)
            if target is not Tier.DORMANT:
                self._watch(row.npc_id, activity, Micros(int(row.values["started_at"])), now)

    def index(self, stages: Mapping[Tier, Stage], now: Micros) -> None:
        """Make what is due when from the people, at the opening and after a restore."""
        if not self.hooks.timed:
            return
        self._timed = DueTimes()
        for stage in stages.values():
            self.watch(stage.doing(), now)

    def watch(self, doing: Iterable[Doing], now: Micros) -> None:
        """What these people do may set something off as time goes by."""
        for npc_id, activity, began in doing:
            self._watch(npc_id, activity, began, now)

    def take_over(self, others: Cues, script: Script) -> None:
        """What waits of a former script, as far as this one knows the hook, the person and the activity."""
        self.turned_away = others.turned_away
        self.waiting = tuple(
            cue
            for cue in others.waiting
            if cue.hook_id in self.hooks.rules
            and cue.npc_id in script.people_ids
            and (cue.activity_id is None or cue.activity_id in script.activity_index)
        )

    def _forget(self, npc_id: NpcId, activity: int) -> None:
        for rules in self.hooks.timed.get(activity, ()):
            self._timed.put((npc_id, rules.hook.id), None)

    def _watch(self, npc_id: NpcId, activity: int, began: Micros, now: Micros) -> None:
        for rules in self.hooks.timed.get(activity, ()):
            self._timed.put((npc_id, rules.hook.id), rules.next_time(began, now))

    # -- what waits

    def _put(self, found: Iterable[Cue]) -> None:
        every = sorted((*self.waiting, *found), key=self._urgency)
        self.turned_away.note(Why.CUES, count=max(0, len(every) - CUES_MAX))
        self.waiting = tuple(every[:CUES_MAX])

    def _urgency(self, cue: Cue) -> tuple[int, Micros, NpcId, str]:
        return (-self.hooks.rules[cue.hook_id].hook.offer.priority, cue.at, cue.npc_id, cue.hook_id)

    def served(self, count: int) -> None:
        """The first `count` are done with."""
        self.waiting = self.waiting[count:]

    def timed(self) -> list[tuple[Micros, tuple[str, str]]]:
        """Everything that acts some time, in order: what tests compare."""
        return self._timed.items()

    # -- kept

    def to_json(self) -> list[Any]:
        return [cue.to_json() for cue in self.waiting]

    def restore(self, kept: Iterable[Sequence[Any]], stages: Mapping[Tier, Stage], now: Micros) -> None:
        """What waited when a snapshot was taken, and the index anew."""
        self.waiting = tuple(
            Cue(hook_id, NpcId(npc_id), Micros(at), activity_id) for hook_id, npc_id, at, activity_id in kept
        )
        self.index(stages, now)
