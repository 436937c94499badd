"""Conditions as compiled tests: the same rule over many people at once (`rows`) and over one (`one`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, assert_never

import numpy as np
from numpy.typing import NDArray

from simulation.chance import Purpose, chance, chance_rows, word
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
    RandomChance,
    Relationship,
    StatAxis,
    TimeOfDayIn,
)
from simulation.moods import mask_of
from simulation.scale import NEUTRAL, UNKNOWN, to_units

if TYPE_CHECKING:
    from simulation.batch import Batch, Person

Truths = NDArray[np.bool_]
ABSENT = object()
"""What a flag that was never set equals: nothing, not even null."""


class Facts(Protocol):
    """What compiling a condition must know of its world."""

    def slot(self, ref: str, axis: str) -> int: ...
    def periods(self, names: Sequence[str]) -> frozenset[int]: ...
    def days(self, names: Sequence[str]) -> frozenset[int]: ...
    def places(self, types: Sequence[str]) -> Truths: ...


@dataclass(frozen=True, slots=True)
class Test:
    """One compiled condition. `rows` may mark people as failed on the batch; `one` raises instead."""

    path: str
    rows: Callable[[Batch], Truths]
    one: Callable[[Person], bool]


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
            return _place(condition.path, facts.places(types))
        case FlagEquals() | FlagExists() | TimeOfDayIn() | DayOfWeekIn():
            return _of_the_world(condition, facts)
        case StatAxis() | ExpressionIs():
            return _by_person(condition)
        case PluginCondition(name=name):
            raise ValueError(f"{condition.path}: no plug-in provides {name}")
        case _:
            assert_never(condition)


def all_of(tests: Sequence[Test], batch: Batch) -> Truths:
    """Whether every test holds, for each person; True where there are none."""
    truth = np.ones(batch.size, dtype=np.bool_)
    for test in tests:
        truth &= test.rows(batch)
    return truth


def _compose(condition: AllOf | AnyOf | Not, facts: Facts) -> Test:
    """Every part is evaluated for everybody, in the vector and in the scalar form alike: a part that raises
    fails the person whatever the others say."""
    if isinstance(condition, Not):
        inner = compile_condition(condition.condition, facts)
        return Test(condition.path, lambda batch: ~inner.rows(batch), lambda person: not inner.one(person))
    parts = tuple(compile_condition(part, facts) for part in condition.conditions)
    if isinstance(condition, AllOf):
        return Test(
            condition.path,
            lambda batch: all_of(parts, batch),
            lambda person: False not in [part.one(person) for part in parts],
        )

    def any_rows(batch: Batch) -> Truths:
        truth = np.zeros(batch.size, dtype=np.bool_)
        for part in parts:
            truth |= part.rows(batch)
        return truth

    return Test(condition.path, any_rows, lambda person: True in [part.one(person) for part in parts])


def _energy_between(path: str, low: int, high: int) -> Test:
    return Test(
        path,
        lambda batch: (batch.energy >= low) & (batch.energy <= high),
        lambda person: low <= person.energy <= high,
    )


def _mood_in(path: str, mask: int) -> Test:
    return Test(path, lambda batch: (batch.mood & mask) != 0, lambda person: bool(person.mood & mask))


def _relationship(condition: Relationship, facts: Facts) -> Test:
    slot = facts.slot(condition.ref, condition.axis)
    bound = to_units(condition.threshold)
    if condition.op == "gt":
        return Test(
            condition.path,
            lambda batch: known(batch.slots[:, slot]) > bound,
            lambda person: known_one(person.slots[slot]) > bound,
        )
    return Test(
        condition.path,
        lambda batch: known(batch.slots[:, slot]) < bound,
        lambda person: known_one(person.slots[slot]) < bound,
    )


def known(units: NDArray[np.int64]) -> NDArray[np.int64]:
    """Relationships as they count: unknown ones are neutral."""
    return np.where(units == UNKNOWN, NEUTRAL, units)


def known_one(units: int) -> int:
    return NEUTRAL if units == UNKNOWN else units


def _random(path: str, probability: float) -> Test:
    k = word(path)
    return Test(
        path,
        lambda batch: (
            chance_rows(batch.script.seed, batch.entity, batch.now, Purpose.CONDITION, k) < probability
        ),
        lambda person: (
            chance(person.script.seed, person.entity, person.now, Purpose.CONDITION, k) < probability
        ),
    )


def _place(path: str, fits: Truths) -> Test:
    """`fits` has one entry a location and a last one, False, for people who are nowhere."""
    return Test(path, lambda batch: fits[batch.location], lambda person: bool(fits[person.location]))


def _of_the_world(condition: FlagEquals | FlagExists | TimeOfDayIn | DayOfWeekIn, facts: Facts) -> Test:
    """The same answer for everybody of a batch."""
    holds: Callable[[Any], bool]
    match condition:
        case FlagEquals(key=key, value=value):
            holds = lambda scene: _same(scene.flags.get(key, ABSENT), value)  # noqa: E731
        case FlagExists(key=key):
            holds = lambda scene: key in scene.flags  # noqa: E731
        case TimeOfDayIn(times=times):
            periods = facts.periods(times)
            holds = lambda scene: scene.moment.period in periods  # noqa: E731
        case DayOfWeekIn(days=days):
            wanted = facts.days(days)
            holds = lambda scene: scene.moment.day_of_week in wanted  # noqa: E731
    return Test(condition.path, lambda batch: np.full(batch.size, holds(batch)), holds)


def _same(left: object, right: object) -> bool:
    """JSON equality: true is not 1."""
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _by_person(condition: StatAxis | ExpressionIs) -> Test:
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

    def rows(batch: Batch) -> Truths:
        truth = np.zeros(batch.size, dtype=np.bool_)
        for index in np.flatnonzero(batch.focus).tolist():
            try:
                truth[index] = one(batch.person(index))
            except (ArithmeticError, TypeError, ValueError, LookupError) as error:
                batch.fail(index, condition.path, error)
        return truth

    return Test(condition.path, rows, one)
