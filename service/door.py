"""The door of a data folder: who may write here, and how to talk to the service that does."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from service.errors import ServiceNotRunning, Unstartable, WrongUse

LOOPBACK = "127.0.0.1"
PROBE_WITHIN_S = 1.0
"""Seconds to wait for a connection on loopback."""
KEY_BYTES = 32
"""256 bits, as long as the hash that signs with it."""
PORTS_KEPT = 64
"""Free ports that stay ours: Redis's, and those of actor systems that were started anew."""
_kept: deque[int] = deque()
"""Their sockets, open so that whoever listened there can be started again."""


@dataclass(frozen=True, slots=True)
class Door:
    """What `service.json` holds: the port and key of a running service."""

    pid: int
    port: int
    key: bytes
    database: str = ""
    redis: str = ""
    namespace: str = ""

    @classmethod
    def new(cls, *, database: str, redis: str, namespace: str) -> Door:
        return cls(os.getpid(), free_port(), secrets.token_bytes(KEY_BYTES), database, redis, namespace)

    def open(self, data: Path) -> None:
        """Write it, readable by this user only, whole or not at all."""
        values = {
            "pid": self.pid,
            "port": self.port,
            "key": self.key.hex(),
            "database": self.database,
            "redis": self.redis,
            "namespace": self.namespace,
        }
        new = data / "service.json.new"
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(values, file, indent=1)
        new.replace(data / "service.json")

    @staticmethod
    def close(data: Path) -> None:
        (data / "service.json").unlink(missing_ok=True)

    @classmethod
    def read(cls, data: Path) -> Door:
        """The door of the service that runs here. Raises ServiceNotRunning."""
        try:
            values = json.loads((data / "service.json").read_text())
            door = cls(**{**values, "key": bytes.fromhex(values["key"])})
        except FileNotFoundError:
            raise ServiceNotRunning(data, "there is no service.json") from None
        except OSError as error:
            raise ServiceNotRunning(data, f"service.json cannot be read ({error.strerror})") from None
        except (ValueError, KeyError, TypeError) as error:
            raise ServiceNotRunning(data, f"service.json cannot be read ({error})") from None
        if not listens(door.port):
            raise ServiceNotRunning(data, f"the one with pid {door.pid} does not answer")
        return door


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with suppress(OSError), socket.create_connection((LOOPBACK, port), PROBE_WITHIN_S):
        return True
    return False


def refuses(port: int) -> bool:
    """Whether nobody is there at all: whoever is only slow accepts."""
    try:
        socket.create_connection((LOOPBACK, port), PROBE_WITHIN_S).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def free_port() -> int:
    """A port nobody listens on, and which stays ours: only who is told the number may listen there."""
    probe = socket.socket()
    # Both sides must say so; the kernel gives a port that is bound like this to nobody who asks for any.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind((LOOPBACK, 0))
    port = int(probe.getsockname()[1])
    if len(_kept) == PORTS_KEPT:
        os.close(_kept.popleft())
    _kept.append(probe.detach())
    return port


class DataFolder:
    """The data folder of one service, locked while it runs. Forked children hold the lock too."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def take(cls, path: Path) -> DataFolder:
        """Create and lock it. Raises Unstartable when it is in use, WrongUse when it cannot be written."""
        try:
            path.mkdir(parents=True, exist_ok=True)
            (path / "logs").mkdir(exist_ok=True)
            lock = (path / "lock").open("a+")
        except OSError as error:
            raise WrongUse(f"Data folder {path} cannot be used", because=str(error.strerror)) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise Unstartable(
                f"Data folder {path} is in use",
                because=f"the service with pid {owner} runs on it",
                do="Stop it, or choose another folder with --data.",
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return cls(path, lock)

    def release(self) -> None:
        self._lock.close()
