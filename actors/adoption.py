"""How worlds come to a shard and leave it: claimed, made again, hosted, thrown away, quarantined."""

from __future__ import annotations

import time

from actors.commits import CommitBuffer
from actors.hosted import Hosted, stored_report
from actors.overrun import bounded
from actors.pacing import Pacer, spread
from actors.plugins import load
from actors.recovery import HistoryDiffers, Recovery
from actors.running import Running
from actors.shell import now_ns
from actors.speech import mark_of
from actors.world import Cast, WorldActor
from messages.archive import ClaimWorld, FetchInputs, Origin, QuarantineWorld, RecordInput, WorldClaimed
from messages.base import Refused
from messages.commits import Fenced, Mark
from messages.service import ServiceSettings, Speed, WorldReport
from messages.shards import WorldFailed, WorldOpened
from messages.tick import Crashed
from simulation.definitions import DefinitionInvalid
from simulation.definitions.instances import Definitions
from simulation.snapshot import SnapshotCorrupt, SnapshotOfAnother
from simulation.units import InputKind, Mode, Seq, Tick, WorldId
from simulation.world import World

CRASHES_AT_ONE_TICK_MAX = 2
"""A tick that crashes its world so often is no accident: the world is stopped and shown."""

ADOPT = "adopt:"


class Adoption:
    """The worlds of a shard that are on their way in or out."""

    def __init__(self, running: Running, settings: ServiceSettings) -> None:
        self.running = running
        running.on_crash = self.on_crash
        self.settings = settings
        self.plugins = bounded(load(settings.plugins))
        self.definitions = Definitions()
        self.post, self.log = running.post, running.log
        self.claims: dict[WorldId, ClaimWorld] = {}
        """Worlds asked for and not given yet."""
        self.recovering: dict[WorldId, Recovery] = {}
        self.crashes: dict[WorldId, tuple[Tick, int]] = {}
        self.missed: set[WorldId] = set()
        """Worlds on their way for which inputs came that were durable after the claim."""
        self.opened = 0
        """Worlds hosted so far: each ticks and is copied at moments of its own."""

    def on_inputs(self, world_id: WorldId) -> None:
        """Inputs of a world that is on its way: they are fetched when it is here."""
        if self.is_coming(world_id):
            self.missed.add(world_id)

    def is_coming(self, world_id: WorldId) -> bool:
        return world_id in self.claims or world_id in self.recovering

    @property
    def is_busy(self) -> bool:
        """Whether any world is on its way in."""
        return bool(self.claims or self.recovering)

    def claim(self, world_id: WorldId, *, skip: int = 0, origin: Origin | None = None) -> None:
        """Ask for a world; its `skip` newest snapshots are no use. With an origin, ask that it be made."""
        ask = ClaimWorld(
            ask_id=f"{ADOPT}{world_id}",
            world_id=world_id,
            shard=self.running.shard,
            skip=skip,
            origin=origin,
        )
        self.claims[world_id] = ask
        self.post.archive(ask)

    def say_again(self) -> None:
        for claim in self.claims.values():
            self.post.archive(claim)

    def on_refused(self, message: Refused) -> None:
        if message.ask_id.startswith(ADOPT):
            self.claims.pop(WorldId(message.ask_id.removeprefix(ADOPT)), None)
            self.post.say(message)
        else:
            self.log.warning("ask.refused", ask_id=message.ask_id, reason=message.reason)

    def on_claimed(self, claimed: WorldClaimed) -> None:
        world_id = claimed.world_id
        ask = self.claims.pop(world_id, None)
        if claimed.quarantined:
            self.fail(world_id, claimed.quarantined, self.stored_report(claimed))
            return
        skip = ask.skip if ask is not None else 0
        try:
            self.recovering[world_id] = Recovery.begin(claimed, self.plugins, self.definitions)
        except SnapshotCorrupt as corrupt:
            self.log.warning("snapshot.corrupt", world_id=world_id, because=str(corrupt), skipped=skip + 1)
            self.claim(world_id, skip=skip + 1)
        except Exception as error:
            self.fail_to_open(claimed, error)
        else:
            self.running.timers.set(("replay", world_id), now_ns())

    def replay(self, world_id: WorldId) -> bool:
        """Make some more ticks again; True when the world is hosted."""
        recovery = self.recovering.get(world_id)
        if recovery is None:
            return False
        try:
            done = recovery.go_on()
        except Exception as error:
            del self.recovering[world_id]
            self.fail_to_open(recovery.claimed, error)
            return False
        if done:
            del self.recovering[world_id]
            self.host(recovery)
        else:
            self.running.timers.set(("replay", world_id), now_ns())
        return done

    def fail_to_open(self, claimed: WorldClaimed, error: Exception) -> None:
        """A world that cannot be brought back stops alone: raised on, it would end its neighbours too."""
        expected = isinstance(error, HistoryDiffers | SnapshotOfAnother | DefinitionInvalid)
        if not expected:
            self.log.exception("world.recovery_failed", world_id=claimed.world_id, exc_info=error)
        self.quarantine(claimed, str(error) if expected else f"recovery failed: {error!r}")

    def host(self, recovery: Recovery) -> None:
        """Give the world its actors, its first commit if it was never committed, and its time."""
        running, world, claimed = self.running, recovery.world, recovery.claimed
        standing = world.standing({tier: stage.fingerprint() for tier, stage in recovery.stages.items()})
        address = running.inner.create(WorldActor)
        running.inner.tell(address, Cast(world, recovery.stages, running.outbox))
        at_ns = now_ns()
        share = spread(self.opened)
        hosted = Hosted(
            world,
            address,
            self.buffer(recovery, claimed.mark or mark_of(standing), at_ns, share),
            pacer(claimed, world, share),
            flat_out=self.settings.speed is Speed.MAX,
            going=running.going,
            target=running.targets.get(world.id),
        )
        running.hosted[world.id] = hosted
        self.opened += 1
        self.match_generation(recovery)
        if recovery.forked:
            before, now = dict(world.made_with), world.script.definition.plugins.versions()
            self.log.warning("history.forked", world_id=world.id, tick=world.tick, plugins=before, now=now)
        self.log.info(
            "world.opened", world_id=world.id, tick=world.tick, epoch=claimed.epoch, hash=standing.state_hash
        )
        self.post.say(WorldOpened(shard=running.shard, report=hosted.report(running.shard)))
        if not hosted.buffer.born:
            running.committing.copy(hosted, at_ns)
        if world.id in self.missed:
            self.missed.discard(world.id)
            self.post.archive(FetchInputs(world_id=world.id, after=Seq(world.next_seq - 1)))
        running.settle(hosted)
        running.schedule(hosted, at_ns)

    def buffer(self, recovery: Recovery, committed: Mark, at_ns: int, share: float) -> CommitBuffer:
        """An empty one, at the tick the world was brought back to; its first snapshot comes a share of the
        usual time earlier."""
        world, claimed = recovery.world, recovery.claimed
        snapshot_every_ns = world.config.snapshot_every_ns
        return CommitBuffer(
            world_id=world.id,
            epoch=claimed.epoch,
            number=claimed.number,
            committed=committed,
            every_ns=int(self.settings.commit_every_s * 1e9),
            delay_ns=int(self.settings.commit_delay_s * 1e9),
            snapshot_every_ns=snapshot_every_ns,
            tick=world.tick,
            flushed_tick=world.tick,
            flushed_ns=at_ns,
            snapshot_ns=at_ns - int(share * snapshot_every_ns),
            copied=None if claimed.snapshot is None else (claimed.snapshot.tick, claimed.snapshot.ordinal),
            born=claimed.snapshot is not None,
            asleep=claimed.mark is not None and claimed.mark.asleep,
        )

    def match_generation(self, recovery: Recovery) -> None:
        """The run asks for another generation mode than the stored world has: that change is an input."""
        wanted, world = recovery.claimed.generation, recovery.world
        if wanted is None or wanted is world.config.generation.mode:
            return
        ask_id = f"generation-mode:{recovery.claimed.epoch}"
        payload = {"changes": {"generation.mode": str(wanted)}}
        self.post.archive(
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
        self.missed.discard(world_id)
        self.running.forget(world_id)

    def quarantine(self, claimed: WorldClaimed, reason: str) -> None:
        world_id, epoch = claimed.world_id, claimed.epoch
        self.post.archive(QuarantineWorld(world_id=world_id, epoch=epoch, reason=reason))
        self.fail(world_id, reason, self.stored_report(claimed))

    def stored_report(self, claimed: WorldClaimed) -> WorldReport:
        return stored_report(claimed.world_id, claimed.name, claimed.mark, self.running.shard)

    def fail(self, world_id: WorldId, reason: str, report: WorldReport) -> None:
        self.log.error("world.quarantined", world_id=world_id, because=reason)
        self.post.say(WorldFailed(shard=self.running.shard, world_id=world_id, reason=reason, report=report))

    def on_fenced(self, fenced: Fenced) -> None:
        hosted = self.running.hosted.get(fenced.world_id)
        if hosted is not None and hosted.buffer.epoch == fenced.epoch:
            self.log.warning("world.fenced", world_id=fenced.world_id, owner_epoch=fenced.owner_epoch)
            self.let_go(fenced.world_id)

    def on_crash(self, crash: Crashed) -> None:
        """Throw the world away and take it from its last commit; twice at one tick, stop it."""
        self.log.error(
            "world.crashed",
            world_id=crash.world_id,
            tick=crash.tick,
            where=crash.where,
            traceback=crash.traceback,
        )
        hosted = self.running.hosted.get(crash.world_id)
        if hosted is None:
            return
        before, count = self.crashes.get(crash.world_id, (Tick(-1), 0))
        count = count + 1 if before == crash.tick else 1
        self.crashes[crash.world_id] = (crash.tick, count)
        epoch, report = hosted.buffer.epoch, hosted.report(self.running.shard)
        self.let_go(crash.world_id)
        if count < CRASHES_AT_ONE_TICK_MAX:
            self.claim(crash.world_id)
            return
        last_line = crash.traceback.strip().rpartition("\n")[2]
        reason = f"tick {crash.tick} failed twice in {crash.where}: {last_line}"
        self.post.archive(QuarantineWorld(world_id=crash.world_id, epoch=epoch, reason=reason))
        self.fail(crash.world_id, reason, report)


def pacer(claimed: WorldClaimed, world: World, share: float) -> Pacer:
    """By the policies of the world; its ticks fall a share of its interval after whole ones. With
    `downtimePolicy: catch_up` it is behind by the time it stood still, though not by what it slept, nor by
    time that would not have passed for it anyway."""
    behind_ns, config = 0, world.config
    would_tick = claimed.mark is not None and not claimed.mark.asleep and world.mode is Mode.REAL_TIME
    if would_tick and config.downtime_policy == "catch_up":
        behind_ns = max(0, int((time.time() - claimed.committed_at) * 1e9))
    return Pacer(
        config.interval_ns,
        config.missed_tick_policy,
        config.max_catch_up_ticks,
        behind_ns=behind_ns,
        phase_ns=int(share * config.interval_ns),
    )
