"""The actor system from outside: starting it, joining it, asking it, ending it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from actors import frames
from actors.shell import adopt_orphans
from messages.base import Ask, Refused
from messages.service import ServiceSettings, ServiceStarted, StartService
from service.door import listens, refuses
from service.errors import Refusal, ServiceEnded, ServiceGone, Unstartable

BASE = "multiprocTCPBase"
SUPERVISOR = "theatrum-supervisor"
SUPERVISOR_PROCESS = "th-supervisor"
ASKED_AT_ONCE = 16
"""Asks of one client that wait for their answers: enough that every process always has one of them to do."""
START_WITHIN_S = 30.0
"""Seconds for every process of the service to answer once."""
LOOK_EVERY_S = 0.1
"""Seconds between two looks whether the one who shall answer is still there."""
LOOK_FROM_OUTSIDE_EVERY_S = 1.0
"""Seconds between two looks of a client, which knows a port and no processes."""
JOIN_WITHIN_S = 10.0
"""Seconds for the actor system to take a client in, and to take each of its messages."""
NAMED_WITHIN_S = 5.0
"""Seconds in which a Supervisor that is there shows its name."""
GONE_WITHIN_S = 2.0
"""Seconds for the kernel to end what was killed."""
POLL_S = 0.01
"""Seconds between two looks at a process that is ending."""
SILENT = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"none": {"class": "logging.NullHandler"}},
    "root": {"level": "ERROR", "handlers": ["none"]},
}
"""Thespian's own logger process: our actors log to standard error themselves."""

AnyAsk = TypeVar("AnyAsk", bound=Ask)


class ActorService:
    """One process's connection to the actor system and its Supervisor."""

    def __init__(self, system: Any, supervisor: Any, port: int) -> None:
        self._system = system
        self._supervisor = supervisor
        self._port = port
        self.admin_pid = 0
        self.supervisor_pid = 0
        self._newest = 0
        """The process that is the Supervisor, as long as it has not shown its name."""
        self._joined_s = self._looked_s = time.monotonic()
        self.group = 0
        """The process group of the whole actor system: Thespian's admin makes one of its own."""

    @classmethod
    def start(
        cls, settings: ServiceSettings, port: int, key: bytes, logs: Path
    ) -> tuple[ActorService, ServiceStarted]:
        """Start an actor system of our own on `port`, and the service in it. Raises Unstartable."""
        if listens(port):
            raise Unstartable(f"Port {port} is in use", because="somebody else listens there")
        adopt_orphans()
        os.environ["THESPLOG_FILE"] = str(logs / "thespian.log")
        os.environ["THESPLOG_THRESHOLD"] = "WARNING"
        frames.install(key, may_start_admin=True)
        before = children()
        try:
            service = cls._joined(port, SILENT, START_WITHIN_S)
            service.group = group_of(children() - before)
            service._newest = newest_of(service.group)
            started = service.ask(StartService(ask_id=new_id(), settings=settings), START_WITHIN_S)
        except BaseException:
            end_group(group_of(children() - before))
            raise
        service.admin_pid, service.supervisor_pid = started.admin_pid, started.supervisor_pid
        with suppress(ChildProcessError):
            os.waitpid(service.group, os.WNOHANG)  # Thespian forks twice; the one between led the group
        return service, started

    @classmethod
    def connect(cls, port: int, key: bytes) -> ActorService:
        """Join the running service on `port`; never starts one. Raises ServiceGone."""
        frames.install(key, may_start_admin=False)
        os.environ.setdefault("THESPLOG_FILE", os.devnull)
        try:
            return cls._joined(port, None, JOIN_WITHIN_S)
        except ConnectionRefusedError:
            raise ServiceGone("The service went away") from None

    @classmethod
    def _joined(cls, port: int, logs: object, within_s: float) -> ActorService:
        from thespian.actors import ActorSystem, ActorSystemException, InvalidActorAddress
        from thespian.system import systemBase

        systemBase.MAX_CHILD_ACTOR_CREATE_DELAY = timedelta(seconds=within_s)
        systemBase.MAX_TELL_PERIOD = timedelta(seconds=JOIN_WITHIN_S)
        try:
            system = ActorSystem(BASE, {"Admin Port": port}, logDefs=logs, transientUnique=True)
            supervisor = system.createActor("actors.supervisor.Supervisor", globalName=SUPERVISOR)
        except InvalidActorAddress as error:
            raise Unstartable("The actor system did not start", because=str(error)) from None
        except ActorSystemException as error:
            raise ServiceGone("The service does not answer", because=str(error)) from None
        return cls(system, supervisor, port)

    def ask(self, message: Ask, within_s: float) -> Any:
        """The answer to this ask. Raises Refusal for a no, ServiceGone when none comes in time."""
        ((_, answer),) = self.ask_each([message], within_s)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def ask_each(self, messages: Iterable[AnyAsk], within_s: float) -> Iterator[tuple[AnyAsk, Any]]:
        """Every ask with its answer or Refusal, as the answers come; several are on their way at once. Raises
        ServiceGone when none comes for so long."""
        left, asked = iter(messages), dict[str, AnyAsk]()
        while True:
            for message in islice(left, ASKED_AT_ONCE - len(asked)):
                self._system.tell(self._supervisor, message)
                asked[message.ask_id] = message
            if not asked:
                return
            answer = self._answer_to(asked, within_s)
            refused = isinstance(answer, Refused)
            found = Refusal.of(answer.reason, do=answer.do, path=answer.path) if refused else answer
            yield asked.pop(answer.ask_id), found

    def _answer_to(self, asked: Mapping[str, Ask], within_s: float) -> Any:
        kinds = " and ".join(sorted({str(message) for message in asked.values()}))
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            answer = self._system.listen(timedelta(seconds=min(left, LOOK_EVERY_S)))
            if answer is None and self._is_lost():
                do = "" if self.group else "What was asked may have happened: look before you ask again."
                raise ServiceEnded("The service ended", because=f"{kinds} had no reply", do=do)
            if getattr(answer, "ask_id", None) in asked:
                return answer
        raise ServiceGone("The service does not answer", because=f"{kinds} had no reply in {within_s:g} s")

    def _is_lost(self) -> bool:
        """Whether the Supervisor we talk to is gone, so that no answer can come."""
        now_s = time.monotonic()
        if self.group > 0:
            is_new = now_s - self._joined_s < NAMED_WITHIN_S and _runs(self._newest)
            return not is_new and SUPERVISOR_PROCESS not in names_in(self.group)
        if now_s - self._looked_s < LOOK_FROM_OUTSIDE_EVERY_S:
            return False
        self._looked_s = now_s
        return refuses(self._port)

    def is_alive(self) -> bool:
        """Whether admin and Supervisor still run; reaps the admin, which is our child."""
        return all(_runs(pid) for pid in (self.admin_pid, self.supervisor_pid))

    def stop(self) -> None:
        """End the actor system: politely first, then its whole process group."""
        with suppress(OSError, RuntimeError):
            self._system.shutdown()
        self.kill()

    def kill(self) -> None:
        """End every process of the actor system now."""
        end_group(self.group)


def children() -> set[int]:
    """Processes whose parent is this one; orphans it adopted are among them."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return {int(pid) for pid in text.split()}


def group_of(pids: set[int]) -> int:
    """The process group that these made for themselves; 0 if they made none."""
    for pid in sorted(pids):
        with suppress(ProcessLookupError):
            group = os.getpgid(pid)
            if group != os.getpgrp():
                return group
    return 0


def names_in(group: int) -> set[str]:
    """What `ps` calls the processes of a group."""
    return {fields[NAME_FIELD] for _, fields in _stats_of(group)}


NAME_FIELD, STARTED_FIELD = 0, 20
"""Of what is said of a process: its name, and when it began, in ticks of the kernel's clock."""


def _stats_of(group: int) -> Iterator[tuple[int, list[str]]]:
    """Every process of a group that is no zombie: its pid, and what the kernel says of it."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            pid, _, rest = stat.read_text().partition(" (")
            name, _, values = rest.rpartition(")")
            state, _, process_group, *_ = fields = values.split()
            if int(process_group) == group and state != "Z":
                yield int(pid), [name, *fields]


def newest_of(group: int) -> int:
    """The process of a group that began last; 0 if there is none."""
    began = {}
    for pid, fields in _stats_of(group):
        began[pid] = int(fields[STARTED_FIELD])
    return max(began, key=lambda pid: began[pid], default=0)


def end_group(group: int) -> None:
    """Kill and reap a whole process group, whose orphans are our children."""
    if group > 0:
        wait_until(lambda: not _kill_group(group), GONE_WITHIN_S)


def _kill_group(group: int) -> bool:
    """False: nobody is left of it."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return False
    with suppress(ChildProcessError):
        while os.waitpid(-group, os.WNOHANG)[0]:
            """One more is gone."""
    return True


def _runs(pid: int) -> bool:
    """Whether a process is there and no zombie of ours."""
    if pid <= 0:
        return False
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(holds: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def new_id() -> str:
    return uuid4().hex
