"""What a decision does: the activity that ends, the one that begins, and what it sets off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulation.batch import Batch
from simulation.chance import Purpose, chance, word
from simulation.orders import FlagSet, Requested
from simulation.population import NONE
from simulation.script import Generate
from simulation.units import Micros, RequestId

Ints = NDArray[np.int64]
MOOD_MAX = 100.0
"""Valence and arousal lie between minus this and this."""


def begin(batch: Batch, chosen: Ints, interval: Micros) -> None:
    """Write a decision down: end the current activity, settle, move, begin `chosen` (NONE: nothing) at
    `now`."""
    script, people, rows, now = batch.script, batch.people, batch.rows, batch.now
    _end_current(batch)
    people["energy"][rows] = batch.energy
    people["slots"][rows] = batch.slots
    people["valence"][rows] = np.clip(batch.valence + script.valence[chosen], -MOOD_MAX, MOOD_MAX)
    people["arousal"][rows] = np.clip(batch.arousal + script.arousal[chosen], -MOOD_MAX, MOOD_MAX)
    people["settled_at"][rows] = now
    people["activity"][rows] = chosen
    people["started_at"][rows] = now
    people["due_at"][rows] = now + np.maximum(script.min_duration[chosen], interval)
    people["location"][rows] = destinations(batch, chosen)


def _end_current(batch: Batch) -> None:
    script, people, now = batch.script, batch.people, batch.now
    ending = batch.activity != NONE
    rows, ended = batch.rows[ending], batch.activity[ending]
    if not len(rows):
        return
    for column, newest in (("recent", ended), ("recent_at", now)):
        kept = people[column][rows, :-1]
        people[column][rows, 1:] = kept
        people[column][rows, 0] = newest
    slot = script.cool_slot[ended]
    cooled = slot != NONE
    people["ended_at"][rows[cooled], slot[cooled]] = now


def destinations(batch: Batch, chosen: Ints) -> Ints:
    """Where the activity happens: where they are if it fits, else home, else the first place by id."""
    script, here = batch.script, batch.location
    home = batch.people["home"][batch.rows].astype(np.int64)
    stays = ~script.asks_place[chosen] | script.fits[chosen, here]
    elsewhere = np.where(script.fits[chosen, home], home, script.first_fit[chosen])
    return np.where(stays, here, elsewhere)


def flags_of(batch: Batch, chosen: Ints) -> tuple[FlagSet, ...]:
    """The world's flags that the activities begun set; the world applies them at the end of the tick."""
    script = batch.script
    found: list[FlagSet] = []
    for activity, flags in script.flags_set.items():
        for index in np.flatnonzero(chosen == activity).tolist():
            found.extend(FlagSet(int(batch.entity[index]), key, value) for key, value in flags)
    return tuple(found)


def requests_of(batch: Batch, chosen: Ints) -> tuple[Requested, ...]:
    """The generation requests that the activities begun ask for, each by its own addressed chance."""
    script = batch.script
    found: list[Requested] = []
    for activity, effects in script.generates.items():
        for index in np.flatnonzero(chosen == activity).tolist():
            entity = int(batch.entity[index])
            for effect in effects:
                address = word(f"{script.activity_ids[activity]}/{effect.k}")
                if chance(script.seed, entity, batch.now, Purpose.GENERATE, address) < effect.chance:
                    found.append(_request(batch, index, activity, effect))
    return tuple(found)


def _request(batch: Batch, index: int, activity: int, effect: Generate) -> Requested:
    script = batch.script
    npc = script.definition.npcs[int(batch.people["origin"][batch.rows[index]])]
    activity_id = script.activity_ids[activity]
    cause = f"{script.definition.id}|{npc.id}|{batch.now}|{activity_id}|{effect.k}"
    where = int(destinations(batch, np.full(batch.size, activity))[index])
    return Requested(
        request_id=RequestId(f"{script.definition.id}:{word(cause):016x}{word(cause + '|'):016x}"),
        npc_id=npc.id,
        entity=int(batch.entity[index]),
        kind=effect.kind,
        band=effect.band,
        component=effect.component,
        params={
            **effect.params,
            "npcName": npc.name,
            "activityId": activity_id,
            "activityName": script.activities[activity].name,
            "locationId": None if where == NONE else script.location_ids[where],
        },
    )
