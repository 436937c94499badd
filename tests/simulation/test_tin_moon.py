"""A day with the Tin Moon: a guest comes up the mill road, learns a part, holds the moon and walks on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation import asking, drive
from simulation.definitions import parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import create
from simulation.requests import Request
from simulation.sessions import Session
from simulation.snapshot import encode, parts_of, restore
from simulation.units import MICROS_PER_SECOND, InputKind, Micros, NpcId, SessionId

FILE = Path(__file__).parents[2] / "examples" / "tin-moon.json"
MINUTE, BELL, DAY = 60, 5_400, 86_400
"""An hour of this world is a bell of 90 minutes; sixteen of them are a day."""
BEGINS = 3 * DAY + 7 * 3_600
"""Day 3, a Showday, 07:00 as other clocks have it."""
JUNE, NED, MILLER = SessionId("june"), SessionId("ned"), SessionId("miller")
DAME, PELL, OSK, LUSINE = "dame-corvina", "pell-quillon", "osk-tallow", "lusine-ferrow"
HOB, NESSA = "hob-carter", "nessa-carter"
Told = dict[str, Any]


def bell(number: int, minute: int = 0, day: int = 3) -> int:
    return day * DAY + number * BELL + minute * MINUTE


class Company:
    """The Tin Moon, driven tick by tick. What is asked for comes back at the boundary after the hand-over."""

    def __init__(self) -> None:
        self.definition = parse_world(json.loads(FILE.read_text(encoding="utf-8")), FILE.name)
        self.world, self.stages = create(self.definition)
        self.sent: list[Input] = []
        self.asked: list[Request] = []
        """Everything that was handed over."""
        self._back = 0

    def send(self, kind: InputKind, **payload: Any) -> Outcome:
        item = Input(self.world.next_seq, kind, payload)
        assert self.world.deliver([item])
        (outcome,) = drive.boundary(self.world, self.stages)
        self.sent.append(replace(item, tick=outcome.tick, ordinal=outcome.ordinal))
        return outcome

    def done(self, kind: InputKind, **payload: Any) -> Told:
        outcome = self.send(kind, **payload)
        assert outcome.applied, outcome.detail
        return dict(outcome.detail)

    def denied(self, kind: InputKind, **payload: Any) -> Told:
        outcome = self.send(kind, **payload)
        assert not outcome.applied
        return dict(outcome.detail)

    def does(self, who: SessionId, interaction_id: str, npc_id: str) -> Told:
        return self.done(InputKind.INTERACT, sessionId=who, npcId=npc_id, interactionId=interaction_id)

    def may_not(self, who: SessionId, interaction_id: str, npc_id: str) -> Told:
        return self.denied(InputKind.INTERACT, sessionId=who, npcId=npc_id, interactionId=interaction_id)

    def chain(self, who: SessionId, op: str, npc_id: str, chain_id: str) -> Told:
        return self.done(InputKind.CHAIN, op=op, sessionId=who, npcId=npc_id, chainId=chain_id)

    # -- time

    def tick(self) -> None:
        for request in self.asked[self._back :]:
            result = {"text": f"{request.kind} of {request.npc_id}"}
            self.send(
                InputKind.GENERATION_RESULT, requestId=request.request_id, status="succeeded", result=result
            )
        self._back = len(self.asked)
        done = drive.tick(self.world, self.stages)
        assert done.failures == ()
        self.asked += done.requests

    def until(self, seconds: float) -> None:
        while self.now < seconds:
            self.tick()

    def until_that(self, holds: Callable[[], bool], within: int) -> None:
        latest = self.now + within
        while not holds() and self.now < latest:
            self.tick()
        assert holds()

    # -- what is seen

    @property
    def now(self) -> float:
        return self.world.world_time / MICROS_PER_SECOND

    def session(self, session_id: SessionId) -> Session:
        found = self.world.sessions.get(session_id)
        assert found is not None
        return found

    def between(self, who: SessionId, npc_id: str, component: str) -> Mapping[str, Any]:
        return self.session(who).component(NpcId(npc_id), component)

    def progress(self, who: SessionId, npc_id: str, chain_id: str) -> Told:
        found: Told = self.between(who, npc_id, "interactions")["chainProgress"][chain_id]
        return found

    def wanted(self, who: SessionId, target: str) -> Told | None:
        """An intent of the inbox that is about this chain, interaction or narrative, or of this hook."""
        for one in self.session(who).inbox:
            if target in (*one.values(), one["context"].get("hookId")):
                return dict(one)
        return None

    def person(self, npc_id: str) -> Told:
        for stage in self.stages.values():
            view = stage.view(NpcId(npc_id), self.world.world_time, self.world.flags)
            if view is not None:
                return view
        raise LookupError(npc_id)

    def doing(self, npc_id: str) -> str | None:
        found: str | None = self.person(npc_id)["components"]["behavior"]["currentActivityId"]
        return found

    def node(self, npc_id: str) -> str | None:
        """Which node of the routine somebody would decide by now."""
        for stage in self.stages.values():
            why = stage.why(NpcId(npc_id), self.world.world_time, self.world.flags)
            if why is not None:
                return why.node
        raise LookupError(npc_id)


def test_a_day_with_the_tin_moon() -> None:
    company = Company()
    june_says_who_she_is(company)
    the_rent_is_not_asked_for_in_time(company)
    hob_is_out_of_sight_while_he_scouts(company)
    she_learns_a_part_before_the_lamps_are_lit(company)
    hob_tells_of_the_road(company)
    the_bill_is_written_and_then_cried(company)
    she_has_soup_and_washes_the_bowls(company)
    threnody_plays_the_third_one(company)
    ned_comes_too_late_and_carries_a_spear(company)
    snapshot, told_before = she_holds_the_moon(company)
    she_walks_on_and_the_scene_begins_when_it_is_written(company)
    the_moon_comes_down(company)
    assert company.now == bell(5, 15, day=4)
    in_full = drive.state_hash_in_full(company.world, company.stages)
    assert drive.state_hash(company.world, company.stages) == in_full
    world, stages = restore(company.definition, snapshot)
    ahead, arrived = drive.replay(world, stages, company.sent[told_before:], company.world.tick)
    assert (list(ahead), arrived, drive.state_hash(world, stages)) == ([], True, in_full)


def june_says_who_she_is(company: Company) -> None:
    """The Dame likes everybody by 20 and trusts them by 30; five points more, and a trust of 10 to begin
    with. Nobody gives parts away before the forenoon; praise is lost on stage fright, which lasts a bell."""
    company.done(
        InputKind.SESSION_JOIN,
        session={"id": JUNE, "userId": "june", "locationId": "green", "inventory": {"penny": 2}},
    )
    said = company.does(JUNE, "introduce-yourself", DAME)
    assert [(one["metric"], one["before"], one["after"]) for one in said["metrics"]] == [
        ("core.affinity", 20, 25),
        ("core.trust", 30, 10),
    ]
    flags = company.session(JUNE).flags
    assert flags["events.arrival.triggeredAt"] == BEGINS
    assert (flags["arcs.tin-moon.stage"], flags["quests.belong.status"]) == (1, "active")
    (memory,) = company.between(JUNE, DAME, "memories")["entries"]
    assert (memory["topic"], memory["memoryType"], memory["at"]) == ("arrival", "long_term", BEGINS)
    assert company.may_not(JUNE, "introduce-yourself", DAME)["gate"] == "flag"
    assert company.may_not(JUNE, "ask-for-a-part", PELL)["gate"] == "condition"
    fright = company.may_not(JUNE, "praise", LUSINE)
    assert (fright["gate"], fright["opensAt"]) == ("mood", BEGINS + BELL)
    assert company.person("minnow")["tier"] == "detailed"
    pulled = {name: one.rule for name, one in company.world.moving.tiering.pulled.items()}
    assert (pulled[NpcId("minnow")], pulled[NpcId(DAME)]) == ("sought", "in-the-scene")


def the_rent_is_not_asked_for_in_time(company: Company) -> None:
    """The miller had 90 minutes since 06:00. The step is open at the end of them and expires after it; what
    it leads to is taken by itself 15 minutes later. What stood in his inbox was wanted until 07:20."""
    assert company.wanted(MILLER, "tin-moon:first") is not None
    company.until(BEGINS + 1_200)
    assert company.wanted(MILLER, "tin-moon:first") is None
    began = BEGINS - 3_600
    company.until(began + 5_400)
    assert company.progress(MILLER, DAME, "the-meadow")["currentStep"] == "ask-for-rent"
    company.tick()
    progress = company.progress(MILLER, DAME, "the-meadow")
    assert (progress["currentStep"], progress["because"]) == ("remind", "ask-for-rent expired")
    assert progress["lastStepAt"] == began + 5_400
    company.until(began + 6_300)
    progress = company.progress(MILLER, DAME, "the-meadow")
    assert (progress["currentStep"], progress["lastStepAt"]) == ("settle", began + 6_300)
    intent = company.wanted(MILLER, "talk-terms")
    assert intent is not None
    assert (intent["createdAt"], intent["expiresAt"]) == (began + 6_300, began + 6_300 + 10_800)
    assert (intent["priority"], intent["context"]) == (90, {"trigger": "chain", "stepId": "remind"})
    company.done(InputKind.INTENT, sessionId=MILLER, intentId=intent["id"], op="accept")
    miller = company.session(MILLER)
    assert "rent.reminded" not in miller.flags
    assert (miller.flags["rent.talks"], miller.flags["quests.rent.status"]) == (1, "failed")
    assert miller.inventory == {"penny": 4, "flour": 2, "ticket": 2}


def hob_is_out_of_sight_while_he_scouts(company: Company) -> None:
    """The flag names him, and so a rule has him dormant; it is what he does first of all that he may."""
    company.until_that(lambda: company.world.flags.get("road.scout") == HOB, within=2 * BELL)
    hob = company.person(HOB)
    assert hob["components"]["behavior"]["currentActivityId"] == "scout-the-road"
    assert (hob["tier"], company.world.moving.tiering.pulled[NpcId(HOB)].rule) == ("dormant", "on-the-road")


def hob_tells_of_the_road(company: Company) -> None:
    """The dormant decide every 7,200 s: by then he tells of it, which removes the flag."""
    company.until_that(lambda: "road.scout" not in company.world.flags, within=2 * BELL)
    behavior = company.person(HOB)["components"]["behavior"]
    assert (behavior["currentActivityId"], behavior["locationId"]) == ("tell-of-the-road", "cook-fire")
    assert behavior["activityStartedAt"] - behavior["lastActivities"][0]["endedAtSeconds"] == 0
    assert company.person(HOB)["tier"] != "dormant"


def she_learns_a_part_before_the_lamps_are_lit(company: Company) -> None:
    """Half an hour to the read-through, a bell more until it is known by heart; that needs the cue, which is
    made for her. It is then daylight, so that she will walk on."""
    company.chain(JUNE, "start", PELL, "learn-a-part")
    asked = company.now
    said = company.does(JUNE, "ask-for-a-part", PELL)
    assert [one["stepId"] for one in said["steps"]] == ["ask"]
    assert company.between(JUNE, PELL, "stage") == {"billing": "walk-on"}
    step = {"op": "step", "sessionId": JUNE, "npcId": PELL, "chainId": "learn-a-part"}
    assert company.denied(InputKind.CHAIN, **step)["opensAt"] == asked + 1_800
    company.tick()
    (request,) = [one for one in company.asked if one.session_id == JUNE]
    assert (str(request.band), request.writes) == ("player_waiting", "flag:cue")
    assert "cue.text" not in company.session(JUNE).flags
    company.tick()
    assert company.session(JUNE).flags["cue.text"] == f"dialogue of {PELL}"
    company.until(asked + 1_800)
    company.done(InputKind.CHAIN, **step)
    company.until(asked + 1_800 + BELL)
    progress = company.progress(JUNE, PELL, "learn-a-part")
    assert (progress["currentStep"], progress["lastStepAt"]) == ("walk-on", asked + 1_800 + BELL)
    assert company.may_not(JUNE, "walk-on", PELL)["opensAt"] == bell(11)
    assert company.now > BEGINS + BELL
    company.does(JUNE, "praise", LUSINE)
    assert company.may_not(JUNE, "praise", LUSINE)["opensAt"] == company.now + 40 * MINUTE
    vanity = company.between(JUNE, LUSINE, "mood")["activeEmotion"]
    assert (vanity["intensity"], vanity["expiresAt"]) == (0.8, company.now + 1_800)


def the_bill_is_written_and_then_cried(company: Company) -> None:
    """Its text is the world's flag, by which the keepers of books find something else to do."""
    (request,) = [one for one in company.asked if one.flag == "bill.tonight"]
    assert (request.session_id, request.params["tone"]) == (None, "loud")
    assert company.world.flags["bill.tonight.text"] == f"dialogue of {request.npc_id}"
    assert company.node("minnow") == "bill-is-out"
    company.until_that(lambda: company.doing("minnow") == "cry-the-bill", within=3 * BELL)


def she_has_soup_and_washes_the_bowls(company: Company) -> None:
    """Five minutes of listening, two until the bowls are empty. Nessa gives no second bowl for two bells."""
    company.done(InputKind.SESSION_UPDATE, sessionId=JUNE, locationId="cook-fire")
    begged = company.now
    said = company.does(JUNE, "beg-a-bowl", NESSA)
    assert said["chain"]["progress"]["currentStep"] == "sit-down"
    company.chain(JUNE, "step", NESSA, "a-place-by-the-fire")
    company.until(begged + 300)
    company.chain(JUNE, "step", NESSA, "a-place-by-the-fire")
    assert company.session(JUNE).flags["heard.the-bridge"] is True
    waits = company.may_not(JUNE, "wash-the-bowls", NESSA)
    assert (waits["gate"], waits["opensAt"]) == ("chain", begged + 300 + 120)
    company.until(begged + 420)
    washed = company.does(JUNE, "wash-the-bowls", NESSA)["chain"]["progress"]
    assert (washed["outcome"], washed["lastStepAt"]) == ("completed", begged + 420)
    assert company.between(JUNE, NESSA, "core") == {"affinity": 4}
    again = company.may_not(JUNE, "beg-a-bowl", NESSA)
    assert (again["gate"], again["opensAt"]) == ("cooldown", begged + 2 * BELL)


def threnody_plays_the_third_one(company: Company) -> None:
    """By the fire: two minutes of it, one to rest, and a dance that is asked for by its mood."""
    company.until_that(lambda: company.wanted(JUNE, "a-tune-for-you") is not None, within=3 * BELL)
    tune = company.wanted(JUNE, "a-tune-for-you")
    assert tune is not None
    assert (tune["createdAt"] % 1_800, tune["surface"], tune["context"]["locationId"]) == (
        0,
        "inline",
        "cook-fire",
    )
    company.done(InputKind.INTENT, sessionId=JUNE, intentId=tune["id"], op="accept")
    company.tick()
    player = tune["npcId"]
    company.done(InputKind.NARRATIVE, op="continue", sessionId=JUNE, npcId=player)
    asked = company.now
    company.until(asked + 300)
    run = company.between(JUNE, player, "narrative")
    heard = [(one["node"], one["at"] - asked) for one in run["history"][1:]]
    assert heard == [("play", 0), ("rest", 120), ("dance", 180), ("end", 180)]
    told = [one.params for one in company.asked if one.session_id == JUNE and one.kind == "action_block"]
    assert [one["composition"] for one in told] == ["merged", "sequential"]
    assert told[1]["query"] == {"mood": "merry", "people": 2}
    assert company.between(JUNE, player, "tunes") == {"third": True}


def ned_comes_too_late_and_carries_a_spear(company: Company) -> None:
    """He never comes to the read-through: two bells after he asked the part goes on without him, and a minute
    later he has a spear. Pell has a tune played for him, who is not where one rests or dances."""
    ned = {"id": NED, "userId": "ned", "flags": {"troupe.welcome": True}}
    company.done(InputKind.SESSION_JOIN, session=ned)
    company.chain(NED, "start", PELL, "learn-a-part")
    asked = company.now
    company.does(NED, "ask-for-a-part", PELL)
    company.until(asked + 2 * BELL)
    assert company.progress(NED, PELL, "learn-a-part")["currentStep"] == "read-through"
    company.tick()
    progress = company.progress(NED, PELL, "learn-a-part")
    assert (progress["outcome"], progress["lastStepAt"]) == ("completed", asked + 2 * BELL + 60)
    assert progress["completedSteps"] == ["ask", "stand-in"]
    assert company.session(NED).flags["part.carried"] == "a spear"
    tune = company.wanted(NED, "a-tune")
    assert tune is not None
    assert (tune["priority"], tune["expiresAt"]) == (10, asked + 2 * BELL + 60 + 3_600)
    company.done(InputKind.INTENT, sessionId=NED, intentId=tune["id"], op="accept")
    company.tick()
    assert company.between(NED, PELL, "dialogue")["result"] == {
        "text": "The third one, then.",
        "speaker": "Threnody",
    }
    company.done(InputKind.NARRATIVE, op="continue", sessionId=NED, npcId=PELL)
    asked = company.now
    company.until(asked + 300)
    run = company.between(NED, PELL, "narrative")
    assert run["outcome"] == "completed"
    heard = [(one["node"], one["at"] - asked) for one in run["history"][1:]]
    assert heard == [("play", 0), ("end", 120)]
    assert company.between(NED, PELL, "tunes") == {"third": True}
    told = [one.params for one in company.asked if one.session_id == NED and one.kind == "action_block"]
    assert [one["composition"] for one in told] == ["merged"]


def she_holds_the_moon(company: Company) -> tuple[bytes, int]:
    """From the rope to the bow, times after her choice: 30 s to rise, no wait as the curtain is up, 900 s of
    hush. What is then asked for is there three ticks after the tick that entered its node: one to ask, one to
    hand over, one to see it. The whisper: 930, in the tick of 960, there at 1,140, and 20 s. The book: 1,160,
    in the tick of 1,200, there at 1,380, and 10 s. The shadows: 1,390, in the tick of 1,440, there at 1,620,
    and 15 s.

    Answers a snapshot from the middle of the hush, and how many inputs came before it."""
    company.until_that(lambda: company.wanted(JUNE, "hold-the-rope") is not None, within=4 * BELL)
    assert bell(11) < company.now <= bell(11, 5)
    assert company.world.flags["curtain.up"] is True
    assert company.world.moving.tiering.pulled[NpcId(OSK)].rule == "keeper-of-the-moon"
    assert [company.wanted(who, "hold-the-rope") is not None for who in (NED, MILLER)] == [True, True]
    rope = company.wanted(JUNE, "hold-the-rope")
    assert rope is not None
    assert (rope["npcId"], rope["priority"], rope["context"]["trigger"]) == (OSK, 80, "start")
    company.done(InputKind.INTENT, sessionId=JUNE, intentId=rope["id"], op="accept")
    june = company.session(JUNE)
    assert (june.scene_id, june.cast) == ("the-moon-goes-up", (OSK, "ivo-brack", "tansy-brack"))
    assert company.world.flags["moon.hands"] == 1
    for name in june.cast:
        assert company.world.moving.tiering.pulled[name].rule == "in-the-scene"
    company.tick()
    company.tick()
    talk = {"sessionId": JUNE, "npcId": OSK, "op": "choose"}
    closed = company.denied(InputKind.NARRATIVE, choiceId="pull-gently", **talk)
    assert closed["do"] == "open are: pull, let-him"
    company.done(InputKind.NARRATIVE, choiceId="pull", **talk)
    chosen = company.now
    company.until(chosen + 600)
    assert company.session(JUNE).scene_id == "under-the-moon"
    snapshot = encode(parts_of(company.world, {t: stage.export() for t, stage in company.stages.items()}))
    told_before = len(company.sent)
    company.until(chosen + 1_740)
    run = company.between(JUNE, OSK, "narrative")
    assert (run["outcome"], run["error"]) == ("completed", None)
    visits = [(one["node"], one["at"] - chosen) for one in run["history"] if one["at"] > chosen]
    assert visits == [
        ("until-it-hangs", 30),
        ("hush", 30),
        ("whisper", 930),
        ("what-the-book-says", 1_160),
        ("shadows", 1_390),
        ("how-it-went", 1_635),
        ("bow", 1_635),
    ]
    june = company.session(JUNE)
    assert company.between(JUNE, OSK, "core") == {"affinity": 4, "trust": 6 + 3, "chemistry": 1, "tension": 0}
    assert (june.inventory, june.flags["moon.held"]) == ({"penny": 1, "tin-shaving": 1}, True)
    assert company.person(OSK)["components"]["stage"] == {"fame": 11, "warm": True, "billing": "walk-on"}
    assert company.world.flags["moon.guest"] is True
    return snapshot, told_before


def she_walks_on_and_the_scene_begins_when_it_is_written(company: Company) -> None:
    """She skips the bow and is home a bell later; a part a day is enough."""
    walked = company.now
    said = company.does(JUNE, "walk-on", PELL)
    assert [one["progress"]["currentStep"] for one in said["steps"]] == ["bow"]
    company.tick()
    assert company.session(JUNE).scene_id == "under-the-moon"
    company.tick()
    june = company.session(JUNE)
    assert (june.scene_id, june.cast) == ("act-three", (PELL,))
    assert company.between(JUNE, PELL, "scene")["result"] == {"text": f"scene of {PELL}"}
    assert company.now == walked + 120
    company.chain(JUNE, "skip", PELL, "learn-a-part")
    company.until(walked + 120 + BELL)
    progress = company.progress(JUNE, PELL, "learn-a-part")
    assert (progress["outcome"], progress["skippedSteps"]) == ("completed", ["bow"])
    assert (progress["lastStepAt"], progress["completionCount"]) == (walked + 120 + BELL, 1)
    assert company.session(JUNE).flags["part.played"] is True
    again = company.denied(InputKind.CHAIN, op="start", sessionId=JUNE, npcId=PELL, chainId="learn-a-part")
    assert again["opensAt"] == walked + 120 + BELL + DAY


def the_moon_comes_down(company: Company) -> None:
    """In the dark the set is struck, and the bill is no longer tonight's. The rent is settled a day after it
    was called for, by failing. The next day is the last of the week, and nobody rehearses."""
    company.until_that(lambda: company.world.flags["curtain.up"] is False, within=4 * BELL)
    assert company.now > bell(14)
    assert not {"bill.tonight.text", "moon.keeper"} & company.world.flags.keys()
    settled = BEGINS - 3_600 + 6_300 + DAY
    company.until(settled)
    progress = company.progress(MILLER, DAME, "the-meadow")
    assert (progress["outcome"], progress["lastStepAt"]) == ("failed", settled)
    assert progress["completionCount"] == 1
    assert company.node(LUSINE) == "idle-day"


def score(npc_id: str, activity_id: str, at: int) -> tuple[str | None, float, Mapping[str, float]]:
    """Of somebody in the file: the node, the score and its factors."""
    definition = parse_world(json.loads(FILE.read_text(encoding="utf-8")), FILE.name)
    why = asking.why(definition, NpcId(npc_id), Micros(at * MICROS_PER_SECOND))
    (found,) = [one for one in why.candidates if one.activity_id == activity_id]
    return why.node, found.score, found.factors


def test_whoever_likes_the_prompter_likes_to_run_lines() -> None:
    """Tansy, who likes him by 90: weight 2, activity 0.5, work 0.6 x 0.9, a conscientiousness of 45 with
    weight 0.7, the bond (0.5 + 0.9) in full."""
    node, worth, factors = score("tansy-brack", "run-lines", bell(5))
    assert node == "rehearsal"
    assert factors["relationshipBonus"] == pytest.approx(1.4)
    assert worth == pytest.approx(2 * 0.5 * 0.54 * (1 - 0.05 * 0.7) * 1.4)


def test_the_overlooked_make_it_up_when_they_are_sad() -> None:
    """Garl: weight 5, activity 0.5, company 0.3 x 0.9, an extraversion of 25, his mood is asked for (1.5,
    weight 0.6), it would lift him (1.5)."""
    node, worth, _ = score("garl", "make-it-up", BEGINS)
    assert node == "low"
    assert worth == pytest.approx(5 * 0.5 * 0.27 * (1 - 0.25 * 0.7) * 1.3 * 1.5)


def test_what_the_miller_says_counts_for_minnow() -> None:
    """0.8 where Minnow's own preference is 1; rested, and it takes effort: 1.5."""
    node, worth, factors = score("minnow", "cry-the-bill", bell(5))
    assert (node, factors["activityPreference"]) == ("desk", 0.8)
    assert worth == pytest.approx(1 * 0.8 * 0.45 * 1.5)


def guest(**more: Any) -> Company:
    """The meadow with June in it."""
    company = Company()
    company.done(InputKind.SESSION_JOIN, session={"id": JUNE, "userId": "june", **more})
    return company


def test_a_ticket_costs_three_pennies() -> None:
    company = guest(inventory={"penny": 5})
    company.does(JUNE, "buy-a-ticket", DAME)
    assert company.session(JUNE).inventory == {"penny": 2, "ticket": 1}
    assert (company.world.flags["house.sold"], company.world.flags["house.last"]) == (1, "the meadow side")
    assert company.may_not(JUNE, "buy-a-ticket", OSK)["gate"] == "item"
    assert company.may_not(JUNE, "buy-a-ticket", DAME)["opensAt"] == BEGINS + DAY


def test_a_secret_is_swapped_and_everybody_hears_that_there_was_one() -> None:
    """Mister Ledger is suspected by 20, by June by 5 from then on; where the house sat is forgotten."""
    company = guest(inventory={"penny": 3})
    company.does(JUNE, "buy-a-ticket", DAME)
    company.does(JUNE, "swap-a-secret", "mister-ledger")
    assert company.between(JUNE, "mister-ledger", "stealth") == {"suspicion": 5}
    components = company.person("mister-ledger")["components"]
    assert (components["stealth"]["suspicion"], components["secret"]) == (20, {"told": True})
    flags = company.world.flags
    assert (flags["worldEvents.rumour.the-second-purse"], flags.get("house.last")) == (BEGINS, None)


def test_a_jig_is_two_things_to_ask_for() -> None:
    company = guest()
    company.until_that(lambda: company.doing("dunstan-reel") == "fiddle", within=DAY)
    company.does(JUNE, "call-the-jig", "dunstan-reel")
    company.tick()
    company.tick()
    asked = {one.kind: one.params for one in company.asked if one.session_id == JUNE}
    assert asked["action_block"]["actionBlockIds"] == ["circle", "bow"]
    assert (asked["dialogue"]["programId"], asked["dialogue"]["branchIntent"]) == ("jig", "merry")
    for component in ("actionBlock", "dialogue"):
        assert "dunstan-reel" in company.between(JUNE, "dunstan-reel", component)["result"]["text"]
    assert company.world.flags["quests.jig.status"] == "completed"


def test_a_sketch_and_a_gesture_are_kept_between_the_two() -> None:
    company = guest()
    company.does(JUNE, "sit-for-a-sketch", "wilmot-cope")
    company.does(JUNE, "ask-for-a-gesture", "ivo-brack")
    company.tick()
    company.tick()
    assert company.between(JUNE, "wilmot-cope", "portrait")["kind"] == "image"
    assert company.between(JUNE, "ivo-brack", "actionBlock")["result"] == {
        "text": "action_block of ivo-brack"
    }


def test_the_sad_are_consoled_and_the_cheerful_are_not() -> None:
    """Garl begins with a valence of -55. Minnow has 35, and an arousal of 35: excited."""
    company = guest()
    assert company.may_not(JUNE, "console", "minnow")["gate"] == "mood"
    said = company.does(JUNE, "console", "garl")["metrics"]
    assert [(one["metric"], one["before"], one["after"]) for one in said] == [
        ("mood.valence", -55, -35),
        ("core.trust", 0, 4),
    ]
    assert company.may_not(JUNE, "console", "garl")["opensAt"] == BEGINS + 7_200


def test_biddy_has_her_pins_held_a_quarter_of_an_hour_after_she_began() -> None:
    company = guest(locationId="wardrobe-wagon")
    company.until_that(lambda: company.wanted(JUNE, "hold-the-pins") is not None, within=DAY)
    wish = company.wanted(JUNE, "hold-the-pins")
    assert wish is not None
    began = company.person(wish["npcId"])["components"]["behavior"]["activityStartedAt"]
    assert wish["createdAt"] == began + 900
    company.done(InputKind.INTENT, sessionId=JUNE, intentId=wish["id"], op="accept")
    assert company.between(JUNE, wish["npcId"], "errands") == {"pins": True}
    assert company.between(JUNE, wish["npcId"], "core") == {"chemistry": 1}


def test_each_hook_turns_to_a_guest_within_two_days() -> None:
    company = guest(locationId="cook-fire", flags={"troupe.welcome": True})
    company.done(
        InputKind.SESSION_JOIN,
        session={
            "id": NED,
            "locationId": "green",
            "sceneId": "a-bench",
            "cast": [OSK, PELL, "wilmot-cope"],
            "flags": {"troupe.welcome": True},
            "npcs": {PELL: {"core": {"affinity": 5}}},
        },
    )
    seen: set[str] = set()
    while company.now < BEGINS + 2 * DAY and not seen >= company.definition.hooks.keys():
        company.tick()
        for who in (JUNE, NED):
            seen.update(one["context"].get("hookId", "of a chain") for one in company.session(who).inbox)
    assert company.definition.hooks.keys() - seen == set()
