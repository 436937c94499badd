"""Tier rules as a world asks them: what a session or a flag claims for whom, and which rule wins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from simulation.conditions import Test, Truths, compile_condition, same
from simulation.definitions.plugins import PluginUse
from simulation.definitions.sessions import CAST_MAX, person_named
from simulation.definitions.tier_rules import (
    AffinityAbove,
    ConditionHolds,
    FlagIs,
    InScene,
    QuestTarget,
    SameLocation,
    TierRule,
)
from simulation.person import Person, Scene
from simulation.population import NONE
from simulation.script import Script
from simulation.sessions import Session
from simulation.units import NpcId

Claims = frozenset[tuple[int, NpcId]]
"""(number of a rule, somebody it holds for)."""
NOBODY: Claims = frozenset()


class LateFacts:
    """What compiling a condition asks for when the world's tables are laid out already: such a condition is
    only asked of one person at a time."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def slot(self, ref: str, axis: str) -> int:
        """The column of a relationship, NONE where it is no column: then it is read from the component."""
        names = self._script.slot_names
        return names.index((ref, axis)) if (ref, axis) in names else NONE

    def periods(self, names: Sequence[str]) -> frozenset[int]:
        return self._script.periods(names)

    def days(self, names: Sequence[str]) -> frozenset[int]:
        return self._script.days(names)

    def places(self, types: Sequence[str]) -> Truths:
        return np.asarray(self._script.places(types))

    def place_row(self, fits: Truths) -> int:
        return 0

    def world_rule(self, holds: Callable[[Scene], bool]) -> int:
        return 0

    def person_rule(self, test: Test) -> int:
        return 0

    def plugin_rule(self, use: PluginUse) -> Callable[[Person], bool]:
        return self._script.plugin_rule(use)


class TierRules:
    """The rules of a world, compiled. The first that holds wins."""

    def __init__(self, rules: Sequence[TierRule], script: Script) -> None:
        self.rules = tuple(rules)
        self.ids = {rule.id: n for n, rule in enumerate(self.rules)}
        self._people = script.people_ids
        self._flags = [(n, rule.when) for n, rule in enumerate(self.rules) if isinstance(rule.when, FlagIs)]
        facts = LateFacts(script)
        self._tests = {
            n: (compile_condition(rule.when.condition, facts), rule.when.people)
            for n, rule in enumerate(self.rules)
            if isinstance(rule.when, ConditionHolds)
        }
        self.watches_places = any(isinstance(rule.when, SameLocation) for rule in self.rules)
        self.asks_everybody = any(people is None for _, people in self._tests.values())
        self.asked = frozenset(name for _, people in self._tests.values() for name in people or ())
        """People whom conditions name."""

    def __bool__(self) -> bool:
        return bool(self.rules)

    @property
    def sees_people(self) -> bool:
        """Whether some rule asks more of a person than who and where they are."""
        return bool(self._tests)

    def claims(self, session: Session) -> Claims:
        """Whom a session's scene, people and flags concern."""
        found: list[tuple[int, NpcId]] = []
        for n, rule in enumerate(self.rules):
            match rule.when:
                case InScene():
                    found += [(n, name) for name in session.cast if session.scene_id is not None]
                case AffinityAbove(axis, threshold):
                    found += [
                        (n, name)
                        for name in session.npcs
                        if _above(session.component(name, "core").get(axis), threshold)
                    ]
                case QuestTarget():
                    found += [
                        (n, name) for name in session.npcs if session.component(name, "quests").get("target")
                    ]
                case _:
                    pass
        return frozenset(found) | self.flag_claims(session.flags)

    def flag_claims(self, flags: Mapping[str, Any]) -> Claims:
        """Whom these flags concern."""
        found = [(n, name) for n, when in self._flags for name in self._concerned(when, flags)]
        return frozenset(found) if found else NOBODY

    def _concerned(self, when: FlagIs, flags: Mapping[str, Any]) -> Iterator[NpcId]:
        value = flags.get(when.key)
        holds = when.key in flags and same(value, when.value) if when.given else bool(value)
        if not holds:
            return
        if when.people is not None:
            yield from when.people
            return
        for name in (value if isinstance(value, list) else [value])[:CAST_MAX]:
            if (npc_id := person_named(str(name), self._people)) in self._people:
                yield npc_id

    def asks(self, n: int, npc_id: NpcId) -> bool:
        """Whether rule n is a condition that is asked of this person."""
        _, people = self._tests[n]
        return people is None or npc_id in people

    def condition_holds(self, n: int, person: Person) -> bool:
        """Raises what the condition raises."""
        return self._tests[n][0].one(person)


def _above(value: object, threshold: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > threshold
