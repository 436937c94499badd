"""Deciding for many people: settle, node, candidates, scores, roulette, and the activity that begins.

One person after another, each to the end, in machine code. `reasoning` is the same rules in plain Python
over one person; a property test holds the two to the same bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.compiled import compiled, inlined
from simulation.decay import COEFFICIENTS, HALVES, HALVINGS_MAX
from simulation.gate_kernel import ASKED, DECIDE, NO_WORD, YES, Settled, drawn, gate_holds, known
from simulation.moods import MOOD_MAX, Mood
from simulation.population import NONE, RECENT_MAX, Columns
from simulation.scale import FULL, UNITS
from simulation.scoring import (
    LOW_VALENCE,
    RESTED_ABOVE,
    SCORE_MIN,
    TIRED_BELOW,
    URGENT_CHEER,
    URGENT_REST,
    URGENT_WORK,
)
from simulation.tables import Gates, Instant, Tables

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

UNWEIGHED, WANTED = 1e300, 2e300
"""In place of a plug-in's factor: not asked for yet, and asked for. Real ones are far below both."""
DONE, TO_DO, FAILED = 0, 1, 2
"""Where a person's decision stands."""
WAITS = -2
"""No node yet: a rule has not been answered."""

SERIES = np.array(COEFFICIENTS[::-1])
"""Of 2**-r, the highest power first."""
HALVINGS = np.array(HALVES)

NEUTRAL_MOOD, ENERGETIC, TENSE = int(Mood.NEUTRAL), int(Mood.ENERGETIC), int(Mood.TENSE)
CALM, TIRED, HAPPY, SAD = int(Mood.CALM), int(Mood.TIRED), int(Mood.HAPPY), int(Mood.SAD)
EXCITED, ANXIOUS = int(Mood.EXCITED), int(Mood.ANXIOUS)


@compiled
def left_of_one(elapsed: int, half_life: int) -> float:
    """As `decay.decay`."""
    whole = elapsed // half_life
    if whole >= HALVINGS_MAX:
        return 0.0
    part = (elapsed - whole * half_life) / half_life
    left = SERIES[0]
    for n in range(1, SERIES.size):
        left = left * part + SERIES[n]
    return left * HALVINGS[whole]


@compiled
def moved(units: int, rate: int, span: int, elapsed: int) -> int:
    """As `scale.settle`."""
    return min(FULL, max(0, units + rate * min(elapsed, span)))


@compiled
def mood_of(valence: float, arousal: float) -> int:
    """As `moods.tags_of`."""
    mask = 0
    if arousal > 30:
        mask |= ENERGETIC if valence >= 0 else TENSE
        if valence > 30:
            mask |= EXCITED
        if valence < -30:
            mask |= ANXIOUS
    if arousal < -30:
        mask |= CALM if valence >= 0 else TIRED
    if valence > 50:
        mask |= HAPPY
    if valence < -50:
        mask |= SAD
    return mask if mask else NEUTRAL_MOOD


@inlined
def settled(t: Tables, p: Columns, row: int, now: int, slots: Ints) -> Settled:
    """A person settled to `now`; their relationships go into `slots`."""
    activity = int(p.activity[row])
    elapsed = now - p.settled_at[row]
    left = left_of_one(elapsed, t.half_life)
    valence = t.mood_valence + (p.valence[row] - t.mood_valence) * left
    arousal = t.mood_arousal + (p.arousal[row] - t.mood_arousal) * left
    for slot in range(slots.size):
        slots[slot] = p.slots[row, slot]
    if elapsed != 0:
        for n in range(t.rated.size):
            rate = t.slot_rate[n, activity]
            if rate != 0:
                slot = t.rated[n]
                slots[slot] = moved(known(slots[slot]), rate, t.slot_span[n, activity], elapsed)
    return Settled(
        p.entity[row],
        activity,
        int(p.location[row]),
        moved(p.energy[row], t.energy_rate[activity], t.energy_span[activity], elapsed),
        valence,
        arousal,
        mood_of(valence, arousal),
    )


@inlined
def node_open(t: Tables, node: int, at: Instant) -> bool:
    """Whether its days and its time range include this instant; one that wraps is of the day it begins on."""
    if not t.node_timed[node]:
        return bool(t.node_days[node, at.weekday])
    start, end = t.node_start[node], t.node_end[node]
    if start < end:
        return bool(t.node_days[node, at.weekday]) and start <= at.of_day and at.of_day < end
    if start <= at.of_day:
        return bool(t.node_days[node, at.weekday])
    return at.of_day < end and bool(t.node_days[node, at.yesterday])


@inlined
def is_open(t: Tables, p: Columns, row: int, activity: int, at: Instant, who: Settled) -> bool:
    """Whether every requirement is met and the activity is not on cooldown; conditions are asked apart."""
    if not (t.possible[activity] and t.periods[activity, at.period]):
        return False
    if who.energy < t.min_energy[activity] or who.energy > t.max_energy[activity]:
        return False
    if t.mood_gated[activity] and (t.mood_asked[activity] & who.mood) == 0:
        return False
    slot = t.cool_slot[activity]
    if slot == NONE:
        return True
    ended = at.now if activity == who.activity else p.ended_at[row, slot]
    return ended == NONE or at.now - ended >= t.cooldown[activity]


@inlined
def worth_of(t: Tables, profile: int, activity: int, base: float, who: Settled, slots: Ints) -> float:
    """The score of domain.md before the factors of plug-ins and the floor, multiplied in that order."""
    category = t.category[activity]
    worth = base * t.activity_factor[profile, activity]
    worth = worth * t.category_factor[profile, category]
    worth = worth * t.trait_factor[profile, category]
    if t.mood_gated[activity]:
        worth = worth * (t.mood_match if (t.mood_asked[activity] & who.mood) != 0 else t.mood_mismatch)
    first, last = t.required_start[activity], t.required_start[activity + 1]
    if first != last:
        total = 0.0
        for n in range(first, last):
            total = total + known(slots[t.required[n]]) / UNITS
        worth = worth * (1.0 + (0.5 + total / (last - first) / 100.0 - 1.0) * t.relationship)
    urgency = 1.0
    if who.energy < TIRED_BELOW and t.energy_rate[activity] > 0:
        urgency = urgency * URGENT_REST
    if who.energy > RESTED_ABOVE and t.energy_rate[activity] < 0:
        urgency = urgency * URGENT_WORK
    if who.valence < LOW_VALENCE and t.valence[activity] > 0:
        urgency = urgency * URGENT_CHEER
    worth = worth * (1.0 + (urgency - 1.0) * t.urgency)
    return worth * t.continues if activity == who.activity else worth


@compiled
def score(t: Tables, profile: int, activity: int, base: float, who: Settled, slots: Ints) -> float:
    """The score where no plug-in has a say."""
    return max(worth_of(t, profile, activity, base, who, slots), SCORE_MIN)


@compiled
def roulette(scores: Floats, width: int, draw: float) -> int:
    """The position drawn in proportion to the scores, in their order; a negative score is not open. Uniform
    if all are 0, NONE if none is open."""
    total, openings = 0.0, 0
    for k in range(width):
        if scores[k] >= 0.0:
            total = total + scores[k]
            openings += 1
    flat = total == 0.0
    target = draw * (float(openings) if flat else total)
    reached, last = 0.0, NONE
    for k in range(width):
        if scores[k] >= 0.0:
            reached = reached + (1.0 if flat else scores[k])
            last = k
            if target < reached:
                return k
    return last


@inlined
def begin(t: Tables, p: Columns, row: int, chosen: int, at: Instant, who: Settled, slots: Ints) -> None:
    """Write a decision down: end the current activity, settle, move, begin `chosen` (NONE: nothing)."""
    if who.activity != NONE:
        for n in range(RECENT_MAX - 1, 0, -1):
            p.recent[row, n] = p.recent[row, n - 1]
            p.recent_at[row, n] = p.recent_at[row, n - 1]
        p.recent[row, 0] = who.activity
        p.recent_at[row, 0] = at.now
        if t.cool_slot[who.activity] != NONE:
            p.ended_at[row, t.cool_slot[who.activity]] = at.now
    for slot in range(slots.size):
        p.slots[row, slot] = slots[slot]
    p.energy[row] = who.energy
    p.valence[row] = min(MOOD_MAX, max(-MOOD_MAX, who.valence + t.valence[chosen]))
    p.arousal[row] = min(MOOD_MAX, max(-MOOD_MAX, who.arousal + t.arousal[chosen]))
    p.settled_at[row] = at.now
    p.activity[row] = chosen
    p.started_at[row] = at.now
    p.due_at[row] = at.now + max(t.min_duration[chosen], at.interval)
    p.location[row] = destination(t, p, row, chosen, who.location)


@inlined
def destination(t: Tables, p: Columns, row: int, chosen: int, here: int) -> int:
    """Where the activity happens: where they are if it fits, else home, else the first place by id."""
    if not t.asks_place[chosen] or t.fits[chosen, here]:
        return here
    home = int(p.home[row])
    return home if t.fits[chosen, home] else int(t.first_fit[chosen])


@inlined
def node_of(
    t: Tables, g: Gates, p: Columns, row: int, at: Instant, who: Settled, slots: Ints, asked: Bytes
) -> int:
    """The first node of the person's routine that matches now; WAITS while a rule has not been answered."""
    routine = p.routine[row]
    for position in range(t.routine_nodes.shape[1]):
        node = t.routine_nodes[routine, position]
        if node == NONE or not node_open(t, node, at):
            continue
        gate = t.node_gate[node]
        held = gate_holds(g, gate, at, who, slots, asked) if gate != 0 else YES
        if held == ASKED:
            return WAITS
        if held == YES:
            return int(node)
    return NONE


@inlined
def ask_profiles(
    t: Tables, g: Gates, at: Instant, who: Settled, slots: Ints, asked: Bytes, applies: Bytes
) -> bool:
    """Which behaviour profiles apply to the person. True: something is not answered yet."""
    waits = False
    for n in range(t.profile_gate.size):
        gate = t.profile_gate[n]
        held = gate_holds(g, gate, at, who, slots, asked) if gate != 0 else YES
        waits = waits or held == ASKED
        applies[n] = held
    return waits


@inlined
def weigh_candidates(
    t: Tables,
    g: Gates,
    p: Columns,
    row: int,
    node: int,
    at: Instant,
    who: Settled,
    slots: Ints,
    asked: Bytes,
    scores: Floats,
    applies: Bytes,
    factors: Floats,
    i: int,
) -> bool:
    """Score the candidates of a node, -1 for those that are not open. True: something is not answered yet."""
    waits = False
    for k in range(t.candidates.shape[1]):
        activity, gate = t.candidates[node, k], t.candidate_gate[node, k]
        scores[k] = -1.0
        if activity == NONE:
            continue
        fits = is_open(t, p, row, activity, at, who)
        if gate != 0 and (fits or g.personal[gate]):
            held = gate_holds(g, gate, at, who, slots, asked)
            waits = waits or held == ASKED
            fits = fits and held == YES
        if fits:
            worth = worth_of(t, p.profile[row], activity, t.candidate_weight[node, k], who, slots)
            for n in range(applies.size):
                if applies[n] == YES:
                    worth = worth * t.profile_factor[n, activity]
            for n in range(factors.shape[0]):
                if factors[n, i, k] >= UNWEIGHED:
                    factors[n, i, k] = WANTED
                    waits = True
                worth = worth * factors[n, i, k]
            scores[k] = max(worth, SCORE_MIN)
    return waits


@compiled
def decide_all(
    t: Tables,
    g: Gates,
    p: Columns,
    at: Instant,
    rows: Ints,
    state: Bytes,
    rules: Bytes,
    chosen: Ints,
    scores: Floats,
    slots: Ints,
    applies: Bytes,
    nodes: Ints,
    factors: Floats,
) -> int:
    """Decide for every person to do, and begin what they chose. Answers how many wait for rules that run
    person by person: those they need are marked ASKED in `rules` (people, rules), or WANTED in `factors`
    (plug-ins' factors, people, candidates of their node in `nodes`), and nothing of them is changed yet."""
    width, waiting = t.candidates.shape[1], 0
    for i in range(rows.size):
        if state[i] != TO_DO:
            continue
        row, asked = rows[i], rules[i]
        who = settled(t, p, row, at.now, slots)
        node = node_of(t, g, p, row, at, who, slots, asked)
        waits = node == WAITS
        if factors.shape[0] != 0:
            nodes[i] = node
        if not waits:
            asking = node != NONE and ask_profiles(t, g, at, who, slots, asked, applies)
            waits = weigh_candidates(t, g, p, row, node, at, who, slots, asked, scores, applies, factors, i)
            waits = waits or asking
        if waits:
            waiting += 1
            continue
        picked = roulette(scores, width, drawn(at, who.entity, DECIDE, NO_WORD))
        chosen[i] = NONE if picked == NONE else t.candidates[node, picked]
        begin(t, p, row, chosen[i], at, who, slots)
        state[i] = DONE
    return waiting
