"""Tier rules: who is pulled where, who makes room, and how everybody comes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.definitions import Plugins, WorldFileInvalid, parse_world
from simulation.hashing import digest
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.person_json import components_of
from simulation.plugin_views import Somebody
from simulation.plugins import Chance, Plugin
from simulation.snapshot import encode, parts_of, restore
from simulation.tiering import _places
from simulation.tiers import TIERS
from simulation.units import InputKind, NpcId, Tier
from simulation.world import World
from village import PLACES

PEOPLE = {"a": 80, "b": 70, "c": 60, "d": 50, "e": 40, "f": 30, "g": 20, "h": 10}
CAPS = {"detailed": 2, "active": 2, "ambient": 2, "dormant": 8}
START = "detailed ab, active cd, ambient ef, dormant gh"
"""By importance: the two most important are in the finest tier, and so on."""
NEAR = {"id": "near", "when": {"type": "same_location"}, "tier": "detailed", "priority": 50}


def document(rules: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Eight people at home with nothing to do."""
    return {
        "id": "stage",
        "locations": PLACES,
        "meta": {
            "simulation": {
                "seed": 7,
                "rules": rules,
                "generation": {"mode": "off"},
                "tiers": {tier: {"maxNpcs": cap} for tier, cap in CAPS.items()},
            },
            "npcs": {"host": "c", "guard": ["g", "h"]},
            **more.pop("meta", {}),
        },
        "npcs": [
            {"id": name, "personality": {"importance": importance, "home": "loc:home"}}
            for name, importance in PEOPLE.items()
        ],
        **more,
    }


def opened(rules: list[dict[str, Any]], **more: Any) -> tuple[World, Stages]:
    return create(parse_world(document(rules, **more)))


def send(world: World, stages: Stages, kind: InputKind, **payload: Any) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def join(world: World, stages: Stages, **session: Any) -> None:
    assert send(world, stages, InputKind.SESSION_JOIN, session={"id": "s1", **session}).applied


def update(world: World, stages: Stages, **changes: Any) -> None:
    outcome = send(world, stages, InputKind.SESSION_UPDATE, sessionId="s1", **changes)
    assert outcome.applied, outcome.detail


def walk(world: World, stages: Stages, name: str, place: str) -> None:
    assert send(world, stages, InputKind.PERSON, npcId=name, op="move", locationId=place).applied


def who(stages: Stages) -> str:
    """`detailed ab, active cd, ...`: everybody by tier."""
    found = ((tier, "".join(sorted(stage.people.ids))) for tier, stage in stages.items())
    return ", ".join(f"{tier} {names}".strip() for tier, names in found)


def pulled_by(world: World) -> dict[str, str]:
    """Whoever a rule pulls, with the rule."""
    return {name: one.rule for name, one in world.moving.tiering.pulled.items() if one.rule}


def test_without_a_reason_everybody_is_where_importance_puts_them() -> None:
    world, stages = opened([NEAR])
    assert who(stages) == START
    assert "pulled" not in world.scalars()


def test_somebody_who_is_pulled_pushes_the_least_important_down_and_all_come_back() -> None:
    """h comes into detailed; so b goes down, then d, then f; when h goes home, each goes up again."""
    world, stages = opened([NEAR])
    walk(world, stages, "h", "loc:inn")
    before = drive.state_hash(world, stages)
    join(world, stages, locationId="loc:inn")
    assert who(stages) == "detailed ah, active bc, ambient de, dormant fg"
    high, low = digest(world.moving.tiering.to_json())
    assert world.scalars()["pulled"] == f"{high:016x}{low:016x}"
    assert world.moving.tiering.to_json() == {
        "h": ["dormant", "near"],
        "b": ["detailed", ""],
        "d": ["active", ""],
        "f": ["ambient", ""],
    }
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)
    assert send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1").applied
    assert who(stages) == START
    assert drive.state_hash(world, stages) == before


def test_being_pulled_changes_the_tier_of_a_person_and_nothing_else() -> None:
    world, stages = opened([NEAR])
    walk(world, stages, "h", "loc:inn")

    def stored(tier: Tier) -> dict[str, Any]:
        people = stages[tier].people
        return components_of(world.script, people, people.row_of[NpcId("h")], tier)

    before = stored(Tier.DORMANT)
    join(world, stages, locationId="loc:inn")
    after = stored(Tier.DETAILED)
    assert (before["behavior"].pop("simulationTier"), after["behavior"].pop("simulationTier")) == (
        "dormant",
        "detailed",
    )
    assert after == before


AT_INN = {"locationId": "loc:inn"}
WHENS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "in_scene"}, {"sceneId": "duel", "cast": ["h"]}),
    ({"type": "affinity_gt", "threshold": 60}, {"npcs": {"h": {"core": {"affinity": 60.5}}}}),
    (
        {"type": "affinity_gt", "threshold": 60, "axis": "trust"},
        {"npcs": {"npc:h": {"core": {"trust": 61}}}},
    ),
    ({"type": "quest_target"}, {"npcs": {"h": {"quests": {"target": ["lamp"]}}}}),
    ({"type": "flag", "key": "duel.on", "npcs": ["h"]}, {"flags": {"duel": {"on": True}}}),
    ({"type": "flag", "key": "scene.npcs"}, {"flags": {"scene.npcs": ["npc:h", "nobody"]}}),
    ({"type": "flag", "key": "scene.npc", "value": "h"}, {"flags": {"scene.npc": "h"}}),
    ({"type": "flag", "key": "stage", "value": 2, "npcs": ["npc:h"]}, {"flags": {"stage": 2}}),
]
UNMET: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "in_scene"}, {"cast": ["h"]}),
    ({"type": "affinity_gt", "threshold": 60}, {"npcs": {"h": {"core": {"affinity": 60}}}}),
    ({"type": "quest_target"}, {"npcs": {"h": {"quests": {"target": []}}}}),
    ({"type": "flag", "key": "duel.on", "npcs": ["h"]}, {"flags": {"duel.on": False}}),
    ({"type": "flag", "key": "stage", "value": 1, "npcs": ["h"]}, {"flags": {"stage": True}}),
    ({"type": "flag", "key": "scene.npcs"}, {"flags": {"scene.npcs": "nobody"}}),
]


@pytest.mark.parametrize(("when", "session"), WHENS)
def test_a_rule_holds_from_the_input_that_makes_it_hold(
    when: dict[str, Any], session: dict[str, Any]
) -> None:
    """Whether the session comes with it, or it comes to the session; and no longer than the session."""
    for first, then in (({}, session), (session, {})):
        world, stages = opened([{"id": "r", "when": when, "tier": "detailed"}])
        join(world, stages, **first)
        if then:
            assert who(stages) == START
            update(world, stages, **then)
        assert who(stages) == "detailed ah, active bc, ambient de, dormant fg"
        send(world, stages, InputKind.SESSION_LEAVE, sessionId="s1")
        assert who(stages) == START


@pytest.mark.parametrize(("when", "session"), UNMET)
def test_a_rule_that_is_nearly_met_pulls_nobody(when: dict[str, Any], session: dict[str, Any]) -> None:
    world, stages = opened([{"id": "r", "when": when, "tier": "detailed"}])
    join(world, stages, **session)
    assert (who(stages), pulled_by(world)) == (START, {})


def test_a_flag_of_the_world_pulls_and_lets_go() -> None:
    rule = {"id": "r", "when": {"type": "flag", "key": "feast", "npcs": ["role:guard"]}, "tier": "active"}
    world, stages = opened([rule], flags={"feast": True})
    assert who(stages) == "detailed ab, active gh, ambient cd, dormant ef"
    send(world, stages, InputKind.FLAGS, flags={"feast": None})
    assert who(stages) == START


def test_sessions_of_the_world_file_pull_from_the_beginning() -> None:
    session = {"id": "s1", "sceneId": "duel", "cast": ["g"]}
    _, stages = opened([{"id": "r", "when": {"type": "in_scene"}, "tier": "detailed"}], sessions=[session])
    assert who(stages) == "detailed ag, active bc, ambient de, dormant fh"


def test_the_rule_of_the_highest_priority_wins_and_the_next_takes_over() -> None:
    rules = [
        {"id": "liked", "when": {"type": "affinity_gt", "threshold": 60}, "tier": "active", "priority": 10},
        {"id": "scene", "when": {"type": "in_scene"}, "tier": "detailed", "priority": 100},
    ]
    world, stages = opened(rules)
    join(world, stages, sceneId="duel", cast=["h"], npcs={"h": {"core": {"affinity": 90}}})
    assert pulled_by(world) == {"h": "scene"}
    update(world, stages, sceneId=None, cast=[])
    assert pulled_by(world) == {"h": "liked"}
    # b, who made room, is back; h is in active now, where d is the least important who is not pulled
    assert who(stages) == "detailed ab, active ch, ambient de, dormant fg"
    update(world, stages, npcs={"h": {"core": {"affinity": 10}}})
    assert who(stages) == START


def test_of_those_pulled_the_priority_decides_who_finds_room_then_importance() -> None:
    rules = [
        {"id": "scene", "when": {"type": "in_scene"}, "tier": "detailed", "priority": 100},
        {"id": "liked", "when": {"type": "affinity_gt", "threshold": 60}, "tier": "detailed", "priority": 10},
    ]
    world, stages = opened(rules)
    join(world, stages, sceneId="duel", cast=["h"], npcs={n: {"core": {"affinity": 70}} for n in "efg"})
    # h by its rule, e by its importance; f and g find no room above ambient: importance alone is not asked
    assert set(stages[Tier.DETAILED].people.ids) == {"e", "h"}
    assert pulled_by(world) == {"e": "liked", "f": "liked", "g": "liked", "h": "scene"}
    update(world, stages, sceneId=None, cast=[])
    assert set(stages[Tier.DETAILED].people.ids) == {"e", "f"}, "h's room goes to the next of those pulled"
    assert all(stage.count <= CAPS[tier] for tier, stage in stages.items())


@pytest.mark.parametrize(
    ("session", "found"),
    [
        ({}, "detailed f, active ab, ambient cd, dormant egh"),
        ({"sceneId": "duel", "cast": ["h"]}, "detailed h, active ab, ambient cd, dormant efg"),
    ],
)
def test_of_those_who_come_at_once_the_first_find_room_and_the_others_do_not_move(
    session: dict[str, Any], found: str
) -> None:
    """Room for one in detailed. f, g and h are liked, f is the most important; or h is in the scene, too,
    which counts more. a, the least important there, makes room, and so c and e in their tiers."""
    rules = [
        {"id": "scene", "when": {"type": "in_scene"}, "tier": "detailed", "priority": 100},
        {"id": "liked", "when": {"type": "affinity_gt", "threshold": 60}, "tier": "detailed", "priority": 10},
    ]
    file = document(rules)
    file["meta"]["simulation"]["tiers"]["detailed"]["maxNpcs"] = 1
    world, stages = create(parse_world(file))
    assert who(stages) == "detailed a, active bc, ambient de, dormant fgh"
    join(world, stages, **session, npcs={name: {"core": {"affinity": 70}} for name in "fgh"})
    assert who(stages) == found


def test_a_second_player_keeps_whom_the_first_one_pulled() -> None:
    world, stages = opened([NEAR])
    walk(world, stages, "h", "loc:inn")
    join(world, stages, **AT_INN)
    send(world, stages, InputKind.SESSION_JOIN, session={"id": "s2", **AT_INN})
    update(world, stages, locationId="loc:field")
    assert pulled_by(world) == {"h": "near"}
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="s2")
    assert (pulled_by(world), who(stages)) == ({}, START)


# -- conditions


def asked(condition: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    when = {"type": "condition", "condition": condition, **more}
    return [{"id": "r", "when": when, "tier": "detailed"}]


def test_a_condition_is_asked_of_whoever_is_changed() -> None:
    rules = asked({"type": "expression", "expression": "story.role == 'villain'"})
    world, stages = opened(rules)
    send(world, stages, InputKind.PERSON, npcId="h", component="story", value={"role": "villain"})
    assert who(stages) == "detailed ah, active bc, ambient de, dormant fg"
    send(world, stages, InputKind.PERSON, npcId="h", component="story", op="remove")
    assert who(stages) == START


def test_a_condition_about_named_people_is_asked_when_a_flag_changes() -> None:
    world, stages = opened(asked({"type": "flag_equals", "key": "feast", "value": 3}, npcs=["role:guard"]))
    send(world, stages, InputKind.FLAGS, flags={"feast": 3})
    assert set(stages[Tier.DETAILED].people.ids) == {"g", "h"}
    send(world, stages, InputKind.FLAGS, flags={"feast": 4})
    assert who(stages) == START


def test_a_condition_is_asked_of_everybody_who_decides() -> None:
    """At 43,260 s everybody has decided once: nobody is anywhere else, all are asked."""
    rules = asked({"type": "stat_axis_gt", "axis": "fame", "threshold": 5})
    document_ = document(rules)
    document_["npcs"][7]["components"] = {"core": {"fame": 6}}
    world, stages = create(parse_world(document_))
    assert who(stages) == START
    drive.tick(world, stages)
    assert who(stages) == "detailed ah, active bc, ambient de, dormant fg"


def test_a_relationship_no_activity_reads_is_read_from_the_component() -> None:
    condition = {"type": "relationship_gt", "npcIdOrRole": "npc:a", "threshold": 80}
    document_ = document(asked(condition, npcs=["h", "g"]))
    document_["npcs"][7]["components"] = {"relationships": {"npc:a": {"affinity": 80.5}}}
    _, stages = create(parse_world(document_))
    assert set(stages[Tier.DETAILED].people.ids) == {"a", "h"}


def test_a_condition_that_raises_pulls_nobody_and_is_counted() -> None:
    world, stages = opened(asked({"type": "expression", "expression": "1 / core.zero > 0"}, npcs=["h"]))
    send(world, stages, InputKind.PERSON, npcId="h", component="core", value={"zero": 0})
    assert (who(stages), world.counters.failures > 0) == (START, True)


# -- people who walk by themselves

ERRANDS = {
    "behavior": {
        "activities": {
            "drink": {"category": "x", "requirements": {"locationTypes": ["tavern"]}, "name": "Drink"},
            "plough": {"category": "x", "requirements": {"locationTypes": ["field"]}, "name": "Plough"},
        },
        "routines": {
            "errand": {
                "nodes": [
                    {
                        "nodeType": "time_slot",
                        "timeRangeSeconds": {"start": 0, "end": 7200},
                        "preferredActivities": [{"activityId": "drink", "weight": 1}],
                    },
                    {"preferredActivities": [{"activityId": "plough", "weight": 1}]},
                ]
            }
        },
    }
}


def test_whoever_decides_to_go_where_a_player_is_is_pulled_in_that_tick() -> None:
    """h goes drinking at 60 s, decided while dormant: so it decides again at 60 + 7,200 s, wherever it is by
    then, and ploughs, where no player is."""
    file = document([NEAR], meta=ERRANDS)
    file["npcs"][7]["personality"]["routineId"] = "errand"
    world, stages = create(parse_world(file))
    join(world, stages, **AT_INN)
    assert who(stages) == START
    drive.tick(world, stages)
    assert who(stages) == "detailed ah, active bc, ambient de, dormant fg"
    for done in drive.run(world, stages, 200):
        if done.world_time == 7_260_000_000:
            break
        assert pulled_by(world) == {"h": "near"}
    assert who(stages) == START


def test_a_flag_that_an_activity_sets_pulls_in_that_tick() -> None:
    meta = {
        "behavior": {
            "activities": {"cry": {"category": "x", "effects": {"flagsSet": {"alarm": True}}}},
            "routines": {"r": {"nodes": [{"preferredActivities": [{"activityId": "cry", "weight": 1}]}]}},
        }
    }
    rule = {"id": "r", "when": {"type": "flag", "key": "alarm", "npcs": ["role:guard"]}, "tier": "active"}
    file = document([rule], meta=meta)
    file["npcs"][0]["personality"]["routineId"] = "r"
    world, stages = create(parse_world(file))
    drive.tick(world, stages)
    assert who(stages) == "detailed ab, active gh, ambient cd, dormant ef"


def test_a_tick_in_which_nobody_goes_anywhere_asks_nothing() -> None:
    world, stages = opened([NEAR])
    join(world, stages, **AT_INN)
    assert [done.touches for done in drive.run(world, stages, 3)] == [{}, {}, {}]


# -- other rules while the world runs


def test_rules_change_while_the_world_runs_and_without_any_everybody_goes_back() -> None:
    world, stages = opened([NEAR])
    walk(world, stages, "h", "loc:inn")
    join(world, stages, **AT_INN, sceneId="duel", cast=["g"])
    scene = {"id": "scene", "when": {"type": "in_scene"}, "tier": "active"}
    assert send(world, stages, InputKind.CONFIG, changes={"rules": [scene]}).applied
    # b and d came back; then g pushed d from active to ambient, and f from there to where g was
    assert who(stages) == "detailed ab, active cg, ambient de, dormant fh"
    assert send(world, stages, InputKind.CONFIG, changes={"rules": []}).applied
    assert (who(stages), world.moving.tiering.pulled) == (START, {})


def test_a_rule_that_takes_its_people_elsewhere_does_so_at_once() -> None:
    world, stages = opened([NEAR])
    walk(world, stages, "h", "loc:inn")
    join(world, stages, **AT_INN)
    assert send(world, stages, InputKind.CONFIG, changes={"rules": [{**NEAR, "tier": "active"}]}).applied
    assert who(stages) == "detailed ab, active ch, ambient de, dormant fg"


def test_a_tier_that_gets_room_takes_whoever_is_pulled_before_the_important() -> None:
    world, stages = opened([NEAR])
    changes = {"tiers.detailed.maxNpcs": 0, "tiers.dormant.maxNpcs": 8}
    assert send(world, stages, InputKind.CONFIG, changes=changes).applied
    assert who(stages) == "detailed, active ab, ambient cd, dormant efgh"
    walk(world, stages, "h", "loc:inn")
    join(world, stages, **AT_INN)
    assert who(stages) == "detailed, active ab, ambient cd, dormant efgh"
    assert send(world, stages, InputKind.CONFIG, changes={"tiers.detailed.maxNpcs": 1}).applied
    assert who(stages) == "detailed h, active ab, ambient cd, dormant efg"


def test_a_lower_cap_keeps_whoever_is_pulled() -> None:
    world, stages = opened([NEAR])
    walk(world, stages, "h", "loc:inn")
    join(world, stages, **AT_INN)
    changes = {"tiers.detailed.maxNpcs": 1, "tiers.dormant.maxNpcs": 9}
    assert send(world, stages, InputKind.CONFIG, changes=changes).applied
    assert stages[Tier.DETAILED].people.ids == ["h"]


def test_from_the_last_tier_the_most_important_goes_up_to_the_nearest_room() -> None:
    """a and e are sent to dormant, which holds three: of g and h, g goes up to where e was, though a left
    room in detailed too."""
    sent = {"id": "sent", "when": {"type": "flag", "key": "people"}, "tier": "dormant"}
    file = document([sent])
    file["meta"]["simulation"]["tiers"]["dormant"]["maxNpcs"] = 3
    world, stages = create(parse_world(file))
    join(world, stages, flags={"people": ["a", "e"]})
    assert who(stages) == "detailed b, active cd, ambient fg, dormant aeh"


def test_room_above_is_not_filled_with_whoever_a_rule_holds_below() -> None:
    """c goes up alone; d and e, then f and g follow; then h, whom a rule holds in active, has two beside it
    there, of whom e goes down again, and g makes room for e."""
    scene = {"id": "scene", "when": {"type": "in_scene"}, "tier": "active"}
    world, stages = opened([scene])
    join(world, stages, sceneId="duel", cast=["h"])
    assert who(stages) == "detailed ab, active ch, ambient de, dormant fg"
    assert send(world, stages, InputKind.CONFIG, changes={"tiers.detailed.maxNpcs": 9}).applied
    assert who(stages) == "detailed abc, active dh, ambient ef, dormant g"


BAD: list[tuple[Any, str]] = [
    ({"when": {"type": "same_location"}, "tier": "top"}, "rules[0].tier: no tier 'top'"),
    ({"when": {"type": "same_location"}}, "rules[0].tier: is missing"),
    ({"tier": "active"}, "rules[0].when: is missing"),
    ({"when": {"type": "near"}, "tier": "active"}, "rules[0].when.type: no type of tier rule 'near'"),
    ({"when": {"type": "same_location", "far": 1}, "tier": "active"}, "rules[0].when.far: no key"),
    ({"when": {"type": "affinity_gt"}, "tier": "active"}, "rules[0].when.threshold: is missing"),
    ({"when": {"type": "affinity_gt", "threshold": "x"}, "tier": "active"}, "when.threshold: is 'x'"),
    (
        {"when": {"type": "affinity_gt", "threshold": 1, "axis": "love"}, "tier": "active"},
        "rules[0].when.axis: no axis 'love'",
    ),
    ({"when": {"type": "flag"}, "tier": "active"}, "rules[0].when.key: is missing"),
    (
        {"when": {"type": "flag", "key": "k", "npcs": ["role:cook"]}, "tier": "active"},
        "rules[0].when.npcs[0]: no npc or role 'role:cook'",
    ),
    ({"when": {"type": "condition"}, "tier": "active"}, "rules[0].when.condition: is missing"),
    (
        {"when": {"type": "condition", "condition": {"type": "windy"}}, "tier": "active"},
        "rules[0].when.condition.type: no condition type 'windy'",
    ),
    (
        {
            "when": {
                "type": "condition",
                "condition": {"type": "all", "conditions": [{"type": "time_of_day_in", "times": ["dusk"]}]},
            },
            "tier": "active",
        },
        "rules[0].when.condition.conditions[0].times[0]: no time of day 'dusk'",
    ),
    ({**NEAR, "priority": 1.5}, "rules[0].priority: is 1.5"),
    ({**NEAR, "rank": 1}, "rules[0].rank: no key 'rank'"),
    ({**NEAR, "id": ""}, "rules[0].id: is ''"),
]


@pytest.mark.parametrize(("rule", "says"), BAD)
def test_a_bad_rule_is_refused_with_its_path_in_the_file_and_while_the_world_runs(
    rule: Any, says: str
) -> None:
    with pytest.raises(WorldFileInvalid) as invalid:
        opened([rule])
    assert f"meta.simulation.{says}" in str(invalid.value) or says in str(invalid.value)
    world, stages = opened([NEAR])
    before = drive.state_hash(world, stages)
    outcome = send(world, stages, InputKind.CONFIG, changes={"rules": [rule]})
    assert not outcome.applied
    assert says in outcome.detail["reason"]
    assert drive.state_hash(world, stages) == before


def test_rules_that_are_no_list_too_many_or_twins_are_refused() -> None:
    for rules, says in (
        ("x", "meta.simulation.rules"),
        ([5], "meta.simulation.rules[0]"),
        ([NEAR, NEAR], "meta.simulation.rules[1].id: is given twice"),
        ([{**NEAR, "id": f"r{n}"} for n in range(101)], "has 101 rules; allowed: at most 100"),
    ):
        with pytest.raises(WorldFileInvalid) as invalid:
            opened(rules)  # type: ignore[arg-type]
        assert says in str(invalid.value)


# -- whatever happens

RULES: list[dict[str, Any]] = [
    {"id": "scene", "when": {"type": "in_scene"}, "tier": "detailed", "priority": 100},
    NEAR,
    {"id": "flag", "when": {"type": "flag", "key": "people"}, "tier": "dormant", "priority": 20},
    {"id": "liked", "when": {"type": "affinity_gt", "threshold": 60}, "tier": "active", "priority": 10},
]
NAMES = st.sampled_from(sorted(PEOPLE))
SPOTS = st.sampled_from(["loc:home", "loc:field", "loc:inn"])
IDS = st.sampled_from(["s1", "s2", "s3"])
SESSION_CHANGES = st.one_of(
    st.fixed_dictionaries({"locationId": st.one_of(st.none(), SPOTS)}),
    st.fixed_dictionaries({"sceneId": st.sampled_from([None, "duel"]), "cast": st.lists(NAMES, max_size=4)}),
    st.fixed_dictionaries(
        {
            "npcs": st.dictionaries(
                NAMES,
                st.fixed_dictionaries({"core": st.fixed_dictionaries({"affinity": st.integers(50, 70)})}),
            )
        }
    ),
    st.fixed_dictionaries({"flags": st.fixed_dictionaries({"people": st.lists(NAMES, max_size=3)})}),
)
HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), IDS, SESSION_CHANGES),
        st.tuples(st.just("update"), IDS, SESSION_CHANGES),
        st.tuples(st.just("leave"), IDS),
        st.tuples(st.just("walk"), NAMES, SPOTS),
        st.tuples(st.just("flags"), st.lists(NAMES, max_size=3)),
        st.tuples(st.just("caps"), st.integers(0, 3), st.integers(0, 3)),
        st.tuples(st.just("ticks"), st.integers(1, 60)),
    ),
    max_size=25,
)


def happen(world: World, stages: Stages, happening: Any) -> None:
    match happening:
        case ("join", name, changes):
            session = {"id": name, **{k: v for k, v in changes.items() if v is not None}}
            send(world, stages, InputKind.SESSION_JOIN, session=session)
        case ("update", name, changes):
            send(world, stages, InputKind.SESSION_UPDATE, sessionId=name, **changes)
        case ("leave", name):
            send(world, stages, InputKind.SESSION_LEAVE, sessionId=name)
        case ("walk", name, place):
            walk(world, stages, name, place)
        case ("flags", names):
            send(world, stages, InputKind.FLAGS, flags={"people": names})
        case ("caps", detailed, active):
            changes = {"tiers.detailed.maxNpcs": detailed, "tiers.active.maxNpcs": active}
            send(world, stages, InputKind.CONFIG, changes=changes)
        case ("ticks", ticks):
            for _ in drive.run(world, stages, ticks):
                pass


def winner(world: World, stages: Stages, name: str) -> str:
    """The rule that holds for somebody, read off the whole world."""
    people = next(stage.people for stage in stages.values() if name in stage.people.row_of)
    here = world.script.location_ids[people["location"][people.row_of[NpcId(name)]]]
    sessions = list(world.sessions)
    if any(name in session.cast and session.scene_id for session in sessions):
        return "scene"
    if any(session.location_id == here for session in sessions):
        return "near"
    if any(name in flags.get("people", []) for flags in (world.flags, *(s.flags for s in sessions))):
        return "flag"
    liked = (session.component(NpcId(name), "core").get("affinity", 0) for session in sessions)
    return "liked" if any(value > 60 for value in liked) else ""


def check_nobody_is_kept_out(world: World, stages: Stages) -> None:
    """Whoever a rule holds for is in its tier, or that is full of people whose rules count as much."""
    priority = {rule["id"]: rule["priority"] for rule in RULES}
    pulled = pulled_by(world)
    for name, rule in pulled.items():
        wanted = next(stages[Tier(r["tier"])] for r in RULES if r["id"] == rule)
        if name not in wanted.people.row_of:
            there = [priority[pulled[other]] if other in pulled else -1 for other in wanted.people.ids]
            assert wanted.count == world.config.tiers[wanted.tier].max_npcs
            assert min(there, default=priority[rule]) >= priority[rule]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(happenings=HAPPENINGS, at=st.integers(0, 25))
def test_whatever_happens_the_rules_hold_caps_hold_and_a_snapshot_goes_on_the_same(
    happenings: Iterable[Any], at: int
) -> None:
    file = document(RULES, meta=ERRANDS)
    for person in file["npcs"]:
        person["personality"]["routineId"] = "errand"
    definition = parse_world(file)
    world, stages = create(definition)
    twin, twins = create(definition)
    for n, happening in enumerate(happenings):
        if n == at:
            export = {tier: stage.export() for tier, stage in twins.items()}
            twin, twins = restore(definition, encode(parts_of(twin, export)))
        happen(world, stages, happening)
        happen(twin, twins, happening)
        expected = {name: rule for name in PEOPLE if (rule := winner(world, stages, name))}
        assert pulled_by(world) == expected
        for tier in TIERS:
            assert stages[tier].count <= world.config.tiers[tier].max_npcs
            assert world.counts[tier] == stages[tier].count
        check_nobody_is_kept_out(world, stages)
        assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)
        assert drive.state_hash(twin, twins) == drive.state_hash(world, stages)
    for session in list(world.sessions):
        send(world, stages, InputKind.SESSION_LEAVE, sessionId=session.id)
    send(world, stages, InputKind.FLAGS, flags={"people": None})
    assert pulled_by(world) == {}


# -- rules of plug-ins


def eager(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> bool:
    """Holds for whoever has more of `core.zeal` than `params.over`; raises where the flag says so."""
    if who.flags.get("eager.broken"):
        raise OSError("no disk here")
    return who.stat("core", "zeal") > params["over"]


EAGER = Plugins({"zeal": Plugin(id="zeal", version="1", tier_rules={"eager": eager}, failures_max=3)})


def eager_world(**more: Any) -> tuple[World, Stages]:
    when = {"type": "plugin:zeal:eager", "params": {"over": 5}, "npcs": ["g", "h"]}
    rules = [{"id": "keen", "when": when, "tier": "detailed"}]
    return create(parse_world(document(rules, **more), "stage.json", EAGER))


def give_zeal(world: World, stages: Stages, name: str, zeal: float) -> None:
    value = {"zeal": zeal}
    assert send(
        world, stages, InputKind.PERSON, npcId=name, op="update", component="core", value=value
    ).applied


def test_a_rule_of_a_plug_in_pulls_whom_it_holds_for_and_lets_go_again() -> None:
    """h comes into detailed at 6; b, d and f make room. At 5 it holds no more: everybody is back."""
    world, stages = eager_world()
    assert who(stages) == START
    give_zeal(world, stages, "h", 6)
    assert who(stages) == "detailed ah, active bc, ambient de, dormant fg"
    assert pulled_by(world) == {"h": "keen"}
    give_zeal(world, stages, "h", 5)
    assert who(stages) == START


def test_a_rule_of_a_plug_in_is_asked_of_those_it_names_only() -> None:
    world, stages = eager_world()
    give_zeal(world, stages, "f", 9)
    assert who(stages) == START


def test_a_rule_of_a_plug_in_that_raises_does_not_hold_and_is_counted() -> None:
    world, stages = eager_world(flags={"eager.broken": True})
    before = world.script.plugin_state.failures.get("zeal", 0)
    give_zeal(world, stages, "h", 6)
    assert who(stages) == START
    assert world.script.plugin_state.failures["zeal"] > before


def test_a_world_with_a_rule_of_a_plug_in_is_the_same_after_a_recovery() -> None:
    world, stages = eager_world()
    give_zeal(world, stages, "h", 6)
    body = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again, restaged = restore(world.script.definition, body)
    give_zeal(again, restaged, "h", 5)
    give_zeal(world, stages, "h", 5)
    assert who(restaged) == who(stages) == START
    assert drive.state_hash(again, restaged) == drive.state_hash_in_full(world, stages)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"type": "plugin:zeal:eagr"}, "rules[0].when.type: no plug-in tier rule 'plugin:zeal:eagr'"),
        ({"type": "plugin:zeal:eager", "parms": {}}, "did you mean 'params'?"),
        ({"type": "plugin:zeal:eager", "npcs": ["zed"]}, "rules[0].when.npcs[0]: no npc or role 'zed'"),
    ],
)
def test_a_rule_of_a_plug_in_that_cannot_be_meant_is_refused(when: dict[str, Any], said: str) -> None:
    with pytest.raises(WorldFileInvalid) as refusal:
        parse_world(document([{"when": when, "tier": "active"}]), "stage.json", EAGER)
    assert said in str(refusal.value)


def test_of_two_ways_the_one_to_the_nearer_tier_is_gone_first() -> None:
    """From ambient, active and dormant are one away, in tier order, and detailed is two."""
    ways = sorted((Tier.DETAILED, Tier.ACTIVE, Tier.DORMANT), key=lambda there: _places(Tier.AMBIENT, there))
    assert ways == [Tier.ACTIVE, Tier.DORMANT, Tier.DETAILED]
