"""A running world gets another definition: what stays keeps its state, what goes is refused while in use."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hooked import hamlet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.consequences import AskFor
from simulation.definitions import WorldDefinition, pack, parse_world, update_payload
from simulation.definitions.differences import differences
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.orders import Requested
from simulation.recasting import times_of
from simulation.snapshot import encode, parts_of, restore
from simulation.units import Band, InputKind, NpcId, RequestId, SessionId, Tier
from simulation.world import World
from village import document, person

Change = Callable[[dict[str, Any]], None]
HOUR = 3600


def definition(changed: Change = lambda _: None, people: int = 30, **simulation: Any) -> WorldDefinition:
    """The village, with something in it changed."""
    found = document(people, **simulation)
    changed(found)
    return parse_world(found, "village.json")


def send(world: World, stages: Stages, kind: InputKind, payload: dict[str, Any]) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def update(world: World, stages: Stages, new: WorldDefinition) -> Outcome:
    payload = update_payload(json.dumps(new.document), new)
    return send(world, stages, InputKind.WORLD_UPDATE, payload)


def run(world: World, stages: Stages, ticks: int) -> None:
    for _ in drive.run(world, stages, ticks):
        pass


def snapshot(world: World, stages: Stages) -> bytes:
    return encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))


def views(world: World, stages: Stages) -> dict[str, Any]:
    """Everybody as they are now, by id."""
    return {
        npc_id: stage.view(npc_id, world.world_time, world.flags)
        for stage in stages.values()
        for npc_id in stage.people.ids
    }


def activities(found: dict[str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = found["meta"]["behavior"]["activities"]
    return block


def day_node(found: dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = found["meta"]["behavior"]["routines"]["villager"]["nodes"][2]
    return node


# -- what stays


def test_a_word_changed_in_a_description_moves_not_one_bit() -> None:
    world, stages = create(definition())
    run(world, stages, 200)
    before = drive.state_hash(world, stages)

    def describe(found: dict[str, Any]) -> None:
        activities(found)["farm"]["description"] = "Sow and reap."

    assert update(world, stages, definition(describe)).applied
    assert drive.state_hash(world, stages) == before == drive.state_hash_in_full(world, stages)


def front(found: dict[str, Any]) -> None:
    """New things in front of everything, so that every number of an old one is another now."""
    behavior = found["meta"]["behavior"]
    swim = {
        "name": "Swim",
        "category": "leisure",
        "cooldownSeconds": 60,
        "effects": {"energyDeltaPerHour": -5},
    }
    swim["effects"] = {"energyDeltaPerHour": -5, "relationshipChanges": {"npc:1": {"affinity": 1}}}
    behavior["activities"] = {"swim": swim, **behavior["activities"]}
    lazy = {"nodes": [{"nodeType": "activity", "preferredActivities": [{"activityId": "rest", "weight": 1}]}]}
    behavior["routines"] = {"lazy": lazy, **behavior["routines"]}
    found["locations"].insert(0, {"id": "loc:abbey", "name": "Abbey", "type": "abbey"})
    found["npcs"].reverse()


RULES = [
    {"id": "inn", "when": {"type": "same_location"}, "tier": "detailed", "priority": 5},
    {"id": "fond", "when": {"type": "affinity_gt", "threshold": 50}, "tier": "active"},
]
SMALL = {"detailed": {"maxNpcs": 6}, "active": {"maxNpcs": 8}, "ambient": {"maxNpcs": 6}}


def visited(found: dict[str, Any]) -> None:
    """A player at the inn, of whom two people are fond."""
    npcs = {name: {"core": {"affinity": 80}} for name in ("npc:2", "npc:9")}
    found["sessions"] = [{"id": "s", "locationId": "loc:inn", "npcs": npcs}]


def test_whom_tier_rules_pull_stays_where_they_are() -> None:
    def described(found: dict[str, Any]) -> None:
        visited(found)
        front(found)

    world, stages = create(definition(visited, people=25, tiers=SMALL, rules=RULES))
    run(world, stages, 200)
    assert world.moving.tiering.pulled
    before = {tier: set(stage.people.ids) for tier, stage in stages.items()}
    state = drive.state_hash(world, stages)
    assert update(world, stages, definition(described, people=25, tiers=SMALL, rules=RULES)).applied
    assert {tier: set(stage.people.ids) for tier, stage in stages.items()} == before
    assert drive.state_hash(world, stages) == state


def test_who_stays_keeps_everything_whatever_numbers_things_have_now() -> None:
    world, stages = create(definition())
    run(world, stages, 300)
    before = views(world, stages)
    hash_before = drive.state_hash(world, stages)
    assert any(view["components"]["behavior"]["lastEndedAt"] for view in before.values())
    assert update(world, stages, definition(front)).applied
    assert views(world, stages) == before
    assert drive.state_hash(world, stages) == hash_before == drive.state_hash_in_full(world, stages)


def test_a_relationship_no_rule_reads_any_more_is_kept_and_found_again() -> None:
    world, stages = create(definition())
    run(world, stages, 300)
    before = views(world, stages)

    def indifferent(found: dict[str, Any]) -> None:
        activities(found)["drink"]["effects"].pop("relationshipChanges")

    assert update(world, stages, definition(indifferent)).applied
    # Whoever drinks was settled by the old rates; what the others think of the innkeeper is as it was.
    assert ("role:innkeeper", "trust") not in world.script.slot_names
    after = views(world, stages)
    for npc_id, view in before.items():
        ties = view["components"].get("relationships")
        assert after[npc_id]["components"].get("relationships") == ties
    assert any(
        "trust" in view["components"].get("relationships", {}).get("role:innkeeper", {})
        for view in after.values()
    )
    assert update(world, stages, definition()).applied
    assert views(world, stages) == before
    assert drive.state_hash_in_full(world, stages) == drive.state_hash(world, stages)


def resting(found: dict[str, Any]) -> None:
    """Nobody does anything but rest, at 6 points an hour, for as long as the test lasts."""
    for node in found["meta"]["behavior"]["routines"]["villager"]["nodes"]:
        node["preferredActivities"] = [{"activityId": "rest", "weight": 1}]
    activities(found)["rest"]["minDurationSeconds"] = 24 * HOUR


def test_a_changed_rate_counts_from_the_update_on() -> None:
    """Person 1 begins with 27 points and rests from the first tick, a minute after the world began.

    30 minutes at 6 an hour: 27 + 3 = 30. Then 30 minutes at 20 an hour: 30 + 10 = 40.
    """

    def faster(found: dict[str, Any]) -> None:
        resting(found)
        activities(found)["rest"]["effects"]["energyDeltaPerHour"] = 20

    world, stages = create(definition(resting, people=3))
    run(world, stages, 31)
    assert energy(world, stages, "npc:1") == 30
    assert update(world, stages, definition(faster, people=3)).applied
    assert energy(world, stages, "npc:1") == 30
    run(world, stages, 30)
    assert energy(world, stages, "npc:1") == 40


def energy(world: World, stages: Stages, npc_id: str) -> float:
    found: float = views(world, stages)[npc_id]["components"]["behavior"]["energy"]
    return found


# -- who comes and who goes


def test_a_newcomer_takes_the_place_their_importance_gives_them() -> None:
    """Importance is n % 7 * 10: of 14 people two have each of 0 to 60. Detailed holds 4: 60, 60, 50, 50."""
    tiers = {"detailed": {"maxNpcs": 4}, "active": {"maxNpcs": 5}}
    world, stages = create(definition(people=14, tiers=tiers))
    run(world, stages, 20)
    detailed = set(stages[Tier.DETAILED].people.ids)
    assert detailed == {"npc:5", "npc:6", "npc:12", "npc:13"}

    def two_more(found: dict[str, Any]) -> None:
        grand, small = person(101), person(102)
        grand["personality"]["importance"], small["personality"]["importance"] = 55, 5
        found["npcs"] += [grand, small]

    assert update(world, stages, definition(two_more, people=14, tiers=tiers)).applied
    # 55 is above the 50s: one of them goes down; 5 is above nobody but the two with 0.
    now = set(stages[Tier.DETAILED].people.ids)
    assert now - detailed == {"npc:101"}
    assert len(now) == 4
    assert {"npc:6", "npc:13"} <= now
    assert "npc:102" in stages[Tier.AMBIENT].people.ids
    counts = {tier: stage.count for tier, stage in stages.items()}
    assert counts == world.counts == {Tier.DETAILED: 4, Tier.ACTIVE: 5, Tier.AMBIENT: 7, Tier.DORMANT: 0}
    run(world, stages, 60)
    assert drive.state_hash_in_full(world, stages) == drive.state_hash(world, stages)


def test_who_is_gone_leaves_nothing_behind_in_sessions() -> None:
    def with_player(found: dict[str, Any]) -> None:
        personal = {"core": {"affinity": 80}}
        npcs = {"npc:1": personal, "npc:2": personal}
        found["sessions"] = [{"id": "s", "cast": ["npc:1", "npc:2"], "npcs": npcs}]

    def without_one(found: dict[str, Any]) -> None:
        with_player(found)
        del found["npcs"][1], found["sessions"][0]["npcs"]["npc:1"], found["sessions"][0]["cast"][0]

    world, stages = create(definition(with_player))
    run(world, stages, 20)
    outcome = update(world, stages, definition(without_one))
    assert outcome.applied, outcome.detail
    assert {"section": "npcs", "id": "npc:1", "change": "removed", "applies": True} in outcome.detail[
        "differences"
    ]
    (session,) = world.sessions
    assert (list(session.npcs), session.cast, session.version) == (["npc:2"], (NpcId("npc:2"),), 1)
    assert "npc:1" not in views(world, stages)
    assert world.people == 29
    run(world, stages, 20)


# -- what is refused


def test_what_somebody_does_is_not_taken_away_and_the_refusal_names_them() -> None:
    world, stages = create(definition(resting, people=3))
    run(world, stages, 5)
    before = drive.state_hash(world, stages)

    def restless(found: dict[str, Any]) -> None:
        del activities(found)["rest"]
        for node in found["meta"]["behavior"]["routines"]["villager"]["nodes"]:
            node["preferredActivities"] = [{"activityId": "farm", "weight": 1}]

    outcome = update(world, stages, definition(restless, people=3))
    assert not outcome.applied
    assert "npc:0 does rest, npc:1 does rest, npc:2 does rest" in outcome.detail["reason"]
    assert drive.state_hash(world, stages) == before
    assert world.script.definition.definition_hash == definition(resting, people=3).definition_hash


def test_who_goes_does_not_hide_who_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only one of those who rest is shown; whichever of the two others go, the third is named."""
    monkeypatch.setattr("simulation.stage.USERS_SHOWN_MAX", 1)
    for stays in range(3):
        world, stages = create(definition(resting, people=3))
        run(world, stages, 5)

        def restless(found: dict[str, Any], stays: int = stays) -> None:
            del activities(found)["rest"]
            for node in found["meta"]["behavior"]["routines"]["villager"]["nodes"]:
                node["preferredActivities"] = [{"activityId": "farm", "weight": 1}]
            found["npcs"] = [found["npcs"][stays]]

        outcome = update(world, stages, definition(restless, people=3))
        assert not outcome.applied
        assert f"npc:{stays} does rest" in outcome.detail["reason"]


def test_what_nobody_does_can_be_taken_away_and_is_forgotten() -> None:
    world, stages = create(definition(people=12))
    run(world, stages, 400)

    def stop_drinking(found: dict[str, Any]) -> None:
        node = day_node(found)
        node["preferredActivities"] = [c for c in node["preferredActivities"] if c["activityId"] != "drink"]

    def sober(found: dict[str, Any]) -> None:
        stop_drinking(found)
        del activities(found)["drink"]
        for npc in found["npcs"]:
            del npc["personality"]["preferences"]["activityWeights"]

    assert update(world, stages, definition(stop_drinking, people=12)).applied
    run(world, stages, 700)
    recent = [view["components"]["behavior"] for view in views(world, stages).values()]
    assert any(behavior["lastEndedAt"] for behavior in recent)
    outcome = update(world, stages, definition(sober, people=12))
    assert outcome.applied, outcome.detail
    for npc_id, view in views(world, stages).items():
        behavior = view["components"]["behavior"]
        assert behavior["lastEndedAt"] == {}
        assert "drink" not in [entry["activityId"] for entry in behavior["lastActivities"]], npc_id
    run(world, stages, 100)
    assert drive.state_hash_in_full(world, stages) == drive.state_hash(world, stages)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({}, "$.document"),
        ({"document": "no base64"}, "cannot be unpacked"),
        ({"document": 7}, "$.document"),
        ({"document": "eJwDAAAAAAE=", "definitionHash": "h"}, "not JSON"),
    ],
)
def test_a_payload_that_is_no_definition_is_refused(payload: dict[str, Any], said: str) -> None:
    world, stages = create(definition(people=2))
    outcome = send(world, stages, InputKind.WORLD_UPDATE, payload)
    assert not outcome.applied
    assert said in outcome.detail["reason"]


def test_the_hash_beside_a_document_must_be_its_own() -> None:
    world, stages = create(definition(people=2))
    new = definition(front, people=2)
    payload = {**update_payload(json.dumps(new.document), new), "definitionHash": "0" * 32}
    outcome = send(world, stages, InputKind.WORLD_UPDATE, payload)
    assert not outcome.applied
    assert "$.definitionHash" in outcome.detail["reason"]


def test_another_world_is_refused_and_the_same_definition_changes_nothing() -> None:
    world, stages = create(definition(people=2))
    other = definition(lambda found: found.update(id="elsewhere"), people=2)
    assert "elsewhere" in update(world, stages, other).detail["reason"]
    before = drive.state_hash(world, stages)
    same = update(world, stages, definition(people=2))
    assert (same.applied, same.redefines) == (True, False)
    assert (same.detail["differences"], same.detail["counts"]) == ([], {})
    assert drive.state_hash(world, stages) == before


def test_a_document_packed_into_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulation.definitions.updates.DOCUMENT_BYTES_MAX", 1000)
    world, stages = create(definition(people=2))
    new = definition(front, people=2)
    assert len(json.dumps(new.document)) > 1000 > len(pack(json.dumps(new.document))) / 2
    assert "cannot be unpacked" in update(world, stages, new).detail["reason"]


# -- the simulation block


def test_the_file_changes_what_it_says_otherwise_and_an_operators_change_stays() -> None:
    world, stages = create(definition(people=3))
    assert send(world, stages, InputKind.CONFIG, {"changes": {"maxNpcTicksPerStep": 7}}).applied
    assert update(world, stages, definition(people=3, timeScale=30)).applied
    assert (world.config.time_scale, world.config.max_npc_ticks_per_step) == (30, 7)


def test_a_file_with_more_people_than_the_tiers_in_force_hold_is_refused() -> None:
    tiers = {"dormant": {"maxNpcs": 0}, "ambient": {"maxNpcs": 0}, "active": {"maxNpcs": 0}}
    world, stages = create(definition(people=3))
    assert send(
        world, stages, InputKind.CONFIG, {"changes": {f"tiers.{t}.maxNpcs": 0 for t in tiers}}
    ).applied
    # Detailed holds 20 and the others nothing: 21 people do not fit.
    outcome = update(world, stages, definition(people=21))
    assert not outcome.applied
    assert outcome.detail["reason"] == "the tiers would hold 20 of 21 people"


# -- the history


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_replay_across_an_update_gives_the_same_world_from_before_and_from_after(data: Any) -> None:
    """An update at a random tick; then again from a snapshot before it, and from one after, in a village with
    tier rules."""

    def other(found: dict[str, Any]) -> None:
        front(found)
        visited(found)
        found["sessions"][0]["npcs"].pop("npc:2")
        found["npcs"] = [npc for npc in found["npcs"] if npc["id"] not in ("npc:2", "npc:11")]
        found["npcs"] += [person(77), person(78)]
        activities(found)["farm"]["effects"]["energyDeltaPerHour"] = -3
        found["meta"]["simulation"]["timeScale"] = 45

    old = definition(visited, people=25, tiers=SMALL, rules=RULES)
    new = definition(other, people=25, tiers=SMALL, rules=RULES)
    first, at = sorted((data.draw(st.integers(0, 40)), data.draw(st.integers(0, 40))))
    late = data.draw(st.integers(at, 60))
    world, stages = create(old)
    run(world, stages, first)
    before = snapshot(world, stages)
    run(world, stages, at - first)
    item = Input(world.next_seq, InputKind.WORLD_UPDATE, update_payload(json.dumps(new.document), new))
    world.deliver([item])
    (outcome,) = drive.boundary(world, stages)
    assert outcome.applied
    assert outcome.redefines
    for tier, stage in stages.items():
        assert world.counts[tier] == stage.count
        assert world.agendas[tier].times() == dict(sorted(times_of(stage.people).items()))
    applied = Input(item.seq, item.kind, item.payload, outcome.tick, outcome.ordinal)
    run(world, stages, late - at)
    after = snapshot(world, stages)
    run(world, stages, 80 - late)
    for found, kept, ahead in ((old, before, [applied]), (new, after, [])):
        again, restaged = restore(found, kept)
        assert drive.replay(again, restaged, ahead, world.tick) == ([], True)
        assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)
        assert drive.state_hash_in_full(again, restaged) == drive.state_hash(again, restaged)


def test_differences_are_listed_by_section_and_id() -> None:
    def other(found: dict[str, Any]) -> None:
        front(found)
        found["npcs"].pop()
        activities(found)["farm"]["name"] = "Plough"
        found["flags"]["feast"] = 1
        found["meta"]["simulation"]["timeScale"] = 30

    found = differences(definition(people=2), definition(other, people=2))
    assert [(one.section, one.name, one.how, one.applies) for one in found] == [
        ("flags", "feast", "added", True),
        ("locations", "loc:abbey", "added", True),
        ("meta.behavior.activities", "farm", "changed", True),
        ("meta.behavior.activities", "swim", "added", True),
        ("meta.behavior.routines", "lazy", "added", True),
        ("meta.simulation", "timeScale", "changed", True),
        ("npcs", "npc:0", "removed", True),
    ]


# -- hooks


def test_what_hooks_keep_the_time_of_goes_on_under_another_definition() -> None:
    """Ann works from minute 1; the hook acts after five minutes of it, whichever definition is in force."""
    hook = {"id": "ask", "when": "while", "afterSeconds": 300, "chainId": "walk"}
    world, stages = create(parse_world(hamlet([hook], work_all_day=True)))
    run(world, stages, 3)
    renamed = {**hamlet([hook], work_all_day=True), "name": "Another Hamlet"}
    assert update(world, stages, parse_world(renamed)).applied
    assert world.cues.timed() == create_again(world, renamed, snapshot(world, stages))
    run(world, stages, 5)
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    assert [intent["chainId"] for intent in session.inbox] == ["walk"]


def create_again(world: World, document: dict[str, Any], body: bytes) -> list[Any]:
    """What a world restored from that snapshot keeps the time of."""
    again, _ = restore(parse_world(document), body)
    assert again.world_time == world.world_time
    return again.cues.timed()


def test_a_hook_that_is_gone_acts_no_more() -> None:
    hook = {"id": "ask", "when": "while", "afterSeconds": 300, "chainId": "walk"}
    world, stages = create(parse_world(hamlet([hook], work_all_day=True)))
    run(world, stages, 3)
    assert update(world, stages, parse_world(hamlet(work_all_day=True))).applied
    run(world, stages, 8)
    session = world.sessions.get(SessionId("s1"))
    assert session is not None
    assert session.inbox == ()


def test_what_somebody_set_off_who_is_gone_waits_no_more() -> None:
    """Both begin to work in the first tick; one of them is in the new definition."""
    hook = {"id": "ask", "when": "start", "chainId": "walk", "ttlSeconds": 600}
    world, stages = create(parse_world(hamlet([hook], people=2)))
    run(world, stages, 1)
    assert [cue.npc_id for cue in world.cues.waiting] == ["n00", "n01"]
    assert update(world, stages, parse_world(hamlet([hook]))).applied
    assert [cue.npc_id for cue in world.cues.waiting] == ["n00"]


def test_what_was_handed_over_for_somebody_who_is_gone_need_not_be_made() -> None:
    """npc:29 is not in the new definition of 29 people; what is for npc:1 is still wanted."""
    live = {"generation": {"mode": "live"}}
    world, stages = create(definition(**live))
    asked = [
        Requested(RequestId(name), NpcId(npc), 1, "image", Band.PLAYER_WAITING, "portrait", {})
        for name, npc in (("r1", "npc:1"), ("r29", "npc:29"))
    ]
    drive.perform(world, stages, world.carry_out(map(AskFor, asked)))
    assert {"r1", "r29"} <= {request.request_id for request in drive.tick(world, stages).requests}
    assert update(world, stages, definition(people=29, **live)).applied
    assert drive.tick(world, stages).unwanted == {"r29": "its person is gone"}


# -- preferences


def test_what_a_persons_own_component_prefers_counts_under_another_definition_too() -> None:
    """A change of the world's name moves no bit; forgotten preferences would move many."""
    hashes = []
    for renamed in (False, True):
        world, stages = create(definition())
        likes = {"preferences": {"activityWeights": {"farm": 1.0, "drink": 0.0}}}
        payload = {"npcId": "npc:3", "component": "behavior", "value": likes}
        assert send(world, stages, InputKind.PERSON, payload).applied
        if renamed:
            new = definition(lambda found: found.update(name="Another Village"))
            assert update(world, stages, new).applied
        run(world, stages, 200)
        hashes.append(drive.state_hash(world, stages))
    assert hashes[0] == hashes[1]
