"""ShardActor: one process that runs many worlds on an in-process Thespian system, and keeps their time."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any, Literal

from actors.commits import CommitBuffer
from actors.deadlines import Deadlines
from actors.hosted import Hosted
from actors.logs import is_enabled
from actors.outbox import Outbox
from actors.pacing import Pacer, TooLate
from actors.recovery import HistoryDiffers, Recovery, core_input
from actors.shell import Address, InnerSystem, ProcessActor, show_name
from actors.speech import mark_of
from actors.world import Cast, WorldActor
from messages import shards
from messages.admin import PersonShown, WorldShown
from messages.archive import (
    ClaimWorld,
    FetchInputs,
    InputRecorded,
    InputsRecorded,
    OwnWorlds,
    QuarantineWorld,
    RecordInput,
    WorldClaimed,
)
from messages.base import Ask, Message, Refused
from messages.commits import Commit, CommitRecord, Committed, Fenced, InputOutcome, Mark, Snapshot
from messages.generation import RequestsCommitted
from messages.service import Speed, WorldReport
from messages.tick import (
    Crashed,
    Deliver,
    Look,
    LookAt,
    MakeTick,
    Marked,
    Missing,
    PersonFound,
    Seen,
    Settle,
    Settled,
    TakeMark,
    Ticked,
)
from simulation.snapshot import SnapshotCorrupt, SnapshotOfAnother, encode
from simulation.units import InputKind, Seq, Tick, WorldId

SLICE_NS = 20_000_000
"""How long worlds run before the mailbox is read again, when they have more to do."""
REPORT_EVERY_NS = 1_000_000_000
CRASHES_AT_ONE_TICK_MAX = 2
"""A tick that crashes its world so often is no accident: the world is stopped and shown."""
FAILURES_LOGGED_MAX = 5
"""People named by the log of one tick; the count says how many there were."""

Kind = Literal["tick", "flush", "lockstep", "report", "replay"]
Timer = tuple[Kind, WorldId]
WORLD_TIMERS: tuple[Kind, ...] = ("tick", "flush", "lockstep", "replay")
REPORT: Timer = ("report", WorldId(""))

Inbox = (
    shards.OpenShard
    | shards.Wire
    | shards.AdoptWorld
    | shards.DropWorld
    | shards.RunTo
    | shards.ReadWorld
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
    process_name = "th-shard"
    inbox = Inbox.__args__

    def __init__(self) -> None:
        super().__init__()
        self.shard = 0
        self.supervisor: Address | None = None
        self.wire: shards.Wire | None = None
        self.inner: InnerSystem | None = None
        self.outbox = Outbox()
        self.hosted: dict[WorldId, Hosted] = {}
        self.recovering: dict[WorldId, Recovery] = {}
        self.claims: dict[WorldId, ClaimWorld] = {}
        """Worlds asked for and not given yet."""
        self.crashes: dict[WorldId, tuple[Tick, int]] = {}
        self.targets: dict[WorldId, Tick] = {}
        self.going = False
        self.timers: Deadlines[Timer] = Deadlines()
        self.batch: list[CommitRecord] = []
        self.drain: str | None = None
        self.wake_ns: int | None = None
        """The earliest wake-up already asked for."""

    def receive(self, message: Inbox, sender: Address) -> None:
        match message:
            case shards.OpenShard():
                self.open(message, sender)
            case shards.Wire():
                self.rewire(message)
            case shards.AdoptWorld():
                self.let_go(message.world_id)
                self.claim(message.world_id, skip=0)
            case shards.DropWorld():
                self.let_go(message.world_id)
                self.say(shards.WorldDropped(shard=self.shard, world_id=message.world_id, report=None))
            case shards.RunTo():
                self.run_to(message.targets)
            case shards.ReadWorld() | shards.ReadPerson():
                self.look(message)
            case shards.DrainShard():
                self.start_drain(message)
            case WorldClaimed():
                self.on_claimed(message)
            case InputsRecorded():
                self.on_inputs(message)
            case Committed():
                self.on_committed(message)
            case Fenced():
                self.on_fenced(message)
            case Refused():
                self.on_refused(message)
            case InputRecorded():
                pass
        self.turn()

    # -- opening

    def open(self, message: shards.OpenShard, sender: Address) -> None:
        self.shard, self.supervisor, self.wire = message.shard, sender, message.wire
        show_name(f"th-shard-{message.shard}")
        self.use(message.settings)
        self.log = self.log.bind(shard=message.shard)
        self.inner = InnerSystem()
        self.timers.set(REPORT, time.monotonic_ns() + REPORT_EVERY_NS)
        self.send(sender, shards.ShardOpened(ask_id=message.ask_id, shard=message.shard, pid=os.getpid()))

    def rewire(self, wire: shards.Wire) -> None:
        """A sibling was restarted: say again what it has not answered."""
        self.wire = wire
        owned = {world_id: hosted.buffer.epoch for world_id, hosted in self.hosted.items()}
        self.archive(OwnWorlds(shard=self.shard, epochs=owned))
        for claim in self.claims.values():
            self.archive(claim)
        again = [record for hosted in self.hosted.values() for record in hosted.buffer.unacknowledged]
        if again:
            self.archive(Commit(shard=self.shard, records=tuple(again)))
        for world_id, hosted in self.hosted.items():
            self.archive(FetchInputs(world_id=world_id, after=Seq(hosted.world.next_seq - 1)))

    def archive(self, message: Message) -> None:
        if self.wire is not None and self.wire.archivist is not None:
            self.send(self.wire.archivist, message)

    def say(self, message: Message) -> None:
        if self.supervisor is not None:
            self.send(self.supervisor, message)

    # -- worlds come and go

    def claim(self, world_id: WorldId, skip: int) -> None:
        ask = ClaimWorld(ask_id=f"adopt:{world_id}", world_id=world_id, shard=self.shard, skip=skip)
        self.claims[world_id] = ask
        self.archive(ask)

    def on_refused(self, message: Refused) -> None:
        if message.ask_id.startswith("adopt:"):
            self.claims.pop(WorldId(message.ask_id.removeprefix("adopt:")), None)
            self.say(message)
        else:
            self.log.warning("ask.refused", ask_id=message.ask_id, reason=message.reason)

    def on_claimed(self, claimed: WorldClaimed) -> None:
        world_id = claimed.world_id
        ask = self.claims.pop(world_id, None)
        if claimed.quarantined:
            self.fail(world_id, claimed.quarantined)
            return
        skip = ask.skip if ask is not None else 0
        try:
            self.recovering[world_id] = Recovery.begin(claimed)
        except SnapshotCorrupt as corrupt:
            self.log.warning("snapshot.corrupt", world_id=world_id, because=str(corrupt), skipped=skip + 1)
            self.claim(world_id, skip + 1)
        except SnapshotOfAnother as another:
            self.quarantine(claimed, str(another))
        else:
            self.timers.set(("replay", world_id), time.monotonic_ns())

    def replay(self, world_id: WorldId) -> None:
        recovery = self.recovering[world_id]
        try:
            done = recovery.go_on()
        except HistoryDiffers as differs:
            del self.recovering[world_id]
            self.quarantine(recovery.claimed, str(differs))
            return
        if done:
            del self.recovering[world_id]
            self.host(recovery)
        else:
            self.timers.set(("replay", world_id), time.monotonic_ns())

    def host(self, recovery: Recovery) -> None:
        """Give the world its actors, its first commit if it was never committed, and its time."""
        assert self.inner is not None, "a shard is opened before it has worlds"
        assert self.settings is not None, "a shard is opened before it has worlds"
        world, claimed, settings = recovery.world, recovery.claimed, self.settings
        now_ns = time.monotonic_ns()
        standing = world.standing({tier: stage.fingerprint() for tier, stage in recovery.stages.items()})
        address = self.inner.create(WorldActor)
        self.inner.tell(address, Cast(world, recovery.stages, self.outbox))
        config = world.config
        buffer = CommitBuffer(
            world_id=world.id,
            epoch=claimed.epoch,
            number=claimed.number,
            committed=claimed.mark or mark_of(standing),
            every_ns=int(settings.commit_every_s * 1e9),
            delay_ns=int(settings.commit_delay_s * 1e9),
            snapshot_every_ns=int(config.snapshot_every_seconds * 1e9),
            tick=world.tick,
            flushed_tick=world.tick,
            flushed_ns=now_ns,
            snapshot_ns=now_ns,
            born=claimed.snapshot is not None,
        )
        pacer = Pacer(config.interval_ns, config.missed_tick_policy, config.max_catch_up_ticks)
        hosted = Hosted(
            world,
            claimed.name,
            address,
            buffer,
            pacer,
            flat_out=settings.speed is Speed.MAX,
            going=self.going,
            target=self.targets.get(world.id),
        )
        self.hosted[world.id] = hosted
        self.match_generation(recovery)
        self.log.info(
            "world.opened", world_id=world.id, tick=world.tick, epoch=claimed.epoch, hash=standing.state_hash
        )
        self.say(shards.WorldOpened(shard=self.shard, report=hosted.report(self.shard)))
        if not buffer.born:
            self.flush(hosted, now_ns)
        self.settle(hosted)
        self.schedule(hosted, now_ns)

    def match_generation(self, recovery: Recovery) -> None:
        """The run asks for another generation mode than the stored world has: that change is an input."""
        wanted, world = recovery.claimed.generation, recovery.world
        if wanted is None or wanted is world.config.generation.mode:
            return
        ask_id = f"generation-mode:{recovery.claimed.epoch}"
        payload = {"changes": {"generation.mode": str(wanted)}}
        self.archive(
            RecordInput(
                ask_id=ask_id,
                world_id=world.id,
                kind=InputKind.CONFIG,
                payload=payload,
                idempotency_key=ask_id,
            )
        )

    def let_go(self, world_id: WorldId) -> None:
        """Forget a world and everything of it that is not durable."""
        self.recovering.pop(world_id, None)
        self.claims.pop(world_id, None)
        for kind in WORLD_TIMERS:
            self.timers.set((kind, world_id), None)
        hosted = self.hosted.pop(world_id, None)
        if hosted is not None and self.inner is not None:
            self.inner.destroy(hosted.address)
        self.batch = [record for record in self.batch if record.world_id != world_id]

    def quarantine(self, claimed: WorldClaimed, reason: str) -> None:
        world_id, epoch = claimed.world_id, claimed.epoch
        self.archive(QuarantineWorld(world_id=world_id, epoch=epoch, reason=reason))
        self.fail(world_id, reason)

    def fail(self, world_id: WorldId, reason: str) -> None:
        self.log.error("world.quarantined", world_id=world_id, because=reason)
        self.say(shards.WorldFailed(shard=self.shard, world_id=world_id, reason=reason, quarantined=True))

    def on_fenced(self, fenced: Fenced) -> None:
        hosted = self.hosted.get(fenced.world_id)
        if hosted is not None and hosted.buffer.epoch == fenced.epoch:
            self.log.warning("world.fenced", world_id=fenced.world_id, owner_epoch=fenced.owner_epoch)
            self.let_go(fenced.world_id)

    def on_crash(self, crash: Crashed) -> None:
        """Throw the world away and take it from its last commit; twice at one tick, stop it."""
        self.log.error("world.crashed", world_id=crash.world_id, tick=crash.tick, where=crash.where)
        hosted = self.hosted.get(crash.world_id)
        if hosted is None:
            return
        before, count = self.crashes.get(crash.world_id, (Tick(-1), 0))
        count = count + 1 if before == crash.tick else 1
        self.crashes[crash.world_id] = (crash.tick, count)
        epoch = hosted.buffer.epoch
        self.let_go(crash.world_id)
        if count < CRASHES_AT_ONE_TICK_MAX:
            self.claim(crash.world_id, skip=0)
            return
        reason = f"tick {crash.tick} failed twice in {crash.where}: {crash.traceback}"
        self.archive(QuarantineWorld(world_id=crash.world_id, epoch=epoch, reason=reason))
        self.fail(crash.world_id, reason)

    # -- time

    def turn(self) -> None:
        """Do what is due, for at most a slice; then sleep until the next deadline, or go on after the
        mail."""
        start_ns = now_ns = time.monotonic_ns()
        while now_ns - start_ns < SLICE_NS and (due := self.timers.pop(now_ns)) is not None:
            (kind, world_id), at_ns = due
            self.on_timer(kind, world_id, at_ns, now_ns)
            now_ns = time.monotonic_ns()
        self.send_batch()
        next_ns = self.timers.next_ns()
        if next_ns is not None and (self.wake_ns is None or next_ns < self.wake_ns or self.wake_ns <= now_ns):
            self.wake_ns = next_ns
            self.wake_after((next_ns - now_ns) / 1e9, next_ns)

    def on_wake(self, payload: Any) -> None:
        if payload == self.wake_ns:
            self.wake_ns = None
        self.turn()

    def on_timer(self, kind: str, world_id: WorldId, at_ns: int, now_ns: int) -> None:
        if kind == "report":
            self.timers.set(REPORT, now_ns + REPORT_EVERY_NS)
            self.report()
        elif kind == "replay":
            self.replay(world_id)
        elif (hosted := self.hosted.get(world_id)) is not None:
            match kind:
                case "tick":
                    self.tick(hosted, at_ns, now_ns)
                case "flush":
                    self.flush(hosted, now_ns)
                    self.schedule(hosted, now_ns)
                case "lockstep":
                    self.give_up_waiting(hosted)

    def schedule(self, hosted: Hosted, now_ns: int) -> None:
        """Set the world's deadlines anew, whatever just happened to it."""
        world_id = hosted.world.id
        self.timers.set(("tick", world_id), hosted.next_tick_ns(now_ns))
        if hosted.blocked():
            if hosted.blocked_since_ns is None:
                hosted.blocked_since_ns = now_ns
                wait_s = hosted.world.config.generation.lockstep_timeout_seconds
                self.timers.set(("lockstep", world_id), now_ns + int(wait_s * 1e9))
            self.flush(hosted, now_ns)
        else:
            hosted.blocked_since_ns = None
            self.timers.set(("lockstep", world_id), None)
        done = hosted.target is not None and hosted.world.tick >= hosted.target
        self.timers.set(
            ("flush", world_id), now_ns if done and hosted.buffer.flush_at_ns() else self.flush_at(hosted)
        )

    def flush_at(self, hosted: Hosted) -> int | None:
        return None if hosted.stopped else hosted.buffer.flush_at_ns()

    def tick(self, hosted: Hosted, due_ns: int, now_ns: int) -> None:
        late_ns = max(0, now_ns - due_ns) if hosted.is_paced else 0
        paced = hosted.is_paced
        for event in self.tell(hosted, MakeTick()):
            match event:
                case Ticked():
                    self.on_ticked(hosted, event, paced, late_ns, now_ns)
                case Settled():
                    hosted.buffer.settled(event.outcomes, now_ns)
                case Crashed():
                    self.on_crash(event)
                    return
        self.schedule(hosted, time.monotonic_ns())

    def on_ticked(self, hosted: Hosted, event: Ticked, paced: bool, late_ns: int, now_ns: int) -> None:
        end_ns = time.monotonic_ns()
        hosted.buffer.ticked(event.tick, event.outcomes, event.requests, end_ns, end_ns - now_ns)
        if paced:
            hosted.lateness.add(late_ns)
            config = hosted.world.config
            hosted.pacer.configure(config.interval_ns, config.missed_tick_policy, config.max_catch_up_ticks)
            try:
                hosted.pacer.ticked(end_ns)
            except TooLate as late:
                hosted.stopped = str(late)
        if is_enabled("info"):
            self.log_tick(event, end_ns - now_ns, late_ns)
        for failure in event.failures[:FAILURES_LOGGED_MAX]:
            self.log.warning(
                "person.failed",
                world_id=event.world_id,
                tick=event.tick,
                npc_id=failure.npc_id,
                rule=failure.rule,
                error=failure.error,
            )

    def log_tick(self, event: Ticked, cost_ns: int, late_ns: int) -> None:
        """One event a tick. It may run ahead of the commit: `committed` is another event's business."""
        plan = event.plan
        self.log.info(
            "world.ticked",
            world_id=event.world_id,
            tick=event.tick,
            size_us=event.size,
            world_time_us=event.world_time,
            delta_game_seconds=event.size / 1_000_000,
            npc_ticks=event.npc_ticks,
            npc_budget=plan.budget,
            job_ops=event.job_ops,
            job_budget=plan.job_budget,
            tiers={str(tier): count for tier, count in event.served.items()},
            left_out={str(short.tier): short.left_out for short in plan.shortfalls},
            waiting=[npc for short in plan.shortfalls for npc in short.waiting],
            failures=len(event.failures),
            refused_requests=event.refused_requests,
            duration_ms=round(cost_ns / 1e6, 3),
            lateness_ms=round(late_ns / 1e6, 3),
        )

    def give_up_waiting(self, hosted: Hosted) -> None:
        """A lockstep run fails loudly rather than wait for ever; every other world goes on."""
        waits = hosted.blocked()
        if not waits:
            return
        seconds = hosted.world.config.generation.lockstep_timeout_seconds
        tick, named = hosted.world.tick + 1, ", ".join(waits[:3])
        hosted.stopped = f"waited {seconds:g} s for generation results of tick {tick}: {named}"
        self.log.error("world.stopped", world_id=hosted.world.id, because=hosted.stopped)
        self.schedule(hosted, time.monotonic_ns())
        self.report()

    def run_to(self, targets: dict[WorldId, Tick]) -> None:
        self.going, self.targets = True, dict(targets)
        now_ns = time.monotonic_ns()
        for world_id, hosted in self.hosted.items():
            hosted.going, hosted.target = True, targets.get(world_id)
            self.schedule(hosted, now_ns)

    def report(self) -> None:
        reports = tuple(hosted.report(self.shard) for hosted in self.hosted.values())
        self.say(shards.ShardReported(shard=self.shard, worlds=reports))

    # -- inputs, commits, answers

    def tell(self, hosted: Hosted, message: object) -> list[Any]:
        """To a world's actor; what came out of it, when everything it set off is done."""
        assert self.inner is not None, "a shard is opened before it has worlds"
        self.inner.tell(hosted.address, message)
        return self.outbox.take()

    def on_inputs(self, message: InputsRecorded) -> None:
        hosted = self.hosted.get(message.world_id)
        if hosted is None:
            return
        for event in self.tell(hosted, Deliver(tuple(core_input(stored) for stored in message.inputs))):
            if isinstance(event, Missing):
                self.archive(FetchInputs(world_id=message.world_id, after=event.after))
        self.settle(hosted)
        if message.world_id in self.hosted:
            self.schedule(hosted, time.monotonic_ns())

    def settle(self, hosted: Hosted) -> None:
        """Apply inputs of a world that will not tick soon now, at this boundary."""
        now_ns = time.monotonic_ns()
        next_ns = hosted.next_tick_ns(now_ns)
        soon = next_ns is not None and next_ns - now_ns < hosted.buffer.delay_ns
        if soon or not hosted.world.has_applicable:
            return
        for event in self.tell(hosted, Settle()):
            match event:
                case Settled():
                    hosted.buffer.settled(event.outcomes, now_ns)
                case Crashed():
                    self.on_crash(event)

    def flush(self, hosted: Hosted, now_ns: int, *, snapshot: bool = False) -> None:
        """Make a record of everything new and put it into the batch."""
        buffer = hosted.buffer
        if not snapshot and buffer.flush_at_ns() is None:
            return
        wants = snapshot or buffer.wants_snapshot(now_ns)
        for event in self.tell(hosted, TakeMark(wants)):
            match event:
                case Marked():
                    kept = None
                    if event.parts is not None:
                        kept = Snapshot(tick=event.mark.tick, ordinal=event.ordinal, body=encode(event.parts))
                    self.park_answers(hosted, buffer.outcomes)
                    self.batch.append(buffer.record(event.mark, kept, now_ns))
                case Crashed():
                    self.on_crash(event)
                    return
        self.timers.set(("flush", hosted.world.id), self.flush_at(hosted))

    def park_answers(self, hosted: Hosted, outcomes: Sequence[InputOutcome]) -> None:
        """Answer each input when its record is durable and the tick it speaks of is too."""
        for outcome in outcomes:
            answer = shards.AnsweredInput(seq=outcome.seq, applied=outcome.applied, detail=outcome.detail)

            def release(mark: Mark, answer: shards.AnsweredInput = answer) -> None:
                self.say(
                    shards.InputsAnswered(
                        world_id=hosted.world.id,
                        answers=(answer,),
                        tick=mark.tick,
                        world_time=mark.world_time / 1_000_000,
                    )
                )

            hosted.buffer.park(release, outcome.answer_at_tick, time.monotonic_ns())

    def send_batch(self) -> None:
        if self.batch:
            batch, self.batch = self.batch, []
            self.archive(Commit(shard=self.shard, records=tuple(batch)))

    def on_committed(self, message: Committed) -> None:
        now_ns = time.monotonic_ns()
        for world_id, epoch, number in message.records:
            hosted = self.hosted.get(world_id)
            if hosted is None or hosted.buffer.epoch != epoch:
                continue
            requests = 0
            for record in hosted.buffer.acknowledged(number):
                requests += len(record.requests)
            if requests and self.wire is not None and self.wire.gate is not None:
                self.send(self.wire.gate, RequestsCommitted(world_id=world_id, count=requests))
            self.schedule(hosted, now_ns)
            if hosted.target is not None and hosted.buffer.committed.tick >= hosted.target:
                self.say(shards.ShardReported(shard=self.shard, worlds=(hosted.report(self.shard),)))
        self.check_drained()

    # -- reading

    def look(self, ask: shards.ReadWorld | shards.ReadPerson) -> None:
        """Read between two ticks; the answer waits until what was read is durable."""
        hosted = self.hosted.get(ask.world_id)
        if hosted is None:
            if ask.world_id not in self.recovering and ask.world_id not in self.claims:
                self.say(Refused(ask_id=ask.ask_id, reason=f"world {ask.world_id} is not here now"))
            return
        question = Look(ask.ask_id) if isinstance(ask, shards.ReadWorld) else LookAt(ask.ask_id, ask.npc_id)
        for event in self.tell(hosted, question):
            match event:
                case Seen():
                    self.park_shown(hosted, event)
                case PersonFound():
                    self.park_person(hosted, event, ask)
                case Crashed():
                    self.on_crash(event)
        if ask.world_id in self.hosted:
            self.schedule(hosted, time.monotonic_ns())

    def park_shown(self, hosted: Hosted, seen: Seen) -> None:
        def release(_: Mark) -> None:
            self.say(
                WorldShown(
                    ask_id=seen.ask_id,
                    report=hosted.report(self.shard),
                    config=dict(seen.config),
                    plan=dict(seen.plan),
                    flags=dict(seen.flags),
                )
            )

        hosted.buffer.park(release, hosted.world.tick, time.monotonic_ns())

    def park_person(self, hosted: Hosted, found: PersonFound, ask: Ask) -> None:
        view, at = found.view, hosted.world
        if view is None:
            npc_id = getattr(ask, "npc_id", "")
            reason = f"nobody called {npc_id} lives in {at.id}"
            self.say(Refused(ask_id=found.ask_id, reason=reason, do="The world file lists its npcs."))
            return
        tick, world_time = at.tick, at.world_time / 1_000_000

        def release(_: Mark) -> None:
            self.say(PersonShown(ask_id=found.ask_id, view=dict(view), tick=tick, world_time=world_time))

        hosted.buffer.park(release, tick, time.monotonic_ns())

    # -- the end

    def start_drain(self, message: shards.DrainShard) -> None:
        """The last commit of every world, with a snapshot, so that the next start makes nothing again."""
        self.drain = message.ask_id
        now_ns = time.monotonic_ns()
        for hosted in list(self.hosted.values()):
            hosted.stopped = "the service is stopping"
            hosted.buffer.snapshot_number = None
            if hosted.buffer.has_news or hosted.buffer.replay_ns:
                self.flush(hosted, now_ns, snapshot=True)
            self.schedule(hosted, now_ns)
        self.send_batch()
        self.check_drained()

    def check_drained(self) -> None:
        if self.drain is None or any(hosted.buffer.unacknowledged for hosted in self.hosted.values()):
            return
        reports: list[WorldReport] = []
        for hosted in self.hosted.values():
            hosted.stopped = ""
            reports.append(hosted.report(self.shard))
            hosted.stopped = "the service is stopping"
        self.say(shards.ShardDrained(ask_id=self.drain, shard=self.shard, worlds=tuple(reports), unsaved=()))
        self.drain = None

    def on_exit(self) -> None:
        self.stop_background()
