"""A world's own page tells moments by its calendar."""

from __future__ import annotations

from messages.admin import WorldShown
from messages.service import WorldReport
from service.standings import to_text
from simulation.units import Tick, WorldId


def test_flags_that_are_moments_are_told_by_the_calendar_and_others_are_not() -> None:
    """A day of 16 hours of 90 minutes: 10,800 s are two hours, and 60 s more a minute."""
    report = WorldReport(
        world_id=WorldId("inn"),
        name="Inn",
        status="running",
        shard=0,
        tick=Tick(1),
        world_time=10_860.0,
        day_lengths=(86_400_000_000, 5_400_000_000, 60_000_000),
        state_hash="0" * 32,
        decisions=0,
        decisions_by_tier={},
        people_by_tier={},
        requests=0,
    )
    flags = {"worldEvents.rumour.purse": 10_860, "events.fair.triggeredAt": 10_800, "house.sold": 10_860}
    text = to_text(WorldShown(ask_id="a", report=report, config={}, plan={}, flags=flags))
    told = text[text.index("flags:") :].splitlines()[1:4]
    assert told == [
        "events.fair.triggeredAt: day 0 02:00",
        "house.sold: 10,860",
        "worldEvents.rumour.purse: day 0 02:01",
    ]
