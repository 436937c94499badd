"""What processes that are forked from this one have from the beginning: their code, and the rules as machine
code, which is compiled once for each machine and version."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable
from importlib import import_module

from actors.supervision import ARCHIVIST, GATE, SHARD
from simulation.compiled import CODE, CODE_FOLDER, COMPILES

SAY = "Compiling the rules for this machine; the next start has them ready (about 20 s)."
MIGRATING = "alembic.command"
"""What brings a database up to date, imported only where that is done."""
WITHOUT = "Numba is not installed: the rules run as plain Python, with the same results, 50 times slower."
"""Somebody left it out, or it has no wheel for this Python."""


def load_ahead() -> None:
    """Everything but what would have to be compiled. It takes most of a second; a run does it while others
    read its files."""
    for module in (*(child.actor.rpartition(".")[0] for child in (ARCHIVIST, GATE, SHARD)), MIGRATING):
        import_module(module)
    if COMPILES and CODE_FOLDER.exists():
        warm(str)
    gc.freeze()  # all of it lasts: nobody need look through it, and forked processes go on sharing it


def warm(tell: Callable[[str], object]) -> None:
    """Load the machine code, so that processes forked from this one have it; compile it first if need be."""
    if not COMPILES:
        tell(WITHOUT)
        return
    if not CODE_FOLDER.exists():
        for stale in CODE.glob("machine-code-*"):
            shutil.rmtree(stale, ignore_errors=True)
        tell(SAY)
    from simulation import drive
    from simulation.definitions import parse_world
    from simulation.opening import create

    world, stages = create(parse_world(ONE_PERSON, "warming"))
    drive.tick(world, stages)
    drive.state_hash(world, stages)


ONE_PERSON = {"id": "w", "name": "W", "meta": {}, "npcs": [{"id": "p", "name": "P"}]}
"""The smallest world: what is compiled depends on types, never on what a world holds."""

if __name__ == "__main__":
    import sys

    warm(lambda line: sys.stderr.write(f"{line}\n"))
