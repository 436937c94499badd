"""Which worlds come back when the actor system had to be started anew."""

from __future__ import annotations

from service.opening import to_open_again
from simulation.units import Epoch, WorldId

INN, MINE, NEW, OLD = (WorldId(name) for name in ("inn", "mine", "new", "old"))


def at(*named: WorldId, epoch: int = 1) -> dict[WorldId, Epoch]:
    return dict.fromkeys(named, Epoch(epoch))


def test_worlds_that_came_after_the_last_report_come_back_too() -> None:
    assert to_open_again((INN, MINE), at(INN, MINE, NEW, OLD), at(OLD)) == [INN, MINE, NEW]


def test_a_world_that_was_added_by_its_id_comes_back_once() -> None:
    assert to_open_again((INN, OLD), at(INN, OLD), at(OLD)) == [INN, OLD]


def test_a_world_that_was_added_by_its_id_after_the_last_report_comes_back() -> None:
    """Whoever takes a world into service gives it another epoch."""
    assert to_open_again((INN,), {**at(INN), **at(OLD, epoch=2)}, at(OLD)) == [INN, OLD]
