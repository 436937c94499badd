"""A world file of any size after the pattern of a small one: the same activities and routines, other people.

Everything is drawn by chance from (seed, the person's number), so the same seed makes the same bytes, and
person 41 is the same among a hundred people as among a million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import Any, TypeVar

from simulation.chance import chance
from simulation.definitions.simulation_config import SimulationConfig
from simulation.units import Tier

INVENT = 1_000
"""Purpose of these draws: none that a world draws for, since they are made before a world begins."""
HOUSEHOLD_MAX = 6
"""People who share a home and a family name."""
HOMES_MAX = 20_000
"""Homes of one world, far below what a world file may hold; in larger towns more people share one."""
COPIES_MAX = 50
"""Places of each kind that one place of the pattern becomes at most: nobody can tell apart more."""
FIRST_DECISION_WITHIN_S = 7_200
"""Game seconds over which first decisions are spread: as long as most activities last."""
TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
TOGETHER = ("interactions", "hooks")
"""Sections of `meta` about players and people of some role."""
WANTED = "requiredNpcRolesOrIds"
HOME = "home"
ROLE = "role:"

T = TypeVar("T")


@dataclass
class Lot:
    """One person's draws, one after the other."""

    seed: int
    number: int
    drawn: int = 0

    def draw(self) -> float:
        self.drawn += 1
        return chance(self.seed, self.number, 0, INVENT, self.drawn)

    def whole(self, low: int, high: int) -> int:
        return low + int(self.draw() * (high - low + 1))

    def pick(self, among: Sequence[T]) -> T:
        return among[self.whole(0, len(among) - 1)]

    def once_in(self, times: int) -> bool:
        return self.draw() * times < 1


@dataclass
class Populating:
    """A pattern, and how many people it shall have."""

    pattern: Mapping[str, Any]
    people: int
    seed: int
    homes: list[str] = field(init=False)
    places: dict[str, list[str]] = field(init=False)
    """Of each place of the pattern, the ids of those it became."""
    roles: frozenset[str] = field(init=False)
    """Every role that somebody has."""
    lacking: frozenset[str] = field(init=False)
    """Activities that want somebody of a role nobody has."""

    def __post_init__(self) -> None:
        self.begins = int(self.pattern.get("worldTime", 0))
        self.residents: Sequence[Mapping[str, Any]] = self.pattern["npcs"]
        names = [str(npc["name"]).split(" ", 1) for npc in self.residents]
        self.given = sorted({name[0] for name in names})
        self.families = sorted({name[-1] for name in names})
        self.stride = _stride(len(self.residents))
        models = map(self._model, range(min(self.people, len(self.residents))))
        self.roles = frozenset(role for npc in models for role in npc["personality"].get("roles", ()))
        self.lacking = frozenset(
            name
            for name, activity in self.pattern["meta"]["behavior"]["activities"].items()
            if not all(map(self._is_somebody, activity.get("requirements", {}).get(WANTED, ())))
        )
        count = max(1, min(HOMES_MAX, -(-self.people // HOUSEHOLD_MAX)))
        streets = [place for place in self.pattern["locations"] if place["type"] == HOME]
        self.homes = [f"{streets[n % len(streets)]['id']}-{n // len(streets) + 1}" for n in range(count)]
        copies = max(1, min(COPIES_MAX, self.people // len(self.residents)))
        self.places = {
            place["id"]: [place["id"], *(f"{place['id']}-{n}" for n in range(2, copies + 1))]
            for place in self.pattern["locations"]
            if place["type"] != HOME
        }

    def outline(self, world_id: str, name: str) -> dict[str, Any]:
        """The world file without its people."""
        block = self.pattern["meta"].get("simulation", {})
        kept = {key: value for key, value in self.pattern.items() if key not in ("npcs", "locations")}
        return {
            **kept,
            "id": world_id,
            "name": name,
            "description": f"{self.people} people after the pattern of {self.pattern['name']}.",
            "meta": {
                **self._meta(),
                "simulation": {**block, "seed": self.seed, "tiers": self._room(block)},
            },
            "locations": list(self._locations()),
        }

    def _meta(self) -> dict[str, Any]:
        """What the pattern says beside the block. What players and people do together names them by role, and
        a town of fewer people than the pattern has not every role."""
        meta = dict(self.pattern["meta"])
        if self.people < len(self.residents):
            for key in TOGETHER:
                meta.pop(key, None)
            meta["behavior"] = self._behaviors(meta["behavior"])
        return meta

    def _behaviors(self, block: Mapping[str, Any]) -> dict[str, Any]:
        """Without activities that want somebody of a role nobody has, and what is felt for such."""
        activities = {
            name: self._towards_somebody(activity)
            for name, activity in block["activities"].items()
            if name not in self.lacking
        }
        routines = {name: self._without_lacking(routine) for name, routine in block["routines"].items()}
        return {**block, "activities": activities, "routines": routines}

    def _towards_somebody(self, activity: Mapping[str, Any]) -> Mapping[str, Any]:
        effects = activity.get("effects", {})
        if "relationshipChanges" not in effects:
            return activity
        felt = effects["relationshipChanges"].items()
        kept = {ref: change for ref, change in felt if self._is_somebody(ref)}
        return {**activity, "effects": {**effects, "relationshipChanges": kept}}

    def _without_lacking(self, routine: Mapping[str, Any]) -> dict[str, Any]:
        nodes = []
        for node in routine["nodes"]:
            offered = node.get("preferredActivities", [])
            kept = [one for one in offered if one["activityId"] not in self.lacking]
            nodes.append({**node, "preferredActivities": kept} if len(kept) < len(offered) else node)
        return {**routine, "nodes": nodes}

    def _is_somebody(self, ref: str) -> bool:
        return not ref.startswith(ROLE) or ref.removeprefix(ROLE) in self.roles

    def _model(self, number: int) -> Mapping[str, Any]:
        """Whom that person is made after."""
        return self.residents[number * self.stride % len(self.residents)]

    def _room(self, block: Mapping[str, Any]) -> dict[str, Any]:
        """The tiers, the dormant one large enough for everybody the others do not hold."""
        config = SimulationConfig.parse(block)
        spare = self.people
        for tier in Tier:
            spare -= 0 if tier is Tier.DORMANT else config.tiers[tier].max_npcs
        tiers = dict(block.get("tiers", {}))
        room = max(config.tiers[Tier.DORMANT].max_npcs, spare)
        return {**tiers, str(Tier.DORMANT): {**tiers.get(str(Tier.DORMANT), {}), "maxNpcs": room}}

    def _locations(self) -> Iterator[dict[str, Any]]:
        by_id = {place["id"]: place for place in self.pattern["locations"]}
        for origin, ids in self.places.items():
            for n, place_id in enumerate(ids, 1):
                name = by_id[origin]["name"] if n == 1 else f"{by_id[origin]['name']} {n}"
                yield {"id": place_id, "name": name, "type": by_id[origin]["type"]}
        for home in self.homes:
            street, _, house = home.rpartition("-")
            yield {"id": home, "name": f"{by_id[street]['name']} {house}", "type": HOME}

    def inhabitants(self) -> Iterator[dict[str, Any]]:
        """Person after person."""
        namesakes: Counter[str] = Counter()
        before = ""
        for number in range(self.people):
            person = self._person(number, before)
            name = str(person["id"])
            namesakes[name] += 1
            if namesakes[name] > 1:
                person["id"] = f"{name}-{namesakes[name]}"
            before = person["id"]
            yield person

    def _person(self, number: int, before: str) -> dict[str, Any]:
        lot = Lot(self.seed, number)
        model = self._model(number)
        home = number // HOUSEHOLD_MAX % len(self.homes)
        family = self.families[Lot(self.seed, home).whole(0, len(self.families) - 1)]
        given = lot.pick(self.given)
        personality: dict[str, Any] = {
            "routineId": model["personality"]["routineId"],
            "home": self.homes[home],
        }
        if roles := model["personality"].get("roles"):
            personality["roles"] = roles
        if lot.once_in(8):
            personality["importance"] = lot.whole(51, 99)
        preferences = _preferences(lot, model["personality"].get("preferences", {}))
        for name in self.lacking & preferences.get("activityWeights", {}).keys():
            del preferences["activityWeights"][name]
        personality["preferences"] = preferences
        components: dict[str, Any] = {"behavior": self._behavior(lot, model, self.homes[home])}
        if before and lot.once_in(5):
            ties = {"affinity": lot.whole(10, 95), "trust": lot.whole(10, 95)}
            components["relationships"] = {f"npc:{before}": ties}
        return {
            "id": f"{given}-{family}".lower().replace(" ", "-"),
            "name": f"{given} {family}",
            "personality": personality,
            "components": components,
        }

    def _behavior(self, lot: Lot, model: Mapping[str, Any], home: str) -> dict[str, Any]:
        """In the middle of what the model does, somewhere of the kind where they do it."""
        given = model.get("components", {}).get("behavior", {})
        found: dict[str, Any] = {"energy": lot.whole(20, 100)}
        if given.get("locationId") in self.places:
            found["locationId"] = lot.pick(self.places[given["locationId"]])
        else:
            found["locationId"] = home
        if given.get("currentActivityId", "") not in ("", *self.lacking):
            found["currentActivityId"] = given["currentActivityId"]
            found["activityStartedAt"] = max(0, self.begins - lot.whole(0, FIRST_DECISION_WITHIN_S))
        found["nextDecisionAt"] = self.begins + lot.whole(1, FIRST_DECISION_WITHIN_S)
        if lot.once_in(3):
            found["moodState"] = {"valence": lot.whole(-40, 60), "arousal": lot.whole(-40, 40)}
        return found


def _preferences(lot: Lot, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the model has an opinion on, with an opinion of one's own, and two traits."""
    found: dict[str, Any] = {
        key: {name: lot.whole(10, 100) / 100 for name in given[key]}
        for key in ("activityWeights", "categoryWeights")
        if given.get(key)
    }
    first = lot.whole(0, len(TRAITS) - 1)
    second = (first + lot.whole(1, len(TRAITS) - 1)) % len(TRAITS)
    found["traitModifiers"] = {TRAITS[n]: lot.whole(10, 95) for n in (first, second)}
    return found


def _stride(count: int) -> int:
    """A step that visits all of `count` before any twice, and neighbours far apart: models lie in groups."""
    step = max(1, count * 5 // 8)
    while gcd(step, count) != 1:
        step += 1
    return step


def populated(pattern: Mapping[str, Any], people: int, seed: int, world_id: str, name: str) -> dict[str, Any]:
    """The whole world file."""
    made = Populating(pattern, people, seed)
    return {**made.outline(world_id, name), "npcs": list(made.inhabitants())}
