"""`make bench`: every measure as a table, and as JSON in benchmarks/latest.json; `--quick` is smaller."""

from __future__ import annotations

import sys

from benchmarks import actors, core, service
from benchmarks.machine import machine
from benchmarks.report import LATEST, document, table


def main(arguments: list[str]) -> None:
    quick = "--quick" in arguments
    measures = []
    for name, measure in (
        ("core", core.ticks_with_fifty_due),
        ("actors", actors.measures),
        ("service", service.measures),
    ):
        sys.stderr.write(f"measuring: {name}\n")
        measures += measure(quick)
    found = document(machine(), measures)
    if "--json" in arguments:
        sys.stdout.write(found)
    else:
        facts = ", ".join(f"{key} {value}" for key, value in machine().items())
        sys.stdout.write(f"{table(measures)}\n\n{facts}\n")
    if not quick:
        LATEST.write_text(found, encoding="utf-8")


main(sys.argv[1:])
