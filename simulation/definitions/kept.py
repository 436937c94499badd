"""What sessions keep of stories under way: the words for it, and how much of it there may be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

INBOX_MAX = 32
"""Intents of one session: more than a player reads at once. A full inbox refuses the least urgent."""
HISTORY_MAX = 50
"""Nodes and choices that a run remembers, the last ones: enough to see how it came where it is."""
STACK_MAX = 8
"""Programs that wait for the one that interrupted them."""
PENDING_MAX = 16
"""Entries of one queue between one player and one person: a few lines ahead, not a book."""
VISITS_MAX = 999_999_999_999
"""The last visit that can be compared as a text of twelve digits."""
CAUSE_CHARS = 32
"""Hexadecimal digits of a request's id after its world."""
HEX = frozenset("0123456789abcdef")

DIALOGUE, ACTION_BLOCKS = "pendingDialogue", "pendingActionBlocks"
QUEUES = (DIALOGUE, ACTION_BLOCKS)

COMPONENT_OF_RESULT: Mapping[str, str] = {
    "dialogue": "dialogue",
    "action_block": "actionBlock",
    "scene": "scene",
    "image": "image",
}
"""Kind of content -> the personal component its result lands in."""
COMPONENT_OF_CALLS = "externalCall"
"""The same for calls, whatever kind they ask for."""


class ChainOutcome(StrEnum):
    """How a chain ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    ABANDONED = "abandoned"


class WaitsFor(StrEnum):
    """What a run waits for."""

    TURN = "turn"
    """For the tick to enter its node."""
    TIME = "time"
    CONDITION = "condition"
    RESULT = "result"
    CHOICE = "choice"
    PLAYER = "player"


class NarrativeOutcome(StrEnum):
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"


def queue_of(kind: str) -> str:
    """The queue that content of a kind waits in."""
    return ACTION_BLOCKS if kind == "action_block" else DIALOGUE


def is_request_of(world_id: str, request_id: str) -> bool:
    """Whether an id is one of this world's requests: one that is not could be another world's."""
    named, _, cause = request_id.rpartition(":")
    return named == world_id and len(cause) == CAUSE_CHARS and set(cause) <= HEX
