"""The commands of a second terminal, beside a running service."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from waiting import until


class Cli:
    """The commands of a second terminal."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def wait_for(self, service: Any) -> None:
        """Until the service is there for commands."""
        door = self.data / "service.json"

        def is_its_own() -> bool:
            return door.exists() and bool(json.loads(door.read_text())["pid"] == service.process.pid)

        until(is_its_own, "the service is up", service)

    def __call__(self, *args: object, status: int = 0) -> Any:
        """What `theatrum ARGS --json` answers; with another `status`, what it says on standard error."""
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--data", str(self.data), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout) if status == 0 else done.stderr
