"""Other rules than the definition's: what they keep moves, is saved and is hashed like all of a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from simulation import drive
from simulation.deciding import Decided, Rows
from simulation.definitions import Npc, WorldDefinition
from simulation.opening import create
from simulation.orders import Leave, TierTouch
from simulation.person import Person, Scene
from simulation.population import Population
from simulation.reasoning import Reasons
from simulation.snapshot import encode, parts_of, restore
from simulation.units import GenerationMode, Micros, Tier

Village = Callable[..., WorldDefinition]


class Counting:
    """Everybody counts their decisions and does the first activity."""

    own = ("decisions", "born")

    def opening(self, origin: int, npc: Npc) -> Sequence[float]:
        return 0.0, float(origin)

    def decide(self, scene: Scene, people: Population, rows: Rows, interval: Micros) -> Decided:
        columns = people.columns
        columns.own[rows, 0] += 1.0
        columns.activity[rows] = 0
        columns.due_at[rows] = scene.now + interval
        return Decided(np.zeros(len(rows), dtype=np.int64), ())

    def why(self, person: Person, people: Population, row: int) -> Reasons | None:
        return None


@pytest.fixture
def counted(village: Village) -> tuple[Any, Any]:
    """Thirty people after ten ticks, all in the detailed tier, due every minute of game time."""
    world, stages = create(
        village(30, tiers={"detailed": {"maxNpcs": 100}}), GenerationMode.OFF, mind=Counting()
    )
    for _ in drive.run(world, stages, 10):
        """Made."""
    return world, stages


def test_the_mind_decides_instead_of_the_definition(counted: tuple[Any, Any]) -> None:
    _, stages = counted
    people = stages[Tier.DETAILED].people
    assert sorted(people.columns.own[:30].tolist()) == [[10.0, float(n)] for n in range(30)]
    assert set(people.columns.activity[:30].tolist()) == {0}


def test_what_it_keeps_is_part_of_the_state_hash(counted: tuple[Any, Any]) -> None:
    world, stages = counted
    before = drive.state_hash(world, stages)
    assert before == drive.state_hash_in_full(world, stages)
    stages[Tier.DETAILED].people.columns.own[7, 0] += 1.0
    assert drive.state_hash_in_full(world, stages) != before


def test_it_moves_with_the_person(counted: tuple[Any, Any]) -> None:
    _, stages = counted
    here, there = stages[Tier.DETAILED], stages[Tier.ACTIVE]
    there.touch(TierTouch(come=here.touch(TierTouch(leave=Leave(12, best=False))).left))
    assert (here.count, there.count) == (18, 12)
    born = sorted(
        value for stage in (here, there) for value in stage.people.columns.own[: stage.count, 1].tolist()
    )
    assert born == [float(n) for n in range(30)]


def test_a_snapshot_keeps_it(counted: tuple[Any, Any], village: Village) -> None:
    world, stages = counted
    parts = parts_of(world, {tier: stage.export() for tier, stage in stages.items()})
    definition = village(30, tiers={"detailed": {"maxNpcs": 100}})
    again, restaged = restore(definition, encode(parts), mind=Counting())
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)
    for _ in range(3):
        drive.tick(again, restaged)
        drive.tick(world, stages)
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)


def test_without_one_nothing_is_kept_and_nothing_saved(village: Village) -> None:
    _, stages = create(village(5))
    stage = stages[Tier.DETAILED]
    assert stage.people.columns.own.shape[1] == 0
    assert "own" not in stage.export()["columns"]


def test_a_mind_without_reasons_gives_none(counted: tuple[Any, Any]) -> None:
    _, stages = counted
    stage = stages[Tier.DETAILED]
    shown = stage.shown(stage.people.ids[0], Micros(0), {})
    assert shown is not None
    assert shown["why"] is None
