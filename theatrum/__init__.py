"""The public face: what embedders and authors of providers import. Re-exports only.

Loaded on first use, so that the command line starts without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generation.providers import Assignment, Provider, Retryable
    from simulation.definitions import SimulationConfig, WorldDefinition, WorldFileInvalid, parse_world

__all__ = [
    "Assignment",
    "Provider",
    "Retryable",
    "SimulationConfig",
    "WorldDefinition",
    "WorldFileInvalid",
    "parse_world",
]

_HOMES = {
    "Assignment": "generation.providers",
    "Provider": "generation.providers",
    "Retryable": "generation.providers",
    "SimulationConfig": "simulation.definitions",
    "WorldDefinition": "simulation.definitions",
    "WorldFileInvalid": "simulation.definitions",
    "parse_world": "simulation.definitions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"theatrum has no {name}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)
