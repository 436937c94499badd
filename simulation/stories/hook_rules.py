"""The hooks of a world compiled: which activity sets which off, and whether one is for a player now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.conditions import Test
from simulation.definitions.hooks import Hook, When
from simulation.definitions.offers import Offered
from simulation.person import Person
from simulation.person_json import json_seconds
from simulation.population import NONE
from simulation.rules import RuleRaised, flag_missing, unmet
from simulation.sessions import Session
from simulation.stories.chain_progress import COMPONENT, read_time
from simulation.stories.turned_away import Why
from simulation.units import Micros, NpcId

if TYPE_CHECKING:
    from simulation.script import Script

KEY = "intents"
"""Inside the personal component `interactions`: hook -> when it last made an intent, how many that day."""


@dataclass(frozen=True, slots=True)
class HookRules:
    hook: Hook
    tests: tuple[Test, ...]
    activities: frozenset[int]
    before: frozenset[int]
    npcs: frozenset[NpcId] | None = None
    """Whose the chain that it offers may be; None: anybody's."""

    def next_time(self, began: Micros, now: Micros) -> Micros | None:
        """When it acts next after `now` if the activity that began then goes on; None: never."""
        if self.hook.trigger.when is When.PERIODIC:
            return self.time_after(now)
        due = Micros(began + self.hook.trigger.span)
        return due if due > now else None

    def time_after(self, now: Micros) -> Micros | None:
        """When it acts again after it acted; None: never."""
        span = self.hook.trigger.span
        return Micros((now // span + 1) * span) if self.hook.trigger.when is When.PERIODIC else None

    def last_time(self, due: Micros, now: Micros) -> Micros:
        """The last time up to `now` at which it acts: a long tick makes one of several."""
        span = self.hook.trigger.span
        return Micros(now // span * span) if self.hook.trigger.when is When.PERIODIC else due


class Hooks:
    """Every hook by id, and by the number of an activity (NONE: doing nothing) those that it sets off."""

    def __init__(self, rules: Mapping[str, HookRules], activities: int) -> None:
        self.rules = rules
        self.starts = self._by_activity(When.START)
        self.ends = self._by_activity(When.END)
        self.changes = self._by_activity(When.CHANGE)
        self.timed = self._by_activity(When.WHILE, When.PERIODIC)
        self.watched = self._table(activities, self.starts, self.ends, self.changes, self.timed)
        """Whether beginning or ending an activity matters; the last entry is doing nothing."""
        self.keeps_time = self._table(activities, self.timed)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def _by_activity(self, *kinds: When) -> dict[int, tuple[HookRules, ...]]:
        found: dict[int, tuple[HookRules, ...]] = {}
        for rules in self.rules.values():
            if rules.hook.trigger.when in kinds:
                for activity in sorted(rules.activities):
                    found[activity] = (*found.get(activity, ()), rules)
        return found

    @staticmethod
    def _table(activities: int, *listed: Iterable[int]) -> NDArray[np.bool_]:
        found = np.zeros(activities + 1, dtype=np.bool_)
        for numbers in listed:
            found[list(numbers)] = True
        return found

    def set_off(self, before: int, after: int) -> Iterable[HookRules]:
        """Those that somebody sets off who ends one thing and begins another."""
        if before != NONE:
            yield from self.ends.get(before, ())
        if after != NONE:
            yield from self.starts.get(after, ())
        for rules in self.changes.get(after, ()):
            if before not in rules.activities and (not rules.before or before in rules.before):
                yield rules


def compile_hooks(script: Script) -> Hooks:
    """The hooks of a world with their tests; before its tables are laid out, since tests take room there."""
    found = {}
    for name, hook in script.definition.hooks.items():
        after, before = (
            frozenset(NONE if one is None else script.activity_index[one] for one in listed)
            for listed in (hook.trigger.activities, hook.trigger.before)
        )
        chain = script.chains.get(hook.offer.target) if hook.offer.kind is Offered.CHAIN else None
        npcs = None if chain is None else chain.npcs
        found[name] = HookRules(hook, script.gates[script.gate(hook.conditions)], after, before, npcs)
    return Hooks(found, len(script.activities))


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a session keeps of one hook of one person."""

    last_at: Micros | None
    day: int
    count: int

    def to_json(self) -> dict[str, Any]:
        last = None if self.last_at is None else json_seconds(self.last_at)
        return {"lastAt": last, "day": self.day, "count": self.count}


NEVER = Stamp(None, 0, 0)


def stamp_in(session: Session, person: Person, hook: Hook) -> Stamp:
    """What is kept; anything else that stands there is nothing."""
    listed = session.component(person.npc_id, COMPONENT).get(KEY)
    value = listed.get(hook.id) if isinstance(listed, Mapping) else None
    if not isinstance(value, Mapping):
        return NEVER
    day, count = value.get("day"), value.get("count")
    if not isinstance(day, int) or not isinstance(count, int):
        return NEVER
    return Stamp(read_time(value.get("lastAt")), day, count)


def stamped(stamp: Stamp, at: Micros, day: int) -> Stamp:
    """With one more intent at `at`."""
    return Stamp(at, day, stamp.count + 1 if stamp.day == day else 1)


def hindered(rules: HookRules, person: Person, stamp: Stamp, at: Micros, day: int) -> Why | None:
    """Why a person, as the player meets them, does not turn to that player. Raises RuleRaised."""
    hook = rules.hook
    if hook.max_per_day is not None and stamp.day == day and stamp.count >= hook.max_per_day:
        return Why.PER_DAY
    if hook.cooldown_us and stamp.last_at is not None and at < stamp.last_at + hook.cooldown_us:
        return Why.COOLDOWN
    if hook.min_affinity is not None and _affinity(hook, person) < hook.min_affinity:
        return Why.AFFINITY
    if flag_missing(hook.required_flags, person.flags):
        return Why.FLAGS
    return Why.CONDITIONS if unmet(rules.tests, person) is not None else None


def _affinity(hook: Hook, person: Person) -> float:
    try:
        return person.stat("core", "affinity")
    except TypeError as error:
        raise RuleRaised(f"{hook.path}.minAffinity", f"TypeError: {error}") from error
