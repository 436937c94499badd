"""What a plug-in brings about, judged before it counts: possible here, within bounds, plain JSON.

Nothing that a plug-in made is kept: every part is copied into values of our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from simulation.consequences import ChangePerson, Consequence, SetFlag
from simulation.definitions.activities import flat_flags
from simulation.definitions.conditions import NUMBERS, RELATIONSHIP_AXES
from simulation.definitions.metrics import Metric, amount_of
from simulation.hashing import canonical
from simulation.orders import ComponentWrite, PersonWrite, Placed, StatChange
from simulation.plain import copied_json, is_whole_text, why_not_plain
from simulation.units import NpcId

if TYPE_CHECKING:
    from simulation.script import Script

FLAG_CHARS_MAX = 200
"""Characters of a flag's key that a plug-in may set."""
WRITTEN_BYTES_MAX = 65_536
"""Bytes as JSON of a flag or a component that a plug-in writes."""
NUMBER_MAX = 1e9
"""Of what is added to a number and of its bounds, either way: as of every metric."""
SCALES: Mapping[str, tuple[float, float]] = {"romance": (0.0, 100.0), "stealth": (-100.0, 100.0)}
"""Components whose numbers everybody may have and that are no metrics by themselves."""


def sound(
    script: Script, plugin_id: str, effects: Iterable[object], most: int, flags: Mapping[str, Any]
) -> tuple[Consequence, ...]:
    """The effects of a plug-in, each possible in this world. Raises ValueError or TypeError where one is not:
    none of them counts then."""
    found: list[Consequence] = []
    set_now: dict[str, Any] = {}
    for count, effect in enumerate(effects):
        if count >= most:
            raise ValueError(f"brought about more than {most} effects")
        match effect:
            case SetFlag(key, value, None):
                changes = _flags(key, value)
                set_now.update(changes)
                found += [SetFlag(name, inner) for name, inner in changes.items()]
            case ChangePerson(write):
                found.append(ChangePerson(_checked(script, plugin_id, write)))
            case _:
                raise TypeError(f"{effect!r} is no effect of a plug-in: set_flag, change_stat, put or place")
    if set_now and (wrong := script.plugin_state.flag_room.judge(flags, set_now)):
        raise ValueError(wrong)
    return tuple(found)


def _flags(key: object, value: object) -> dict[str, Any]:
    """An object becomes one flag a value, with dotted keys, as everywhere."""
    changes = flat_flags({_text(key, "key of a flag"): own_json(value)})
    for name in changes:
        if not 0 < len(name) <= FLAG_CHARS_MAX:
            raise ValueError(f"{name!r} is no key of a flag: 1 to {FLAG_CHARS_MAX} characters")
    return changes


def _text(value: object, what: str) -> str:
    """A text of our own, whatever its class says of itself."""
    if not isinstance(value, str) or not is_whole_text(text := str.__str__(value)):
        raise TypeError(f"{value!r} is no {what}: a text of whole letters")
    return text


def own_json(value: object) -> Any:
    """A copy as plain JSON values, which the plug-in cannot change later. Raises TypeError or ValueError for
    what is no JSON, or too much of it."""
    copied = copied_json(value, WRITTEN_BYTES_MAX)
    if wrong := why_not_plain(copied, "the value"):
        raise ValueError(wrong)
    if (size := len(canonical(copied))) > WRITTEN_BYTES_MAX:
        raise ValueError(f"{size} bytes in one value, at most {WRITTEN_BYTES_MAX}")
    return copied


def _checked(script: Script, plugin_id: str, write: PersonWrite) -> PersonWrite:
    npc_id = NpcId(_text(write.npc_id, "id of a person"))
    if npc_id not in script.people_ids:
        raise ValueError(f"nobody called {npc_id!r} lives here")
    match write:
        case ComponentWrite(_, component, value):
            if component != f"plugin:{plugin_id}":
                raise ValueError(f"component {component!r} is not plugin:{plugin_id}, its own")
            if value is not None and not isinstance(value, Mapping):
                raise TypeError(f"a component is an object, not a {type(value).__name__}")
            return ComponentWrite(npc_id, f"plugin:{plugin_id}", own_json(value))
        case StatChange():
            return _number(script, npc_id, write)
        case Placed(_, location_id):
            place = _text(location_id, "id of a location")
            if place not in script.location_index:
                raise ValueError(f"there is no location {place!r}")
            return Placed(npc_id, place)
    raise TypeError(f"{type(write).__name__} is no effect of a plug-in")


def _number(script: Script, npc_id: NpcId, change: StatChange) -> StatChange:
    """The change of a number that exists in this world, inside that number's own bounds."""
    component = _text(change.component, "component")
    axis = ".".join(_text(part, "path to a number") for part in change.path)
    name, metric = f"{component}.{axis}", script.definition.metrics.at(component, axis)
    place: tuple[str, tuple[str, ...]] = (component, (axis,))
    if metric is None:
        (low, high), start = _scale(name, component, axis), 0.0
    else:
        _check_metric(script, name, metric, change.value)
        low, high, place, start = metric.low, metric.high, metric.place, float(metric.default)
    numbers = (change.value, change.low, change.high)
    if not all(isinstance(one, int | float) and abs(one) <= NUMBER_MAX for one in numbers):
        raise ValueError(f"{numbers} are not three numbers within a billion")
    low, high = max(low, float(change.low)), min(high, float(change.high))
    if low > high:
        raise ValueError(f"{name} is never between {change.low:g} and {change.high:g}")
    return StatChange(npc_id, *place, float(change.value), low, high, adds=True, start=start)


def _scale(name: str, component: str, axis: str) -> tuple[float, float]:
    if component in SCALES and axis in NUMBERS[component]:
        return SCALES[component]
    raise ValueError(f"{name} is no number of this world: a metric is, such as core.affinity")


def _check_metric(script: Script, name: str, metric: Metric, by: object) -> None:
    if metric.is_told or amount_of(metric, by) is None:
        raise ValueError(f"{by!r} cannot be added to {name}")
    if metric.component == "relationships":
        ref, axis = metric.path
        if axis not in RELATIONSHIP_AXES or not script.definition.resolve_ref(ref):
            raise ValueError(f"{ref!r} is nobody of this world")
