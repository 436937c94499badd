"""What is said of webhooks, and what of them is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from messages.webhooks import (
    KINDS,
    AddWebhook,
    DeliveriesListed,
    DeliveryRow,
    ListDeliveries,
    WebhookAdded,
    WebhookRow,
    WebhooksListed,
)
from service import client
from simulation.units import WorldId

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the service is asked; it has one webhook with a delivery that failed."""
    heard: list[Any] = []

    def answer(_: Path, message: Any, within_s: float) -> Any:
        heard.append(message)
        match message:
            case AddWebhook():
                return WebhookAdded(ask_id="a", webhook_id=message.webhook_id)
            case ListDeliveries():
                return DeliveriesListed(ask_id="a", rows=(DELIVERY,), next=51)
            case _:
                return WebhooksListed(ask_id="a", rows=(HOOK,))

    monkeypatch.setattr(client, "ask", answer)
    return heard


HOOK = WebhookRow(
    webhook_id="wh_1",
    url="https://example.org/",
    kinds=("job:failed",),
    world_id=None,
    created_at=0.0,
    pending=1_200,
    delivered=3,
    dead=2,
    dropped=1,
)
DELIVERY = DeliveryRow(
    delivery_id="dlv_1",
    webhook_id="wh_1",
    event_id="evt_1",
    kind="job:failed",
    world_id=WorldId("inn"),
    status="pending",
    attempts=2,
    created_at=0.0,
    next_at=1.5,
    ended_at=None,
    response=500,
    error="HTTP 500",
)


def test_a_new_webhook_has_an_id_and_a_secret_of_its_own(asked: list[Any], cli: Cli) -> None:
    for _ in range(2):
        status, out, _err = cli("webhook", "add", "https://example.org/", "--kind", "job:failed", "--json")
        assert status == 0
        value = json.loads(out)
        sent = asked[-1]
        assert (value["id"], value["secret"]) == (sent.webhook_id, sent.secret)
        assert (value["kinds"], value["world"]) == (["job:failed"], None)
    first, second = asked
    assert first.secret.startswith("whsec_")
    assert first.secret != second.secret
    assert first.webhook_id != second.webhook_id


def test_without_kinds_it_hears_of_all(asked: list[Any], cli: Cli) -> None:
    status, out, _ = cli("webhook", "add", "https://example.org/", "--world", "inn")
    assert status == 0
    assert (asked[0].kinds, asked[0].world_id) == (KINDS, "inn")
    assert f"Its secret: {asked[0].secret}\n" in out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("ftp://example.org/",), "allowed: an http:// or https:// URL"),
        (("https://example.org/", "--kind", "job:faild"), "did you mean 'job:failed'?"),
    ],
)
def test_what_cannot_be_one_is_wrong_use(
    asked: list[Any], cli: Cli, given: tuple[str, ...], said: str
) -> None:
    status, out, err = cli("webhook", "add", *given)
    assert (status, out, asked) == (2, "", [])
    assert said in err


def test_the_list_and_the_log_say_how_it_stands(asked: list[Any], cli: Cli) -> None:
    _, listed, _ = cli("webhook", "list")
    row = listed.splitlines()[2].split()
    assert row == ["wh_1", "all", "1,200", "3", "2", "1", "job:failed", "https://example.org/"]
    _, log, _ = cli("webhook", "deliveries", "wh_1", "--status", "pending", "--start", 1, "--limit", 50)
    assert asked[-1] == ListDeliveries(
        ask_id=asked[-1].ask_id, webhook_id="wh_1", status="pending", start=1, limit=50
    )
    assert log.splitlines()[-1] == "more: --start 51"
    assert "HTTP 500" in log
    _, value, _ = cli("webhook", "deliveries", "--json")
    (one,) = json.loads(value)["deliveries"]
    assert (one["nextAt"], one["endedAt"], one["response"]) == ("1970-01-01T00:00:01.500+00:00", None, 500)
