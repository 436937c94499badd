"""A script as the arrays a kernel reads. Flat and typed: the same kinds of arrays for every world."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulation.chance import word
from simulation.conditions import Instruction, Op, Test, chained
from simulation.population import NONE, RECENT_MAX
from simulation.scoring import CONTINUES, MOOD_MATCH, MOOD_MISMATCH, weigh

if TYPE_CHECKING:
    from simulation.profiles import Profiles
    from simulation.script import Script

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]
Words = NDArray[np.uint64]


class Gates(NamedTuple):
    """Code of every gate: gate g is the instructions from start[g] up to start[g + 1]."""

    start: Ints
    op: Ints
    a: Ints
    b: Ints
    word: Words
    f: Floats
    personal: Truths
    """Whether the gate asks a rule that runs person by person."""
    places: Truths
    """(rows, locations + 1)"""


class Tables(NamedTuple):
    """Activities, places, routines, preferences and weights. Tables over activities or locations have one
    entry more, which NONE reads."""

    half_life: int
    mood_valence: float
    mood_arousal: float
    mood_match: float
    mood_mismatch: float
    continues: float
    urgency: float
    """How far urgency counts."""
    relationship: float
    """How far a relationship counts."""
    energy_rate: Ints
    energy_span: Ints
    min_energy: Ints
    max_energy: Ints
    mood_asked: Ints
    mood_gated: Truths
    min_duration: Ints
    cooldown: Ints
    cool_slot: Ints
    valence: Floats
    arousal: Floats
    asks_place: Truths
    fits: Truths
    """(activities + 1, locations + 1)"""
    first_fit: Ints
    possible: Truths
    periods: Truths
    """(activities + 1, periods + 1)"""
    required_start: Ints
    """Activity a requires the people behind slots required[start[a]:start[a + 1]]."""
    required: Ints
    rated: Ints
    """Slots that some activity changes; row n of the rates and spans is slot rated[n]'s."""
    slot_rate: Ints
    slot_span: Ints
    routine_nodes: Ints
    """(routines + 1, longest)"""
    node_timed: Truths
    node_start: Ints
    node_end: Ints
    node_days: Truths
    node_gate: Ints
    candidates: Ints
    """(nodes + 1, widest)"""
    candidate_weight: Floats
    candidate_gate: Ints
    profile_gate: Ints
    """Of behaviour profiles, in the order they are multiplied."""
    profile_factor: Floats
    """(behaviour profiles, activities + 1)"""
    category: Ints
    activity_factor: Floats
    """(profiles, activities + 1)"""
    category_factor: Floats
    trait_factor: Floats


class Names(NamedTuple):
    """What the state hash knows everything by."""

    routine: Words
    activity: Words
    location: Words
    high: Words
    """Keys of the fields of one half, in the order of `field_names`."""
    low: Words


class Instant(NamedTuple):
    """One time, for everybody who decides then."""

    seed: np.uint64
    now: int
    of_day: int
    weekday: int
    yesterday: int
    """The day of the week before."""
    period: int
    interval: int
    world: Truths
    """What holds of the world, for the code that asks it."""


def tables_of(script: Script) -> Tables:
    """The arrays of a script, made once."""
    weights, profiles = script.weights, script.profiles
    acts = len(script.activities) + 1
    required = [script.required_slots.get(n, ()) for n in range(acts)]
    rated = sorted(script.slot_rates)
    return Tables(
        half_life=script.mood_half_life,
        mood_valence=float(script.mood_valence),
        mood_arousal=float(script.mood_arousal),
        mood_match=float(weigh(MOOD_MATCH, weights.mood_compatibility)),
        mood_mismatch=float(weigh(MOOD_MISMATCH, weights.mood_compatibility)),
        continues=float(weigh(CONTINUES, weights.inertia)),
        urgency=float(weights.urgency),
        relationship=float(weights.relationship_bonus),
        possible=script.activity_possible,
        periods=script.activity_periods,
        required_start=_starts(required),
        required=_column(slot for slots in required for slot in slots),
        rated=np.array(rated, dtype=np.int64),
        slot_rate=_stacked([script.slot_rates[slot][0] for slot in rated], acts),
        slot_span=_stacked([script.slot_rates[slot][1] for slot in rated], acts),
        profile_gate=_column(one.gate for one in script.behavior_profiles),
        profile_factor=_factors([one.factor for one in script.behavior_profiles], acts),
        category=profiles.category,
        activity_factor=profiles.activity_factor,
        category_factor=profiles.category_factor,
        trait_factor=profiles.trait_factor,
        **{name: getattr(script, name) for name in _AS_THEY_ARE},
    )


def room_of(script: Script) -> tuple[Floats, Ints, NDArray[np.uint8]]:
    """Where a kernel keeps what it works out for one person: scores, relationships, behaviour profiles."""
    return (
        np.empty(script.candidates.shape[1]),
        np.empty(len(script.slot_names), dtype=np.int64),
        np.empty(len(script.behavior_profiles), dtype=np.uint8),
    )


def with_profiles(tables: Tables, profiles: Profiles) -> Tables:
    """The same with tables of preferences that have grown."""
    return tables._replace(
        activity_factor=profiles.activity_factor,
        category_factor=profiles.category_factor,
        trait_factor=profiles.trait_factor,
    )


_AS_THEY_ARE = (
    *("energy_rate", "energy_span", "min_energy", "max_energy", "mood_asked", "mood_gated"),
    *("min_duration", "cooldown", "cool_slot", "valence", "arousal", "asks_place", "fits", "first_fit"),
    *("routine_nodes", "node_timed", "node_start", "node_end", "node_days", "node_gate"),
    *("candidates", "candidate_weight", "candidate_gate"),
)
"""Tables that a script has under the same name."""


def _stacked(rows: Sequence[Ints], width: int) -> Ints:
    return np.array(rows, dtype=np.int64).reshape(len(rows), width)


def _factors(rows: Sequence[Floats], width: int) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _starts(rows: Iterable[Sequence[object]]) -> Ints:
    """Row n of a ragged table is its values from start[n] up to start[n + 1]."""
    start = [0]
    for row in rows:
        start.append(start[-1] + len(row))
    return _column(start)


def gates_of(gates: Sequence[Sequence[Test]], places: Sequence[Truths], width: int) -> Gates:
    """The code of gates; each is all of its tests. `width` is the locations and one more."""
    codes = [chained([test.code for test in tests], Op.AND) for tests in gates]
    flat: list[Instruction] = [step for code in codes for step in code]
    return Gates(
        start=_starts(codes),
        op=_column(step.op for step in flat),
        a=_column(step.a for step in flat),
        b=_column(step.b for step in flat),
        word=np.array([step.word for step in flat], dtype=np.uint64),
        f=np.array([step.f for step in flat], dtype=np.float64),
        personal=np.array([any(step.op is Op.PERSON for step in code) for code in codes], dtype=np.bool_),
        places=np.array(places, dtype=np.bool_).reshape(len(places), width),
    )


def _column(values: Iterable[int]) -> Ints:
    return np.array(list(values), dtype=np.int64)


def field_names(script: Script) -> list[str]:
    """The fields of a person's hash in the order the kernel mixes them (docs/state-hash.md); the order
    itself is no part of the hash."""
    return [
        *("routine", "activity", "location", "home", "tier"),
        *("started_at", "settled_at", "due_at", "energy"),
        *("valence", "arousal", "importance", "cold_hi", "cold_lo"),
        *(name for n in range(RECENT_MAX) for name in (f"recent.{n}", f"recent_at.{n}")),
        *(f"ended_at.{name}" for name in script.cooling),
        *(f"slots.{ref}.{axis}" for ref, axis in script.slot_names),
        *(f"own.{name}" for name in script.mind.own),
    ]


def names_of(script: Script) -> Names:
    """The words of everything that is hashed by name."""
    fields = ["entity", *field_names(script)]
    return Names(
        routine=script.routine_words,
        activity=script.activity_words,
        location=script.location_words,
        high=np.array([word(f"hi:{field}") for field in fields], dtype=np.uint64),
        low=np.array([word(f"lo:{field}") for field in fields], dtype=np.uint64),
    )


assert NONE == -1, "tables keep what NONE reads in their last entry"
