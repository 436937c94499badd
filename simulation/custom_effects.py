"""What custom effects bring about when somebody begins an activity, ours and those of plug-ins."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulation import metrics
from simulation.consequences import ChangePerson, Consequence, SetFlag
from simulation.definitions import CustomEffect, PluginUse
from simulation.hashing import canonical
from simulation.orders import Brought, ComponentMerge, ComponentWrite, PersonWrite, Placed, StatChange
from simulation.person import Person, Scene, person_of
from simulation.plugin_rules import chance_for
from simulation.plugin_views import Somebody, frozen
from simulation.population import Population
from simulation.units import NpcId

if TYPE_CHECKING:
    from simulation.effects import Begun
    from simulation.script import Script

EFFECTS_OF_ONE_MAX = 16
"""Effects that one person's beginning may bring about through one custom effect of a plug-in."""
FLAG_CHARS_MAX = 200
"""Characters of a flag's key that a plug-in may set."""
FLAGS_MAX = 10_000
"""Flags of one world, as for its operators."""
WRITTEN_BYTES_MAX = 65_536
"""Bytes as JSON of a flag or a component that a plug-in writes."""
HOT_OF_BEHAVIOR = (("energy",), ("valence",), ("arousal",))
AXES_MAX = 4
"""Objects in one another that a number may be in."""

Make = Callable[[Person], Sequence[Consequence]]


def compile_effects(script: Script, effects: Sequence[CustomEffect]) -> tuple[Make, ...]:
    """Those of one activity that bring about consequences, in their order; `generate` is not among them."""
    return tuple(_compiled(script, effect) for effect in effects if effect.type != "generate")


def _compiled(script: Script, effect: CustomEffect) -> Make:
    params = effect.params
    if effect.use is not None:
        return _plugin(script, effect.use)
    match effect.type:
        case "set_flag":
            flag = SetFlag(params["key"], params.get("value"))
            return lambda person: (flag,)
        case "set_component":
            value = params.get("value", {})
            return lambda person: (ChangePerson(ComponentWrite(person.npc_id, params["component"], value)),)
        case "add_stat":
            return _add_stat(params)
        case "metric_add":
            return _metric_add(script, params)
        case _:
            raise ValueError(f"{effect.path}: no effect {effect.type}")


def _add_stat(params: Mapping[str, Any]) -> Make:
    component, path = str(params.get("component", "core")), tuple(str(params["axis"]).split("."))
    value, low, high = float(params["value"]), float(params.get("min", 0)), float(params.get("max", 100))
    return lambda person: (
        ChangePerson(StatChange(person.npc_id, component, path, value, low, high, adds=True)),
    )


def _metric_add(script: Script, params: Mapping[str, Any]) -> Make:
    """What an input `metric add` does: converted to the metric's type and clamped, for everybody."""
    metric = script.definition.metrics.find(str(params["metric"]))
    assert metric is not None, "names are checked when the world loads"
    value = float(params["value"])
    return lambda person: (metrics.change(person, metric, value, None, adds=True),)


def _plugin(script: Script, use: PluginUse) -> Make:
    brings = script.definition.plugins.by_id[use.plugin_id].effects[use.name]
    params, rule = frozen(use.params), f"{use.full_name} at {use.path}"

    def make(person: Person) -> Sequence[Consequence]:
        def ask() -> Sequence[Consequence]:
            found = brings(Somebody(person), params, person.now, chance_for(person, use))
            return sound(script, use.plugin_id, found, EFFECTS_OF_ONE_MAX, person.flags)

        return script.plugin_state.call(use.plugin_id, rule, person.npc_id, ask, ())

    return make


def brought_by(scene: Scene, people: Population, begun: Begun) -> Iterable[Brought]:
    """What the custom effects of activities that begin bring about, each person as they began."""
    for row, activity in begun:
        if makes := scene.script.brings.get(activity):
            person = person_of(scene, people, row)
            yield Brought(person.entity, tuple(item for make in makes for item in make(person)))


def sound(
    script: Script, plugin_id: str, effects: Iterable[object], most: int, flags: Mapping[str, Any]
) -> tuple[Consequence, ...]:
    """The effects of a plug-in, each possible in this world. Raises ValueError or TypeError where one is not:
    none of them counts then."""
    found: list[Consequence] = []
    for effect in effects:
        if len(found) >= most:
            raise ValueError(f"brought about more than {most} effects")
        match effect:
            case SetFlag(key, value, None):
                _check_flag(key, flags)
                found.append(SetFlag(key, own_json(value)))
            case ChangePerson(write):
                found.append(ChangePerson(_checked(script, plugin_id, write)))
            case _:
                raise TypeError(f"{effect!r} is no effect of a plug-in: set_flag, change_stat, put or place")
    return tuple(found)


def _check_flag(key: object, flags: Mapping[str, Any]) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= FLAG_CHARS_MAX:
        raise ValueError(f"{key!r} is no key of a flag: 1 to {FLAG_CHARS_MAX} characters")
    if key not in flags and len(flags) >= FLAGS_MAX:
        raise ValueError(f"the world has {FLAGS_MAX} flags already")


def own_json(value: object) -> Any:
    """A copy as plain JSON values, which the plug-in cannot change later. Raises TypeError or ValueError for
    what is no JSON, or too much of it."""
    text = canonical(_thawed(value))
    if len(text) > WRITTEN_BYTES_MAX:
        raise ValueError(f"{len(text)} bytes in one value, at most {WRITTEN_BYTES_MAX}")
    return json.loads(text)


def _thawed(value: object) -> Any:
    """What `frozen` froze, as it was."""
    if isinstance(value, Mapping):
        return {str(key): _thawed(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_thawed(inner) for inner in value]
    return value


def _checked(script: Script, plugin_id: str, write: PersonWrite) -> PersonWrite:
    if write.npc_id not in script.people_ids:
        raise ValueError(f"nobody called {write.npc_id!r} lives here")
    match write:
        case ComponentWrite(_, component, value):
            if component != f"plugin:{plugin_id}":
                raise ValueError(f"component {component!r} is not plugin:{plugin_id}, its own")
            return ComponentWrite(write.npc_id, component, own_json(value))
        case StatChange():
            _check_stat(write)
        case Placed(_, location_id):
            if location_id not in script.location_index:
                raise ValueError(f"there is no location {location_id!r}")
        case ComponentMerge():
            raise TypeError("a plug-in puts its whole component")
    return write


def _check_stat(change: StatChange) -> None:
    numbers = (change.value, change.low, change.high)
    if not all(isinstance(one, int | float) and abs(one) <= 1e9 for one in numbers):
        raise ValueError(f"{numbers} are not three numbers within a billion")
    if not 1 <= len(change.path) <= AXES_MAX or not all(isinstance(part, str) for part in change.path):
        raise ValueError(f"{change.path!r} is no path to a number")
    if change.component == "behavior" and change.path not in HOT_OF_BEHAVIOR:
        raise ValueError(f"behavior.{change.path[0]} is no number: behavior.energy is")


def set_flag(key: str, value: Any) -> SetFlag:
    """A flag of the world, which everybody sees from the next decision on; None removes it."""
    return SetFlag(key, value)


def change_stat(npc_id: str, stat: str, by: float, low: float = 0.0, high: float = 100.0) -> ChangePerson:
    """More or less of a number of a person, such as `core.affinity`, `behavior.energy`, `mood.valence` or
    `relationships.npc:ann.trust`; it stays within low and high."""
    component, *path = stat.split(".")
    return ChangePerson(StatChange(NpcId(npc_id), component, tuple(path), by, low, high, adds=True))


def put(npc_id: str, plugin_id: str, value: Mapping[str, Any]) -> ChangePerson:
    """The plug-in's own component of a person, in place of what was there."""
    return ChangePerson(ComponentWrite(NpcId(npc_id), f"plugin:{plugin_id}", value))


def place(npc_id: str, location_id: str) -> ChangePerson:
    """Somebody is somewhere else now."""
    return ChangePerson(Placed(NpcId(npc_id), location_id))
