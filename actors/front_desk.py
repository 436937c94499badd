"""The Supervisor's front desk: who asked what, who must be asked again after a restart, who is answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from shlex import quote
from typing import Any

from actors.input_desk import InputDesk
from actors.instancing import Instancing
from actors.placement import Placement
from actors.questions import Asked, Read, read_of
from actors.resting import Resting
from actors.shell import Address
from messages import admin, appointments, archive, service, shards
from messages.base import Ask, Message, Refused
from messages.generation import GateReported
from messages.service import WorldReport
from simulation.units import InputKind, Seq, WorldId

ASKS_MAX = 10_000
"""Clients that may wait for an answer at once."""

AboutOne = (
    admin.RemoveWorld
    | admin.RollBackWorld
    | admin.SubmitInput
    | admin.ListGenerations
    | admin.ShowHistory
    | appointments.OfAppointments
    | Asked
)
AboutWorlds = admin.ListWorlds | admin.AddWorld | admin.InstanceWorld | admin.OpenWorld | AboutOne

AboutStay = shards.WorldOpened | shards.WorldSlept | shards.WorldFailed | shards.WorldDropped

Tell = Callable[[str, Message], None]
"""To a child by its name; what an absent one misses is told again when it is back."""


class FrontDesk:
    """Every ask of a client, from its coming to its answer."""

    def __init__(
        self, placement: Placement, tell: Tell, send: Callable[[Address, Any], None], log: Any
    ) -> None:
        self.placement = placement
        self.resting = Resting(placement)
        self.tell = tell
        self.send = send
        self.log = log
        self.clients: dict[str, tuple[Address, Ask]] = {}
        """ask id -> who asked what."""
        self.archive: dict[str, Ask] = {}
        """Asks the Archivist has not answered: asked again when it was restarted."""
        self.reads: dict[str, tuple[WorldId, Ask]] = {}
        """Reads a shard has not answered."""
        self.rolled_back: dict[str, archive.WorldRolledBack] = {}
        """Ask -> what was undone, until the world runs again."""
        self.early: set[WorldId] = set()
        """Stored worlds for which an input came before they were part of this service."""
        self.opening: dict[WorldId, list[str]] = {}
        self.resumed: set[str] = set()
        """Asks to add a world that goes on with what is stored of it."""
        self.instancing = Instancing()
        self.inputs = InputDesk(placement, self.answer, self.ask_archive)
        self.chores: dict[str, tuple[dict[str, Any], ...]] = {}
        """Housekeeping by the process that does it, as last heard."""

    # -- coming and going

    def welcome(self, message: Ask, sender: Address) -> bool:
        """Take an ask in; False when too many wait, and the client was told so."""
        if len(self.clients) >= ASKS_MAX:
            reason = f"{ASKS_MAX} clients wait for an answer already"
            self.send(sender, Refused(ask_id=message.ask_id, reason=reason, do="Try again in a moment."))
            return False
        self.clients[message.ask_id] = (sender, message)
        return True

    def heard(self, ask_id: str) -> None:
        """A child answered: it need not be asked again."""
        self.archive.pop(ask_id, None)
        self.reads.pop(ask_id, None)

    def starters(self) -> list[str]:
        """The asks of whoever wants the service started."""
        return [ask_id for ask_id, (_, ask) in self.clients.items() if isinstance(ask, service.StartService)]

    def answer(self, message: Any) -> None:
        """To whoever asked; an answer nobody waits for is dropped."""
        asked = self.clients.pop(message.ask_id, None)
        took_ms = self.instancing.took_ms(message.ask_id)
        self.resumed.discard(message.ask_id)
        if took_ms is not None and isinstance(message, admin.WorldAdded):
            self.log.info("world.instanced", world_id=message.world_id, duration_ms=took_ms)
        if asked is None:
            return
        if isinstance(message, admin.WorldShown | admin.WorldPlanned):
            message = message.model_copy(
                update={"housekeeping": (*self.housekeeping(), *message.housekeeping)}
            )
        report = self.placement.reports.get(getattr(asked[1], "world_id", WorldId("")))
        if isinstance(message, admin.Timed) and report is not None:
            message = message.model_copy(update={"day_lengths": report.day_lengths})
        self.send(asked[0], message)

    def on_chores(self, message: archive.ChoresReported | GateReported) -> None:
        self.chores["gate" if isinstance(message, GateReported) else "archivist"] = message.chores

    def housekeeping(self) -> tuple[dict[str, Any], ...]:
        """What runs beside the worlds, by real time; a shard's own is in its answer."""
        own = self.inputs.chores.to_json(time.monotonic(), time.time())
        found = {**self.chores, "supervisor": own}
        return tuple({**chore, "by": name} for name, chores in found.items() for chore in chores)

    def refuse(self, ask_id: str, reason: str, do: str = "") -> None:
        self.answer(Refused(ask_id=ask_id, reason=reason, do=do))

    def ask_archive(self, ask: Ask) -> None:
        self.archive[ask.ask_id] = ask
        self.tell("archivist", ask)

    def tell_shard_of(self, world_id: WorldId, message: Message) -> None:
        self.tell(f"shard {self.placement.place(world_id)}", message)

    def ask_archive_again(self) -> None:
        for ask in list(self.archive.values()):
            self.tell("archivist", ask)

    def read_again(self, shard: int) -> None:
        for world_id, ask in self.reads.values():
            if self.placement.shard_of.get(world_id) == shard:
                self.tell(f"shard {shard}", ask)

    # -- asks about one world

    def on_ask(self, message: AboutWorlds) -> None:
        match message:
            case admin.ListWorlds():
                self.answer(admin.WorldsListed(ask_id=message.ask_id, worlds=self.resting.listed()))
            case admin.AddWorld():
                self.ask_archive(
                    archive.RegisterWorld(
                        ask_id=message.ask_id,
                        world_id=message.world_id,
                        name=message.name,
                        definition_hash=message.definition_hash,
                        document=message.document,
                        fresh=message.fresh,
                        generation=message.generation,
                        beginning=message.beginning,
                    )
                )
            case admin.InstanceWorld():
                self.instance(message)
            case admin.OpenWorld(world_id=world_id):
                if world_id in self.placement.asleep or (message.recall and self.runs(world_id)):
                    self.answer(self.added(message.ask_id, world_id, resumed=True, ran=True))
                elif message.recall:
                    self.ask_archive(archive.RecallWorld(ask_id=message.ask_id, world_id=world_id))
                else:
                    self.open_world(world_id, message.ask_id)
            case _:
                self.on_world_ask(message)

    def on_world_ask(self, message: AboutOne) -> None:
        """Asks about one world that must be known here."""
        world_id, ask_id = message.world_id, message.ask_id
        if world_id not in self.placement.shard_of or self.instancing.is_coming(world_id):
            if (removed := self.resting.removed(message)) is not None:
                self.answer(removed)
            else:
                self.refuse(ask_id, *self.resting.why_not(world_id))
            return
        match message:
            case admin.RemoveWorld():
                self.ask_archive(archive.RetireWorld(ask_id=ask_id, world_id=world_id))
            case admin.RollBackWorld(ordinal=ordinal, mark=mark):
                self.ask_archive(
                    archive.RollBackWorld(ask_id=ask_id, world_id=world_id, ordinal=ordinal, mark=mark)
                )
            case (
                admin.ListGenerations()
                | admin.ShowHistory()
                | appointments.MakeAppointment()
                | appointments.CancelAppointment()
                | appointments.ListAppointments()
            ):
                self.ask_archive(message)
            case admin.SubmitInput():
                self.on_submit(message)
            case _:
                self.read(world_id, read_of(message))

    def on_submit(self, message: admin.SubmitInput) -> None:
        if message.world_id not in self.placement.quarantined:
            self.wake(message.world_id)
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
            self.refuse_quarantined(message.ask_id, message.world_id)

    def refuse_quarantined(self, ask_id: str, world_id: WorldId) -> None:
        reason = f"the world is in quarantine: {self.placement.quarantined[world_id]}"
        self.refuse(ask_id, reason, f"`theatrum world resume {quote(world_id)}` tries again.")

    def read(self, world_id: WorldId, ask: Read) -> None:
        if world_id in self.placement.quarantined:
            self.refuse_quarantined(ask.ask_id, world_id)
            return
        self.wake(world_id)
        self.reads[ask.ask_id] = (world_id, ask)
        self.tell_shard_of(world_id, ask)

    # -- worlds come and go

    def on_registry(self, message: Any) -> None:
        world_id = message.world_id
        match message:
            case archive.WorldRegistered():
                fresh = any(
                    ask_id == message.ask_id and isinstance(ask, admin.AddWorld) and ask.fresh
                    for ask_id, (_, ask) in self.clients.items()
                )
                if self.runs(world_id) and not fresh:
                    self.answer(self.added(message.ask_id, world_id, resumed=True, ran=True))
                    return
                if message.resumed:
                    self.resumed.add(message.ask_id)
                self.placement.quarantined.pop(world_id, None)
                self.open_world(world_id, message.ask_id)
            case archive.WorldRetired(ask_id=ask_id, report=report):
                self.tell_shard_of(world_id, shards.DropWorld(world_id=world_id))
                self.resting.retire(report)
                self.answer(admin.WorldRemoved(ask_id=ask_id, world_id=world_id, tick=report.tick))
            case archive.WorldRolledBack():
                self.rolled_back[message.ask_id] = message
                self.placement.quarantined.pop(world_id, None)
                self.open_world(world_id, message.ask_id)
            case archive.WorldReleased() | archive.WorldRecalled():
                self.placement.quarantined.pop(world_id, None)
                self.open_world(world_id, message.ask_id)

    def runs(self, world_id: WorldId) -> bool:
        return world_id in self.placement.reports and world_id not in self.placement.quarantined

    def wake(self, world_id: WorldId) -> None:
        """Somebody asks for a world; from now on its shard brings it back, whatever happens to the shard."""
        if world_id in self.placement.asleep:
            self.placement.asleep.discard(world_id)
            self.tell_shard_of(world_id, shards.WakeWorld(world_id=world_id))

    def on_inputs_waiting(self, world_id: WorldId) -> None:
        """A world no shard owns has inputs. One may be falling asleep at this moment, unheard yet."""
        if world_id not in self.placement.shard_of:
            self.early.add(world_id)
        elif world_id not in self.placement.quarantined:
            self.placement.asleep.discard(world_id)
            self.tell_shard_of(world_id, shards.WakeWorld(world_id=world_id))

    def on_sleeper(self, report: WorldReport) -> None:
        """A stored world that sleeps is part of this service now, unless an input was quicker."""
        self.placement.add_sleeping(report)
        if report.world_id in self.early:
            self.early.discard(report.world_id)
            self.on_inputs_waiting(report.world_id)

    def open_world(self, world_id: WorldId, ask_id: str) -> None:
        self.placement.asleep.discard(world_id)
        self.early.discard(world_id)
        self.opening.setdefault(world_id, []).append(ask_id)
        self.tell_shard_of(world_id, self.instancing.adoption_of(world_id))

    def instance(self, message: admin.InstanceWorld) -> None:
        """One way to the disk and back: its shard has it made and takes it in the same transaction."""
        world_id = message.world_id
        if world_id in self.placement.shard_of:
            self.refuse(
                message.ask_id, f"a world {world_id} is stored already", "Give the instance another id."
            )
            return
        self.instancing.begin(message)
        self.placement.place(world_id, beside=message.template)
        self.open_world(world_id, message.ask_id)

    def added(self, ask_id: str, world_id: WorldId, *, resumed: bool, ran: bool = False) -> admin.WorldAdded:
        tick = self.placement.reports[world_id].tick
        return admin.WorldAdded(ask_id=ask_id, world_id=world_id, resumed=resumed, tick=tick, ran=ran)

    def on_world(self, message: AboutStay) -> None:
        match message:
            case shards.WorldSlept(report=report):
                if report.world_id in self.placement.shard_of:
                    self.placement.asleep.add(report.world_id)
                    self.placement.hear([report])
            case shards.WorldOpened(report=report):
                self.instancing.end(report.world_id)
                self.placement.asleep.discard(report.world_id)
                self.placement.hear([report])
                for ask_id in self.opening.pop(report.world_id, []):
                    self.on_opened(ask_id, report)
            case shards.WorldFailed():
                self.instancing.end(message.world_id)
                self.placement.asleep.discard(message.world_id)
                self.placement.quarantined[message.world_id] = message.reason
                self.placement.hear([message.report])
                self.inputs.give_up(message.world_id, message.reason)
                for ask_id in self.opening.pop(message.world_id, []):
                    self.refuse(ask_id, message.reason, "`theatrum world resume` tries again.")
            case shards.WorldDropped():
                self.log.info("world.dropped", world_id=message.world_id)

    def on_opened(self, ask_id: str, report: WorldReport) -> None:
        asked = self.clients.get(ask_id)
        rolled_back = self.rolled_back.pop(ask_id, None)
        if rolled_back is not None:
            self.answer(admin.WorldRolledBack(**rolled_back.model_dump()))
        elif asked is not None and isinstance(asked[1], admin.SubmitInput):
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
            resumed = ask_id in self.resumed or asked is None or isinstance(asked[1], admin.OpenWorld)
            self.answer(self.added(ask_id, report.world_id, resumed=resumed))

    def on_claim_refused(self, message: Refused) -> None:
        world_id = WorldId(message.ask_id.removeprefix("adopt:"))
        if self.instancing.end(world_id):
            self.placement.forget(world_id)
        for ask_id in self.opening.pop(world_id, []):
            self.refuse(ask_id, message.reason, message.do)
