"""A tier's people: what a tick does to them, what it leaves alone, and how they go in and out as JSON."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.definitions import parse_world
from simulation.opening import create
from simulation.orders import ComponentWrite, Leave, TierOrder, TierTouch
from simulation.person_json import components_of
from simulation.stage import Stage
from simulation.units import Micros, NpcId, Tick, Tier

NOON = Micros(43_200_000_000)
MINUTE = 60_000_000
Document = Callable[..., dict[str, Any]]


def order(now: int, share: int, **more: Any) -> TierOrder:
    return TierOrder(
        tick=Tick(1),
        now=Micros(now),
        share=share,
        interval=Micros(MINUTE),
        flags=more.get("flags", {}),
        hooks=more.get("hooks", True),
    )


def detailed(document: dict[str, Any]) -> Stage:
    _, stages = create(parse_world(document, "village.json"))
    return stages[Tier.DETAILED]


@pytest.fixture
def stage(village_document: Document) -> Stage:
    return detailed(village_document(20, tiers={"detailed": {"maxNpcs": 100}}))


def test_a_tick_serves_its_share_and_names_who_waits(stage: Stage) -> None:
    report = stage.tick(order(NOON + MINUTE, 15))
    assert (report.served, report.touched, len(report.waiting)) == (15, 15, 5)


def test_nobody_is_served_twice_before_their_next_decision(stage: Stage) -> None:
    assert stage.tick(order(NOON + MINUTE, 50)).served == 20
    assert stage.tick(order(NOON + MINUTE, 50)).served == 0


def test_the_next_decision_is_after_the_activity_or_the_interval(stage: Stage) -> None:
    report = stage.tick(order(NOON + MINUTE, 50))
    longest = {"farm": 1800, "drink": 900}
    for npc_id in stage.people.ids:
        behavior = stage.view(npc_id, Micros(NOON + MINUTE), {})["components"]["behavior"]  # type: ignore[index]
        stays = longest.get(behavior["currentActivityId"], 60)
        assert behavior["nextDecisionAt"] == 43260 + stays
    assert sum(count for _, count in report.scheduled) == 20


def test_reading_somebody_changes_nothing(stage: Stage) -> None:
    stage.tick(order(NOON + MINUTE, 50))
    before = stage.fingerprint_in_full()
    seen = [
        stage.view(npc_id, Micros(NOON + hour * 60 * MINUTE), {})
        for hour in (1, 9)
        for npc_id in stage.people.ids
    ]
    assert len(seen) == 40
    assert stage.fingerprint_in_full() == before


def test_the_running_hash_is_the_hash_from_nothing(stage: Stage) -> None:
    for minute in range(1, 90):
        stage.tick(order(NOON + minute * MINUTE, 3))
        if minute % 20 == 0:
            stage.touch(TierTouch(writes=(ComponentWrite(NpcId("npc:3"), "note", {"minute": minute}),)))
        assert stage.fingerprint() == stage.fingerprint_in_full()


def test_a_component_write_is_seen_and_hashed(stage: Stage) -> None:
    before = stage.fingerprint()
    stage.touch(TierTouch(writes=(ComponentWrite(NpcId("npc:3"), "dialogue", {"text": "Good morning"}),)))
    view = stage.view(NpcId("npc:3"), NOON, {})
    assert view is not None
    assert view["components"]["dialogue"] == {"text": "Good morning"}
    assert stage.fingerprint() != before


def test_the_least_important_leave_and_nothing_of_them_changes(village_document: Document) -> None:
    definition = parse_world(
        village_document(20, tiers={"detailed": {"maxNpcs": 20}, "active": {"maxNpcs": 100}}), "v.json"
    )
    _, stages = create(definition)
    here, there = stages[Tier.DETAILED], stages[Tier.ACTIVE]
    here.tick(order(NOON + MINUTE, 50))
    ranked = sorted(definition.npcs, key=lambda npc: npc.importance)
    before = {npc.id: here.view(npc.id, NOON, {}) for npc in definition.npcs}
    left = here.touch(TierTouch(leave=Leave(6, best=False))).left
    assert {row.npc_id for row in left} <= {
        npc.id for npc in ranked if npc.importance <= ranked[5].importance
    }
    there.touch(TierTouch(come=left))
    for row in left:
        after = there.view(row.npc_id, NOON, {})
        assert after is not None
        assert after["components"]["behavior"].pop("simulationTier") == "active"
        gone = before[row.npc_id]
        assert gone is not None
        gone["components"]["behavior"].pop("simulationTier")
        assert after["components"] == gone["components"]
    assert (here.count, there.count) == (14, 6)
    assert here.fingerprint() == here.fingerprint_in_full()


def test_a_rule_that_raises_is_counted_for_that_person_only(village_document: Document) -> None:
    document = village_document(20, tiers={"detailed": {"maxNpcs": 100}})
    brood = document["meta"]["behavior"]["activities"]["brood"]["requirements"]["conditions"][0]
    brood["expression"] = "1 / (core.affinity - 5) < 2"
    stage = detailed(document)
    report = stage.tick(order(NOON + MINUTE, 50))
    assert [failure.npc_id for failure in report.failures] == ["npc:5"]
    assert "ZeroDivisionError" in report.failures[0].error
    assert report.failures[0].rule.startswith("meta.behavior.activities")
    assert report.served == 20
    failed = stage.view(NpcId("npc:5"), Micros(NOON + MINUTE), {})
    assert failed is not None
    assert failed["components"]["behavior"]["currentActivityId"] is None
    assert failed["components"]["behavior"]["nextDecisionAt"] == 43260 + 60


def test_the_dormant_make_no_requests(stage: Stage) -> None:
    assert stage.tick(order(NOON + MINUTE, 50, hooks=False)).requests == ()


def test_requests_come_from_activities_with_deterministic_ids(village_document: Document) -> None:
    found = [
        detailed(village_document(20, tiers={"detailed": {"maxNpcs": 100}})).tick(order(NOON + MINUTE, 50))
        for _ in range(2)
    ]
    assert found[0].requests == found[1].requests
    assert found[0].requests, "with seed 7 somebody drinks and asks at noon"
    assert {request.kind for request in found[0].requests} == {"dialogue"}
    assert {request.params["activityId"] for request in found[0].requests} == {"drink"}


COMPONENTS = st.fixed_dictionaries(
    {
        "behavior": st.fixed_dictionaries(
            {
                "currentActivityId": st.sampled_from([None, "rest", "drink"]),
                "activityStartedAt": st.integers(0, 40_000),
                "nextDecisionAt": st.integers(43_200, 90_000),
                "locationId": st.sampled_from(["loc:home", "loc:inn"]),
                "energy": st.integers(0, 100_000).map(lambda n: n / 1000),
                "moodState": st.fixed_dictionaries(
                    {
                        "valence": st.floats(-100, 100).map(lambda x: x + 0.0),
                        "arousal": st.floats(-100, 100).map(lambda x: x + 0.0),
                    }
                ),
                "lastActivities": st.lists(
                    st.fixed_dictionaries(
                        {
                            "activityId": st.sampled_from(["rest", "farm"]),
                            "endedAtSeconds": st.integers(0, 40_000),
                        }
                    ),
                    max_size=10,
                ),
                "lastEndedAt": st.one_of(st.just({}), st.just({"drink": 12.5})),
                "settledAt": st.integers(0, 43_200),
                "x-note": st.text(max_size=5),
            }
        ),
        "relationships": st.one_of(
            st.just({"role:innkeeper": {"affinity": 12.25, "rivalry": 3}}), st.just({"npc:9": {"trust": 1}})
        ),
        "x-anything": st.dictionaries(st.text(max_size=4), st.integers(), max_size=3),
    }
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(components=COMPONENTS)
def test_components_survive_the_way_into_columns_and_out(village_document, components) -> None:
    given_file = village_document(1)
    given_file["npcs"][0]["components"] = components
    stage = detailed(given_file)
    stored = components_of(stage.script, stage.people, 0, Tier.DETAILED)
    assert stored["behavior"].pop("simulationTier") == "detailed"
    assert stored == components


def test_two_populations_with_other_rows_have_one_hash(village_document: Document) -> None:
    straight, turned = village_document(20), village_document(20)
    turned["npcs"].reverse()
    sums = []
    for document in (straight, turned):
        _, stages = create(parse_world(document, "v.json"))
        sums.append([stages[tier].fingerprint() for tier in Tier])
    assert sums[0] == sums[1]


def test_a_population_grows_and_shrinks_without_losing_anybody(stage: Stage) -> None:
    rows = stage.touch(TierTouch(leave=Leave(20, best=True))).left
    assert stage.count == 0
    stage.touch(TierTouch(come=tuple(rows)))
    assert stage.count == 20
    assert sorted(stage.people.row_of.values()) == list(range(20))
    assert np.unique(stage.people["entity"][:20]).size == 20


def test_a_person_is_shown_with_what_they_would_decide_now_and_why(stage: Stage) -> None:
    npc = stage.people.ids[0]
    why = stage.why(npc, NOON, {})
    shown = stage.shown(npc, NOON, {})
    assert why is not None
    assert shown is not None
    assert shown["why"] == why.to_json()
    assert shown["why"]["chosen"] is not None
    assert stage.shown(NpcId("nobody"), NOON, {}) is None


def test_a_rule_that_raises_is_said_instead_of_why(village_document: Document) -> None:
    document = village_document(20)
    routine = document["meta"]["behavior"]["routines"]["villager"]
    broken = {"type": "expression", "expression": "1 / (energy - energy) > 0"}
    routine["nodes"].insert(
        0, {"id": "broken", "nodeType": "decision", "decisionConditions": [broken], "preferredActivities": []}
    )
    stage = detailed(document)
    shown = stage.shown(stage.people.ids[0], NOON, {})
    assert shown is not None
    assert shown["why"] == {"error": "ZeroDivisionError: float division by zero"}
