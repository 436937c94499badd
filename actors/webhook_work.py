"""What the Archivist is asked of webhooks, done on the database."""

from __future__ import annotations

import time

from messages.webhooks import (
    AddWebhook,
    DeliveryResent,
    ListDeliveries,
    ListWebhooks,
    OfWebhooks,
    RemoveWebhook,
    ResendDelivery,
    WebhookAdded,
    WebhookAnswer,
    WebhookRemoved,
    WebhooksListed,
)
from persistence import webhooks
from persistence.engine import Database


async def answer(db: Database, message: OfWebhooks) -> WebhookAnswer:
    ask_id = message.ask_id
    match message:
        case AddWebhook():
            await webhooks.add(db, message, time.time())
            return WebhookAdded(ask_id=ask_id, webhook_id=message.webhook_id)
        case ListWebhooks():
            return WebhooksListed(ask_id=ask_id, rows=await webhooks.listing(db))
        case RemoveWebhook(webhook_id=webhook_id):
            await webhooks.remove(db, webhook_id)
            return WebhookRemoved(ask_id=ask_id, webhook_id=webhook_id)
        case ListDeliveries():
            return await webhooks.log(db, message)
        case ResendDelivery(delivery_id=delivery_id):
            await webhooks.resend(db, delivery_id, time.time())
            return DeliveryResent(ask_id=ask_id, delivery_id=delivery_id)
