"""A shard without its process: its parts on a real database, where the test carries the mail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from actors import archivist
from actors.adoption import Adoption
from actors.logs import configure, get_logger
from actors.post import Post
from actors.reading import Reading
from actors.running import Running
from actors.shell import now_ns
from messages.archive import ClaimWorld, QuarantineWorld, RecordInput, WorldClaimed
from messages.commits import Commit, Committed
from messages.service import PluginRef, ServiceSettings, Speed
from messages.shards import Wire
from persistence import commits, worlds
from simulation.definitions import parse_world
from simulation.units import GenerationMode, Tick, WorldId
from stored import Store

TURNS_MAX = 10_000
"""Timers of one test: far more than any needs, so that a loop without end is a failure."""


class Backstage:
    """One shard's worlds. `run(ticks)` carries commits and claims to the database and their answers back."""

    def __init__(self, store: Store, plugins: tuple[PluginRef, ...] = ()) -> None:
        configure("error", "console")
        self.store = store
        self.said: list[Any] = []
        """What the Supervisor heard."""
        self.mail: list[Any] = []
        """On its way to the Archivist."""
        post = Post(self.deliver)
        post.open("supervisor")  # type: ignore[arg-type]
        post.rewire(Wire(archivist="archivist", gate=None))
        self.running = Running(0, post, get_logger("test"))
        settings = ServiceSettings(
            database_url=store.url,
            redis_url="",
            namespace="test",
            speed=Speed.MAX,
            main_pid=0,
            plugins=plugins,
        )
        self.adoption = Adoption(self.running, settings)
        self.reading = Reading(self.running)

    def deliver(self, address: Any, message: Any) -> None:
        (self.said if address == "supervisor" else self.mail).append(message)

    def add(self, document: dict[str, Any]) -> WorldId:
        """Store a world and adopt it; it holds still until `run`."""
        text = json.dumps(document)
        definition = parse_world(document, "test", self.adoption.plugins)
        self.store(
            lambda db: worlds.register(
                db,
                world_id=definition.id,
                name=definition.name,
                document=text,
                definition_hash=definition.definition_hash,
                generation=GenerationMode.OFF,
                fresh=False,
            )
        )
        self.adoption.claim(definition.id)
        self.turn()
        return definition.id

    def run(self, to: int) -> None:
        """Let every world tick up to `to`, all of it committed."""
        self.running.run_to({world_id: Tick(to) for world_id in self.running.hosted})
        self.turn()

    def turn(self) -> None:
        """Timers and mail, until nothing is left to do."""
        timers = self.running.timers
        for _ in range(TURNS_MAX):
            if (due := timers.pop(now_ns())) is not None:
                (kind, world_id), due_ns = due
                if kind == "replay":
                    if self.adoption.replay(world_id):
                        self.reading.on_hosted(world_id)
                else:
                    self.running.on_timer(kind, world_id, due_ns, now_ns())
                self.running.send_batch()
            elif self.mail:
                self.carry(self.mail.pop(0))
            else:
                return
        raise AssertionError("it never comes to rest")

    def carry(self, message: Any) -> None:
        match message:
            case Commit():
                answers = self.store(lambda db: commits.write(db, message.records))
                done = tuple(answer for answer in answers if isinstance(answer, tuple))
                self.running.on_committed(Committed(records=done))
            case ClaimWorld():
                claimed = self.store(lambda db: archivist.claim(db, message))
                assert isinstance(claimed, WorldClaimed)
                self.adoption.on_claimed(claimed)
            case QuarantineWorld():
                self.store(lambda db: worlds.quarantine(db, message.world_id, message.epoch, message.reason))
            case RecordInput():
                self.store(lambda db: archivist.record(db, message))

    def heard(self, kind: type) -> list[Any]:
        return [message for message in self.said if isinstance(message, kind)]

    def hash_of(self, world_id: str) -> tuple[int, str]:
        mark = self.running.hosted[WorldId(world_id)].buffer.committed
        return mark.tick, mark.state_hash


@pytest.fixture
def backstage(store: Store) -> Backstage:
    return Backstage(store)


@pytest.fixture
def store(tmp_path: Any) -> Store:
    return Store(f"sqlite:///{tmp_path / 'worlds.db'}")


@pytest.fixture
def another(store: Store) -> Callable[..., Backstage]:
    """A new shard on the same database, as after a kill."""
    return lambda **more: Backstage(store, **more)
