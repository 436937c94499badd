"""All that is wrong with a world file is said, once, with its path; what cannot be meant is a warning."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from simulation.definitions import Problem, WorldFileInvalid, parse_world, read_document
from simulation.definitions.problems import NAMES_COMPARED_MAX, PROBLEMS_READ_MAX, in_order, unknown_name
from simulation.opening import create

GOOD: dict[str, Any] = {
    "id": "inn",
    "locations": [{"id": "hall", "type": "tavern"}, {"id": 7, "type": "field"}],
    "meta": {
        "behavior": {
            "activityCategories": {"work": {}, "rest": {}},
            "activities": {"sweep": {"category": "work"}, "nap": {"category": "rest", "cooldownSeconds": 60}},
            "routines": {
                "keeper": {
                    "nodes": [
                        {
                            "id": "n",
                            "nodeType": "activity",
                            "preferredActivities": [{"activityId": "sweep", "weight": 1}],
                        }
                    ]
                }
            },
        }
    },
    "npcs": [
        {"id": "ada", "personality": {"routineId": "keeper"}},
        {"id": "bo", "personality": {"routineId": "keeper"}},
    ],
}
SWEEP = "meta.behavior.activities.sweep"
ASKS = f"{SWEEP}.requirements"
CONDITIONS = f"{ASKS}.conditions"
KEEPER = "meta.behavior.routines.keeper"
ADA = "npcs.0.components"
MISSING = object()


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    """GOOD with these places changed: dotted paths, numbers index lists."""
    document = deepcopy(GOOD)
    for where, value in changes.items():
        *steps, last = [int(step) if step.isdigit() else step for step in where.split(".")]
        inner: Any = document
        for step in steps:
            inner = inner[step] if isinstance(step, int) else inner.setdefault(step, {})
        if value is MISSING:
            del inner[last]
        else:
            inner[last] = value
    return document


def problems_of(document: dict[str, Any]) -> tuple[Problem, ...]:
    """What reading this file finds, read from its text as a file is."""
    try:
        definition = parse_world(read_document(json.dumps(document), "inn.json"), "inn.json")
    except WorldFileInvalid as invalid:
        return invalid.problems
    create(definition)
    return definition.warnings


def listed(found: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(problem.path, problem.message) for problem in found]


def test_the_good_file_has_no_problem() -> None:
    assert problems_of(GOOD) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"npcs": [1, "x"]}, [("npcs[0]", "is 1"), ("npcs[1]", "is 'x'")]),
        ({"npcs": [{}, {}]}, [("npcs[0].id", "is missing"), ("npcs[1].id", "is missing")]),
        ({"npcs.1.id": "ada"}, [("npcs[1].id", "the id 'ada' is given twice")]),
        ({"sessions": [{"id": "1"}, {"id": 1}]}, [("sessions[1].id", "the id '1' is given twice")]),
        ({"sessions": [{"id": {}}]}, [("sessions[0].id", "is {}")]),
        ({"npcs.0.id": "x" * 201}, [("npcs[0].id", f"is no id: 'x{'x' * 55}...")]),
        ({"npcs.0.id": "a\nb"}, [("npcs[0].id", "is no id: 'a\\nb'")]),
        ({"id": True}, [("id", "is true")]),
        (
            {"npcs.0.personality.routineId": ["keeper"]},
            [("npcs[0].personality.routineId", "no routine ['keeper']")],
        ),
        ({"npcs.0.personality.home": ["hall"]}, [("npcs[0].personality.home", "no location ['hall']")]),
        (
            {ADA: {"mood": 1, "core": "x", "behavior": None}},
            [
                ("npcs[0].components.behavior", "is null"),
                ("npcs[0].components.core", "is 'x'"),
                ("npcs[0].components.mood", "is 1"),
            ],
        ),
        (
            {ADA: {"behavior": {"currentActivityId": ["nap"], "lastEndedAt": {"swep": 1}}}},
            [
                ("npcs[0].components.behavior.currentActivityId", "no activity ['nap']"),
                ("npcs[0].components.behavior.lastEndedAt.swep", "no activity 'swep'"),
            ],
        ),
        (
            {ADA: {"behavior": {"lastActivities": [["nap"], {"activityId": "nap", "endedAtSeconds": "x"}]}}},
            [
                ("npcs[0].components.behavior.lastActivities[0].activityId", "no activity ['nap']"),
                ("npcs[0].components.behavior.lastActivities[1].endedAtSeconds", "is 'x'"),
            ],
        ),
        (
            {ADA: {"behavior": {"settledAt": 61}}, "worldTime": 60},
            [("npcs[0].components.behavior.settledAt", "is in the future")],
        ),
        (
            {ADA: {"relationships": {"npc:bo": {"affinity": "high", "trust": 101, "since": "spring"}}}},
            [
                ("npcs[0].components.relationships.npc:bo.affinity", "is 'high'"),
                ("npcs[0].components.relationships.npc:bo.trust", "is 101"),
            ],
        ),
        ({"meta": []}, [("meta", "is []")]),
        ({"meta.behavior": 5}, [("meta.behavior", "is 5")]),
        ({"meta.behavior.routines": []}, [("meta.behavior.routines", "is []")]),
        ({"meta.behavior.activities": []}, [("meta.behavior.activities", "is []")]),
        ({SWEEP: 5}, [(SWEEP, "is 5")]),
        (
            {f"{SWEEP}.requirements": {"timeOfDay": ["night", 7, ["day"]]}},
            [
                (f"{SWEEP}.requirements.timeOfDay[1]", "is 7"),
                (f"{SWEEP}.requirements.timeOfDay[2]", "is ['day']"),
            ],
        ),
        ({"meta.behavior.presets": "none"}, [("meta.behavior.presets", "is 'none'")]),
        ({f"{SWEEP}.category": MISSING}, [(f"{SWEEP}.category", "is missing")]),
        ({"meta.npcs": {"host": [{}]}}, [("meta.npcs.host", "is {}")]),
        ({"meta.simulation": {"tiers": []}}, [("meta.simulation.tiers", "is []")]),
        ({"meta.simulation": {"rules": {}}}, [("meta.simulation.rules", "is {}")]),
        ({"meta.simulation": {"timeScale": True}}, [("meta.simulation.timeScale", "is true")]),
        (
            {
                "meta.simulation": {
                    "timeScale": True,
                    "rules": [{"when": {"type": "sameLocation"}, "tier": "active"}],
                }
            },
            [
                ("meta.simulation.rules[0].when.type", "no type of tier rule 'sameLocation'"),
                ("meta.simulation.timeScale", "is true"),
            ],
        ),
        (
            {"meta.time_config": {"periods": [{"id": "a", "startHour": -1, "endHour": 99}]}},
            [
                ("meta.time_config.periods[0].endHour", "is 99"),
                ("meta.time_config.periods[0].startHour", "is -1"),
            ],
        ),
        (
            {"meta.time_config": {"dayNames": ["A", "B", "a"]}},
            [("meta.time_config.dayNames[2]", "the day 'a' is named twice")],
        ),
        ({"meta.time_config": {"dayNames": []}}, [("meta.time_config.dayNames", "names no day")]),
        (
            {"meta.time_config": {"periodAliases": {"noon": [["morning"]]}}},
            [("meta.time_config.periodAliases.noon", "no period \"['morning']\"")],
        ),
        (
            {f"{SWEEP}.effects": {"customEffects": [{"type": "explode"}]}},
            [(f"{SWEEP}.effects.customEffects[0].type", "no type 'explode'")],
        ),
        (
            {CONDITIONS: [None, {"type": "not"}, {"type": "mood_in", "moodTags": []}]},
            [
                (f"{CONDITIONS}[0]", "is null"),
                (f"{CONDITIONS}[1].condition", "is missing"),
                (f"{CONDITIONS}[2].moodTags", "is empty"),
            ],
        ),
        (
            {CONDITIONS: [{"type": "expression", "expression": "energy > > 5"}]},
            [(f"{CONDITIONS}[0].expression", "is no expression: invalid syntax, at character 10")],
        ),
        (
            {f"{KEEPER}.nodes.0.preferredActivities": ["sweep"]},
            [(f"{KEEPER}.nodes[0].preferredActivities[0]", "is 'sweep'")],
        ),
        ({"a\nb": 1}, [("a\\nb", "no key 'a\\nb'")]),
    ],
)
def test_each_problem_is_said_once_where_it_is(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    found = listed(problems_of(changed(changes)))
    assert [path for path, _ in found] == [path for path, *_ in expected]
    for (_, message), (_, *says) in zip(found, expected, strict=True):
        assert says in ([], [message])


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        (
            {ASKS: {"minEnergy": 60, "maxEnergy": 40}},
            f"{ASKS}.minEnergy",
            "is above maxEnergy 40, so sweep never happens",
        ),
        (
            {ASKS: {"locationTypes": ["palace"]}},
            f"{ASKS}.locationTypes",
            "no location is of type palace, so sweep never happens",
        ),
        (
            {f"{SWEEP}.effects": {"relationshipChanges": {"zed": {"affinity": 1}}}},
            f"{SWEEP}.effects.relationshipChanges.npc:zed",
            "names nobody of this world",
        ),
        (
            {f"{SWEEP}.effects": {"customEffects": [{"params": {"kind": "scene", "chanse": 1}}]}},
            f"{SWEEP}.effects.customEffects[0].params.chanse",
            "is none of our keys, so the provider gets it",
        ),
        (
            {CONDITIONS: [{"type": "all", "conditions": [{"type": "energy_between", "min": 9, "max": 1}]}]},
            f"{CONDITIONS}[0].conditions[0].min",
            "is above max 1, so it never holds",
        ),
        (
            {CONDITIONS: [{"type": "any", "conditions": []}]},
            f"{CONDITIONS}[0].conditions",
            "is empty, so it never holds",
        ),
        (
            {
                CONDITIONS: [
                    {
                        "type": "not",
                        "condition": {"type": "relationship_gt", "npcIdOrRole": "role:cat", "threshold": 1},
                    }
                ]
            },
            f"{CONDITIONS}[0].condition.npcIdOrRole",
            "names nobody of this world",
        ),
        (
            {CONDITIONS: [{"type": "expression", "expression": "energi > 5 and mood.calm > 1"}]},
            f"{CONDITIONS}[0].expression",
            "no name 'energi'",
        ),
        (
            {CONDITIONS: [{"type": "expression", "expression": "activity == 'napp' or tier == 'active'"}]},
            f"{CONDITIONS}[0].expression",
            "no activity 'napp'",
        ),
        (
            {CONDITIONS: [{"type": "expression", "expression": "tier in ['activ', 'active']"}]},
            f"{CONDITIONS}[0].expression",
            "no tier 'activ'",
        ),
        (
            {CONDITIONS: [{"type": "expression", "expression": "'nowhere' == location"}]},
            f"{CONDITIONS}[0].expression",
            "no location 'nowhere'",
        ),
        (
            {CONDITIONS: [{"type": "expression", "expression": "locationType != 'palace'"}]},
            f"{CONDITIONS}[0].expression",
            "no locationType 'palace'",
        ),
        ({f"{KEEPER}.nodes": []}, f"{KEEPER}.nodes", "has no node, so its people never decide anything"),
        (
            {f"{KEEPER}.nodes.0.preferredActivities": []},
            f"{KEEPER}.nodes[0].preferredActivities",
            "offers nothing, so people here do nothing",
        ),
        (
            {f"{KEEPER}.nodes.0.timeRangeSeconds": {"start": 1, "end": 2}},
            f"{KEEPER}.nodes[0].timeRangeSeconds",
            "is asked of time_slot nodes only",
        ),
        (
            {f"{KEEPER}.nodes.0.decisionConditions": [{"type": "flag_exists", "key": "a"}]},
            f"{KEEPER}.nodes[0].decisionConditions",
            "are asked of decision nodes only",
        ),
        (
            {
                f"{KEEPER}.nodes": [
                    {"id": "a", "preferredActivities": [{"activityId": "nap", "weight": 1}]},
                    {"id": "b", "preferredActivities": [{"activityId": "nap", "weight": 1}]},
                ]
            },
            f"{KEEPER}.nodes[1]",
            "is never reached: 'a' before it always matches",
        ),
        (
            {"npcs.0.personality.preferences": {"categoryWeights": {"wrk": 1}}},
            "npcs[0].personality.preferences.categoryWeights.wrk",
            "no category 'wrk'",
        ),
        ({"meta.npcs": {"adda": {"roles": ["host"]}}}, "meta.npcs.adda", "no npc 'adda'"),
        (
            {ADA: {"relationships": {"bo": {"affinity": 1}}}},
            "npcs[0].components.relationships.bo",
            "rules ask for npc:bo, so they do not see it",
        ),
        (
            {ADA: {"relationships": {"npc:bo": {"trust": 1}, "npc:boo": {"trust": 1}}}},
            "npcs[0].components.relationships.npc:boo",
            "names nobody of this world",
        ),
        (
            {ADA: {"behavior": {"activityStartedAt": 99}}},
            "npcs[0].components.behavior.activityStartedAt",
            "is in the future: the world begins before it",
        ),
    ],
)
def test_what_cannot_be_meant_is_a_warning(changes: dict[str, Any], path: str, message: str) -> None:
    found = problems_of(changed(changes))
    assert listed(found) == [(path, message)]
    assert found[0].warning


def test_a_file_that_is_refused_has_its_warnings_behind_its_problems() -> None:
    found = problems_of(changed({ADA: {"relationships": {"bo": {"affinity": 101}}}}))
    assert [(problem.path.rpartition(".")[2], problem.warning) for problem in found] == [
        ("affinity", False),
        ("bo", True),
    ]


def test_a_null_is_as_if_the_key_were_not_there() -> None:
    behavior = dict.fromkeys(
        ("currentActivityId", "activityStartedAt", "nextDecisionAt", "settledAt", "locationId", "energy")
    )
    more = dict.fromkeys(("moodState", "lastActivities", "lastEndedAt", "simulationTier"))
    components = {"behavior": {**behavior, **more}, "relationships": {"npc:bo": {}}}
    assert problems_of(changed({ADA: components, "locations": None, "meta.npcs": None})) == ()


def test_an_id_that_is_a_number_is_named_by_number_or_text() -> None:
    for home in (7, "7"):
        document = changed({"npcs.0.personality.home": home, ADA: {"behavior": {"locationId": home}}})
        definition = parse_world(document)
        assert definition.npcs[0].home == "7"
        _, stages = create(definition)
        (view,) = [seen for stage in stages.values() if (seen := stage.view(definition.npcs[0].id, 0, {}))]  # type: ignore[arg-type]
        assert view["location"] == "7"


@pytest.mark.parametrize(
    ("text", "path", "says"),
    [
        ('{"flags": {"a": [1, "\\ud800"]}}', "flags.a[1]", "half a letter"),
        ('{"npcs": [{"a\\u0000b": 1}]}', "npcs[0]", "U+0000"),
        ('{"flags": {"a": 1e999}}', "$", "the number 1e999 is too large"),
        ('{"flags": {"a": %s}}' % ("1" * 5000), "$", "more than 4,300 digits"),
    ],
)
def test_what_no_database_holds_is_refused(text: str, path: str, says: str) -> None:
    with pytest.raises(WorldFileInvalid) as refused:
        read_document(text, "inn.json")
    (problem,) = refused.value.problems
    assert problem.path == path
    assert says in problem.message


@pytest.mark.parametrize(
    "changes",
    [
        {"worldTime": 10**400},
        {"npcs.0.personality.importance": 10**400},
        {f"{SWEEP}.effects": {"energyDeltaPerHour": 10**400}},
        {"meta.simulation": {"timeScale": 10**400}},
        {f"{KEEPER}.nodes.0.preferredActivities.0.weight": 10**400},
    ],
)
def test_a_number_beyond_all_measure_is_refused(changes: dict[str, Any]) -> None:
    (problem,) = problems_of(changed(changes))
    assert problem.message.startswith("is 1000000")


def test_a_file_with_one_mistake_all_over_is_read_no_further() -> None:
    """A hundred are listed, and how many more were found before the reading ended."""
    people = [{"id": f"p{n}", "personality": {"routineId": f"nobody {n}"}} for n in range(50_000)]
    with pytest.raises(WorldFileInvalid) as refused:
        parse_world(changed({"npcs": people}))
    assert (len(refused.value.problems), refused.value.more) == (100, PROBLEMS_READ_MAX - 100)


def test_paths_are_listed_as_a_reader_counts() -> None:
    paths = ["npcs[10].id", "npcs[2].id", "id", "npcs[2].name"]
    assert sorted(paths, key=in_order) == ["id", "npcs[2].id", "npcs[2].name", "npcs[10].id"]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("timescale", "timeScale"), ("scale", "timeScale"), ("Tiers", "tiers"), ("q", ""), ("x" * 100_000, "")],
)
def test_the_name_that_was_meant_is_found_whatever_its_case(name: str, nearest: str) -> None:
    assert unknown_name("$", name, ("mode", "tiers", "timeScale"), "key").nearest == nearest


def test_no_near_name_is_looked_for_among_very_many() -> None:
    names = [f"npc:{n}" for n in range(NAMES_COMPARED_MAX + 1)]
    problem = unknown_name("$", "npc:x", names, "person")
    assert (problem.allowed, problem.nearest) == ("one of 10,001 names", "")


def test_a_key_given_twice_among_very_many_is_found_in_one_look() -> None:
    """Compared one with each other, so many keys would take minutes."""
    keys = "".join(f'"k{n}": 1, ' for n in range(100_000))
    with pytest.raises(WorldFileInvalid, match="the key 'k99999' is given twice"):
        read_document(f'{{"flags": {{{keys} "k99999": 2}}}}', "x.json")


ADDS = {"stepId": "a"}


@pytest.mark.parametrize(
    ("where", "value", "path"),
    [
        ("flags", {"": 1}, "flags"),
        ("flags", {"town": {" ": 1}}, "flags.town"),
        ("sessions", [{"id": "s1", "flags": {"": 1}}], "sessions[0].flags"),
        (f"{SWEEP}.effects", {"flagsSet": {"": True}}, f"{SWEEP}.effects.flagsSet"),
        (f"{SWEEP}.effects", {"flagsSet": {"a": {"": 1}}}, f"{SWEEP}.effects.flagsSet.a"),
        ("meta.chains.walk", {"steps": [ADDS], "requiredFlags": [""]}, "meta.chains.walk.requiredFlags[0]"),
        (
            "meta.chains.walk",
            {"steps": [{**ADDS, "requiredFlags": ["a", " "]}]},
            "meta.chains.walk.steps[0].requiredFlags[1]",
        ),
        (
            "meta.chains.walk",
            {"steps": [{**ADDS, "flagsSet": {"": 1}}]},
            "meta.chains.walk.steps[0].flagsSet",
        ),
        *(
            ("meta.interactions.met", {"gating": {key: [""]}}, f"meta.interactions.met.gating.{key}[0]")
            for key in ("requiredFlags", "forbiddenFlags")
        ),
        *(
            (
                "meta.interactions.met",
                {"outcome": {changes: {key: value}}},
                f"meta.interactions.met.outcome.{changes}.{key}{place}",
            )
            for changes in ("flagChanges", "worldFlagChanges")
            for key, value, place in (
                ("set", {"": 1}, ""),
                ("increment", {"": 1}, ""),
                ("delete", [""], "[0]"),
                ("arcStages", {"": 1}, ""),
                ("questUpdates", {"": "active"}, ""),
                ("triggerEvents", [""], "[0]"),
                ("endEvents", [""], "[0]"),
            )
        ),
    ],
)
def test_a_flag_has_a_name(where: str, value: object, path: str) -> None:
    with pytest.raises(WorldFileInvalid) as refused:
        parse_world(changed({where: value}))
    assert [problem.path for problem in refused.value.problems] == [path]
    assert "not empty" in str(refused.value)
