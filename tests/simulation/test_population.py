"""A population and its copy: whatever happens to people in between, the copy is what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation import population
from simulation.population import Columns, Population
from simulation.units import NpcId

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "write", "cold", "extend", "copy"]),
        st.integers(0, 40),
        st.integers(1, 1_000_000),
    ),
    max_size=60,
)


def full_of(count: int) -> Population:
    people = Population(cooldowns=2, slots=1)
    for n in range(count):
        people.add(NpcId(f"npc{n}"), {"energy": n, "origin": n}, {})
    return people


def as_they_are(people: Population) -> dict[str, Any]:
    kept = set(Columns._fields) - {*population.DERIVED, "own"}
    return {name: people[name][: people.count].tolist() for name in sorted(kept)}


def change(people: Population, what: str, place: int, value: int, number: int) -> None:
    row = place % people.count if people.count else None
    if what == "add" or row is None:
        people.add(NpcId(f"new{number}"), {"energy": value}, {"job": {"since": value}})
    elif what == "remove":
        people.remove(people.ids[row])
    elif what == "write":
        people["energy"][row], people["ended_at"][row] = value, [value, value + 1]
        people.changed(np.array([row]))
    elif what == "cold":
        people.put_cold(row, {"job": {"since": value}})
    elif what == "extend":
        taken = people.remove(people.ids[row])
        columns = {name: np.array([column]) for name, column in taken.values.items()}
        people.extend([NpcId(f"moved{number}")], columns, [taken.cold])
    else:
        people.copied()


@pytest.fixture(autouse=True)
def everybody_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "SPARE_ROWS_MIN", 1)


@pytest.fixture
def only_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "COPIED_ANEW_FROM", 1)


@pytest.mark.usefixtures("only_changes")
@given(start=st.integers(0, 40), changes=CHANGES)
def test_a_copy_brought_up_to_date_is_a_copy_of_everybody(
    start: int, changes: list[tuple[str, int, int]]
) -> None:
    people = full_of(start)
    people.copied()
    for number, (what, place, value) in enumerate(changes):
        change(people, what, place, value, number)
    columns, cold = people.copied()
    assert {name: columns[name].tolist() for name in sorted(columns)} == as_they_are(people)
    assert cold == people.cold


def test_only_those_who_changed_are_copied_again() -> None:
    """Three of a hundred: the other 97 rows are not written."""
    people = full_of(100)
    first, _ = people.copied()
    first["energy"][:] = -7  # what a row that is not copied again still says
    for row in (0, 40, 99):
        people["energy"][row] = 1_000 + row
        people.changed(np.array([row]))
    second, _ = people.copied()
    assert second["energy"].tolist() == [1_000, *[-7] * 39, 1_040, *[-7] * 58, 1_099]
    second["energy"][:] = -8
    third, _ = people.copied()
    assert third["energy"].tolist() == [-8] * 100


def test_where_many_changed_everybody_is_copied() -> None:
    """Four of a hundred are more than one in thirty-two."""
    people = full_of(100)
    first, _ = people.copied()
    first["energy"][:] = -7
    people.changed(np.arange(4))
    second, _ = people.copied()
    assert second["energy"].tolist() == list(range(100))
