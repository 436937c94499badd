"""One person settled to a time, as plain values: what rules read that go person by person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.decay import decay
from simulation.definitions.metrics import HOT, TOLD, canonical
from simulation.moods import names_of, tags_of
from simulation.population import NONE, Cold, Population
from simulation.scale import NEUTRAL, UNKNOWN, settle, to_points
from simulation.units import Micros, NpcId, Tier

if TYPE_CHECKING:
    from simulation.script import Moment, Script


MOOD_TAGS = ("behavior", ("moodState", "tags"))
"""Where a person's view shows the mood tags that hold."""


@dataclass(slots=True)
class Scene:
    """What everybody deciding in one tick of one tier shares."""

    script: Script
    now: Micros
    tier: Tier
    flags: Mapping[str, Any]

    @property
    def moment(self) -> Moment:
        return self.script.moment(self.now)


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
                return self.moment.micros_of_day / self.script.calendar.hour_us
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
        path = tuple(rest.split(".")) if rest else ()
        place = canonical(head, path)
        if (column := HOT.get(place) or TOLD.get(place)) is not None:
            return self.resolve(column)
        if place == MOOD_TAGS:
            return names_of(self.mood)
        value: Any = self.cold.get(head, {})
        for part in path:
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
    """The person in `row` by plain arithmetic: the same bits as `kernels.settled`."""
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
