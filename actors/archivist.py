"""Archivist: every SQL write of a host's shards, in batches, beside its mailbox."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice, takewhile
from typing import Any

from actors import archive_work as work
from actors import webhook_work
from actors.archive_opening import RETRY_S, UNUSABLE, Stored, open_database
from actors.chores import LOOK_EVERY_S, ArchiveChores
from actors.diary import Diary
from actors.shell import Address, ProcessActor
from messages.admin import ListGenerations, ShowHistory
from messages.appointments import AppointmentMade, MakeAppointment, OfAppointments
from messages.archive import (
    ArchiveOpened,
    AskOutcome,
    ChoresReported,
    ClaimWorld,
    CollectResults,
    CountGenerations,
    DisownWorld,
    FetchInputs,
    InputsRecorded,
    InputsWaiting,
    KeepAppointments,
    OpenArchive,
    OwnWorlds,
    QuarantineWorld,
    RecallWorld,
    RecordInput,
    RegisterSleeping,
    RegisterWorld,
    ReleaseWorld,
    RetireWorld,
    RollBackWorld,
    WorldClaimed,
    WorldRegistered,
)
from messages.base import Ask, Message, Refused
from messages.commits import Commit, CommitRecord, CommitsMissing, Committed, Fenced
from messages.jobs import ShowJobs
from messages.webhooks import OfWebhooks
from persistence import commits, inputs, worlds
from persistence.engine import Database, DatabaseAway
from simulation.definitions.templates import Templates
from simulation.housekeeping import Chore, Failed
from simulation.units import Epoch, WorldId

COMMITS_AT_ONCE = 256
"""Records written in one transaction."""

TOGETHER_MAX = 16
"""Asks done in one transaction: the disk is waited for once, and nobody waits for many others."""
TOGETHER = RegisterWorld | RetireWorld | ReleaseWorld | RecordInput | ClaimWorld
"""What may share a transaction: each writes, and reads nothing but what it holds."""

Work = Callable[[Database], Awaitable[Any]]
Inbox = (
    OpenArchive
    | RegisterWorld
    | RetireWorld
    | RecallWorld
    | ReleaseWorld
    | RollBackWorld
    | RecordInput
    | AskOutcome
    | CountGenerations
    | ListGenerations
    | ShowHistory
    | ClaimWorld
    | OwnWorlds
    | DisownWorld
    | FetchInputs
    | QuarantineWorld
    | CollectResults
    | Commit
    | RegisterSleeping
    | OfAppointments
    | OfWebhooks
    | ShowJobs
)


class Archivist(ProcessActor):
    """One writer: work is done in the order it came, one thing at a time, and retried while the database is
    away."""

    process_name = "th-archivist"
    inbox = Inbox.__args__

    def __init__(self) -> None:
        super().__init__()
        self.db: Database | None = None
        self.queue: list[tuple[Ask | Message | Chore, Address]] = []
        self.commits: list[tuple[CommitRecord, Address]] = []
        self.owners: dict[WorldId, tuple[Epoch, Address]] = {}
        self.busy = False
        self.chores = ArchiveChores(time.monotonic())
        self.diary = Diary()
        self.templates = Templates()

    def receive(self, message: Inbox, sender: Address) -> None:
        match message:
            case OpenArchive():
                self.use(message.settings)
                self.busy = True
                self.opening, self.opener = message, sender
                self.in_background(open_database(message), "open")
            case Commit():
                self.commits.extend((record, sender) for record in message.records)
            case OwnWorlds():
                self.owners.update({world: (epoch, sender) for world, epoch in message.epochs.items()})
            case DisownWorld():
                if self.owners.get(message.world_id, (None,))[0] == message.epoch:
                    del self.owners[message.world_id]
            case CollectResults():
                if not any(isinstance(waiting, CollectResults) for waiting, _ in self.queue):
                    self.queue.append((message, sender))
            case _:
                self.queue.append((message, sender))
        self.next()

    def next(self) -> None:
        """Start the next piece of work; commits first, because players wait for them."""
        if self.busy or self.db is None:
            return
        if self.commits:
            self.busy = True
            batch = self.commits[:COMMITS_AT_ONCE]
            self.in_background(
                persist(self.db, lambda db: commits.write(db, [record for record, _ in batch])), "commits"
            )
        elif self.queue:
            self.busy = True
            shared = takewhile(lambda queued: isinstance(queued[0], TOGETHER), self.queue)
            asks = [message for message, _ in islice(shared, TOGETHER_MAX)] or [self.queue[0][0]]
            works = [self.work_of(message) for message in asks]
            self.in_background(persist(self.db, lambda db: each(db, works)), "work")

    def on_done(self, tag: str, result: Any, error: BaseException | None) -> None:
        self.busy = False
        match tag:
            case "open":
                self.on_opened(result, error)
            case _ if error is not None:
                raise error
            case "commits":
                self.on_written(result)
            case "work":
                for found in result:
                    self.on_worked(found)
        self.next()

    def on_opened(self, result: Any, error: BaseException | None) -> None:
        ask_id = self.opening.ask_id
        may_be_refused = self.opening.patience_s is not None  # later, whoever starts it tries again
        if isinstance(error, UNUSABLE) and may_be_refused:
            self.send(self.opener, Refused(ask_id=ask_id, reason=str(error)))
            return
        if error is not None:
            raise error
        stored: Stored = result
        self.db = stored.db
        opened = ArchiveOpened(
            ask_id=ask_id,
            pid=os.getpid(),
            worlds=stored.known,
            definitions=stored.definitions,
            asleep=stored.asleep,
            resting=stored.resting,
        )
        self.send(self.opener, opened)
        self.wake_after(LOOK_EVERY_S, "chores")
        self.appoint(stored.appointed)

    def on_wake(self, payload: Any) -> None:
        """Look what housekeeping is due, or whose time has come; it waits its turn like everything else."""
        match payload:
            case "chores":
                waiting = [queued for queued, _ in self.queue]
                due = self.chores.plan.due(time.monotonic())
                self.queue.extend((chore, self.opener) for chore in due if chore not in waiting)
                self.wake_after(LOOK_EVERY_S, "chores")
            case ("appointments", wakes_at) if self.diary.woken(wakes_at):
                if self.diary.is_due(time.time()):
                    self.queue.append((KeepAppointments(), self.opener))
                else:
                    self.appoint(None)
        self.next()

    def appoint(self, at: float | None) -> None:
        """Be woken for the next appointment, which may be this new one."""
        self.diary.note(at)
        wait_s = self.diary.wait_s(time.time())
        if wait_s is not None:
            self.wake_after(wait_s, ("appointments", self.diary.wakes_at))

    def on_chore(self, chore: Chore, did: int | Failed) -> None:
        now = time.monotonic()
        if isinstance(did, Failed):
            self.chores.plan.failed(chore.name, now, did.because)
        else:
            self.chores.plan.done(chore.name, now, did)
        self.send(self.opener, ChoresReported(chores=self.chores.plan.to_json(now, time.time())))

    def on_written(self, answers: list[commits.Answer]) -> None:
        """Tell each sender what is durable, and who is fenced."""
        done, self.commits = self.commits[: len(answers)], self.commits[len(answers) :]
        durable: list[tuple[Address, list[commits.Written]]] = []
        for (_, sender), answer in zip(done, answers, strict=True):
            if isinstance(answer, Fenced | CommitsMissing):
                self.send(sender, answer)
                continue
            known = next((found for address, found in durable if address == sender), None)
            if known is None:
                durable.append((sender, [answer]))
            else:
                known.append(answer)
        for sender, written in durable:
            self.send(sender, Committed(records=tuple(written)))

    def on_worked(self, result: Any) -> None:
        message, sender = self.queue.pop(0)
        if isinstance(result, BaseException):
            result = work.refusal(message, result)
        match message:
            case ClaimWorld() if isinstance(result, WorldClaimed):
                self.owners[message.world_id] = (result.epoch, sender)
            case RecordInput() if isinstance(result, tuple):
                recorded, stored = result
                self.push({recorded.world_id: (stored,)})
                result = recorded
            case Chore():
                self.on_chore(message, result)
                return
            case KeepAppointments():
                found, self.diary.next_at = result
                self.log.info("appointments.kept", worlds=sorted(found))
                self.push(found)
                self.appoint(None)
                return
            case MakeAppointment() if isinstance(result, AppointmentMade):
                self.appoint(result.at)
            case RegisterWorld() if isinstance(result, WorldRegistered) and result.resumed:
                self.appoint(0.0)  # its time may have come while it was out of service
            case CollectResults():
                self.push(result)
                if result:
                    self.queue.append((message, sender))
                return
        if result is not None:
            self.send(sender, result)

    def push(self, found: dict[WorldId, tuple[Any, ...]]) -> None:
        """New inputs go to the shard that owns the world; if none does, the next owner finds them stored,
        and the Supervisor hears that they are there."""
        for world_id, stored in found.items():
            if world_id in self.owners:
                self.send(self.owners[world_id][1], InputsRecorded(world_id=world_id, inputs=stored))
            else:
                self.send(self.opener, InputsWaiting(world_id=world_id))

    def work_of(self, message: Any) -> Work:
        """What a message asks of the database."""
        match message:
            case RegisterWorld():
                return lambda db: work.register(db, message)
            case RegisterSleeping():
                return lambda db: work.register_sleeping(db, message)
            case RetireWorld():
                return lambda db: work.retire(db, message)
            case RecallWorld():
                return lambda db: work.recall(db, message)
            case ReleaseWorld():
                return lambda db: work.release(db, message)
            case RollBackWorld():
                return lambda db: work.roll_back(db, message)
            case RecordInput():
                return lambda db: work.record(db, message)
            case AskOutcome():
                return lambda db: work.find_outcome(db, message)
            case CountGenerations():
                return lambda db: work.count(db, message)
            case ListGenerations():
                return lambda db: work.list_generations(db, message)
            case ShowHistory():
                return lambda db: work.history(db, message)
            case ShowJobs():
                return lambda db: work.show_jobs(db, message)
            case Chore():
                return self.chores.work_of(message)
            case ClaimWorld():
                return lambda db: work.claim(db, message, self.templates)
            case FetchInputs():
                return lambda db: work.fetch(db, message)
            case QuarantineWorld():
                return lambda db: worlds.quarantine(db, message.world_id, message.epoch, message.reason)
            case CollectResults():
                return inputs.collect_results
            case _ if isinstance(message, OfAppointments):
                return lambda db: work.appointment(db, message)
            case _ if isinstance(message, OfWebhooks):
                return lambda db: webhook_work.answer(db, message)
            case KeepAppointments():
                return work.keep_appointments
            case _:
                raise TypeError(f"no work for {type(message).__name__}")

    def on_exit(self) -> None:
        self.stop_background()


async def each(db: Database, works: Sequence[Work]) -> list[Any]:
    """Every result, or the exception that a user can do something about, in order."""
    if len(works) == 1:
        return [await result_of(db, works[0])]
    async with db.together() as joined:
        return [await result_of(joined, one) for one in works]


async def result_of(db: Database, asked: Work) -> Any:
    try:
        return await asked(db)
    except work.REFUSED as refused:
        return refused


async def persist(db: Database, work: Callable[[Database], Awaitable[Any]]) -> Any:
    """Do it, again and again while the database is away: nothing is given up, everything behind it waits."""
    delay = RETRY_S[0]
    while True:
        try:
            return await work(db)
        except DatabaseAway:
            await asyncio.sleep(delay)
            delay = min(RETRY_S[1], delay * 2)
