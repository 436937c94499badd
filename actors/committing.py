"""How what worlds did leaves a shard: commit records in batches, and snapshots made beside the ticks.

A world is copied between two ticks. The copy becomes bytes later, and those travel with whatever
record the world makes next: records are written in order, so a snapshot is never newer than the mark beside
it, and the inputs applied after it are stored with their ticks like any others. A copy that is lost with its
process was only a shorter replay.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from traceback import format_exc
from typing import TYPE_CHECKING, Literal

from actors.hosted import Hosted
from actors.shell import now_ns
from messages.commits import Commit, CommitRecord, CommitsMissing, Committed, InputOutcome, Mark, Snapshot
from messages.generation import RequestsCommitted
from messages.service import WorldReport
from messages.shards import AnsweredInput, InputsAnswered
from messages.tick import Crashed, Marked, TakeMark
from simulation.snapshot import Parts, encode
from simulation.units import Epoch, RequestId, Tick, WorldId

if TYPE_CHECKING:
    from actors.running import Running

GATHER_NS = 50_000_000
"""Nanoseconds for which records nobody waits for are gathered: a message between processes costs as much as a
tick, and a batch is one transaction."""


HAND_OVER_S = 0.0002
"""Seconds the ticks keep the interpreter from a thread that makes a snapshot. Python's 5 ms begin anew
whenever a tick writes its log: worlds that run flat out would hardly let a snapshot be finished."""

SEND: tuple[Literal["send"], WorldId] = ("send", WorldId(""))


@dataclass(frozen=True, slots=True)
class Copy:
    """A world as it was between two ticks, on its way to being a snapshot."""

    world_id: WorldId
    people: int
    epoch: Epoch
    tick: Tick
    ordinal: int
    parts: Parts


@dataclass(frozen=True, slots=True)
class Encoded:
    """What became of a copy: a snapshot, or the reason why there is none."""

    copy: Copy
    snapshot: Snapshot | None
    traceback: str = ""


Encode = Callable[[Copy], None]
"""Make it bytes and call `on_encoded` on the shard's own thread, now or later."""


def encoded(copy: Copy) -> Encoded:
    """Run it on any thread; a state that cannot be encoded is an answer, for it is one world's trouble."""
    try:
        body = encode(copy.parts)
    except Exception:
        return Encoded(copy, None, format_exc())
    return Encoded(copy, Snapshot(tick=copy.tick, ordinal=copy.ordinal, body=body))


class Committing:
    """The records of every hosted world of one shard."""

    def __init__(self, running: Running, encode: Encode) -> None:
        sys.setswitchinterval(HAND_OVER_S)
        self.running = running
        self.encode = encode
        self.batch: list[CommitRecord] = []
        self.send_at_ns: int | None = None
        """When the batch goes at the latest; None while it is empty."""

    def forget(self, world_id: WorldId) -> None:
        self.batch = [record for record in self.batch if record.world_id != world_id]

    # -- records

    def flush(self, hosted: Hosted, at_ns: int) -> None:
        """Make a record of everything new and put it into the batch."""
        buffer = hosted.buffer
        if buffer.flush_at_ns() is None:
            return
        for event in self.running.tell(hosted, TakeMark(buffer.wants_snapshot(at_ns))):
            match event:
                case Marked():
                    self.record(hosted, event, at_ns)
                case Crashed():
                    self.running.on_crash(event)
                    return
        self.running.timers.set(("flush", hosted.world.id), hosted.flush_at_ns())

    def record(self, hosted: Hosted, marked: Marked, at_ns: int) -> None:
        """Everything new of the world, up to this mark, leaves with the next batch."""
        buffer = hosted.buffer
        for outcome in buffer.outcomes:
            self.answer_when_durable(hosted, outcome, at_ns)
        self.gather(at_ns if hosted.is_waited_for else at_ns + GATHER_NS)
        self.batch.append(buffer.record(marked.mark, at_ns))
        self.copied(hosted, marked, at_ns)

    def answer_when_durable(self, hosted: Hosted, outcome: InputOutcome, at_ns: int) -> None:
        """Answer an input when its record is durable and the tick it speaks of is too."""
        answer = AnsweredInput(seq=outcome.seq, applied=outcome.applied, detail=outcome.detail)

        def release(_: Mark) -> None:
            report = hosted.report(self.running.shard)
            answered = InputsAnswered(world_id=hosted.world.id, answers=(answer,), report=report)
            self.running.post.say(answered)

        hosted.buffer.park(release, outcome.answer_at_tick, at_ns)

    def gather(self, until_ns: int) -> None:
        """Send what is in the batch by then."""
        if self.send_at_ns is None or until_ns < self.send_at_ns:
            self.send_at_ns = until_ns
            self.running.timers.set(SEND, until_ns)

    def send_batch(self, at_ns: int) -> None:
        """Send what was gathered, if it is time."""
        if self.send_at_ns is None or at_ns < self.send_at_ns:
            return
        self.running.timers.set(SEND, None)
        batch, self.batch, self.send_at_ns = self.batch, [], None
        if batch:
            self.running.post.archive(Commit(shard=self.running.shard, records=tuple(batch)))

    def on_committed(self, message: Committed) -> None:
        at_ns = now_ns()
        for world_id, epoch, number in message.records:
            hosted = self.running.hosted.get(world_id)
            if hosted is not None and hosted.buffer.epoch == epoch:
                self.on_durable(hosted, number, at_ns)

    def on_durable(self, hosted: Hosted, number: int, at_ns: int) -> None:
        """Everything up to this record of the world is."""
        running, world_id = self.running, hosted.world.id
        requests, cancelled = 0, list[RequestId]()
        for record in hosted.buffer.acknowledged(number):
            requests += len(record.requests)
            cancelled += record.cancelled
        if requests or cancelled:
            hint = RequestsCommitted(world_id=world_id, count=requests, cancelled=tuple(cancelled))
            running.post.hint(hint)
        running.schedule(hosted, at_ns)
        if hosted.target is not None and hosted.buffer.committed.tick >= hosted.target:
            running.say_reports((hosted.report(running.shard),))
        self.save(hosted, at_ns)

    def say_again(self) -> None:
        """The Archivist was restarted: everything it has not answered."""
        worlds = self.running.hosted.values()
        again = [record for hosted in worlds for record in hosted.buffer.unacknowledged]
        if again:
            self.running.post.archive(Commit(shard=self.running.shard, records=tuple(again)))

    def send_again(self, message: CommitsMissing) -> None:
        """The Archivist has a later record than the next: one was overtaken, or lost."""
        hosted = self.running.hosted.get(message.world_id)
        if hosted is None or hosted.buffer.epoch != message.epoch:
            return
        again = [record for record in hosted.buffer.unacknowledged if record.number > message.after]
        self.running.log.info("commits.sent_again", world_id=message.world_id, records=len(again))
        if again:
            self.running.post.archive(Commit(shard=self.running.shard, records=tuple(again)))

    # -- snapshots

    def copy(self, hosted: Hosted, at_ns: int) -> None:
        """Begin a snapshot of the world as it is now, whether anything is to be recorded or not."""
        for event in self.running.tell(hosted, TakeMark(snapshot=True)):
            match event:
                case Marked():
                    self.copied(hosted, event, at_ns)
                case Crashed():
                    self.running.on_crash(event)

    def copied(self, hosted: Hosted, marked: Marked, at_ns: int) -> None:
        if marked.parts is None:
            return
        world_id, buffer, tick = hosted.world.id, hosted.buffer, marked.mark.tick
        buffer.copy_taken(tick, marked.ordinal, at_ns)
        self.encode(Copy(world_id, hosted.world.people, buffer.epoch, tick, marked.ordinal, marked.parts))

    def on_encoded(self, done: Encoded) -> None:
        """A copy is bytes; of a world that was thrown away meanwhile it is nothing. No snapshot of a state is
        as bad as a tick that fails, and treated like one."""
        copy, hosted = done.copy, self.running.hosted.get(done.copy.world_id)
        if hosted is None or hosted.buffer.epoch != copy.epoch:
            return
        if done.snapshot is None:
            self.running.on_crash(Crashed(copy.world_id, copy.tick, "its snapshot", done.traceback))
            return
        at_ns = now_ns()
        hosted.buffer.encoded(done.snapshot)
        if not hosted.buffer.born:
            self.flush(hosted, at_ns)
        self.running.schedule(hosted, at_ns)
        self.save(hosted, at_ns)

    # -- the end

    def save(self, hosted: Hosted, at_ns: int) -> None:
        """Go on towards a durable snapshot of exactly this state, if the world is to be saved."""
        buffer, world = hosted.buffer, hosted.world
        if not hosted.saving or buffer.encoding or world.id not in self.running.hosted:
            return
        if buffer.copied != (world.tick, world.applied):
            self.copy(hosted, at_ns)
        else:
            self.flush(hosted, at_ns)
        if hosted.dozing and hosted.is_saved and not buffer.parked:
            self.running.on_asleep(hosted)

    def save_all(self) -> None:
        """The last commit of every world, with a snapshot, so that the next start makes nothing again."""
        at_ns = now_ns()
        for hosted in list(self.running.hosted.values()):
            hosted.draining = hosted.saving = True
            self.running.schedule(hosted, at_ns)
            self.save(hosted, at_ns)
        self.send_batch(at_ns)

    def all_saved(self) -> tuple[WorldReport, ...] | None:
        """How every world stands; None while something is not durable."""
        if not all(hosted.is_saved for hosted in self.running.hosted.values()):
            return None
        return tuple(hosted.report(self.running.shard) for hosted in self.running.hosted.values())
