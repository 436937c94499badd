"""What the Archivist is asked, done on the database: one function a message, answers as messages."""

from __future__ import annotations

import time
from shlex import quote
from typing import Any

from actors.hosted import stored_report
from actors.resting import REMOVED, STORED
from messages.admin import GenerationsListed, HistoryShown, ListGenerations, ShowHistory
from messages.appointments import (
    AppointmentCancelled,
    AppointmentMade,
    AppointmentRow,
    AppointmentsListed,
    CancelAppointment,
    ListAppointments,
    MakeAppointment,
    OfAppointments,
)
from messages.archive import (
    AskOutcome,
    ClaimWorld,
    CountGenerations,
    FetchInputs,
    GenerationsCounted,
    InputRecorded,
    InputsRecorded,
    OutcomePending,
    RecallWorld,
    RecordInput,
    RegisterSleeping,
    RegisterWorld,
    ReleaseWorld,
    RetireWorld,
    RollBackWorld,
    SleepingRegistered,
    StoredInput,
    WorldClaimed,
    WorldRecalled,
    WorldRegistered,
    WorldReleased,
    WorldRetired,
    WorldRolledBack,
)
from messages.base import Ask, Message, Refused
from messages.jobs import JobsShown, ShowJobs
from messages.service import WorldReport
from persistence import (
    appointments,
    branches,
    generations,
    housekeeping,
    inputs,
    instances,
    job_metrics,
    resting,
    webhooks,
    worlds,
)
from persistence.appointments import Appointment
from persistence.engine import Database
from simulation.definitions import unpack
from simulation.definitions.templates import Templates
from simulation.housekeeping import Chore
from simulation.units import WorldId

Reply = Message
NO_SHARD = -1
"""Of a world that is on none yet."""


class TimeIsOver(ValueError):
    """An appointment in the past."""


class NoAppointment(LookupError):
    """There is no such appointment."""


Kept = dict[WorldId, tuple[StoredInput, ...]]
REFUSED = (
    TimeIsOver,
    NoAppointment,
    appointments.TooManyAppointments,
    worlds.DefinitionChanged,
    worlds.AlreadyStored,
    instances.WorldTaken,
    inputs.UnknownWorld,
    inputs.InputsFull,
    branches.SnapshotGone,
    webhooks.TooManyWebhooks,
    webhooks.NoWebhook,
    webhooks.NoDelivery,
)
"""What a user can do something about."""


def refusal(message: Ask | Message | Chore, error: BaseException) -> Refused | None:
    """What a user can do something about is an answer; everything else is a bug and is raised."""
    if not isinstance(error, REFUSED) or not isinstance(message, Ask):
        raise error
    path = "id" if isinstance(error, worlds.DefinitionChanged | worlds.AlreadyStored) else ""
    do = REMEDIES.get(type(error), "").replace("WORLD", quote(getattr(message, "world_id", "WORLD")))
    return Refused(ask_id=message.ask_id, reason=str(error), do=do, path=path)


REMEDIES: dict[type[BaseException], str] = {
    TimeIsOver: "Give a time that is to come; without an appointment an input is applied at once.",
    NoAppointment: "`theatrum world appointments WORLD` shows those there are.",
    appointments.TooManyAppointments: "Wait for some, or cancel some.",
    worlds.DefinitionChanged: "`theatrum world update`, --fresh to start it over, or another id.",
    instances.WorldTaken: "Give the instance another id.",
    worlds.AlreadyStored: "Forget the stored one with --fresh, or let it go on with `theatrum serve`.",
    inputs.UnknownWorld: "`theatrum world list` shows the worlds there are.",
    branches.SnapshotGone: "`theatrum replay WORLD --list` shows those there are.",
    webhooks.TooManyWebhooks: "Remove one: `theatrum webhook list` shows them.",
    webhooks.NoWebhook: "`theatrum webhook list` shows those there are.",
    webhooks.NoDelivery: "`theatrum webhook deliveries` shows those there are.",
    inputs.InputsFull: "Wait until the world has applied some, or resume it.",
}


async def register(db: Database, message: RegisterWorld) -> Reply:
    found = await worlds.register(
        db,
        world_id=message.world_id,
        name=message.name,
        document=unpack(message.document),
        definition_hash=message.definition_hash,
        generation=message.generation,
        fresh=message.fresh,
        beginning=message.beginning,
    )
    return WorldRegistered(
        ask_id=message.ask_id,
        world_id=message.world_id,
        name=message.name,
        resumed=found.resumed,
        tick=found.tick,
        quarantined=found.quarantined,
    )


async def retire(db: Database, message: RetireWorld) -> Reply:
    found = await worlds.retire(db, message.world_id)
    if found is None:
        raise inputs.UnknownWorld(f"no world {message.world_id}")
    report = stored_report(message.world_id, *found, NO_SHARD, REMOVED)
    return WorldRetired(ask_id=message.ask_id, world_id=message.world_id, report=report)


async def recall(db: Database, message: RecallWorld) -> Reply:
    if not await resting.recall(db, message.world_id):
        raise inputs.UnknownWorld(f"no world {message.world_id} is stored")
    return WorldRecalled(ask_id=message.ask_id, world_id=message.world_id)


async def release(db: Database, message: ReleaseWorld) -> Reply:
    released = await worlds.release(db, message.world_id)
    return WorldReleased(ask_id=message.ask_id, world_id=message.world_id, released=released)


async def roll_back(db: Database, message: RollBackWorld) -> Reply:
    found = await branches.roll_back(db, message.world_id, message.ordinal, message.mark, message.ask_id)
    return WorldRolledBack(
        ask_id=message.ask_id,
        world_id=message.world_id,
        number=found.number,
        tick=found.tick,
        ticks=found.ticks,
        inputs=found.inputs,
    )


async def record(db: Database, message: RecordInput) -> Any:
    key = message.idempotency_key or message.ask_id
    found = await inputs.record(db, message.world_id, message.kind, message.payload, key)
    answer = InputRecorded(ask_id=message.ask_id, world_id=message.world_id, seq=found.seq, known=found.known)
    return answer, found.stored


async def find_outcome(db: Database, message: AskOutcome) -> Reply:
    found = await inputs.outcome(db, message.world_id, message.seq, message.ask_id)
    if found is not None:
        return found
    return OutcomePending(ask_id=message.ask_id, world_id=message.world_id, seq=message.seq)


async def count(db: Database, message: CountGenerations) -> Reply:
    return GenerationsCounted(ask_id=message.ask_id, by_world=await generations.counts(db))


async def list_generations(db: Database, message: ListGenerations) -> Reply:
    counted = await generations.counts(db)
    return GenerationsListed(
        ask_id=message.ask_id,
        rows=await generations.listing(db, message.world_id, message.limit),
        counts=counted.get(message.world_id, {}),
    )


async def show_jobs(db: Database, message: ShowJobs) -> Reply:
    counted = await generations.counts(db)
    return JobsShown(
        ask_id=message.ask_id,
        counts=counted.get(message.world_id, {}),
        metrics=await job_metrics.of_world(db, message.world_id),
    )


async def history(db: Database, message: ShowHistory) -> Reply:
    rows = await housekeeping.measures(db, message.world_id, message.limit)
    rollbacks = await housekeeping.rollbacks(db, message.world_id, message.limit)
    return HistoryShown(ask_id=message.ask_id, rows=rows, rollbacks=rollbacks)


async def appointment(db: Database, message: OfAppointments) -> Reply:
    match message:
        case MakeAppointment():
            return await make_appointment(db, message)
        case CancelAppointment():
            return await cancel_appointment(db, message)
        case ListAppointments():
            return await list_appointments(db, message)


async def make_appointment(db: Database, message: MakeAppointment) -> Reply:
    if message.at <= time.time():
        raise TimeIsOver(f"{message.appointment_id} would be in the past")
    made = Appointment(message.appointment_id, message.at, message.kind, message.payload)
    replaced = await appointments.make(db, message.world_id, made)
    return AppointmentMade(
        ask_id=message.ask_id,
        world_id=message.world_id,
        appointment_id=made.id,
        at=made.at,
        replaced=replaced,
    )


async def cancel_appointment(db: Database, message: CancelAppointment) -> Reply:
    if not await appointments.cancel(db, message.world_id, message.appointment_id):
        raise NoAppointment(f"world {message.world_id} has no appointment {message.appointment_id}")
    return AppointmentCancelled(
        ask_id=message.ask_id, world_id=message.world_id, appointment_id=message.appointment_id
    )


async def list_appointments(db: Database, message: ListAppointments) -> Reply:
    found = await appointments.of_world(db, message.world_id)
    rows = tuple(
        AppointmentRow(appointment_id=one.id, at=one.at, kind=one.kind, payload=dict(one.payload))
        for one in found
    )
    return AppointmentsListed(ask_id=message.ask_id, rows=rows)


async def keep_appointments(db: Database) -> tuple[Kept, float | None]:
    """Those whose time has come, as inputs by world, and when the next is."""
    found = await appointments.keep(db, time.time())
    return found, await appointments.next_at(db)


async def claim(db: Database, message: ClaimWorld, templates: Templates) -> Reply:
    world_id, shard, origin = message.world_id, message.shard, message.origin
    if origin is None:
        found = await worlds.claim(db, world_id, shard, message.skip)
    else:
        found = await instances.make(db, templates, origin, world_id, shard)
    if found is None:
        missing = f"no world {world_id}" if origin is None else f"no world {origin.template} is stored"
        raise inputs.UnknownWorld(missing)
    return WorldClaimed(
        ask_id=message.ask_id,
        world_id=message.world_id,
        name=found.name,
        epoch=found.epoch,
        number=found.number,
        document=templates.packed(found.document),
        own=dict(found.own),
        generation=found.generation,
        mark=found.mark,
        snapshot=found.snapshot,
        inputs=found.inputs,
        quarantined=found.quarantined,
        next_seq=found.next_seq,
        committed_at=found.committed_at,
    )


async def fetch(db: Database, message: FetchInputs) -> Reply:
    found = await inputs.after(db, message.world_id, message.after)
    return InputsRecorded(world_id=message.world_id, inputs=found)


async def register_sleeping(db: Database, message: RegisterSleeping) -> Reply:
    if message.generation is not None:
        await worlds.set_generation(db, message.worlds, message.generation)
    return SleepingRegistered(ask_id=message.ask_id, worlds=message.worlds)


async def asleep(db: Database) -> tuple[WorldReport, ...]:
    """Every stored world that sleeps, as of its last commit."""
    return tuple(
        stored_report(world_id, name, mark, NO_SHARD, "sleeping")
        for world_id, name, mark in await worlds.asleep(db)
    )


async def rest(db: Database) -> tuple[WorldReport, ...]:
    """The stored worlds used last, as of their last commit; whoever owns one knows it better."""
    return tuple(
        stored_report(world_id, name, mark, NO_SHARD, REMOVED if removed else STORED)
        for world_id, name, mark, removed in await resting.stored(db)
    )
