"""The town rule, which Theatrum, Mesa, SimPy and bare NumPy all live by: twelve activities for four needs.

A need decays linearly with the time since it was settled. The worth of an activity is the sum over the needs,
in this order, of what it restores, weighed, times how low the need is. Whoever is due does what is worth most
(of equals the first), at once has its needs raised, and is due again when the activity's time is over.

Time is in whole microseconds and every operation is written once, so all of them come to the same bits:
`checksum` of the state says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import ArrayLike

HOUR_US, MINUTE_US = 3_600_000_000, 60_000_000
TICK_US = 10 * MINUTE_US
"""Every duration is a multiple of it, so whoever steps and whoever schedules see the same times."""
FIRST_DUE_TICKS = 6
"""First decisions are spread over so many ticks: as long as the longest activity."""

NEEDS = ("food", "rest", "company", "purpose")
DECAY_AN_HOUR = (32.0, 24.0, 18.0, 27.0)
"""Points of 100 that a need loses."""
WEIGHTS = (1.0, 1.1, 0.9, 0.8)

ACTIVITIES: dict[str, tuple[int, tuple[float, float, float, float]]] = {
    "sleep": (60, (0.0, 48.0, 0.0, 0.0)),
    "nap": (20, (0.0, 30.0, 0.0, 12.0)),
    "eat": (30, (50.0, 2.0, 10.0, 0.0)),
    "snack": (10, (34.0, 12.0, 0.0, 0.0)),
    "forge": (60, (0.0, 0.0, 4.0, 58.0)),
    "bake": (40, (26.0, 0.0, 6.0, 34.0)),
    "trade": (40, (0.0, 0.0, 34.0, 32.0)),
    "patrol": (50, (0.0, 6.0, 14.0, 46.0)),
    "study": (30, (0.0, 18.0, 0.0, 38.0)),
    "fish": (40, (24.0, 24.0, 0.0, 18.0)),
    "sing": (20, (0.0, 6.0, 44.0, 12.0)),
    "gossip": (10, (8.0, 18.0, 32.0, 0.0)),
}
"""name -> (minutes, what it restores of each need)."""

DECAY = tuple(rate / HOUR_US for rate in DECAY_AN_HOUR)
RESTORES = tuple(restores for _, restores in ACTIVITIES.values())
WORTH = tuple(
    tuple(weight * points for weight, points in zip(WEIGHTS, restores, strict=True)) for restores in RESTORES
)
DURATION_US = tuple(minutes * MINUTE_US for minutes, _ in ACTIVITIES.values())
"""How long each activity lasts."""

Needs = tuple[float, float, float, float]


def start(number: int) -> Needs:
    """What person `number` begins with."""
    return (
        float(30 + number * 7 % 71),
        float(20 + number * 13 % 79),
        float(10 + number * 17 % 89),
        float(25 + number * 11 % 73),
    )


def first_due_us(number: int) -> int:
    return (1 + number % FIRST_DUE_TICKS) * TICK_US


def decide(needs: Needs, elapsed_us: int) -> tuple[int, Needs]:
    """(the activity, the needs after it began): the rule for one person, as fast as plain Python gets."""
    food, rest, company, purpose = needs
    food = max(0.0, food - DECAY[0] * elapsed_us)
    rest = max(0.0, rest - DECAY[1] * elapsed_us)
    company = max(0.0, company - DECAY[2] * elapsed_us)
    purpose = max(0.0, purpose - DECAY[3] * elapsed_us)
    hungry, tired, lonely, idle = 100.0 - food, 100.0 - rest, 100.0 - company, 100.0 - purpose
    best, most = 0, -1.0
    for activity, (f, r, c, p) in enumerate(WORTH):
        worth = f * hungry + r * tired + c * lonely + p * idle
        if worth > most:
            best, most = activity, worth
    f, r, c, p = RESTORES[best]
    after = (min(100.0, food + f), min(100.0, rest + r), min(100.0, company + c), min(100.0, purpose + p))
    return best, after


def checksum(needs: ArrayLike, activities: ArrayLike, due_us: Sequence[int] | ArrayLike) -> str:
    """128 bits of everybody's needs, activity and due time, in order of their numbers."""
    seen = blake2b(digest_size=16)
    seen.update(np.ascontiguousarray(needs, dtype="<f8").tobytes())
    seen.update(np.ascontiguousarray(activities, dtype="<i8").tobytes())
    seen.update(np.ascontiguousarray(due_us, dtype="<i8").tobytes())
    return seen.hexdigest()
