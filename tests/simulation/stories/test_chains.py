"""Chains as domain.md has them: exact waits, expiry, branches and ends, and the index of what is due."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.definitions import parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.snapshot import encode, parts_of, restore
from simulation.stories import chain_inputs
from simulation.stories.chain_moves import RUNNING_MAX
from simulation.stories.chain_progress import Progress, due_at, read_progress
from simulation.stories.chain_system import Chains
from simulation.system_table import systems_of
from simulation.ticking import TickDone
from simulation.units import InputKind, Micros, NpcId, SessionId
from simulation.world import World
from village import document

START = 43_200
"""The village begins at noon of day 0."""
DAY = 86_400
WALTZ = {"type": "flag_equals", "key": "music", "value": "waltz"}
BROKEN = {"type": "expression", "expression": "1 / quests.nothing > 1"}


def step(name: str, **more: Any) -> dict[str, Any]:
    return {"stepId": name, **more}


def chain(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "A chain", "steps": list(steps), **more}


def town(*steps: dict[str, Any], simulation: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """The village with one chain, `walk`, and one player, `s1`."""
    made = document(3, generation={"mode": "off"}, mode="turn_based", **(simulation or {}))
    made["meta"]["chains"] = {"walk": chain(*steps, **more)}
    made["sessions"] = [{"id": "s1"}]
    return made


class Play:
    """A world with its stages, driven by inputs."""

    def __init__(self, made: dict[str, Any]) -> None:
        self.world, self.stages = create(parse_world(made))
        self.done: list[TickDone] = []

    def send(self, kind: InputKind, **payload: Any) -> Outcome:
        assert self.world.deliver([Input(self.world.next_seq, kind, payload)])
        (outcome,) = drive.boundary(self.world, self.stages)
        return outcome

    def chain(self, op: str, npc: str = "npc:1", **more: Any) -> Outcome:
        payload = {"sessionId": "s1", "npcId": npc, "chainId": "walk", "op": op, **more}
        return self.send(InputKind.CHAIN, **payload)

    def advance(self, seconds: float) -> None:
        assert self.send(InputKind.ADVANCE, seconds=seconds).applied
        while self.world.wants_tick:
            self.done.append(drive.tick(self.world, self.stages))

    def progress(self, npc: str = "npc:1", chain_id: str = "walk") -> dict[str, Any]:
        session = self.world.sessions.get(SessionId("s1"))
        assert session is not None
        found: dict[str, Any] = session.component(NpcId(npc), "interactions")["chainProgress"][chain_id]
        return found

    @property
    def flags(self) -> Mapping[str, Any]:
        session = self.world.sessions.get(SessionId("s1"))
        assert session is not None
        return session.flags


def test_a_chain_starts_at_its_first_step_and_ends_after_its_last() -> None:
    play = Play(town(step("meet"), step("talk", flagsSet={"talked": True})))
    started = play.chain("start")
    assert started.detail["progress"] == {
        "currentStep": "meet",
        "startedAt": START,
        "lastStepAt": START,
        "completedSteps": [],
        "skippedSteps": [],
        "completionCount": 0,
        "outcome": None,
    }
    play.advance(90.5)
    assert play.chain("step").applied
    assert play.progress()["currentStep"] == "talk"
    assert play.progress()["lastStepAt"] == 43_290.5
    assert play.chain("step", stepId="talk").applied
    ended = play.progress()
    assert (ended["currentStep"], ended["outcome"], ended["completionCount"]) == (None, "completed", 1)
    assert ended["completedSteps"] == ["meet", "talk"]
    assert play.flags["talked"] is True


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        ({"minWaitSeconds": 90}, 90),
        ({"waitSeconds": 0.000_001}, 0.000_001),
        ({"waitMinutes": 2.5}, 150),
        ({"waitHours": 3}, 10_800),
        ({"waitDays": 1}, DAY),
        ({"waitDays": 1, "waitHours": 2, "waitMinutes": 3, "waitSeconds": 4}, DAY + 7_200 + 180 + 4),
        ({"additionalGating": {"minWaitSeconds": 7}}, 7),
    ],
)
def test_a_step_is_ready_at_exactly_its_wait(wait: dict[str, Any], seconds: float) -> None:
    play = Play(town(step("meet", **wait)))
    play.chain("start")
    if seconds > 0.000_001:
        play.advance(round(seconds - 0.000_001, 6))
    early = play.chain("step")
    assert not early.applied
    assert early.detail["opensAt"] == START + seconds
    play.advance(0.000_001)
    assert play.chain("step").applied


def test_a_day_is_the_calendars_day() -> None:
    made = town(step("meet", waitDays=1, waitHours=1))
    made["meta"]["time_config"] = {
        "hoursPerDay": 10,
        "minutesPerHour": 50,
        "periods": [{"id": "day", "startHour": 2, "endHour": 8}],
    }
    made["meta"]["behavior"] = {}
    made["npcs"] = [{"id": "npc:1"}]
    play = Play(made)
    play.chain("start")
    # An hour of 50 minutes has 3,000 s, a day of 10 hours 30,000 s.
    assert play.chain("step").detail["opensAt"] == START + 33_000


@pytest.mark.parametrize(
    ("most", "seconds"),
    [({"maxWaitSeconds": 120}, 120), ({"maxWaitMinutes": 3}, 180), ({"maxWaitDays": 1}, DAY)],
)
def test_a_step_is_open_until_exactly_its_end_and_expired_after_it(
    most: dict[str, Any], seconds: float
) -> None:
    play = Play(town(step("meet", **most)))
    play.chain("start")
    play.advance(seconds)
    assert play.progress()["currentStep"] == "meet"
    play.advance(0.000_001)
    ended = play.progress()
    assert (ended["currentStep"], ended["outcome"], ended["because"]) == (None, "failed", "meet expired")
    assert ended["lastStepAt"] == START + seconds
    assert play.chain("step").detail["reason"] == "walk has ended: failed"


def test_the_player_may_take_a_step_at_the_last_microsecond_of_its_window() -> None:
    play = Play(town(step("meet", maxWaitSeconds=120)))
    play.chain("start")
    play.advance(120)
    assert play.chain("step").applied
    assert play.progress()["outcome"] == "completed"


def test_an_expired_step_leads_to_the_step_it_names() -> None:
    play = Play(town(step("meet", maxWaitSeconds=100, onExpired="sulk"), step("end"), step("sulk")))
    play.chain("start")
    play.advance(130)
    found = play.progress()
    assert (found["currentStep"], found["outcome"]) == ("sulk", None)
    assert found["lastStepAt"] == START + 100, "the window ended then, whenever the tick came"
    assert found["completedSteps"] == []


def test_the_tick_takes_steps_by_itself_as_of_the_time_they_are_ready() -> None:
    """Waits of 90, 90 and 30 s in ticks of 60 s: ready at 90, 180 and 210 s, seen by the ticks at 120, 180
    and 240 s."""
    play = Play(
        town(
            *(
                step(name, minWaitSeconds=wait, autoAdvance=True)
                for name, wait in zip("abc", (90, 90, 30), strict=True)
            )
        )
    )
    play.chain("start")
    seen = []
    for _ in range(4):
        play.advance(60)
        seen.append((play.progress()["currentStep"], play.progress()["lastStepAt"] - START))
    assert seen == [("a", 0), ("b", 90), ("c", 180), (None, 210)]


def test_a_long_tick_takes_every_step_that_is_ready_in_it() -> None:
    made = town(
        *(step(name, minWaitSeconds=10, autoAdvance=True) for name in "abcde"),
        simulation={"maxStepGameSeconds": 3_600},
    )
    play = Play(made)
    play.chain("start")
    play.advance(45)
    assert len(play.done) == 1
    assert play.progress()["currentStep"] == "e"
    assert play.progress()["lastStepAt"] == START + 40
    assert play.progress()["completedSteps"] == ["a", "b", "c", "d"]


def test_a_step_taken_in_a_long_tick_beats_the_end_of_its_window_in_the_same_tick() -> None:
    made = town(
        step("a", minWaitSeconds=10, maxWaitSeconds=20, autoAdvance=True),
        step("b"),
        simulation={"maxStepGameSeconds": 3_600},
    )
    play = Play(made)
    play.chain("start")
    play.advance(1_000)
    assert (play.progress()["currentStep"], play.progress()["lastStepAt"]) == ("b", START + 10)


def test_time_scale_moves_no_wait_and_a_pause_freezes_it() -> None:
    play = Play(town(step("a", minWaitSeconds=100, autoAdvance=True), step("b")))
    play.chain("start")
    play.advance(50)
    play.send(InputKind.CONFIG, changes={"timeScale": 7})
    play.send(InputKind.PAUSE)
    assert not play.send(InputKind.ADVANCE, seconds=60).applied
    play.send(InputKind.RESUME)
    play.advance(49.999_999)
    assert play.progress()["currentStep"] == "a"
    play.advance(0.000_001)
    assert (play.progress()["currentStep"], play.progress()["lastStepAt"]) == ("b", START + 100)


def test_required_flags_are_the_players_first_then_the_worlds() -> None:
    play = Play(town(step("meet", requiredFlags=["key.iron"])))
    play.chain("start")
    refused = play.chain("step")
    assert refused.detail["reason"] == "meet requires the flag key.iron"
    play.send(InputKind.FLAGS, flags={"key": {"iron": True}})
    play.send(InputKind.SESSION_UPDATE, sessionId="s1", flags={"key.iron": False})
    assert not play.chain("step").applied, "the player's own says no"
    play.send(InputKind.SESSION_UPDATE, sessionId="s1", flags={"key.iron": True})
    assert play.chain("step").applied


def test_the_first_branch_whose_conditions_hold_counts_and_the_steps_own_flags_are_seen() -> None:
    branches = [{"to": "dance", "conditions": [WALTZ]}, {"to": "fail", "conditions": []}]
    steps = [step("ask", flagsSet={"music": "waltz"}, branches=branches), step("sit"), step("dance")]
    play = Play(town(*steps))
    play.chain("start")
    assert play.chain("step").detail["progress"]["currentStep"] == "dance"
    play = Play(town({**steps[0], "flagsSet": {}}, *steps[1:]))
    play.chain("start")
    assert play.chain("step").detail["progress"]["outcome"] == "failed"
    play = Play(town({**steps[0], "flagsSet": {}, "branches": branches[:1]}, *steps[1:]))
    play.chain("start")
    assert play.chain("step").detail["progress"]["currentStep"] == "sit", "the step that follows"


def test_conditions_see_the_person_as_this_player_meets_them() -> None:
    asks = {"type": "stat_axis_gt", "axis": "affinity", "threshold": 70}
    play = Play(town(step("meet", conditions=[asks])))
    play.chain("start")
    assert "meta.chains.walk.steps[0].conditions[0] does not hold" in play.chain("step").detail["reason"]
    fond = {"npcId": "npc:1", "component": "core", "value": {"affinity": 71}, "sessionId": "s1"}
    play.send(InputKind.PERSON, **fond)
    assert play.chain("step").applied


def test_a_step_that_expired_and_waits_for_its_turn_can_no_more_be_skipped() -> None:
    """Both windows ended 60 s after noon; the tick of the second minute had a budget of one chain."""
    made = town(
        step("tea", optional=True, maxWaitSeconds=60), step("talk"), simulation={"maxChainOpsPerStep": 1}
    )
    play = Play(made)
    for npc in ("npc:1", "npc:2"):
        assert play.chain("start", npc).applied
    play.advance(120)
    assert play.progress("npc:1")["outcome"] == "failed"
    late = play.chain("skip", "npc:2")
    assert not late.applied
    assert late.detail["reason"] == "tea was open until day 0, Monday, 12:01 (afternoon)"


def test_a_step_that_would_make_the_session_too_large_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(town(step("meet"), step("talk")))
    play.chain("start")
    monkeypatch.setattr(chain_inputs, "SESSION_BYTES_MAX", 100)
    refusal = play.chain("step")
    assert not refusal.applied
    assert refusal.detail["do"] == "at most 100"
    assert play.progress()["currentStep"] == "meet"


def test_the_tick_takes_no_step_that_would_make_the_session_too_large() -> None:
    """meet is due in the first tick, of 60 s, and sets a flag. A session that has no room for it waits: it is
    told with the step and looked at again 60 s later, when there is room, as often as it takes."""
    meet = step("meet", autoAdvance=True, flagsSet={"met": "x" * 1_000})
    play = Play(town(meet, step("talk")))
    play.chain("start")
    full = {"sessionId": "s1", "flags": {"luggage": "y" * 261_000}}
    assert play.send(InputKind.SESSION_UPDATE, **full).applied
    play.advance(60)
    assert play.progress()["currentStep"] == "meet"
    assert "met" not in play.flags
    session = play.world.sessions.get(SessionId("s1"))
    assert session is not None
    assert session.size <= 262_144
    (failure,) = play.done[-1].failures
    assert (failure.npc_id, failure.rule) == ("npc:1", "meta.chains.walk.steps[0]")
    assert failure.error.startswith("s1: the session would have 26")
    assert failure.error.endswith(" bytes, at most 262144")
    assert play.send(InputKind.SESSION_UPDATE, sessionId="s1", flags={"luggage": None}).applied
    play.advance(60)
    assert (play.progress()["currentStep"], play.flags["met"]) == ("talk", "x" * 1_000)
    assert play.done[-1].failures == ()


def test_a_step_opens_at_its_wait_whatever_a_component_says_about_looking_again() -> None:
    """Anybody may write a personal component: 10 s is before the wait of 90 s is over."""
    rules = Play(town(step("a", minWaitSeconds=90, autoAdvance=True))).world.script.chains["walk"]
    there = Progress("a", Micros(0), Micros(0), look_again_at=Micros(10_000_000))
    assert due_at(rules.chain, there) == 90_000_000


def test_optional_steps_are_skipped_and_others_are_not() -> None:
    play = Play(town(step("tea", optional=True, flagsSet={"drunk": True}, minWaitSeconds=99), step("talk")))
    play.chain("start")
    skipped = play.chain("skip").detail["progress"]
    assert (skipped["currentStep"], skipped["skippedSteps"], skipped["completedSteps"]) == (
        "talk",
        ["tea"],
        [],
    )
    assert "drunk" not in play.flags
    assert play.chain("skip").detail["reason"] == "talk is not optional"


def test_a_chain_repeats_after_its_cooldown_and_counts_its_completions() -> None:
    play = Play(town(step("meet"), repeatable=True, repeatCooldownSeconds=600))
    play.chain("start")
    play.chain("step")
    play.advance(599.999_999)
    assert play.chain("start").detail["opensAt"] == START + 600
    play.advance(0.000_001)
    assert play.chain("start").detail["progress"]["completionCount"] == 1
    assert play.chain("step").detail["progress"]["completionCount"] == 2


def test_a_chain_that_is_given_up_has_ended() -> None:
    play = Play(town(step("meet", minWaitSeconds=5, autoAdvance=True), step("talk")))
    play.chain("start")
    assert play.chain("abandon").detail["progress"]["outcome"] == "abandoned"
    play.advance(600)
    assert play.progress()["currentStep"] is None
    assert play.chain("start").detail["reason"] == "walk is abandoned and not repeatable"


def test_a_chain_is_given_up_wherever_it_is() -> None:
    """Whoever names a step, and be it a former one, means the chain."""
    play = Play(town(step("meet"), step("talk")))
    play.chain("start")
    play.chain("step")
    assert play.chain("abandon", stepId="meet").applied
    assert play.progress()["outcome"] == "abandoned"


def test_a_step_that_somebody_wrote_twice_is_done_once() -> None:
    """Anybody may write a personal component; a name that is no step is none."""
    made = parse_world(town(step("meet"), step("talk"))).chains["walk"]
    written = {"currentStep": "talk", "startedAt": 0, "lastStepAt": 0}
    found = read_progress({**written, "completedSteps": ["meet", "dance", "meet", 5]}, made)
    assert found is not None
    assert found.completed == ("meet",)


def test_what_is_given_up_already_stays_so_and_what_has_ended_otherwise_cannot_be() -> None:
    play = Play(town(step("meet", optional=True)))
    assert "is not started" in play.chain("abandon").detail["reason"]
    play.chain("start")
    play.chain("abandon")
    before = play.world.sessions.get(SessionId("s1"))
    again = play.chain("abandon")
    assert (again.applied, again.detail["changed"]) == (True, False)
    assert again.detail["progress"]["outcome"] == "abandoned"
    assert play.world.sessions.get(SessionId("s1")) is before, "not even its version"


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ({"op": "step"}, "walk is not started"),
        ({"op": "dance"}, "$.op: no op 'dance'"),
        ({"op": "start", "chainId": "wlak"}, "did you mean 'walk'?"),
        ({"op": "start", "npcId": "npc:9"}, "$.npcId: no npc '9'"),
        ({"op": "start", "sessionId": "s9"}, "$.sessionId is 's9'"),
        ({"op": "start", "npcId": "npc:2"}, "walk is no chain of npc:2"),
        ({"op": "start", "speed": 2}, "$.speed: no key"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(payload: dict[str, Any], says: str) -> None:
    play = Play(town(step("meet"), npcs=["npc:1"]))
    before = drive.state_hash(play.world, play.stages)
    whole = {"sessionId": "s1", "npcId": "npc:1", "chainId": "walk", **payload}
    outcome = play.send(InputKind.CHAIN, **whole)
    assert not outcome.applied
    assert says in f"{outcome.detail['reason']} {outcome.detail['do']}"
    assert drive.state_hash(play.world, play.stages) == before


def test_a_wrong_step_and_a_second_start_are_refused_with_where_the_chain_is() -> None:
    play = Play(town(step("meet"), step("talk")))
    play.chain("start")
    assert play.chain("step", stepId="talk").detail["reason"] == "walk is at meet, not at talk"
    assert play.chain("start").detail["reason"] == "walk runs already, at meet"


def test_a_rule_that_raises_fails_its_chain_and_nothing_else() -> None:
    made = town(step("meet", conditions=[BROKEN], autoAdvance=True))
    made["meta"]["chains"]["other"] = chain(step("go", autoAdvance=True))
    play = Play(made)
    play.chain("start")
    play.chain("start", chainId="other")
    play.advance(60)
    ended = play.progress()
    assert ended["outcome"] == "failed"
    assert ended["because"].startswith("meet: meta.chains.walk.steps[0].conditions[0]: TypeError")
    assert play.progress(chain_id="other")["outcome"] == "completed"
    assert [failure.npc_id for failure in play.done[0].failures] == ["npc:1"]
    assert play.world.counters.failures == 1


def test_a_players_step_whose_rule_raises_is_refused_and_changes_nothing() -> None:
    play = Play(town(step("meet", conditions=[BROKEN])))
    play.chain("start")
    before = drive.state_hash(play.world, play.stages)
    assert play.chain("step").detail["reason"].startswith("a rule of walk fails: meta.chains.walk.steps[0]")
    assert drive.state_hash(play.world, play.stages) == before


def test_a_ready_step_whose_flag_is_missing_is_tried_again_a_minute_later() -> None:
    play = Play(town(step("meet", autoAdvance=True, requiredFlags=["sun"]), step("talk")))
    play.chain("start")
    play.advance(60)
    assert play.progress()["lookAgainAt"] == START + 120
    play.send(InputKind.FLAGS, flags={"sun": True})
    play.advance(59.999_999)
    assert play.progress()["currentStep"] == "meet"
    play.advance(0.000_001)
    found = play.progress()
    assert (found["currentStep"], found["lastStepAt"]) == ("talk", START + 120)
    assert "lookAgainAt" not in found


def test_chains_of_one_session_see_what_the_ones_before_them_did_in_the_same_tick() -> None:
    made = town(step("go", minWaitSeconds=50, autoAdvance=True, requiredFlags=["horn"]))
    made["meta"]["chains"]["call"] = chain(
        step("blow", minWaitSeconds=50, autoAdvance=True, flagsSet={"horn": True})
    )
    play = Play(made)
    play.chain("start")
    play.chain("start", chainId="call")
    play.advance(60)
    assert play.progress()["outcome"] == "completed", "both were due at 50 s, and `call` comes before `walk`"


# -- bounds


def test_no_tick_advances_more_chains_than_its_budget_and_the_plan_says_what_waits() -> None:
    made = town(
        step("a", minWaitSeconds=60, autoAdvance=True), step("b"), simulation={"maxChainOpsPerStep": 2}
    )
    play = Play(made)
    for npc in ("npc:0", "npc:2", "npc:1"):
        play.chain("start", npc=npc)
    play.advance(60)
    (share,) = play.done[-1].plan.systems
    assert (share.name, share.due, share.runs) == ("chains", 3, 2)
    at = {npc: play.progress(npc)["currentStep"] for npc in ("npc:0", "npc:1", "npc:2")}
    assert at == {"npc:0": "b", "npc:1": "b", "npc:2": "a"}, "ties by person"
    play.advance(60)
    assert play.progress("npc:2")["currentStep"] == "b"
    assert play.progress("npc:2")["lastStepAt"] == START + 60, "it was ready then"


def test_so_many_chains_run_in_a_session_and_no_more() -> None:
    made = town(step("a"))
    made["meta"]["chains"] = {f"c{n}": chain(step("a")) for n in range(RUNNING_MAX + 1)}
    play = Play(made)
    for n in range(RUNNING_MAX):
        assert play.chain("start", chainId=f"c{n}").applied
    assert f"{RUNNING_MAX} chains run" in play.chain("start", chainId=f"c{RUNNING_MAX}").detail["reason"]
    play.chain("abandon", chainId="c0")
    assert play.chain("start", chainId=f"c{RUNNING_MAX}").applied


@pytest.mark.parametrize(
    "progress",
    [
        {"currentStep": 7, "startedAt": 0, "lastStepAt": 0, "outcome": None},
        {"currentStep": "a", "startedAt": "x", "lastStepAt": 0, "outcome": None},
        {"currentStep": "a", "startedAt": 0, "lastStepAt": -1, "outcome": None},
        {"currentStep": "a", "startedAt": 0, "lastStepAt": 10**400, "outcome": None},
        {"currentStep": "a", "startedAt": 0, "lastStepAt": 0, "outcome": "completed"},
        {"currentStep": ["a"], "startedAt": 0, "lastStepAt": 0, "outcome": {}},
        "nonsense",
        None,
    ],
)
def test_what_somebody_wrote_there_that_is_no_progress_stops_nothing(progress: object) -> None:
    play = Play(town(step("a", autoAdvance=True)))
    for listed in ({"walk": progress}, progress):
        value = {"chainProgress": listed}
        fields = {"npcId": "npc:1", "op": "set", "component": "interactions", "value": value}
        play.send(InputKind.PERSON, **fields, sessionId="s1")
        play.advance(60)
        assert play.chain("step").detail["reason"] == "walk is not started"


# -- definitions


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (chain(), "meta.chains.walk.steps: has no step"),
        (
            chain(step("a", onExpired="b", maxWaitSeconds=1)),
            "meta.chains.walk.steps[0].onExpired: no step 'b'",
        ),
        (chain(step("a", branches=[{"to": "bb"}]), step("b")), "steps[0].branches[0].to: no step 'bb'"),
        (chain(step("a", next="c"), step("b")), "meta.chains.walk.steps[0].next: no step 'c'"),
        (chain(step("a", onExpired="fail")), "steps[0].onExpired: never happens"),
        (chain(step("a", minWaitSeconds=2, maxWaitSeconds=1)), "steps[0]: closes before it opens"),
        (chain(step("a", waitSeconds=2, minWaitSeconds=1)), "steps[0].waitSeconds: says the same"),
        (chain(step("a", waitHours="x")), "steps[0].waitHours: is 'x'"),
        (chain(step("a", waitSeconds=0.000_000_1)), "steps[0].waitSeconds"),
        (chain(step("a", waitDays=-1)), "steps[0].waitDays: is -1"),
        (chain(step("a"), step("a")), "steps[1].stepId: the id 'a' is given twice"),
        (chain(step("fail")), "steps[0].stepId: 'fail' names an end"),
        (chain(step("a", autoadvance=True)), "did you mean 'autoAdvance'?"),
        (chain(step("a"), npcs=["npc:9"]), "meta.chains.walk.npcs: no npc '9'"),
        (chain(step("a"), npcs=["role:kng"]), "meta.chains.walk.npcs: no npc 'role:kng'"),
        (chain(step("a"), repeatCooldownSeconds=5), "meta.chains.walk.repeatable"),
        (chain(step("a", conditions=[{"type": "flag_exist"}])), "steps[0].conditions[0].type: no condition"),
        (
            chain(
                step("a", autoAdvance=True, waitSeconds=29),
                step("b", autoAdvance=True, next="a", waitSeconds=30),
            ),
            "meta.chains.walk.steps[0]: a comes back to itself after 59 s by itself",
        ),
        (
            chain(step("a", maxWaitSeconds=10, onExpired="a")),
            "steps[0]: a comes back to itself after 10 s by itself",
        ),
    ],
)
def test_a_bad_chain_is_refused_when_the_world_loads(broken: dict[str, Any], says: str) -> None:
    made = town(step("a"))
    made["meta"]["chains"] = {"walk": broken}
    with pytest.raises(ValueError, match=r"meta\.chains") as caught:
        parse_world(made)
    assert says in str(caught.value)


def test_rounds_with_a_player_or_a_minute_in_them_are_allowed() -> None:
    parse_world(town(step("a", next="a")))
    parse_world(town(step("a", autoAdvance=True, waitSeconds=60, next="a")))


def test_a_step_that_nothing_leads_to_is_a_warning() -> None:
    found = parse_world(town(step("a", next="complete"), step("b"))).warnings
    assert [str(problem) for problem in found if "meta.chains" in problem.path] == [
        "meta.chains.walk.steps[1].stepId: no step leads to b, so it never comes"
    ]


def test_chains_may_be_a_list_and_a_chain_may_belong_to_a_role() -> None:
    made = town(step("a"))
    made["meta"]["chains"] = [{"id": "walk", "npcs": ["role:innkeeper"], "steps": [step("a")]}]
    play = Play(made)
    assert play.chain("start", npc="npc:0").applied
    assert not play.chain("start", npc="npc:1").applied


# -- properties


def test_a_world_without_chains_has_no_system_for_them() -> None:
    world, _ = create(parse_world(document(3)))
    assert world.systems == ()


def copied(world: World, stages: Stages) -> tuple[World, Stages]:
    parts = parts_of(world, {tier: stage.export() for tier, stage in stages.items()})
    return restore(world.script.definition, encode(parts))


def index_of(world: World) -> list[tuple[int, tuple[str, str, str]]]:
    (system,) = world.systems
    assert isinstance(system, Chains)
    return system.index.items()


def index_made_anew(world: World) -> list[tuple[int, tuple[str, str, str]]]:
    (system,) = systems_of(world.script)
    assert isinstance(system, Chains)
    for session in world.sessions:
        system.on_session(session.id, session)
    return system.index.items()


STORY = (
    step("a", minWaitSeconds=45, maxWaitSeconds=200, onExpired="c"),
    step("b", minWaitSeconds=70, autoAdvance=True, requiredFlags=["sun"], maxWaitMinutes=10, optional=True),
    step(
        "c",
        waitMinutes=2,
        autoAdvance=True,
        branches=[{"to": "a", "conditions": [{"type": "random_chance", "probability": 0.4}]}],
    ),
    step("d", conditions=[{"type": "energy_between", "min": 20}], maxWaitSeconds=0),
)
OPS = st.one_of(
    st.tuples(st.just("chain"), st.sampled_from(("start", "step", "skip", "abandon")), st.integers(0, 2)),
    st.tuples(st.just("advance"), st.sampled_from((0.000_001, 17, 60, 200, 1_000)), st.just(0)),
    st.tuples(st.just("sun"), st.booleans(), st.just(0)),
    st.tuples(st.just("player"), st.sampled_from(("s1", "s2")), st.just(0)),
)


def play_out(play: Play, ops: list[tuple[str, Any, int]]) -> None:
    for kind, value, n in ops:
        match kind:
            case "chain":
                play.chain(value, npc=f"npc:{n}")
            case "advance":
                play.advance(value)
            case "sun":
                play.send(InputKind.FLAGS, flags={"sun": value})
            case _:
                play.send(InputKind.SESSION_LEAVE, sessionId=value)
                play.send(InputKind.SESSION_JOIN, session={"id": value})


@settings(max_examples=40, deadline=None)
@given(st.lists(OPS, max_size=25))
def test_the_due_index_is_what_the_sessions_say_and_no_budget_is_exceeded(
    ops: list[tuple[str, Any, int]],
) -> None:
    play = Play(town(*STORY, repeatable=True, simulation={"maxChainOpsPerStep": 1}))
    play_out(play, ops)
    assert index_of(play.world) == index_made_anew(play.world)
    for done in play.done:
        assert all(share.runs <= 1 for share in done.plan.systems)
    assert drive.state_hash(play.world, play.stages) == drive.state_hash_in_full(play.world, play.stages)


@settings(max_examples=25, deadline=None)
@given(st.lists(OPS, max_size=15), st.lists(OPS, max_size=15))
def test_a_world_brought_back_in_the_middle_goes_on_the_same(
    before: list[tuple[str, Any, int]], after: list[tuple[str, Any, int]]
) -> None:
    play = Play(town(*STORY, repeatable=True, simulation={"maxChainOpsPerStep": 1}))
    play_out(play, before)
    again = Play(town(*STORY, repeatable=True))
    again.world, again.stages = copied(play.world, play.stages)
    assert index_of(again.world) == index_of(play.world)
    play_out(play, after)
    play_out(again, after)
    assert drive.state_hash(again.world, again.stages) == drive.state_hash(play.world, play.stages)


@settings(max_examples=40, deadline=None)
@given(
    waits=st.lists(st.integers(1, 400_000_000), min_size=1, max_size=6),
    cuts=st.lists(st.integers(1, 100_000_000), min_size=1, max_size=12),
)
def test_steps_are_taken_at_the_same_microsecond_whatever_the_ticks(
    waits: list[int], cuts: list[int]
) -> None:
    """With waits alone, how far a chain is at a time does not depend on where the ticks before it lay."""
    steps = [step(f"s{n}", minWaitSeconds=wait / 10**6, autoAdvance=True) for n, wait in enumerate(waits)]
    play = Play(town(*steps, simulation={"maxStepGameSeconds": 1_000}))
    play.chain("start")
    elapsed = 0
    for cut in cuts:
        play.advance(cut / 10**6)
        elapsed += cut
    passed, total = 0, 0
    for wait in waits:
        if total + wait > elapsed:
            break
        total += wait
        passed += 1
    assert len(play.progress()["completedSteps"]) == passed
    assert round(play.progress()["lastStepAt"] * 10**6) == START * 10**6 + total
