"""Supervisor: places worlds on shards, watches the service's processes, and speaks for the worlds to
clients."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from actors.children import Child, Children
from actors.front_desk import AboutWorlds, FrontDesk
from actors.placement import Placement
from actors.shell import CRASHED, Address, ProcessActor
from messages import admin, archive, generation, service, shards
from messages.base import Message, Refused
from messages.jobs import JobsShown, ShowJobs
from messages.webhooks import OfWebhooks, WebhookAnswer
from simulation.units import WorldId

DRAIN_WITHIN_S = 3.0
"""For every shard's last commit; main promises to be gone in five seconds."""
DATABASE_WITHIN_S = 5.0
"""A database that is away for longer when the service starts is refused; later it is waited for."""

CLIENT = (
    AboutWorlds
    | service.StartService
    | service.AddSleeping
    | service.SetGoal
    | service.AskStatus
    | service.Drain
    | OfWebhooks
    | ShowJobs
)
ANSWERS = (
    archive.ArchiveOpened
    | archive.OfRegistry
    | archive.SleepingRegistered
    | archive.InputsWaiting
    | archive.InputRecorded
    | archive.OutcomeFound
    | archive.OutcomePending
    | archive.GenerationsCounted
    | archive.ChoresReported
    | admin.Answer
    | WebhookAnswer
    | JobsShown
    | generation.GateOpened
    | generation.GateReported
    | generation.GateClosed
    | shards.ShardOpened
    | shards.WorldOpened
    | shards.WorldSlept
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
        self.desk = FrontDesk(self.placement, self.tell, self.send, self.log)
        self.is_up = False
        """Whether every child was ready once."""
        self.main_fd = -1
        self.jobs: dict[str, int] = {}
        self.gate_trouble = ""
        self.shard_troubles: dict[int, tuple[str, ...]] = {}
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
        if self.settings is None and not isinstance(message, service.StartService):
            reason, do = "the service is being started", "Try again in a moment."
            self.send(sender, Refused(ask_id=message.ask_id, reason=reason, do=do))
            return
        if not self.desk.welcome(message, sender):
            return
        match message:
            case service.StartService():
                self.on_start(message)
            case service.AddSleeping(ask_id=ask_id, worlds=worlds, generation=mode):
                self.desk.ask_archive(archive.RegisterSleeping(ask_id=ask_id, worlds=worlds, generation=mode))
            case service.SetGoal():
                self.on_goal(message)
            case service.AskStatus():
                self.on_status(message)
            case service.Drain():
                self.on_drain(message)
            case _ if isinstance(message, OfWebhooks | ShowJobs):
                self.desk.ask_archive(message)
            case _:
                self.desk.on_ask(message)

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
        self.placement.shards, self.desk.log = message.settings.shards, self.log
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
                patience_s = None if self.is_up else DATABASE_WITHIN_S
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
        if child is None:
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
            self.desk.ask_archive_again()
        if name in ("archivist", "gate"):
            for other in self.children.by_name.values():
                if other.ready and other.name not in ("archivist", name):
                    self.tell(other.name, self.wire())
        absent = next(
            (c for c in self.children.by_name.values() if c.address is None and not c.deaths_s), None
        )
        if absent is not None:
            self.start_child(absent)
        elif not self.children.down() and not self.is_up:
            self.on_all_ready()

    def on_all_ready(self) -> None:
        self.is_up = True
        for ask_id in self.desk.starters():
            self.desk.answer(
                service.ServiceStarted(
                    ask_id=ask_id,
                    supervisor_pid=os.getpid(),
                    admin_pid=os.getppid(),
                    worlds=self.stored.worlds if self.stored else {},
                    definitions=self.stored.definitions if self.stored else {},
                    asleep=tuple(report.world_id for report in self.stored.asleep) if self.stored else (),
                )
            )

    def on_unusable(self, message: Refused) -> None:
        """The database will not do: say so to main, which ends the service."""
        for ask_id in self.desk.starters():
            self.desk.refuse(ask_id, message.reason)

    def on_shard_opened(self, shard: int) -> None:
        for world_id in self.placement.on_shard(shard):
            self.tell_shard(shard, self.desk.instancing.adoption_of(world_id))
        if self.draining is not None:
            self.tell_shard(shard, shards.DrainShard(ask_id=self.draining))
        elif self.placement.going:
            self.tell_shard(shard, shards.RunTo(targets=self.placement.targets))
        self.desk.read_again(shard)

    # -- answers of children

    def on_answer(self, message: Any) -> None:
        ask_id = getattr(message, "ask_id", "")
        self.desk.heard(ask_id)
        match message:
            case archive.ArchiveOpened():
                self.children.by_name["archivist"].ready = True
                self.stored = message
                self.desk.resting.found(message.resting)
                self.on_ready("archivist")
            case generation.GateOpened():
                self.on_ready("gate")
            case shards.ShardOpened():
                self.children.by_name[f"shard {message.shard}"].ready = True
                self.on_shard_opened(message.shard)
                self.on_ready(f"shard {message.shard}")
            case generation.GateReported() | archive.ChoresReported():
                self.on_kept(message)
            case shards.ShardReported():
                self.desk.inputs.on_reports(message.worlds)
                self.shard_troubles[message.shard] = message.troubles
                self.desk.inputs.ask_after_lost()
            case shards.InputsAnswered():
                self.desk.inputs.on_inputs_answered(message)
            case shards.ShardDrained():
                self.on_shard_drained(message)
            case archive.GenerationsCounted():
                self.on_counted(message)
            case generation.GateClosed():
                pass
            case archive.SleepingRegistered():
                self.on_sleeping(message)
            case archive.InputsWaiting(world_id=world_id):
                self.desk.on_inputs_waiting(world_id)
            case shards.WorldOpened() | shards.WorldSlept() | shards.WorldFailed() | shards.WorldDropped():
                self.desk.on_world(message)
            case Refused(ask_id="open"):
                self.on_unusable(message)
            case Refused() if ask_id.startswith("adopt:"):
                self.desk.on_claim_refused(message)
            case _ if isinstance(message, archive.OfRegistry):
                self.desk.on_registry(message)
            case archive.InputRecorded() | archive.OutcomeFound() | archive.OutcomePending():
                self.desk.inputs.on_input(message)
            case _:
                self.desk.answer(message)

    def on_kept(self, message: generation.GateReported | archive.ChoresReported) -> None:
        self.desk.on_chores(message)
        if isinstance(message, generation.GateReported):
            self.jobs, self.gate_trouble = message.jobs, message.trouble

    def on_sleeping(self, message: archive.SleepingRegistered) -> None:
        wanted = set(message.worlds)
        for report in self.stored.asleep if self.stored else ():
            if report.world_id in wanted:
                self.desk.on_sleeper(report)
        self.desk.answer(service.SleepingAdded(ask_id=message.ask_id, worlds=message.worlds))

    def on_goal(self, message: service.SetGoal) -> None:
        targets = self.placement.aim(message.goal)
        for shard in range(self.placement.shards):
            self.tell_shard(shard, shards.RunTo(targets=targets))
        for world_id in self.placement.overdue():
            self.desk.wake(world_id)
        self.desk.answer(service.GoalSet(ask_id=message.ask_id, targets=targets))

    def on_status(self, message: service.AskStatus) -> None:
        troubles = [f"{name} is being restarted" for name in self.children.down()]
        troubles += [self.gate_trouble] if self.gate_trouble else []
        for shard, found in sorted(self.shard_troubles.items()):
            troubles += [f"shard {shard}: {trouble}" for trouble in found]
        troubles += [f"{world} is in quarantine: {why}" for world, why in self.placement.quarantined.items()]
        worlds, whole = self.placement.news(message.since)
        self.desk.answer(
            service.StatusReported(
                ask_id=message.ask_id,
                worlds=worlds,
                version=self.placement.version,
                whole=whole,
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
        self.desk.ask_archive(archive.CountGenerations(ask_id=f"count:{self.draining}"))

    def on_counted(self, message: archive.GenerationsCounted) -> None:
        if self.draining is None:
            return
        summaries = self.placement.summaries(message.by_world)
        self.desk.answer(
            service.Drained(
                ask_id=self.draining, worlds=summaries, unsaved=tuple(dict.fromkeys(self.unsaved))
            )
        )
