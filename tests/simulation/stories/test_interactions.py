"""Interactions as domain.md has them: every gate with its reason and time, and outcomes all at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import drive, flag_room
from simulation.definitions import parse_world
from simulation.definitions.interaction_gates import SCOPES
from simulation.definitions.kept import STACK_MAX
from simulation.definitions.sessions import KINDS_OF_ITEM_MAX
from simulation.flag_room import FLAGS_MAX
from simulation.inputs import Input, Outcome
from simulation.opening import create
from simulation.orders import TierTouch
from simulation.population import WAITING_FOR
from simulation.snapshot import encode, parts_of, restore
from simulation.stories import interaction_inputs
from simulation.stories.chain_rules import Meeting
from simulation.stories.interaction_effects import MEMORIES_KEPT
from simulation.stories.interaction_inputs import PARAMS_BYTES_MAX
from simulation.stories.interaction_view import interactions_with
from simulation.tiers import TIERS
from simulation.units import InputKind, NpcId, SessionId
from simulation.views import view_of_people
from village import document

NOON = 43_200
"""The village begins at noon of day 0, a Monday."""
HOUR, DAY = 3_600, 86_400
ANN, BO = "npc:1", "npc:2"


def town(
    simulation: Mapping[str, Any] | None = None, session: Mapping[str, Any] | None = None, **interactions: Any
) -> dict[str, Any]:
    """The village with these interactions and one player. Person 1 has energy 27, affinity 1 and a sad mood
    (valence 17 - 100 = -83), and does nothing yet."""
    made = document(4, **{"generation": {"mode": "off"}, "mode": "turn_based", **(simulation or {})})
    made["meta"]["interactions"] = interactions
    made["sessions"] = [{"id": "s1", "userId": "ann", **(session or {})}]
    return made


class Play:
    """A world driven by plain calls, one player in it."""

    def __init__(self, made: dict[str, Any]) -> None:
        self.world, self.stages = create(parse_world(made))

    def send(self, kind: InputKind, **payload: Any) -> Outcome:
        assert self.world.deliver([Input(self.world.next_seq, kind, payload)])
        (outcome,) = drive.boundary(self.world, self.stages)
        return outcome

    def do(self, name: str = "greet", npc: str = ANN, **more: Any) -> Outcome:
        return self.send(InputKind.INTERACT, sessionId="s1", npcId=npc, interactionId=name, **more)

    def advance(self, seconds: float) -> None:
        assert self.send(InputKind.ADVANCE, seconds=seconds).applied
        while self.world.wants_tick:
            drive.tick(self.world, self.stages)

    @property
    def session(self) -> Any:
        return self.world.sessions.get(SessionId("s1"))

    def personal(self, component: str, npc: str = ANN) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.session.component(NpcId(npc), component)
        return found

    def components(self, npc: str = ANN) -> Mapping[str, Any]:
        for stage in self.stages.values():
            if (view := stage.view(NpcId(npc), self.world.world_time, self.world.flags)) is not None:
                found: Mapping[str, Any] = view["components"]
                return found
        raise LookupError(npc)

    def listed(self, npc: str = ANN) -> dict[str, dict[str, Any]]:
        touch = TierTouch(looks=(NpcId(npc),), now=self.world.world_time, flags=self.world.flags)
        seen = [person for tier in TIERS for person in self.stages[tier].touch(touch).seen]
        meeting = Meeting(self.world.view(view_of_people(seen)), self.session, NpcId(npc))
        return {one["interactionId"]: one for one in interactions_with(meeting)}

    @property
    def hash(self) -> str:
        return drive.state_hash(self.world, self.stages)


# -- gates


@pytest.mark.parametrize(
    ("gating", "gate", "reason"),
    [
        ({"timeOfDay": {"periods": ["evening"]}}, "time", "it opens at day 0, Monday, 17:00 (evening)"),
        ({"timeOfDay": {"hourRanges": [{"start": 1, "end": 12}]}}, "time", "day 1, Tuesday, 01:00 (night)"),
        ({"timeOfDay": {"days": ["Sunday"]}}, "time", "day 6, Sunday, 00:00 (night)"),
        ({"metrics": [{"metric": "core.affinity", "min": 30}]}, "metric", "core.affinity is 1, below 30"),
        (
            {
                "statGating": {
                    "allOf": [{"definitionId": "relationships", "axis": "affinity", "maxValue": 0.5}]
                }
            },
            "metric",
            "core.affinity is 1, above 0.5",
        ),
        (
            {
                "statGating": {
                    "anyOf": [
                        {"metric": "behavior.energy", "min": 90},
                        {"metric": "core.trust", "min": 1},
                    ]
                }
            },
            "metric",
            "behavior.energy is 27, below 90 and core.trust is 0, below 1",
        ),
        ({"behavior": {"allowedActivities": ["farm"]}}, "behavior", "npc:1 does nothing, not farm"),
        ({"behavior": {"allowedCategories": ["routine"]}}, "behavior", "npc:1 does nothing, not rest, sleep"),
        ({"behavior": {"allowedStates": ["social"]}}, "behavior", "npc:1 does nothing, not drink"),
        ({"mood": {"allowedMoods": ["happy", "calm"]}}, "mood", "the mood is sad, not happy or calm"),
        ({"mood": {"forbiddenMoods": ["sad"]}}, "mood", "the mood is sad"),
        ({"requiredFlags": ["festival"]}, "flag", "the flag festival is not set"),
        ({"forbiddenFlags": ["met"]}, "flag", "the flag met is set"),
        (
            {"conditions": [{"type": "energy_between", "min": 50}]},
            "condition",
            "meta.interactions.greet.gating.conditions[0] does not hold",
        ),
        (
            {"conditions": [{"type": "expression", "expression": "1 / quests.nothing > 1"}]},
            "condition",
            "a rule fails: meta.interactions.greet.gating.conditions[0]: TypeError",
        ),
    ],
)
def test_a_closed_gate_says_which_it_is_and_why_and_nothing_changes(
    gating: dict[str, Any], gate: str, reason: str
) -> None:
    made = town(greet={"gating": gating}, session={"flags": {"met": True}})
    play = Play(made)
    before = play.hash
    refused = play.do()
    assert not refused.applied
    assert refused.detail["gate"] == gate
    assert refused.detail["reason"].startswith(f"greet is closed ({gate}): ")
    assert reason in refused.detail["reason"]
    assert play.hash == before
    listed = play.listed()["greet"]
    assert (listed["available"], listed["gate"]) == (False, gate)
    assert reason in listed["reason"]


@pytest.mark.parametrize(
    "gating",
    [
        {},
        {
            "timeOfDay": {
                "periods": ["afternoon"],
                "hourRanges": [{"start": 12, "end": 13}],
                "days": ["Monday"],
            }
        },
        {"timeOfDay": {"hourRanges": [{"start": 22, "end": 12.5}]}},
        {"metrics": [{"metric": "core.affinity", "min": 1, "max": 1}]},
        {"metrics": [{"metric": "behavior.energy", "values": [27, 28]}]},
        {
            "statGating": {
                "anyOf": [{"metric": "core.trust", "min": 1}, {"metric": "core.affinity", "min": 1}]
            }
        },
        {"behavior": {"forbiddenActivities": ["farm"], "forbiddenStates": ["social"]}},
        {"behavior": {"minSimulationTier": "detailed"}},
        {"mood": {"allowedMoods": ["sad"], "forbiddenMoods": ["happy"], "maxEmotionIntensity": 0}},
        {"requiredFlags": ["met"], "forbiddenFlags": ["festival", "gone"]},
        {"conditions": [{"type": "flag_exists", "key": "met"}]},
    ],
)
def test_gates_that_hold_let_the_player_through(gating: dict[str, Any]) -> None:
    play = Play(town(greet={"gating": gating}, session={"flags": {"met": True}}))
    assert play.listed()["greet"]["available"]
    assert play.do().applied


def test_a_gate_sees_what_is_personal_first_unless_it_asks_for_what_everybody_sees() -> None:
    personal = {"npcs": {ANN: {"core": {"affinity": 80}}}, "flags": {"festival": True}}
    likes = {"metric": "core.affinity", "min": 50}
    made = town(
        session=personal,
        mine={"gating": {"metrics": [likes], "requiredFlags": ["festival"]}},
        shared={"gating": {"metrics": [{**likes, "scope": "shared"}]}},
    )
    listed = Play(made).listed()
    assert listed["mine"]["available"]
    assert listed["shared"]["reason"] == "core.affinity is 1, below 50"


def test_a_truth_is_told_as_the_definition_writes_it() -> None:
    made = town(praise={"gating": {"metrics": [{"metric": "stage.warm", "values": [True]}]}})
    made["meta"]["metrics"] = {"stage": {"warm": {"type": "boolean", "component": "stage"}}}
    assert Play(made).listed()["praise"]["reason"] == "stage.warm is false, not true"


def test_activity_and_tier_of_the_person_count_as_they_are() -> None:
    farm = {"behavior": {"currentActivityId": "farm", "simulationTier": "ambient"}}
    made = town(
        busy={"gating": {"behavior": {"forbiddenActivities": ["farm"]}}},
        work={"gating": {"behavior": {"allowedCategories": ["work"]}}},
        near={"gating": {"behavior": {"minSimulationTier": "active"}}},
        far={"gating": {"behavior": {"minSimulationTier": "ambient"}}},
    )
    made["npcs"][1]["components"]["behavior"] |= farm["behavior"]
    listed = Play(made).listed()
    assert listed["busy"]["reason"] == "npc:1 does farm"
    assert listed["near"]["reason"] == "npc:1 is in tier ambient, below active"
    assert (listed["work"]["available"], listed["far"]["available"]) == (True, True)


def test_flags_of_arcs_quests_and_events_are_found_where_they_are_kept() -> None:
    made = town(
        begin={
            "outcome": {
                "flagChanges": {"triggerEvents": ["event:fair"], "questUpdates": {"quest:a": "active"}}
            }
        },
        dance={"gating": {"requiredFlags": ["event:fair.active", "quest:a.status"]}},
        end={"outcome": {"flagChanges": {"endEvents": ["event:fair"]}}},
    )
    play = Play(made)
    assert play.do("dance").detail["reason"].endswith("the flag event:fair.active is not set")
    assert play.do("begin").applied
    assert play.do("dance").applied
    play.advance(60)
    assert play.do("end").applied
    assert not play.do("dance").applied
    assert play.session.flags == {
        "quests.quest:a.status": "active",
        "events.event:fair.active": False,
        "events.event:fair.triggeredAt": NOON,
        "events.event:fair.endedAt": NOON + 60,
    }


def test_an_interaction_is_offered_to_its_targets_alone_and_the_important_one_first() -> None:
    made = town(
        anybody={},
        inn={"targetRolesOrIds": ["role:innkeeper"], "priority": 5},
        bo={"targetIds": [BO]},
    )
    play = Play(made)
    assert list(play.listed("npc:0")) == ["inn", "anybody"]
    assert list(play.listed(ANN)) == ["anybody"]
    assert list(play.listed(BO)) == ["anybody", "bo"]
    refused = play.do("bo")
    assert (refused.applied, refused.detail["gate"]) == (False, "target")


# -- waits


COOL = {"gating": {"cooldownSeconds": 90.000_001}}


def test_it_is_available_again_at_exactly_its_last_use_plus_the_cooldown() -> None:
    play = Play(town(greet=COOL))
    assert play.do().applied
    assert play.personal("interactions") == {"lastUsedAt": {"greet": NOON}}
    play.advance(90)
    refused = play.do()
    assert (refused.detail["gate"], refused.detail["opensAt"]) == ("cooldown", NOON + 90.000_001)
    # 12:01:30 and a microsecond: the calendar says the minute, the number the rest
    assert (
        refused.detail["do"]
        == f"wait until day 0, Monday, 12:01 (afternoon), {NOON + 90.000_001} s of world time"
    )
    assert play.listed()["greet"]["opensAt"] == NOON + 90.000_001
    play.advance(0.000_001)
    assert play.listed()["greet"]["available"]
    assert play.do().applied
    assert play.personal("interactions")["lastUsedAt"] == {"greet": NOON + 90.000_001}


@settings(max_examples=40)
@given(micros=st.integers(2, 10**9), split=st.integers(1, 10**9))
def test_cooldowns_are_exact_to_the_microsecond_wherever_the_ticks_lie(micros: int, split: int) -> None:
    made = town({"tickIntervalSeconds": 20}, greet={"gating": {"cooldownSeconds": micros / 1_000_000}})
    play = Play(made)
    assert play.do().applied
    first = split % (micros - 1)
    if first:
        play.advance(first / 1_000_000)
    play.advance((micros - 1 - first) / 1_000_000)
    early = play.do()
    assert (early.applied, round(early.detail["opensAt"] * 1_000_000)) == (False, NOON * 1_000_000 + micros)
    play.advance(0.000_001)
    assert play.do().applied


def test_a_pause_freezes_the_cooldown_and_the_time_scale_does_not_move_it() -> None:
    play = Play(town(greet=COOL))
    assert play.do().applied
    assert play.send(InputKind.CONFIG, changes={"timeScale": 7}).applied
    play.advance(60)
    assert play.send(InputKind.PAUSE).applied
    assert not play.send(InputKind.ADVANCE, seconds=60).applied
    assert play.do().detail["opensAt"] == NOON + 90.000_001
    assert play.send(InputKind.RESUME).applied
    play.advance(30)
    assert not play.do().applied
    play.advance(0.000_001)
    assert play.do().applied


def test_the_cooldown_is_one_players_with_one_person() -> None:
    play = Play(town(greet=COOL))
    assert play.send(InputKind.SESSION_JOIN, session={"id": "s2"}).applied
    assert play.do().applied
    assert play.do(npc=BO).applied
    assert play.send(InputKind.INTERACT, sessionId="s2", npcId=ANN, interactionId="greet").applied
    assert not play.do().applied


@pytest.mark.parametrize(
    ("now", "used", "opens"),
    [
        (NOON, NOON - HOUR, 17 * HOUR),  # the cooldown ends at 13:00, before the evening begins
        (16 * HOUR + 1800, 16 * HOUR, 18 * HOUR),  # it ends at 18:00, after the evening has begun
        (17 * HOUR, 16 * HOUR, 18 * HOUR),  # it ends at 18:00, in the evening
        (20 * HOUR, 20 * HOUR, DAY + 17 * HOUR),  # it ends at 22:00, after the evening: the next one
    ],
)
def test_two_waits_open_at_the_first_time_that_suits_both(now: int, used: int, opens: int) -> None:
    gating = {"cooldownHours": 2, "timeOfDay": {"periods": ["evening"]}}
    last = {"npcs": {ANN: {"interactions": {"lastUsedAt": {"greet": used}}}}}
    made = town(greet={"gating": gating}, session=last)
    made["worldTime"] = now
    play = Play(made)
    assert play.listed()["greet"]["opensAt"] == opens
    assert play.do().detail["opensAt"] == opens


# -- outcomes


def everything(**more: Any) -> dict[str, Any]:
    return {
        "greet": {
            "outcome": {
                "statDeltas": [
                    {"metric": "core.affinity", "add": 7},
                    {"metric": "core.affinity", "add": 0.5},
                    {"metric": "core.trust", "set": 40, "scope": "shared"},
                    {"packageId": "core.relationships", "axes": {"affinity": 3}, "npcId": BO},
                    {"metric": "behavior.energy", "add": -100},
                ],
                "flagChanges": {
                    "set": {"met": {"ann": True}},
                    "increment": {"greetings": 2},
                    "delete": ["shy"],
                },
                "worldFlagChanges": {"set": {"festival": True}, "increment": {"guests": 1}},
                "inventoryChanges": {
                    "add": [{"itemId": "rose"}, {"itemId": "coin", "quantity": 5}],
                    "remove": [{"itemId": "coin", "quantity": 7}],
                },
                "components": [
                    {"component": "quests", "op": "update", "value": {"lamp": 1}},
                    {"component": "plugin:w", "op": "set", "value": {"wet": True}, "scope": "shared"},
                ],
                "npcEffects": {
                    "createMemory": {"topic": "hello", "summary": "They said hello."},
                    "triggerEmotion": {"emotion": "joy", "intensity": 0.5, "durationSeconds": 60},
                    "registerWorldEvent": {"eventType": "social", "eventName": "hello", "description": "x"},
                },
                "sceneLaunch": {"sceneId": 12, "roleBindings": {"friend": BO}},
                "successMessage": "Hello!",
                **more,
            }
        }
    }


def test_everything_happens_at_one_boundary_and_the_answer_says_what() -> None:
    has = {"inventory": {"coin": 2}, "flags": {"shy": True, "greetings": 1.5}}
    play = Play(town(session=has, **everything()))
    done = play.do()
    assert done.applied
    assert play.session.flags == {"met.ann": True, "greetings": 3.5}
    assert play.world.flags == {
        "festival": True,
        "guests": 1,
        "worldEvents.social.hello": NOON,
    }
    assert play.session.inventory == {"rose": 1}
    assert (play.session.scene_id, play.session.cast) == ("12", (ANN, BO))
    assert play.personal("core") == {"affinity": 8.5}  # 1 of everybody, + 7 + 0.5
    assert play.personal("core", BO) == {"affinity": 5}  # 2 + 3
    assert play.components()["core"] == {"affinity": 1, "trust": 40}
    assert play.components()["behavior"]["energy"] == 0  # 27 - 100, clamped
    assert play.components()["plugin:w"] == {"wet": True}
    assert play.personal("quests") == {"lamp": 1}
    (memory,) = play.personal("memories")["entries"]
    assert (memory["topic"], memory["importance"], memory["at"]) == ("hello", "normal", NOON)
    assert play.personal("mood")["activeEmotion"] == {
        "emotionType": "joy",
        "intensity": 0.5,
        "expiresAt": NOON + 60,
    }
    assert done.detail["message"] == "Hello!"
    assert done.detail["version"] == play.session.version
    assert [(m["npcId"], m["before"], m["after"]) for m in done.detail["metrics"]] == [
        (ANN, 1, 8),
        (ANN, 8, 8.5),
        (ANN, 0, 40),
        (BO, 2, 5),
        (ANN, 27, 0),
    ]


def test_a_component_is_put_in_place_without_what_is_null_be_it_personal_or_shared() -> None:
    value = {"wet": True, "dry": None}
    changes = [
        {"component": f"plugin:{scope}", "op": "set", "value": value, "scope": scope} for scope in SCOPES
    ]
    play = Play(town(greet={"outcome": {"components": changes}}))
    assert play.do().applied
    assert play.personal("plugin:personal") == play.components()["plugin:shared"] == {"wet": True}


LONG = {"flagChanges": {"set": {"long": "x" * 4000}}}
BROKEN: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"inventory": {"coin": 1}}, {}, "it takes 2 coin, and there are 1"),
    ({"inventory": {"coin": 2}, "flags": {"greetings": "many"}}, {}, "a rule fails"),
    ({"inventory": {"coin": 2}, "flags": {f"f{n}": "x" * 1000 for n in range(257)}}, LONG, "bytes"),
    (
        {"inventory": {"coin": 2}},
        {"worldFlagChanges": {"increment": {"festival": 1}}},
        "a rule fails: meta.interactions.greet.outcome.flagChanges.increment.festival: the flag is False",
    ),
]


@pytest.mark.parametrize(("has", "more", "reason"), BROKEN)
def test_what_cannot_happen_whole_does_not_happen_at_all(
    has: dict[str, Any], more: dict[str, Any], reason: str
) -> None:
    play = Play(town(session=has, **everything(**more)))
    before = play.hash
    refused = play.do()
    assert not refused.applied
    assert reason in refused.detail["reason"]
    assert play.hash == before


def test_a_number_that_is_none_refuses_the_interaction_and_names_it() -> None:
    luck = {"metric": "mine.luck", "add": 1, "scope": "personal"}
    made = town(
        greet={"outcome": {"statDeltas": [luck], "flagChanges": {"set": {"met": True}}}},
        ask={"gating": {"metrics": [{"metric": "mine.luck", "min": 0}]}},
    )
    made["meta"]["metrics"] = {"mine": {"luck": {"type": "float", "component": "plugin:l"}}}
    play = Play(made)
    play.world.put_session(play.session.with_component(NpcId(ANN), "plugin:l", {"luck": "much"}))
    before = play.hash
    wrong = "mine.luck is 'much', not a number from -1e+09 to 1e+09"
    assert play.do().detail["reason"].endswith(f"greet.outcome.statDeltas: {wrong}")
    asked = play.do("ask").detail
    assert (asked["gate"], asked["reason"].endswith(f"gating.metrics[0]: {wrong}")) == ("metric", True)
    assert play.hash == before


@settings(max_examples=25)
@given(
    coins=st.integers(0, 4), price=st.integers(1, 4), start=st.integers(0, 100), gain=st.integers(-120, 120)
)
def test_a_trade_either_moves_everything_or_nothing(coins: int, price: int, start: int, gain: int) -> None:
    outcome = {
        "inventoryChanges": {"remove": [{"itemId": "coin", "quantity": price}], "add": [{"itemId": "ale"}]},
        "statDeltas": [{"metric": "core.trust", "add": gain}],
    }
    session = {"inventory": {"coin": coins}, "npcs": {ANN: {"core": {"trust": start}}}}
    play = Play(town(session=session, greet={"outcome": outcome}))
    before = play.hash
    if play.do().applied:
        left = {"coin": coins - price} if coins > price else {}
        assert coins >= price
        assert play.session.inventory == {**left, "ale": 1}
        assert play.personal("core")["trust"] == min(100, max(0, start + gain))
    else:
        assert coins < price
        assert play.hash == before


def test_no_world_has_more_flags_and_no_player_more_kinds_of_items_than_may_be() -> None:
    made = town(
        mark={"outcome": {"worldFlagChanges": {"set": {"new": 1}}}},
        count={"outcome": {"worldFlagChanges": {"increment": {"new": 1}}}},
        again={"outcome": {"worldFlagChanges": {"set": {"f1": 2}}}},
        take={"outcome": {"inventoryChanges": {"add": [{"itemId": "new"}]}}},
        more={"outcome": {"inventoryChanges": {"add": [{"itemId": "i1"}]}}},
        session={"inventory": {f"i{n}": 1 for n in range(KINDS_OF_ITEM_MAX)}},
    )
    made["flags"] = {f"f{n}": 1 for n in range(FLAGS_MAX)}
    play = Play(made)
    for one in ("mark", "count"):
        assert f"more than {FLAGS_MAX} flags" in play.do(one).detail["reason"]
    assert f"more than {KINDS_OF_ITEM_MAX} kinds" in play.do("take").detail["reason"]
    assert (play.do("again").applied, play.do("more").applied) == (True, True)
    assert (play.world.flags["f1"], play.session.inventory["i1"]) == (2, 2)


def test_who_has_more_than_a_lower_bound_allows_may_still_change_what_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flag_room, "FLAGS_MAX", 1)
    monkeypatch.setattr(interaction_inputs, "KINDS_OF_ITEM_MAX", 1)
    made = town(
        again={
            "outcome": {
                "worldFlagChanges": {"set": {"f1": 2}},
                "inventoryChanges": {"add": [{"itemId": "i1"}]},
            }
        },
        session={"inventory": {"i0": 1, "i1": 1}},
    )
    made["flags"] = {"f0": 1, "f1": 1}
    play = Play(made)
    assert play.do("again").applied
    assert (play.world.flags["f1"], play.session.inventory["i1"]) == (2, 2)


def test_memories_are_bounded_and_the_oldest_goes_first() -> None:
    greet = {"outcome": {"targetEffects": {"createMemory": {"topic": "hi", "summary": "Hi."}}}}
    play = Play(town(greet=greet))
    for _ in range(MEMORIES_KEPT + 1):
        assert play.do().applied
        play.advance(1)
    ats = [memory["at"] for memory in play.personal("memories")["entries"]]
    assert ats == [NOON + n for n in range(1, MEMORIES_KEPT + 1)]


def test_an_emotion_closes_a_gate_until_it_is_over() -> None:
    made = town(
        hurt={
            "outcome": {
                "npcEffects": {
                    "triggerEmotion": {"emotion": "anger", "intensity": 0.8, "durationSeconds": 60}
                }
            }
        },
        talk={"gating": {"mood": {"maxEmotionIntensity": 0.5}}},
    )
    play = Play(made)
    assert play.do("talk").applied
    assert play.do("hurt").applied
    closed = play.do("talk").detail
    assert closed["reason"].endswith("an emotion of 0.8 is felt, above 0.5")
    assert (closed["gate"], closed["opensAt"]) == ("mood", NOON + 60)
    play.advance(59.999_999)
    assert play.do("talk").detail["opensAt"] == NOON + 60
    play.advance(0.000_001)
    assert play.do("talk").applied


def test_a_stale_version_and_unknown_names_are_refused() -> None:
    play = Play(town(greet={}))
    stale = play.do(expectedVersion=3)
    assert stale.detail["reason"] == "$.expectedVersion: session s1 is at version 0, not 3"
    assert play.do(expectedVersion=0).applied
    assert "did you mean 'greet'" in play.do("great").detail["reason"]
    assert "$.npcId: no npc" in play.do(npc="npc:99").detail["reason"]
    assert "$.extra: no key" in play.do(extra=1).detail["reason"]
    long = play.do(params={"text": "x" * PARAMS_BYTES_MAX})
    assert f"at most {PARAMS_BYTES_MAX}" in long.detail["reason"]
    gone = play.send(InputKind.INTERACT, sessionId="s9", npcId=ANN, interactionId="greet")
    assert gone.detail["do"] == "here are: s1"


# -- what is launched


def test_content_is_asked_for_in_the_players_name_and_holds_the_person() -> None:
    launch = {"kind": "dialogue", "params": {"tone": "warm"}, "ttlSeconds": 120}
    made = town({"generation": {"mode": "live"}}, greet={"outcome": {"generationLaunch": launch}})
    play = Play(made)
    done = play.do(params={"text": "hello"})
    (request,) = play.world.requests.waiting
    assert done.detail["requests"] == [request.request_id]
    assert (request.session_id, request.user_id, str(request.band)) == ("s1", "ann", "player_waiting")
    assert request.expires_at == (NOON + 120) * 1_000_000
    assert request.params == {
        "tone": "warm",
        "npcName": "Person 1",
        "interactionId": "greet",
        "playerInput": {"text": "hello"},
    }
    assert list(play.components()[WAITING_FOR]) == [request.request_id]
    assert play.do().applied
    assert len({one.request_id for one in play.world.requests.waiting}) == 2


def test_a_player_waits_an_hour_of_the_world_where_nothing_is_said() -> None:
    """A minute at the default scale of 60: 12:00 to 13:00."""
    launch = {"kind": "dialogue"}
    play = Play(town({"generation": {"mode": "live"}}, greet={"outcome": {"generationLaunch": launch}}))
    assert play.do().applied
    (request,) = play.world.requests.waiting
    assert request.expires_at == 46_800 * 1_000_000


def landed(launch: Mapping[str, Any]) -> Play:
    """A player asked for that, and a line came."""
    made = town({"generation": {"mode": "live"}}, greet={"outcome": {"generationLaunch": launch}})
    play = Play(made)
    assert play.do().applied
    (request,) = drive.tick(play.world, play.stages).requests
    assert play.session.scene_id is None
    result = {"requestId": request.request_id, "status": "succeeded", "result": {"text": "Act two."}}
    assert play.send(InputKind.GENERATION_RESULT, **result).applied
    return play


def test_the_player_enters_a_scene_with_what_was_made_for_it() -> None:
    play = landed({"kind": "scene", "sceneId": "act-two"})
    assert (play.session.scene_id, play.session.cast) == ("act-two", (ANN,))
    assert play.personal("scene")["result"] == {"text": "Act two."}


def test_what_is_made_may_become_flags_of_the_player() -> None:
    play = landed({"kind": "dialogue", "flag": "cue"})
    assert (play.session.flags, play.world.flags.get("cue.text")) == ({"cue.text": "Act two."}, None)
    assert play.personal("dialogue") == {}


def test_a_full_queue_refuses_the_whole_interaction() -> None:
    outcome = {"generationLaunch": {"kind": "image"}, "flagChanges": {"increment": {"n": 1}}}
    made = town({"generation": {"mode": "live", "queueMax": 1}}, greet={"outcome": outcome})
    play = Play(made)
    assert play.do().applied
    before = play.hash
    assert play.do().detail["reason"] == "the generation queue has room for 0 of 1"
    assert (play.hash, play.session.flags) == (before, {"n": 1})


def test_without_generation_the_rest_happens_and_the_answer_says_so() -> None:
    launch = {"actionBlockIds": ["a"], "dialogueRequest": {"programId": "p"}}
    play = Play(town(greet={"outcome": {"generationLaunch": launch}}))
    done = play.do()
    assert (done.applied, done.detail["generation"], play.world.requests.waiting) == (True, "off", ())


def test_a_chain_begins_and_then_goes_on_and_its_wait_is_a_gate() -> None:
    made = town(
        greet={"outcome": {"advanceChain": {"chain": "walk"}, "flagChanges": {"increment": {"n": 1}}}}
    )
    made["meta"]["chains"] = {"walk": {"steps": [{"stepId": "ask", "minWaitSeconds": 90}, {"stepId": "go"}]}}
    play = Play(made)
    assert play.do().detail["chain"]["progress"]["currentStep"] == "ask"
    play.advance(89.999_999)
    refused = play.do()
    assert (refused.detail["gate"], refused.detail["opensAt"]) == ("chain", NOON + 90)
    assert play.session.flags == {"n": 1}
    play.advance(0.000_001)
    assert play.do().detail["chain"]["progress"]["currentStep"] == "go"
    assert play.do().detail["chain"]["progress"]["outcome"] == "completed"
    ended = play.do()
    assert (ended.applied, ended.detail["gate"]) == (False, "chain")
    used = play.personal("interactions")
    assert used["lastUsedAt"] == {"greet": NOON + 90}
    assert used["chainProgress"]["walk"]["completedSteps"] == ["ask", "go"]


def test_a_step_that_is_named_is_taken_only_where_the_chain_is_there() -> None:
    made = town(greet={"outcome": {"advanceChain": {"chain": "walk", "step": "go"}}})
    made["meta"]["chains"] = {"walk": {"steps": [{"stepId": "ask"}, {"stepId": "go"}]}}
    play = Play(made)
    assert play.do().detail["reason"].endswith("walk is not started")
    assert play.send(InputKind.CHAIN, sessionId="s1", npcId=ANN, chainId="walk", op="start").applied
    assert play.do().detail["reason"].endswith("walk is at ask, not at go")


@pytest.mark.parametrize("how", [{"launchNarrative": {"program": "talk"}}, {"narrativeProgramId": "talk"}])
def test_a_narrative_begins_with_the_interaction(how: dict[str, Any]) -> None:
    made = town(greet={"outcome": how})
    nodes = [{"id": "hello", "type": "dialogue", "text": "Hello."}]
    made["meta"]["narratives"] = {"talk": {"entryNodeId": "hello", "nodes": nodes}}
    play = Play(made)
    assert play.do().detail["narrative"] == "talk"
    assert play.personal("narrative")["program"] == "talk"


def test_no_more_narratives_are_interrupted_than_may_be() -> None:
    made = town(greet={"outcome": {"narrativeProgramId": "talk"}})
    nodes = [{"id": "hello", "type": "dialogue", "text": "Hello."}]
    made["meta"]["narratives"] = {"talk": {"entryNodeId": "hello", "nodes": nodes}}
    play = Play(made)
    for _ in range(STACK_MAX + 1):
        assert play.do().applied
    refused = play.do()
    assert (refused.applied, refused.detail["gate"]) == (False, "narrative")


# -- kept


def test_a_restored_world_has_the_same_cooldown_and_the_same_hash() -> None:
    play = Play(town(greet={**COOL, "outcome": {"flagChanges": {"increment": {"n": 1}}}}))
    assert play.do().applied
    play.advance(60)
    columns = {tier: stage.export() for tier, stage in play.stages.items()}
    blob = encode(parts_of(play.world, columns))
    definition = play.world.script.definition
    before = play.hash
    play.world, play.stages = restore(definition, blob)
    assert play.hash == before
    assert play.do().detail["opensAt"] == NOON + 90.000_001
    play.advance(30.000_001)
    assert play.do().applied
