"""Archivist: every SQL write of a host's shards, in batches, beside its mailbox."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

from actors.shell import Address, ProcessActor
from messages.admin import GenerationsListed, ListGenerations
from messages.archive import (
    ArchiveOpened,
    AskOutcome,
    ClaimWorld,
    CollectResults,
    CountGenerations,
    FetchInputs,
    GenerationsCounted,
    InputRecorded,
    InputsRecorded,
    OpenArchive,
    OutcomePending,
    OwnWorlds,
    QuarantineWorld,
    RecordInput,
    RegisterWorld,
    ReleaseWorld,
    RetireWorld,
    WorldClaimed,
    WorldRegistered,
    WorldReleased,
    WorldRetired,
)
from messages.base import Ask, Message, Refused
from messages.commits import Commit, CommitRecord, Committed, Fenced
from persistence import commits, generations, inputs, worlds
from persistence.engine import Database, DatabaseAway, SchemaMissing, SchemaNewer
from simulation.definitions import pack, unpack
from simulation.units import Epoch, WorldId

RETRY_S = (0.05, 2.0)
"""Between two tries while the database is away: first, and at most."""
UNUSABLE = (DatabaseAway, SchemaMissing, SchemaNewer, ValueError, FileNotFoundError)
"""A database that will not do, whatever is tried again."""
COMMITS_AT_ONCE = 256
"""Records written in one transaction."""

Reply = Message
Work = Callable[[Database], Awaitable[Any]]
Inbox = (
    OpenArchive
    | RegisterWorld
    | RetireWorld
    | ReleaseWorld
    | RecordInput
    | AskOutcome
    | CountGenerations
    | ListGenerations
    | ClaimWorld
    | OwnWorlds
    | FetchInputs
    | QuarantineWorld
    | CollectResults
    | Commit
)


class Archivist(ProcessActor):
    """One writer: work is done in the order it came, one thing at a time, and retried while the database is
    away."""

    process_name = "th-archivist"
    inbox = Inbox.__args__

    def __init__(self) -> None:
        super().__init__()
        self.db: Database | None = None
        self.queue: list[tuple[Ask | Message, Address]] = []
        self.commits: list[tuple[CommitRecord, Address]] = []
        self.owners: dict[WorldId, tuple[Epoch, Address]] = {}
        self.busy = False

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
            self.in_background(persist(self.db, self.work_of(self.queue[0][0])), "work")

    def on_done(self, tag: str, result: Any, error: BaseException | None) -> None:
        self.busy = False
        match tag:
            case "open":
                self.on_opened(result, error)
            case _ if error is not None and tag != "work":
                raise error
            case "commits":
                self.on_written(result)
            case "work":
                self.on_worked(result, error)
        self.next()

    def on_opened(self, result: Any, error: BaseException | None) -> None:
        ask_id = self.opening.ask_id
        if isinstance(error, UNUSABLE):
            self.send(self.opener, Refused(ask_id=ask_id, reason=str(error)))
            return
        if error is not None:
            raise error
        self.db, known, definitions = result
        opened = ArchiveOpened(ask_id=ask_id, pid=os.getpid(), worlds=known, definitions=definitions)
        self.send(self.opener, opened)

    def on_written(self, answers: list[commits.Written | Fenced]) -> None:
        """Tell each sender what is durable, and who is fenced."""
        done, self.commits = self.commits[: len(answers)], self.commits[len(answers) :]
        durable: list[tuple[Address, list[commits.Written]]] = []
        for (_, sender), answer in zip(done, answers, strict=True):
            if isinstance(answer, Fenced):
                self.send(sender, answer)
                continue
            known = next((found for address, found in durable if address == sender), None)
            if known is None:
                durable.append((sender, [answer]))
            else:
                known.append(answer)
        for sender, written in durable:
            self.send(sender, Committed(records=tuple(written)))

    def on_worked(self, result: Any, error: BaseException | None) -> None:
        message, sender = self.queue.pop(0)
        if error is not None:
            result = refusal(message, error)
        match message:
            case ClaimWorld() if isinstance(result, WorldClaimed):
                self.owners[message.world_id] = (result.epoch, sender)
            case RecordInput() if isinstance(result, tuple):
                recorded, stored = result
                self.push({recorded.world_id: (stored,)})
                result = recorded
            case CollectResults():
                self.push(result)
                if result:
                    self.queue.append((message, sender))
                return
        if result is not None:
            self.send(sender, result)

    def push(self, found: dict[WorldId, tuple[Any, ...]]) -> None:
        """New inputs go to the shard that owns the world; if none does, the next owner finds them stored."""
        for world_id, stored in found.items():
            if world_id in self.owners:
                self.send(self.owners[world_id][1], InputsRecorded(world_id=world_id, inputs=stored))

    def work_of(self, message: Any) -> Work:
        """What a message asks of the database."""
        match message:
            case RegisterWorld():
                return lambda db: register(db, message)
            case RetireWorld():
                return lambda db: retire(db, message)
            case ReleaseWorld():
                return lambda db: release(db, message)
            case RecordInput():
                return lambda db: record(db, message)
            case AskOutcome():
                return lambda db: find_outcome(db, message)
            case CountGenerations():
                return lambda db: count(db, message)
            case ListGenerations():
                return lambda db: list_generations(db, message)
            case ClaimWorld():
                return lambda db: claim(db, message)
            case FetchInputs():
                return lambda db: fetch(db, message)
            case QuarantineWorld():
                return lambda db: worlds.quarantine(db, message.world_id, message.epoch, message.reason)
            case CollectResults():
                return inputs.collect_results
            case _:
                raise TypeError(f"no work for {type(message).__name__}")

    def on_exit(self) -> None:
        self.stop_background()


async def open_database(ask: OpenArchive) -> tuple[Database, tuple[WorldId, ...], dict[WorldId, str]]:
    """Connect and migrate, trying again while it is away. Raises one of UNUSABLE."""
    delay, give_up_s = RETRY_S[0], time.monotonic() + (ask.patience_s or 0)
    while True:
        try:
            db = await Database.open(ask.settings.database_url, migrate=True)
            return db, await worlds.ids(db), await worlds.definitions(db)
        except DatabaseAway:
            if ask.patience_s is not None and time.monotonic() > give_up_s:
                raise
            await asyncio.sleep(delay)
            delay = min(RETRY_S[1], delay * 2)


async def persist(db: Database, work: Callable[[Database], Awaitable[Any]]) -> Any:
    """Do it, again and again while the database is away: nothing is given up, everything behind it waits."""
    delay = RETRY_S[0]
    while True:
        try:
            return await work(db)
        except DatabaseAway:
            await asyncio.sleep(delay)
            delay = min(RETRY_S[1], delay * 2)


def refusal(message: Ask | Message, error: BaseException) -> Refused | None:
    """What a user can do something about is an answer; everything else is a bug and is raised."""
    known = (
        worlds.DefinitionChanged,
        inputs.UnknownWorld,
        inputs.InputsFull,
    )
    if not isinstance(error, known) or not isinstance(message, Ask):
        raise error
    path = "id" if isinstance(error, worlds.DefinitionChanged) else ""
    return Refused(ask_id=message.ask_id, reason=str(error), do=REMEDIES.get(type(error), ""), path=path)


REMEDIES: dict[type[BaseException], str] = {
    worlds.DefinitionChanged: "Start it over with --fresh, or give the file another id.",
    inputs.UnknownWorld: "`theatrum world list` shows the worlds there are.",
    inputs.InputsFull: "Wait until the world has applied some, or resume it.",
}


async def register(db: Database, message: RegisterWorld) -> Reply:
    found = await worlds.register(
        db,
        world_id=message.world_id,
        name=message.name,
        document=unpack(message.document),
        definition_hash=message.definition_hash,
        generation=message.generation,
        fresh=message.fresh,
    )
    return WorldRegistered(
        ask_id=message.ask_id,
        world_id=message.world_id,
        name=message.name,
        resumed=found.resumed,
        tick=found.tick,
        quarantined=found.quarantined,
    )


async def retire(db: Database, message: RetireWorld) -> Reply:
    tick = await worlds.retire(db, message.world_id)
    if tick is None:
        raise inputs.UnknownWorld(f"no world {message.world_id}")
    return WorldRetired(ask_id=message.ask_id, world_id=message.world_id, tick=tick)


async def release(db: Database, message: ReleaseWorld) -> Reply:
    released = await worlds.release(db, message.world_id)
    return WorldReleased(ask_id=message.ask_id, world_id=message.world_id, released=released)


async def record(db: Database, message: RecordInput) -> Any:
    key = message.idempotency_key or message.ask_id
    found = await inputs.record(db, message.world_id, message.kind, message.payload, key)
    answer = InputRecorded(ask_id=message.ask_id, world_id=message.world_id, seq=found.seq, known=found.known)
    return answer, found.stored


async def find_outcome(db: Database, message: AskOutcome) -> Reply:
    found = await inputs.outcome(db, message.world_id, message.seq, message.ask_id)
    if found is not None:
        return found
    return OutcomePending(ask_id=message.ask_id, world_id=message.world_id, seq=message.seq)


async def count(db: Database, message: CountGenerations) -> Reply:
    return GenerationsCounted(ask_id=message.ask_id, by_world=await generations.counts(db))


async def list_generations(db: Database, message: ListGenerations) -> Reply:
    counted = await generations.counts(db)
    return GenerationsListed(
        ask_id=message.ask_id,
        rows=await generations.listing(db, message.world_id, message.limit),
        counts=counted.get(message.world_id, {}),
    )


async def claim(db: Database, message: ClaimWorld) -> Reply:
    found = await worlds.claim(db, message.world_id, message.shard, message.skip)
    if found is None:
        raise inputs.UnknownWorld(f"no world {message.world_id}")
    return WorldClaimed(
        ask_id=message.ask_id,
        world_id=message.world_id,
        name=found.name,
        epoch=found.epoch,
        number=found.number,
        document=pack(found.document),
        generation=found.generation,
        mark=found.mark,
        snapshot=found.snapshot,
        inputs=found.inputs,
        quarantined=found.quarantined,
        committed_at=found.committed_at,
    )


async def fetch(db: Database, message: FetchInputs) -> Reply:
    found = await inputs.after(db, message.world_id, message.after)
    return InputsRecorded(world_id=message.world_id, inputs=found)
