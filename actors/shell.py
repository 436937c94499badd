"""The only module that knows Thespian's habits.

Thespian runs a handler that raised again, with the same message on the same half-changed object. A process
actor therefore ends its process when a handler raises: its supervisor starts a new one from durable state. An
actor inside a shard catches, reports the crash and is thrown away with its world.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from thespian.actors import (
    Actor,
    ActorAddress,
    ActorExitRequest,
    ActorSystem,
    ActorSystemMessage,
    ChildActorExited,
    PoisonMessage,
    ThespianWatch,
    WakeupMessage,
    WatchMessage,
)
from thespian.system.timing import ExpirationTimerView

from actors.background import Background
from actors.logs import configure, get_logger
from messages.service import ServiceSettings

PR_SET_PDEATHSIG, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 15, 36
CRASHED = 70
"""Exit status of a process actor whose handler raised (EX_SOFTWARE of sysexits.h)."""

T = TypeVar("T")

STACK_SLOTS = 70_000
"""Frame slots that `roomy` asks for: just above half a megabyte, so that CPython maps a whole one."""

Address = ActorAddress


def roomy(function: Callable[..., T], *arguments: Any) -> T:
    """Call it with a megabyte of room for the frames below.

    CPython keeps frames in chunks of 16 KB and gives a chunk back when the call that needed it returns. A
    loop whose calls cross a chunk's end maps and unmaps memory at each of them; under Thespian's own frames
    that made reading a world five times slower. A frame that is too large for a chunk gets a larger chunk,
    and the rest of it is for whoever it calls.
    """
    return function(*arguments)


roomy.__code__ = roomy.__code__.replace(co_stacksize=STACK_SLOTS)


def remaining(view: Any, forever: timedelta | None = None) -> timedelta | None:
    """What is left of a timer: never zero before it is over.

    Thespian rounds to microseconds, takes a wait of zero for none at all, and then waits for a message for
    ever: a shard in which a timer had half a microsecond left stood still.
    """
    left: timedelta | None = _rounded(view, forever)
    return SHORTEST if left == timedelta(0) and not view.expired() else left


SHORTEST = timedelta(microseconds=1)
_rounded = ExpirationTimerView.remaining
ExpirationTimerView.remaining = remaining


class UnknownMessage(TypeError):
    """A message nobody taught this actor."""

    def __init__(self, actor: object, message: object) -> None:
        super().__init__(
            f"{type(actor).__name__} does not accept {type(message).__name__}: "
            f"add it to the actor's `inbox`, or send it to the actor that owns that conversation."
        )


class Shell(Actor):
    """Turns Thespian's untyped callback into `receive(message, sender)` over a closed set of messages."""

    inbox: ClassVar[tuple[type, ...]] = ()

    def receive(self, message: Any, sender: Address) -> None:
        """Handle one message of the inbox: decide first, assign memory last."""
        raise NotImplementedError

    def check(self, message: object) -> None:
        """Refuse a stranger's message with a remedy."""
        if not isinstance(message, self.inbox):
            raise UnknownMessage(self, message)


class ProcessActor(Shell):
    """An actor that is a process of its own. Dies with its parent; says its name to `ps`."""

    process_name: ClassVar[str] = "theatrum"

    def __init__(self) -> None:
        super().__init__()
        die_with_parent()
        show_name(self.process_name)
        self.settings: ServiceSettings | None = None
        self.log = get_logger(self.process_name)
        self._background: Background | None = None
        self._watched: list[int] = []

    def receiveMessage(self, msg: object, sender: Address) -> ThespianWatch | None:
        try:
            roomy(self._dispatch, msg, sender)
        except Exception:
            self.log.exception("actor.failed", message=type(msg).__name__)
            with suppress(OSError):
                sys.stderr.flush()
            os._exit(CRASHED)
        return ThespianWatch(self._watched) if self._watched else None

    def _dispatch(self, msg: object, sender: Address) -> None:
        match msg:
            case WakeupMessage():
                self.on_wake(msg.payload)
            case WatchMessage():
                self._on_ready(msg.ready)
            case ChildActorExited():
                self.on_child_exited(msg.childAddress)
            case PoisonMessage():
                self.log.error(
                    "actor.poisoned", message=type(msg.poisonMessage).__name__, details=msg.details
                )
            case ActorExitRequest():
                self.on_exit()
            case ActorSystemMessage():
                pass
            case _:
                self.check(msg)
                self.receive(msg, sender)

    def _on_ready(self, ready: Any) -> None:
        background = self._background
        if background is not None and background.fileno() in ready:
            for tag, result, error in background.finished():
                self.on_done(tag, result, error)
        for fileno in ready:
            if background is None or fileno != background.fileno():
                self.on_readable(fileno)

    def use(self, settings: ServiceSettings) -> None:
        """Take the service's settings, and log as they say."""
        self.settings = settings
        configure(settings.log_level, settings.log_format)
        self.log = get_logger(self.process_name)
        self.log.info("process.started", pid=os.getpid())

    def spawn(self, actor: str) -> Address:
        """Start a child process from its `module.Class`."""
        return self.createActor(actor)

    def wake_after(self, seconds: float, payload: object) -> None:
        """`on_wake(payload)` comes after `seconds` of real time, some 2 ms late."""
        self.wakeupAfter(timedelta(seconds=max(0.0, seconds)), payload)

    def watch(self, fileno: int) -> None:
        """`on_readable(fileno)` comes whenever it is readable."""
        self._watched.append(fileno)

    def in_background(self, coroutine: Coroutine[Any, Any, Any], tag: str) -> None:
        """Run it beside the actor; `on_done(tag, result, error)` comes on this thread."""
        if self._background is None:
            self._background = Background()
            self.watch(self._background.fileno())
        self._background.run(coroutine, tag)

    def stop_background(self) -> None:
        if self._background is not None:
            self._watched.remove(self._background.fileno())
            self._background.stop()
            self._background = None

    def stop_child(self, child: Address) -> None:
        """Ask a child, and its children, to end."""
        self.send(child, ActorExitRequest(recursive=True))

    def on_wake(self, payload: object) -> None:
        """A time asked for with `wake_after` has come."""

    def on_readable(self, fileno: int) -> None:
        """A file asked for with `watch` is readable."""

    def on_done(self, tag: str, result: Any, error: BaseException | None) -> None:
        """Something run in the background ended."""

    def on_child_exited(self, child: Address) -> None:
        """A child's process is gone, however it went."""

    def on_exit(self) -> None:
        """This process is asked to end; it does after this."""


class InnerActor(Shell):
    """An actor inside a shard's process: plain calls away, and never run twice on a half-changed object."""

    def receiveMessage(self, msg: object, sender: Address) -> None:
        if isinstance(msg, ActorSystemMessage):
            return
        try:
            self.check(msg)
            self.receive(msg, sender)
        except Exception:
            self.crashed(msg, traceback.format_exc())

    def crashed(self, message: object, trace: str) -> None:
        """A handler raised. Tell whoever can rebuild the world; nothing here is to be trusted any more."""
        raise NotImplementedError


class InnerSystem:
    """The in-process Thespian system of a shard. `tell` runs everything that follows to completion."""

    def __init__(self) -> None:
        self._system = ActorSystem("simpleSystemBase", logDefs=False, transientUnique=True)

    def create(self, actor: type[InnerActor]) -> Address:
        return self._system.createActor(actor)

    def tell(self, address: Address, message: object) -> None:
        self._system.tell(address, message)
        while self._system.listen(0) is not None:
            """Whatever an inner actor sent to the outside would pile up here."""

    def destroy(self, address: Address) -> None:
        """End an actor and its children."""
        self.tell(address, ActorExitRequest(recursive=True))


def now_ns() -> int:
    """Monotonic nanoseconds: the clock of pacing, commits and every wait inside a shard."""
    return time.monotonic_ns()


def die_with_parent() -> None:
    """The kernel kills this process when its parent is gone; a parent gone already is noticed here."""
    parent = os.getppid()
    _prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != parent or parent == 1:
        os._exit(CRASHED)


def adopt_orphans() -> None:
    """Processes whose parent ended become children of this one, not of init."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def show_name(name: str) -> None:
    """What `ps` and `top` call this process; the kernel keeps fifteen characters."""
    with suppress(OSError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), f"prctl {option}")
