"""TierActor: the people of one tier of one world; a thin shell over `simulation.stage`."""

from __future__ import annotations

from dataclasses import dataclass

from actors.outbox import Outbox
from actors.shell import Address, InnerActor
from messages.tick import (
    Crashed,
    HashTier,
    LookAtPerson,
    LookThrough,
    LookWhoWaits,
    PeopleSeen,
    PersonSeen,
    TickTier,
    TierHashed,
    TierTicked,
    TierWasTouched,
    TouchTier,
    WaitingSeen,
)
from simulation.roster import roster
from simulation.stage import Stage
from simulation.units import Tick

Inbox = TickTier | TouchTier | HashTier | LookAtPerson | LookThrough | LookWhoWaits


@dataclass(frozen=True, slots=True)
class Stand:
    """Here is your stage, and the way to say that you crashed."""

    stage: Stage
    outbox: Outbox


class TierActor(InnerActor):
    inbox = (Stand, *Inbox.__args__)

    def __init__(self) -> None:
        super().__init__()
        self.stage: Stage | None = None
        self.outbox: Outbox | None = None
        self.tick = Tick(0)

    def receive(self, message: Stand | Inbox, sender: Address) -> None:
        if isinstance(message, Stand):
            self.stage, self.outbox = message.stage, message.outbox
            return
        stage = self.stage
        if stage is None:
            raise RuntimeError("a tier was asked before it had its stage")
        match message:
            case TickTier(order, hashed):
                self.tick = order.tick
                report = stage.tick(order)
                self.send(sender, TierTicked(report, stage.fingerprint() if hashed else None))
            case TouchTier(touch):
                self.send(sender, TierWasTouched(stage.touch(touch)))
            case HashTier(copy):
                columns = stage.export() if copy else None
                self.send(sender, TierHashed(stage.tier, stage.fingerprint(), columns))
            case LookAtPerson(ask_id, npc_id, now, flags):
                shown = stage.shown(npc_id, now, flags)
                self.send(sender, PersonSeen(ask_id, shown, stage.person(npc_id, now, flags)))
            case LookThrough(page, now, flags):
                self.send(sender, PeopleSeen(roster(stage, page, now, flags)))
            case LookWhoWaits(now, share):
                self.send(sender, WaitingSeen(stage.tier, stage.left_out(now, share)))

    def crashed(self, message: object, trace: str) -> None:
        if self.outbox is None or self.stage is None:
            raise RuntimeError(trace)
        world_id = self.stage.script.definition.id
        where = f"tier {self.stage.tier}, {type(message).__name__}"
        self.outbox.put(Crashed(world_id, self.tick, where, trace))
