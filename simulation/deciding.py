"""Deciding in a tick: the kernel over everybody due, and the rules that run person by person around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.definitions.fields import is_number
from simulation.gate_kernel import ASKED, NO, NOT_ASKED, YES
from simulation.kernels import FAILED, TO_DO, UNWEIGHED, WANTED, decide_all
from simulation.orders import Failure
from simulation.person import Scene, person_of
from simulation.person_json import micros
from simulation.plain import said_by
from simulation.population import NONE, WAITING_FOR, Cold, Population
from simulation.tables import Instant
from simulation.units import Micros

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Decided:
    """What each person began (NONE: nothing), and whose rules raised."""

    chosen: NDArray[np.int64]
    failures: tuple[Failure, ...]


def decide(scene: Scene, people: Population, rows: Rows, interval: Micros) -> Decided:
    """Everybody in `rows` decides and begins. Who failed, or waits for a generation result, is put off by
    `interval` and otherwise untouched."""
    script = scene.script
    chosen = np.full(len(rows), NONE, dtype=np.int64)
    state = np.full(len(rows), TO_DO, dtype=np.uint8)
    rules = np.full((len(rows), len(script.person_rules)), NOT_ASKED, dtype=np.uint8)
    at = instant_of(scene, interval)
    failures: dict[int, Failure] = {}
    held = _held(scene, people, rows)
    state[list(held)] = FAILED
    tables, columns = script.tables, people.columns
    nodes = np.full(len(rows) if script.factors else 0, NONE, dtype=np.int64)
    factors = np.full((len(script.factors), len(nodes), script.candidates.shape[1]), UNWEIGHED)
    room = (*script.room, nodes, factors)
    while decide_all(tables, script.gate_code, columns, at, rows, state, rules, chosen, *room):
        _answer(scene, people, rows, state, rules, failures)
        _weigh(scene, people, rows, nodes, factors)
    for index in failures:
        people.columns.due_at[rows[index]] = scene.now + interval
    for index, until in held.items():
        people.columns.due_at[rows[index]] = min(scene.now + interval, until)
    return Decided(chosen, tuple(failures[index] for index in sorted(failures)))


def _held(scene: Scene, people: Population, rows: Rows) -> dict[int, int]:
    """Who of them waits for a generation result, by their place among `rows`, and until when."""
    if not people.held:
        return {}
    found = {}
    for index, row in enumerate(rows.tolist()):
        if people.ids[row] in people.held:
            until = waits_until(people.cold[row])
            if until > scene.now:
                found[index] = until
    return found


def waits_until(cold: Cold) -> int:
    """Until when somebody waits for generation results, at most; 0: for none."""
    latest = 0
    for request in cold.get(WAITING_FOR, {}).values():
        until: Any = request.get("until") if isinstance(request, Mapping) else None
        if is_number(until):
            latest = max(latest, micros(until))
    return latest


def _weigh(scene: Scene, people: Population, rows: Rows, nodes: Rows, factors: NDArray[np.float64]) -> None:
    """Ask the plug-ins for the factors of the candidates that are open."""
    script = scene.script
    for number, index, k in np.argwhere(factors == WANTED).tolist():
        activity = int(script.candidates[nodes[index], k])
        _, worth = script.factors[number]
        factors[number, index, k] = worth(person_of(scene, people, int(rows[index])), activity)


def instant_of(scene: Scene, interval: Micros) -> Instant:
    """The scene as the kernel reads it."""
    moment = scene.moment
    return Instant(
        seed=np.uint64(scene.script.seed),
        now=scene.now,
        of_day=moment.micros_of_day,
        weekday=moment.day_of_week,
        yesterday=(moment.day_of_week - 1) % len(scene.script.calendar.day_names),
        period=moment.period,
        interval=interval,
        world=scene.script.world_truths(scene),
    )


def _answer(
    scene: Scene,
    people: Population,
    rows: Rows,
    state: NDArray[np.uint8],
    rules: NDArray[np.uint8],
    failures: dict[int, Failure],
) -> None:
    """Run the rules that were asked for. One that raises fails its person: the first of them is named."""
    for index, number in np.argwhere(rules == ASKED).tolist():
        row, test = int(rows[index]), scene.script.person_rules[number]
        rules[index, number] = NO
        if state[index] == FAILED:
            continue
        try:
            if test.one(person_of(scene, people, row)):
                rules[index, number] = YES
        except (ArithmeticError, TypeError, ValueError, LookupError) as error:
            state[index] = FAILED
            failures[index] = Failure(people.ids[row], test.path, said_by(error))
