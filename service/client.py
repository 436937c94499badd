"""The CLI's side of the door: join the running service and ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from messages.base import Ask
from service.door import Door
from service.errors import Refusal
from service.system import ActorService

ANSWER_WITHIN_S = 30.0
"""A step of many ticks is answered when it is done; `--wait` asks for more."""


def ask(data: Path, message: Ask, within_s: float = ANSWER_WITHIN_S) -> Any:
    """The service's answer. Raises ServiceNotRunning, ServiceGone, Refusal."""
    door = Door.read(data)
    try:
        return ActorService.connect(door.port, door.key).ask(message, within_s)
    except Refusal as refusal:
        raise refusal.from_here(data) from None
