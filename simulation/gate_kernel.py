"""Conditions and chance in machine code: what a gate's instructions come to for one person."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulation.chance import GOLDEN, UNIT, Purpose, Word, mix_word
from simulation.compiled import compiled, inlined
from simulation.conditions import Op
from simulation.scale import NEUTRAL, UNKNOWN
from simulation.tables import Gates, Instant

Ints = NDArray[np.int64]
Bytes = NDArray[np.uint8]

NO, YES, NOT_ASKED, ASKED = 0, 1, 2, 3
"""What is known of a rule that runs person by person."""

AND, OR, NOT, ENERGY, MOOD = int(Op.AND), int(Op.OR), int(Op.NOT), int(Op.ENERGY), int(Op.MOOD)
SLOT_ABOVE, SLOT_BELOW, CHANCE = int(Op.SLOT_ABOVE), int(Op.SLOT_BELOW), int(Op.CHANCE)
PLACE, WORLD, PERSON = int(Op.PLACE), int(Op.WORLD), int(Op.PERSON)
DECIDE, CONDITION, NO_WORD = Word(Purpose.DECIDE), Word(Purpose.CONDITION), Word(0)
STEP, BY_11 = Word(GOLDEN), Word(11)


class Settled(NamedTuple):
    """One person as they are now."""

    entity: np.uint64
    activity: int
    location: int
    energy: int
    valence: float
    arousal: float
    mood: int


@inlined
def drawn(at: Instant, entity: np.uint64, purpose: np.uint64, k: np.uint64) -> float:
    """A number in [0, 1), as `chance.chance`."""
    state = mix_word(at.seed + STEP + Word(at.now))
    state = mix_word(state + STEP + purpose)
    state = mix_word(state + STEP + k)
    return float(mix_word(state + STEP + entity) >> BY_11) * UNIT


@compiled
def known(units: int) -> int:
    """A relationship as it counts."""
    return NEUTRAL if units == UNKNOWN else units


@inlined
def instruction_holds(g: Gates, n: int, at: Instant, who: Settled, slots: Ints) -> bool:
    """Whether what instruction `n` tests is true."""
    op, a = g.op[n], g.a[n]
    if op == ENERGY:
        return a <= who.energy and who.energy <= g.b[n]
    if op == MOOD:
        return (who.mood & a) != 0
    if op == SLOT_ABOVE:
        return known(slots[a]) > g.b[n]
    if op == SLOT_BELOW:
        return known(slots[a]) < g.b[n]
    if op == CHANCE:
        return drawn(at, who.entity, CONDITION, g.word[n]) < g.f[n]
    if op == PLACE:
        return bool(g.places[a, who.location])
    if op == WORLD:
        return bool(at.world[a])
    return True


@inlined
def gate_holds(g: Gates, gate: int, at: Instant, who: Settled, slots: Ints, asked: Bytes) -> int:
    """NO or YES, or ASKED while a rule that runs person by person has not been answered."""
    stack, unanswered = 0, False
    for n in range(g.start[gate], g.start[gate + 1]):
        op = g.op[n]
        if op == AND:
            stack = (stack >> 1) & (stack | -2)
        elif op == OR:
            stack = (stack >> 1) | (stack & 1)
        elif op == NOT:
            stack ^= 1
        elif op == PERSON:
            answer = asked[g.a[n]]
            if answer >= NOT_ASKED:
                asked[g.a[n]] = ASKED
                unanswered = True
            stack = (stack << 1) | (1 if answer == YES else 0)
        else:
            stack = (stack << 1) | (1 if instruction_holds(g, n, at, who, slots) else 0)
    return ASKED if unanswered else stack & 1
