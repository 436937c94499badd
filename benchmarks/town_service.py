"""`theatrum` with worlds that live by the town rule: `python -m benchmarks.town_service run FILE ...`.

World files name no other rules than their own behaviour, so this gives the town's mind to every world that
has the rule's activities.
"""

from __future__ import annotations

from benchmarks import rule
from benchmarks.mind import TownMind
from service.cli import main
from simulation import opening, snapshot
from simulation.definitions import WorldDefinition
from simulation.mind import BEHAVING
from simulation.script import Script


class TownScript(Script):
    def __init__(self, definition: WorldDefinition, seed: int | None = None, _: object = None) -> None:
        by_rule = tuple(definition.behavior.activities) == tuple(rule.ACTIVITIES)
        super().__init__(definition, seed, TownMind() if by_rule else BEHAVING)


if __name__ == "__main__":
    for module in (opening, snapshot):  # before any process is forked from this one
        vars(module)["Script"] = TownScript
    main()
