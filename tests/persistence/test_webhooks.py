"""Webhooks: an event and what it tells of are one transaction, delivered once each, kept within bounds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select

from messages.webhooks import KINDS, AddWebhook, ListDeliveries
from persistence import announcing, commits, generations, webhooks
from persistence.announcing import happened
from persistence.inputs import UnknownWorld
from persistence.tables import webhook_deliveries as rows
from persistence.webhooks import NoDelivery, NoWebhook, TooManyWebhooks, Tried
from simulation.units import GenerationStatus, RequestId, WorldId
from stored import Store, record, request

R1 = RequestId("r1")
URL = "https://example.org/hook"


def add(
    store: Store, name: str = "w1", *, kinds: tuple[str, ...] = KINDS, world: str | None = None, at: float = 0
) -> None:
    asked = AddWebhook(
        ask_id="a",
        webhook_id=name,
        url=URL,
        secret="whsec_AAEC",
        kinds=kinds,
        world_id=None if world is None else WorldId(world),
    )
    store(lambda db: webhooks.add(db, asked, at))


@pytest.fixture
def asked(inn: Store) -> Store:
    """r1 waits."""
    inn(lambda db: commits.write(db, [record(1, 1, requests=(request("r1"),))]))
    return inn


def told(store: Store, *columns: str) -> list[Any]:
    found = store.rows(select(rows).order_by(rows.c.created_at, rows.c.kind, rows.c.webhook_id))
    return [tuple(row[name] for name in columns or ("kind",)) for row in found]


def test_every_step_of_a_job_is_told_once_and_a_repeated_one_is_not_told_again(asked: Store) -> None:
    add(asked)
    for _ in range(2):
        asked(lambda db: generations.move(db, [R1], GenerationStatus.QUEUED))
        asked(lambda db: generations.finish(db, [RequestId("r2")], GenerationStatus.FAILED))
    asked(lambda db: generations.begin(db, R1))
    for _ in range(2):
        asked(lambda db: generations.finish(db, [R1], GenerationStatus.FAILED, reason="so"))
    assert told(asked) == [("job:created",), ("job:started",), ("job:failed",)]
    body = json.loads(told(asked, "body")[-1][0])
    assert body["type"] == "job:failed"
    assert body["data"] == {
        "requestId": "r1",
        "worldId": "inn",
        "sessionId": None,
        "userId": None,
        "jobKind": "dialogue",
        "attempt": 1,
        "status": "failed",
        "reason": "so",
    }


def test_a_worker_quicker_than_the_gate_tells_that_the_job_was_created(asked: Store) -> None:
    add(asked)
    asked(lambda db: generations.begin(db, R1))
    asked(lambda db: generations.move(db, [R1], GenerationStatus.QUEUED))
    assert sorted(told(asked)) == [("job:created",), ("job:started",)]


def test_each_attempt_is_an_event_of_its_own(asked: Store) -> None:
    add(asked, kinds=("job:started", "job:retrying"))
    for _ in range(2):
        job = asked(lambda db: generations.begin(db, R1))
        assert job is not None
        event = happened("job:retrying", job, 0.0, {"reason": "busy"})
        asked(lambda db, event=event: announcing.tell(db, event))
        asked(lambda db, event=event: announcing.tell(db, event))
    kinds = [kind for (kind,) in told(asked)]
    assert sorted(kinds) == ["job:retrying"] * 2 + ["job:started"] * 2
    assert len({name for (name,) in told(asked, "event_id")}) == 4


def test_what_is_made_again_after_a_rollback_is_another_event() -> None:
    """Its row is another, with the same request id."""
    of = {"request_id": R1, "world_id": WorldId("inn"), "npc_id": None, "kind": "dialogue", "params": {}}
    first, same, again = (
        happened("job:started", generations.Job(**of, attempts=1, committed_at=at), now).event_id
        for at, now in ((5.0, 6.0), (5.0, 7.0), (9.0, 9.5))
    )
    assert first == same
    assert again != first


def test_what_nobody_began_in_time_is_told_as_cancelled(asked: Store) -> None:
    add(asked)
    assert len(asked(lambda db: generations.lapsed(db, 4e9, 10))) == 1
    assert told(asked) == [("job:cancelled",)]


def test_what_a_world_gives_up_is_told_as_cancelled_with_its_commit(asked: Store) -> None:
    add(asked)
    for _ in range(2):
        gone = {R1: "the player left", RequestId("r9"): "nobody asked"}
        asked(lambda db, gone=gone: commits.write(db, [record(2, 2, cancelled=gone)]))
    assert told(asked) == [("job:cancelled",)]
    data = json.loads(told(asked, "body")[0][0])["data"]
    assert (data["requestId"], data["status"], data["reason"]) == ("r1", "cancelled", "the player left")


def test_whoever_comes_after_a_job_was_cancelled_is_not_told_of_it(asked: Store) -> None:
    asked(lambda db: commits.write(db, [record(2, 2, cancelled={R1: "the player left"})]))
    add(asked)
    asked(lambda db: commits.write(db, [record(3, 3, cancelled={R1: "the player left"})]))
    assert told(asked) == []


@pytest.mark.parametrize(
    ("kinds", "world", "count"),
    [
        (KINDS, None, 1),
        (("job:failed",), "inn", 1),
        (("job:completed",), None, 0),
    ],
)
def test_a_webhook_hears_of_its_kinds_and_its_world(
    asked: Store, kinds: tuple[str, ...], world: str | None, count: int
) -> None:
    add(asked, kinds=kinds, world=world)
    asked(lambda db: generations.finish(db, [R1], GenerationStatus.DEAD))
    assert len(told(asked)) == count


def test_a_webhook_of_another_world_hears_nothing(asked: Store) -> None:
    add(asked, world="inn")
    stranger = generations.Job(R1, WorldId("mill"), None, "dialogue", {}, 1)
    asked(lambda db: announcing.tell(db, happened("job:started", stranger, 0.0)))
    assert told(asked) == []


def test_two_webhooks_get_one_event_each_under_one_id(asked: Store) -> None:
    add(asked, "w1")
    add(asked, "w2")
    asked(lambda db: generations.finish(db, [R1], GenerationStatus.SUCCEEDED, result={}))
    (first, one), (second, two) = told(asked, "webhook_id", "event_id")
    assert (first, second) == ("w1", "w2")
    assert one == two


def test_a_change_that_is_undone_tells_nobody(asked: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outbox and the row are one transaction: both or neither."""
    add(asked)

    async def fails(*_: Any) -> None:
        await announcing.announce(*_)
        raise RuntimeError("killed before the commit")

    monkeypatch.setattr(generations, "announce", fails)
    with pytest.raises(RuntimeError):
        asked(lambda db: generations.finish(db, [R1], GenerationStatus.FAILED))
    assert told(asked) == []
    assert asked(generations.counts) == {"inn": {"requested": 1}}


def waiting(store: Store, count: int, name: str = "w1") -> None:
    """So many deliveries, due and made one second after the other from 0 on: d0, d1, ..."""

    async def write(db: Any) -> None:
        values = {"event_id": "", "kind": "job:failed", "world_id": "inn", "body": "{}", "error": ""}
        made = [
            {
                **values,
                "id": f"{name}-d{n}",
                "webhook_id": name,
                "event_id": f"e{n}",
                "status": "pending",
                "attempts": 0,
                "next_at": float(n),
                "created_at": float(n),
            }
            for n in range(count)
        ]
        async with db.write() as connection:
            await connection.execute(rows.insert(), made)

    store(write)


def names_due(store: Store, now: float, **given: Any) -> list[str]:
    asked = {"each": 2, "most": 10, "without": (), "under_way": (), **given}
    return [one.id for one in store(lambda db: webhooks.due(db, now, **asked))]


def test_what_is_due_comes_from_each_webhook_in_turn(store: Store) -> None:
    for name, count in (("w1", 3), ("w2", 2)):
        add(store, name)
        waiting(store, count, name)
    assert names_due(store, 9.0) == ["w1-d0", "w2-d0", "w1-d1", "w2-d1"]
    assert names_due(store, 0.0) == ["w1-d0", "w2-d0"]
    assert names_due(store, 9.0, most=3) == ["w1-d0", "w2-d0", "w1-d1"]
    assert names_due(store, 9.0, without=("w2",), under_way=("w1-d0",)) == ["w1-d1", "w1-d2"]


def test_what_became_of_an_attempt_is_in_the_log_and_can_be_asked_for_again(store: Store) -> None:
    add(store)
    waiting(store, 3)
    ends = [
        Tried("w1-d0", "delivered", 1, 5.0, 5.0, 200, ""),
        Tried("w1-d1", "dead", 30, 6.0, 6.0, 500, "HTTP 500"),
        Tried("w1-d2", "pending", 2, 70.0, None, None, "no answer"),
    ]
    store(lambda db: webhooks.note(db, ends))

    def log(**asked: Any) -> Any:
        return store(lambda db: webhooks.log(db, ListDeliveries(ask_id="a", **asked)))

    assert [row.delivery_id for row in log().rows] == ["w1-d2", "w1-d1", "w1-d0"]
    (dead,) = log(status="dead").rows
    assert (dead.attempts, dead.response, dead.error, dead.next_at, dead.ended_at) == (
        30,
        500,
        "HTTP 500",
        None,
        6.0,
    )
    page = log(limit=2)
    assert (len(page.rows), page.next) == (2, 2)
    assert (len(log(limit=2, start=2).rows), log(limit=2, start=2).next) == (1, None)
    (listed,) = store(webhooks.listing)
    assert (listed.pending, listed.delivered, listed.dead, listed.dropped) == (1, 1, 1, 0)

    store(lambda db: webhooks.resend(db, "w1-d1", 8.0))
    (again,) = [row for row in log(status="pending").rows if row.delivery_id == "w1-d1"]
    assert (again.attempts, again.next_at, again.created_at) == (0, 8.0, 8.0)
    store(lambda db: webhooks.note(db, [Tried("w1-d0", "dead", 9, 9.0, 9.0, None, "late")]))
    assert log(status="delivered").rows[0].delivery_id == "w1-d0", "an end is an end"


def test_the_log_is_kept_for_a_while_and_within_a_bound_that_counts_what_was_never_sent(store: Store) -> None:
    """Of ten, the two ended before 6 s go, then the oldest beyond five: three, two of them never sent."""
    add(store)
    waiting(store, 10)
    ended = [
        Tried("w1-d0", "delivered", 1, 5.0, 5.0, 200, ""),
        Tried("w1-d1", "dead", 30, 5.9, 5.9, 500, ""),
        Tried("w1-d3", "dead", 30, 6.0, 6.0, 500, ""),
    ]
    store(lambda db: webhooks.note(db, ended))
    assert store(lambda db: webhooks.forget(db, 6.0, 10, 100)) == 2
    assert store(lambda db: webhooks.forget(db, 6.0, 5, 2)) == 2, "no more than it may at once"
    assert store(lambda db: webhooks.forget(db, 6.0, 5, 100)) == 1
    assert [name for (name,) in told(store, "id")] == [f"w1-d{n}" for n in range(5, 10)]
    assert store(webhooks.listing)[0].dropped == 2
    assert store(lambda db: webhooks.forget(db, 6.0, 5, 100)) == 0


def test_what_is_too_old_is_dead_with_the_reason_of_its_last_attempt(store: Store) -> None:
    add(store)
    waiting(store, 3)
    store(lambda db: webhooks.note(db, [Tried("w1-d1", "pending", 4, 99.0, None, 500, "HTTP 500")]))
    assert store(lambda db: webhooks.give_up(db, 2.0, 50.0, 100)) == 2
    found = told(store, "status", "ended_at", "error")
    assert found == [
        ("dead", 50.0, "it waited for too long"),
        ("dead", 50.0, "HTTP 500"),
        ("pending", None, ""),
    ]


def test_webhooks_are_bounded_and_the_same_ask_adds_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOKS_MAX", 2)
    add(store, "w1", at=1)
    add(store, "w1", at=2)
    add(store, "w2", at=3)
    with pytest.raises(TooManyWebhooks, match="2 webhooks"):
        add(store, "w3")
    assert [(one.webhook_id, one.created_at) for one in store(webhooks.listing)] == [("w1", 1), ("w2", 3)]


def test_what_is_not_there_is_refused(store: Store) -> None:
    add(store, "w1")
    waiting(store, 1)
    with pytest.raises(UnknownWorld, match="mill"):
        add(store, "w2", world="mill")
    with pytest.raises(NoWebhook, match="allowed: w1"):
        store(lambda db: webhooks.remove(db, "w2"))
    with pytest.raises(NoWebhook, match="no webhook"):
        store(lambda db: webhooks.log(db, ListDeliveries(ask_id="a", webhook_id="w2")))
    with pytest.raises(NoDelivery, match="d9"):
        store(lambda db: webhooks.resend(db, "d9", 0.0))
    store(lambda db: webhooks.remove(db, "w1"))
    assert told(store) == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "example.org",
        "http://",
        "https://user:word@example.org/",
        "https://example.org/#there",
        "https://example.org/a b",
        "https://example.org/\r\nHost: other",
        "https://example.org:99999/",
        "https://exämple.org/",
        "http://example.org/" + "a" * 2_000,
    ],
)
def test_only_a_url_that_can_be_posted_to_is_taken(url: str) -> None:
    with pytest.raises(ValidationError):
        AddWebhook(ask_id="a", webhook_id="w1", url=url, secret="whsec_AAEC")


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValidationError, match="did you mean 'job:failed'"):
        AddWebhook(ask_id="a", webhook_id="w1", url=URL, secret="s", kinds=("job:faild",))
