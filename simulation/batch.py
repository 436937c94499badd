"""The people who decide together, as arrays, and one person of them as plain values: the two views rules
read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.decay import decay, decay_rows
from simulation.moods import tags_of, tags_rows
from simulation.population import NONE, Cold, Population
from simulation.scale import NEUTRAL, UNKNOWN, settle, settle_rows, to_points
from simulation.units import MICROS_PER_SECOND, Micros, NpcId, Tier

if TYPE_CHECKING:
    from simulation.script import Moment, Script

Rows = NDArray[np.int64]


@dataclass(slots=True)
class Scene:
    """What everybody deciding in one tick of one tier shares."""

    script: Script
    now: Micros
    tier: Tier
    flags: Mapping[str, Any]
    moment: Moment


@dataclass(slots=True)
class Batch:
    """People by position 0..size-1, every continuous value settled to `now`. Nothing here is written back."""

    scene: Scene
    people: Population
    rows: Rows
    size: int
    entity: NDArray[np.uint64]
    activity: NDArray[np.int64]
    location: NDArray[np.int64]
    energy: NDArray[np.int64]
    valence: NDArray[np.float64]
    arousal: NDArray[np.float64]
    mood: NDArray[np.int64]
    slots: NDArray[np.int64]
    focus: NDArray[np.bool_]
    """Whom the rule being evaluated concerns; rules that go person by person look at nobody else."""
    failed: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Position -> (rule, error) of people whose rules raised."""

    @property
    def script(self) -> Script:
        return self.scene.script

    @property
    def now(self) -> Micros:
        return self.scene.now

    @property
    def moment(self) -> Moment:
        return self.scene.moment

    @property
    def flags(self) -> Mapping[str, Any]:
        return self.scene.flags

    def fail(self, index: int, rule: str, error: Exception) -> None:
        """Leave this person out; the first rule that raised is the one named."""
        self.failed.setdefault(index, (rule, f"{type(error).__name__}: {error}"))

    def person(self, index: int) -> Person:
        """One of them as plain values, for rules over cold components."""
        return Person(
            scene=self.scene,
            npc_id=self.people.ids[self.rows[index]],
            entity=int(self.entity[index]),
            activity=int(self.activity[index]),
            location=int(self.location[index]),
            energy=int(self.energy[index]),
            valence=float(self.valence[index]),
            arousal=float(self.arousal[index]),
            mood=int(self.mood[index]),
            slots=self.slots[index].tolist(),
            cold=self.people.cold[self.rows[index]],
        )


def batch_of(scene: Scene, people: Population, rows: Rows) -> Batch:
    """Gather and settle the people in `rows`: energy and relationships by rate, mood by half-life."""
    script = scene.script
    activity = people["activity"][rows].astype(np.int64)
    elapsed = scene.now - people["settled_at"][rows]
    left = decay_rows(elapsed, script.mood_half_life)
    valence = script.mood_valence + (people["valence"][rows] - script.mood_valence) * left
    arousal = script.mood_arousal + (people["arousal"][rows] - script.mood_arousal) * left
    energy = settle_rows(
        people["energy"][rows], script.energy_rate[activity], script.energy_span[activity], elapsed
    )
    slots = people["slots"][rows]
    for slot, (rates, spans) in script.slot_rates.items():
        rate = rates[activity]
        before = np.where(slots[:, slot] == UNKNOWN, NEUTRAL, slots[:, slot])
        after = settle_rows(before, rate, spans[activity], elapsed)
        slots[:, slot] = np.where((rate == 0) | (elapsed == 0), slots[:, slot], after)
    return Batch(
        scene=scene,
        people=people,
        rows=rows,
        size=len(rows),
        entity=people["entity"][rows],
        activity=activity,
        location=people["location"][rows].astype(np.int64),
        energy=energy,
        valence=valence,
        arousal=arousal,
        mood=tags_rows(valence, arousal),
        slots=slots,
        focus=np.ones(len(rows), dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True)
class Person:
    """One person settled to the scene's `now`, as plain Python values."""

    scene: Scene
    npc_id: NpcId
    entity: int
    activity: int
    location: int
    energy: int
    valence: float
    arousal: float
    mood: int
    slots: list[int]
    cold: Cold

    @property
    def script(self) -> Script:
        return self.scene.script

    @property
    def now(self) -> Micros:
        return self.scene.now

    @property
    def moment(self) -> Moment:
        return self.scene.moment

    @property
    def flags(self) -> Mapping[str, Any]:
        return self.scene.flags

    def stat(self, component: str, axis: str) -> float:
        """A number of a component; one nobody ever wrote reads 0."""
        hot = self._hot(axis) if component in ("behavior", "mood") else None
        value = hot if hot is not None else self.cold.get(component, {}).get(axis, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{component}.{axis} is {value!r}, not a number")
        return float(value)

    def resolve(self, name: str) -> Any:
        """What a name in an expression stands for; an unknown flag or component value is None."""
        hot = self._hot(name)
        if hot is not None:
            return hot
        match name:
            case "hour":
                return self.moment.micros_of_day / (3_600 * MICROS_PER_SECOND)
            case "day":
                return self.moment.day
            case "dayOfWeek":
                return self.moment.day_of_week
            case "tier":
                return str(self.scene.tier)
            case "activity":
                return None if self.activity == NONE else self.script.activity_ids[self.activity]
            case "location":
                return None if self.location == NONE else self.script.location_ids[self.location]
            case "locationType":
                return None if self.location == NONE else self.script.location_types[self.location]
            case _:
                return self._deep(name)

    def _deep(self, name: str) -> Any:
        head, _, rest = name.partition(".")
        if head == "flags":
            return self.flags.get(rest)
        value: Any = self.cold.get(head, {})
        for part in rest.split(".") if rest else ():
            value = value.get(part) if isinstance(value, Mapping) else None
        return value

    def _hot(self, axis: str) -> float | None:
        match axis:
            case "energy":
                return to_points(self.energy)
            case "valence":
                return self.valence
            case "arousal":
                return self.arousal
            case _:
                return None


def person_of(scene: Scene, people: Population, row: int) -> Person:
    """The person in `row` by plain arithmetic: the scalar path, the same bits as `batch_of`."""
    script = scene.script
    activity = int(people["activity"][row])
    elapsed = scene.now - int(people["settled_at"][row])
    left = decay(elapsed, script.mood_half_life)
    valence = script.mood_valence + (float(people["valence"][row]) - script.mood_valence) * left
    arousal = script.mood_arousal + (float(people["arousal"][row]) - script.mood_arousal) * left
    slots: list[int] = people["slots"][row].tolist()
    for slot, (rates, _) in script.slot_rates.items():
        rate = int(rates[activity])
        if rate and elapsed:
            before = NEUTRAL if slots[slot] == UNKNOWN else slots[slot]
            slots[slot] = settle(before, rate, elapsed)
    return Person(
        scene=scene,
        npc_id=people.ids[row],
        entity=int(people["entity"][row]),
        activity=activity,
        location=int(people["location"][row]),
        energy=settle(int(people["energy"][row]), int(script.energy_rate[activity]), elapsed),
        valence=valence,
        arousal=arousal,
        mood=tags_of(valence, arousal),
        slots=slots,
        cold=people.cold[row],
    )
