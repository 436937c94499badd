"""The public face: what embedders and authors of plug-ins import. Re-exports only.

Loaded on first use, so that the command line starts without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generation.events import JobEvent
    from generation.providers import Assignment, Provider, Retryable
    from simulation.components import (
        NoSuchValue,
        add_metric,
        as_met,
        get_component,
        get_metric,
        has_component,
        list_components,
        metadata_of,
        personal,
        plugin_component,
        remove_component,
        set_component,
        set_metric,
        tags_of,
        update_component,
        validate_components,
        with_metadata,
        with_personal,
        with_tags,
    )
    from simulation.custom_effects import change_stat, place, put, set_flag
    from simulation.definitions import (
        Plugins,
        WorldDefinition,
        WorldFileInvalid,
        WorldSimulationConfig,
        parse_world,
    )
    from simulation.definitions.metrics import Metric, Metrics, MetricType
    from simulation.drive import run, state_hash, tick_world
    from simulation.opening import create
    from simulation.plugin_views import PluginView, Somebody
    from simulation.plugins import Chance, Plugin, WorldSystem
    from simulation.sessions import Session

__all__ = [
    "Assignment",
    "Chance",
    "JobEvent",
    "Metric",
    "MetricType",
    "Metrics",
    "NoSuchValue",
    "Plugin",
    "PluginView",
    "Plugins",
    "Provider",
    "Retryable",
    "Session",
    "Somebody",
    "WorldDefinition",
    "WorldFileInvalid",
    "WorldSimulationConfig",
    "WorldSystem",
    "add_metric",
    "as_met",
    "change_stat",
    "create",
    "get_component",
    "get_metric",
    "has_component",
    "list_components",
    "metadata_of",
    "parse_world",
    "personal",
    "place",
    "plugin_component",
    "put",
    "remove_component",
    "run",
    "set_component",
    "set_flag",
    "set_metric",
    "state_hash",
    "tags_of",
    "tick_world",
    "update_component",
    "validate_components",
    "with_metadata",
    "with_personal",
    "with_tags",
]

_HOMES = {
    "Assignment": "generation.providers",
    "Chance": "simulation.plugins",
    "JobEvent": "generation.events",
    "Metric": "simulation.definitions.metrics",
    "MetricType": "simulation.definitions.metrics",
    "Metrics": "simulation.definitions.metrics",
    "NoSuchValue": "simulation.components",
    "Plugin": "simulation.plugins",
    "PluginView": "simulation.plugin_views",
    "Plugins": "simulation.definitions",
    "Provider": "generation.providers",
    "Retryable": "generation.providers",
    "Session": "simulation.sessions",
    "Somebody": "simulation.plugin_views",
    "WorldDefinition": "simulation.definitions",
    "WorldFileInvalid": "simulation.definitions",
    "WorldSimulationConfig": "simulation.definitions",
    "WorldSystem": "simulation.plugins",
    "add_metric": "simulation.components",
    "as_met": "simulation.components",
    "change_stat": "simulation.custom_effects",
    "create": "simulation.opening",
    "get_component": "simulation.components",
    "get_metric": "simulation.components",
    "has_component": "simulation.components",
    "list_components": "simulation.components",
    "metadata_of": "simulation.components",
    "parse_world": "simulation.definitions",
    "personal": "simulation.components",
    "place": "simulation.custom_effects",
    "plugin_component": "simulation.components",
    "put": "simulation.custom_effects",
    "remove_component": "simulation.components",
    "run": "simulation.drive",
    "set_component": "simulation.components",
    "set_flag": "simulation.custom_effects",
    "set_metric": "simulation.components",
    "state_hash": "simulation.drive",
    "tags_of": "simulation.components",
    "tick_world": "simulation.drive",
    "update_component": "simulation.components",
    "validate_components": "simulation.components",
    "with_metadata": "simulation.components",
    "with_personal": "simulation.components",
    "with_tags": "simulation.components",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"theatrum has no {name}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """What there is to find, loaded yet or not."""
    return list(__all__)
