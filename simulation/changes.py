"""What inputs and systems write into one person's row: cold components, numbers, places.

A hot field is settled to the world's time before it changes, with everything else that runs on elapsed time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from simulation.components import put_at
from simulation.consequences import changed_number
from simulation.definitions.metrics import HOT, canonical
from simulation.fingerprint import cold_words
from simulation.moods import MOOD_MAX
from simulation.orders import ComponentMerge, ComponentWrite, PersonWrite, Placed, StatChange, ValuePut
from simulation.person import Scene, person_of
from simulation.population import Population
from simulation.profiles import profile_of
from simulation.scale import FULL, NEUTRAL, UNKNOWN, to_units


def write(scene: Scene, people: Population, row: int, change: PersonWrite) -> None:
    """Carry out one change of the person in `row`."""
    match change:
        case ComponentWrite(_, component, value):
            put_cold(people, row, component, value)
        case ComponentMerge(_, component, patch):
            merged = {**people.cold[row].get(component, {}), **patch}
            kept = {key: value for key, value in merged.items() if value is not None}
            put_cold(people, row, component, kept or None)
        case StatChange():
            if not _write_hot(scene, people, row, change):
                _write_number(people, row, change)
        case ValuePut(_, component, path, value):
            put_cold(people, row, component, put_at(people.cold[row].get(component, {}), path, value))
        case Placed(_, location_id):
            people["location"][row] = scene.script.location_index[location_id]
        case _:
            assert_never(change)
    if not isinstance(change, Placed) and change.component == "behavior":
        origin = int(people["origin"][row])
        people["profile"][row] = profile_of(scene.script, people.ids[row], origin, people.cold[row])


def put_cold(people: Population, row: int, component: str, value: Mapping[str, Any] | None) -> None:
    """Put a cold component in place; None removes it."""
    cold = {name: old for name, old in people.cold[row].items() if name != component}
    if value is not None:
        cold[component] = value
    people.put_cold(row, cold)
    people["cold_hi"][row], people["cold_lo"][row] = cold_words(cold)


def settle_row(scene: Scene, people: Population, row: int) -> None:
    """Store everything that runs on elapsed time as it is now."""
    person = person_of(scene, people, row)
    people["energy"][row] = person.energy
    people["valence"][row], people["arousal"][row] = person.valence, person.arousal
    people["slots"][row] = person.slots
    people["settled_at"][row] = scene.now


def _write_number(people: Population, row: int, change: StatChange) -> None:
    before = people.cold[row].get(change.component, {})
    after = changed_number(
        before, change.path, change.value, change.low, change.high, change.adds, change.start
    )
    put_cold(people, row, change.component, after)


def _write_hot(scene: Scene, people: Population, row: int, change: StatChange) -> bool:
    """Change a number that lives in a column; False: this one does not."""
    axis = HOT.get(canonical(change.component, change.path))
    if axis == "energy":
        settle_row(scene, people, row)
        people["energy"][row] = _units(int(people["energy"][row]), change)
        return True
    if axis is not None:
        settle_row(scene, people, row)
        before = float(people[axis][row]) if change.adds else 0.0
        low, high = max(change.low, -MOOD_MAX), min(change.high, MOOD_MAX)
        people[axis][row] = min(high, max(low, before + change.value))
        return True
    if change.component == "relationships" and change.path in scene.script.slot_names:
        settle_row(scene, people, row)
        slot = scene.script.slot_names.index((change.path[0], change.path[1]))
        known = int(people["slots"][row, slot])
        people["slots"][row, slot] = _units(NEUTRAL if known == UNKNOWN else known, change)
        return True
    return False


def _units(before: int, change: StatChange) -> int:
    """A value on the 0-100 scale after the change, in units."""
    low, high = to_units(max(0.0, change.low)), to_units(min(100.0, change.high))
    after = (before if change.adds else 0) + to_units(change.value)
    return min(FULL, high, max(low, after))
