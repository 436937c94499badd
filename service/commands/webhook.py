"""`theatrum webhook`: who is told of job events, and what became of the telling."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from service.commands.options import DATA, Data, Json, emit

app = typer.Typer(no_args_is_help=True, help="Tell other services what becomes of generation jobs.")

WebhookId = Annotated[str, typer.Argument(metavar="ID", help="As `webhook list` shows it.")]
ID_BYTES = 6
"""Of a webhook's id: there are a hundred at most, and people type it."""


class Status(StrEnum):
    """How a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


@app.callback()
def webhook() -> None:
    """Tell other services what becomes of generation jobs."""


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to POST to: http:// or https://.")],
    kind: Annotated[
        list[str] | None, typer.Option("--kind", metavar="KIND", help="Of these alone, such as job:failed.")
    ] = None,
    world: Annotated[str | None, typer.Option("--world", metavar="ID", help="Of this world alone.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Tell an endpoint of job events: job:created, job:started, job:completed, job:failed, job:cancelled and
    job:retrying.

    The secret that signs what is sent is printed once; nobody shows it again.
    """
    import secrets

    from generation.signatures import SECRET_BYTES, secret_of
    from messages.webhooks import KINDS
    from service.commands.asking import ask

    kinds = tuple(kind or KINDS)[: len(KINDS) + 1]
    secret = secret_of(secrets.token_bytes(SECRET_BYTES))
    webhook_id = f"wh_{secrets.token_hex(ID_BYTES)}"
    ask(data, "AddWebhook", webhook_id=webhook_id, url=url, secret=secret, kinds=kinds, world_id=world)
    value = {"id": webhook_id, "url": url, "kinds": list(kinds), "world": world, "secret": secret}
    text = f"{webhook_id} is told of {', '.join(kinds)} of {world or 'every world'}.\nIts secret: {secret}"
    emit(value, as_json=as_json, text=text)


@app.command("list")
def list_(data: Data = DATA, as_json: Json = False) -> None:
    """The webhooks, the oldest first, and how their deliveries stand."""
    from service.commands.asking import ask
    from service.tables import table

    found = ask(data, "ListWebhooks").rows
    value = [
        {
            "id": row.webhook_id,
            "url": row.url,
            "kinds": list(row.kinds),
            "world": row.world_id,
            "createdAt": _wall(row.created_at),
            "pending": row.pending,
            "delivered": row.delivered,
            "dead": row.dead,
            "dropped": row.dropped,
        }
        for row in found
    ]
    counts = ("pending", "delivered", "dead", "dropped")
    rows = [
        [one["id"], one["world"] or "all", *(f"{one[name]:,}" for name in counts), _kinds(one), one["url"]]
        for one in value
    ]
    text = table(["id", "world", *counts, "kinds", "url"], rows) if rows else "No webhooks."
    emit({"webhooks": value}, as_json=as_json, text=text)


def _kinds(one: dict[str, Any]) -> str:
    from messages.webhooks import KINDS

    return "all" if len(one["kinds"]) == len(KINDS) else ",".join(one["kinds"])


@app.command("remove")
def remove(webhook_id: WebhookId, data: Data = DATA, as_json: Json = False) -> None:
    """Tell an endpoint nothing more; its deliveries are forgotten."""
    from service.commands.asking import ask

    ask(data, "RemoveWebhook", webhook_id=webhook_id)
    emit({"id": webhook_id, "removed": True}, as_json=as_json, text=f"{webhook_id} is removed")


@app.command("deliveries")
def deliveries(
    webhook_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Of this webhook alone.")] = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only those that stand so.")] = None,
    start: Annotated[int, typer.Option("--start", help="Where the page begins.", min=0)] = 0,
    limit: Annotated[int, typer.Option("--limit", help="How many of the newest.", min=1, max=500)] = 50,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The delivery log, the newest first: what was sent, what is still tried and why, what was given up."""
    from service.commands.asking import ask
    from service.tables import table

    wanted = None if status is None else str(status)
    found = ask(data, "ListDeliveries", webhook_id=webhook_id, status=wanted, start=start, limit=limit)
    value = [
        {
            "id": row.delivery_id,
            "webhook": row.webhook_id,
            "event": row.event_id,
            "kind": row.kind,
            "world": row.world_id,
            "status": row.status,
            "attempts": row.attempts,
            "createdAt": _wall(row.created_at),
            "nextAt": _wall(row.next_at),
            "endedAt": _wall(row.ended_at),
            "response": row.response,
            "error": row.error,
        }
        for row in found.rows
    ]
    columns = ("createdAt", "status", "kind", "world", "attempts", "response", "id", "error")
    rows = [["-" if one[name] is None else str(one[name]) for name in columns] for one in value]
    heads = ["created", "status", "kind", "world", "attempts", "response", "delivery", "error"]
    text = table(heads, rows) if rows else "No deliveries."
    if found.next is not None:
        text += f"\nmore: --start {found.next}"
    emit({"deliveries": value, "next": found.next}, as_json=as_json, text=text)


@app.command("resend")
def resend(
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="As `webhook deliveries` shows it.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Deliver it again now, whatever became of it; the receiver knows it by the same event id."""
    from service.commands.asking import ask

    ask(data, "ResendDelivery", delivery_id=delivery)
    emit({"id": delivery, "pending": True}, as_json=as_json, text=f"{delivery} is delivered again")


def _wall(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
