"""A small village that uses every requirement, condition and effect once."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

PLACES = [
    {"id": "loc:home", "name": "Home", "type": "home"},
    {"id": "loc:field", "name": "Field", "type": "field"},
    {"id": "loc:inn", "name": "Inn", "type": "tavern"},
]


def activity(name: str, category: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name.title(), "category": category, **more}


ACTIVITIES = {
    "sleep": activity(
        "sleep",
        "routine",
        requirements={"timeOfDay": ["night"], "locationTypes": ["home"], "maxEnergy": 90},
        effects={"energyDeltaPerHour": 12},
        minDurationSeconds=7200,
    ),
    "rest": activity("rest", "routine", effects={"energyDeltaPerHour": 6}),
    "farm": activity(
        "farm",
        "work",
        requirements={"minEnergy": 20, "locationTypes": ["field"]},
        effects={"energyDeltaPerHour": -9.5, "moodImpact": {"valence": -4, "arousal": 2}},
        minDurationSeconds=1800,
    ),
    "drink": activity(
        "drink",
        "social",
        requirements={"locationTypes": ["tavern"], "requiredNpcRolesOrIds": ["role:innkeeper"]},
        effects={
            "energyDeltaPerHour": -2,
            "moodImpact": {"valence": 20, "arousal": 15},
            "relationshipChanges": {"role:innkeeper": {"affinity": 3, "trust": 1}},
            "flagsSet": {"inn.busy": True},
            "customEffects": [{"type": "generate", "params": {"kind": "dialogue", "chance": 0.5}}],
        },
        cooldownSeconds=3600,
        minDurationSeconds=900,
    ),
    "dance": activity(
        "dance",
        "leisure",
        requirements={"moodTags": ["happy", "energetic"]},
        effects={"energyDeltaPerHour": -20, "moodImpact": {"valence": 10, "arousal": 30}},
    ),
    "brood": activity(
        "brood",
        "leisure",
        requirements={"conditions": [{"type": "expression", "expression": "valence < 10 and hour >= 6"}]},
        effects={"moodImpact": {"valence": -30, "arousal": -20}},
    ),
}

ROUTINES = {
    "villager": {
        "id": "villager",
        "name": "Villager",
        "nodes": [
            {
                "id": "tired",
                "nodeType": "decision",
                "decisionConditions": [{"type": "energy_between", "min": 0, "max": 15}],
                "preferredActivities": [{"activityId": "rest", "weight": 1}],
            },
            {
                "id": "night",
                "nodeType": "time_slot",
                "timeRangeSeconds": {"start": 79200, "end": 21600},
                "preferredActivities": [
                    {"activityId": "sleep", "weight": 5},
                    {"activityId": "rest", "weight": 1},
                ],
            },
            {
                "id": "day",
                "nodeType": "activity",
                "preferredActivities": [
                    {"activityId": "farm", "weight": 2},
                    {
                        "activityId": "drink",
                        "weight": 3,
                        "conditions": [{"type": "random_chance", "probability": 0.6}],
                    },
                    {"activityId": "dance", "weight": 1.5},
                    {
                        "activityId": "brood",
                        "weight": 0.7,
                        "conditions": [
                            {
                                "type": "any",
                                "conditions": [
                                    {
                                        "type": "relationship_lt",
                                        "npcIdOrRole": "role:innkeeper",
                                        "metric": "affinity",
                                        "threshold": 60,
                                    },
                                    {"type": "flag_exists", "key": "inn.busy"},
                                ],
                            }
                        ],
                    },
                    {"activityId": "rest", "weight": 0.5},
                ],
            },
        ],
        "defaultPreferences": {"categoryWeights": {"work": 0.9}},
    }
}


def person(n: int) -> dict[str, Any]:
    return {
        "id": f"npc:{n}",
        "name": f"Person {n}",
        "personality": {
            "routineId": "villager",
            "importance": n % 7 * 10,
            "home": "loc:home",
            "roles": ["innkeeper"] if n == 0 else [],
            "preferences": {
                "activityWeights": {"drink": n % 5 / 4},
                "traitModifiers": {"extraversion": n * 13 % 101},
            },
        },
        "components": {
            "behavior": {
                "energy": 20 + n * 7 % 80,
                "moodState": {"valence": n * 17 % 200 - 100, "arousal": 5},
            },
            "core": {"affinity": n % 100},
        },
    }


def document(people: int, **simulation: Any) -> dict[str, Any]:
    return {
        "id": "village",
        "name": "Village",
        "worldTime": 43200,
        "flags": {"festival": False},
        "locations": deepcopy(PLACES),
        "meta": {
            "simulation": {"seed": 7, **simulation},
            "behavior": {"activities": deepcopy(ACTIVITIES), "routines": deepcopy(ROUTINES)},
        },
        "npcs": [person(n) for n in range(people)],
    }
