"""The processes main keeps alive beside the actor system: a Redis and the arq workers, as a table."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from actors.logs import get_logger
from actors.supervision import ChildSpec, may_restart, recent, restart_delay_s
from service.errors import ServiceError
from service.worker_process import environment

REDIS = ChildSpec("redis", "redis-server", 30, 60, 0.1, 2.0)
WORKER = ChildSpec("worker", "theatrum worker", 60, 60, 0.1, 2.0)
ACTORS = ChildSpec("actors", "actors.supervisor.Supervisor", 10, 60, 0.2, 5.0)

STOP_WITHIN_S = 1.0
"""Seconds before a process asked to end is killed; what it did is durable or done again."""


class Runs(Protocol):
    """A process that was started."""

    def is_alive(self) -> bool: ...
    def stop(self) -> None: ...


@dataclass
class Kept:
    """A process that is started again when it ends, within its budget."""

    spec: ChildSpec
    start: Callable[[], Runs]
    process: Runs | None = None
    deaths_s: tuple[float, ...] = ()
    restarts: int = 0
    again_at_s: float = 0.0

    def look(self, now_s: float) -> bool:
        """Start it if it is time to. True when it was started just now. Raises ServiceError out of budget."""
        if self.process is not None:
            if self.process.is_alive():
                return False
            self._died(now_s)
        if now_s < self.again_at_s:
            return False
        self.process = self.start()
        return True

    def _died(self, now_s: float) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None
        self.deaths_s = (*recent(self.spec, self.deaths_s, now_s), now_s)
        self.restarts += 1
        if not may_restart(self.spec, self.deaths_s, now_s):
            raise ServiceError(
                f"Process {self.spec.name} keeps ending",
                because=f"{len(self.deaths_s)} times in {self.spec.window_s:g} s",
                do="Its log says why.",
            )
        self.again_at_s = now_s + restart_delay_s(self.spec, self.deaths_s, now_s)
        get_logger("main").warning("child.restarting", child=self.spec.name, restarts=self.restarts)

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop()
            self.process = None


@dataclass
class WorkerProcess:
    """One arq worker, in a session of its own so that a terminal's Ctrl-C does not reach it."""

    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, database: str, redis: str, namespace: str, level: str, form: str) -> WorkerProcess:
        return cls(
            subprocess.Popen(
                [sys.executable, "-m", "service.worker_process"],
                env=environment(database, redis, namespace, level, form),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        )

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        if self.is_alive():
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


@dataclass
class ProcessTable:
    """What main keeps alive, in the order it is started; stopped in reverse."""

    kept: list[Kept] = field(default_factory=list)

    def look(self) -> None:
        now_s = time.monotonic()
        for process in self.kept:
            process.look(now_s)

    def stop(self) -> None:
        for process in reversed(self.kept):
            process.stop()

    def restarts(self) -> dict[str, int]:
        return {process.spec.name: process.restarts for process in self.kept if process.restarts}
