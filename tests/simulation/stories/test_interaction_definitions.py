"""`meta.interactions` as written: others' shapes load as they are, mistakes are found with their paths."""

from __future__ import annotations

from typing import Any

import pytest

from simulation.calendar import HOUR
from simulation.definitions import WorldFileInvalid, parse_world
from simulation.hours import Hours
from village import document

ELSEWHERE: dict[str, Any] = {
    "definitions": {
        "flirt": {
            "id": "flirt",
            "label": "Flirt",
            "description": "Say something nice.",
            "icon": "heart",
            "category": "romance",
            "tags": ["romance"],
            "targetRolesOrIds": ["npc:1", "role:innkeeper"],
            "surface": "dialogue",
            "branchIntent": "escalate",
            "gating": {
                "statGating": {
                    "allOf": [
                        {
                            "definitionId": "relationships",
                            "axis": "affinity",
                            "minValue": 30,
                            "entityType": "npc",
                        }
                    ],
                    "anyOf": None,
                },
                "timeOfDay": {"periods": ["evening", "night"], "hourRanges": [{"start": 20, "end": 2}]},
                "behavior": {"forbiddenActivities": ["sleep"], "minSimulationTier": "ambient"},
                "mood": {"allowedMoods": ["happy"], "maxEmotionIntensity": 0.9},
                "requiredFlags": ["arc:romance.started"],
                "forbiddenFlags": [],
                "cooldownSeconds": 3600,
                "customGatingId": None,
            },
            "outcome": {
                "statDeltas": [
                    {"packageId": "core.relationships", "axes": {"affinity": 5, "chemistry": 2.5}, "npcId": 1}
                ],
                "flagChanges": {"set": {"flirted": True}, "arcStages": {"arc:romance": 2}},
                "inventoryChanges": {"remove": [{"itemId": "rose"}]},
                "npcEffects": {"triggerEmotion": {"emotion": "joy", "intensity": 0.7}},
                "sceneLaunch": {"sceneIntentId": "date", "roleBindings": {"lead": "npc:1"}},
                "generationLaunch": {"dialogueRequest": {"programId": "flirty"}, "branchIntent": "escalate"},
                "successMessage": "It went well.",
            },
            "pluginConfig": {"x": 1},
            "priority": 10,
            "npcCanInitiate": True,
            "meta": {"author": "x"},
        }
    },
    "roleDefaults": {"innkeeper": ["flirt"]},
    "sceneIntentMappings": {"date": 12},
}


def town(interactions: Any) -> dict[str, Any]:
    made = document(2)
    made["npcs"].append({"id": "1", "name": "One"})
    made["meta"]["interactions"] = interactions
    return made


def test_a_definition_of_elsewhere_loads_as_it_is() -> None:
    flirt = parse_world(town(ELSEWHERE)).interactions["flirt"]
    assert (flirt.label, flirt.surface, flirt.priority) == ("Flirt", "dialogue", 10)
    assert flirt.targets == ("npc:1", "role:innkeeper", "role:innkeeper")
    assert flirt.gating.hours == Hours(((0, 2 * HOUR), (20 * HOUR, 21 * HOUR), (21 * HOUR, 24 * HOUR)))
    assert [(one.metric.name, one.low) for one in flirt.gating.all_of] == [("core.affinity", 30)]
    assert flirt.gating.cooldown_us == HOUR
    changes = [(c.metric.name, c.value, c.adds, c.npc_id) for c in flirt.outcome.metrics]
    assert changes == [("core.affinity", 5, True, "1"), ("core.chemistry", 2.5, True, "1")]
    assert flirt.outcome.flags.sets == {"flirted": True, "arcs.arc:romance.stage": 2}
    assert flirt.outcome.items == {"rose": -1}
    assert flirt.outcome.scene is not None
    assert (flirt.outcome.scene.scene_id, flirt.outcome.scene.cast) == ("12", ("npc:1",))
    (launch,) = flirt.outcome.launches
    assert (launch.kind, launch.params) == ("dialogue", {"programId": "flirty", "branchIntent": "escalate"})


@pytest.mark.parametrize("shape", [{"wave": {}}, [{"id": "wave"}], {"definitions": {"wave": {"id": "wave"}}}])
def test_interactions_are_listed_by_id_or_as_a_list(shape: Any) -> None:
    assert list(parse_world(town(shape)).interactions) == ["wave"]


GREET = "meta.interactions.greet"


@pytest.mark.parametrize(
    ("greet", "path", "says"),
    [
        ({"surfac": "menu"}, "surfac", "did you mean 'surface'"),
        ({"surface": "mneu"}, "surface", "did you mean 'menu'"),
        ({"id": "other"}, "id", "under which it is listed"),
        ({"priority": 0.5}, "priority", "a whole number"),
        (
            {"targetRolesOrIds": ["role:inkeeper"]},
            "targetRolesOrIds[0]",
            "did you mean 'role:innkeeper'",
        ),
        ({"targetIds": [True]}, "targetIds[0]", "an npc's id"),
        (
            {"gating": {"timeOfDay": {"periods": ["evenin"]}}},
            "gating.timeOfDay.periods[0]",
            "'evening'",
        ),
        ({"gating": {"timeOfDay": {"days": ["Sunda"]}}}, "gating.timeOfDay.days[0]", "'Sunday'"),
        (
            {"gating": {"timeOfDay": {"hourRanges": [{"start": 25}]}}},
            "gating.timeOfDay.hourRanges[0].start",
            "from 0 to 24",
        ),
        (
            {"gating": {"timeOfDay": {"hourRanges": [{"start": 3, "end": 3}]}}},
            "gating.timeOfDay.hourRanges[0]",
            "ends as it starts",
        ),
        (
            {"gating": {"timeOfDay": {"periods": ["dawn"], "hourRanges": [{"start": 9, "end": 10}]}}},
            "gating.timeOfDay",
            "is never open",
        ),
        (
            {"gating": {"metrics": [{"metric": "core.afinity", "min": 1}]}},
            "gating.metrics[0].metric",
            "'core.affinity'",
        ),
        ({"gating": {"metrics": [{"metric": "core.trust"}]}}, "gating.metrics[0]", "asks nothing"),
        (
            {"gating": {"metrics": [{"metric": "core.trust", "min": 9, "max": 3}]}},
            "gating.metrics[0].min",
            "is above max",
        ),
        (
            {"gating": {"metrics": [{"metric": "core.trust", "values": [101]}]}},
            "gating.metrics[0].values[0]",
            "no value of core.trust",
        ),
        (
            {"gating": {"statGating": {"allOf": [{"definitionId": "core", "axis": "love", "minValue": 1}]}}},
            "gating.statGating.allOf[0].axis",
            "no metric",
        ),
        (
            {"gating": {"metrics": [{"metric": "core.trust", "min": 1, "entityType": "world"}]}},
            "gating.metrics[0].entityType",
            "flags are for the others",
        ),
        (
            {"gating": {"behavior": {"allowedActivities": ["framing"]}}},
            "gating.behavior.allowedActivities[0]",
            "no activity",
        ),
        (
            {"gating": {"behavior": {"allowedStates": ["socia"]}}},
            "gating.behavior.allowedStates[0]",
            "'social'",
        ),
        (
            {"gating": {"behavior": {"minSimulationTier": "far"}}},
            "gating.behavior.minSimulationTier",
            "dormant",
        ),
        ({"gating": {"mood": {"allowedMoods": ["hapy"]}}}, "gating.mood.allowedMoods[0]", "'happy'"),
        ({"gating": {"cooldownSeconds": -1}}, "gating.cooldownSeconds", "a number from 0"),
        (
            {"gating": {"conditions": [{"type": "mood_inn"}]}},
            "gating.conditions[0].type",
            "'mood_in'",
        ),
        ({"gating": {"customGatingId": "x"}}, "gating.customGatingId", "does not have"),
        ({"outcome": {"customOutcomeId": "x"}}, "outcome.customOutcomeId", "does not have"),
        (
            {"outcome": {"statDeltas": [{"metric": "core.trust", "add": "5"}]}},
            "outcome.statDeltas[0].add",
            "a number",
        ),
        (
            {"outcome": {"statDeltas": [{"packageId": "core.relationships", "axes": {"afinity": 1}}]}},
            "outcome.statDeltas[0].axes.afinity",
            "'core.affinity'",
        ),
        (
            {"outcome": {"statDeltas": [{"metric": "behavior.energy", "add": 5, "scope": "personal"}]}},
            "outcome.statDeltas[0].scope",
            "the same for everybody",
        ),
        (
            {"outcome": {"statDeltas": [{"metric": "core.trust", "add": 1, "npcId": 9}]}},
            "outcome.statDeltas[0].npcId",
            "no npc",
        ),
        (
            {"outcome": {"flagChanges": {"sets": {}}}},
            "outcome.flagChanges.sets",
            "did you mean 'set'",
        ),
        (
            {"outcome": {"flagChanges": {"increment": {"a": "x"}}}},
            "outcome.flagChanges.increment.a",
            "a number",
        ),
        (
            {"outcome": {"flagChanges": {"questUpdates": {"q": "actve"}}}},
            "outcome.flagChanges.questUpdates.q",
            "'active'",
        ),
        (
            {"outcome": {"inventoryChanges": {"add": [{"itemId": "a", "quantity": 0}]}}},
            "outcome.inventoryChanges.add[0].quantity",
            "from 1",
        ),
        (
            {"outcome": {"components": [{"component": "core", "value": {"trust": 101}}]}},
            "outcome.components[0].value.trust",
            "0 to 100",
        ),
        (
            {"outcome": {"components": [{"component": "interactions", "value": {}}]}},
            "outcome.components[0].component",
            "kept by its own rules",
        ),
        (
            {"outcome": {"components": [{"component": "behavior", "value": {"energy": 3}}]}},
            "outcome.components[0].value.energy",
            "kept in columns",
        ),
        (
            {"outcome": {"sceneLaunch": {"sceneIntentId": "dat"}}},
            "outcome.sceneLaunch.sceneIntentId",
            "no scene intent",
        ),
        (
            {"outcome": {"sceneLaunch": {"sceneId": "a", "cast": ["x"]}}},
            "outcome.sceneLaunch.cast[0]",
            "no npc",
        ),
        ({"outcome": {"generationLaunch": {}}}, "outcome.generationLaunch.kind", "is missing"),
        (
            {"outcome": {"generationLaunch": {"kind": "dialog"}}},
            "outcome.generationLaunch.kind",
            "'dialogue'",
        ),
        (
            {"outcome": {"generationLaunch": {"kind": "scene", "flag": "a", "sceneId": "b"}}},
            "outcome.generationLaunch.flag",
            "in place of a component and a scene",
        ),
        (
            {"outcome": {"generationLaunch": {"kind": "scene", "actionBlockIds": ["a"], "sceneId": "b"}}},
            "outcome.generationLaunch.sceneId",
            "cannot hold all that is asked for",
        ),
        (
            {"outcome": {"launchNarrative": {"program": "talk"}}},
            "outcome.launchNarrative.program",
            "no narrative",
        ),
        ({"outcome": {"narrativeProgramId": "talk"}}, "outcome.narrativeProgramId", "no narrative"),
        ({"outcome": {"advanceChain": {"chain": "walk"}}}, "outcome.advanceChain.chain", "no chain"),
        ({"outcome": {"advanceChain": {}}}, "outcome.advanceChain.chain", "is missing"),
    ],
)
def test_every_mistake_is_found_when_the_world_loads(greet: dict[str, Any], path: str, says: str) -> None:
    with pytest.raises(WorldFileInvalid) as found:
        parse_world(town({"greet": greet}))
    (problem,) = (one for one in found.value.problems if not one.warning)
    assert problem.path == f"{GREET}.{path}"
    assert says in str(problem)


@pytest.mark.parametrize(
    ("interactions", "path", "says"),
    [
        (3, "meta.interactions", "an object by id, or a list"),
        ([{"id": "a"}, {"id": "a"}], "meta.interactions", "gives an id twice"),
        ({"definitions": {}, "roleDefaults": {"cook": []}}, "meta.interactions.roleDefaults.cook", "no role"),
        (
            {"definitions": {}, "roleDefaults": {"innkeeper": ["a"]}},
            "meta.interactions.roleDefaults.innkeeper[0]",
            "no interaction",
        ),
    ],
)
def test_the_block_itself_is_checked(interactions: Any, path: str, says: str) -> None:
    with pytest.raises(WorldFileInvalid) as found:
        parse_world(town(interactions))
    (problem,) = (one for one in found.value.problems if not one.warning)
    assert (problem.path, says in str(problem)) == (path, True)


def test_a_step_of_a_chain_that_names_no_interaction_is_refused_where_the_world_has_any() -> None:
    made = town({"wave": {}})
    made["meta"]["chains"] = {"walk": {"steps": [{"stepId": "ask", "interactionId": "wvae"}]}}
    with pytest.raises(WorldFileInvalid) as found:
        parse_world(made)
    (problem,) = (one for one in found.value.problems if not one.warning)
    assert problem.path == "meta.chains.walk.steps[0].interactionId"
    assert "did you mean 'wave'?" in str(problem)
    del made["meta"]["interactions"]
    assert parse_world(made).chains["walk"].steps["ask"].interaction_id == "wvae"


def test_a_step_whose_interaction_is_for_others_is_a_warning() -> None:
    made = town({"wave": {"targetIds": ["npc:0"]}})
    step = {"stepId": "ask", "interactionId": "wave"}
    made["meta"]["chains"] = {"walk": {"npcId": "npc:1", "steps": [step]}}
    (warning,) = (one for one in parse_world(made).warnings if "interactionId" in one.path)
    assert (warning.path, "never taken" in str(warning)) == (
        "meta.chains.walk.steps[0].interactionId",
        True,
    )
