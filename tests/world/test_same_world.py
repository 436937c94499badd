"""Same seed, definition and inputs: the same state hash, however it is run and whatever is killed meanwhile.

Each case compares with one undisturbed run: short ones here, 2,000 ticks in `make acceptance`.
"""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., dict[str, Any]]
Hashes = dict[str, tuple[int, str]]

pytestmark = pytest.mark.world

SMALL, FULL = 60, 2000
SIZES = [SMALL, pytest.param(FULL, marks=pytest.mark.acceptance)]
KILL_EVERY_S = (0.4, 1.5)
UNTIL_S = 600


@pytest.fixture(scope="module", params=SIZES)
def ticks(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def undisturbed(run_for_all: Run, hashes_of: Any, towns: tuple[Path, ...], ticks: int) -> Hashes:
    found: Hashes = hashes_of(run_for_all(*towns, ticks=ticks, data=f"undisturbed-{ticks}"))
    assert {tick for tick, _ in found.values()} == {ticks}
    return found


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_under_any_pythonhashseed(run, hashes_of, towns, ticks, undisturbed, seed) -> None:
    assert hashes_of(run(*towns, ticks=ticks, env={"PYTHONHASHSEED": seed})) == undisturbed


def test_with_two_shards(run, hashes_of, towns, ticks, undisturbed) -> None:
    assert hashes_of(run(*towns, ticks=ticks, shards=2)) == undisturbed


def test_on_postgresql(run, hashes_of, towns, ticks, undisturbed, postgres_database) -> None:
    assert hashes_of(run(*towns, ticks=ticks, database=postgres_database)) == undisturbed


def test_in_two_halves(run, hashes_of, towns, ticks, undisturbed) -> None:
    run(*towns, ticks=ticks // 2)
    assert hashes_of(run(*towns, until_tick=ticks)) == undisturbed


def test_after_the_whole_process_tree_was_killed(start, run, hashes_of, towns, ticks, undisturbed) -> None:
    for part in (3, 2):
        service = start(
            "run", *towns, "--until-tick", ticks, "--speed", "max", "--json", "--log-level", "info"
        )
        wait_for_tick(service, ticks // part)
        service.kill_tree()
    assert hashes_of(run(*towns, until_tick=ticks)) == undisturbed


@pytest.mark.parametrize(
    "names",
    [["th-gate", "th-archivist", "th-worker"], ["th-shard-0"], ["redis-server"], ["th-supervisor"]],
)
def test_while_processes_are_killed_at_random(start, hashes_of, towns, ticks, undisturbed, names) -> None:
    service = start("run", *towns, "--ticks", ticks, "--speed", "max", "--json", "--log-level", "info")
    chance = random.Random(ticks)
    wait_for_tick(service, 1)
    deadline, kills = time.monotonic() + UNTIL_S, 0
    most = 3 if ticks == SMALL else 9  # the actor system may be restarted ten times a minute
    while service.process.poll() is None and kills < most and time.monotonic() < deadline:
        if victims := service.named(chance.choice(names)):
            victims[0].kill()
            kills += 1
        pause(service.process, chance.uniform(*KILL_EVERY_S))
    assert kills, "nothing was killed, so nothing was shown"
    assert hashes_of(service.finish(UNTIL_S)) == undisturbed


def pause(process: subprocess.Popen[str], seconds: float) -> None:
    """Wait for the end of the run, at most so long."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def wait_for_tick(service: Any, tick: int) -> None:
    """Until some world logged that tick."""
    deadline = time.monotonic() + UNTIL_S
    while not any(event["tick"] >= tick for event in service.events("world.ticked")):
        assert service.process.poll() is None, service.log.read_text()[-2000:]
        assert time.monotonic() < deadline
        os.sched_yield()
        pause(service.process, 0.05)
