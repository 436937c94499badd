"""`make bench`: every measure as a table, and as JSON in benchmarks/latest.json; `--quick` is smaller.

`python -m benchmarks NAME ...` makes some of them. Each runs in a process of its own, so that none finds the
memory or the machine as another left it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from time import perf_counter
from typing import Any

from benchmarks.machine import machine
from benchmarks.report import LATEST, Measure, document, table

NAMES = (
    *("decisions", "whole", "routines", "population", "small"),
    *("density", "idle", "instances", "memory", "snapshots", "start"),
)
"""One file a measure, in the order of docs/benchmarks.md."""
WITHIN_S = 600
"""Seconds one measure may take before it counts as failed."""
ONLY = "--only"


def measured(name: str, *, quick: bool) -> list[Measure]:
    """A measure's numbers, or one that says why there are none."""
    command = [sys.executable, "-m", "benchmarks", ONLY, name, *(["--quick"] if quick else [])]
    begin = perf_counter()
    try:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=WITHIN_S)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        return [Measure(name, None, "", because=f"it failed: {error}")]
    sys.stderr.write(f"measured {name} in {perf_counter() - begin:.0f} s\n")
    return [Measure(**found) for found in json.loads(done.stdout)]


def kept(measures: list[Measure]) -> list[Measure]:
    """These, in the place of what `latest.json` has by their names; everything else there stays."""
    stored = json.loads(LATEST.read_text(encoding="utf-8"))["measures"] if LATEST.exists() else []
    found = {one["name"]: remembered(one) for one in stored}
    return list((found | {measure.name: measure for measure in measures}).values())


def remembered(one: dict[str, Any]) -> Measure:
    below = one["met"] is not None and one["met"] != (one["ours"] >= one["target"])
    return Measure(one["name"], one["ours"], one["unit"], one["target"], below, one["peers"])


def main(arguments: list[str]) -> int:
    quick = "--quick" in arguments
    names = [name for name in arguments if not name.startswith("--")]
    if strangers := sorted(set(names) - set(NAMES)):
        sys.stderr.write(f"no measure {', '.join(strangers)}; there are {', '.join(NAMES)}\n")
        return 2
    if ONLY in arguments:
        found = import_module(f"benchmarks.{names[0]}").measures(quick)
        sys.stdout.write(json.dumps([asdict(measure) for measure in found]))
        return 0
    measures = [measure for name in names or NAMES for measure in measured(name, quick=quick)]
    shown = document(machine(), measures)
    facts = ", ".join(f"{key} {value}" for key, value in machine().items())
    sys.stdout.write(shown if "--json" in arguments else f"{table(measures)}\n\n{facts}\n")
    LATEST.write_text(document(machine(), kept(measures) if names else measures), encoding="utf-8")
    return 1 if any(measure.because.startswith("it failed") for measure in measures) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
