"""Who is started again, when, and when it is too much; where worlds live and how far they run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.children import Children
from actors.placement import Placement
from actors.supervision import CHILDREN, ChildSpec, may_restart, recent, restart_delay_s
from actors.supervisor import Supervisor
from messages.admin import ListWorlds
from messages.service import Goal, WorldReport
from simulation.units import Tick, WorldId

SPEC = ChildSpec("clerk", "nobody.Clerk", restarts_max=3, window_s=60, backoff_s=0.5, backoff_max_s=4.0)


@pytest.mark.parametrize(
    ("deaths", "delay"),
    [
        ([0.0], 0.0),
        ([0.0, 1.0], 0.5),
        ([0.0, 1.0, 2.0], 1.0),
        ([0.0, 1.0, 2.0, 3.0], 2.0),
        ([0.0, 1.0, 2.0, 3.0, 4.0], 4.0),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 4.0),
    ],
)
def test_the_first_restart_is_at_once_and_each_further_one_waits_twice_as_long(
    deaths: list[float], delay: float
) -> None:
    assert restart_delay_s(SPEC, deaths, deaths[-1]) == delay


def test_a_child_that_dies_too_often_is_given_up() -> None:
    assert may_restart(SPEC, [0.0, 1.0, 2.0], 2.0)
    assert not may_restart(SPEC, [0.0, 1.0, 2.0, 3.0], 3.0)


def test_old_deaths_are_forgiven() -> None:
    assert recent(SPEC, [0.0, 30.0, 61.0], 61.0) == (30.0, 61.0)
    assert may_restart(SPEC, [0.0, 1.0, 2.0, 61.5], 61.5)


@given(st.lists(st.floats(0, 1e6), max_size=50), st.floats(0, 1e6))
def test_a_delay_is_never_longer_than_the_bound(deaths: list[float], now: float) -> None:
    for spec in CHILDREN:
        assert 0 <= restart_delay_s(spec, deaths, now) <= spec.backoff_max_s


def test_children_are_the_archivist_the_gate_and_the_shards() -> None:
    children = Children.of(2)
    assert list(children.by_name) == ["archivist", "gate", "shard 0", "shard 1"]
    assert children.down() == ["archivist", "gate", "shard 0", "shard 1"]


def test_a_death_is_counted_and_the_address_forgotten() -> None:
    children = Children.of(1)
    shard = children.by_name["shard 0"]
    shard.address, shard.ready = object(), True
    assert children.at(shard.address) is shard
    assert children.died(shard, 10.0) == 0.0
    assert (shard.address, shard.ready, children.restarts()) == (None, False, {"shard 0": 1})


def report(name: str, tick: int = 0) -> WorldReport:
    return WorldReport(
        world_id=WorldId(name),
        name=name,
        status="running",
        shard=0,
        tick=Tick(tick),
        world_time=0.0,
        state_hash="",
        decisions=0,
        decisions_by_tier={},
        people_by_tier={},
        requests=0,
    )


def placed(*names: str, shards: int = 2) -> Placement:
    placement = Placement(shards)
    for name in names:
        placement.place(WorldId(name))
    return placement


def test_worlds_go_to_the_shard_with_the_fewest_and_stay() -> None:
    placement = placed("a", "b", "c", "a")
    assert placement.shard_of == {"a": 0, "b": 1, "c": 0}
    placement.forget(WorldId("a"))
    assert placement.place(WorldId("d")) == 0


def test_a_restarted_shard_adopts_its_worlds_but_not_the_quarantined() -> None:
    placement = placed("a", "b", "c")
    placement.quarantined[WorldId("c")] = "failed"
    assert placement.on_shard(0) == ("a",)


def test_goals_count_from_where_each_world_stands() -> None:
    placement = placed("a", "b")
    placement.hear([report("a", 10), report("b", 5), report("stranger")])
    assert placement.aim(Goal(ticks=7)) == {"a": 17, "b": 12}
    assert placement.aim(Goal(until_tick=100)) == {"a": 100, "b": 100}
    assert placement.aim(Goal(targets={WorldId("a"): Tick(3)}, ticks=1)) == {"a": 3, "b": 6}


def test_a_quarantined_world_is_listed_with_its_reason() -> None:
    placement = placed("a", "b")
    placement.hear([report("a"), report("b")])
    placement.quarantined[WorldId("b")] = "tick 5 failed twice"
    listed = {found.world_id: (found.status, found.because) for found in placement.listed()}
    assert listed == {"a": ("running", ""), "b": ("quarantined", "tick 5 failed twice")}


def test_a_death_counts_until_its_window_is_over() -> None:
    assert recent(CHILDREN[0], (0.0, 0.5), 60.0) == (0.5,)


def test_a_supervisor_that_nobody_opened_says_so_instead_of_that_there_is_no_world(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A client that comes just after a Supervisor's death is given a new one, which knows of nothing."""
    for name in ("die_with_parent", "show_name"):
        monkeypatch.setattr(f"actors.shell.{name}", lambda *_: None)
    supervisor, sent = Supervisor(), []
    monkeypatch.setattr(supervisor, "send", lambda address, message: sent.append((address, message)))
    supervisor.on_client(ListWorlds(ask_id="list"), "client")  # type: ignore[arg-type]
    ((address, refused),) = sent
    assert (address, refused.ask_id, refused.reason) == ("client", "list", "the service is being started")
