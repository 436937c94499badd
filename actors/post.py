"""Where a shard's messages go: its Supervisor, and siblings that live elsewhere after a restart."""

from __future__ import annotations

from collections.abc import Callable

from actors.shell import Address
from messages.base import Message
from messages.shards import Wire


class Post:
    """What is sent to a sibling that is away is lost; whoever needs it done sends it again at `rewire`."""

    def __init__(self, send: Callable[[Address, Message], None]) -> None:
        self._send = send
        self._supervisor: Address | None = None
        self._wire = Wire(archivist=None, gate=None)

    def open(self, supervisor: Address) -> None:
        self._supervisor = supervisor

    def rewire(self, wire: Wire) -> None:
        self._wire = wire

    def say(self, message: Message) -> None:
        """To the Supervisor."""
        if self._supervisor is not None:
            self._send(self._supervisor, message)

    def archive(self, message: Message) -> None:
        """To the Archivist."""
        if self._wire.archivist is not None:
            self._send(self._wire.archivist, message)

    def hint(self, message: Message) -> None:
        """To the gate, which finds out by itself a little later if it does not hear it."""
        if self._wire.gate is not None:
            self._send(self._wire.gate, message)
