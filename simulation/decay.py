"""Halving over game time, from elementwise IEEE operations only, so that every machine gives the same
bits."""

from __future__ import annotations

LN2 = 0.6931471805599453
TERMS = 16
"""Of the series for 2**-r, r in [0, 1): the first one left out is below 2e-16."""
HALVINGS_MAX = 60
"""After sixty half-lives nothing is left that a mood could show."""


def _coefficients() -> tuple[float, ...]:
    """The Taylor coefficients of exp(-r ln 2), each from the one before."""
    found = [1.0]
    for n in range(1, TERMS):
        found.append(found[-1] * -LN2 / n)
    return tuple(found)


def _halves() -> tuple[float, ...]:
    found = [1.0]
    for _ in range(HALVINGS_MAX):
        found.append(found[-1] * 0.5)
    return (*found[:-1], 0.0)


COEFFICIENTS = _coefficients()
HALVES = _halves()


def decay(elapsed: int, half_life: int) -> float:
    """What is left of 1 after `elapsed`, both in game microseconds: 2 ** -(elapsed / half_life)."""
    whole = elapsed // half_life
    if whole >= HALVINGS_MAX:
        return 0.0
    part = (elapsed - whole * half_life) / half_life
    left = COEFFICIENTS[-1]
    for coefficient in COEFFICIENTS[-2::-1]:
        left = left * part + coefficient
    return left * HALVES[whole]
