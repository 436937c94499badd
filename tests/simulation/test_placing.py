"""Where people of a world file begin: as it says, under the caps, and by importance."""

from __future__ import annotations

from typing import Any

import pytest

from simulation.definitions import parse_world
from simulation.opening import create
from simulation.units import Tier

PLENTY = 9


def placed(caps: dict[str, int], *people: tuple[str, int, str | None]) -> dict[str, str]:
    """Person -> tier, of people by (id, importance, the tier the file names)."""
    npcs: list[dict[str, Any]] = [
        {
            "id": name,
            "personality": {"importance": importance},
            "components": {"behavior": {"simulationTier": tier}} if tier else {},
        }
        for name, importance, tier in people
    ]
    tiers = {str(tier): {"maxNpcs": caps.get(tier, PLENTY)} for tier in Tier}
    _, stages = create(parse_world({"id": "w", "meta": {"simulation": {"tiers": tiers}}, "npcs": npcs}, "w"))
    return {name: str(tier) for tier, stage in stages.items() for name in stage.people.ids}


@pytest.mark.parametrize(
    ("caps", "people", "found"),
    [
        pytest.param(
            {"detailed": 1, "active": 1},
            [("a", 50, None), ("b", 90, None), ("c", 70, None)],
            {"b": "detailed", "c": "active", "a": "ambient"},
            id="by importance, from detailed down",
        ),
        pytest.param(
            {"detailed": 1},
            [("b", 5, None), ("a", 5, None)],
            {"a": "detailed", "b": "active"},
            id="ties by id",
        ),
        pytest.param(
            {},
            [("a", 99, "dormant"), ("b", 1, None)],
            {"a": "dormant", "b": "detailed"},
            id="as the file says",
        ),
        pytest.param(
            {"detailed": 1},
            [("a", 99, None), ("b", 1, "detailed")],
            {"b": "detailed", "a": "active"},
            id="what the file says comes before importance",
        ),
        pytest.param(
            {"active": 1},
            [("a", 10, "active"), ("b", 20, "active"), ("c", 5, "active")],
            {"b": "active", "a": "ambient", "c": "ambient"},
            id="the least important go down one, not up",
        ),
        pytest.param(
            {"active": 1, "ambient": 1, "dormant": 1},
            [("a", 40, "active"), ("b", 30, "active"), ("c", 20, "active"), ("d", 10, "active")],
            {"a": "active", "b": "ambient", "c": "dormant", "d": "detailed"},
            id="down as far as there is room, then up",
        ),
        pytest.param(
            {"dormant": 0, "ambient": 1, "detailed": 1},
            [("a", 1, "dormant"), ("b", 2, "dormant"), ("c", 99, None)],
            {"b": "ambient", "a": "active", "c": "detailed"},
            id="from the last one up to the nearest with room",
        ),
    ],
)
def test_people_begin_where_the_file_the_caps_and_their_importance_put_them(caps, people, found) -> None:
    assert placed(caps, *people) == found
