"""A stored world on a real database of each kind, and records as a shard would commit them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from messages.commits import CommitRecord, InputOutcome, Mark, RequestRow, Snapshot
from persistence import worlds
from persistence.engine import Database
from simulation.units import Band, Epoch, GenerationMode, Micros, NpcId, RequestId, Seq, Tick, WorldId

T = TypeVar("T")

INN = WorldId("inn")
DOCUMENT = {"id": "inn", "name": "Inn", "npcs": [{"id": "ada", "name": "Ada"}], "sessions": [{"id": "s1"}]}


@dataclass
class Store:
    """`store(lambda db: ...)`: one database, opened for each call as a new process would."""

    url: str

    def __call__(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def whole() -> T:
            db = await Database.open(self.url, migrate=True)
            try:
                return await work(db)
            finally:
                await db.close()

        return asyncio.run(whole())

    def rows(self, query: Any) -> list[dict[str, Any]]:
        async def read(db: Database) -> list[dict[str, Any]]:
            async with db.read() as connection:
                return [dict(row) for row in (await connection.execute(query)).mappings()]

        return self(read)

    def register(self, *, fresh: bool = False, definition_hash: str = "h1") -> worlds.Registered:
        return self(
            lambda db: worlds.register(
                db,
                world_id=INN,
                name="Inn",
                document=json.dumps(DOCUMENT),
                definition_hash=definition_hash,
                generation=GenerationMode.LIVE,
                fresh=fresh,
            )
        )

    def claim(self, skip: int = 0) -> worlds.Claimed:
        found = self(lambda db: worlds.claim(db, INN, 0, skip))
        assert found is not None
        return found


def mark(tick: int) -> Mark:
    return Mark(
        tick=Tick(tick),
        world_time=Micros(tick * 60_000_000),
        state_hash=f"{tick:032x}",
        mode="real_time",
        requests=0,
        decisions_by_tier={},
        people_by_tier={},
    )


def record(
    number: int,
    tick: int,
    *,
    epoch: int = 1,
    outcomes: tuple[InputOutcome, ...] = (),
    requests: tuple[RequestRow, ...] = (),
    cancelled: dict[RequestId, str] | None = None,
    snapshot: Snapshot | None = None,
    world: WorldId = INN,
) -> CommitRecord:
    """The commit with this number, up to `tick`."""
    return CommitRecord(
        world_id=world,
        epoch=Epoch(epoch),
        number=number,
        from_tick=Tick(0),
        to_tick=Tick(tick),
        outcomes=outcomes,
        requests=requests,
        cancelled=cancelled or {},
        mark=mark(tick),
        snapshot=snapshot,
    )


def outcome(seq: int, ordinal: int, tick: int = 3) -> InputOutcome:
    return InputOutcome(
        seq=Seq(seq),
        tick=Tick(tick),
        ordinal=ordinal,
        applied=True,
        detail={"done": seq},
        answer_at_tick=Tick(tick),
    )


def request(
    name: str, *, land_tick: int | None = None, made_tick: int = 1, waiting_max: int = 5
) -> RequestRow:
    return RequestRow(
        request_id=RequestId(name),
        npc_id=NpcId("ada"),
        kind="dialogue",
        params={"activity": "walk"},
        band=Band.AMBIENT,
        component="dialogue",
        made_tick=Tick(made_tick),
        made_at=Micros(0),
        handed_tick=Tick(made_tick),
        land_tick=None if land_tick is None else Tick(land_tick),
        limits={"perWorldInFlight": 2, "perUserInFlight": 2, "deferredMax": waiting_max},
        deadline_s=60.0,
    )


def snapshot(tick: int, ordinal: int = 0) -> Snapshot:
    return Snapshot(tick=Tick(tick), ordinal=ordinal, body=b"state at %d" % tick)
