"""An asyncio loop beside an actor: slow things happen there, and their outcome arrives on the actor's
thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Coroutine
from typing import Any

DRAIN_BYTES = 4096
"""Wake-up bytes read at once; one is sent for each outcome and they mean nothing by themselves."""

Outcome = tuple[str, Any, BaseException | None]


class Background:
    """Runs coroutines on its own thread. `fileno()` becomes readable when `finished()` has something."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)
        self._outcomes: deque[Outcome] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="background")
        self._thread.start()

    def fileno(self) -> int:
        return self._here.fileno()

    def run(self, coroutine: Coroutine[Any, Any, Any], tag: str) -> None:
        """Start it; `finished()` will have (tag, result, None) or (tag, None, exception)."""
        self._loop.call_soon_threadsafe(self._start, coroutine, tag)

    def _start(self, coroutine: Coroutine[Any, Any, Any], tag: str) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._done(done, tag))

    def _done(self, task: asyncio.Task[Any], tag: str) -> None:
        self._tasks.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        self._outcomes.append((tag, None if error else task.result(), error))
        try:
            self._there.send(b".")
        except BlockingIOError:
            return  # the pipe is full of wake-ups already, so the actor will look

    def finished(self) -> list[Outcome]:
        """The outcomes since the last call, in the order they came."""
        try:
            while self._here.recv(DRAIN_BYTES):
                pass
        except BlockingIOError:
            pass
        found = []
        while self._outcomes:
            found.append(self._outcomes.popleft())
        return found

    def stop(self) -> None:
        """Cancel what runs and end the thread."""
        asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._here.close()
        self._there.close()

    async def _cancel_all(self) -> None:
        """Those too that one of ours began."""
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
