"""What custom effects bring about when somebody begins an activity, ours and those of plug-ins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from simulation import metrics
from simulation.consequences import ChangePerson, Consequence, SetFlag
from simulation.definitions import CustomEffect, PluginUse
from simulation.definitions.activities import flat_flags
from simulation.definitions.effects import stat_bounds, stat_place
from simulation.orders import Brought, ComponentWrite, Placed, StatChange
from simulation.person import Person, Scene, person_of
from simulation.plugin_rules import chance_for
from simulation.plugin_views import Somebody, frozen
from simulation.population import Population
from simulation.soundness import NUMBER_MAX, sound
from simulation.units import NpcId

if TYPE_CHECKING:
    from simulation.effects import Begun
    from simulation.script import Script

EFFECTS_OF_ONE_MAX = 16
"""Effects that one person's beginning may bring about through one custom effect of a plug-in."""

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
            changes = flat_flags({params["key"]: params.get("value")})
            flags = tuple(SetFlag(key, value) for key, value in changes.items())
            return lambda person: flags
        case "set_component":
            value = params.get("value", {})
            return lambda person: (ChangePerson(ComponentWrite(person.npc_id, params["component"], value)),)
        case "add_stat":
            return _add_stat(script, params)
        case "metric_add":
            return _metric_add(script, params)
        case _:
            raise ValueError(f"{effect.path}: no effect {effect.type}")


def _add_stat(script: Script, params: Mapping[str, Any]) -> Make:
    component, path = stat_place(params)
    metric = script.definition.metrics.lying_at(component, path)
    low, high = stat_bounds(params, metric)
    start = 0.0 if metric is None else float(metric.default)
    value = float(params["value"])
    return lambda person: (
        ChangePerson(StatChange(person.npc_id, component, path, value, low, high, adds=True, start=start)),
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


def set_flag(key: str, value: Any) -> SetFlag:
    """A flag of the world, which everybody sees from the next decision on; None removes it."""
    return SetFlag(key, value)


def change_stat(
    npc_id: str, stat: str, by: float, low: float = -NUMBER_MAX, high: float = NUMBER_MAX
) -> ChangePerson:
    """More or less of a number of a person: a metric of the world such as `core.affinity`, `mood.valence` or
    `relationships.npc:ann.trust`. It stays within low and high, and within its own bounds."""
    component, *path = stat.split(".")
    return ChangePerson(StatChange(NpcId(npc_id), component, tuple(path), by, low, high, adds=True))


def put(npc_id: str, plugin_id: str, value: Mapping[str, Any] | None) -> ChangePerson:
    """The plug-in's own component of a person, in place of what was there; None takes it away."""
    return ChangePerson(ComponentWrite(NpcId(npc_id), f"plugin:{plugin_id}", value))


def place(npc_id: str, location_id: str) -> ChangePerson:
    """Somebody is somewhere else now."""
    return ChangePerson(Placed(NpcId(npc_id), location_id))
