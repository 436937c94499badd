"""Supervisor: places worlds on shards, watches the service's processes, and speaks for the worlds to
clients."""

from __future__ import annotations

import os
import signal
import time
from typing import Any
from uuid import uuid4

from actors.children import Child, Children
from actors.placement import Placement
from actors.shell import CRASHED, Address, ProcessActor
from messages import admin, archive, generation, service, shards
from messages.base import Ask, Message, Refused
from simulation.units import InputKind, Seq, WorldId

DRAIN_WITHIN_S = 3.0
"""For every shard's last commit; main promises to be gone in five seconds."""
DATABASE_WITHIN_S = 5.0
"""A database that is away for longer when the service starts is refused; later it is waited for."""
LOST_AFTER_S = 2.0
"""An input unanswered for so long is asked after in the database: its answer may have died with a shard."""
ASKS_MAX = 10_000
"""Clients that may wait for an answer at once."""

CLIENT = (
    admin.AddWorld
    | admin.OpenWorld
    | admin.RemoveWorld
    | admin.SubmitInput
    | admin.ListWorlds
    | admin.ShowWorld
    | admin.ShowPerson
    | admin.ListGenerations
    | service.StartService
    | service.SetGoal
    | service.AskStatus
    | service.Drain
)
ANSWERS = (
    archive.ArchiveOpened
    | archive.WorldRegistered
    | archive.WorldRetired
    | archive.WorldReleased
    | archive.InputRecorded
    | archive.OutcomeFound
    | archive.OutcomePending
    | archive.GenerationsCounted
    | admin.GenerationsListed
    | admin.WorldShown
    | admin.PersonShown
    | generation.GateOpened
    | generation.GateReported
    | generation.GateClosed
    | shards.ShardOpened
    | shards.WorldOpened
    | shards.WorldFailed
    | shards.WorldDropped
    | shards.InputsAnswered
    | shards.ShardReported
    | shards.ShardDrained
    | Refused
)


class Supervisor(ProcessActor):
    process_name = "th-supervisor"
    inbox = (*CLIENT.__args__, *ANSWERS.__args__)

    def __init__(self) -> None:
        super().__init__()
        self.children = Children()
        self.placement = Placement(0)
        self.main: tuple[Address, str] | None = None
        self.main_fd = -1
        self.clients: dict[str, tuple[Address, Ask]] = {}
        """ask id -> who asked what."""
        self.archive: dict[str, Ask] = {}
        """Asks the Archivist has not answered: asked again when it was restarted."""
        self.reads: dict[str, tuple[WorldId, Ask]] = {}
        """Reads a shard has not answered."""
        self.opening: dict[WorldId, list[str]] = {}
        self.waiting: dict[tuple[WorldId, Seq], tuple[list[str], float]] = {}
        """(world, seq) -> asks that wait for the outcome, and since when."""
        self.jobs: dict[str, int] = {}
        self.by_world: dict[WorldId, dict[str, int]] = {}
        self.gate_trouble = ""
        self.stored: archive.ArchiveOpened | None = None
        self.draining: str | None = None
        self.undrained: set[int] = set()
        self.unsaved: list[WorldId] = []

    def receive(self, message: Any, sender: Address) -> None:
        if isinstance(message, CLIENT):
            self.on_client(message, sender)
        else:
            self.on_answer(message)

    # -- clients

    def on_client(self, message: CLIENT, sender: Address) -> None:
        if len(self.clients) >= ASKS_MAX:
            reason = f"{ASKS_MAX} clients wait for an answer already"
            self.send(sender, Refused(ask_id=message.ask_id, reason=reason, do="Try again in a moment."))
            return
        self.clients[message.ask_id] = (sender, message)
        match message:
            case service.StartService():
                self.on_start(message)
            case service.SetGoal():
                self.on_goal(message)
            case service.AskStatus():
                self.on_status(message)
            case service.Drain():
                self.on_drain(message)
            case admin.ListWorlds():
                self.answer(admin.WorldsListed(ask_id=message.ask_id, worlds=self.placement.listed()))
            case admin.AddWorld():
                self.ask_archive(
                    archive.RegisterWorld(
                        ask_id=message.ask_id,
                        document=message.document,
                        source=message.source,
                        fresh=message.fresh,
                        generation=message.generation,
                    )
                )
            case admin.OpenWorld():
                self.open_world(message.world_id, message.ask_id)
            case _:
                self.on_world_ask(message)

    def on_world_ask(
        self,
        message: admin.RemoveWorld
        | admin.SubmitInput
        | admin.ShowWorld
        | admin.ShowPerson
        | admin.ListGenerations,
    ) -> None:
        """Asks about one world that must be known here."""
        world_id, ask_id = message.world_id, message.ask_id
        if world_id not in self.placement.shard_of:
            known = ", ".join(self.placement.shard_of) or "none"
            self.refuse(ask_id, f"no world {world_id} runs here", f"Running: {known}.")
            return
        match message:
            case admin.RemoveWorld():
                self.ask_archive(archive.RetireWorld(ask_id=ask_id, world_id=world_id))
            case admin.ListGenerations():
                self.ask_archive(message)
            case admin.SubmitInput():
                self.on_submit(message)
            case admin.ShowWorld():
                self.read(world_id, shards.ReadWorld(ask_id=ask_id, world_id=world_id))
            case admin.ShowPerson():
                self.read(
                    world_id, shards.ReadPerson(ask_id=ask_id, world_id=world_id, npc_id=message.npc_id)
                )

    def on_submit(self, message: admin.SubmitInput) -> None:
        reason = self.placement.quarantined.get(message.world_id)
        if reason is None:
            self.ask_archive(
                archive.RecordInput(
                    ask_id=message.ask_id,
                    world_id=message.world_id,
                    kind=message.kind,
                    payload=message.payload,
                    idempotency_key=message.idempotency_key or f"ask:{message.ask_id}",
                )
            )
        elif message.kind is InputKind.RESUME:
            self.ask_archive(archive.ReleaseWorld(ask_id=message.ask_id, world_id=message.world_id))
        else:
            self.refuse(
                message.ask_id, f"the world is in quarantine: {reason}", "`world resume` tries again."
            )

    def read(self, world_id: WorldId, ask: shards.ReadWorld | shards.ReadPerson) -> None:
        if world_id in self.placement.quarantined:
            self.refuse(
                ask.ask_id,
                f"the world is in quarantine: {self.placement.quarantined[world_id]}",
                "Resume it.",
            )
            return
        self.reads[ask.ask_id] = (world_id, ask)
        self.tell_shard(self.placement.shard_of[world_id], ask)

    def answer(self, message: Any) -> None:
        """To whoever asked; an answer nobody waits for is dropped."""
        asked = self.clients.pop(message.ask_id, None)
        if asked is not None:
            self.send(asked[0], message)

    def refuse(self, ask_id: str, reason: str, do: str = "") -> None:
        self.answer(Refused(ask_id=ask_id, reason=reason, do=do))

    def ask_archive(self, ask: Ask) -> None:
        self.archive[ask.ask_id] = ask
        self.tell("archivist", ask)

    def tell(self, name: str, message: Message) -> None:
        """To a child that is there; one that is not hears it again when it is back, or it was only a hint."""
        child = self.children.by_name[name]
        if child.ready and child.address is not None:
            self.send(child.address, message)

    def tell_shard(self, shard: int, message: Message) -> None:
        self.tell(f"shard {shard}", message)

    # -- starting, watching, restarting

    def on_start(self, message: service.StartService) -> None:
        self.use(message.settings)
        self.children = Children.of(message.settings.shards)
        self.placement = Placement(message.settings.shards)
        self.main_fd = os.pidfd_open(message.settings.main_pid)
        self.watch(self.main_fd)
        self.start_child(self.children.by_name["archivist"])

    def on_readable(self, fileno: int) -> None:
        """Main is gone: nothing of this service may outlive it."""
        if fileno == self.main_fd:
            os.killpg(os.getpgrp(), signal.SIGKILL)

    def start_child(self, child: Child) -> None:
        """Start a process and open it; the others follow when the archive and the gate are open."""
        settings = self.settings
        assert settings is not None, "children are started after StartService"
        child.address = self.spawn(child.spec.actor)
        opened: Message
        match child.name.split():
            case ["archivist"]:
                patience_s = DATABASE_WITHIN_S if self.main is None else None
                opened = archive.OpenArchive(ask_id="open", settings=settings, patience_s=patience_s)
            case ["gate"]:
                opened = generation.OpenGate(ask_id="open", settings=settings, wire=self.wire())
            case ["shard", number]:
                opened = shards.OpenShard(
                    ask_id="open", shard=int(number), settings=settings, wire=self.wire()
                )
            case _:
                raise ValueError(f"no way to open {child.name}")
        self.send(child.address, opened)

    def wire(self) -> shards.Wire:
        return shards.Wire(
            archivist=self.children.by_name["archivist"].address, gate=self.children.by_name["gate"].address
        )

    def on_child_exited(self, address: Address) -> None:
        child = self.children.at(address)
        if child is None or self.draining:
            return
        delay = self.children.died(child, time.monotonic())
        if delay is None:
            self.log.error("child.given_up", child=child.name, restarts=child.restarts)
            os._exit(CRASHED)
        self.log.warning("child.restarting", child=child.name, restarts=child.restarts, delay_s=delay)
        self.wake_after(delay, ("restart", child.name))

    def on_wake(self, payload: Any) -> None:
        match payload:
            case ("restart", name):
                self.start_child(self.children.by_name[name])
            case ("drained", ask_id) if self.draining == ask_id:
                self.log.error("drain.unfinished", shards=sorted(self.undrained))
                for shard in self.undrained:
                    self.unsaved.extend(self.placement.on_shard(shard))
                self.undrained.clear()
                self.count_for_drain()

    def on_ready(self, name: str) -> None:
        """A child is open: start who waited for it, and tell its siblings where it lives."""
        child = self.children.by_name[name]
        child.ready = True
        if name == "archivist":
            for ask in list(self.archive.values()):
                self.tell("archivist", ask)
        if name in ("archivist", "gate"):
            for other in self.children.by_name.values():
                if other.ready and other.name not in ("archivist", name):
                    self.tell(other.name, self.wire())
        absent = next(
            (c for c in self.children.by_name.values() if c.address is None and not c.deaths_s), None
        )
        if absent is not None:
            self.start_child(absent)
        elif not self.children.down() and self.main is None:
            self.on_all_ready()

    def on_all_ready(self) -> None:
        for ask_id, (client, ask) in list(self.clients.items()):
            if isinstance(ask, service.StartService):
                self.main = (client, ask_id)
                self.answer(
                    service.ServiceStarted(
                        ask_id=ask_id,
                        supervisor_pid=os.getpid(),
                        admin_pid=os.getppid(),
                        worlds=self.stored.worlds if self.stored else (),
                        definitions=self.stored.definitions if self.stored else {},
                    )
                )

    def on_unusable(self, message: Refused) -> None:
        """The database will not do: say so to main, which ends the service."""
        for ask_id, (_, ask) in list(self.clients.items()):
            if isinstance(ask, service.StartService):
                self.refuse(ask_id, message.reason)

    def on_shard_opened(self, shard: int) -> None:
        for world_id in self.placement.on_shard(shard):
            self.tell_shard(shard, shards.AdoptWorld(world_id=world_id))
        if self.placement.going:
            self.tell_shard(shard, shards.RunTo(targets=self.placement.targets))
        for world_id, ask in self.reads.values():
            if self.placement.shard_of.get(world_id) == shard:
                self.tell_shard(shard, ask)

    # -- answers of children

    def on_answer(self, message: Any) -> None:
        ask_id = getattr(message, "ask_id", "")
        self.archive.pop(ask_id, None)
        self.reads.pop(ask_id, None)
        match message:
            case archive.ArchiveOpened():
                self.children.by_name["archivist"].ready = True
                self.stored = message
                self.on_ready("archivist")
            case generation.GateOpened():
                self.on_ready("gate")
            case shards.ShardOpened():
                self.children.by_name[f"shard {message.shard}"].ready = True
                self.on_shard_opened(message.shard)
                self.on_ready(f"shard {message.shard}")
            case generation.GateReported():
                self.jobs, self.gate_trouble = message.jobs, message.trouble
            case shards.ShardReported():
                self.placement.hear(message.worlds)
                self.ask_after_lost()
            case shards.InputsAnswered():
                self.on_inputs_answered(message)
            case shards.ShardDrained():
                self.on_shard_drained(message)
            case archive.GenerationsCounted():
                self.on_counted(message)
            case generation.GateClosed():
                pass
            case shards.WorldOpened() | shards.WorldFailed() | shards.WorldDropped():
                self.on_world(message)
            case Refused(ask_id="open"):
                self.on_unusable(message)
            case Refused() if ask_id.startswith("adopt:"):
                self.on_claim_refused(message)
            case archive.WorldRegistered() | archive.WorldRetired() | archive.WorldReleased():
                self.on_registry(message)
            case archive.InputRecorded() | archive.OutcomeFound() | archive.OutcomePending():
                self.on_input(message)
            case _:
                self.answer(message)

    def on_registry(self, message: Any) -> None:
        world_id = message.world_id
        match message:
            case archive.WorldRegistered():
                fresh = any(
                    ask_id == message.ask_id and isinstance(ask, admin.AddWorld) and ask.fresh
                    for ask_id, (_, ask) in self.clients.items()
                )
                running = world_id in self.placement.reports and world_id not in self.placement.quarantined
                if running and not fresh:
                    self.answer(self.added(message.ask_id, world_id, resumed=True))
                    return
                self.placement.quarantined.pop(world_id, None)
                self.open_world(world_id, message.ask_id)
            case archive.WorldRetired():
                shard = self.placement.place(world_id)
                self.placement.forget(world_id)
                self.tell_shard(shard, shards.DropWorld(world_id=world_id))
                self.answer(admin.WorldRemoved(ask_id=message.ask_id, world_id=world_id, tick=message.tick))
            case archive.WorldReleased():
                self.placement.quarantined.pop(world_id, None)
                self.open_world(world_id, message.ask_id)

    def open_world(self, world_id: WorldId, ask_id: str) -> None:
        self.opening.setdefault(world_id, []).append(ask_id)
        self.tell_shard(self.placement.place(world_id), shards.AdoptWorld(world_id=world_id))

    def added(self, ask_id: str, world_id: WorldId, *, resumed: bool) -> admin.WorldAdded:
        tick = self.placement.reports[world_id].tick
        return admin.WorldAdded(ask_id=ask_id, world_id=world_id, resumed=resumed, tick=tick)

    def on_world(self, message: shards.WorldOpened | shards.WorldFailed | shards.WorldDropped) -> None:
        match message:
            case shards.WorldOpened(report=report):
                self.placement.hear([report])
                for ask_id in self.opening.pop(report.world_id, []):
                    self.on_opened(ask_id, report)
            case shards.WorldFailed():
                if message.quarantined:
                    self.placement.quarantined[message.world_id] = message.reason
                for ask_id in self.opening.pop(message.world_id, []):
                    self.refuse(ask_id, message.reason, "`theatrum world resume` tries again.")
            case shards.WorldDropped():
                self.log.info("world.dropped", world_id=message.world_id)

    def on_opened(self, ask_id: str, report: service.WorldReport) -> None:
        asked = self.clients.get(ask_id)
        if asked is not None and isinstance(asked[1], admin.SubmitInput):
            self.answer(
                admin.InputAnswered(
                    ask_id=ask_id,
                    world_id=report.world_id,
                    seq=Seq(0),
                    applied=True,
                    detail={"released": True, "mode": report.status},
                    tick=report.tick,
                    world_time=report.world_time,
                )
            )
        else:
            self.answer(self.added(ask_id, report.world_id, resumed=report.tick > 0))

    def on_claim_refused(self, message: Refused) -> None:
        world_id = WorldId(message.ask_id.removeprefix("adopt:"))
        for ask_id in self.opening.pop(world_id, []):
            self.refuse(ask_id, message.reason, message.do)

    # -- inputs

    def on_input(self, message: Any) -> None:
        match message:
            case archive.InputRecorded():
                key = (message.world_id, message.seq)
                asks, _ = self.waiting.get(key, ([], 0.0))
                since = 0.0 if message.known else time.monotonic()
                self.waiting[key] = ([*asks, message.ask_id], since)
                if message.known:
                    self.ask_after_lost()
            case archive.OutcomeFound():
                report = self.placement.reports.get(message.world_id)
                if report is not None and report.tick >= message.answer_at_tick:
                    self.give(message.world_id, message.seq, message.applied, message.detail, report)

    def on_inputs_answered(self, message: shards.InputsAnswered) -> None:
        for found in message.answers:
            self.give(message.world_id, found.seq, found.applied, found.detail, message)

    def give(self, world_id: WorldId, seq: Seq, applied: bool, detail: dict[str, Any], at: Any) -> None:
        """Answer everybody who waits for this input with its committed outcome."""
        for ask_id in self.waiting.pop((world_id, seq), ([], 0.0))[0]:
            self.answer(
                admin.InputAnswered(
                    ask_id=ask_id,
                    world_id=world_id,
                    seq=seq,
                    applied=applied,
                    detail=detail,
                    tick=at.tick,
                    world_time=at.world_time,
                )
            )

    def ask_after_lost(self) -> None:
        """Inputs whose answer is overdue: their shard may have died between the commit and the answer."""
        now = time.monotonic()
        for (world_id, seq), (asks, since) in list(self.waiting.items()):
            if now - since > LOST_AFTER_S:
                self.waiting[(world_id, seq)] = (asks, now)
                self.ask_archive(
                    archive.AskOutcome(ask_id=f"outcome:{uuid4().hex}", world_id=world_id, seq=seq)
                )

    # -- goal, status, drain

    def on_goal(self, message: service.SetGoal) -> None:
        targets = self.placement.aim(message.goal)
        for shard in range(self.placement.shards):
            self.tell_shard(shard, shards.RunTo(targets=targets))
        self.answer(service.GoalSet(ask_id=message.ask_id, targets=targets))

    def on_status(self, message: service.AskStatus) -> None:
        troubles = [f"{name} is being restarted" for name in self.children.down()]
        troubles += [self.gate_trouble] if self.gate_trouble else []
        troubles += [f"{world} is in quarantine: {why}" for world, why in self.placement.quarantined.items()]
        self.answer(
            service.StatusReported(
                ask_id=message.ask_id,
                worlds=self.placement.listed(),
                jobs=self.jobs,
                restarts=self.children.restarts(),
                troubles=tuple(troubles),
            )
        )

    def on_drain(self, message: service.Drain) -> None:
        self.draining = message.ask_id
        self.undrained = set(range(self.placement.shards))
        for shard in range(self.placement.shards):
            self.tell_shard(shard, shards.DrainShard(ask_id=message.ask_id))
        self.wake_after(DRAIN_WITHIN_S, ("drained", message.ask_id))

    def on_shard_drained(self, message: shards.ShardDrained) -> None:
        self.placement.hear(message.worlds)
        self.unsaved.extend(message.unsaved)
        self.undrained.discard(message.shard)
        if not self.undrained:
            self.count_for_drain()

    def count_for_drain(self) -> None:
        self.tell("gate", generation.CloseGate(ask_id="close"))
        self.ask_archive(archive.CountGenerations(ask_id=f"count:{self.draining}"))

    def on_counted(self, message: archive.GenerationsCounted) -> None:
        if self.draining is None:
            return
        summaries = tuple(
            service.WorldSummary(
                world_id=report.world_id,
                name=report.name,
                tick=report.tick,
                world_time=report.world_time,
                decisions=report.decisions,
                decisions_by_tier=report.decisions_by_tier,
                requests=report.requests,
                jobs=message.by_world.get(report.world_id, {}),
                state_hash=report.state_hash,
                status=report.status,
                because=report.because,
                skipped=report.skipped,
            )
            for report in self.placement.listed()
        )
        self.answer(
            service.Drained(
                ask_id=self.draining, worlds=summaries, unsaved=tuple(dict.fromkeys(self.unsaved))
            )
        )
