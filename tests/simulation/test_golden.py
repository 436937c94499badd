"""Golden hashes: what the rules make of known worlds. Whoever moves one has changed the rules: raise
RULES_VERSION and say so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from simulation import drive
from simulation.definitions import parse_world
from simulation.opening import create

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT / "examples"
AFTER_TICKS = (1, 10, 100, 500)

GOLDEN = {
    "lanternford": (
        "efa2197439ac7ad1bcf7a228013de7af",
        "837e9dfca61102b9bc788df14d847fb0",
        "11dbde81d9811191ec2944cfcfc05560",
        "7705c1e5eddad182e125dcc6a1a20bbc",
    ),
    "saltmarsh": (
        "f371b55fb623646e34f99c74cadce3f1",
        "c55d6cf10b5298b60d8002596ccfb7de",
        "503be63448f9021acc987357932bb5e8",
        "4ea72b8124b5a32dbc3d1d9fb9c56dc0",
    ),
    "tin-moon": (
        "d9569954f613d6f91d5c53550ef84be1",
        "dc30c1aec183b4166408c1b1cc48d61f",
        "c4369fcf31e26472218e5ef0bef23e15",
        "64dbe9847fc6f76b042e57bb6a11344a",
    ),
    "village": (
        "ac1207c6b58bf7ae96264673a3fc0c34",
        "1ec98ef3e1246b5019394f9cead96301",
        "84530abdeeb02ab5e73cbabe9e336dd3",
        "dd0cd677aa3d03b466845934f4c55816",
    ),
}


def hashes_of(document: dict[str, Any], ticks: int = AFTER_TICKS[-1]) -> tuple[str, ...]:
    """The state hash after so many ticks, generation off, nobody interfering."""
    simulation = document["meta"].setdefault("simulation", {})
    simulation["generation"], simulation["mode"] = {"mode": "off"}, "real_time"
    world, stages = create(parse_world(document, "golden.json"))
    found = [
        drive.state_hash(world, stages)
        for done in drive.run(world, stages, ticks)
        if done.tick in AFTER_TICKS
    ]
    assert found[-1] == drive.state_hash_in_full(world, stages)
    return tuple(found)


@pytest.mark.parametrize("name", ["lanternford", "saltmarsh", "tin-moon"])
def test_an_example_becomes_what_it_always_became(name: str) -> None:
    document = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    assert hashes_of(document) == GOLDEN[name]


def test_every_rule_there_is_gives_what_it_always_gave(
    village_document: Callable[..., dict[str, Any]],
) -> None:
    """The village uses each requirement, condition and effect, expressions too."""
    assert hashes_of(village_document(60)) == GOLDEN["village"]


def in_another_process(code: str, **env: str) -> Any:
    """The JSON that `code` prints in a process of its own."""
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            **env,
            "PYTHONPATH": os.pathsep.join(map(str, (HERE, HERE.parent / "support", ROOT))),
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(found.stdout)


def test_without_a_compiler_everything_is_the_same() -> None:
    """Plain Python runs the same loops: the golden hashes, in a process that may not compile."""
    code = (
        "import json, test_golden, village\n"
        "from simulation.compiled import COMPILES\n"
        "print(json.dumps([COMPILES, test_golden.hashes_of(village.document(60), 10)]))"
    )
    found = in_another_process(code, NUMBA_DISABLE_JIT="1")
    assert found == [False, list(GOLDEN["village"][:2])]


HERE_AND_NOW = """
import json, sys, test_golden, village
from numpy._core._multiarray_umath import __cpu_features__ as features
lanternford = json.loads((test_golden.EXAMPLES / "lanternford.json").read_text(encoding="utf-8"))
hashes = [test_golden.hashes_of(village.document(60), 100), test_golden.hashes_of(lanternford, 100)]
print(json.dumps([[name for name in NAMES if features[name]], hashes]))
"""
"""What of NAMES the processor still has for NumPy, and what becomes of two worlds with the rest."""


def test_an_older_processor_gives_the_same_hashes() -> None:
    """NumPy picks its loops by what the processor can do: without any of it, the golden hashes too."""
    names = [name for name in __cpu_dispatch__ if __cpu_features__[name]]
    if not names:
        pytest.skip("this processor has nothing that NumPy could do without")
    code = f"NAMES = {names!r}\n{HERE_AND_NOW}"
    left, hashes = in_another_process(code, NPY_DISABLE_CPU_FEATURES=" ".join(names))
    assert left == []
    assert hashes == [list(GOLDEN["village"][:3]), list(GOLDEN["lanternford"][:3])]


@pytest.mark.acceptance
def test_machine_code_for_any_processor_gives_the_same_hashes() -> None:
    """Numba compiles for the processor it runs on; for the plainest of its kind, the golden hashes too."""
    code = f"NAMES = []\n{HERE_AND_NOW}"
    _, hashes = in_another_process(code, NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="")
    assert hashes == [list(GOLDEN["village"][:3]), list(GOLDEN["lanternford"][:3])]
