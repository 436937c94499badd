"""What each candidate is worth to each person: the score of domain.md, its factors multiplied in that
order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from simulation.behavior_profiles import CompiledProfile
from simulation.scale import UNITS

if TYPE_CHECKING:
    from simulation.person import Person
    from simulation.script import Script

SCORE_MIN = 0.001
"""The floor of a score: whatever can happen has a chance (domain.md)."""
MOOD_MATCH, MOOD_MISMATCH = 1.5, 0.5
TIRED_BELOW, RESTED_ABOVE = 30 * UNITS, 80 * UNITS
LOW_VALENCE = -30.0
URGENT_REST, URGENT_WORK, URGENT_CHEER = 2.0, 1.5, 1.5
CONTINUES = 2.0


def weigh(m: float, weight: float) -> float:
    """How far a multiplier counts: 1 + (m - 1) x weight."""
    return 1.0 + (m - 1.0) * weight


def factors_of(
    person: Person, activity: int, base: float, profile: int, applying: Iterable[CompiledProfile] = ()
) -> dict[str, float]:
    """Every factor of one candidate by name, in the order they are multiplied: the scalar path, and the
    why."""
    script = person.script
    weights, tables = script.weights, script.profiles
    category = int(tables.category[activity])
    found = {
        "weight": base,
        "activityPreference": float(tables.activity_factor[profile, activity]),
        "categoryPreference": float(tables.category_factor[profile, category]),
        "traitModifier": float(tables.trait_factor[profile, category]),
        "moodCompatibility": _mood_factor(script, person, activity),
        "relationshipBonus": _relationship_factor(script, person, activity),
        "urgency": weigh(_urgency(script, person, activity), weights.urgency),
        "inertia": weigh(CONTINUES, weights.inertia) if activity == person.activity else 1.0,
    }
    for one in applying:
        found[one.name] = float(one.factor[activity])
    for name, worth in script.factors:
        found[name] = worth(person, activity)
    return found


def product(factors: dict[str, float]) -> float:
    """The score: the factors multiplied in their written order, not below the floor."""
    score = factors["weight"]
    for name, factor in factors.items():
        if name != "weight":
            score = score * factor
    return max(score, SCORE_MIN)


def _mood_factor(script: Script, person: Person, activity: int) -> float:
    if not script.mood_gated[activity]:
        return 1.0
    met = int(script.mood_asked[activity]) & person.mood
    return weigh(MOOD_MATCH if met else MOOD_MISMATCH, script.weights.mood_compatibility)


def _relationship_factor(script: Script, person: Person, activity: int) -> float:
    slots = script.required_slots.get(activity)
    if slots is None:
        return 1.0
    total = 0.0
    for slot in slots:
        total = total + known_points(person.slots[slot])
    return weigh(0.5 + total / len(slots) / 100.0, script.weights.relationship_bonus)


def known_points(units: int) -> float:
    """A relationship in points; unknown ones are neutral, 50."""
    return 50.0 if units < 0 else units / UNITS


def _urgency(script: Script, person: Person, activity: int) -> float:
    urgency = 1.0
    if person.energy < TIRED_BELOW and script.restores[activity]:
        urgency = urgency * URGENT_REST
    if person.energy > RESTED_ABOVE and script.consumes[activity]:
        urgency = urgency * URGENT_WORK
    if person.valence < LOW_VALENCE and script.lifts[activity]:
        urgency = urgency * URGENT_CHEER
    return urgency
