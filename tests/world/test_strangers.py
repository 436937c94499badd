"""Somebody who has no key but can reach our ports gets nothing done."""

from __future__ import annotations

import pickle
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from waiting import until

pytestmark = pytest.mark.world


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.target,)


def listening(service: Any) -> list[tuple[str, str, int]]:
    """(process, address, port) of every socket that the service listens on."""
    return [
        (process.name(), connection.laddr.ip, connection.laddr.port)
        for process in [psutil.Process(service.process.pid), *service.tree()]
        for connection in process.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
    ]


def throw(port: int, bomb: bytes) -> None:
    """At a port, framed as Thespian frames, and in two ways that it does not."""
    for shot in (b"%d>" % len(bomb) + bomb, struct.pack("!I", len(bomb)) + bomb, bomb):
        with socket.create_connection(("127.0.0.1", port), 2) as connection:
            connection.sendall(shot)
            connection.shutdown(socket.SHUT_WR)


def test_forged_frames_are_dropped_and_every_port_is_on_loopback(
    start: Callable[..., Any], towns: tuple[Path, ...], tmp_path: Path
) -> None:
    service = start("run", *towns, "--log-level", "info")
    until(lambda: service.events("world.ticked"), "the first tick", service)
    ports = listening(service)
    assert {"th-supervisor", "th-shard-0", "th-gate", "th-archivist"} <= {name for name, _, _ in ports}
    assert {address for _, address, _ in ports} == {"127.0.0.1"}
    target = tmp_path / "boom"
    for name, _, port in ports:
        if name != "redis-server":
            throw(port, pickle.dumps(Bomb(target)))
    ticked = len(service.events("world.ticked"))
    until(lambda: len(service.events("world.ticked")) > ticked + 2, "the worlds go on", service)
    assert not target.exists()
    assert not service.events("actor.failed")
