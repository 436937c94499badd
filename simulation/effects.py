"""What the activities that begin set off: flags of the world, and requests for content."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulation.chance import Purpose, chance, word
from simulation.generating import Generate
from simulation.orders import FlagSet, Requested
from simulation.person import Scene
from simulation.population import NONE, Population
from simulation.script import Script
from simulation.units import RequestId

Begun = list[tuple[int, int]]
"""(row, activity) of people whose new activity sets something off."""


def begun(script: Script, rows: NDArray[np.int64], chosen: NDArray[np.int64]) -> Begun:
    """Whose new activity sets something off: usually few."""
    found = np.flatnonzero(script.sets_off[chosen])
    return list(zip(rows[found].tolist(), chosen[found].tolist(), strict=True)) if len(found) else []


def flags_of(script: Script, people: Population, begun: Begun) -> tuple[FlagSet, ...]:
    """The world's flags that they set; the world applies them at the end of the tick."""
    return tuple(
        FlagSet(int(people.columns.entity[row]), key, value)
        for row, activity in begun
        for key, value in script.flags_set.get(activity, ())
    )


def requests_of(scene: Scene, people: Population, begun: Begun) -> Iterator[Requested]:
    """The generation requests that they ask for, each by its own addressed chance."""
    script = scene.script
    for row, activity in begun:
        entity = int(people.columns.entity[row])
        for effect in script.generates.get(activity, ()):
            address = word(f"{script.activity_ids[activity]}/{effect.k}")
            if chance(script.seed, entity, scene.now, Purpose.GENERATE, address) < effect.chance:
                yield _request(scene, people, row, activity, effect)


def _request(scene: Scene, people: Population, row: int, activity: int, effect: Generate) -> Requested:
    script = scene.script
    npc = script.definition.npcs[int(people.columns.origin[row])]
    activity_id = script.activity_ids[activity]
    cause = f"{script.definition.id}|{npc.id}|{scene.now}|{activity_id}|{effect.k}"
    where = int(people.columns.location[row])
    return Requested(
        request_id=RequestId(f"{script.definition.id}:{word(cause):016x}{word(cause + '|'):016x}"),
        npc_id=npc.id,
        entity=int(people.columns.entity[row]),
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
        flag=effect.flag,
        ttl=effect.ttl,
        coalesce_key=effect.coalesce_key,
    )
