"""`meta.simulation.rules`: who is simulated in which tier because of what players do, as data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.definitions.conditions import (
    RELATIONSHIP_AXES,
    Condition,
    Names,
    PluginCondition,
    read_condition,
)
from simulation.definitions.fields import Fields, at
from simulation.definitions.plugins import NO_PLUGINS, Plugins
from simulation.definitions.problems import Problem, unknown_name
from simulation.moods import NAMES as MOOD_TAGS
from simulation.units import NpcId, Tier

if TYPE_CHECKING:
    from simulation.definitions.world import WorldDefinition

RULES_MAX = 100
"""Of one world: each is asked of every person whose circumstances change."""
NAMED_MAX = 1_000
"""People one rule names."""
PRIORITY_MAX = 1_000_000
"""Either way from 0, which is what a rule has that says nothing."""
AFFINITY_MAX = 1e9
"""Either way: as far as any number of a component may be compared."""


@dataclass(frozen=True, slots=True)
class SameLocation:
    """The person is where a player is."""


@dataclass(frozen=True, slots=True)
class InScene:
    """The person is in the cast of a player's scene."""


@dataclass(frozen=True, slots=True)
class AffinityAbove:
    """What is personal between a player and the person is above a threshold."""

    axis: str
    threshold: float


@dataclass(frozen=True, slots=True)
class QuestTarget:
    """A player's quest is about the person: their `quests` component has a `target` that is set."""


@dataclass(frozen=True, slots=True)
class FlagIs:
    """A flag of the world or of a session has a value, or any that counts as true; it concerns the people
    the rule names, or those the flag's value names."""

    key: str
    value: Any
    given: bool
    people: tuple[NpcId, ...] | None


@dataclass(frozen=True, slots=True)
class ConditionHolds:
    """A condition of the person, asked when they decide or are changed; None: everybody."""

    condition: Condition
    people: tuple[NpcId, ...] | None


When = SameLocation | InScene | AffinityAbove | QuestTarget | FlagIs | ConditionHolds


@dataclass(frozen=True, slots=True)
class TierRule:
    id: str
    when: When
    tier: Tier
    priority: int


@dataclass(frozen=True, slots=True)
class RuleNames:
    """What tier rules of one world may name."""

    names: Names
    people: Collection[NpcId]
    resolve: Callable[[str], tuple[NpcId, ...]]


def rule_names(world: WorldDefinition, problems: list[Problem], plugins: Plugins = NO_PLUGINS) -> RuleNames:
    """The names of a world, for its rules; problems go to `problems`."""
    names = Names(
        periods=world.calendar.period_names(),
        days=world.calendar.names_of_days(),
        location_types={location.type for location in world.locations},
        mood_tags=MOOD_TAGS,
        plugins=plugins,
        problems=problems,
    )
    return RuleNames(names, world.people_ids, world.resolve_ref)


def read_tier_rules(
    listed: Sequence[Any], known: RuleNames, path: str = "meta.simulation.rules"
) -> tuple[TierRule, ...]:
    """The rules in the order they are asked: the highest priority first, then as they are listed."""
    problems = known.names.problems
    if len(listed) > RULES_MAX:
        problems.append(Problem(path, len(listed), f"has {len(listed)} rules", f"at most {RULES_MAX}"))
        return ()
    found: list[TierRule] = []
    for n, value in enumerate(listed):
        rule = _rule(Fields(value, at(path, n), problems), n, known)
        if any(rule.id == other.id for other in found):
            problems.append(Problem(f"{path}[{n}].id", rule.id, "is given twice", "each id once"))
        found.append(rule)
    return tuple(sorted(found, key=lambda rule: -rule.priority))


def _rule(fields: Fields, n: int, known: RuleNames) -> TierRule:
    name = fields.text("id", f"rule {n + 1}")
    priority = fields.whole("priority", -PRIORITY_MAX, PRIORITY_MAX, 0)
    tier = Tier.DETAILED
    if fields.has("tier"):
        tier = Tier(fields.choice("tier", [str(tier) for tier in Tier], str(tier)))
    else:
        fields.raw("tier")
        fields.refuse(fields.at("tier"), None, "is missing", ", ".join(Tier))
    when = fields.within("when")
    if not fields.has("when"):
        fields.refuse(fields.at("when"), None, "is missing", 'an object such as {"type": "same_location"}')
        when.ignore("type")
        return TierRule(name, SameLocation(), tier, priority)
    fields.done()
    return TierRule(name, _when(when, known), tier, priority)


def _when(fields: Fields, known: RuleNames) -> When:
    kind = fields.text("type")
    if kind.startswith("plugin:"):
        return _plugin(fields, kind, known)
    reader = READERS.get(kind)
    if reader is None:
        if kind:
            known_types = (*READERS, *known.names.plugins.names("tier rule"))
            fields.problems.append(unknown_name(fields.at("type"), kind, known_types, "type of tier rule"))
        return SameLocation()
    found = reader(fields, known)
    fields.done()
    return found


def _affinity(fields: Fields, known: RuleNames) -> When:
    axis = fields.choice("axis", RELATIONSHIP_AXES, "affinity")
    return AffinityAbove(axis, fields.number("threshold", -AFFINITY_MAX, AFFINITY_MAX))


def _flag(fields: Fields, known: RuleNames) -> When:
    given = fields.given("value")
    return FlagIs(fields.text("key"), fields.raw("value"), given, _people(fields, known))


def _condition(fields: Fields, known: RuleNames) -> When:
    condition = None
    if fields.has("condition"):
        condition = read_condition(fields.raw("condition"), fields.at("condition"), known.names, 0)
    else:
        fields.refuse(fields.at("condition"), None, "is missing", "a condition, as in a routine")
    people = _people(fields, known)
    return SameLocation() if condition is None else ConditionHolds(condition, people)


def _plugin(fields: Fields, kind: str, known: RuleNames) -> When:
    """What a plug-in says of a person, asked when a condition would be."""
    params = fields.mapping("params")
    people = _people(fields, known)
    fields.done()
    use = known.names.plugin("tier rule", fields.at("type"), kind, params)
    return SameLocation() if use is None else ConditionHolds(PluginCondition(fields.path, use), people)


def _people(fields: Fields, known: RuleNames) -> tuple[NpcId, ...] | None:
    """Whom `npcs` names, each once; None: nobody is named."""
    if not fields.has("npcs"):
        fields.raw("npcs")
        return None
    found: dict[NpcId, None] = {}
    for n, ref in enumerate(fields.ids("npcs", NAMED_MAX)):
        names = known.resolve(ref)
        if not names:
            fields.problems.append(unknown_name(at(fields.at("npcs"), n), ref, known.people, "npc or role"))
        found.update(dict.fromkeys(names))
    return tuple(found)


READERS: dict[str, Callable[[Fields, RuleNames], When]] = {
    "same_location": lambda fields, known: SameLocation(),
    "in_scene": lambda fields, known: InScene(),
    "affinity_gt": _affinity,
    "quest_target": lambda fields, known: QuestTarget(),
    "flag": _flag,
    "condition": _condition,
}
