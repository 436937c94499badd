"""What administrators ask of webhooks: who is told of job events, and what became of the telling.

client -> supervisor   AddWebhook     -> WebhookAdded | Refused        answered when it is durable
client -> supervisor   ListWebhooks   -> WebhooksListed
client -> supervisor   RemoveWebhook  -> WebhookRemoved | Refused
client -> supervisor   ListDeliveries -> DeliveriesListed | Refused
client -> supervisor   ResendDelivery -> DeliveryResent | Refused
"""

from __future__ import annotations

from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from messages.base import Ask, Message
from simulation.definitions.problems import unknown_name
from simulation.units import WorldId

EventKind = Literal[
    "job:created", "job:started", "job:completed", "job:failed", "job:cancelled", "job:retrying"
]
KINDS: tuple[EventKind, ...] = get_args(EventKind)

URL_CHARS_MAX = 2_000
"""Characters: what servers and proxies take without asking."""
DELIVERIES_SHOWN_MAX = 500
"""Deliveries of one page: some 250 kB."""
DELIVERIES_START_MAX = 10_000_000
"""More than all webhooks together keep."""
URLS = "an http:// or https:// URL of visible ASCII characters, without user, password and #fragment"

DeliveryStatus = Literal["pending", "delivered", "dead"]


def why_not_url(url: str) -> str:
    """What is wrong with where a webhook is to go; empty: nothing."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return f"{url!r} is no URL: {error}; allowed: {URLS}"
    visible = all("!" <= one <= "~" for one in url)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0 or not visible:
        return f"{url!r} is no place to deliver to; allowed: {URLS}"
    if "@" in parts.netloc or "#" in url:
        return f"{url!r} has a user, a password or a fragment; allowed: {URLS}"
    return ""


class AddWebhook(Ask):
    """Tell an endpoint of the job events of these kinds, of one world or of all. Id and secret come with it,
    so that the same ask repeated adds one."""

    webhook_id: str = Field(min_length=1, max_length=40)
    url: str = Field(max_length=URL_CHARS_MAX)
    secret: str = Field(min_length=1, max_length=100, repr=False)
    kinds: tuple[str, ...] = Field(default=KINDS, min_length=1, max_length=len(KINDS))
    world_id: WorldId | None = None

    @field_validator("url")
    @classmethod
    def _goes_somewhere(cls, url: str) -> str:
        if wrong := why_not_url(url):
            raise ValueError(wrong)
        return url

    @field_validator("kinds")
    @classmethod
    def _are_known(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        for kind in kinds:
            if kind not in KINDS:
                problem = unknown_name("kind", kind, KINDS, "kind of event")
                raise ValueError(str(problem).removeprefix("kind: "))
        return tuple(kind for kind in KINDS if kind in kinds)


class WebhookAdded(Message):
    ask_id: str
    webhook_id: str


class ListWebhooks(Ask):
    pass


class WebhookRow(Message):
    webhook_id: str
    url: str
    kinds: tuple[str, ...]
    world_id: WorldId | None
    created_at: float
    """Wall time in seconds."""
    pending: int
    delivered: int
    dead: int
    dropped: int
    """Deliveries that were given up unsent, since too many waited."""


class WebhooksListed(Message):
    ask_id: str
    rows: tuple[WebhookRow, ...]
    """The oldest first."""


class RemoveWebhook(Ask):
    """Its deliveries go with it."""

    webhook_id: str


class WebhookRemoved(Message):
    ask_id: str
    webhook_id: str


class ListDeliveries(Ask):
    """A page of the delivery log, of one webhook or of all."""

    webhook_id: str | None = None
    status: DeliveryStatus | None = None
    start: int = Field(default=0, ge=0, le=DELIVERIES_START_MAX)
    limit: int = Field(default=50, ge=1, le=DELIVERIES_SHOWN_MAX)


class DeliveryRow(Message):
    """`*_at` are wall times in seconds; `ended_at` is None of what is still tried."""

    delivery_id: str
    webhook_id: str
    event_id: str
    kind: str
    world_id: WorldId
    status: str
    attempts: int
    created_at: float
    next_at: float | None
    """When it is tried next; None: it is not."""
    ended_at: float | None
    response: int | None
    """The last HTTP status."""
    error: str
    """Why the last attempt failed; empty: it did not."""


class DeliveriesListed(Message):
    ask_id: str
    rows: tuple[DeliveryRow, ...]
    """The newest first."""
    next: int | None
    """Where the next page begins; None: this is the last."""


class ResendDelivery(Ask):
    """Try it again now, whatever became of it, as if it were new."""

    delivery_id: str


class DeliveryResent(Message):
    ask_id: str
    delivery_id: str


OfWebhooks = AddWebhook | ListWebhooks | RemoveWebhook | ListDeliveries | ResendDelivery
"""What is asked of the Archivist as it is."""
WebhookAnswer = WebhookAdded | WebhooksListed | WebhookRemoved | DeliveriesListed | DeliveryResent
