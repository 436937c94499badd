"""Behaviour profiles compiled: the gate of each, and by how much it multiplies the score of each activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.definitions.behavior_profiles import BehaviorProfile

if TYPE_CHECKING:
    from simulation.person import Person
    from simulation.script import Script


@dataclass(frozen=True, slots=True)
class CompiledProfile:
    name: str
    """Of its factor: `profile:ID`."""
    gate: int
    factor: NDArray[np.float64]
    """By activity; 1 where it says nothing, and for doing nothing."""


def compile_behavior_profiles(script: Script) -> tuple[CompiledProfile, ...]:
    """By id: the order they are multiplied in, whatever order the file has."""
    profiles = script.definition.behavior.profiles
    return tuple(_compiled(profiles[name], script) for name in sorted(profiles))


def _compiled(profile: BehaviorProfile, script: Script) -> CompiledProfile:
    factor = [
        profile.activities.get(activity.id, 1.0) * profile.categories.get(activity.category, 1.0)
        for activity in script.activities
    ]
    return CompiledProfile(f"profile:{profile.id}", script.gate(profile.conditions), np.array([*factor, 1.0]))


def applying(person: Person) -> list[CompiledProfile]:
    """Those whose conditions all hold for somebody now. Raises what a rule raises."""
    script = person.script
    return [
        profile
        for profile in script.behavior_profiles
        if False not in [test.one(person) for test in script.gates[profile.gate]]
    ]
