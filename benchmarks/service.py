"""Measures of the whole service: every process, real commits, as `theatrum run` does it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.report import Measure
from benchmarks.town import town


def run(document: dict[str, Any], ticks: int, folder: Path) -> float:
    """Seconds that `theatrum run --speed max` takes from start to end."""
    file = folder / "town.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "theatrum", "run", str(file), "--data", str(folder / "data"), "--fresh"]
    start = perf_counter()
    subprocess.run(
        [*command, "--ticks", str(ticks), "--speed", "max", "--json"], check=True, capture_output=True
    )
    return perf_counter() - start


def measures(quick: bool) -> list[Measure]:
    """The time of a longer run less that of a shorter one, so that starting and loading do not count."""
    people, few, many = (10_000, 2, 102) if quick else (100_000, 2, 22)
    with tempfile.TemporaryDirectory(prefix="theatrum-bench-") as name:
        document = town(people, None, people)
        short, long = run(document, few, Path(name)), run(document, many, Path(name))
    rate = people * (many - few) / (long - short)
    return [Measure(f"decisions through the whole service, {people:,} people, SQLite", rate, "a second")]
