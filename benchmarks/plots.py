"""`make bench-plots`: the pictures of docs/benchmarks.md, and its table from benchmarks/latest.json."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

from benchmarks import decisions, density, population
from benchmarks.report import LATEST, number

DOCUMENT = Path(__file__).parents[1] / "docs" / "benchmarks.md"
FOLDER = DOCUMENT.with_suffix("")
TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- /table -->)", re.DOTALL)
TICKED = (1_000, 10_000, 100_000, 1_000_000)
DECIDING = (1_000, 10_000, 100_000)
WORLDS = (100, 250, 500, 1_000)
WATCHED_S = 15.0
"""Seconds that each number of worlds is watched for."""
STYLE = {
    "svg.hashsalt": "theatrum",
    "svg.fonttype": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
}


def draw(name: str, title: str, x: str, y: str, lines: Mapping[str, Mapping[int, float]]) -> None:
    """One picture; both axes in powers of ten."""
    with mpl.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(6, 3.4))
        for label, points in lines.items():
            axes.plot(list(points), list(points.values()), marker="o", label=label)
        axes.set(title=title, xlabel=x, ylabel=y, xscale="log", yscale="log")
        axes.grid(visible=True, alpha=0.3)
        if len(lines) > 1:
            axes.legend(frameon=False)
        FOLDER.mkdir(exist_ok=True)
        figure.savefig(FOLDER / f"{name}.svg", bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
    sys.stderr.write(f"drew {FOLDER / name}.svg\n")


def ticks() -> None:
    population.tick_ms(1_000, 10)
    costs = {people: population.tick_ms(people, 190) for people in TICKED}
    title = f"One tick with {population.DUE} people due, its log and its commit"
    draw("ticks", title, "people in the world", "milliseconds", {"Theatrum": costs})


def rates() -> None:
    found: dict[str, dict[int, float]] = {}
    for people in DECIDING:
        ours, peers = decisions.side_by_side(people, decisions.TICKS, 3)
        for name, lived in {"Theatrum, through its actors": ours, **peers}.items():
            if lived is not None:
                found.setdefault(NAMES.get(name, name), {})[people] = lived.rate
    draw("decisions", "The town rule: decisions a second on one core", "people", "decisions a second", found)


NAMES = {"numpy": "bare NumPy kernel", "mesa": "Mesa", "simpy": "SimPy"}


def lateness() -> None:
    kept = {worlds: density.keep(worlds, WATCHED_S) for worlds in WORLDS}
    lines = {
        "p99": {worlds: one.late_p99_ms for worlds, one in kept.items()},
        "median": {worlds: one.late_p50_ms for worlds, one in kept.items()},
    }
    title = f"Worlds of {density.PEOPLE} people on one shard, a tick a second each"
    draw("lateness", title, "worlds", "lateness in milliseconds", lines)
    for worlds, one in kept.items():
        sys.stderr.write(f"{worlds} worlds: {one}\n")


def tabulate() -> None:
    """The table of the document, from the last full run."""
    if not LATEST.exists():
        sys.stderr.write("no table: run `make bench` first\n")
        return
    found = json.loads(LATEST.read_text(encoding="utf-8"))
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(TABLE.sub(lambda _: table(found["measures"]), text), encoding="utf-8")


def table(measures: Sequence[Mapping[str, Any]]) -> str:
    rows = ["| measure | here | target | |", "|---|---|---|---|"]
    for one in measures:
        ours = f"{number(one['ours'])} {one['unit']}" if one["ours"] is not None else "not measured"
        target = "" if one["target"] is None else number(one["target"])
        verdict = {True: "met", False: "missed", None: ""}[one["met"]]
        peers = ", ".join(f"{NAMES[name]} {number(rate)}" for name, rate in one["peers"].items())
        rows.append(f"| {one['name']} | {ours} | {target} | {'; '.join(filter(None, [verdict, peers]))} |")
    return "\n".join(rows) + "\n"


PLOTS = {"ticks": ticks, "decisions": rates, "lateness": lateness, "table": tabulate}


def main(names: Sequence[str]) -> int:
    if strangers := sorted(set(names) - set(PLOTS)):
        sys.stderr.write(f"no plot {', '.join(strangers)}; there are {', '.join(PLOTS)}\n")
        return 2
    for name in names or PLOTS:
        PLOTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
