"""Conditions as compiled tests: code that a kernel runs over many people, and the same rule over one
(`one`).

Code is postfix: each instruction pushes a truth, or replaces the last ones by what they come to. Every part
is evaluated, in the code and in the scalar form alike: a part that raises fails the person whatever the
others say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from simulation.chance import Purpose, chance, word
from simulation.definitions import (
    AllOf,
    AnyOf,
    Condition,
    DayOfWeekIn,
    EnergyBetween,
    ExpressionIs,
    FlagEquals,
    FlagExists,
    LocationTypeIn,
    MoodIn,
    Not,
    PluginCondition,
    PluginUse,
    RandomChance,
    Relationship,
    StatAxis,
    TimeOfDayIn,
)
from simulation.moods import mask_of
from simulation.population import NONE
from simulation.scale import NEUTRAL, UNKNOWN, to_points, to_units

if TYPE_CHECKING:
    from simulation.person import Person, Scene

Truths = NDArray[np.bool_]
UNKNOWN_POINTS = to_points(NEUTRAL)
"""What a relationship that nobody wrote counts as."""
ABSENT = object()
"""What a flag that was never set equals: nothing, not even null."""


class Op(IntEnum):
    """What an instruction does; `a` and `b` are whole numbers, `word` 64 bits, `f` a double."""

    TRUE = 0
    AND = 1
    OR = 2
    NOT = 3
    ENERGY = 4
    """Energy lies between a and b."""
    MOOD = 5
    """A mood tag of the mask a holds."""
    SLOT_ABOVE = 6
    """Relationship a is above b."""
    SLOT_BELOW = 7
    CHANCE = 8
    """The draw for `word` is below f."""
    PLACE = 9
    """The location is one of row a of the places."""
    WORLD = 10
    """Truth a of the world, the same for everybody."""
    PERSON = 11
    """Rule a, which runs person by person."""


@dataclass(frozen=True, slots=True)
class Instruction:
    op: Op
    a: int = 0
    b: int = 0
    word: int = 0
    f: float = 0.0


Code = tuple[Instruction, ...]


class Facts(Protocol):
    """What compiling a condition must know of its world, and where it leaves what code refers to."""

    def slot(self, ref: str, axis: str) -> int:
        """NONE: it is no column."""
        ...

    def periods(self, names: Sequence[str]) -> frozenset[int]: ...
    def days(self, names: Sequence[str]) -> frozenset[int]: ...
    def places(self, types: Sequence[str]) -> Truths: ...
    def place_row(self, fits: Truths) -> int: ...
    def world_rule(self, holds: Callable[[Scene], bool]) -> int: ...
    def person_rule(self, test: Test) -> int: ...
    def plugin_rule(self, use: PluginUse) -> Callable[[Person], bool]: ...


@dataclass(frozen=True, slots=True)
class Test:
    """One compiled condition. `one` raises what its rule raises."""

    path: str
    one: Callable[[Person], bool]
    code: Code


def compile_condition(condition: Condition, facts: Facts) -> Test:
    """The test of a parsed condition. Everything unknown was refused when the definition was parsed."""
    match condition:
        case AllOf() | AnyOf() | Not():
            return _compose(condition, facts)
        case EnergyBetween(low=low, high=high):
            return _energy_between(condition.path, to_units(low), to_units(high))
        case MoodIn(tags=tags):
            return _mood_in(condition.path, mask_of(tags))
        case Relationship():
            return _relationship(condition, facts)
        case RandomChance(probability=probability):
            return _random(condition.path, probability)
        case LocationTypeIn(types=types):
            return _place(condition.path, facts.places(types), facts)
        case FlagEquals() | FlagExists() | TimeOfDayIn() | DayOfWeekIn():
            return _of_the_world(condition, facts)
        case StatAxis() | ExpressionIs():
            return _by_person(condition, facts)
        case PluginCondition(path=path, use=use):
            return _personally(path, facts.plugin_rule(use), facts)
        case _:
            assert_never(condition)


def chained(codes: Sequence[Code], op: Op) -> Code:
    """Code for all of them combined by `op`, the first two first; nothing combined by AND is true."""
    if not codes:
        return (Instruction(Op.TRUE),) if op is Op.AND else (Instruction(Op.TRUE), Instruction(Op.NOT))
    made = list(codes[0])
    for code in codes[1:]:
        made += [*code, Instruction(op)]
    return tuple(made)


def _compose(condition: AllOf | AnyOf | Not, facts: Facts) -> Test:
    if isinstance(condition, Not):
        inner = compile_condition(condition.condition, facts)
        return Test(condition.path, lambda person: not inner.one(person), (*inner.code, Instruction(Op.NOT)))
    parts = tuple(compile_condition(part, facts) for part in condition.conditions)
    codes = [part.code for part in parts]
    if isinstance(condition, AllOf):
        return Test(
            condition.path,
            lambda person: False not in [part.one(person) for part in parts],
            chained(codes, Op.AND),
        )
    return Test(
        condition.path, lambda person: True in [part.one(person) for part in parts], chained(codes, Op.OR)
    )


def _energy_between(path: str, low: int, high: int) -> Test:
    return Test(path, lambda person: low <= person.energy <= high, (Instruction(Op.ENERGY, low, high),))


def _mood_in(path: str, mask: int) -> Test:
    return Test(path, lambda person: bool(person.mood & mask), (Instruction(Op.MOOD, mask),))


def _relationship(condition: Relationship, facts: Facts) -> Test:
    slot = facts.slot(condition.ref, condition.axis)
    bound = to_units(condition.threshold)
    if slot == NONE:
        return _cold_relationship(condition)
    if condition.op == "gt":
        return Test(
            condition.path,
            lambda person: known_one(person.slots[slot]) > bound,
            (Instruction(Op.SLOT_ABOVE, slot, bound),),
        )
    return Test(
        condition.path,
        lambda person: known_one(person.slots[slot]) < bound,
        (Instruction(Op.SLOT_BELOW, slot, bound),),
    )


def _cold_relationship(condition: Relationship) -> Test:
    """Of a relationship that is no column; only ever asked of one person."""

    def one(person: Person) -> bool:
        axes = person.cold.get("relationships", {}).get(condition.ref, {})
        points = float(axes.get(condition.axis, UNKNOWN_POINTS))
        return points > condition.threshold if condition.op == "gt" else points < condition.threshold

    return Test(condition.path, one, ())


def known_one(units: int) -> int:
    """A relationship as it counts: an unknown one is neutral."""
    return NEUTRAL if units == UNKNOWN else units


def _random(path: str, probability: float) -> Test:
    k = word(path)
    return Test(
        path,
        lambda person: (
            chance(person.script.seed, person.entity, person.now, Purpose.CONDITION, k) < probability
        ),
        (Instruction(Op.CHANCE, word=k, f=probability),),
    )


def _place(path: str, fits: Truths, facts: Facts) -> Test:
    """`fits` has one entry a location and a last one, False, for people who are nowhere."""
    code = (Instruction(Op.PLACE, facts.place_row(fits)),)
    return Test(path, lambda person: bool(fits[person.location]), code)


def _of_the_world(condition: FlagEquals | FlagExists | TimeOfDayIn | DayOfWeekIn, facts: Facts) -> Test:
    """The same answer for everybody who decides at one time."""
    holds: Callable[[Any], bool]
    match condition:
        case FlagEquals(key=key, value=value):
            holds = lambda scene: same(scene.flags.get(key, ABSENT), value)  # noqa: E731
        case FlagExists(key=key):
            holds = lambda scene: key in scene.flags  # noqa: E731
        case TimeOfDayIn(times=times):
            periods = facts.periods(times)
            holds = lambda scene: scene.moment.period in periods  # noqa: E731
        case DayOfWeekIn(days=days):
            wanted = facts.days(days)
            holds = lambda scene: scene.moment.day_of_week in wanted  # noqa: E731
    return Test(condition.path, holds, (Instruction(Op.WORLD, facts.world_rule(holds)),))


def same(left: object, right: object) -> bool:
    """JSON equality: true is not 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _by_person(condition: StatAxis | ExpressionIs, facts: Facts) -> Test:
    """Rules over cold components run person by person; one that raises fails that person only."""

    def one(person: Person) -> bool:
        if isinstance(condition, ExpressionIs):
            return bool(condition.expression.evaluate(person.resolve))
        value = person.stat(condition.stat, condition.axis)
        if condition.op == "gt":
            return value > condition.low
        if condition.op == "lt":
            return value < condition.high
        return condition.low <= value <= condition.high

    return _personally(condition.path, one, facts)


def _personally(path: str, one: Callable[[Person], bool], facts: Facts) -> Test:
    rule = facts.person_rule(Test(path, one, ()))
    return Test(path, one, (Instruction(Op.PERSON, rule),))
