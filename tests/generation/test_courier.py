"""The courier: what becomes of a delivery, how long an endpoint is left alone, and who waits for whom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from generation.backoff import wait_before_next
from generation.courier import ATTEMPTS_MAX, DELIVERIES, RETRY_S, Courier, Pause, judged, paused
from generation.posting import Posted, answered, asked_wait_s, post
from persistence.engine import Database
from persistence.tables import webhook_deliveries, webhooks
from persistence.webhooks import Due, Tried
from stored import Store

SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
TAKEN, BROKEN = Posted(200), Posted(500, "HTTP 500")


@pytest.mark.parametrize(
    ("attempts", "asked_s", "draw", "wait_s"),
    [
        (1, None, 1.0, 1.0),
        (1, None, 0.0, 0.5),
        (4, None, 1.0, 8.0),
        (12, None, 1.0, 2_048.0),
        (13, None, 1.0, 3_600.0),
        (30, None, 0.0, 1_800.0),
        (2_000, None, 1.0, 3_600.0),
        (1, 20.0, 1.0, 20.0),
        (6, 20.0, 1.0, 32.0),
        (1, 9_999.0, 1.0, 3_600.0),
    ],
)
def test_the_wait_doubles_up_to_an_hour_and_is_no_shorter_than_asked(
    attempts: int, asked_s: float | None, draw: float, wait_s: float
) -> None:
    assert wait_before_next(RETRY_S, attempts, asked_s, draw) == wait_s


def due(attempts: int = 0) -> Due:
    return Due("d1", "w1", "evt_1", "http://h/", SECRET, "{}", attempts, 0.0)


@pytest.mark.parametrize(
    ("attempts", "said", "tried"),
    [
        (0, Posted(204), Tried("d1", "delivered", 1, 100.0, 100.0, 204, "")),
        (0, BROKEN, Tried("d1", "pending", 1, 101.0, None, 500, "HTTP 500")),
        (2, Posted(429, "HTTP 429", "60"), Tried("d1", "pending", 3, 160.0, None, 429, "HTTP 429")),
        (ATTEMPTS_MAX - 2, BROKEN, Tried("d1", "pending", 29, 3_700.0, None, 500, "HTTP 500")),
        (ATTEMPTS_MAX - 1, BROKEN, Tried("d1", "dead", 30, 100.0, 100.0, 500, "HTTP 500")),
        (ATTEMPTS_MAX - 1, TAKEN, Tried("d1", "delivered", 30, 100.0, 100.0, 200, "")),
    ],
)
def test_a_delivery_is_taken_or_tried_again_or_dead(attempts: int, said: Posted, tried: Tried) -> None:
    assert judged(due(attempts), said, 100.0, 1.0) == tried


@pytest.mark.parametrize(
    ("before", "asked_s", "after"),
    [
        (None, None, Pause(1, 101.0)),
        (Pause(1, 100.0), None, Pause(2, 102.0)),
        (Pause(1, 100.5), None, Pause(1, 101.0)),
        (Pause(9, 100.0), None, Pause(10, 160.0)),
        (None, 600.0, Pause(1, 700.0)),
        (None, 99_999.0, Pause(1, 3_700.0)),
        (Pause(1, 900.0), None, Pause(1, 900.0)),
    ],
)
def test_an_endpoint_that_fails_is_left_alone(
    before: Pause | None, asked_s: float | None, after: Pause
) -> None:
    """What was under way to it together, so before its pause is over, is one failure."""
    assert paused(before, asked_s, 100.0, 1.0) == after


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", TAKEN),
        (b"HTTP/1.0 204\r\n\r\n", Posted(204)),
        (b"HTTP/1.1 503 Away\r\nRetry-After: 7\r\n\r\n", Posted(503, "HTTP 503", "7")),
        (
            b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
            Posted(302, "HTTP 302: redirects are not followed"),
        ),
        (b"SSH-2.0-x\r\n\r\n", Posted(None, "no HTTP answer: 'SSH-2.0-x'")),
        (b"HTTP/1.1 abc\r\n\r\n", Posted(None, "no HTTP answer: 'HTTP/1.1 abc'")),
    ],
)
def test_the_head_of_an_answer_says_what_became_of_it(head: bytes, said: Posted) -> None:
    assert answered(head) == said


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("", None),
        ("soon", None),
        ("-5", None),
        ("120", 120.0),
        ("Thu, 01 Jan 1970 00:02:00 GMT", 20.0),
        ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, wait_s: float | None) -> None:
    assert asked_wait_s(header, 100.0) == wait_s


def test_a_post_is_whole_and_its_answer_is_read() -> None:
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(4))
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n")
        await writer.drain()
        writer.close()

    async def whole() -> Posted:
        server = await asyncio.start_server(hear, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            said = await post(f"http://127.0.0.1:{port}/in?a=1", {"x-id": "7"}, b"body")
        assert heard == [
            f"POST /in?a=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nx-id: 7\r\n"
            "Content-Length: 4\r\nConnection: close\r\n\r\nbody".encode()
        ]
        return said

    assert asyncio.run(whole()) == Posted(202)


def test_nobody_there_is_an_error_and_no_exception() -> None:
    async def whole() -> Posted:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        return await post(f"http://127.0.0.1:{port}/", {}, b"")

    said = asyncio.run(whole())
    assert said.status is None
    assert said.error.startswith("ConnectionRefusedError")


# -- a courier with deliveries of several webhooks

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[Posted]]


def courier(tmp_path: Path, waiting: Mapping[str, int], work: Callable[[Database], Awaitable[Any]]) -> Any:
    """`waiting`: how many deliveries of each webhook, which is named by its URL's host, are due."""

    async def whole(db: Database) -> Any:
        async with db.write() as connection:
            for name, count in waiting.items():
                hook = {"id": name, "url": f"http://{name}/", "secret": SECRET, "kinds": []}
                await connection.execute(insert(webhooks).values(**hook, created_at=0.0, dropped=0))
                rows = [
                    {
                        "id": f"{name}{n}",
                        "webhook_id": name,
                        "event_id": f"evt_{n}",
                        "kind": "job:failed",
                        "world_id": "inn",
                        "body": "{}",
                        "status": "pending",
                        "attempts": 0,
                        "next_at": float(n),
                        "error": "",
                        "created_at": float(n),
                    }
                    for n in range(count)
                ]
                await connection.execute(insert(webhook_deliveries), rows)
        return await work(db)

    return Store(f"sqlite:///{tmp_path / 'store.db'}")(whole)


async def standing(db: Database) -> dict[str, tuple[str, int]]:
    columns = webhook_deliveries.c
    async with db.read() as connection:
        rows = await connection.execute(select(columns.id, columns.status, columns.attempts))
        return {row.id: (row.status, row.attempts) for row in rows}


def test_an_endpoint_that_never_answers_holds_up_no_other(tmp_path: Path) -> None:
    """Four at once go to the one that hangs, while all nine of the other arrive."""
    asked: list[str] = []

    async def hangs(url: str, *_: Any) -> Posted:
        asked.append(url)
        if url == "http://mute/":
            await asyncio.Event().wait()
        return TAKEN

    async def work(db: Database) -> Any:
        done = await Courier(db, hangs).run((DELIVERIES,))
        return done, await standing(db)

    done, stands = courier(tmp_path, {"mute": 9, "well": 9}, work)
    assert done == ((DELIVERIES.name, 13),)
    assert asked.count("http://mute/") == 4
    assert {stands[f"well{n}"] for n in range(9)} == {("delivered", 1)}
    assert {stands[f"mute{n}"] for n in range(9)} == {("pending", 0)}


def test_an_endpoint_that_fails_is_asked_for_what_was_under_way_and_then_left_alone(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    async def fails(url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        asked.append((headers["webhook-id"], body.decode()))
        return BROKEN

    async def work(db: Database) -> Any:
        await Courier(db, fails).run((DELIVERIES,))
        return await standing(db)

    stands = courier(tmp_path, {"ill": 9}, work)
    assert asked == [(f"evt_{n}", "{}") for n in range(4)], "the longest due first"
    assert [stands[f"ill{n}"] for n in range(9)] == [("pending", 1)] * 4 + [("pending", 0)] * 5


@pytest.mark.parametrize(("said", "tried"), [(BROKEN, 1), (TAKEN, 9)])
def test_one_delivery_finds_out_whether_an_endpoint_is_well_again(
    tmp_path: Path, said: Posted, tried: int
) -> None:
    """Its pause is over: it is asked once, and once it takes something, it gets the rest."""
    under_way: list[int] = []

    async def answers(*_: Any) -> Posted:
        under_way.append(len(one._tasks))
        return said

    async def work(db: Database) -> Any:
        nonlocal one
        one = Courier(db, answers)
        one._pauses["ill"] = Pause(5, time.time() - 1.0)
        await one.run((DELIVERIES,))

    one: Any = None
    courier(tmp_path, {"ill": 9}, work)
    assert len(under_way) == tried
    assert under_way[0] == 1
    assert max(under_way) == (4 if said.is_taken else 1)


def test_an_endpoint_nobody_tried_for_long_is_forgotten(tmp_path: Path) -> None:
    async def work(db: Database) -> Any:
        one = Courier(db)
        one._pauses = {"gone": Pause(5, time.time() - 4_000.0), "ill": Pause(5, time.time() - 3_000.0)}
        await one.run((DELIVERIES,))
        return one._pauses.keys()

    assert courier(tmp_path, {}, work) == {"ill"}


def test_an_error_nobody_expected_is_that_delivery_s_alone(tmp_path: Path) -> None:
    async def breaks(url: str, *_: Any) -> Posted:
        if url == "http://odd/":
            raise RuntimeError("so")
        return TAKEN

    async def work(db: Database) -> Any:
        return await Courier(db, breaks).run((DELIVERIES,)), await standing(db)

    done, stands = courier(tmp_path, {"odd": 1, "well": 1}, work)
    assert done == ((DELIVERIES.name, 2),)
    assert stands == {"odd0": ("pending", 1), "well0": ("delivered", 1)}
