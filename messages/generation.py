"""Conversation: committed generation requests on their way to becoming jobs.

supervisor -> gate   OpenGate     -> GateOpened | Refused
supervisor -> gate   Wire         (messages.shards) new addresses after the Archivist was restarted
shard -> gate        RequestsCommitted   hint: new rows, and cancelled ones; read from the database
gate -> archivist    CollectResults      (messages.archive)
gate -> supervisor   GateReported        about once a second
supervisor -> gate   CloseGate    -> GateClosed
"""

from __future__ import annotations

from typing import Any

from messages.base import Ask, Message
from messages.service import ServiceSettings
from messages.shards import Wire
from simulation.units import RequestId, WorldId


class OpenGate(Ask):
    settings: ServiceSettings
    wire: Wire


class GateOpened(Message):
    ask_id: str
    pid: int


class RequestsCommitted(Message):
    """Safe to lose: the gate also looks on its own, every few seconds and when it starts."""

    world_id: WorldId
    count: int
    cancelled: tuple[RequestId, ...] = ()
    """Which ones nobody wants any more: handlers hear of those that were not made yet."""


class GateReported(Message):
    jobs: dict[str, int]
    in_flight: int
    deferred: int
    trouble: str = ""
    """One sentence while Redis or the database cannot be reached, and since when."""
    chores: tuple[dict[str, Any], ...] = ()
    """The gate's housekeeping."""


class CloseGate(Ask):
    pass


class GateClosed(Message):
    ask_id: str
