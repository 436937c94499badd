"""Deciding, for many people at once: node, candidates, scores, roulette. Reads a batch and changes
nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.batch import Batch
from simulation.chance import Purpose, chance_rows
from simulation.conditions import Truths, all_of
from simulation.population import NONE
from simulation.scoring import score_rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Per person: the node (NONE: none matched), the candidates' activities, scores and draw, and the
    choice."""

    node: Ints
    acts: Ints
    open: Truths
    scores: Floats
    draw: Floats
    chosen: Ints


def decide(batch: Batch) -> Decisions:
    """One decision for everybody of the batch. People whose rules raise are marked on the batch."""
    script = batch.script
    node = pick_nodes(batch)
    acts = script.candidates[node]
    open_ = candidates_open(batch, node, acts)
    profile = batch.people["profile"][batch.rows].astype(np.int64)
    scores = np.where(open_, score_rows(batch, acts, script.candidate_weight[node], profile), 0.0)
    draw = chance_rows(script.seed, batch.entity, batch.now, Purpose.DECIDE)
    picked = roulette(scores, open_, draw)
    everyone = np.arange(batch.size)
    chosen = np.where(picked == NONE, NONE, acts[everyone, picked]) if acts.shape[1] else picked
    return Decisions(node, acts, open_, scores, draw, chosen)


def pick_nodes(batch: Batch) -> Ints:
    """The first node of each person's routine that matches now."""
    script, moment = batch.script, batch.moment
    nodes = script.routine_nodes[batch.people["routine"][batch.rows]]
    picked = np.full(batch.size, NONE, dtype=np.int64)
    for position in range(nodes.shape[1]):
        offered = nodes[:, position]
        fits = (picked == NONE) & (offered != NONE) & moment.node_open[offered]
        gates = script.node_gate[offered]
        for gate in set(gates[fits].tolist()) - {0}:
            asked = fits & (gates == gate)
            fits &= ~asked | holds(batch, gate, asked)
        picked = np.where(fits, offered, picked)
    return picked


def holds(batch: Batch, gate: int, focus: Truths) -> Truths:
    """Whether a gate's tests hold; only people in `focus` matter, and only they can fail by it."""
    batch.focus = focus
    return all_of(batch.script.gates[gate], batch)


def candidates_open(batch: Batch, node: Ints, acts: Ints) -> Truths:
    """Which candidates meet every requirement and condition and are not on cooldown; shape (people,
    candidates)."""
    script = batch.script
    energy, mood = batch.energy[:, None], batch.mood[:, None]
    open_: Truths = (acts != NONE) & batch.moment.activity_open[acts]
    open_ &= (energy >= script.min_energy[acts]) & (energy <= script.max_energy[acts])
    open_ &= ~script.mood_gated[acts] | ((script.mood_asked[acts] & mood) != 0)
    open_ &= ~cooling(batch, acts)
    gates = script.candidate_gate[node]
    for gate in set(gates.ravel().tolist()) - {0}:
        here = gates == gate
        open_ &= ~here | holds(batch, gate, here.any(axis=1))[:, None]
    return open_


def cooling(batch: Batch, acts: Ints) -> Truths:
    """Whether a candidate is on cooldown; the activity that ends now counts as ended now."""
    script = batch.script
    slot = script.cool_slot[acts]
    if not script.cooling:
        return np.zeros(acts.shape, dtype=np.bool_)
    ended = batch.people["ended_at"][batch.rows[:, None], slot]
    ended = np.where(acts == batch.activity[:, None], batch.now, ended)
    waits: Truths = (slot != NONE) & (ended != NONE) & (batch.now - ended < script.cooldown[acts])
    return waits


def roulette(scores: Floats, open_: Truths, draw: Floats) -> Ints:
    """The position drawn in proportion to the scores, in the candidates' order; uniform if all are 0, NONE if
    none is open. Columns are added one by one: a sum over an axis gives other bits in other batches."""
    people, width = scores.shape
    total = np.zeros(people)
    for k in range(width):
        total = total + scores[:, k]
    flat = (total == 0.0) & open_.any(axis=1)
    if flat.any():
        return roulette(np.where(flat[:, None] & open_, 1.0, scores), open_, draw)
    target = draw * total
    picked = np.full(people, NONE, dtype=np.int64)
    last = np.full(people, NONE, dtype=np.int64)
    reached = np.zeros(people)
    for k in range(width):
        reached = reached + scores[:, k]
        picked = np.where((picked == NONE) & open_[:, k] & (target < reached), k, picked)
        last = np.where(open_[:, k], k, last)
    return np.where(picked == NONE, last, picked)
