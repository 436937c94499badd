"""Plug-ins in a world: what they may do, that they cannot do more, and that they change no other promise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meddling import MEDDLER
from simulation import drive
from simulation.custom_effects import change_stat, place, put, set_flag
from simulation.deciding import decide
from simulation.definitions import NO_PLUGINS, Plugins, WorldFileInvalid, parse_world, update_payload
from simulation.inputs import Input
from simulation.opening import Stages, create
from simulation.person import Scene, person_of
from simulation.planning import next_plan
from simulation.plugins import Plugin, WorldSystem
from simulation.population import NONE
from simulation.reasoning import reason
from simulation.snapshot import encode, parts_of, restore
from simulation.soundness import sound
from simulation.units import InputKind, Micros, Tier
from simulation.world import World
from village import document

HOUR = 3_600_000_000
MINUTE = Micros(60_000_000)
PLUGINS = Plugins({"meddler": MEDDLER})


def meddled(people: int = 20, **flags: Any) -> dict[str, Any]:
    """The village with a condition, an effect, a factor and two world systems of the plug-in."""
    found = document(people)
    found["flags"] = flags
    found["meta"]["plugins"] = {"meddler": {}}
    behavior = found["meta"]["behavior"]
    behavior["scoringConfig"] = {"weights": {"plugin:meddler:keen": 0.5}}
    behavior["activities"]["farm"]["effects"]["customEffects"] = [
        {"type": "plugin:meddler:cheer", "params": {"by": 7}}
    ]
    day = behavior["routines"]["villager"]["nodes"][2]["preferredActivities"]
    day[0]["conditions"] = [{"type": "plugin:meddler:broken"}]
    day[4]["conditions"] = [{"type": "not", "condition": {"type": "plugin:meddler:coin"}}]
    return found


def opened(found: dict[str, Any], plugins: Plugins = PLUGINS) -> tuple[World, Stages]:
    return create(parse_world(found, "village.json", plugins))


def ticks(world: World, stages: Stages, count: int) -> list[Any]:
    return list(drive.run(world, stages, count))


def failing(found: dict[str, Any]) -> str:
    with pytest.raises(WorldFileInvalid) as refusal:
        parse_world(found, "village.json", PLUGINS)
    return str(refusal.value)


# -- when a world loads


@pytest.mark.parametrize(
    ("put_in", "said"),
    [
        (
            {"type": "plugin:meddler:coyn"},
            "no plug-in condition 'plugin:meddler:coyn'; "
            "allowed: plugin:meddler:broken, plugin:meddler:coin; did you mean 'plugin:meddler:coin'?",
        ),
        ({"type": "plugin:medler:coin"}, "did you mean 'plugin:meddler:coin'?"),
        ({"type": "plugin:meddler:cheer"}, "no plug-in condition 'plugin:meddler:cheer'"),
        (
            {"type": "plugin:meddler:coin", "params": {"below": 3}},
            "plugin:meddler:coin says: below is 3, allowed: 0 to 1",
        ),
    ],
)
def test_a_condition_that_no_plug_in_has_is_refused_with_the_nearest(put_in: Any, said: str) -> None:
    found = document(2)
    found["meta"]["behavior"]["activities"]["rest"]["requirements"] = {"conditions": [put_in]}
    text = failing(found)
    assert said in text
    assert "meta.behavior.activities.rest.requirements.conditions[0].type" in text


def test_effects_factors_and_settings_are_refused_with_the_nearest_too() -> None:
    found = document(2)
    found["meta"]["plugins"] = {"medler": {}}
    behavior = found["meta"]["behavior"]
    behavior["scoringConfig"] = {"weights": {"plugin:meddler:keem": 1}}
    behavior["activities"]["rest"]["effects"]["customEffects"] = [{"type": "plugin:meddler:chear"}]
    text = failing(found)
    assert "meta.plugins.medler: no plug-in 'medler'; allowed: meddler; did you mean 'meddler'?" in text
    assert "did you mean 'plugin:meddler:keen'?" in text
    assert "did you mean 'plugin:meddler:cheer'?" in text


def test_a_plug_in_that_does_not_load_is_named_with_the_reason() -> None:
    found = document(2)
    found["meta"]["plugins"] = {"lost": {}}
    with pytest.raises(WorldFileInvalid, match="plug-in lost cannot be used: ImportError: no module lost"):
        parse_world(found, "village.json", Plugins(broken={"lost": "ImportError: no module lost"}))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": "Has Spaces"}, "'Has Spaces' is no name"),
        ({"conditions": {"": MEDDLER.conditions["coin"]}}, "'' is no name"),
        ({"systems": (replace(MEDDLER.systems[0], every=0),)}, "every 0 or budget 64 is out of range"),
        ({"systems": (replace(MEDDLER.systems[0], budget=5000),)}, "budget 5000 is out of range"),
        ({"failures_max": 0}, "failures_max is 0, at least 1"),
    ],
)
def test_a_plug_in_says_what_is_wrong_with_itself(change: Mapping[str, Any], problem: str) -> None:
    assert problem in replace(MEDDLER, **change).problem()
    assert MEDDLER.problem() == ""


# -- what they do


def test_a_world_that_names_no_plug_in_has_nothing_of_them() -> None:
    world, stages = opened(document(5))
    assert world.systems == ()
    assert "plugins" not in world.scalars()
    assert "plugins" not in parts_of(world, {}).head
    other, other_stages = opened(document(5), NO_PLUGINS)
    assert drive.state_hash(world, stages) == drive.state_hash(other, other_stages)


def test_a_world_system_runs_in_the_first_tick_and_at_each_multiple_of_its_seconds() -> None:
    """A tick is a minute and the world begins at 12:00: the bell rings in tick 1 (12:01), 30 (12:30), 60."""
    found = meddled()
    del found["meta"]["behavior"]["scoringConfig"]  # its factor fails, which would switch the plug-in off
    world, stages = opened(found)
    rung = {1: 1, 29: 1, 30: 2, 59: 2, 60: 3}
    for done in ticks(world, stages, 60):
        if done.tick in rung:
            assert [share.name for share in done.plan.systems if share.name.endswith("bell")] == (
                ["plugin:meddler:bell"] if done.tick in (1, 30, 60) else []
            )
    assert world.flags["meddle.bell"] == 3


def test_a_world_system_moves_whom_it_asked_to_see() -> None:
    world, stages = opened(meddled())
    ticks(world, stages, 1)
    seen = [stage.view(world.script.definition.npcs[0].id, world.world_time, {}) for stage in stages.values()]
    assert [view["location"] for view in seen if view] == ["loc:inn"]


def test_an_effect_changes_whoever_begins_and_reads_them_as_they_began() -> None:
    """Farming moves valence by -4 at its beginning, cheering by 7 at the end of the tick: 3 in all; before,
    a person of the village at rest (baseline 0) has relaxed by nothing at the time they are made."""
    found = meddled(1)
    found["npcs"][0]["components"]["behavior"] = {"energy": 80, "moodState": {"valence": 0, "arousal": 0}}
    only = found["meta"]["behavior"]["routines"]["villager"]["nodes"][2]["preferredActivities"]
    del only[1:]
    world, stages = opened(found)
    ticks(world, stages, 1)
    view = next(v for s in stages.values() if (v := s.view("npc:0", world.world_time, {})))  # type: ignore[arg-type]
    assert view["components"]["behavior"]["moodState"]["valence"] == 3.0
    assert view["components"]["plugin:meddler"] == {"last": "farm", "at": 43260}
    assert world.flags["meddle.npc:0"] == 80


def test_a_factor_multiplies_in_after_inertia_under_its_name() -> None:
    """Energy 80 is 1.6, and a draw d: 1 + (1.6 + d - 1) x 0.5, between 1.3 and 1.8."""
    found = meddled(1)
    found["npcs"][0]["components"]["behavior"] = {"energy": 80}
    world, stages = opened(found)
    why = stages[Tier.DETAILED].why("npc:0", world.world_time, {})  # type: ignore[arg-type]
    assert why is not None
    farm = why.candidates[0]
    assert list(farm.factors)[-2:] == ["inertia", "plugin:meddler:keen"]
    assert 1.3 <= farm.factors["plugin:meddler:keen"] < 1.8


def test_chance_is_drawn_anew_each_time_and_the_same_in_a_replay() -> None:
    first, second = (opened(meddled(30)) for _ in range(2))
    assert len({drive.state_hash(*first) for _ in drive.run(*first, 5)}) == 5
    ticks(*second, 5)
    assert drive.state_hash(*first) == drive.state_hash(*second)


# -- the same bits


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.integers(12 * HOUR, 60 * HOUR), st.integers(1, 30), st.booleans())
def test_with_plug_ins_too_a_crowd_decides_what_each_would_alone(seed, now, people, breaks) -> None:
    found = meddled(people)
    found["meta"]["simulation"].update(seed=seed, tiers={"detailed": {"maxNpcs": 100}})
    _, stages = opened(found)
    stage = stages[Tier.DETAILED]
    script, rows = stage.script, np.arange(people, dtype=np.int64)
    for moment in (now, now + 5 * HOUR):
        scene = Scene(script, Micros(moment), Tier.DETAILED, {"meddle.break": breaks})
        with script.plugin_state.unheard():
            alone = [reason(person_of(scene, stage.people, row), stage.people, row) for row in range(people)]
        chosen = decide(scene, stage.people, rows, MINUTE).chosen
        names = [None if act == NONE else script.activity_ids[act] for act in chosen]
        assert names == [reasons.chosen for reasons in alone]


def test_batch_size_changes_neither_people_nor_failures() -> None:
    """`keen` fails for dancing; everybody at once and one after another count the same."""
    found = meddled(40)
    for person in found["npcs"]:
        person["components"]["behavior"] = {"energy": 60, "moodState": {"valence": 60, "arousal": 40}}
    states = []
    for size in (1, 7, 40):
        fields = {**found, "meta": {**found["meta"], "simulation": {"tiers": {"detailed": {"maxNpcs": 100}}}}}
        _, stages = opened(fields)
        stage = stages[Tier.DETAILED]
        scene = Scene(stage.script, Micros(13 * HOUR), Tier.DETAILED, {})
        for start in range(0, 40, size):
            decide(scene, stage.people, np.arange(start, min(start + size, 40), dtype=np.int64), MINUTE)
        states.append((stage.fingerprint_in_full(), stage.script.plugin_state.failures))
    assert states[0] == states[1] == states[2]
    assert states[0][1]["meddler"] > 0


# -- failures


def test_a_condition_that_raises_does_not_hold_and_the_person_goes_on() -> None:
    world, stages = opened(meddled(4, **{"meddle.break": True}))
    (done,) = ticks(world, stages, 1)
    assert done.npc_ticks == 4
    why = stages[Tier.DETAILED].why("npc:1", world.world_time, world.flags)  # type: ignore[arg-type]
    assert why is not None
    farm = next(one for one in why.excluded if one.activity_id == "farm")
    assert farm.reason.endswith("conditions[0] does not hold")
    assert done.failures[0].rule.startswith("plugin:meddler:broken at meta.behavior.routines.villager")
    assert done.failures[0].error == "OSError: no disk here"


def test_failures_that_may_switch_a_plug_in_off_are_part_of_the_state() -> None:
    world, stages = opened(meddled(4, **{"meddle.break": True}))
    ticks(world, stages, 1)
    state = world.script.plugin_state
    assert state.failures["meddler"] > 0
    before = drive.state_hash(world, stages)
    state.failures = {**state.failures, "meddler": state.failures["meddler"] + 1}
    assert drive.state_hash(world, stages) != before


def test_reading_counts_no_failure() -> None:
    world, stages = opened(meddled(4, **{"meddle.break": True}))
    before = drive.state_hash(world, stages)
    for npc in world.script.people_ids:
        stages[Tier.DETAILED].shown(npc, world.world_time, world.flags)
    next_plan(world)
    assert world.script.plugin_state.failures == {}
    assert drive.state_hash(world, stages) == before


def updated(world: World, stages: Stages, found: dict[str, Any]) -> None:
    new = parse_world(found, "village.json", PLUGINS)
    payload = update_payload(json.dumps(new.document), new)
    assert world.deliver([Input(world.next_seq, InputKind.WORLD_UPDATE, payload)])
    (outcome,) = drive.boundary(world, stages)
    assert outcome.applied, outcome.detail


def test_a_world_whose_tier_rules_are_of_a_plug_in_can_be_updated() -> None:
    """Below 1 every toss of the coin is a yes: the rule pulls everybody, before the update and after it."""

    def ruled(name: str) -> dict[str, Any]:
        found = {**meddled(4), "name": name}
        rule = {
            "id": "lucky",
            "when": {"type": "plugin:meddler:coin", "params": {"below": 1}},
            "tier": "active",
        }
        found["meta"]["simulation"]["rules"] = [rule]
        return found

    world, stages = opened(ruled("Village"))
    ticks(world, stages, 2)
    assert stages[Tier.ACTIVE].count == 4
    updated(world, stages, ruled("Another Village"))
    ticks(world, stages, 2)
    assert stages[Tier.ACTIVE].count == 4
    assert set(world.moving.tiering.rules.ids) == {"lucky"}


def test_an_update_takes_a_plug_in_out_of_a_world_and_brings_it_back_as_new() -> None:
    """The bell rang in tick 1 and 30; gone with its failures in tick 40, it rings at once when it is back."""
    found = meddled(4, **{"meddle.break": True})
    world, stages = opened(found)
    ticks(world, stages, 40)
    state, rung = world.script.plugin_state, world.flags["meddle.bell"]
    assert state.failures["meddler"] > 0
    updated(world, stages, document(4))
    assert (world.systems, "plugins" in world.scalars()) == ((), False)
    ticks(world, stages, 40)
    assert world.flags["meddle.bell"] == rung
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)
    updated(world, stages, found)
    assert world.script.plugin_state.to_json() == {"failures": {}, "ran": {}}
    ticks(world, stages, 1)
    assert world.flags["meddle.bell"] == rung + 1


def test_failures_and_the_time_of_systems_go_on_under_another_definition() -> None:
    found = meddled(4, **{"meddle.break": True})
    world, stages = opened(found)
    ticks(world, stages, 40)
    before = world.script.plugin_state.to_json()
    updated(world, stages, {**found, "name": "Another Village"})
    assert world.script.plugin_state.to_json() == before
    assert before["failures"]["meddler"] > 0


def test_after_its_budget_of_failures_it_is_switched_off_from_the_next_tick() -> None:
    """Four people ask `broken` in tick 1: four failures of five. The next to ask make it five and more; the
    tick after that asks no longer, its systems do not run, and the world goes on."""
    world, stages = opened(meddled(4, **{"meddle.break": True}))
    state = world.script.plugin_state
    (first,) = ticks(world, stages, 1)
    assert (state.failures["meddler"], state.off) == (4, frozenset())
    while not state.off:
        ticks(world, stages, 1)
    assert state.failures["meddler"] >= MEDDLER.failures_max
    count, rung = state.failures["meddler"], world.flags["meddle.bell"]
    later = ticks(world, stages, 120)
    assert (state.failures["meddler"], world.flags["meddle.bell"]) == (count, rung)
    assert all(done.failures == () and done.plan.systems == () for done in later)
    assert later[-1].tick == first.tick + world.tick - 1
    assert sum(done.npc_ticks for done in later) > 0


def test_more_effects_than_the_budget_are_a_failure_and_none_of_them_counts() -> None:
    found = meddled(2)
    found["meta"]["plugins"]["meddler"] = {"flood": 3}
    world, stages = opened(found)
    (done,) = ticks(world, stages, 1)
    assert done.failures[0].rule == "plugin:meddler:flood"
    assert done.failures[0].error == "ValueError: brought about more than 2 effects"
    assert "flood.0" not in world.flags
    assert world.flags["meddle.bell"] == 1


@pytest.mark.parametrize(
    ("effect", "error"),
    [
        (place("npc:0", "loc:moon"), "there is no location 'loc:moon'"),
        (place("npc:99", "loc:inn"), "nobody called 'npc:99' lives here"),
        (change_stat("npc:0", "core.affinity", float("nan")), "nan cannot be added to core.affinity"),
        (change_stat("npc:0", "behavior.currentActivityId", 1), "behavior.currentActivityId is no number"),
        (change_stat("npc:0", "core", 1), "core. is no number of this world"),
        (put("npc:0", "another", {}), "is not plugin:meddler, its own"),
        (put("npc:0", "meddler", {"far": "x" * 70_000}), "at most 65536"),
        (put("npc:0", "meddler", {"what": {1, 2}}), "a set is no JSON value"),
        (set_flag("", 1), "'' is no key of a flag"),
        (set_flag("nan", float("nan")), "is nan; allowed: a number a double can hold"),
        ("rain", "is no effect of a plug-in"),
    ],
)
def test_what_no_world_could_carry_out_is_refused(effect: Any, error: str) -> None:
    world, _ = opened(meddled(2))
    with pytest.raises((TypeError, ValueError), match=error):
        sound(world.script, "meddler", [effect], 5, {})


def test_what_a_plug_in_keeps_hold_of_cannot_change_the_world_later() -> None:
    world, _ = opened(meddled(2))
    mine: dict[str, Any] = {"list": [1]}
    (effect,) = sound(world.script, "meddler", [put("npc:0", "meddler", mine)], 5, {})
    mine["list"].append(2)
    assert effect.write.value == {"list": [1]}  # type: ignore[union-attr]


# -- kept and brought back


@pytest.mark.parametrize("at", [1, 17, 30, 75])
def test_from_a_snapshot_everything_goes_on_the_same(at: int) -> None:
    """Failures under way, systems half way to their next run: all of it is state."""
    found = meddled(30, **{"meddle.break": True})
    world, stages = opened(found)
    ticks(world, stages, at)
    body = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again, restaged = restore(parse_world(found, "village.json", PLUGINS), body)
    assert drive.state_hash_in_full(again, restaged) == drive.state_hash(world, stages)
    assert again.script.plugin_state.off == frozenset(
        name for name, count in world.script.plugin_state.failures.items() if count >= MEDDLER.failures_max
    )
    ticks(world, stages, 60)
    ticks(again, restaged, 60)
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)


def test_another_version_is_another_state_and_the_snapshot_says_which_made_it() -> None:
    found = meddled(3)
    world, stages = opened(found)
    newer = Plugins({"meddler": replace(MEDDLER, version="2.0")})
    body = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again, restaged = restore(parse_world(found, "village.json", newer), body)
    assert again.made_with == {"meddler": "1.2"}
    assert drive.state_hash(again, restaged) != drive.state_hash(world, stages)


def test_foreseeing_a_tick_counts_no_failure_of_a_plug_in() -> None:
    """Whom a system wants to see is asked each time; only the tick that is made counts that it cannot say."""

    def lost(people: Any, now: int) -> Any:
        raise LookupError("whom?")

    system = WorldSystem(name="gaze", every=60, run=lambda *_: (), looks=lost)
    plugins = Plugins({"eye": Plugin(id="eye", version="1", systems=(system,))})
    found = document(1)
    found["meta"]["plugins"] = {"eye": {}}
    world, stages = opened(found, plugins)
    for _ in range(3):
        next_plan(world)
    assert world.script.plugin_state.failures == {}
    drive.tick(world, stages)
    assert world.script.plugin_state.failures == {"eye": 1}
