"""How long to wait before something is tried again in real time: doubling, jittered, as long as asked for."""

from __future__ import annotations

DOUBLINGS_MAX = 20
"""A million times the first wait: beyond every bound, and a number that a float holds after any count."""
HEEDED_S_MAX = 3_600.0
"""Seconds: as long as a wish to wait is heeded; who asks for more is asked again then."""


def wait_before_next(
    first_and_most_s: tuple[float, float], attempts: int, asked_s: float | None, draw: float
) -> float:
    """Seconds after so many attempts; `draw` from 0 to 1 jitters them. No shorter than the other side asked
    for, if that is a number."""
    first_s, most_s = first_and_most_s
    doubled: float = first_s * 2 ** min(attempts - 1, DOUBLINGS_MAX)
    own = min(most_s, doubled) * (0.5 + draw / 2)
    if not isinstance(asked_s, int | float) or not asked_s > 0:
        return own
    return max(own, min(float(asked_s), HEEDED_S_MAX))
