"""Whole services as a user starts them: the real command, real processes, real databases and queues."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).parents[2]
LANTERNFORD = ROOT / "examples" / "lanternford.json"
SALTMARSH = ROOT / "examples" / "saltmarsh.json"
TIN_MOON = ROOT / "examples" / "tin-moon.json"
RUN_WITHIN_S = 240
POLL_S = 0.05

Summary = dict[str, Any]


class Service:
    """One `theatrum run` or `serve` in the background, its processes found by the names they show."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log

    def finish(self, within_s: float = RUN_WITHIN_S) -> Summary:
        """The summary it prints when it is done."""
        out, _ = self.process.communicate(timeout=within_s)
        assert self.process.returncode == 0, self.log.read_text()[-4000:]
        summary: Summary = json.loads(out)
        return summary

    def tree(self) -> list[psutil.Process]:
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children(recursive=True)
        return []

    def named(self, name: str) -> list[psutil.Process]:
        found = []
        for process in self.tree():
            with suppress(psutil.NoSuchProcess):
                if process.name() == name:
                    found.append(process)
        return found

    def kill_tree(self) -> None:
        """SIGKILL to everything at once, as a power cut would."""
        everybody = [*self.tree(), psutil.Process(self.process.pid)]
        for process in everybody:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(everybody, timeout=10)
        self.process.wait(10)

    def events(self, name: str) -> list[dict[str, Any]]:
        """The JSON log events of that name so far."""
        found = []
        for line in self.log.read_text().splitlines():
            with suppress(json.JSONDecodeError):
                event = json.loads(line)
                if event.get("event") == name:
                    found.append(event)
        return found


Start = Callable[..., Service]


Run = Callable[..., Summary]


@contextmanager
def services(folder: Path) -> Iterator[Start]:
    """`start("run", FILE, "--ticks", 10, data=..., env=...)`: the command beside the test, in `folder`."""
    started: list[Service] = []

    def begin(*args: object, data: str = "data", env: dict[str, str] | None = None) -> Service:
        log = folder / f"log-{len(started)}.jsonl"
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--data", str(folder / data)]
        with log.open("w") as errors:
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                stdin=subprocess.DEVNULL,
                text=True,
                cwd=ROOT,
                start_new_session=True,
                env={**os.environ, "THEATRUM_LOG_FORMAT": "json", **(env or {})},
            )
        service = Service(process, log)
        started.append(service)
        return service

    yield begin
    for service in started:
        if service.process.poll() is None:
            service.kill_tree()
        if service.process.stdout:
            service.process.stdout.close()


def whole_runs(start: Start) -> Run:
    """`run(FILE, ..., ticks=100)`: a whole run at full speed; the summary it printed."""

    def whole(
        *files: object, env: dict[str, str] | None = None, data: str = "data", **options: object
    ) -> Summary:
        flags: list[object] = []
        for name, value in {"speed": "max", **options}.items():
            flag = f"--{name.replace('_', '-')}"
            flags += [flag] if value is True else [flag, value]
        return start("run", *files, *flags, "--json", data=data, env=env).finish()

    return whole


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with services(tmp_path) as found:
        yield found


@pytest.fixture
def run(start: Start) -> Run:
    return whole_runs(start)


@pytest.fixture(scope="module")
def run_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """`run` whose result the tests of a file share."""
    with services(tmp_path_factory.mktemp("for-all")) as start:
        yield whole_runs(start)


def hashes(summary: Summary) -> dict[str, tuple[int, str]]:
    """World id -> (tick, state hash)."""
    return {world["id"]: (world["tick"], world["stateHash"]) for world in summary["worlds"]}


@pytest.fixture(scope="module")
def hashes_of() -> Callable[[Summary], dict[str, tuple[int, str]]]:
    return hashes


@pytest.fixture(scope="module")
def towns() -> tuple[Path, ...]:
    """The example worlds."""
    return LANTERNFORD, SALTMARSH, TIN_MOON
