"""What is left out of the search for reference cycles, and that it is found all the same in the end."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest

from actors.garbage import LEFT_MAX, Lasting, uncollected
from actors.shard import ShardActor
from village import document


class Cycle:
    """Somebody whom only the search can find."""

    alive = 0

    def __init__(self) -> None:
        self.self = self
        Cycle.alive += 1

    def __del__(self) -> None:
        Cycle.alive -= 1


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    gc.collect()
    yield
    gc.unfreeze()
    gc.collect()
    assert Cycle.alive == 0


def test_a_world_that_came_is_looked_through_no_more() -> None:
    lasting, before = Lasting(), gc.get_freeze_count()
    lasting.look(opened=1, here=1)
    assert gc.get_freeze_count() > before
    thing = Cycle()
    frozen = gc.get_freeze_count()
    lasting.look(opened=1, here=1)
    assert gc.get_freeze_count() == frozen, "nobody came, nothing is done"
    del thing


def test_a_shard_looks_through_the_worlds_it_took_no_more(
    backstage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for of_a_process in ("die_with_parent", "show_name"):
        monkeypatch.setattr(f"actors.shell.{of_a_process}", lambda *_: None)
    shard = ShardActor()
    shard.running, shard.adoption = backstage.running, backstage.adoption
    backstage.add(document(1))
    frozen = gc.get_freeze_count()
    shard.turn()
    assert gc.get_freeze_count() > frozen


def test_worlds_that_left_are_found_once_so_many_have() -> None:
    lasting = Lasting()
    things = [Cycle() for _ in range(LEFT_MAX)]
    lasting.look(opened=LEFT_MAX, here=LEFT_MAX)
    things.clear()
    lasting.look(opened=LEFT_MAX + 1, here=2)  # one less than so many left
    assert Cycle.alive == LEFT_MAX
    lasting.look(opened=LEFT_MAX + 2, here=2)
    assert Cycle.alive == 0
    things += [Cycle() for _ in range(LEFT_MAX)]
    lasting.look(opened=LEFT_MAX + 3, here=2)
    things.clear()
    lasting.look(opened=LEFT_MAX + 4, here=2)
    assert Cycle.alive == LEFT_MAX, "those found before count no more"


def test_nothing_is_looked_for_while_much_is_made_and_then_again() -> None:
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled(), "the outer one is not over"
    assert gc.isenabled()
