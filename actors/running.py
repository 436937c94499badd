"""The worlds a shard runs: their ticks, their inputs, and when each is due."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, Literal

from actors.committing import Committing, Encode
from actors.deadlines import Deadlines
from actors.hosted import Hosted
from actors.outbox import Outbox
from actors.pacing import TooLate
from actors.post import Post
from actors.recovery import core_input
from actors.shard_chores import CHORES, REPORTS, WORLDS_TOLD_MAX
from actors.sharing import Sharing
from actors.shell import InnerSystem, now_ns
from actors.tick_log import log_tick
from messages.archive import FetchInputs, InputsRecorded, OwnWorlds
from messages.service import WorldReport
from messages.shards import ShardReported
from messages.tick import Crashed, Deliver, MakeTick, Marked, Missing, Settle, Settled, Ticked
from simulation.housekeeping import Failed, Housekeeping
from simulation.time_limit import OVER
from simulation.units import Seq, Tick, WorldId

LINGER_NS = 1_000_000_000
"""Nanoseconds a world with nothing to do stays in memory: whoever asked once may ask again."""

Kind = Literal["tick", "flush", "lockstep", "report", "replay", "send", "sleep", "reads"]
Timer = tuple[Kind, WorldId]
WORLD_TIMERS: tuple[Kind, ...] = ("tick", "flush", "lockstep", "replay", "sleep")
REPORT: Timer = ("report", WorldId(""))


class Running:
    """Every hosted world of one shard. `on_crash`, set by its Adoption, throws a world's actors away;
    `on_asleep`, set by its Sleeping, lets a world go that is saved and has nothing to do."""

    on_crash: Callable[[Crashed], None]
    on_asleep: Callable[[Hosted], None]
    linger_ns = LINGER_NS

    def __init__(
        self, shard: int, post: Post, log: Any, encode: Encode, npc_ticks_per_second: int | None = None
    ) -> None:
        self.shard = shard
        self.post = post
        self.log = log
        self.inner = InnerSystem()
        self.outbox = Outbox()
        self.hosted: dict[WorldId, Hosted] = {}
        self.timers: Deadlines[Timer] = Deadlines()
        self.targets: dict[WorldId, Tick] = {}
        self.going = False
        self.sharing = Sharing(npc_ticks_per_second)
        self.chores = Housekeeping(CHORES, now_ns() / 1e9)
        self.committing = Committing(self, encode)

    def tell(self, hosted: Hosted, message: object) -> list[Any]:
        """To a world's actor; what came out of it, when everything it set off is done."""
        self.inner.tell(hosted.address, message)
        return self.outbox.take()

    # -- when

    def on_timer(self, kind: Kind, world_id: WorldId, due_ns: int, at_ns: int) -> None:
        """A deadline of a world has come; of one that is gone it means nothing."""
        hosted = self.hosted.get(world_id)
        if hosted is None:
            return
        match kind:
            case "tick":
                self.on_due(hosted, due_ns, at_ns)
            case "flush":
                self.committing.flush(hosted, at_ns)
                self.schedule(hosted, at_ns)
            case "lockstep":
                self.give_up_waiting(hosted)
            case "sleep":
                self.fall_asleep(hosted, at_ns)
            case _:
                raise ValueError(f"no timer {kind} of a world")

    def schedule(self, hosted: Hosted, at_ns: int) -> None:
        """Set the world's deadlines anew, whatever just happened to it."""
        world_id = hosted.world.id
        hosted.heed_config(at_ns)
        self.timers.set(("tick", world_id), hosted.next_tick_ns(at_ns))
        if hosted.blocked():
            if hosted.blocked_since_ns is None:
                hosted.blocked_since_ns = at_ns
                wait_s = hosted.world.config.generation.lockstep_timeout_seconds
                self.timers.set(("lockstep", world_id), at_ns + int(wait_s * 1e9))
            self.committing.flush(hosted, at_ns)
        else:
            hosted.blocked_since_ns = None
            self.timers.set(("lockstep", world_id), None)
        idle, over = hosted.is_idle, hosted.is_over
        done = idle or over or (hosted.target is not None and hosted.world.tick >= hosted.target)
        flush_at = hosted.flush_at_ns()
        self.timers.set(("flush", world_id), at_ns if done and flush_at is not None else flush_at)
        self.timers.set(("sleep", world_id), at_ns + self.linger_ns if idle and not hosted.dozing else None)
        if over and not hosted.over_told:
            self.log.error("world.stopped", world_id=world_id, because=OVER)
        hosted.over_told = over

    def fall_asleep(self, hosted: Hosted, at_ns: int) -> None:
        """Nobody asked for an idle world for a while: save it, and let it go."""
        if hosted.is_idle:
            hosted.saving = hosted.dozing = hosted.buffer.asleep = True
            self.committing.save(hosted, at_ns)

    def run_to(self, targets: dict[WorldId, Tick]) -> None:
        self.going, self.targets = True, dict(targets)
        at_ns = now_ns()
        for world_id, hosted in self.hosted.items():
            hosted.going, hosted.target = True, targets.get(world_id)
            self.schedule(hosted, at_ns)

    def report(self, at_ns: int) -> None:
        """Tell the Supervisor how worlds are, if it is time; what raises is told of the next time."""
        try:
            self.chores.done(REPORTS.name, at_ns / 1e9, self._tell_others())
        except Exception as error:
            for hosted in self.hosted.values():
                hosted.shown = None
            self.chores.failed(REPORTS.name, at_ns / 1e9, Failed.of(error).because)
            self.log.exception("chore.failed", chore=REPORTS.name, exc_info=error)
        self.timers.set(REPORT, int(self.chores.next_s() * 1e9))

    def _tell_others(self) -> int:
        """Of worlds that are not as was told before. Those told of go behind the others when there are more
        than one report may hold."""
        others = (hosted for hosted in self.hosted.values() if hosted.is_other())
        reports = tuple(hosted.report(self.shard) for hosted in islice(others, WORLDS_TOLD_MAX))
        if len(reports) == WORLDS_TOLD_MAX:
            for told in reports:
                self.hosted[told.world_id] = self.hosted.pop(told.world_id)
        self.say_reports(reports)
        return len(reports)

    def say_reports(self, reports: tuple[WorldReport, ...]) -> None:
        troubles = [trouble] if (trouble := self.sharing.trouble) else []
        for hosted in self.hosted.values():
            troubles += hosted.troubles()
        self.post.say(ShardReported(shard=self.shard, worlds=reports, troubles=tuple(troubles)))

    def forget(self, world_id: WorldId) -> None:
        """Everything of a world that is not durable."""
        for kind in WORLD_TIMERS:
            self.timers.set((kind, world_id), None)
        self.sharing.forget(world_id)
        hosted = self.hosted.pop(world_id, None)
        if hosted is not None:
            self.inner.destroy(hosted.address)
        self.committing.forget(world_id)

    # -- ticks

    def on_due(self, hosted: Hosted, due_ns: int, at_ns: int) -> None:
        """A world's turn: it ticks, goes behind the others that are due, or waits for the shard's bound."""
        timer: Timer = ("tick", hosted.world.id)
        free_ns = self.sharing.free_at_ns(at_ns)
        if free_ns > at_ns:
            self.timers.set(timer, free_ns)
        elif self.sharing.turn(hosted.world.id, alone=not self.timers.is_due(at_ns)):
            self.tick(hosted, due_ns, at_ns)
        else:
            self.timers.set(timer, at_ns)

    def tick(self, hosted: Hosted, due_ns: int, at_ns: int) -> None:
        paced = hosted.is_paced
        late_ns = max(0, at_ns - min(due_ns, hosted.pacer.deadline_ns)) if paced else 0
        next_ns = max(at_ns, hosted.pacer.deadline_ns + hosted.pacer.interval_ns)
        ends = paced and hosted.buffer.ends_with_tick(at_ns, next_ns)
        for event in self.tell(hosted, MakeTick(mark=ends)):
            match event:
                case Ticked():
                    self.on_ticked(hosted, event, late_ns if paced else None, at_ns)
                case Marked():
                    self.committing.record(hosted, event, at_ns)
                case Settled():
                    hosted.buffer.settled(event.outcomes, at_ns, event.unwanted)
                case Crashed():
                    self.on_crash(event)
                    return
        self.schedule(hosted, now_ns())

    def on_ticked(self, hosted: Hosted, event: Ticked, late_ns: int | None, at_ns: int) -> None:
        """`late_ns` None: the tick had no deadline in real time."""
        end_ns = now_ns()
        cost_ns = end_ns - at_ns
        self.sharing.spent(event.world_id, cost_ns, event.npc_ticks)
        left = event.outcomes, event.requests
        hosted.buffer.ticked(event.tick, *left, end_ns, cost_ns, event.size, event.unwanted)
        if late_ns is not None:
            if not hosted.pacer.owed:
                hosted.lateness.add(late_ns)
            hosted.heed_config(end_ns)
            try:
                hosted.pacer.ticked(end_ns)
            except TooLate as late:
                hosted.stopped = str(late)
        else:
            hosted.pacer.stepped(end_ns)
        log_tick(self.log, event, cost_ns, late_ns or 0)

    def give_up_waiting(self, hosted: Hosted) -> None:
        """A lockstep run fails loudly rather than wait for ever; every other world goes on."""
        waits = hosted.blocked()
        if not waits:
            return
        seconds = hosted.world.config.generation.lockstep_timeout_seconds
        tick, named = hosted.world.tick + 1, ", ".join(waits[:3])
        hosted.stopped = f"waited {seconds:g} s for generation results of tick {tick}: {named}"
        self.log.error("world.stopped", world_id=hosted.world.id, because=hosted.stopped)
        self.schedule(hosted, now_ns())
        self.say_reports((hosted.report(self.shard),))

    # -- inputs

    def on_inputs(self, message: InputsRecorded) -> None:
        hosted = self.hosted.get(message.world_id)
        if hosted is None:
            return
        hosted.hear({stored.kind for stored in message.inputs})
        for event in self.tell(hosted, Deliver(tuple(core_input(stored) for stored in message.inputs))):
            if isinstance(event, Missing):
                self.post.archive(FetchInputs(world_id=message.world_id, after=event.after))
        self.settle(hosted)
        if message.world_id in self.hosted:
            self.schedule(hosted, now_ns())

    def settle(self, hosted: Hosted) -> None:
        """Apply inputs of a world that will not tick soon now, at this boundary."""
        at_ns = now_ns()
        next_ns = hosted.next_tick_ns(at_ns)
        soon = next_ns is not None and next_ns - at_ns < hosted.buffer.delay_ns
        if soon or not hosted.world.has_applicable:
            return
        for event in self.tell(hosted, Settle()):
            match event:
                case Settled():
                    hosted.buffer.settled(event.outcomes, at_ns, event.unwanted)
                case Crashed():
                    self.on_crash(event)

    def say_again(self) -> None:
        """The Archivist was restarted: whose worlds these are, what it has not answered, what it may have."""
        owned = {world_id: hosted.buffer.epoch for world_id, hosted in self.hosted.items()}
        self.post.archive(OwnWorlds(shard=self.shard, epochs=owned))
        self.committing.say_again()
        for world_id, hosted in self.hosted.items():
            self.post.archive(FetchInputs(world_id=world_id, after=Seq(hosted.world.next_seq - 1)))
