"""Webhooks and metrics of a running service: signed, tried again, and in the log whatever is killed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from waiting import until

pytestmark = pytest.mark.world

EAGER = {
    "id": "inn",
    "name": "Inn",
    "meta": {
        "simulation": {"tickIntervalSeconds": 0.1},
        "behavior": {
            "activities": {
                "sweep": {
                    "category": "work",
                    "effects": {
                        "customEffects": [{"type": "generate", "params": {"kind": "dialogue", "chance": 0.2}}]
                    },
                }
            },
            "routines": {
                "keeper": {
                    "nodes": [
                        {
                            "nodeType": "activity",
                            "preferredActivities": [{"activityId": "sweep", "weight": 1}],
                        }
                    ]
                }
            },
        },
    },
    "npcs": [{"id": "ada", "name": "Ada", "personality": {"routineId": "keeper"}}],
}
"""Who asks for something to be made several times a second."""


class Endpoint:
    """Answers 500 to the first POST and 200 to every other."""

    def __init__(self) -> None:
        heard: list[tuple[dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                heard.append((dict(self.headers), body))
                self.send_response(500 if len(heard) == 1 else 200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is said."""

        self.heard = heard
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_events_arrive_signed_and_none_is_lost_when_the_gate_is_killed(
    start: Callable[..., Any], tmp_path: Path, endpoint: Endpoint
) -> None:
    def cli(*args: object) -> dict[str, Any]:
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--json", "--data", tmp_path / "data"]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    file = tmp_path / "inn.json"
    file.write_text(json.dumps(EAGER))
    service = start("run", file)
    added: dict[str, Any] = {}

    def is_added() -> bool:
        added.update(cli("webhook", "add", endpoint.url, "--kind", "job:completed"))
        return bool(added)

    until(is_added, "the service is up", service)
    until(lambda: endpoint.heard, "something is delivered", service)
    headers, body = endpoint.heard[0]
    first = headers["webhook-id"]
    until(
        lambda: [one["webhook-id"] for one, _ in list(endpoint.heard)].count(first) > 1,
        "what the endpoint failed at is tried again",
        service,
    )
    key = base64.b64decode(added["secret"].removeprefix("whsec_"))
    signed = f"{first}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"

    def metrics() -> dict[str, Any]:
        found: dict[str, Any] = cli("world", "show", "inn").get("jobs", {})
        return found

    until(lambda: metrics().get("events", {}).get("job:completed"), "jobs are counted", service)
    figures = metrics()
    assert figures["events"].keys() >= {"job:created", "job:started", "job:completed"}
    for name in ("waitedSeconds", "madeInSeconds"):
        assert 0 <= figures[name]["mean"] <= figures[name]["max"]

    (gate,) = service.named("th-gate")
    gate.kill()
    until(lambda: [one for one in service.named("th-gate") if one != gate], "another gate is there", service)
    created = {row["event"] for row in cli("webhook", "deliveries", "--limit", 500)["deliveries"]}
    assert created

    def is_delivered() -> bool:
        log = cli("webhook", "deliveries", added["id"], "--status", "delivered", "--limit", 500)
        return created <= {row["event"] for row in log.get("deliveries", ())}

    until(is_delivered, "everything of before is delivered", service)
    log = cli("webhook", "deliveries", "--limit", 500)["deliveries"]
    (tried,) = [row for row in log if row["event"] == first]
    assert (tried["status"], tried["response"]) == ("delivered", 200)
    assert tried["attempts"] >= 1, "a kill between an attempt and its note leaves it uncounted"
    assert {headers["webhook-id"] for headers, _ in endpoint.heard} >= created
