"""Requests become jobs and jobs become results, each once, on a real database, Redis and arq."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import pytest
from arq import Retry, create_pool
from arq.constants import in_progress_key_prefix
from sqlalchemy import delete, select

from generation import worker
from generation.backoff import wait_before_next
from generation.events import Handlers, Kind
from generation.gatekeeping import CHORES, Gatekeeper, Step
from generation.providers import Assignment, Providers, Retryable
from generation.queue import JobQueue, deserialize, redis_settings, release_running, running_name, serialize
from generation.template import TemplateProvider
from messages.webhooks import AddWebhook
from persistence import commits, generations, job_metrics, webhooks
from persistence.engine import Database
from persistence.tables import generations as rows
from persistence.tables import webhook_deliveries
from service.embedded.redis import EmbeddedRedis
from simulation.units import GenerationStatus, RequestId
from stored import INN, Store, record, request

T = TypeVar("T")
NAMESPACE = "test"
R1 = RequestId("r1")


@pytest.fixture
def asked(database_url: str) -> Store:
    """The inn has committed requests r1 to r3; its limit is two jobs at once and five waiting."""
    store = Store(database_url)
    store.register()
    store.claim()
    wanted = tuple(request(f"r{n}", made_tick=n) for n in range(1, 4))
    store(lambda db: commits.write(db, [record(1, 3, requests=wanted)]))
    return store


def gate(store: Store, redis: EmbeddedRedis, work: Callable[[Gatekeeper], Awaitable[T]]) -> T:
    """With a new gate, as after a kill."""

    async def whole(db: Database) -> T:
        keeper = Gatekeeper(db, JobQueue(redis.url, NAMESPACE))
        try:
            return await work(keeper)
        finally:
            await keeper.queue.close()

    return store(whole)


def step(store: Store, redis: EmbeddedRedis, *, reconcile: bool = False) -> Step | None:
    return gate(store, redis, lambda keeper: keeper.step(CHORES if reconcile else ()))


def statuses(store: Store) -> dict[str, str]:
    return {row["request_id"]: row["status"] for row in store.rows(select(rows))}


def work_off(store: Store, redis: EmbeddedRedis, *providers: Any) -> None:
    """A real arq worker that stops when the queue is empty."""

    async def whole() -> None:
        await worker.run_worker(
            store.url,
            redis.url,
            NAMESPACE,
            providers=Providers(*(providers or (TemplateProvider(),))),
            burst=True,
        )

    asyncio.run(whole())


def test_the_gate_starts_what_fits_and_the_rest_when_there_is_room(
    asked: Store, redis_server: EmbeddedRedis
) -> None:
    first = step(asked, redis_server)
    assert first is not None
    assert (first.started, first.deferred) == (2, 1)
    assert statuses(asked) == {"r1": "queued", "r2": "queued", "r3": "requested"}
    work_off(asked, redis_server)
    assert statuses(asked) == {"r1": "succeeded", "r2": "succeeded", "r3": "requested"}
    counted = {one.kind: (one.count, one.timed) for one in asked(lambda db: job_metrics.of_world(db, INN))}
    assert counted == {"job:started": (2, 2), "job:completed": (2, 2)}, "the worker stores what it counted"
    step(asked, redis_server)
    work_off(asked, redis_server)
    assert set(statuses(asked).values()) == {"succeeded"}


def test_a_gate_that_starts_over_enqueues_nothing_twice(asked: Store, redis_server: EmbeddedRedis) -> None:
    """Killed between the job and the row: the job has the same id, so Redis takes it once."""

    async def jobs_only(keeper: Gatekeeper) -> None:
        await keeper.queue.enqueue([R1])

    gate(asked, redis_server, jobs_only)
    step(asked, redis_server)
    work_off(asked, redis_server)
    (row,) = [row for row in asked.rows(select(rows)) if row["request_id"] == "r1"]
    assert (row["status"], row["attempts"]) == ("succeeded", 1)


def test_jobs_that_a_wiped_redis_lost_are_enqueued_again(
    asked: Store, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.gatekeeping.LOST_AFTER_S", 0.0)
    step(asked, redis_server)
    redis_server.stop()
    again = EmbeddedRedis.start(redis_server.folder, redis_server.port)
    try:
        found = step(asked, again, reconcile=True)
        assert found is not None
        assert found.requeued == 2
        work_off(asked, again)
        assert statuses(asked)["r1"] == "succeeded"
    finally:
        again.stop()


def test_while_redis_is_away_rows_wait_and_the_gate_says_since_when(
    asked: Store, redis_server: EmbeddedRedis
) -> None:
    redis_server.stop()

    async def try_once(keeper: Gatekeeper) -> str:
        assert await keeper.step(()) is None
        assert 0 < keeper.backoff_s() <= 2
        return keeper.trouble

    assert gate(asked, redis_server, try_once).startswith("Redis is away since ")
    assert set(statuses(asked).values()) <= {"requested", "admitted"}


def test_handlers_hear_of_what_the_gate_ends(
    asked: Store, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """r1 to r3 are past their deadline: each is told once, as cancelled, and not again by the next step."""
    heard: list[tuple[str, str, str]] = []

    class Heard(Handlers):
        def tell(self, kind: Kind, request_id: str, job: Any, **detail: Any) -> None:
            heard.append((kind, request_id, detail["status"]))

    monkeypatch.setattr("generation.gatekeeping.time.time", lambda: 1e12)

    async def twice(keeper: Gatekeeper) -> tuple[int, int]:
        keeper.handlers = Heard()
        first, second = await keeper.step(CHORES), await keeper.step(CHORES)
        assert first is not None
        assert second is not None
        return first.expired, second.expired

    assert gate(asked, redis_server, twice) == (3, 0)
    assert sorted(heard) == [("job:cancelled", name, "expired") for name in ("r1", "r2", "r3")]


def test_what_a_world_gives_up_frees_its_place_and_no_worker_makes_it(
    asked: Store, redis_server: EmbeddedRedis
) -> None:
    """r1 and r2 take both places of the inn; r1 is given up while its job waits, so that r3 starts."""
    heard: list[tuple[str, str, str]] = []

    class Heard(Handlers):
        def tell(self, kind: Kind, request_id: str, job: Any, **detail: Any) -> None:
            if kind == "job:cancelled":
                heard.append((request_id, detail["status"], detail["reason"]))

    step(asked, redis_server)
    asked(lambda db: commits.write(db, [record(2, 4, cancelled={R1: "session s1 has left"})]))

    async def twice(keeper: Gatekeeper) -> Step | None:
        keeper.handlers = Heard()
        keeper.cancelled.extend([R1, RequestId("r2")])
        found = await keeper.step(CHORES)
        await keeper.step(CHORES)
        return found

    found = gate(asked, redis_server, twice)
    assert found is not None
    assert (found.started, found.in_flight) == (1, 2)
    assert heard == [("r1", "cancelled", "session s1 has left")]
    provider = Scripted({"text": "2"}, {"text": "3"})
    work_off(asked, redis_server, provider)
    assert statuses(asked) == {"r1": "cancelled", "r2": "succeeded", "r3": "succeeded"}
    assert provider.calls == 2


def test_handlers_hear_of_what_the_gate_rejects(database_url: str, redis_server: EmbeddedRedis) -> None:
    store = Store(database_url)
    store.register()
    store.claim()
    many = tuple(request(f"r{n}", made_tick=n, waiting_max=2) for n in range(1, 4))
    store(lambda db: commits.write(db, [record(1, 4, requests=many)]))
    heard: list[tuple[str, str, str]] = []

    class Heard(Handlers):
        def tell(self, kind: Kind, request_id: str, job: Any, **detail: Any) -> None:
            heard.append((kind, request_id, detail.get("reason", "")))

    async def once(keeper: Gatekeeper) -> None:
        keeper.handlers = Heard()
        await keeper.step(CHORES)

    gate(store, redis_server, once)
    assert ("job:failed", "r3", "rejected: 2 requests of this world wait already") in heard
    assert [request_id for kind, request_id, _ in heard if kind == "job:failed"] == ["r3"]


def test_what_is_beyond_a_worlds_bound_is_rejected_with_the_reason(
    database_url: str, redis_server: EmbeddedRedis
) -> None:
    store = Store(database_url)
    store.register()
    store.claim()
    many = tuple(request(f"r{n}", made_tick=n, waiting_max=2) for n in range(1, 5))
    store(lambda db: commits.write(db, [record(1, 4, requests=many)]))
    step(store, redis_server, reconcile=True)
    failed = {
        row["request_id"]: row["reason"] for row in store.rows(select(rows)) if row["status"] == "failed"
    }
    assert failed == dict.fromkeys(("r3", "r4"), "rejected: 2 requests of this world wait already")


class Scripted:
    """A provider that does what each attempt's script says."""

    name = "scripted"
    deterministic = False
    kinds = frozenset({"dialogue"})

    def __init__(self, *script: Exception | dict[str, Any]) -> None:
        self.script = list(script)
        self.calls = 0

    async def produce(self, assignment: Assignment) -> Mapping[str, Any]:
        self.calls += 1
        item = self.script.pop(0)
        if isinstance(item, Exception):
            raise item
        return item


def attempt(
    store: Store,
    redis: EmbeddedRedis,
    provider: Any,
    request_id: str = "r1",
    handlers: Handlers | None = None,
) -> None:
    """One run of the job function, as arq calls it."""
    from arq.connections import create_pool

    from generation.queue import redis_settings

    async def whole(db: Database) -> None:
        pool = await create_pool(redis_settings(redis.url))
        try:
            made_by = {"providers": Providers(provider), "handlers": handlers or Handlers()}
            ctx = {"db": db, "redis": pool, "namespace": NAMESPACE, **made_by}
            await worker.produce(ctx, request_id)
        finally:
            await pool.aclose()

    store(whole)


def test_what_was_begun_before_a_rollback_does_not_end_the_request_made_since(
    asked: Store, redis_server: EmbeddedRedis
) -> None:
    """The new branch makes a request of the same id with other params while the old one is being made: the
    late result is ignored, and the new one is made."""
    fresh = request("r1", made_tick=1).model_copy(update={"params": {"activity": "sing"}})
    made: list[str] = []

    async def undone(db: Database) -> None:
        async with db.write() as connection:
            await connection.execute(delete(rows).where(rows.c.request_id == "r1"))
        await commits.write(db, [record(2, 4, requests=(fresh,))])

    class Slow(Scripted):
        async def produce(self, assignment: Assignment) -> Mapping[str, Any]:
            made.append(assignment.params["activity"])
            if len(made) == 1:
                db = await Database.open(asked.url, migrate=False)
                try:
                    await undone(db)
                finally:
                    await db.close()
            return {"text": made[-1]}

    provider = Slow()
    attempt(asked, redis_server, provider)
    assert statuses(asked)["r1"] == "requested"
    attempt(asked, redis_server, provider)
    (row,) = [row for row in asked.rows(select(rows)) if row["request_id"] == "r1"]
    assert (row["status"], row["result"], row["attempts"]) == ("succeeded", {"text": "sing"}, 1)


def test_a_provider_that_asks_for_patience_is_tried_again_later(
    asked: Store, redis_server: EmbeddedRedis
) -> None:
    with pytest.raises(Retry) as retry:
        attempt(asked, redis_server, Scripted(Retryable("rate limit", after_s=7.0)))
    assert retry.value.defer_score == 7000
    assert statuses(asked)["r1"] == "running"
    attempt(asked, redis_server, Scripted({"text": "Hello."}))
    assert statuses(asked)["r1"] == "succeeded"


def test_a_retry_is_told_and_what_came_before_it_is_no_wait_for_a_worker(
    asked: Store, redis_server: EmbeddedRedis
) -> None:
    hook = AddWebhook(ask_id="a", webhook_id="w1", url="http://example.org/", secret="whsec_AAEC")
    asked(lambda db: webhooks.add(db, hook, 0.0))
    handlers = Handlers()
    with pytest.raises(Retry):
        attempt(asked, redis_server, Scripted(Retryable("rate limit", after_s=7.0)), handlers=handlers)
    attempt(asked, redis_server, Scripted({"text": "Hello."}), handlers=handlers)
    told = sorted(row["kind"] for row in asked.rows(select(webhook_deliveries)))
    assert told == ["job:completed", "job:created", "job:retrying", "job:started", "job:started"]
    counted = {kind: (one.count, one.timed) for (_, kind), one in handlers.metrics.counted.items()}
    assert counted == {"job:started": (2, 1), "job:retrying": (1, 0), "job:completed": (1, 1)}


@pytest.mark.parametrize(
    ("attempts", "asked_s", "draw", "wait"),
    [
        (1, None, 0.0, 0.25),  # half of 0.5 s at least
        (1, None, 1.0, 0.5),
        (3, None, 1.0, 2.0),  # 0.5 s, doubled twice
        (8, None, 1.0, 60.0),  # 64 s would be more than the bound
        (8, None, 0.0, 30.0),
        (20, None, 1.0, 60.0),
        (1, 7.0, 0.0, 7.0),
        (8, 7.0, 0.0, 30.0),  # our own wait is longer
        (1, 86_400, 0.0, 3_600.0),
        (1, float("inf"), 0.0, 3_600.0),
        (1, float("nan"), 0.0, 0.25),
        (1, -5.0, 0.0, 0.25),
        (1, "soon", 0.0, 0.25),
    ],
)
def test_waits_double_are_jittered_and_no_shorter_than_asked_for(
    attempts: int, asked_s: Any, draw: float, wait: float
) -> None:
    assert wait_before_next(worker.RETRY_S, attempts, asked_s, draw) == wait


def test_a_provider_that_never_stops_asking_for_patience_ends_the_request_at_its_budget(
    asked: Store, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ATTEMPTS_MAX", 2)
    with pytest.raises(Retry):
        attempt(asked, redis_server, Scripted(Retryable("rate limit")))
    attempt(asked, redis_server, Scripted(Retryable("rate limit")))
    assert asked(lambda db: generations.listing(db, INN, 10))[2].reason == "after 2 attempts: rate limit"
    assert statuses(asked)["r1"] == "failed"


def test_a_provider_that_fails_ends_the_request_with_the_reason(
    asked: Store, redis_server: EmbeddedRedis
) -> None:
    attempt(asked, redis_server, Scripted(ValueError("no such voice")))
    assert asked(lambda db: generations.listing(db, INN, 10))[2].reason == "ValueError: no such voice"
    assert statuses(asked)["r1"] == "failed"


def test_a_reason_that_no_database_holds_is_mended(asked: Store, redis_server: EmbeddedRedis) -> None:
    attempt(asked, redis_server, Scripted(ValueError("no \ud800 and no \0")))
    assert asked(lambda db: generations.listing(db, INN, 10))[2].reason == "ValueError: no ? and no ?"


def test_a_kind_nobody_makes_fails_and_says_what_can_be_made(
    asked: Store, redis_server: EmbeddedRedis
) -> None:
    provider = Scripted()
    provider.kinds = frozenset({"image"})
    attempt(asked, redis_server, provider)
    reason = asked(lambda db: generations.listing(db, INN, 10))[2].reason
    assert "no provider makes 'dialogue'; there are providers for image" in reason


def test_a_request_that_ends_every_worker_is_given_up(
    asked: Store, redis_server: EmbeddedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "ATTEMPTS_MAX", 2)
    for _ in range(2):
        asked(lambda db: generations.begin(db, R1))  # started, and killed
    provider = Scripted()
    attempt(asked, redis_server, provider)
    assert (statuses(asked)["r1"], provider.calls) == ("dead", 0)


def test_a_job_delivered_after_its_end_does_nothing(asked: Store, redis_server: EmbeddedRedis) -> None:
    asked(lambda db: generations.finish(db, [R1], GenerationStatus.SUCCEEDED, result={"text": "first"}))
    provider = Scripted()
    attempt(asked, redis_server, provider)
    attempt(asked, redis_server, provider, "unknown")
    assert provider.calls == 0


def test_jobs_are_json_on_the_wire_and_pickle_is_not_read() -> None:
    job = {"f": "produce", "a": ("r1",), "k": {}}
    assert serialize(job).startswith(b"{")
    with pytest.raises(ValueError, match="not valid UTF-8"):
        deserialize(pickle.dumps(job))


@pytest.mark.parametrize("kind", ["dialogue", "action_block", "scene", "image"])
def test_the_template_provider_makes_the_same_of_the_same(kind: str) -> None:
    assignment = Assignment("r1", "inn", "ada", kind, {"npcName": "Ada", "activity": "Sweep"})

    def make(one: Assignment) -> Any:
        return asyncio.run(TemplateProvider().produce(one))

    other = Assignment("r2", "inn", "ada", kind, {"npcName": "Ada", "activity": "Sweep"})
    assert make(assignment) == make(assignment)
    assert make(assignment)["provider"] == "template"
    assert kind != "dialogue" or make(assignment) != make(other)


def test_jobs_of_a_worker_that_was_killed_may_run_again_at_once(redis_server: EmbeddedRedis) -> None:
    async def released() -> tuple[int, int]:
        pool = await create_pool(redis_settings(redis_server.url))
        try:
            await pool.sadd(running_name("test", 0), "test:r1")  # type: ignore[misc]
            await pool.set(f"{in_progress_key_prefix}test:r1", b"1")
            count = await release_running(pool, "test", 0)
            left = await pool.exists(f"{in_progress_key_prefix}test:r1", running_name("test", 0))
        finally:
            await pool.aclose()
        return count, left

    assert asyncio.run(released()) == (1, 0)
