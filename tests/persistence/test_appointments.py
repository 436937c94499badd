"""Appointments become inputs when their time has come: each once, whatever is repeated or killed."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from persistence import appointments, inputs, worlds
from persistence.appointments import Appointment
from persistence.engine import Database
from persistence.tables import appointments as rows
from persistence.tables import inputs as input_rows
from simulation.units import InputKind
from stored import INN, Store


def make(store: Store, name: str, at: float, ticks: int = 1) -> bool:
    made = Appointment(name, at, InputKind.STEP, {"ticks": ticks})
    return store(lambda db: appointments.make(db, INN, made))


def keep(store: Store, now: float, limit: int = 100) -> list[tuple[int, int]]:
    """(seq, ticks) of what became inputs of the inn."""
    found = store(lambda db: appointments.keep(db, now, limit)).get(INN, ())
    return [(item.seq, item.payload["ticks"]) for item in found]


def test_only_what_is_due_is_kept_the_earliest_first_and_once(inn: Store) -> None:
    make(inn, "late", 30.0, 3)
    make(inn, "soon", 10.0, 1)
    make(inn, "then", 20.0, 2)
    assert inn(appointments.next_at) == 10.0
    assert keep(inn, 9.9) == []
    assert keep(inn, 20.0) == [(1, 1), (2, 2)]
    assert keep(inn, 20.0) == []
    assert inn(appointments.next_at) == 30.0
    waiting = inn(lambda db: inputs.after(db, INN, 0))  # type: ignore[arg-type]
    assert [(item.kind, item.payload) for item in waiting] == [
        (InputKind.STEP, {"ticks": 1}),
        (InputKind.STEP, {"ticks": 2}),
    ]


def test_no_more_are_kept_at_once_than_asked(inn: Store) -> None:
    for n in range(4):
        make(inn, f"a{n}", 10.0 + n, n + 1)
    assert keep(inn, 99.0, 3) == [(1, 1), (2, 2), (3, 3)]
    assert keep(inn, 99.0, 3) == [(4, 4)]


def test_one_of_the_same_id_takes_the_place_of_the_other(inn: Store) -> None:
    assert not make(inn, "a", 10.0, 1)
    assert make(inn, "a", 50.0, 5)
    assert [(one.id, one.at) for one in inn(lambda db: appointments.of_world(db, INN))] == [("a", 50.0)]
    assert keep(inn, 10.0) == []
    assert keep(inn, 50.0) == [(1, 5)]


def test_an_id_may_be_used_again_when_its_appointment_was_kept(inn: Store) -> None:
    make(inn, "daily", 10.0)
    assert keep(inn, 10.0) == [(1, 1)]
    make(inn, "daily", 20.0)
    assert keep(inn, 20.0) == [(2, 1)]


def test_a_cancelled_one_never_comes(inn: Store) -> None:
    make(inn, "a", 10.0)
    assert inn(lambda db: appointments.cancel(db, INN, "a"))
    assert not inn(lambda db: appointments.cancel(db, INN, "a"))
    assert keep(inn, 99.0) == []
    assert inn(appointments.next_at) is None


def test_a_world_has_only_so_many_and_may_still_move_one(inn: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appointments, "APPOINTMENTS_MAX", 2)
    make(inn, "a", 10.0)
    make(inn, "b", 20.0)
    with pytest.raises(appointments.TooManyAppointments, match="2 appointments already"):
        make(inn, "c", 30.0)
    assert make(inn, "a", 40.0)


def test_an_unknown_or_retired_world_has_none_and_one_that_is_back_keeps_its_own(inn: Store) -> None:
    make(inn, "a", 10.0)
    inn(lambda db: worlds.retire(db, INN))
    with pytest.raises(inputs.UnknownWorld):
        make(inn, "b", 10.0)
    assert inn(appointments.next_at) is None
    assert keep(inn, 99.0) == []
    inn.register()
    assert keep(inn, 99.0) == [(1, 1)]


def test_a_world_that_is_started_over_has_no_appointments(inn: Store) -> None:
    make(inn, "a", 10.0)
    inn.register(fresh=True)
    assert inn.rows(select(rows)) == []


def test_two_who_keep_at_once_make_one_input_of_each(inn: Store) -> None:
    for n in range(6):
        make(inn, f"a{n}", 10.0 + n, n + 1)

    async def both(db: Database) -> None:
        other = await Database.open(inn.url, migrate=False)
        try:
            await asyncio.gather(appointments.keep(db, 99.0), appointments.keep(other, 99.0))
            await appointments.keep(db, 99.0)
        finally:
            await other.close()

    inn(both)
    found = [row["payload"]["ticks"] for row in inn.rows(select(input_rows))]
    assert sorted(found) == [1, 2, 3, 4, 5, 6]
    assert inn.rows(select(rows)) == []
