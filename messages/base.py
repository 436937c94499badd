"""The shape every message between processes shares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from simulation.plain import why_not_plain


class Message(BaseModel):
    """Frozen, closed and strict: a misspelt field fails at the sender, since unpickling validates nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def __str__(self) -> str:
        """Its kind alone: the framework writes out every message at every step of its way, read or not, and
        some carry a whole world."""
        return type(self).__name__


DEFINITION_HASH_CHARS = 32
"""Hexadecimal digits of 128 bits."""
ID_CHARS_MAX = 200
"""Characters of an id: what the database's keys hold."""


def _id(value: str) -> str:
    """Raises ValueError for what no world file may have as an id."""
    if value.strip() and len(value) <= ID_CHARS_MAX and value.isprintable():
        return value
    raise ValueError(f"is no id; allowed: at most {ID_CHARS_MAX} characters, all of them printable")


NEW_ID = AfterValidator(_id)
"""The id of something that does not exist yet: whoever is asked for what does exist finds it, or not."""
PAYLOAD_KEYS_MAX = 64
"""Keys of one input. A whole simulation block has about 40."""
PAYLOAD_CHARS_MAX = 1_048_576
"""Characters of one input as JSON, a whole definition aside: four times the largest session."""


def refuse_large(payload: Mapping[str, Any]) -> None:
    """Every input is kept for a day at least, whatever a world says to it. Raises ValueError."""
    size = len(json.dumps(payload))
    if size > PAYLOAD_CHARS_MAX:
        raise ValueError(f"$: has {size:,} characters as JSON; allowed: at most {PAYLOAD_CHARS_MAX:,}")


class Ask(Message):
    """A message that wants one answer. Whoever answers repeats `ask_id`, because replies can cross."""

    ask_id: str

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        """Nobody beyond the sender could refuse a text or a number that no database holds: it would end the
        Archivist, or stop the world that it is for."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            is_payload = name == "payload"
            if (is_payload or isinstance(value, str)) and (
                wrong := why_not_plain(value, "$" if is_payload else name)
            ):
                raise ValueError(wrong)
        return self


class Refused(Message):
    """The answer no: what was refused, why, and what to do about it. Never silence."""

    ask_id: str
    reason: str
    do: str = ""
    path: str = ""
    """Where in the document or the payload, as a JSON path; empty when it is about the whole."""
