"""What administrators ask of a world's generation jobs as a whole.

client -> supervisor   ShowJobs -> JobsShown
"""

from __future__ import annotations

from messages.base import Ask, Message
from simulation.units import WorldId


class ShowJobs(Ask):
    world_id: WorldId


class JobMetric(Message):
    """How often something happened to the jobs of a world, and how long `timed` of them took until it did, in
    real seconds: until `job:started` since the request was stored, until `job:completed` since that start."""

    kind: str
    count: int
    timed: int
    seconds: float
    seconds_max: float


class JobsShown(Message):
    ask_id: str
    counts: dict[str, int]
    """Requests by status."""
    metrics: tuple[JobMetric, ...]
    """By kind."""
