"""A page of the people of a world, in the order of its file; reading changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from simulation.person import Scene, person_of
from simulation.person_json import json_seconds
from simulation.population import NONE
from simulation.scale import to_points
from simulation.units import Micros, Tier

if TYPE_CHECKING:
    from simulation.stage import Stage

LOOKED_MAX = 100_000
"""Places of the world file that one page looks at: a few milliseconds between two ticks, whatever is asked
for."""


@dataclass(frozen=True, slots=True)
class Page:
    """At most `limit` people from place `start` of the world file on, of a tier or at a location if one is
    named."""

    start: int
    limit: int
    tier: Tier | None = None
    location: int | None = None

    @property
    def end(self) -> int:
        return self.start + LOOKED_MAX


Rows = tuple[Mapping[str, Any], ...]


def roster(stage: Stage, page: Page, now: Micros, flags: Mapping[str, Any]) -> Rows:
    """Those of one tier that may be on the page, by place."""
    if page.tier not in (None, stage.tier):
        return ()
    people, script = stage.people, stage.script
    origins = people["origin"][: people.count]
    wanted = (origins >= page.start) & (origins < page.end)
    if page.location is not None:
        wanted &= people["location"][: people.count] == page.location
    found = np.flatnonzero(wanted)
    rows = found[np.argsort(origins[found], kind="stable")][: page.limit].tolist()
    scene = Scene(script, now, stage.tier, flags)
    listed = []
    for row in rows:
        person, origin = person_of(scene, people, row), int(origins[row])
        listed.append(
            {
                "place": origin,
                "id": person.npc_id,
                "name": script.definition.npcs[origin].name,
                "tier": str(stage.tier),
                "location": None if person.location == NONE else script.location_ids[person.location],
                "activity": None if person.activity == NONE else script.activity_ids[person.activity],
                "energy": to_points(person.energy),
                "nextDecisionAt": json_seconds(int(people["due_at"][row])),
            }
        )
    return tuple(listed)


def joined(page: Page, parts: Iterable[Rows], people: int) -> tuple[Rows, int | None]:
    """The page made of what each tier has for it, and the place where the next one begins; None: there is
    none."""
    rows = sorted((row for part in parts for row in part), key=lambda row: int(row["place"]))
    if len(rows) > page.limit:
        return tuple(rows[: page.limit]), int(rows[page.limit]["place"])
    if len(rows) == page.limit and int(rows[-1]["place"]) + 1 < people:
        return tuple(rows), int(rows[-1]["place"]) + 1
    return tuple(rows), page.end if page.end < people else None
