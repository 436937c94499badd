"""A whole service under measurement: every process of `theatrum`, its logs as events, its CPU and memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from service.door import Door
from service.errors import ServiceError
from service.system import ActorService

LOOK_EVERY_S = 0.02
"""Seconds between two looks for something that is waited for."""
STOP_WITHIN_S = 60.0
"""Seconds for the last commits of thousands of worlds."""
HERTZ = os.sysconf("SC_CLK_TCK")
SERVICE = "theatrum"


@dataclass
class Service:
    """One that runs. `folder` is its own and goes with it."""

    process: subprocess.Popen[bytes]
    folder: Path
    begun: float
    """When it was started, as `time.time`."""
    read: int = 0
    """How far its log is read."""
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def look(self) -> list[dict[str, Any]]:
        """Every event so far."""
        with (self.folder / "log").open("rb") as log:
            log.seek(self.read)
            found = log.read()
        whole = found[: found.rfind(b"\n") + 1]
        self.read += len(whole)
        self.events += [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]
        return self.events

    def named(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]

    def wait_for(self, event: str, count: int, within_s: float) -> list[dict[str, Any]]:
        """So many events of a name. Raises when they do not come."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            self.look()
            if len(found := self.named(event)) >= count:
                return found
            if self.process.poll() is not None:
                raise RuntimeError(f"the service ended: {self.tail()}")
            time.sleep(LOOK_EVERY_S)
        raise TimeoutError(f"{len(self.named(event))} of {count} {event} in {within_s:g} s: {self.tail()}")

    def connect(self, within_s: float) -> ActorService:
        """Join it as its commands do, once it lets anybody in."""
        until = time.monotonic() + within_s
        while True:
            try:
                door = Door.read(self.data)
                return ActorService.connect(door.port, door.key)
            except ServiceError:
                if time.monotonic() > until:
                    raise
            time.sleep(LOOK_EVERY_S)

    def tail(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2_000:]

    def pids(self) -> dict[int, str]:
        """The service's processes with what the kernel calls them."""
        parents, names = {}, {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
                names[int(entry.name)], parents[int(entry.name)] = stat[0], int(stat[1][1])
        ours = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in ours} - ours:
            ours |= more
        return {pid: names[pid] for pid in ours if pid in names}

    def cpu_s(self, name: str = "") -> float:
        """CPU seconds used so far by its processes of that name, or by all."""
        spent = 0
        for pid, process in self.pids().items():
            if process.startswith(name) and (stat := _stat(pid)) is not None:
                spent += int(stat[1][11]) + int(stat[1][12])
        return spent / HERTZ

    def memory_bytes(self) -> int:
        """What all its processes have in memory, shared pages divided among those who share them."""
        total = 0
        for pid in self.pids():
            rollup = Path(f"/proc/{pid}/smaps_rollup")
            if rollup.exists():
                for line in rollup.read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
        return total

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def _stat(pid: int) -> tuple[str, list[str]] | None:
    """(name, fields after it) of a process; None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(") ")
    return name, rest.split()


@contextmanager
def serving(
    arguments: Sequence[str], worlds: Sequence[dict[str, Any]] = (), module: str = SERVICE
) -> Iterator[Service]:
    """`theatrum` with these arguments and world files in a folder of its own, tick logs written as JSON."""
    with tempfile.TemporaryDirectory(prefix="theatrum-bench-") as name:
        folder = Path(name)
        files = [folder / f"{world['id']}.json" for world in worlds]
        for file, world in zip(files, worlds, strict=True):
            file.write_text(json.dumps(world), encoding="utf-8")
        with started(folder, [*arguments, *map(str, files)], module) as service:
            yield service


@contextmanager
def started(folder: Path, arguments: Sequence[str], module: str = SERVICE) -> Iterator[Service]:
    """The same on a folder that is there already."""
    command = [sys.executable, "-m", module, *arguments, "--data", str(folder / "data")]
    command += ["--log-level", "info", "--log-format", "json", "--json"]
    with (folder / "log").open("wb") as log, (folder / "out").open("wb") as out:
        begun = time.time()
        service = Service(subprocess.Popen(command, stdout=out, stderr=log), folder, begun)
    try:
        yield service
    finally:
        service.stop()
