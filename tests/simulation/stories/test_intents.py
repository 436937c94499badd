"""Intents as domain.md has them: what sets hooks off, whom it reaches, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hooked import Play, hamlet, hook

from simulation import drive
from simulation.consequences import AddIntent
from simulation.definitions.kept import INBOX_MAX
from simulation.snapshot import encode, parts_of, restore
from simulation.stories.audiences import ADDRESSED_MAX
from simulation.stories.cues import CUES_MAX, Cue
from simulation.stories.inboxes import urgency
from simulation.stories.turned_away import TurnedAway
from simulation.units import InputKind, Micros, NpcId, SessionId

ROOT = Path(__file__).parents[3]
BROKEN = {"type": "expression", "expression": "1 / quests.nothing > 1"}
AT_NIGHT = {"type": "time_of_day_in", "times": ["night"]}
TINY = 0.000_001


def test_who_begins_something_wants_something_of_the_player_who_is_there() -> None:
    """Bo begins to work in the tick at 60 s; the next tick works out what follows from it."""
    play = Play(hamlet([hook(id="greet", priority=70, ttlSeconds=900, surface="dialogue")]))
    play.advance(60)
    assert play.inbox() == ()
    play.advance(60)
    (intent,) = play.inbox()
    assert {key: value for key, value in intent.items() if key != "id"} == {
        "npcId": "n00",
        "chainId": "walk",
        "priority": 70,
        "createdAt": 60,
        "expiresAt": 960,
        "surface": "dialogue",
        "context": {
            "trigger": "start",
            "hookId": "greet",
            "activityId": "work",
            "locationId": "square",
        },
    }


@pytest.mark.parametrize(
    ("trigger", "times"),
    [
        # Work begins every ten minutes from 60 s on, the last time at 3,060 s; at 3,660 s they rest.
        ({"when": "start"}, [60, 660, 1_260, 1_860, 2_460, 3_060]),
        ({"when": "end"}, [660, 1_260, 1_860, 2_460, 3_060, 3_660]),
        ({"when": "while", "afterSeconds": 300}, [360, 960, 1_560, 2_160, 2_760, 3_360]),
        ({"when": "during", "afterSeconds": 599}, [659, 1_259, 1_859, 2_459, 3_059]),
        ({"when": "while", "afterSeconds": 600}, []),
        ({"when": "periodic", "intervalSeconds": 1_800}, [1_800, 3_600]),
        ({"when": "periodic", "intervalSeconds": 1_000.5}, [1_000.5, 2_001, 3_001.5]),
    ],
)
def test_a_hook_acts_when_its_activity_begins_ends_or_goes_on(
    trigger: dict[str, Any], times: list[float]
) -> None:
    play = Play(hamlet([hook(**trigger)]))
    play.advance(3_900)
    assert play.made_at() == times
    assert play.world.cues.timed() == [], "nobody works any more"


@pytest.mark.parametrize(("now", "due"), [(359, 360), (360, None), (361, None)])
def test_a_hook_of_an_activity_under_way_acts_next_after_now(now: int, due: int | None) -> None:
    """300 s after the work began at 60 s: at 360 s it acted just now."""
    hooks = Play(hamlet([hook(id="h", when="while", afterSeconds=300)])).world.cues.hooks
    found = hooks.rules["h"].next_time(Micros(60_000_000), Micros(now * 1_000_000))
    assert found == (None if due is None else due * 1_000_000)


@pytest.mark.parametrize(
    ("trigger", "times"),
    [
        ({"onStateChange": {"to": "labour"}}, [60]),
        ({"onStateChange": {"from": "idle", "to": ["labour", "leisure"]}}, [60]),
        ({"onStateChange": {"from": ["labour"], "to": "leisure"}}, [3_660]),
        ({"onStateChange": {"from": "leisure", "to": "labour"}}, []),
        ({"onActivity": {"activityIds": ["rest"], "when": "start"}}, [3_660]),
        ({"onActivity": {"activityIds": ["work", "rest"], "when": "end"}}, [660, 1_260, 1_860, 2_460]),
        ({"periodic": {"states": ["labour"], "intervalSeconds": 1_500}}, [1_500, 3_000]),
        ({"periodic": {"states": ["leisure"], "intervalSeconds": 3_600}}, []),
    ],
)
def test_hooks_of_the_world_watch_states_and_activities(trigger: dict[str, Any], times: list[float]) -> None:
    made = {"trigger": trigger, "interaction": "wave", "ttlSeconds": 86_400}
    play = Play(hamlet(of_world={"wave": made}))
    play.advance(2_700 if len(times) == 4 else 3_900)
    assert play.made_at() == times


def test_a_long_tick_makes_one_of_several_times_of_a_periodic_hook_as_of_the_last() -> None:
    """In ticks of 500 s: at 100, 200 .. 500 in the first after the beginning, as of 1,000 s. The first tick
    begins the work."""
    made = hamlet(
        [hook(when="periodic", intervalSeconds=100)],
        simulation={"maxStepGameSeconds": 500},
        sessions=[{"id": "s1", "locationId": "square"}],
    )
    play = Play(made)
    play.advance(1_500)
    assert play.made_at() == [1_000]
    assert [done.plan.systems[0].due for done in play.done if done.plan.systems] == [1]


def test_nothing_is_made_for_a_world_without_players_and_later_ones_do_not_hear_of_it() -> None:
    play = Play(hamlet([hook()], sessions=[]))
    play.advance(60)
    assert play.world.cues.waiting == ()
    play.advance(60)
    play.send(InputKind.SESSION_JOIN, session={"id": "s1", "locationId": "square"})
    play.advance(540)
    assert play.made_at() == []
    play.advance(60)
    assert play.made_at() == [660]


def test_dormant_people_set_off_nothing_and_begin_to_when_they_are_promoted() -> None:
    tiers = {tier: {"maxNpcs": 0} for tier in ("detailed", "active", "ambient")}
    tiers["dormant"] = {"maxNpcs": 10, "decisionIntervalSeconds": 60}
    hooks = [hook(), hook(when="periodic", intervalSeconds=700)]
    play = Play(hamlet(hooks, simulation={"tiers": tiers}))
    play.advance(660)
    assert (play.made_at(), play.world.cues.timed()) == ([], [])
    play.send(InputKind.CONFIG, changes={"tiers.ambient.maxNpcs": 10})
    play.advance(120)
    # The work that began at 660 s goes on: periodic at 700 s. It was not theirs to tell that it began.
    assert play.made_at() == [700]
    play.advance(600)
    assert play.made_at() == [700, 1_260]


def test_who_becomes_dormant_before_their_turn_comes_turns_to_nobody() -> None:
    """They begin to work at 60 s, and what follows is worked out at 120 s."""
    play = Play(hamlet([hook()]))
    play.advance(60)
    assert [cue.npc_id for cue in play.world.cues.waiting] == ["n00"]
    none = {f"tiers.{tier}.maxNpcs": 0 for tier in ("detailed", "active", "ambient")}
    assert play.send(InputKind.CONFIG, changes=none).applied
    play.advance(60)
    assert play.world.cues.waiting == ()
    assert play.inbox() == ()


@pytest.mark.parametrize(
    ("audience", "reached"),
    [
        ("here", ["cast", "here"]),
        ("location", ["here"]),
        ("cast", ["cast"]),
        ("all", ["cast", "far", "here", "nowhere"]),
    ],
)
def test_an_audience_says_which_players_a_person_turns_to(audience: str, reached: list[str]) -> None:
    sessions = [
        {"id": "here", "locationId": "square"},
        {"id": "far", "locationId": "mill"},
        {"id": "cast", "locationId": "mill", "sceneId": "duel", "cast": ["n00"]},
        {"id": "nowhere"},
    ]
    play = Play(hamlet([hook(audience=audience)], sessions=sessions))
    play.advance(120)
    found = [session.id for session in play.world.sessions if session.inbox]
    assert found == reached
    ids = {session.inbox[0]["id"] for session in play.world.sessions if session.inbox}
    assert len(ids) == len(reached), "each player's intent is one of their own"


def test_a_player_who_moves_is_turned_to_where_they_are_now() -> None:
    play = Play(hamlet([hook()], sessions=[{"id": "s1", "locationId": "mill"}]))
    play.advance(120)
    assert play.made_at() == []
    play.send(InputKind.SESSION_UPDATE, sessionId="s1", locationId="square")
    play.advance(600)
    assert play.made_at() == [660]


def test_one_cause_reaches_no_more_than_its_bound_of_players() -> None:
    sessions = [{"id": f"s{n:03}", "locationId": "square"} for n in range(ADDRESSED_MAX + 6)]
    play = Play(hamlet([hook()], sessions=sessions))
    play.advance(120)
    found = [session.id for session in play.world.sessions if session.inbox]
    assert found == [f"s{n:03}" for n in range(ADDRESSED_MAX)]


def test_players_at_a_place_and_in_a_scene_are_bounded_together() -> None:
    """40 at the place and 40 in the scene: the first 64 by id are all of one kind and 24 of the other."""
    here = [{"id": f"a{n:02}", "locationId": "square"} for n in range(40)]
    cast = [{"id": f"b{n:02}", "sceneId": "duel", "cast": ["n00"]} for n in range(40)]
    play = Play(hamlet([hook()], sessions=[*cast, *here]))
    play.advance(120)
    found = [session.id for session in play.world.sessions if session.inbox]
    assert found == [f"a{n:02}" for n in range(40)] + [f"b{n:02}" for n in range(24)]


def test_nobody_offers_a_chain_that_cannot_be_theirs() -> None:
    chains = {"walk": {"npcId": "n01", "steps": [{"stepId": "meet"}]}}
    play = Play(hamlet([hook()], people=3, chains=chains))
    play.advance(120)
    assert [intent["npcId"] for intent in play.inbox()] == ["n01"]


@pytest.mark.parametrize(
    ("more", "times"),
    [
        ({}, [60, 660, 1_260, 1_860, 2_460, 3_060]),
        # 60 + 1,200 = 1,260, at which it begins again; a microsecond more leaves that out.
        ({"cooldownSeconds": 1_200}, [60, 1_260, 2_460]),
        ({"cooldownSeconds": 1_200.000_001}, [60, 1_860]),
        ({"maxPerDay": 4}, [60, 660, 1_260, 1_860]),
        ({"maxPerDay": 2, "cooldownSeconds": 900}, [60, 1_260]),
        ({"minAffinity": 0}, [60, 660, 1_260, 1_860, 2_460, 3_060]),
        ({"minAffinity": 0.5}, []),
        ({"requiredFlags": ["music"]}, []),
        (
            {"conditions": [{"type": "time_of_day_in", "times": ["night"]}]},
            [60, 660, 1_260, 1_860, 2_460, 3_060],
        ),
        ({"conditions": [{"type": "time_of_day_in", "times": ["morning"]}]}, []),
        ({"conditions": {"maxPerDay": 1}}, [60]),
        ({"conditions": {"minAffinity": 1, "cooldownSeconds": 5}}, []),
    ],
)
def test_gates_hold_an_intent_back(more: dict[str, Any], times: list[float]) -> None:
    play = Play(hamlet([hook(**more)]))
    play.advance(3_900)
    assert play.made_at() == times


@pytest.mark.parametrize(
    ("world_time", "most", "span", "times"),
    [
        # Decisions at 85,800 s and at midnight itself, 86,400 s, which is the next day.
        (85_740, 1, 1_440, [85_800, 86_400]),
        # A microsecond earlier the second is the same day's, and the third, at 86,999.999999 s, the next's.
        (85_740 - TINY, 1, 1_440, [85_799.999_999, 86_999.999_999]),
        # Three decisions on day 0, of which two count, and three on day 1, of which two count.
        (84_540, 2, 3_240, [84_600, 85_200, 86_400, 87_000]),
    ],
)
def test_a_day_of_max_per_day_is_the_calendars_to_the_microsecond(
    world_time: float, most: int, span: float, times: list[float]
) -> None:
    play = Play(hamlet([hook(maxPerDay=most)], world_time=round(world_time, 6), work_all_day=True))
    play.advance(span)
    assert play.made_at() == times


def test_a_day_of_max_per_day_is_that_of_an_odd_calendar() -> None:
    """Ten hours of fifty minutes are 30,000 s: decisions at 29,400 s, at the border, then every 600 s."""
    odd = {
        "hoursPerDay": 10,
        "minutesPerHour": 50,
        "periods": [{"id": "light", "startHour": 0, "endHour": 9}],
    }
    made = hamlet([hook(maxPerDay=1)], world_time=29_340, work_all_day=True, time_config=odd)
    made["meta"]["behavior"]["routines"]["days"]["nodes"] = [
        {"preferredActivities": [{"activityId": "work", "weight": 1}]}
    ]
    play = Play(made)
    play.advance(30_000)
    assert play.made_at() == [29_400, 30_000]


def test_affinity_is_towards_the_player_of_the_session() -> None:
    sessions = [
        {"id": "cold", "locationId": "square", "npcs": {"n00": {"core": {"affinity": 39.9}}}},
        {"id": "warm", "locationId": "square", "npcs": {"n00": {"core": {"affinity": 40}}}},
    ]
    play = Play(hamlet([hook(minAffinity=40)], sessions=sessions))
    play.advance(120)
    assert (play.made_at("cold"), play.made_at("warm")) == ([], [60])


def test_flags_of_the_session_come_before_the_worlds() -> None:
    sessions = [
        {"id": "s1", "locationId": "square"},
        {"id": "s2", "locationId": "square", "flags": {"music": False}},
    ]
    made = hamlet([hook(requiredFlags=["music"])], sessions=sessions)
    play = Play({**made, "flags": {"music": True}})
    play.advance(120)
    assert (play.made_at("s1"), play.made_at("s2")) == ([60], [])


def test_a_rule_that_raises_is_told_and_holds_nobody_else_up() -> None:
    play = Play(hamlet([hook(conditions=[BROKEN]), hook(id="sound")]))
    play.advance(120)
    assert [intent["context"]["hookId"] for intent in play.inbox()] == ["sound"]
    (failure,) = play.done[-1].failures
    assert failure.rule == "meta.behavior.activities.work.hooks[0].conditions[0]"
    assert failure.error.startswith("TypeError")


def test_an_intent_is_open_until_its_end_and_gone_from_it_on() -> None:
    """Made at 60 s for 600 s: until 660 s."""
    play = Play(hamlet([hook(ttlSeconds=600, maxPerDay=1)]))
    play.advance(round(660 - TINY, 6))
    (intent,) = play.inbox()
    assert intent["expiresAt"] == 660
    play.advance(TINY)
    assert play.inbox() == ()
    assert not play.intent("accept", intent["id"]).applied


def test_an_expired_intent_that_the_budget_left_in_the_inbox_cannot_be_accepted() -> None:
    sessions = [{"id": name, "locationId": "square"} for name in ("s1", "s2", "s3")]
    made = hamlet(
        [hook(ttlSeconds=600, maxPerDay=1)], sessions=sessions, simulation={"maxIntentOpsPerStep": 1}
    )
    play = Play(made)
    play.advance(660)
    (share,) = play.done[-1].plan.systems
    assert (share.name, share.due, share.runs) == ("intents", 3, 1)
    assert [len(play.inbox(name)) for name in ("s1", "s2", "s3")] == [0, 1, 1]
    (late,) = play.inbox("s3")
    refusal = play.intent("accept", late["id"], "s3")
    assert refusal.detail["reason"] == "n00 wanted it until day 0, Monday, 00:11 (night)"
    play.advance(120)
    assert play.inbox("s3") == ()


def test_the_budget_serves_the_most_urgent_first_and_the_plan_shows_what_waits() -> None:
    hooks = [hook(id="low", priority=10), hook(id="high", priority=90)]
    made = hamlet(hooks, people=2, simulation={"maxIntentOpsPerStep": 1})
    play = Play(made)
    play.advance(60)
    seen = []
    for _ in range(4):
        play.advance(60)
        (share,) = play.done[-1].plan.systems
        seen.append((share.due, share.runs, len(play.inbox())))
    assert seen == [(4, 1, 1), (3, 1, 2), (2, 1, 3), (1, 1, 4)]
    assert [(one["context"]["hookId"], one["npcId"], one["createdAt"]) for one in play.inbox()] == [
        ("high", "n00", 60),
        ("high", "n01", 60),
        ("low", "n00", 60),
        ("low", "n01", 60),
    ]


def test_a_cause_that_waited_longer_than_its_intent_would_have_makes_none() -> None:
    made = hamlet([hook(ttlSeconds=120)], people=3, simulation={"maxIntentOpsPerStep": 1})
    play = Play(made)
    play.advance(300)
    # At 120 s the first makes its intent, at 180 s that leaves the inbox, and the others are too late.
    assert [done.plan.systems[0].due for done in play.done[1:]] == [3, 3, 2, 1]
    assert all(done.plan.systems[0].runs == 1 for done in play.done[1:])
    assert play.inbox() == ()
    assert play.world.cues.waiting == ()
    assert refused(play) == {"tooLate": 2}


def test_a_cause_that_is_served_when_its_intent_would_end_makes_none() -> None:
    """Set off at 60 s for 60 s, served in the tick at 120 s: nobody wants it from then on."""
    play = Play(hamlet([hook(ttlSeconds=60)]))
    play.advance(120)
    assert play.inbox() == ()
    assert refused(play) == {"tooLate": 1}


def refused(play: Play, session_id: str | None = None) -> dict[str, int]:
    return play.world.cues.turned_away.to_json(None if session_id is None else SessionId(session_id))


def test_a_full_inbox_keeps_the_most_urgent_and_counts_what_it_refused() -> None:
    hooks = [hook(id="low", priority=10), hook(id="high", priority=90)]
    play = Play(hamlet(hooks, people=20))
    play.advance(120)
    inbox = play.inbox()
    assert len(inbox) == INBOX_MAX
    # 20 urgent ones of 40, then the first 12 of the others by id; 8 found no room.
    assert [intent["priority"] for intent in inbox] == [90] * 20 + [10] * 12
    assert refused(play) == refused(play, "s1") == {"inboxFull": 8}
    lows = [intent["id"] for intent in inbox[20:]]
    assert lows == sorted(lows)
    play.advance(600)
    assert [intent["priority"] for intent in play.inbox()] == [90] * INBOX_MAX
    # 12 that were there and 28 of the new 40 gave way.
    assert refused(play) == {"inboxFull": 8 + 40}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        # Six decisions of the first hour begin the work: one counts for the day, and five are too many.
        ({"maxPerDay": 1}, {"maxPerDay": 5}),
        # At 60 s and 1,860 s it acts; at 660, 1,260, 2,460 and 3,060 s not.
        ({"cooldownSeconds": 1_800}, {"cooldown": 4}),
        ({"minAffinity": 100}, {"minAffinity": 6}),
        ({"requiredFlags": ["music"]}, {"requiredFlags": 6}),
        ({"conditions": [{"type": "time_of_day_in", "times": ["morning"]}]}, {"conditions": 6}),
        ({}, {}),
    ],
)
def test_what_held_an_intent_back_is_counted_by_reason(more: dict[str, Any], found: dict[str, int]) -> None:
    play = Play(hamlet([hook(**more)]))
    play.advance(3_900)
    assert refused(play) == refused(play, "s1") == found


def test_what_a_session_was_refused_is_forgotten_when_it_leaves_and_counts_for_the_world() -> None:
    sessions = [{"id": name, "locationId": "square"} for name in ("s1", "s2")]
    play = Play(hamlet([hook(minAffinity=100)], sessions=sessions))
    play.advance(120)
    assert play.send(InputKind.SESSION_LEAVE, sessionId="s1").applied
    assert (refused(play, "s1"), refused(play, "s2")) == ({}, {"minAffinity": 1})
    assert refused(play) == {"minAffinity": 2}


def test_refusals_are_no_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted or not, the hash is the same, and a snapshot does not keep them."""
    hashes = []
    for count in (True, False):
        if not count:
            monkeypatch.setattr(TurnedAway, "note", lambda *_, **__: None)
        play = Play(hamlet([hook(minAffinity=100)]))
        play.advance(120)
        assert bool(refused(play)) is count
        hashes.append(drive.state_hash(play.world, play.stages))
    assert hashes[0] == hashes[1]


def test_causes_beyond_their_bound_are_refused_the_least_urgent_first() -> None:
    play = Play(hamlet([hook(id="low", priority=1), hook(id="high", priority=2)]))
    cues = play.world.cues
    waiting = tuple(Cue("low", NpcId(f"x{n}"), Micros(1)) for n in range(CUES_MAX))
    cues.waiting = waiting
    cues._put([Cue("high", NpcId("n00"), Micros(2))])
    assert len(cues.waiting) == CUES_MAX
    assert cues.waiting[0].hook_id == "high"
    assert refused(play) == {"causesFull": 1}
    assert refused(play, "s1") == {}


def test_the_most_urgent_come_first_then_the_oldest_then_by_id() -> None:
    listed = [(90, 20, "c"), (90, 20, "d"), (90, 30, "a"), (10, 5, "b")]
    made = [{"priority": priority, "createdAt": at, "id": name} for priority, at, name in listed]
    assert sorted((made[n] for n in (2, 3, 1, 0)), key=urgency) == made


def test_the_same_cause_makes_no_second_intent() -> None:
    play = Play(hamlet([hook()]))
    play.advance(120)
    (intent,) = play.inbox()
    session = play.world.sessions.get(SessionId("s1"))
    assert session is not None
    play.world.carry_out([AddIntent(SessionId("s1"), NpcId("n00"), intent)])
    assert play.world.sessions.get(SessionId("s1")) is session
    assert refused(play) == {}


def test_of_two_causes_in_one_tick_the_second_finds_what_the_first_left() -> None:
    """One a day: of 60 s and of a microsecond later, both worked out in the tick to 120 s."""
    play = Play(hamlet([hook(id="h", maxPerDay=1)]))
    play.advance(60)
    (cue,) = play.world.cues.waiting
    play.world.cues.waiting = (cue, replace(cue, at=Micros(cue.at + 1)))
    play.advance(60)
    assert (play.made_at(), refused(play)) == ([60], {"maxPerDay": 1})


def test_ids_are_made_of_their_cause_alone() -> None:
    found = []
    for budget in (1, 50):
        play = Play(hamlet([hook()], people=3, simulation={"maxIntentOpsPerStep": budget}))
        play.advance(300)
        found.append({intent["id"] for intent in play.inbox()})
    assert found[0] == found[1]
    assert len(found[0]) == 3


# -- what players do about them


def test_accepting_starts_the_chain_and_the_intent_is_over() -> None:
    play = Play(hamlet([hook(maxPerDay=1)]))
    play.advance(120)
    (intent,) = play.inbox()
    done = play.intent("accept", intent["id"])
    assert done.applied
    assert done.detail["started"]["chainId"] == "walk"
    assert play.inbox() == ()
    session = play.world.sessions.get(SessionId("s1"))
    assert session is not None
    progress = session.component(NpcId("n00"), "interactions")["chainProgress"]["walk"]
    assert (progress["currentStep"], progress["startedAt"]) == ("meet", 120)


def test_an_intent_whose_chain_cannot_begin_stays() -> None:
    play = Play(hamlet([hook()]))
    play.advance(720)
    first, second = play.inbox()
    assert play.intent("accept", first["id"]).applied
    refusal = play.intent("accept", second["id"])
    assert not refusal.applied
    assert refusal.detail["reason"] == "walk runs already, at meet"
    assert play.inbox() == (second,)


def test_accepting_an_interaction_does_it() -> None:
    play = Play(hamlet([{"when": "start", "interaction": "wave", "maxPerDay": 1}]))
    play.advance(120)
    (intent,) = play.inbox()
    done = play.intent("accept", intent["id"])
    assert (done.applied, done.detail["started"]["interactionId"]) == (True, "wave")
    session = play.world.sessions.get(SessionId("s1"))
    assert session is not None
    assert (session.flags, session.inbox) == ({"waved": True}, ())
    assert session.component(NpcId("n00"), "interactions")["lastUsedAt"] == {"wave": 120}


def test_an_intent_whose_interaction_is_closed_stays_and_says_which_gate() -> None:
    play = Play(hamlet([{"when": "start", "interactionId": "call", "maxPerDay": 1}]))
    play.advance(120)
    before = play.inbox()
    refusal = play.intent("accept", before[0]["id"])
    assert (refusal.applied, refusal.detail["gate"]) == (False, "flag")
    assert play.inbox() == before


@pytest.mark.parametrize("key", ["narrativeId", "programId"])
def test_accepting_a_narrative_starts_it(key: str) -> None:
    play = Play(hamlet([{"when": "start", key: "tale", "maxPerDay": 1}]))
    play.advance(120)
    (intent,) = play.inbox()
    assert intent["narrativeId"] == "tale"
    assert play.intent("accept", intent["id"]).applied
    session = play.world.sessions.get(SessionId("s1"))
    assert session is not None
    assert session.inbox == ()
    assert session.component(NpcId("n00"), "narrative")["node"] == "once"


def test_dismissing_takes_one_out_of_the_inbox() -> None:
    play = Play(hamlet([hook()]))
    play.advance(720)
    first, second = play.inbox()
    assert play.intent("dismiss", first["id"]).applied
    assert play.inbox() == (second,)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"sessionId": "s9", "intentId": "x", "op": "accept"}, "$.sessionId is 's9'"),
        ({"sessionId": "s1", "intentId": "x", "op": "accept"}, "$.intentId is 'x'"),
        ({"sessionId": "s1", "intentId": "x", "op": "ignore"}, "$.op"),
        ({"sessionId": "s1", "op": "accept"}, "$.intentId"),
        ({"sessionId": "s1", "intentId": "x"}, "$.op"),
        ({"sessionId": "s1", "intentId": "x", "op": "accept", "why": 1}, "$.why"),
    ],
)
def test_inputs_that_make_no_sense_are_refused_and_change_nothing(
    payload: dict[str, Any], reason: str
) -> None:
    play = Play(hamlet([hook()]))
    play.advance(120)
    before = drive.state_hash(play.world, play.stages)
    refusal = play.send(InputKind.INTENT, **payload)
    assert not refusal.applied
    assert refusal.detail["reason"].startswith(reason)
    assert drive.state_hash(play.world, play.stages) == before


# -- chains


def test_a_step_of_a_chain_may_leave_an_intent_as_of_the_time_it_was_taken() -> None:
    steps = [
        {"stepId": "meet"},
        {
            "stepId": "miss",
            "waitSeconds": 90,
            "autoAdvance": True,
            "intent": {"interactionId": "call", "priority": 80, "ttlSeconds": 300},
        },
    ]
    play = Play(hamlet(chains={"walk": {"steps": steps}}))
    chain: Mapping[str, Any] = {"sessionId": "s1", "npcId": "n00", "chainId": "walk"}
    play.send(InputKind.CHAIN, op="start", **chain)
    play.send(InputKind.CHAIN, op="step", **chain)
    play.advance(120)
    (intent,) = play.inbox()
    assert {key: value for key, value in intent.items() if key != "id"} == {
        "npcId": "n00",
        "interactionId": "call",
        "priority": 80,
        "createdAt": 90,
        "expiresAt": 390,
        "surface": "notification",
        "context": {"trigger": "chain", "stepId": "miss"},
    }
    play.advance(round(270 - TINY, 6))
    assert len(play.inbox()) == 1
    play.advance(TINY)
    assert play.inbox() == ()


def test_a_step_taken_in_a_long_tick_leaves_no_intent_whose_time_is_over() -> None:
    intent = {"interactionId": "call", "ttlSeconds": 60}
    steps = [{"stepId": "miss", "waitSeconds": 90, "autoAdvance": True, "intent": intent}]
    made = hamlet(chains={"walk": {"steps": steps}}, simulation={"maxStepGameSeconds": 3_600})
    play = Play(made)
    play.send(InputKind.CHAIN, sessionId="s1", npcId="n00", chainId="walk", op="start")
    play.advance(150)
    assert play.inbox() == ()


# -- kept


def test_what_waits_survives_a_snapshot_and_goes_on_the_same() -> None:
    hooks = [hook(), hook(when="while", afterSeconds=250), hook(when="periodic", intervalSeconds=400)]
    made = hamlet(hooks, people=4, simulation={"maxIntentOpsPerStep": 1})
    play = Play(made)
    play.advance(360)
    assert play.world.cues.waiting
    tiers = {tier: stage.export() for tier, stage in play.stages.items()}
    back = Play(made)
    back.world, back.stages = restore(play.definition, encode(parts_of(play.world, tiers)))
    assert back.world.cues.waiting == play.world.cues.waiting
    assert back.world.cues.timed() == play.world.cues.timed()
    for one in (play, back):
        one.advance(1_200)
    assert drive.state_hash(back.world, back.stages) == drive.state_hash(play.world, play.stages)
    assert back.inbox() == play.inbox() != ()


def test_what_waits_is_part_of_the_state_hash() -> None:
    plain, hooked = Play(hamlet()), Play(hamlet([hook()]))
    for play in (plain, hooked):
        play.advance(60)
    before = drive.state_hash(hooked.world, hooked.stages)
    assert before != drive.state_hash(plain.world, plain.stages)
    hooked.world.cues.waiting = ()
    assert drive.state_hash(hooked.world, hooked.stages) == drive.state_hash(plain.world, plain.stages)


def test_a_world_without_hooks_has_no_system_for_them_and_asks_its_tiers_for_nothing() -> None:
    play = Play(hamlet())
    assert "intents" not in [system.name for system in play.world.systems]
    start = play.world.begin_tick()
    assert not any(order.turns for order in start.orders.values())


def test_a_session_that_could_not_keep_when_a_hook_acted_gets_no_intent() -> None:
    filler = {"note": "x" * 261_950}
    sessions = [{"id": "s1", "locationId": "square", "npcs": {"n00": {"plugin:diary": filler}}}]
    play = Play(hamlet([hook(maxPerDay=1)], sessions=sessions))
    play.advance(120)
    assert play.inbox() == ()
    assert refused(play) == {"inboxFull": 1}


def test_innkeepers_of_lanternford_offer_ale_to_whoever_sits_at_the_inn() -> None:
    """From half past six in the morning to eight in the evening, at most twice each."""
    town = json.loads((ROOT / "examples" / "lanternford.json").read_text(encoding="utf-8"))
    inn = next(place["id"] for place in town["locations"] if place["type"] == "inn")
    town["sessions"] = [{"id": "s1", "locationId": inn}]
    town["meta"]["simulation"] |= {"generation": {"mode": "off"}, "mode": "turn_based"}
    play = Play(town)
    asked: dict[str, list[float]] = {}
    for _ in range(54):
        play.advance(900)
        for intent in play.inbox():
            assert intent["context"]["activityId"] == "serve-ale"
            times = asked.setdefault(intent["npcId"], [])
            if intent["createdAt"] not in times:
                times.append(intent["createdAt"])
    keepers = {npc.id for npc in play.definition.npcs if npc.routine_id == "innkeeper"}
    assert asked
    assert set(asked) <= keepers
    assert max(map(len, asked.values())) <= 2
