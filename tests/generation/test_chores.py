"""The gate's chores: each when its plan says so, and no more of it than its budget."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import pytest

from actors import generation_gate
from actors.generation_gate import GenerationGate
from generation import gatekeeping
from generation.gatekeeping import CHORES, EXPIRY, OVERFLOW, RETRIES, Gatekeeper, Step
from generation.queue import WAIT_S, JobQueue
from messages.generation import RequestsCommitted
from persistence.engine import DatabaseAway
from persistence.generations import OpenRow
from simulation.gate import InFlight
from simulation.housekeeping import Chore, Failed, Housekeeping
from simulation.units import Band, GenerationStatus, RequestId, WorldId


@pytest.mark.parametrize("wanted", [(), (EXPIRY,), (OVERFLOW,), (RETRIES,), (EXPIRY, RETRIES), CHORES])
def test_a_step_does_the_chores_it_is_asked_for_within_their_budgets(
    monkeypatch: pytest.MonkeyPatch, wanted: Collection[Chore]
) -> None:
    """Nothing is found, so the database is asked, with the bound, by those chores alone."""
    asked: list[tuple[str, int]] = []

    def answers(name: str) -> Any:
        async def none(*given: Any) -> tuple[()]:
            asked.append((name, given[-1]))
            return ()

        return none

    for name in ("lapsed", "overflow", "started"):
        monkeypatch.setattr(gatekeeping.generations, name, answers(name))

    async def none_lost(ids: list[str]) -> tuple[()]:
        assert ids == []
        return ()

    keeper = Gatekeeper(None, SimpleNamespace(lost=none_lost))  # type: ignore[arg-type]
    done = asyncio.run(keeper._kept(wanted))
    bounds = {EXPIRY: ("lapsed", 500), OVERFLOW: ("overflow", 500), RETRIES: ("started", 1_000)}
    assert asked == [bounds[chore] for chore in CHORES if chore in wanted]
    assert done == Step(chores=tuple((chore.name, 0) for chore in CHORES if chore in wanted))
    assert {chore: chore.budget for chore in CHORES} == {chore: most for chore, (_, most) in bounds.items()}


def test_the_gate_does_its_chores_every_two_seconds_however_often_it_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All at once at 100 s, then at 102 s; those that used up their budget came at 100.2 s."""
    clock = SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(generation_gate, "time", clock)
    asked: list[tuple[float, list[str]]] = []
    gate = GenerationGate.__new__(GenerationGate)
    gate.keeper = SimpleNamespace(step=tuple)  # type: ignore[assignment]
    gate.stepping = gate.again = False
    gate.housekeeping = Housekeeping(CHORES, 100.0)

    def in_background(due: Any, _: str) -> None:
        asked.append((clock.now, [chore.name for chore in due]))
        busy = clock.now == 100.0
        gate.on_stepped(
            Step(chores=tuple((chore.name, chore.budget if busy and chore is EXPIRY else 0) for chore in due))
        )

    monkeypatch.setattr(gate, "in_background", in_background)
    for clock.now in (100.0, 100.1, 100.25, 101.9, 102.0, 102.1, 102.3):
        gate.step()
    names = [chore.name for chore in CHORES]
    assert asked == [
        (100.0, names),
        (100.1, []),
        (100.25, [EXPIRY.name]),
        (101.9, []),
        (102.0, names[1:]),
        (102.1, []),
        (102.3, [EXPIRY.name]),
    ]


def row(name: str, **more: Any) -> OpenRow:
    found: dict[str, Any] = {"user_id": None, "band": Band.AMBIENT, "made_tick": 1, "lockstep": False}
    found |= {"expires_at": 0.0, "moved_at": 100.0, "status": GenerationStatus.QUEUED, "limits": {}}
    return OpenRow(request_id=RequestId(name), world_id=WorldId("inn"), **{**found, **more})


def test_a_world_says_how_much_is_under_way_for_it_and_for_each_of_its_users() -> None:
    waiter = gatekeeping._waiter(
        row("r", user_id="ann", limits={"perWorldInFlight": 7, "perUserInFlight": 3})
    )
    assert (waiter.per_world, waiter.per_user) == (7, 3)


def test_a_job_is_looked_for_when_it_is_a_second_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 101.5 s the one of 100 s is; the one of 101 s may be on its way to Redis."""
    monkeypatch.setattr(gatekeeping, "time", SimpleNamespace(time=lambda: 101.5))

    async def started(*_: Any) -> list[OpenRow]:
        return [row("old", moved_at=100.0), row("new", moved_at=101.0)]

    monkeypatch.setattr(gatekeeping.generations, "started", started)
    asked: list[str] = []

    async def lost(ids: list[str]) -> tuple[()]:
        asked.extend(ids)
        return ()

    keeper = Gatekeeper(None, SimpleNamespace(lost=lost))  # type: ignore[arg-type]
    assert asyncio.run(keeper._requeue()) == 0
    assert asked == ["old"]


def test_only_requests_that_end_by_a_rejection_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second was cancelled between being found and being ended."""

    async def overflow(*_: Any) -> list[OpenRow]:
        return [row("first"), row("second")]

    async def finish(*_: Any, **__: Any) -> set[str]:
        return {"first"}

    monkeypatch.setattr(gatekeeping.generations, "overflow", overflow)
    monkeypatch.setattr(gatekeeping.generations, "finish", finish)
    told: list[tuple[str, str]] = []
    handlers = SimpleNamespace(tell=lambda event, name, *_, **__: told.append((event, name)))
    keeper = Gatekeeper(None, None, handlers)  # type: ignore[arg-type]
    asyncio.run(keeper._reject())
    assert told == [("job:failed", "first")]


def test_a_chore_that_raises_keeps_neither_the_others_nor_new_jobs_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = {"perWorldInFlight": 3, "perUserInFlight": 3}

    def answers(*found: OpenRow) -> Any:
        async def read(*_: Any) -> list[OpenRow]:
            return list(found)

        return read

    async def broken(*_: Any) -> list[OpenRow]:
        raise KeyError("deferredMax")

    async def lost(_: Any) -> tuple[RequestId, ...]:
        return (RequestId("z"),)

    monkeypatch.setattr(gatekeeping.generations, "overflow", broken)
    monkeypatch.setattr(gatekeeping.generations, "lapsed", answers())
    monkeypatch.setattr(gatekeeping.generations, "waiting", answers(row("a", limits=limits)))
    monkeypatch.setattr(gatekeeping.generations, "started", answers(row("z", limits=limits)))
    for name in ("move", "requeue"):
        monkeypatch.setattr(gatekeeping.generations, name, answers())
    keeper = Gatekeeper(None, SimpleNamespace(lost=lost, enqueue=answers()))  # type: ignore[arg-type]
    done = asyncio.run(keeper.step(CHORES))
    kept = ((EXPIRY.name, 0), (OVERFLOW.name, Failed("KeyError: 'deferredMax'")), (RETRIES.name, 1))
    assert done == Step(started=1, in_flight=2, requeued=1, chores=kept)


def test_the_gate_notes_a_chore_that_failed_and_does_it_again_in_two_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(generation_gate, "time", SimpleNamespace(monotonic=lambda: 100.0))
    gate = GenerationGate.__new__(GenerationGate)
    gate.keeper, gate.again = None, False
    gate.housekeeping = Housekeeping(CHORES, 100.0)
    gate.on_stepped(Step(chores=((EXPIRY.name, 0), (OVERFLOW.name, Failed("why")), (RETRIES.name, 0))))
    rows = gate.housekeeping.to_json(100.0, 100.0)
    assert [(row["nextRun"], row["failures"], row["because"]) for row in rows] == [
        (102.0, 0, ""),
        (102.0, 1, "why"),
        (102.0, 0, ""),
    ]


def test_a_connection_that_broke_is_closed_before_the_next_try(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    async def close() -> None:
        closed.append("queue")

    async def away(*_: Any) -> list[OpenRow]:
        raise ConnectionError

    monkeypatch.setattr(gatekeeping.generations, "waiting", away)
    keeper = Gatekeeper(None, SimpleNamespace(close=close))  # type: ignore[arg-type]
    assert asyncio.run(keeper.step(())) is None
    assert closed == ["queue"]


def test_a_step_tells_how_many_are_under_way_with_those_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"perWorldInFlight": 3, "perUserInFlight": 3}

    def answers(*found: OpenRow) -> Any:
        async def read(*_: Any) -> list[OpenRow]:
            return list(found)

        return read

    waiting = answers(*(row(name, limits=limits) for name in "abc"))
    monkeypatch.setattr(gatekeeping.generations, "waiting", waiting)
    monkeypatch.setattr(gatekeeping.generations, "started", answers(row("z", limits=limits)))
    monkeypatch.setattr(gatekeeping.generations, "move", answers())
    keeper = Gatekeeper(None, SimpleNamespace(enqueue=answers()))  # type: ignore[arg-type]
    assert asyncio.run(keeper._start(Step())) == Step(started=2, deferred=1, in_flight=3)


def test_after_a_step_that_went_well_waiting_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.1 s doubled three times, then 0.1 s again; half of it at the least."""

    async def nothing(*_: Any) -> list[OpenRow]:
        return []

    monkeypatch.setattr(gatekeeping.generations, "waiting", nothing)
    monkeypatch.setattr(gatekeeping.generations, "started", nothing)
    keeper = Gatekeeper(None, None)  # type: ignore[arg-type]
    keeper._failures = 3
    assert 0.4 <= keeper.backoff_s() <= 0.8
    assert asyncio.run(keeper.step(())) == Step()
    assert 0.05 <= keeper.backoff_s() <= 0.1


def test_jobs_under_way_count_for_their_world_and_for_their_user_if_they_have_one() -> None:
    rows = [row("a", user_id="ann"), row("b", user_id="ann"), row("c")]
    assert gatekeeping._in_flight(rows) == InFlight({WorldId("inn"): 3}, {"ann": 2}, 3)


def test_trouble_says_since_when_however_often_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Away since 100 s after midnight, which is 00:01:40, and again since 300 s, 00:05:00."""
    clock = SimpleNamespace(now=0.0, time=lambda: clock.now, gmtime=time.gmtime, strftime=time.strftime)
    monkeypatch.setattr(gatekeeping, "time", clock)
    away = {100.0, 200.0, 300.0}

    async def none() -> None:
        """Nothing is open."""

    async def rows(*_: Any) -> list[OpenRow]:
        if clock.now in away:
            raise ConnectionError
        return []

    monkeypatch.setattr(gatekeeping.generations, "waiting", rows)
    monkeypatch.setattr(gatekeeping.generations, "started", rows)
    keeper = Gatekeeper(None, SimpleNamespace(close=none))  # type: ignore[arg-type]
    said = []
    for clock.now in (100.0, 200.0, 250.0, 300.0):
        asyncio.run(keeper.step(()))
        said.append(keeper.trouble)
    first, again = (f"Redis is away since 00:0{at} UTC: jobs wait" for at in ("1:40", "5:00"))
    assert said == [first, first, "", again]


def test_one_hint_that_a_result_is_there_takes_the_others_with_it() -> None:
    hints, asked = ["r1", "r2"], []

    async def blpop(names: list[str], timeout: float) -> tuple[str, str] | None:
        asked.append((names, timeout))
        return (names[0], hints.pop(0)) if hints else None

    async def delete(name: str) -> None:
        assert name == "one:done"
        hints.clear()

    queue = JobQueue("redis://localhost", "one")
    queue._pool = SimpleNamespace(blpop=blpop, delete=delete)  # type: ignore[assignment]
    assert [asyncio.run(queue.wait_for_result()) for _ in range(2)] == [True, False]
    assert asked == [(["one:done"], WAIT_S)] * 2


def test_two_services_that_share_a_redis_have_jobs_of_their_own() -> None:
    ids = {JobQueue("redis://localhost", name).job_id(RequestId("w:1")) for name in ("one", "two")}
    assert len(ids) == 2


def test_a_queue_that_was_closed_is_connected_anew() -> None:
    closed: list[str] = []

    async def aclose() -> None:
        closed.append("pool")

    queue = JobQueue("redis://localhost", "one")
    queue._pool = SimpleNamespace(aclose=aclose)  # type: ignore[assignment]
    for _ in range(2):
        asyncio.run(queue.close())
        assert queue._pool is None
    assert closed == ["pool"]


def test_a_job_that_redis_would_not_take_is_admitted_and_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[tuple[Any, ...]] = []

    async def move(_: Any, ids: tuple[str, ...], status: GenerationStatus) -> None:
        moved.append((ids, status))

    async def enqueue(_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(gatekeeping.generations, "move", move)
    keeper = Gatekeeper(None, SimpleNamespace(enqueue=enqueue))  # type: ignore[arg-type]
    with pytest.raises(ConnectionError):
        asyncio.run(keeper._enqueue((RequestId("r1"),)))
    assert moved == [(("r1",), GenerationStatus.ADMITTED)]


def test_the_gate_tells_handlers_what_it_heard_was_given_up_when_the_database_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """r1 of two was being made already, so it is not among the cancelled."""
    gate = GenerationGate.__new__(GenerationGate)
    gate.keeper, gate.cancelled = None, deque()
    heard = RequestsCommitted(world_id=WorldId("inn"), count=0, cancelled=(RequestId("r1"), RequestId("r2")))
    gate.receive(heard, None)  # type: ignore[arg-type]
    told: list[tuple[str, str, str]] = []
    handlers = SimpleNamespace(
        tell=lambda event, name, _, **detail: told.append((event, name, detail["reason"]))
    )
    keeper = Gatekeeper(None, SimpleNamespace(), handlers, gate.cancelled)  # type: ignore[arg-type]

    async def away(*_: Any) -> list[Any]:
        raise DatabaseAway("gone")

    async def found(_: Any, ids: list[str]) -> list[Any]:
        assert ids == ["r1", "r2"]
        return [(row("r2"), "session s1 has left")]

    monkeypatch.setattr(gatekeeping.generations, "cancelled", away)
    with pytest.raises(DatabaseAway):
        asyncio.run(keeper._tell_cancelled())
    monkeypatch.setattr(gatekeeping.generations, "cancelled", found)
    for _ in range(2):
        asyncio.run(keeper._tell_cancelled())
    assert told == [("job:cancelled", "r2", "session s1 has left")]
