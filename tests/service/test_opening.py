"""Which worlds come back when the actor system had to be started anew."""

from __future__ import annotations

from service.opening import to_open_again
from simulation.units import WorldId

INN, MINE, NEW, OLD = (WorldId(name) for name in ("inn", "mine", "new", "old"))


def test_worlds_that_came_after_the_last_report_come_back_too() -> None:
    assert to_open_again((INN, MINE), (INN, MINE, NEW, OLD), {OLD}) == [INN, MINE, NEW]


def test_a_world_that_was_added_by_its_id_comes_back_once() -> None:
    assert to_open_again((INN, OLD), (INN, OLD), {OLD}) == [INN, OLD]
