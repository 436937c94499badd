"""A synthetic town of any size: what the measures run on, made the same every time."""

from __future__ import annotations

from typing import Any

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


def default_town(number: int, people: int) -> dict[str, Any]:
    """A world of the default simulation block: its tiers, intervals and budgets, nothing lifted."""
    document = town(people, None, 50, f"town-{number}")
    document["meta"]["simulation"] = {"seed": number, "generation": {"mode": "off"}}
    return document
