"""What plug-ins see: one person, or a world, as they stand at one instant. Nothing here can be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from simulation.moods import names_of
from simulation.population import NONE
from simulation.scale import NEUTRAL, UNKNOWN, to_points
from simulation.units import MICROS_PER_SECOND, Micros, NpcId, Tick

if TYPE_CHECKING:
    from simulation.person import Person
    from simulation.script import Script
    from simulation.views import View


def frozen(value: Any) -> Any:
    """JSON values that cannot be changed: objects are read-only, lists are tuples."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: frozen(inner) for key, inner in value.items()})
    if isinstance(value, list | tuple):
        return tuple(frozen(inner) for inner in value)
    return value


class ReadOnly(Mapping[str, Any]):
    """An object of which each value is frozen when it is asked for: there may be thousands."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return frozen(self._values[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class Instant:
    """The world's calendar at one time, and its flags."""

    __slots__ = ("_script", "flags", "now")

    def __init__(self, script: Script, now: Micros, flags: Mapping[str, Any]) -> None:
        self._script = script
        self.now = now
        self.flags: Mapping[str, Any] = ReadOnly(flags)
        """By dotted key."""

    @property
    def world_id(self) -> str:
        return self._script.definition.id

    @property
    def day(self) -> int:
        """Whole days since the world began."""
        return self._script.calendar.day(self.now)

    @property
    def day_name(self) -> str:
        calendar = self._script.calendar
        return calendar.day_names[calendar.day_of_week(self.now)]

    @property
    def hour(self) -> float:
        """Of the day, in the calendar's own hours."""
        calendar = self._script.calendar
        return calendar.micros_of_day(self.now) / calendar.hour_us

    @property
    def period(self) -> str:
        """Such as `evening`; empty in an hour that no period covers."""
        return self._script.calendar.period_name(self.now)

    @property
    def seconds(self) -> float:
        """Game seconds since the world began."""
        return self.now / MICROS_PER_SECOND

    def settings(self, plugin_id: str) -> Mapping[str, Any]:
        """What the world's `meta.plugins` says to a plug-in."""
        found: Mapping[str, Any] = frozen(self._script.definition.plugin_settings.get(plugin_id, {}))
        return found


class Somebody(Instant):
    """One person, settled to `now`."""

    __slots__ = ("_person",)

    def __init__(self, person: Person) -> None:
        super().__init__(person.script, person.now, person.flags)
        self._person = person

    @property
    def id(self) -> NpcId:
        return self._person.npc_id

    @property
    def tier(self) -> str:
        return str(self._person.scene.tier)

    @property
    def energy(self) -> float:
        """0 to 100."""
        return to_points(self._person.energy)

    @property
    def valence(self) -> float:
        return self._person.valence

    @property
    def arousal(self) -> float:
        return self._person.arousal

    @property
    def moods(self) -> tuple[str, ...]:
        """The mood tags that hold."""
        return names_of(self._person.mood)

    @property
    def activity(self) -> str | None:
        return _named(self._script.activity_ids, self._person.activity)

    @property
    def location(self) -> str | None:
        return _named(self._script.location_ids, self._person.location)

    @property
    def location_type(self) -> str | None:
        return _named(self._script.location_types, self._person.location)

    def component(self, name: str) -> Mapping[str, Any]:
        """A component as JSON values; empty if there is none. Hot numbers have properties of their own."""
        found: Mapping[str, Any] = frozen(self._person.cold.get(name, {}))
        return found

    def stat(self, component: str, axis: str) -> float:
        """A number of a component; one nobody ever wrote is 0."""
        return self._person.stat(component, axis)

    def relationship(self, ref: str, axis: str = "affinity") -> float:
        """Towards `npc:ID` or `role:NAME`, 0 to 100; an unknown one is 50."""
        names = self._script.slot_names
        if (ref, axis) in names:
            units = self._person.slots[names.index((ref, axis))]
            return to_points(NEUTRAL if units == UNKNOWN else units)
        value = self.component("relationships").get(ref, {}).get(axis, 50.0)
        return float(value)


def _named(names: tuple[str, ...], index: int) -> str | None:
    return None if index == NONE else names[index]


class PluginView(Instant):
    """A world as it stood after the inputs of this tick."""

    __slots__ = ("_view",)

    def __init__(self, view: View) -> None:
        super().__init__(view.script, view.now, view.flags)
        self._view = view

    @property
    def tick(self) -> Tick:
        return self._view.tick

    @property
    def people_ids(self) -> frozenset[NpcId]:
        """Everybody who lives here."""
        return self._script.people_ids

    def person(self, npc_id: str) -> Somebody | None:
        """Somebody the system asked to see (`WorldSystem.looks`); None: nobody else can be seen."""
        person = self._view.people.get(NpcId(npc_id))
        return None if person is None else Somebody(person)

    @property
    def sessions(self) -> int:
        """How many players are here."""
        return len(self._view.sessions)
