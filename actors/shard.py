"""ShardActor: one process that runs many worlds on an in-process Thespian system, and keeps their time."""

from __future__ import annotations

import os
from typing import Any

from actors.adoption import Adoption
from actors.committing import Copy, Encoded, encoded
from actors.garbage import Lasting
from actors.post import Post
from actors.reading import Read, Reading
from actors.running import REPORT, Running
from actors.shell import Address, ProcessActor, now_ns, show_name
from actors.sleeping import Sleeping
from messages import shards
from messages.archive import InputRecorded, InputsRecorded, WorldClaimed
from messages.base import Refused
from messages.commits import CommitsMissing, Committed, Fenced

SLICE_NS = 20_000_000
"""How long worlds run before the mailbox is read again, when they have more to do."""

ENCODED_HERE_PEOPLE_MAX = 1_000
"""People of a world whose snapshot is made in the turn that copies it: a millisecond or two. Threads that
pass the interpreter to and fro lose more, at every step, when a thousand worlds do it."""

Inbox = (
    shards.OpenShard
    | shards.Wire
    | shards.AdoptWorld
    | shards.WakeWorld
    | shards.DropWorld
    | shards.RunTo
    | shards.ReadWorld
    | shards.ReadPlan
    | shards.ReadSession
    | shards.ReadSessions
    | shards.ReadPeople
    | shards.ReadPerson
    | shards.DrainShard
    | WorldClaimed
    | InputRecorded
    | InputsRecorded
    | Committed
    | Fenced
    | CommitsMissing
    | Refused
)


async def encoded_beside(copy: Copy) -> Encoded:
    return encoded(copy)


class ShardActor(ProcessActor):
    """Reads its mail, then does what is due on its one heap of deadlines; everything else is its parts'."""

    process_name = "th-shard"
    inbox = Inbox.__args__
    running: Running
    adoption: Adoption
    reading: Reading
    sleeping: Sleeping

    def __init__(self) -> None:
        super().__init__()
        self.post = Post(self.send)
        self.drain: str | None = None
        """The ask to save everything and stop, until it is answered."""
        self.saved = False
        self.lasting = Lasting()
        self.wake_ns: int | None = None
        """The earliest wake-up already asked for."""

    def receive(self, message: Inbox, sender: Address) -> None:
        match message:
            case shards.OpenShard():
                self.open(message, sender)
            case shards.Wire():
                self.post.rewire(message)
                self.running.say_again()
                self.adoption.say_again()
            case shards.WakeWorld() | shards.AdoptWorld() | shards.DropWorld():
                self.on_stay(message)
            case shards.RunTo():
                self.running.run_to(message.targets)
            case (
                shards.ReadWorld()
                | shards.ReadPlan()
                | shards.ReadPerson()
                | shards.ReadSession()
                | shards.ReadSessions()
                | shards.ReadPeople()
            ):
                self.on_read(message)
            case shards.DrainShard():
                self.drain = message.ask_id
            case WorldClaimed():
                self.adoption.on_claimed(message)
            case InputsRecorded():
                self.sleeping.stir(message.world_id)
                self.adoption.on_inputs(message.world_id)
                self.running.on_inputs(message)
            case Committed():
                self.running.committing.on_committed(message)
            case CommitsMissing():
                self.running.committing.send_again(message)
            case Fenced():
                self.adoption.on_fenced(message)
            case Refused():
                self.adoption.on_refused(message)
            case InputRecorded():
                pass
        self.turn()

    def on_stay(self, message: shards.WakeWorld | shards.AdoptWorld | shards.DropWorld) -> None:
        """A world comes, or leaves for good."""
        world_id = message.world_id
        match message:
            case shards.WakeWorld():
                self.sleeping.wake(world_id)
            case shards.AdoptWorld(origin=origin):
                self.sleeping.forget(world_id)
                self.adoption.let_go(world_id)
                self.adoption.claim(world_id, origin=origin)
            case shards.DropWorld():
                self.sleeping.forget(world_id)
                self.adoption.let_go(world_id)
                shard = self.running.shard
                self.post.say(shards.WorldDropped(shard=shard, world_id=world_id, report=None))

    def on_read(self, message: Read) -> None:
        self.sleeping.stir(message.world_id)
        if self.adoption.is_coming(message.world_id):
            self.reading.wait(message)
        else:
            self.reading.read(message)

    def open(self, message: shards.OpenShard, sender: Address) -> None:
        show_name(f"th-shard-{message.shard}")
        self.use(message.settings)
        self.log = self.log.bind(shard=message.shard)
        self.post.open(sender)
        self.post.rewire(message.wire)
        rate = message.settings.npc_ticks_per_second
        self.running = Running(message.shard, self.post, self.log, self.encode, rate)
        self.adoption = Adoption(self.running, message.settings)
        self.reading = Reading(self.running)
        self.sleeping = Sleeping(self.running, self.adoption)
        self.running.timers.set(REPORT, now_ns())
        self.post.say(shards.ShardOpened(ask_id=message.ask_id, shard=message.shard, pid=os.getpid()))

    # -- time

    def turn(self) -> None:
        """Do what is due, for at most a slice; then sleep until the next deadline, or read the mail."""
        timers = self.running.timers
        start_ns = at_ns = now_ns()
        while at_ns - start_ns < SLICE_NS and (due := timers.pop(at_ns)) is not None:
            (kind, world_id), due_ns = due
            if kind == "report":
                self.running.report(at_ns)
            elif kind == "reads":
                self.reading.give_up(due_ns, at_ns)
            elif kind == "replay":
                if self.adoption.replay(world_id):
                    self.reading.on_hosted(world_id)
            else:
                self.running.on_timer(kind, world_id, due_ns, at_ns)
            at_ns = now_ns()
        self.lasting.look(self.adoption.opened, len(self.running.hosted))
        self.go_on_draining()
        self.running.committing.send_batch(at_ns)
        next_ns = timers.next_ns()
        if next_ns is not None and (self.wake_ns is None or next_ns < self.wake_ns or self.wake_ns <= at_ns):
            self.wake_ns = next_ns
            self.wake_after((next_ns - at_ns) / 1e9, next_ns)

    def on_wake(self, payload: Any) -> None:
        if payload == self.wake_ns:
            self.wake_ns = None
        self.turn()

    # -- snapshots

    def encode(self, copy: Copy) -> None:
        """Small ones at once, large ones beside the ticks, one after the other on a thread of its own."""
        if copy.people <= ENCODED_HERE_PEOPLE_MAX:
            self.running.committing.on_encoded(encoded(copy))
        else:
            self.in_background(encoded_beside(copy), "encoded")

    def on_done(self, tag: str, result: Any, error: BaseException | None) -> None:
        if error is not None:
            raise error
        self.running.committing.on_encoded(result)
        self.turn()

    # -- the end

    def go_on_draining(self) -> None:
        """Save every world once those that are coming are here, and say so when all of it is durable."""
        if self.drain is None or self.adoption.is_busy:
            return
        if not self.saved:
            self.saved = True
            self.running.committing.save_all()
        if (reports := self.running.committing.all_saved()) is None:
            return
        shard = self.running.shard
        self.post.say(shards.ShardDrained(ask_id=self.drain, shard=shard, worlds=reports, unsaved=()))
        self.drain = None

    def on_exit(self) -> None:
        self.stop_background()
