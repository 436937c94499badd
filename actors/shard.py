"""ShardActor: one process that runs many worlds on an in-process Thespian system, and keeps their time."""

from __future__ import annotations

import os
from typing import Any

from actors.adoption import Adoption
from actors.post import Post
from actors.reading import Reading
from actors.running import REPORT, REPORT_EVERY_NS, Running
from actors.shell import Address, ProcessActor, now_ns, show_name
from messages import shards
from messages.archive import InputRecorded, InputsRecorded, WorldClaimed
from messages.base import Refused
from messages.commits import Committed, Fenced

SLICE_NS = 20_000_000
"""How long worlds run before the mailbox is read again, when they have more to do."""

Inbox = (
    shards.OpenShard
    | shards.Wire
    | shards.AdoptWorld
    | shards.DropWorld
    | shards.RunTo
    | shards.ReadWorld
    | shards.ReadPlan
    | shards.ReadSession
    | shards.ReadPerson
    | shards.DrainShard
    | WorldClaimed
    | InputRecorded
    | InputsRecorded
    | Committed
    | Fenced
    | Refused
)


class ShardActor(ProcessActor):
    """Reads its mail, then does what is due on its one heap of deadlines; everything else is its parts'."""

    process_name = "th-shard"
    inbox = Inbox.__args__
    running: Running
    adoption: Adoption
    reading: Reading

    def __init__(self) -> None:
        super().__init__()
        self.post = Post(self.send)
        self.drain: str | None = None
        """The ask to save everything and stop, until it is answered."""
        self.saved = False
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
            case shards.AdoptWorld():
                self.adoption.let_go(message.world_id)
                self.adoption.claim(message.world_id)
            case shards.DropWorld():
                self.adoption.let_go(message.world_id)
                dropped = shards.WorldDropped(
                    shard=self.running.shard, world_id=message.world_id, report=None
                )
                self.post.say(dropped)
            case shards.RunTo():
                self.running.run_to(message.targets)
            case shards.ReadWorld() | shards.ReadPlan() | shards.ReadSession() | shards.ReadPerson():
                if self.adoption.is_coming(message.world_id):
                    self.reading.wait(message)
                else:
                    self.reading.read(message)
            case shards.DrainShard():
                self.drain = message.ask_id
            case WorldClaimed():
                self.adoption.on_claimed(message)
            case InputsRecorded():
                self.running.on_inputs(message)
            case Committed():
                self.running.on_committed(message)
            case Fenced():
                self.adoption.on_fenced(message)
            case Refused():
                self.adoption.on_refused(message)
            case InputRecorded():
                pass
        self.turn()

    def open(self, message: shards.OpenShard, sender: Address) -> None:
        show_name(f"th-shard-{message.shard}")
        self.use(message.settings)
        self.log = self.log.bind(shard=message.shard)
        self.post.open(sender)
        self.post.rewire(message.wire)
        self.running = Running(message.shard, self.post, self.log, message.settings.npc_ticks_per_second)
        self.adoption = Adoption(self.running, message.settings)
        self.reading = Reading(self.running)
        self.running.timers.set(REPORT, now_ns() + REPORT_EVERY_NS)
        self.post.say(shards.ShardOpened(ask_id=message.ask_id, shard=message.shard, pid=os.getpid()))

    # -- time

    def turn(self) -> None:
        """Do what is due, for at most a slice; then sleep until the next deadline, or read the mail."""
        timers = self.running.timers
        start_ns = at_ns = now_ns()
        while at_ns - start_ns < SLICE_NS and (due := timers.pop(at_ns)) is not None:
            (kind, world_id), due_ns = due
            if kind == "report":
                timers.set(REPORT, at_ns + REPORT_EVERY_NS)
                self.running.report()
            elif kind == "replay":
                if self.adoption.replay(world_id):
                    self.reading.on_hosted(world_id)
            else:
                self.running.on_timer(kind, world_id, due_ns, at_ns)
            at_ns = now_ns()
        self.go_on_draining()
        self.running.send_batch()
        next_ns = timers.next_ns()
        if next_ns is not None and (self.wake_ns is None or next_ns < self.wake_ns or self.wake_ns <= at_ns):
            self.wake_ns = next_ns
            self.wake_after((next_ns - at_ns) / 1e9, next_ns)

    def on_wake(self, payload: Any) -> None:
        if payload == self.wake_ns:
            self.wake_ns = None
        self.turn()

    # -- the end

    def go_on_draining(self) -> None:
        """Save every world once those that are coming are here, and say so when all of it is durable."""
        if self.drain is None or self.adoption.is_busy:
            return
        if not self.saved:
            self.saved = True
            self.running.save_all()
        if (reports := self.running.all_saved()) is None:
            return
        shard = self.running.shard
        self.post.say(shards.ShardDrained(ask_id=self.drain, shard=shard, worlds=reports, unsaved=()))
        self.drain = None

    def on_exit(self) -> None:
        self.stop_background()
