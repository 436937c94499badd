"""The rules as machine code: compiled once for each machine and version, loaded by every process after."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from simulation.compiled import CODE, CODE_FOLDER, COMPILES

SAY = "Compiling the rules for this machine; the next start has them ready (about 20 s)."
WITHOUT = "Numba is not installed: the rules run as plain Python, with the same results, 50 times slower."
"""Somebody left it out, or it has no wheel for this Python."""


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
