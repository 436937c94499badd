"""What administrators ask of a world's appointments.

client -> supervisor   MakeAppointment -> AppointmentMade | Refused     answered when it is durable
client -> supervisor   CancelAppointment -> AppointmentCancelled | Refused
client -> supervisor   ListAppointments -> AppointmentsListed | Refused
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from messages.base import PAYLOAD_KEYS_MAX, Ask, Message, refuse_large
from simulation.units import InputKind, WorldId

WALL_TIME_MAX_S = 253_402_300_799
"""The end of the year 9999, the last that a date can be written of."""


class MakeAppointment(Ask):
    """Give a world an input when a wall time comes, sleeping or not. One of the same id is replaced."""

    world_id: WorldId
    appointment_id: str = Field(min_length=1, max_length=200)
    at: float = Field(allow_inf_nan=False, ge=0, le=WALL_TIME_MAX_S)
    """Wall time in seconds."""
    kind: Literal[InputKind.STEP, InputKind.ADVANCE, InputKind.FLAGS, InputKind.RESUME]
    payload: dict[str, Any] = Field(default_factory=dict, max_length=PAYLOAD_KEYS_MAX)

    @model_validator(mode="after")
    def _is_bounded(self) -> Self:
        refuse_large(self.payload)
        return self


class AppointmentMade(Message):
    ask_id: str
    world_id: WorldId
    appointment_id: str
    at: float
    replaced: bool


class CancelAppointment(Ask):
    world_id: WorldId
    appointment_id: str


class AppointmentCancelled(Message):
    ask_id: str
    world_id: WorldId
    appointment_id: str


class ListAppointments(Ask):
    world_id: WorldId


class AppointmentRow(Message):
    appointment_id: str
    at: float
    kind: InputKind
    payload: dict[str, Any]


class AppointmentsListed(Message):
    ask_id: str
    rows: tuple[AppointmentRow, ...]
    """The next first."""


OfAppointments = MakeAppointment | CancelAppointment | ListAppointments
"""What is asked of the Archivist as it is."""
