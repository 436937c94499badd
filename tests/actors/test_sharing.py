"""One heavy world cannot hold up the others of its shard, and a shard's bound on decisions is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.sharing import DEBT_NS_MAX, QUANTUM_NS, Sharing
from actors.shell import now_ns
from messages.shards import ShardReported
from simulation.units import WorldId
from village import document

MS = 1_000_000
SECOND = 1_000 * MS
HEAVY, LIGHT = WorldId("heavy"), WorldId("light")


def test_a_world_within_its_quantum_always_has_its_turn() -> None:
    sharing = Sharing()
    for _ in range(10):
        assert sharing.turn(LIGHT, alone=False)
        sharing.spent(LIGHT, QUANTUM_NS, 50)


def test_a_world_that_spent_ten_quanta_lets_nine_turns_pass() -> None:
    """The tenth turn finds one quantum of debt left, which is that turn's own."""
    sharing = Sharing()
    assert sharing.turn(HEAVY, alone=False)
    sharing.spent(HEAVY, 10 * QUANTUM_NS, 50)
    assert [sharing.turn(HEAVY, alone=False) for _ in range(10)] == [False] * 9 + [True]


def test_a_world_alone_pays_nothing() -> None:
    sharing = Sharing()
    sharing.spent(HEAVY, 10 * QUANTUM_NS, 50)
    assert sharing.turn(HEAVY, alone=True)
    assert sharing.turn(HEAVY, alone=False)


def test_the_debt_of_one_tick_is_bounded() -> None:
    sharing = Sharing()
    sharing.spent(HEAVY, 3_600 * SECOND, 50)
    turns = 1
    while not sharing.turn(HEAVY, alone=False):
        turns += 1
    assert turns == DEBT_NS_MAX // QUANTUM_NS + 1


@given(st.integers(2, 200), st.integers(2, 20))
def test_two_worlds_that_always_are_due_share_the_time_evenly(heavy_ms: int, light_ms: int) -> None:
    """Turn about: each has its quantum a turn, and is never more than a tick away from that."""
    sharing, costs = Sharing(), {HEAVY: heavy_ms * MS, LIGHT: light_ms * MS}
    spent: Counter[WorldId] = Counter()
    for turns in range(1, 500):
        for world_id, cost in costs.items():
            if sharing.turn(world_id, alone=False):
                sharing.spent(world_id, cost, 1)
                spent[world_id] += cost
            assert abs(spent[world_id] - turns * QUANTUM_NS) <= cost


def test_a_world_that_left_owes_nothing_when_it_comes_back() -> None:
    sharing = Sharing()
    sharing.spent(HEAVY, 10 * QUANTUM_NS, 50)
    sharing.forget(HEAVY)
    assert sharing.turn(HEAVY, alone=False)


def test_turns_that_were_not_used_are_not_saved_up() -> None:
    """Three quanta spent after ten turns: two are owed, so two turns pass."""
    sharing = Sharing()
    for _ in range(10):
        assert sharing.turn(HEAVY, alone=False)
    sharing.spent(HEAVY, 3 * QUANTUM_NS, 50)
    assert [sharing.turn(HEAVY, alone=False) for _ in range(3)] == [False, False, True]


def test_no_bound_lets_everything_through() -> None:
    sharing = Sharing()
    sharing.spent(LIGHT, MS, 1_000_000)
    assert sharing.free_at_ns(5) == 5
    assert sharing.trouble == ""


def test_a_bound_of_a_hundred_a_second_frees_one_decision_every_ten_milliseconds() -> None:
    sharing = Sharing(100)
    assert sharing.free_at_ns(0) == 0
    sharing.spent(LIGHT, MS, 100)
    assert sharing.free_at_ns(0) == 10 * MS + 1
    assert sharing.trouble == "maxNpcTicksPerSecond 100 is spent: its worlds wait"
    assert sharing.free_at_ns(10 * MS + 1) == 10 * MS + 1


@given(st.lists(st.integers(1, 50), min_size=1, max_size=100), st.integers(1, 1_000))
def test_the_bound_is_kept_over_any_stretch(ticks: list[int], rate: int) -> None:
    """Each tick as early as it may: the decisions before any tick are at most a second's worth to begin
    with, and the rate times the time."""
    sharing, at_ns, made = Sharing(rate), 0, 0
    for npc_ticks in ticks:
        while (free_ns := sharing.free_at_ns(at_ns)) > at_ns:
            at_ns = free_ns
        assert made <= rate + rate * at_ns / SECOND + 1e-6
        sharing.spent(LIGHT, MS, npc_ticks)
        made += npc_ticks


def test_a_world_that_spent_too_much_goes_behind_another_that_is_due(backstage: Any) -> None:
    heavy, light = (
        backstage.running.hosted[backstage.add({**document(1), "id": name})] for name in (HEAVY, LIGHT)
    )
    backstage.running.sharing.spent(HEAVY, 10 * QUANTUM_NS, 1)
    at_ns = now_ns()
    backstage.running.timers.set(("tick", LIGHT), at_ns)
    backstage.running.on_due(heavy, at_ns, at_ns)
    assert (heavy.world.tick, light.world.tick) == (0, 0)
    assert [backstage.running.timers.pop(at_ns)[0][1] for _ in range(2)] == [LIGHT, HEAVY]
    backstage.running.on_due(heavy, at_ns, at_ns)
    assert heavy.world.tick == 1, "nobody else is due"


def test_a_shard_over_its_bound_makes_worlds_wait_and_says_so(backstage: Any) -> None:
    """Sixty people decide in the first tick and one decision a second is allowed: nobody ticks again soon."""
    backstage.running.sharing = Sharing(1)
    for name in ("inn", "mill"):
        backstage.add({**document(60), "id": name})
    backstage.run(5)
    ticks = [hosted.world.tick for hosted in backstage.running.hosted.values()]
    assert sorted(ticks) == [0, 1]
    backstage.running.report(now_ns())
    (trouble,) = backstage.heard(ShardReported)[-1].troubles
    assert trouble == "maxNpcTicksPerSecond 1 is spent: its worlds wait"
