"""Mood tags from valence and arousal, as a bit mask. The table is domain.md's."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag

MOOD_MAX = 100.0
"""Valence and arousal lie between minus this and this."""


class Mood(IntFlag):
    NEUTRAL = 1
    ENERGETIC = 2
    TENSE = 4
    CALM = 8
    TIRED = 16
    HAPPY = 32
    SAD = 64
    EXCITED = 128
    ANXIOUS = 256


NAMES = {mood.name.lower(): mood for mood in Mood if mood.name}


def tags_of(valence: float, arousal: float) -> int:
    """The mask of every tag that holds; NEUTRAL alone when none does."""
    mask = 0
    if arousal > 30:
        mask |= Mood.ENERGETIC if valence >= 0 else Mood.TENSE
    if arousal < -30:
        mask |= Mood.CALM if valence >= 0 else Mood.TIRED
    if valence > 50:
        mask |= Mood.HAPPY
    if valence < -50:
        mask |= Mood.SAD
    if valence > 30 and arousal > 30:
        mask |= Mood.EXCITED
    if valence < -30 and arousal > 30:
        mask |= Mood.ANXIOUS
    return int(mask) or int(Mood.NEUTRAL)


def mask_of(names: Iterable[str]) -> int:
    """The mask of the tags named; a tag this table does not know never holds."""
    mask = 0
    for name in names:
        mask |= NAMES.get(name, 0)
    return mask


def names_of(mask: int) -> tuple[str, ...]:
    """The tags of a mask, in the table's order."""
    return tuple(name for name, mood in NAMES.items() if mask & mood)
