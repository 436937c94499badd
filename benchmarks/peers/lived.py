"""What a peer's run came to, and how it is asked for: `python -m benchmarks.peers.NAME PEOPLE TICKS RUNS`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from statistics import median


@dataclass(frozen=True)
class Lived:
    """`seconds` cover the ticks alone, not the making of people."""

    decisions: int
    seconds: float
    checksum: str

    @property
    def rate(self) -> float:
        return self.decisions / self.seconds


def main(live: Callable[[int, int], Lived]) -> None:
    """The median of runs, which must all come to the same."""
    people, ticks, runs = map(int, sys.argv[1:4])
    found = [live(people, ticks) for _ in range(runs)]
    ends = {(one.decisions, one.checksum) for one in found}
    if len(ends) != 1:
        raise RuntimeError(f"the same run ended in {ends}")
    middle = Lived(found[0].decisions, median(one.seconds for one in found), found[0].checksum)
    sys.stdout.write(json.dumps(asdict(middle)) + "\n")


def ask(peer: str, needs: str, people: int, ticks: int, runs: int) -> Lived | None:
    """Run a peer in a process of its own; None: the package it needs is not installed."""
    if find_spec(needs) is None:
        return None
    command = [sys.executable, "-m", f"benchmarks.peers.{peer}", *map(str, (people, ticks, runs))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Lived(**json.loads(done.stdout))
