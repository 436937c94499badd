"""Who may start a job now: limits in all, per world and per user, in the order they wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.gate import InFlight, Waiter, admit
from simulation.units import RequestId, WorldId


def waiter(
    name: str, world: str = "w", user: str | None = None, per_world: int = 2, per_user: int = 1
) -> Waiter:
    return Waiter(RequestId(name), WorldId(world), user, per_world, per_user)


W = WorldId("w")


@pytest.mark.parametrize(
    ("waiting", "in_flight", "total_max", "start", "deferred"),
    [
        ([], InFlight(), 9, (), {}),
        ([waiter("a"), waiter("b")], InFlight(), 9, ("a", "b"), {}),
        (
            [waiter("a"), waiter("b"), waiter("c")],
            InFlight(),
            9,
            ("a", "b"),
            {"c": "one of its world's 2 jobs ends"},
        ),
        ([waiter("a")], InFlight({W: 2}, {}, 2), 9, (), {"a": "one of its world's 2 jobs ends"}),
        (
            [waiter("a", user="u"), waiter("b", "v", user="u"), waiter("c", "v")],
            InFlight(),
            9,
            ("a", "c"),
            {"b": "one of its user's 1 jobs ends"},
        ),
        ([waiter("a"), waiter("b", "v")], InFlight(), 1, ("a",), {"b": "one of 1 jobs ends"}),
        ([waiter("a"), waiter("a")], InFlight(), 9, ("a",), {}),
    ],
)
def test_the_table_of_who_starts(
    waiting: list[Waiter],
    in_flight: InFlight,
    total_max: int,
    start: tuple[str, ...],
    deferred: dict[str, str],
) -> None:
    verdicts = admit(waiting, in_flight, total_max)
    assert verdicts.start == start
    assert {one.request_id: one.until for one in verdicts.deferred} == deferred


WAITERS = st.lists(
    st.builds(
        waiter,
        st.sampled_from([f"r{n}" for n in range(20)]),
        st.sampled_from(["w", "v", "x"]),
        st.sampled_from([None, "u", "t"]),
        st.integers(1, 4),
        st.integers(1, 3),
    ),
    max_size=30,
    unique_by=lambda one: one.request_id,
)


@given(WAITERS, st.dictionaries(st.sampled_from([W, WorldId("v")]), st.integers(0, 4)), st.integers(0, 12))
def test_no_limit_is_ever_passed_and_everybody_gets_an_answer(
    waiting: list[Waiter], running: dict[WorldId, int], total_max: int
) -> None:
    total = sum(running.values())
    verdicts = admit(waiting, InFlight(running, {}, total), total_max)
    by_id = {one.request_id: one for one in waiting}
    assert len(verdicts.start) <= max(0, total_max - total)
    for one in verdicts.start:
        world = by_id[one].world_id
        started = [by_id[other] for other in verdicts.start[: verdicts.start.index(one) + 1]]
        assert running.get(world, 0) + sum(s.world_id == world for s in started) <= by_id[one].per_world
        user = by_id[one].user_id
        if user is not None:
            assert sum(s.user_id == user for s in started) <= by_id[one].per_user
    assert sorted([*verdicts.start, *(d.request_id for d in verdicts.deferred)]) == sorted(by_id)


@given(WAITERS)
def test_nobody_waits_while_there_is_room(waiting: list[Waiter]) -> None:
    """Whoever is deferred was held by a limit that is full after the starts."""
    verdicts = admit(waiting, InFlight(), 5)
    by_id = {one.request_id: one for one in waiting}
    started = [by_id[one] for one in verdicts.start]
    for held in (by_id[one.request_id] for one in verdicts.deferred):
        world = sum(one.world_id == held.world_id for one in started)
        user = sum(one.user_id == held.user_id for one in started)
        full_user = held.user_id is not None and user >= held.per_user
        assert len(started) >= 5 or world >= held.per_world or full_user
