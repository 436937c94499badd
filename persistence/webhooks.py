"""Webhooks: who is told of job events, what is due to be delivered, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.webhooks import AddWebhook, DeliveriesListed, DeliveryRow, ListDeliveries, WebhookRow
from persistence.engine import Database
from persistence.inputs import UnknownWorld
from persistence.tables import webhook_deliveries as deliveries
from persistence.tables import webhooks, worlds
from simulation.definitions.problems import unknown_name
from simulation.units import WorldId

WEBHOOKS_MAX = 100
"""Each event is compared with all of them, in the transaction of what it tells of."""
DELIVERIES_KEPT_MAX = 10_000
"""Deliveries of one webhook, sent or not: some ten megabytes. Beyond it the oldest go first."""
DELIVERIES_KEPT_S = 86_400.0
"""A day to look up what became of a delivery."""
TOO_OLD = "it waited for too long"


class TooManyWebhooks(RuntimeError):
    """There are as many as there may be."""


class NoWebhook(LookupError):
    """There is none of that id."""


class NoDelivery(LookupError):
    """There is none of that id."""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to be tried now. `created_at` is wall time in seconds, `attempts` those that were made."""

    id: str
    webhook_id: str
    event_id: str
    url: str
    secret: str
    body: str
    attempts: int
    created_at: float


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of an attempt. Wall times in seconds."""

    id: str
    status: str
    attempts: int
    next_at: float
    ended_at: float | None
    response: int | None
    error: str


async def add(db: Database, asked: AddWebhook, now: float) -> None:
    """Raises TooManyWebhooks, UnknownWorld. One of the same id is there already: nothing happens."""
    async with db.write() as connection:
        known = (await connection.execute(select(webhooks.c.id).with_for_update())).scalars().all()
        if asked.webhook_id in known:
            return
        if len(known) >= WEBHOOKS_MAX:
            raise TooManyWebhooks(f"there are {WEBHOOKS_MAX} webhooks already")
        if asked.world_id is not None:
            query = select(worlds.c.id).where(worlds.c.id == asked.world_id)
            if (await connection.execute(query)).first() is None:
                raise UnknownWorld(f"no world {asked.world_id}")
        row = {
            "id": asked.webhook_id,
            "url": asked.url,
            "secret": asked.secret,
            "kinds": list(asked.kinds),
            "world_id": asked.world_id,
            "created_at": now,
            "dropped": 0,
        }
        await connection.execute(insert(webhooks).values(row))


async def listing(db: Database) -> tuple[WebhookRow, ...]:
    """Every webhook, the oldest first, with how its deliveries stand."""
    query = select(webhooks).order_by(webhooks.c.created_at, webhooks.c.id)
    count = select(deliveries.c.webhook_id, deliveries.c.status, func.count()).group_by(
        deliveries.c.webhook_id, deliveries.c.status
    )
    async with db.read() as connection:
        found = (await connection.execute(query)).all()
        counted = {(of, status): n for of, status, n in (await connection.execute(count)).all()}
    return tuple(
        WebhookRow(
            webhook_id=row.id,
            url=row.url,
            kinds=tuple(row.kinds),
            world_id=row.world_id,
            created_at=row.created_at,
            pending=counted.get((row.id, "pending"), 0),
            delivered=counted.get((row.id, "delivered"), 0),
            dead=counted.get((row.id, "dead"), 0),
            dropped=row.dropped,
        )
        for row in found
    )


async def _refuse_unknown(db: Database, webhook_id: str) -> None:
    async with db.read() as connection:
        known = (await connection.execute(select(webhooks.c.id))).scalars().all()
    if webhook_id not in known:
        raise NoWebhook(str(unknown_name("webhook", webhook_id, known, "webhook")).removeprefix("webhook: "))


async def remove(db: Database, webhook_id: str) -> None:
    """With its deliveries. Raises NoWebhook."""
    async with db.write() as connection:
        gone = await connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))
    if not gone.rowcount:
        await _refuse_unknown(db, webhook_id)


async def log(db: Database, asked: ListDeliveries) -> DeliveriesListed:
    """A page of the delivery log, the newest first. Raises NoWebhook."""
    query = select(deliveries).order_by(deliveries.c.created_at.desc(), deliveries.c.id)
    if asked.webhook_id is not None:
        await _refuse_unknown(db, asked.webhook_id)
        query = query.where(deliveries.c.webhook_id == asked.webhook_id)
    if asked.status is not None:
        query = query.where(deliveries.c.status == asked.status)
    async with db.read() as connection:
        found = (await connection.execute(query.offset(asked.start).limit(asked.limit + 1))).all()
    rows = tuple(
        DeliveryRow(
            delivery_id=row.id,
            webhook_id=row.webhook_id,
            event_id=row.event_id,
            kind=row.kind,
            world_id=WorldId(row.world_id),
            status=row.status,
            attempts=row.attempts,
            created_at=row.created_at,
            next_at=row.next_at if row.status == "pending" else None,
            ended_at=row.ended_at,
            response=row.response,
            error=row.error,
        )
        for row in found[: asked.limit]
    )
    more = len(found) > asked.limit
    return DeliveriesListed(ask_id=asked.ask_id, rows=rows, next=asked.start + asked.limit if more else None)


async def resend(db: Database, delivery_id: str, now: float) -> None:
    """Deliver it again, as if it were new. Raises NoDelivery."""
    change = (
        update(deliveries)
        .where(deliveries.c.id == delivery_id)
        .values(status="pending", attempts=0, next_at=now, created_at=now, ended_at=None)
    )
    async with db.write() as connection:
        if not (await connection.execute(change)).rowcount:
            raise NoDelivery(f"no delivery {delivery_id}")


async def due(
    db: Database, now: float, each: int, most: int, without: Collection[str], under_way: Collection[str]
) -> list[Due]:
    """What waits and whose time has come: so many of each webhook at most, those due longest first. Not of
    the webhooks `without`, nor the deliveries `under_way`."""
    place = func.row_number().over(
        partition_by=deliveries.c.webhook_id, order_by=(deliveries.c.next_at, deliveries.c.id)
    )
    waiting = (
        select(deliveries, place.label("place"))
        .where(
            deliveries.c.status == "pending",
            deliveries.c.next_at <= now,
            deliveries.c.webhook_id.not_in(without),
            deliveries.c.id.not_in(under_way),
        )
        .subquery()
    )
    query = (
        select(waiting, webhooks.c.url, webhooks.c.secret)
        .join(webhooks, webhooks.c.id == waiting.c.webhook_id)
        .where(waiting.c.place <= each)
        .order_by(waiting.c.place, waiting.c.next_at, waiting.c.id)
        .limit(most)
    )
    names = ("id", "webhook_id", "event_id", "url", "secret", "body", "attempts", "created_at")
    async with db.read() as connection:
        found = (await connection.execute(query)).mappings()
        return [Due(**{name: row[name] for name in names}) for row in found]


async def note(db: Database, tried: Sequence[Tried]) -> None:
    """What became of attempts, in one transaction. One that was asked for anew meanwhile counts again."""
    columns = ("status", "attempts", "next_at", "ended_at", "response", "error")
    change = (
        update(deliveries)
        .where(deliveries.c.id == bindparam("of_delivery"), deliveries.c.status == "pending")
        .values({name: bindparam(f"to_{name}") for name in columns})
    )
    rows = [
        {"of_delivery": one.id, **{f"to_{name}": getattr(one, name) for name in columns}} for one in tried
    ]
    async with db.write() as connection:
        await connection.execute(change, rows)


async def give_up(db: Database, before: float, now: float, most: int) -> int:
    """Let what was to be delivered since before `before` be dead. Answers how many."""
    old = (
        select(deliveries.c.id)
        .where(deliveries.c.status == "pending", deliveries.c.created_at < before)
        .limit(most)
    )
    async with db.read() as connection:
        found = (await connection.execute(old)).scalars().all()
    if not found:
        return 0
    change = (
        update(deliveries)
        .where(deliveries.c.id.in_(found), deliveries.c.status == "pending", deliveries.c.created_at < before)
        .values(
            status="dead",
            ended_at=now,
            error=case((deliveries.c.error == "", TOO_OLD), else_=deliveries.c.error),
        )
    )
    async with db.write() as connection:
        return (await connection.execute(change)).rowcount


async def forget(db: Database, before: float, kept: int, most: int) -> int:
    """Delete deliveries that ended before `before`, and of each webhook the oldest beyond `kept`, counting
    those that were never sent. Answers how many went; at most `most`, ended ones first."""
    ended = (
        select(deliveries.c.id)
        .where(deliveries.c.status != "pending", deliveries.c.ended_at < before)
        .order_by(deliveries.c.ended_at)
        .limit(most)
    )
    count = func.count().label("count")
    full = select(deliveries.c.webhook_id, count).group_by(deliveries.c.webhook_id).having(count > kept)
    async with db.read() as connection:
        old = (await connection.execute(ended)).scalars().all()
        beyond = {of: held - kept for of, held in (await connection.execute(full)).all()}
    if not old and not beyond:
        return 0
    async with db.write() as connection:
        gone = (await connection.execute(delete(deliveries).where(deliveries.c.id.in_(old)))).rowcount
        for webhook_id, over in beyond.items():
            gone += await _drop(connection, webhook_id, min(over, most - gone))
    return gone


async def _drop(connection: AsyncConnection, webhook_id: str, many: int) -> int:
    """The oldest of a webhook; how many went."""
    oldest = (
        select(deliveries.c.id)
        .where(deliveries.c.webhook_id == webhook_id)
        .order_by(deliveries.c.created_at, deliveries.c.id)
        .limit(many)
    )
    change = delete(deliveries).where(deliveries.c.id.in_(oldest)).returning(deliveries.c.status)
    went = (await connection.execute(change)).scalars().all()
    dropped = webhooks.c.dropped + went.count("pending")
    await connection.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(dropped=dropped))
    return len(went)
