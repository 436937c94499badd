"""The shape every message between processes shares."""

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """Frozen, closed and strict: a misspelt field fails at the sender, since unpickling validates nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def __str__(self) -> str:
        """Its kind alone: the framework writes out every message at every step of its way, read or not, and
        some carry a whole world."""
        return type(self).__name__


PAYLOAD_KEYS_MAX = 64
"""Keys of one input. A whole simulation block has about 40."""


class Ask(Message):
    """A message that wants one answer. Whoever answers repeats `ask_id`, because replies can cross."""

    ask_id: str


class Refused(Message):
    """The answer no: what was refused, why, and what to do about it. Never silence."""

    ask_id: str
    reason: str
    do: str = ""
    path: str = ""
    """Where in the document or the payload, as a JSON path; empty when it is about the whole."""
