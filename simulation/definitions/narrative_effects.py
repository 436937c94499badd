"""What a narrative does when it enters or leaves a node, acts, or takes a choice: parsed and checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulation.definitions.activities import flat_flags
from simulation.definitions.components import check_known
from simulation.definitions.fields import Fields, is_number
from simulation.definitions.metrics import Metric, Metrics, Value, amount_of
from simulation.definitions.problems import Problem, shown, unknown_name
from simulation.definitions.sessions import ITEMS_MAX, read_components

EFFECT_KEYS_MAX = 64
"""Flags, items, components or variables of one block of effects."""
INCREMENT_MAX = 1_000_000_000
"""What one increment adds at most, and how far from 0 a counted variable goes."""
CORE = "core"
"""The category that `relationship` speaks of."""
OWN = ("narrative", "pendingDialogue", "pendingActionBlocks")
"""Components that the narratives themselves keep: no effect may write them."""


@dataclass(frozen=True, slots=True)
class NarrativeEffects:
    """Carried out in the order of the fields."""

    path: str
    flags: Mapping[str, Any]
    """Of the player's session; null removes one."""
    world_flags: Mapping[str, Any]
    added: tuple[tuple[Metric, Value], ...]
    """Metrics of the person and what is added: between the two where that is personal, else for everybody."""
    put: tuple[tuple[Metric, Value], ...]
    """The same, put in place."""
    items: Mapping[str, int]
    """More of an item for the player, or fewer."""
    components: Mapping[str, Mapping[str, Any]]
    """Merged into what is personal between the two."""
    variables: Mapping[str, Any]
    increments: Mapping[str, float]

    @property
    def any(self) -> bool:
        blocks = (self.flags, self.world_flags, self.added, self.put, self.items, self.components)
        return any((*blocks, self.variables, self.increments))


def read_effects(
    fields: Fields, key: str, variables: Mapping[str, Any], metrics: Metrics
) -> NarrativeEffects:
    """The block under `key`; without one it does nothing. `variables` are those the program declares,
    as they begin."""
    block = fields.within(key)
    found = NarrativeEffects(
        path=block.path,
        flags=flat_flags(block.flags("flags")),
        world_flags=flat_flags(block.flags("worldFlags")),
        added=(
            *_metrics(block.within("relationship"), metrics, amount_of, f"{CORE}."),
            *_metrics(block.within("metrics"), metrics, amount_of),
        ),
        put=tuple(_metrics(block.within("setMetrics"), metrics, Metric.converted)),
        items={
            item: block.within("items").whole(item, -ITEMS_MAX, ITEMS_MAX, 0)
            for item, _ in block.within("items").entries()
        },
        components=_components(block.within("components"), metrics),
        variables=_declared(block, "variables", variables),
        increments=_increments(block, variables),
    )
    for name in ("flags", "worldFlags", "items", "components", "metrics", "setMetrics"):
        count = len(block.mapping(name))
        if count > EFFECT_KEYS_MAX:
            block.refuse(block.at(name), count, f"has {count} keys", f"at most {EFFECT_KEYS_MAX}")
    block.done()
    return found


def _metrics(
    block: Fields, metrics: Metrics, meant: Callable[[Metric, object], Value | None], prefix: str = ""
) -> Iterator[tuple[Metric, Value]]:
    """(metric, value) of each key; with a prefix, of the metrics that begin with it."""
    for key, given in block.entries():
        metric = metrics.find(f"{prefix}{key}")
        if metric is None:
            known = [name.removeprefix(prefix) for name in metrics.names if name.startswith(prefix)]
            block.problems.append(unknown_name(block.at(key), key, known, "metric"))
            continue
        value = meant(metric, given)
        if value is None:
            message = f"is {shown(given)}, no value for {metric.name}"
            block.refuse(block.at(key), given, message, "a number" if metric.is_numeric else metric.allowed)
        elif metric.is_told:
            block.refuse(block.at(key), given, "is decided by the world", "another metric")
        else:
            yield metric, value


def _components(block: Fields, metrics: Metrics) -> dict[str, Mapping[str, Any]]:
    found = dict(read_components(block))
    for name, value in found.items():
        if name in OWN:
            block.refuse(block.at(name), value, "is kept by the narratives themselves", "another component")
    check_known(found, block.path, metrics, block.problems)
    return found


def _declared(block: Fields, key: str, variables: Collection[str]) -> dict[str, Any]:
    found = block.mapping(key)
    for name in found:
        if name not in variables:
            where = block.within(key).at(name)
            block.problems.append(unknown_name(where, name, variables, "variable of the program"))
    return found


def _increments(block: Fields, variables: Mapping[str, Any]) -> dict[str, float]:
    inner = block.within("increment")
    for name in _declared(block, "increment", variables):
        begins = variables.get(name)
        if begins is not None and not is_number(begins):
            message = f"adds to a variable that begins as {shown(begins)}"
            problem = Problem(inner.at(name), begins, message, "a number to begin with", warning=True)
            block.problems.append(problem)
    return {name: inner.number(name, -INCREMENT_MAX, INCREMENT_MAX) for name, _ in inner.entries()}
