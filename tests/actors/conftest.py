"""A shard without its process: its parts on a real database, where the test carries the mail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from actors import archive_work
from actors.adoption import Adoption
from actors.committing import Copy, encoded
from actors.logs import configure, get_logger
from actors.post import Post
from actors.reading import Reading
from actors.running import Running
from actors.shell import now_ns
from actors.sleeping import Sleeping
from messages.archive import (
    ClaimWorld,
    DisownWorld,
    FetchInputs,
    InputsRecorded,
    QuarantineWorld,
    RecordInput,
    WorldClaimed,
)
from messages.commits import Commit, CommitsMissing, Committed
from messages.service import PluginRef, ServiceSettings, Speed
from messages.shards import InputsAnswered, Wire
from persistence import commits, worlds
from simulation.definitions import parse_world
from simulation.definitions.templates import Templates
from simulation.units import GenerationMode, InputKind, Tick, WorldId
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
        self.copies: list[Copy] = []
        """Being encoded, until the test says they are done."""
        self.running = Running(0, post, get_logger("test"), self.copies.append)
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
        self.sleeping = Sleeping(self.running, self.adoption)
        self.running.linger_ns = 0
        self.templates = Templates()
        """What the Archivist keeps of those it made instances from."""
        self.owned: set[WorldId] = set()
        """Whose new inputs the Archivist brings here."""
        self.unowned: list[WorldId] = []
        """Whose inputs it told the Supervisor of."""

    def deliver(self, address: Any, message: Any) -> None:
        (self.said if address == "supervisor" else self.mail).append(message)

    def add(
        self, document: dict[str, Any], generation: GenerationMode | None = GenerationMode.OFF
    ) -> WorldId:
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
                generation=generation,
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
                self.running.committing.send_batch(now_ns())
            elif self.copies:
                self.encode(self.copies.pop(0))
            elif self.mail:
                self.carry(self.mail.pop(0))
            else:
                return
        raise AssertionError("it never comes to rest")

    def encode(self, copy: Copy) -> None:
        self.running.committing.on_encoded(encoded(copy))
        self.running.committing.send_batch(now_ns())

    def carry(self, message: Any) -> None:
        match message:
            case Commit():
                answers = self.store(lambda db: commits.write(db, message.records))
                done = tuple(answer for answer in answers if isinstance(answer, tuple))
                self.running.committing.on_committed(Committed(records=done))
                for answer in answers:
                    if isinstance(answer, CommitsMissing):
                        self.running.committing.send_again(answer)
                self.running.committing.send_batch(now_ns())
            case ClaimWorld():
                claimed = self.store(lambda db: archive_work.claim(db, message, self.templates))
                assert isinstance(claimed, WorldClaimed)
                self.owned.add(message.world_id)
                self.adoption.on_claimed(claimed)
            case DisownWorld():
                self.owned.discard(message.world_id)
            case FetchInputs():
                found = self.store(lambda db: archive_work.fetch(db, message))
                self.push(message.world_id, found.inputs)
            case QuarantineWorld():
                self.store(lambda db: worlds.quarantine(db, message.world_id, message.epoch, message.reason))
            case RecordInput():
                recorded = self.store(lambda db: archive_work.record(db, message))
                self.push(message.world_id, (recorded[1],))

    def submit(self, world_id: WorldId, kind: InputKind, **payload: Any) -> None:
        """An input becomes durable, and goes to whom the Archivist knows."""
        ask = RecordInput(
            ask_id=uuid4().hex, world_id=world_id, kind=kind, payload=payload, idempotency_key=None
        )
        recorded = self.store(lambda db: archive_work.record(db, ask))
        self.push(world_id, (recorded[1],))

    def push(self, world_id: WorldId, stored: Any) -> None:
        if world_id not in self.owned:
            self.unowned.append(world_id)
            return
        self.sleeping.stir(world_id)
        self.adoption.on_inputs(world_id)
        self.running.on_inputs(InputsRecorded(world_id=world_id, inputs=stored))

    def answers(self) -> list[tuple[bool, int]]:
        """Of inputs, so far: whether it was applied, and the tick it was answered with."""
        return [
            (answer.applied, message.report.tick)
            for message in self.heard(InputsAnswered)
            for answer in message.answers
        ]

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
