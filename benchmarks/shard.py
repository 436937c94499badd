"""A shard without its process: real actors, plans, tick logs, commit records and marks, and an archivist that
acknowledges at once.

Everything a shard sends is pickled, as on its way to another process; tick logs go to a file as JSON.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr
from typing import Any, cast

from actors.adoption import Adoption
from actors.committing import Copy, Encoded, encoded
from actors.logs import configure, get_logger
from actors.post import Post
from actors.recovery import Recovery
from actors.running import Running
from actors.shard import ENCODED_HERE_PEOPLE_MAX
from actors.shell import Address, now_ns
from messages.archive import WorldClaimed
from messages.commits import Commit, Committed
from messages.service import ServiceSettings, Speed
from messages.shards import Wire
from simulation.definitions import pack
from simulation.opening import Stages
from simulation.units import Epoch, GenerationMode, Tick, WorldId
from simulation.world import World

NOBODY = cast(Address, "nobody")
"""The address of a Supervisor that is not there: no harm, since nothing is sent anywhere."""
AGES_NS = 10**18
"""Thirty years: longer ago than any snapshot is kept for."""
LOOK_EVERY_S = 0.001
"""Seconds between two looks for the first snapshot of a world."""


class Shard:
    """`host` worlds, then `tick` them one by one; `commit` makes a world's record and sends it."""

    def __init__(self) -> None:
        self.sent = 0
        """Messages that left the shard."""
        self.sent_bytes = 0
        self.snapshots: list[bytes] = []
        """Those that left in records."""
        post = Post(self._deliver)
        post.open(NOBODY)
        post.rewire(Wire(archivist="archivist", gate=None))
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._beside: list[Future[Encoded]] = []
        """Snapshots being made on the other thread."""
        self.running = Running(0, post, get_logger("benchmarks"), self._encode)
        self.adoption = Adoption(
            self.running,
            ServiceSettings(
                database_url="", redis_url="", namespace="benchmarks", speed=Speed.MAX, main_pid=0
            ),
        )

    def _deliver(self, address: Any, message: Any) -> None:
        self.sent += 1
        self.sent_bytes += len(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))
        if isinstance(message, Commit):
            records = tuple((record.world_id, record.epoch, record.number) for record in message.records)
            self.snapshots += [record.snapshot.body for record in message.records if record.snapshot]
            self.running.committing.on_committed(Committed(records=records))

    def _encode(self, copy: Copy) -> None:
        """As ShardActor does it."""
        if copy.people <= ENCODED_HERE_PEOPLE_MAX:
            self.running.committing.on_encoded(encoded(copy))
        else:
            self._beside.append(self._thread.submit(encoded, copy))

    def turn(self) -> None:
        """Take the snapshots that are ready, and send what was gathered."""
        while self._beside and self._beside[0].done():
            self.running.committing.on_encoded(self._beside.pop(0).result())
        self.running.committing.send_batch(AGES_NS)

    def host(self, world: World, stages: Stages) -> WorldId:
        """A world made by plain calls, from now on through its actors. It holds still until it is ticked."""
        definition = world.script.definition
        claimed = WorldClaimed(
            ask_id="benchmarks",
            world_id=world.id,
            name=definition.name,
            epoch=Epoch(1),
            number=0,
            document=pack("{}"),
            generation=GenerationMode.OFF,
            mark=None,
            snapshot=None,
            inputs=(),
            quarantined="",
            committed_at=0.0,
        )
        self.adoption.recovering[world.id] = Recovery(claimed, definition, world, stages, (), ())
        self.adoption.replay(world.id)
        hosted = self.running.hosted[world.id]
        hosted.going, hosted.target = True, Tick(2**40)
        while not hosted.buffer.born:
            self.turn()
            time.sleep(LOOK_EVERY_S)
        return world.id

    def tick(self, world_id: WorldId) -> None:
        """One tick as its timer makes it, the log of it included."""
        hosted = self.running.hosted[world_id]
        before, at_ns = hosted.world.tick, now_ns()
        self.running.tick(hosted, at_ns, at_ns)
        if hosted.world.tick != before + 1:
            raise RuntimeError(f"{world_id} did not tick: {hosted.status()}")

    def commit(self, world_id: WorldId) -> None:
        """The record of everything since the one before, with its mark and state hash, sent."""
        hosted = self.running.hosted[world_id]
        number, at_ns = hosted.buffer.number, now_ns()
        hosted.buffer.hurry(0)
        self.running.on_timer("flush", world_id, at_ns, at_ns)
        self.turn()
        if hosted.buffer.number <= number or hosted.buffer.unacknowledged:
            raise RuntimeError(f"{world_id} made no record")

    def want_snapshot(self, world_id: WorldId) -> None:
        """As if the last one were old: one is taken with the next commit."""
        buffer = self.running.hosted[world_id].buffer
        buffer.snapshot_ns, buffer.replay_ns = -AGES_NS, 1

    def decisions(self, world_id: WorldId) -> int:
        """How many decisions the world has ever made."""
        return sum(self.running.hosted[world_id].world.counters.decisions.values())


@contextmanager
def logging_to_a_file(level: str = "info") -> Iterator[Any]:
    """Logs of everything inside as a service writes them, JSON line by JSON line, into a file of its own."""
    with tempfile.NamedTemporaryFile("w", prefix="theatrum-bench-", suffix=".log") as file:
        with redirect_stderr(file):
            configure(level, "json")
            yield file
            sys.stderr.flush()
        configure("error", "console")
