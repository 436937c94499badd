"""Stored worlds read beside a running service, or without one: their snapshots, and their past made again."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar

from actors.speech import mark_of
from messages.commits import Mark
from persistence import histories
from persistence.engine import Database, DatabaseAway, SchemaMissing, SchemaNewer
from persistence.histories import History, KeptSnapshot
from service.door import Door
from service.errors import ServiceError, ServiceNotRunning
from service.plugins import installed
from service.settings import Settings
from simulation import drive
from simulation.definitions import parse_world, read_document
from simulation.definitions.problems import ALLOWED_SHOWN_MAX, nearest_of
from simulation.inputs import Input, Outcome
from simulation.opening import Stages
from simulation.snapshot import SnapshotCorrupt, SnapshotOfAnother, restore
from simulation.units import InputKind, Tick, WorldId
from simulation.world import World

TICKS_AT_ONCE = 50
"""Ticks made again between two looks at the clock."""
PROGRESS_EVERY_S = 1.0
"""Seconds between two lines of progress; what takes less says nothing."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MadeAgain:
    """A world brought from a snapshot to its last commit, and what it came to."""

    world: World
    stages: Stages
    history: History
    state_hash: str

    @property
    def is_same(self) -> bool:
        return self.state_hash == self.history.mark.state_hash

    def to_json(self) -> dict[str, Any]:
        snapshot, mark = self.history.snapshot, self.history.mark
        return {
            "world": self.world.id,
            "from": {"tick": snapshot.tick, "inputs": snapshot.ordinal},
            "tick": mark.tick,
            "ticks": mark.tick - snapshot.tick,
            "inputs": len(self.history.inputs),
            "expected": mark.state_hash,
            "found": self.state_hash,
            "same": self.is_same,
        }


def database_url(data: Path, database: str | None) -> str:
    """Where worlds are stored: as asked for, as the service that runs here says, or in the data folder."""
    settings = Settings.of(data=data, database=database)
    if settings.database is not None:
        return settings.database
    try:
        return Door.read(settings.data).database
    except ServiceNotRunning:
        if not os.path.isfile(settings.data / "theatrum.db"):
            do = "Name the folder with --data, or the database with --database."
            raise ServiceError(f"Nothing is stored on {data}", do=do) from None
        return settings.database_url


def read(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    """Ask the database; nothing is written, and no schema is changed. Raises ServiceError."""

    async def whole() -> T:
        db = await Database.open(url, migrate=False)
        try:
            return await work(db)
        finally:
            await db.close()

    try:
        return asyncio.run(whole())
    except (DatabaseAway, SchemaMissing, SchemaNewer, ValueError, FileNotFoundError) as error:
        raise ServiceError("The database cannot be read", because=str(error)) from error


def unknown_world(url: str, world_id: WorldId) -> ServiceError:
    """What to say of a world that has nothing stored."""
    stored = read(url, histories.world_ids)
    if world_id in stored:
        return ServiceError(f"World {world_id} was never committed", do="Run it first.")
    near = nearest_of(world_id, stored)
    meant = f"Did you mean {near}? " if near else ""
    more = ", ..." if len(stored) > ALLOWED_SHOWN_MAX else ""
    names = ", ".join(stored[:ALLOWED_SHOWN_MAX]) or "none"
    return ServiceError(f"No world {world_id} is stored", do=f"{meant}Stored: {names}{more}.")


def kept(url: str, world_id: WorldId) -> dict[str, KeptSnapshot]:
    """The snapshots of a world by the name to ask for them: their tick, and the inputs applied where several
    have one tick. Raises ServiceError."""
    found = read(url, lambda db: histories.kept(db, world_id))
    if not found:
        raise unknown_world(url, world_id)
    ticks = [one.tick for one in found]
    return {
        str(one.tick) if ticks.count(one.tick) == 1 else f"{one.tick}.{one.ordinal}": one for one in found
    }


def chosen(url: str, world_id: WorldId, name: str, option: str = "--from") -> KeptSnapshot:
    """The snapshot of that name. Raises ServiceError."""
    known = kept(url, world_id)
    if name not in known:
        because = f"kept snapshots of {world_id} are {', '.join(known)}"
        raise ServiceError(f"{option} is {name}", because=because)
    return known[name]


def made_again(url: str, world_id: WorldId, snapshot: KeptSnapshot | None) -> MadeAgain:
    """A world from a snapshot, or its newest, up to its last commit; the service may go on meanwhile. Raises
    ServiceError."""
    moment = None if snapshot is None else (snapshot.tick, snapshot.ordinal)
    history = read(url, lambda db: histories.load(db, world_id, moment))
    if history is None:
        raise unknown_world(url, world_id) if moment is None else _forgotten(world_id)
    world, stages = _restored(world_id, history)
    _replay(world, stages, history)
    return MadeAgain(world, stages, history, drive.state_hash(world, stages))


def tried(made: MadeAgain, kind: InputKind, payload: Mapping[str, Any]) -> Outcome:
    """What an input would come to now. It is done to this copy of the world, which is of no use any more."""
    item = Input(made.world.next_seq, kind, payload)
    made.world.deliver([item])
    (outcome,) = drive.boundary(made.world, made.stages, before_tick=False)
    return outcome


def stood_at(url: str, world_id: WorldId, snapshot: KeptSnapshot) -> Mark:
    """Where a snapshot leaves its world. Raises ServiceError."""
    moment = (snapshot.tick, snapshot.ordinal)
    history = read(url, lambda db: histories.load(db, world_id, moment))
    if history is None:
        raise _forgotten(world_id)
    world, stages = _restored(world_id, history)
    return mark_of(world.standing({tier: stage.fingerprint() for tier, stage in stages.items()}))


def _restored(world_id: WorldId, history: History) -> tuple[World, Stages]:
    try:
        definition = parse_world(read_document(history.document, world_id), world_id, installed())
        return restore(definition, history.snapshot.body)
    except (SnapshotCorrupt, SnapshotOfAnother) as error:
        do = f"Choose another snapshot with `theatrum replay {quote(world_id)} --from`."
        raise ServiceError(f"The snapshot of {world_id} cannot be read", because=str(error), do=do) from error


def _forgotten(world_id: WorldId) -> ServiceError:
    return ServiceError(
        f"The snapshot of {world_id} is not kept any more",
        because="the world made newer ones",
        do=f"`theatrum replay {quote(world_id)} --list` shows those there are.",
    )


def _replay(world: World, stages: Stages, history: History) -> None:
    ahead: Sequence[Input] = [Input(i.seq, i.kind, i.payload, i.tick, i.ordinal) for i in history.inputs]
    done, said_s = False, time.monotonic()
    while not done:
        ahead, done = drive.replay(world, stages, ahead, Tick(history.mark.tick), TICKS_AT_ONCE)
        if time.monotonic() - said_s >= PROGRESS_EVERY_S:
            said_s = time.monotonic()
            sys.stderr.write(f"{world.id}: tick {world.tick} of {history.mark.tick}\n")
