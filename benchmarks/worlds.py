"""The worlds that the measures run on, made the same every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import rule
from simulation.chance import word
from simulation.definitions import parse_world
from simulation.opening import Stages, create
from simulation.populating import populated
from simulation.stage import Stage
from simulation.units import NpcId, Tier
from simulation.world import World

LANTERNFORD = Path(__file__).parents[1] / "examples" / "lanternford.json"
CROWD_PATTERN = 1_000
"""People that a crowd is copied from."""
TICK_S = 60
"""Game seconds of a standard tick: the default scale and interval."""

ACTIVITIES: dict[str, tuple[str, float, dict[str, Any]]] = {
    "sleep": ("rest", 9.0, {"timeOfDay": ["night", "dawn"]}),
    "nap": ("rest", 6.0, {"maxEnergy": 60}),
    "eat": ("rest", 4.0, {}),
    "forge": ("work", -7.5, {"minEnergy": 20}),
    "bake": ("work", -5.0, {"timeOfDay": ["dawn", "morning"]}),
    "trade": ("work", -4.0, {"timeOfDay": ["morning", "afternoon"]}),
    "patrol": ("work", -6.0, {"minEnergy": 30}),
    "study": ("leisure", -2.0, {"timeOfDay": ["afternoon", "evening"]}),
    "fish": ("leisure", -1.5, {}),
    "sing": ("social", -2.5, {"timeOfDay": ["evening"]}),
    "gossip": ("social", -1.0, {}),
    "wander": ("leisure", -3.0, {}),
}
"""name -> (category, energy an hour, requirements): twelve, as the measures say."""

ROUTINES = {
    "smith": ("forge", "eat", "trade", "gossip"),
    "baker": ("bake", "trade", "nap", "sing"),
    "guard": ("patrol", "eat", "wander", "gossip"),
    "scholar": ("study", "fish", "eat", "wander"),
}


def activity(name: str, duration_s: int) -> dict[str, Any]:
    category, energy, requirements = ACTIVITIES[name]
    return {
        "name": name.title(),
        "category": category,
        "requirements": requirements,
        "effects": {"energyDeltaPerHour": energy, "moodImpact": {"valence": 2, "arousal": -1}},
        "minDurationSeconds": duration_s,
        "cooldownSeconds": 2 * duration_s if category == "work" else 0,
    }


def routine(name: str) -> dict[str, Any]:
    """Sleep and rest by night, the routine's own four and the common rest by day."""
    own = [{"activityId": one, "weight": 3 + 2 * place} for place, one in enumerate(ROUTINES[name])]
    rest = [{"activityId": one, "weight": 1} for one in ACTIVITIES if one not in ROUTINES[name]]
    night = [{"activityId": "sleep", "weight": 9}, {"activityId": "nap", "weight": 3}, *own[:2]]
    return {
        "name": name.title(),
        "nodes": [
            {
                "nodeType": "time_slot",
                "timeRangeSeconds": {"start": 79_200, "end": 21_600},
                "preferredActivities": night,
            },
            {"nodeType": "activity", "preferredActivities": own + rest},
        ],
    }


def person(number: int, due_s: int) -> dict[str, Any]:
    names = tuple(ROUTINES)
    return {
        "id": f"person-{number}",
        "name": f"Person {number}",
        "personality": {
            "routineId": names[number % len(names)],
            "preferences": {
                "activityWeights": {"eat": (number % 11) / 10, "gossip": (number % 7) / 6},
                "categoryWeights": {"work": (number % 5) / 4},
                "traitModifiers": {"extraversion": number % 101, "openness": 100 - number % 101},
            },
        },
        "components": {"behavior": {"energy": 30 + number % 70, "nextDecisionAt": due_s}},
    }


def town(people: int, due_each_tick: int | None, budget: int, name: str = "town") -> dict[str, Any]:
    """A world file. `due_each_tick` staggers everybody so that exactly so many decide in each tick, for ever.

    None: everybody decides in every tick.
    """
    ticks_between = people // due_each_tick if due_each_tick else 1
    interval_s = ticks_between * TICK_S
    first = [1 + number // due_each_tick if due_each_tick else 1 for number in range(people)]
    return {
        "id": name,
        "name": name.title(),
        "meta": {
            "simulation": {
                "seed": 7,
                "maxNpcTicksPerStep": budget,
                "generation": {"mode": "off"},
                "tiers": {
                    "detailed": {"maxNpcs": 0},
                    "active": {"maxNpcs": people, "decisionIntervalSeconds": interval_s},
                    "ambient": {"maxNpcs": 0},
                    "dormant": {"maxNpcs": 0},
                },
            },
            "behavior": {
                "activities": {one: activity(one, TICK_S) for one in ACTIVITIES},
                "routines": {one: routine(one) for one in ROUTINES},
            },
        },
        "npcs": [person(number, first[number] * TICK_S) for number in range(people)],
    }


def four_tiers(people: int, due_each_tick: int) -> dict[str, Any]:
    """A world of the default size: people in all four tiers, so many of them due in each tick, for ever."""
    document = town(people, due_each_tick, due_each_tick, "four-tiers")
    interval = {"decisionIntervalSeconds": people // due_each_tick * TICK_S}
    tenth = people // 10
    document["meta"]["simulation"]["tiers"] = {
        "detailed": {"maxNpcs": tenth, **interval},
        "active": {"maxNpcs": 5 * tenth, **interval},
        "ambient": {"maxNpcs": 3 * tenth, **interval},
        "dormant": {"maxNpcs": people, **interval},
    }
    for number, npc in enumerate(document["npcs"]):
        npc["components"]["behavior"]["nextDecisionAt"] = (1 + number % (people // due_each_tick)) * TICK_S
    return document


def rule_town(people: int) -> dict[str, Any]:
    """The frame of the town rule: its activities by name, its people by number; the mind does the rest."""
    quarter = {"maxNpcs": people // 4}
    return {
        "id": "rule",
        "name": "Town of the rule",
        "meta": {
            "simulation": {
                "seed": 7,
                "timeScale": rule.TICK_US // 1_000_000,
                "maxNpcTicksPerStep": people,
                "generation": {"mode": "off"},
                "tiers": {
                    **{"detailed": quarter, "active": quarter, "ambient": quarter},
                    "dormant": {"maxNpcs": people},
                },
            },
            "behavior": {
                "activities": {
                    name: {"category": "life", "minDurationSeconds": 60 * minutes}
                    for name, (minutes, _) in rule.ACTIVITIES.items()
                },
                "routines": {},
            },
        },
        "npcs": [
            {
                "id": f"person-{number}",
                "components": {"behavior": {"nextDecisionAt": rule.first_due_us(number) // 1_000_000}},
            }
            for number in range(people)
        ],
    }


def lanternford(people: int, number: int = 7, **simulation: Any) -> dict[str, Any]:
    """Lanternford's own activities, routines, conditions and cooldowns with so many people."""
    pattern = json.loads(LANTERNFORD.read_text(encoding="utf-8"))
    document = populated(pattern, people, number, f"lanternford-{number}", f"Lanternford {number}")
    document["meta"]["simulation"].update(simulation, generation={"mode": "off"})
    return document


def names_of(people: int) -> list[NpcId]:
    return [NpcId(f"person-{number}") for number in range(people)]


def crowded(people: int, due: int, names: list[NpcId] | None = None) -> tuple[World, Stages]:
    """A world of any size in seconds: a thousand people of a town, again and again under other names.

    Exactly `due` of them decide in each tick, for ever, wherever in memory they are.
    """
    names = names_of(people) if names is None else names
    document = town(CROWD_PATTERN, None, due, "crowd")
    active = document["meta"]["simulation"]["tiers"]["active"]
    active["maxNpcs"], active["decisionIntervalSeconds"] = people, people // due * TICK_S
    world, stages = create(parse_world(document, "crowd"))
    few = stages[Tier.ACTIVE].people
    columns = {
        name: np.tile(values, (-(-people // CROWD_PATTERN), *[1] * (values.ndim - 1)))[:people]
        for name, values in few.copied()[0].items()
    }
    columns["entity"] = np.fromiter(map(word, names), np.uint64, people)
    shuffled = np.argsort(columns["entity"], kind="stable")
    columns["due_at"][shuffled] = (1 + np.arange(people) // due) * TICK_S * 1_000_000
    stage = Stage(world.script, Tier.ACTIVE)
    stage.people.extend(names, columns, [few.cold[0]] * people)
    world.seat(Tier.ACTIVE, people, stage.reindex())
    stages[Tier.ACTIVE] = stage
    return world, stages
