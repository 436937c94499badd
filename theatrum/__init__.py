"""The public face: what embedders and authors of providers import. Re-exports only.

Loaded on first use, so that the command line starts without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from simulation.definitions import SimulationConfig, WorldDefinition, WorldFileInvalid, parse_world
    from simulation.definitions.metrics import Metric, Metrics, MetricType
    from simulation.sessions import Session

__all__ = [
    "Assignment",
    "Metric",
    "MetricType",
    "Metrics",
    "NoSuchValue",
    "Provider",
    "Retryable",
    "Session",
    "SimulationConfig",
    "WorldDefinition",
    "WorldFileInvalid",
    "add_metric",
    "as_met",
    "get_component",
    "get_metric",
    "has_component",
    "list_components",
    "metadata_of",
    "parse_world",
    "personal",
    "plugin_component",
    "remove_component",
    "set_component",
    "set_metric",
    "tags_of",
    "update_component",
    "validate_components",
    "with_metadata",
    "with_personal",
    "with_tags",
]

_HOMES = {
    "Assignment": "generation.providers",
    "Metric": "simulation.definitions.metrics",
    "MetricType": "simulation.definitions.metrics",
    "Metrics": "simulation.definitions.metrics",
    "NoSuchValue": "simulation.components",
    "Provider": "generation.providers",
    "Retryable": "generation.providers",
    "Session": "simulation.sessions",
    "SimulationConfig": "simulation.definitions",
    "WorldDefinition": "simulation.definitions",
    "WorldFileInvalid": "simulation.definitions",
    "add_metric": "simulation.components",
    "as_met": "simulation.components",
    "get_component": "simulation.components",
    "get_metric": "simulation.components",
    "has_component": "simulation.components",
    "list_components": "simulation.components",
    "metadata_of": "simulation.components",
    "parse_world": "simulation.definitions",
    "personal": "simulation.components",
    "plugin_component": "simulation.components",
    "remove_component": "simulation.components",
    "set_component": "simulation.components",
    "set_metric": "simulation.components",
    "tags_of": "simulation.components",
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
