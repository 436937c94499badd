"""Many world files: checked whole by every core, before anything else happens."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from messages.admin import AddWorld
from messages.commits import Beginning
from service.world_files import LoadedWorld, load
from simulation.definitions import Problem, WorldFileInvalid, pack
from simulation.units import GenerationMode, WorldId

FILES_A_PROCESS_MIN = 4
"""Files for which a process of its own pays: fewer are read before it has begun."""


@dataclass(frozen=True, slots=True)
class CheckedWorld:
    """What a service is told of a world file; a shard reads the document again."""

    path: Path
    world_id: WorldId
    name: str
    definition_hash: str
    document: bytes
    beginning: Beginning | None
    """The state of an exported world."""

    @classmethod
    def of(cls, world: LoadedWorld) -> CheckedWorld:
        definition = world.definition
        return cls(
            path=world.path,
            world_id=definition.id,
            name=definition.name,
            definition_hash=definition.definition_hash,
            document=pack(world.text),
            beginning=world.beginning,
        )

    def to_add(self, ask_id: str, *, fresh: bool, generation: GenerationMode | None) -> AddWorld:
        """The message that adds it to a service."""
        return AddWorld(
            ask_id=ask_id,
            world_id=self.world_id,
            name=self.name,
            definition_hash=self.definition_hash,
            document=self.document,
            source=os.fsencode(self.path).decode("utf-8", "backslashreplace"),
            fresh=fresh,
            generation=generation,
            beginning=self.beginning,
        )


def check(path: Path) -> CheckedWorld | WorldFileInvalid:
    """The world in a file, or what is wrong with it."""
    try:
        return CheckedWorld.of(load(path))
    except WorldFileInvalid as invalid:
        return invalid


def goes_on(world: CheckedWorld, stored: Sequence[str]) -> str:
    """What to say of a world that does not go by its file any more; empty if it does, or is new. `stored` are
    the hashes of its definition and of those before.

    Raises WorldFileInvalid for a file that its stored world never went by; nothing is touched.
    """
    if world.beginning is not None and stored:
        message = f"world {world.world_id!r} is stored already"
        allowed = "--fresh to forget it; `theatrum serve` to let it go on; another data folder"
        raise WorldFileInvalid(str(world.path), [Problem("id", world.world_id, message, allowed)])
    if stored and world.definition_hash not in stored:
        message = f"world {world.world_id!r} is stored with another definition"
        allowed = (
            "the file it goes by, or one that it went by before; --fresh to start it over; or run it without "
            f"this file by `theatrum serve`, and then `theatrum world update {world.world_id} {world.path}`"
        )
        raise WorldFileInvalid(str(world.path), [Problem("id", world.world_id, message, allowed)])
    if not stored or world.definition_hash == stored[0]:
        return ""
    return f"{world.world_id} goes on as `theatrum world update` left it, not as {world.path} says."


class Checking:
    """The files of a run. They are being read from the beginning on, while this process does other things."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        processes = min(os.cpu_count() or 1, len(paths) // FILES_A_PROCESS_MIN)
        self._pool: ProcessPoolExecutor | None = None
        self._found: Iterable[CheckedWorld | WorldFileInvalid] = map(check, paths)
        if processes > 1:
            self._pool = ProcessPoolExecutor(processes, get_context("fork"), _begin)
            with suppress(BrokenProcessPool):  # as in `worlds`, only sooner
                self._found = self._pool.map(check, paths)

    def worlds(self) -> list[CheckedWorld]:
        """Every world, or WorldFileInvalid; two of one id are refused, naming both files."""
        try:
            return _sound(self._found)
        except BrokenProcessPool:  # somebody ended a reader: nothing is lost but time
            return _sound(map(check, self._paths))
        finally:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)


def _begin() -> None:
    """A reader ends with the process that reads for; Ctrl-C is for that one. What it has from there is no
    garbage."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    gc.enable()


def _sound(found: Iterable[CheckedWorld | WorldFileInvalid]) -> list[CheckedWorld]:
    worlds: dict[WorldId, CheckedWorld] = {}
    for world in found:
        if isinstance(world, WorldFileInvalid):
            raise world
        if (other := worlds.get(world.world_id)) is not None:
            message = f"has the id {world.world_id!r}, and so has {other.path}"
            problem = Problem("id", world.world_id, message, "an id of its own")
            raise WorldFileInvalid(str(world.path), [problem])
        worlds[world.world_id] = world
    return list(worlds.values())
