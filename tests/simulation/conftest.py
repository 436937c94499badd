"""The village as fixtures for tests of the pure core."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulation.definitions import WorldDefinition, parse_world
from village import document


@pytest.fixture
def village_document() -> Callable[..., dict[str, Any]]:
    """`village_document(people, **simulation)`: the village's world file as JSON values."""
    return document


@pytest.fixture
def village() -> Callable[..., WorldDefinition]:
    """`village(people, **simulation)`: the village, parsed."""
    return lambda people, **simulation: parse_world(document(people, **simulation), "village.json")
