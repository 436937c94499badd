"""Waiting for a condition, with a bound and a reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

WITHIN_S = 40
POLL_S = 0.05


def until(holds: Callable[[], object], what: str, service: Any = None) -> None:
    """Poll until it holds; fails with what was waited for, and with the log if the service has ended."""
    deadline = time.monotonic() + WITHIN_S
    while not holds():
        if service is not None:
            assert service.process.poll() is None, f"ended before {what}: {service.log.read_text()[-2000:]}"
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s: {what}"
        time.sleep(POLL_S)
