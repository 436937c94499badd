"""Job events on their way to webhooks: rows of the outbox, in the transaction of what they tell of."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.webhooks import EventKind
from persistence.engine import Database, insert_new
from persistence.tables import generations, webhook_deliveries, webhooks

ID_BYTES = 16
"""128 bits: no two events of a database ever share an id."""
REASON_CHARS_MAX = 1_000
"""Of why a job failed; the whole of it is in the row."""

COLUMNS = tuple(
    generations.c[name]
    for name in ("request_id", "world_id", "session_id", "user_id", "kind", "committed_at", "attempts")
)
"""What an event tells of its request: the columns a change of its row returns."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened to a request, at a wall time in seconds."""

    kind: EventKind
    of: Any
    """Has COLUMNS: a changed row, or a job."""
    at: float
    attempts: int
    detail: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        """The same however often it is told; another one when a rollback let the same request be made
        again. It goes into a header, so it has letters and digits alone."""
        parts = (self.of.request_id, repr(self.of.committed_at), self.kind, self.attempts)
        return f"evt_{_digest(*parts)}"

    def body(self) -> str:
        """What a receiver is sent, in the shape that Standard Webhooks proposes."""
        of = self.of
        data = {
            "requestId": of.request_id,
            "worldId": of.world_id,
            "sessionId": of.session_id,
            "userId": of.user_id,
            "jobKind": of.kind,
            "attempt": self.attempts,
            **self.detail,
        }
        if "reason" in data:
            data["reason"] = str(data["reason"])[:REASON_CHARS_MAX]
        stamp = datetime.fromtimestamp(self.at, UTC).isoformat().replace("+00:00", "Z")
        return json.dumps({"type": self.kind, "timestamp": stamp, "data": data}, separators=(",", ":"))


def _digest(*parts: object) -> str:
    return blake2b(json.dumps(parts).encode(), digest_size=ID_BYTES).hexdigest()


def happened(
    kind: EventKind, of: Any, at: float, detail: Mapping[str, Any] = NOTHING, *, attempts: int | None = None
) -> Happened:
    """By default in the attempt its row counts."""
    return Happened(kind, of, at, of.attempts if attempts is None else attempts, detail)


async def announce(connection: AsyncConnection, found: Iterable[Happened]) -> int:
    """Put events into the outbox of every webhook that wants them, once each. Answers how many rows.

    The webhooks are held, so that none goes while rows of it are written.
    """
    query = select(webhooks.c.id, webhooks.c.kinds, webhooks.c.world_id).order_by(webhooks.c.id)
    held = (await connection.execute(query.with_for_update(read=True, key_share=True))).all()
    if not held:
        return 0
    now = time.time()
    rows = [
        _row(hook.id, event, now)
        for event in found
        for hook in held
        if event.kind in hook.kinds and hook.world_id in (None, event.of.world_id)
    ]
    if rows:
        await connection.execute(insert_new(connection, webhook_deliveries), rows)
    return len(rows)


def _row(webhook_id: str, event: Happened, now: float) -> dict[str, Any]:
    return {
        "id": f"dlv_{_digest(webhook_id, event.event_id)}",
        "webhook_id": webhook_id,
        "event_id": event.event_id,
        "kind": event.kind,
        "world_id": event.of.world_id,
        "body": event.body(),
        "status": "pending",
        "attempts": 0,
        "next_at": now,
        "error": "",
        "created_at": now,
    }


async def tell(db: Database, event: Happened) -> None:
    """An event that changes no row, in a transaction of its own."""
    async with db.write() as connection:
        await announce(connection, [event])
