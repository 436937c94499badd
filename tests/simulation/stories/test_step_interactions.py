"""Steps of chains that interactions belong to: one act, by the player or by the tick, done once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.consequences import AddToFlag
from simulation.definitions import parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import create
from simulation.session_view import session_view
from simulation.snapshot import encode, parts_of, restore
from simulation.units import InputKind, NpcId, SessionId
from village import document

NOON = 43_200
"""The village begins at noon of day 0, a Monday; a standard tick is 60 s."""
ANN = "npc:1"
WAVE = {
    "outcome": {"statDeltas": [{"metric": "core.trust", "add": 2}], "flagChanges": {"set": {"waved": True}}}
}
"""It makes them trust the player by 2."""


def step(name: str, **more: Any) -> dict[str, Any]:
    return {"stepId": name, **more}


def town(
    *steps: dict[str, Any],
    wave: Mapping[str, Any] = WAVE,
    interactions: Mapping[str, Any] | None = None,
    chains: Mapping[str, Any] | None = None,
    **simulation: Any,
) -> dict[str, Any]:
    """The village with the chain `walk` of these steps, the interaction `wave`, and one player."""
    made = document(3, **{"generation": {"mode": "off"}, "mode": "turn_based", **simulation})
    made["meta"]["chains"] = {"walk": {"steps": list(steps)}, **(chains or {})}
    made["meta"]["interactions"] = {"wave": wave, **(interactions or {})}
    made["sessions"] = [{"id": "s1", "userId": "ann"}]
    return made


class Play:
    """A world driven by plain calls, one player in it."""

    def __init__(self, made: dict[str, Any]) -> None:
        self.definition = parse_world(made)
        self.world, self.stages = create(self.definition)

    def again(self) -> None:
        """From its snapshot."""
        exports = {tier: stage.export() for tier, stage in self.stages.items()}
        self.world, self.stages = restore(self.definition, encode(parts_of(self.world, exports)))

    def send(self, kind: InputKind, **payload: Any) -> Outcome:
        assert self.world.deliver([Input(self.world.next_seq, kind, {"sessionId": "s1", **payload})])
        (outcome,) = drive.boundary(self.world, self.stages)
        return outcome

    def chain(self, op: str, chain_id: str = "walk", **more: Any) -> Outcome:
        return self.send(InputKind.CHAIN, npcId=ANN, chainId=chain_id, op=op, **more)

    def do(self, name: str = "wave") -> Outcome:
        return self.send(InputKind.INTERACT, npcId=ANN, interactionId=name)

    def advance(self, seconds: float) -> None:
        assert self.world.deliver([Input(self.world.next_seq, InputKind.ADVANCE, {"seconds": seconds})])
        assert drive.boundary(self.world, self.stages)[0].applied
        while self.world.wants_tick:
            drive.tick(self.world, self.stages)

    @property
    def session(self) -> Any:
        return self.world.sessions.get(SessionId("s1"))

    def personal(self, component: str) -> dict[str, Any]:
        return dict(self.session.component(NpcId(ANN), component))

    @property
    def trust(self) -> Any:
        return self.personal("core").get("trust", 0)

    @property
    def waved_at(self) -> Any:
        return self.personal("interactions").get("lastUsedAt", {}).get("wave")

    def progress(self, chain_id: str = "walk") -> dict[str, Any]:
        found: dict[str, Any] = self.personal("interactions")["chainProgress"][chain_id]
        return found

    @property
    def hash(self) -> str:
        return drive.state_hash(self.world, self.stages)


# -- by the player


def test_taking_a_step_does_its_interaction_and_both_are_one() -> None:
    """Trust 0 + 2, the flags of both, the stamp, and the chain at its next step: with one input."""
    play = Play(town(step("meet", interactionId="wave", flagsSet={"met": True}), step("talk")))
    play.chain("start")
    assert (play.trust, play.waved_at) == (0, None)
    taken = play.chain("step")
    assert taken.applied
    assert (play.trust, play.waved_at, play.progress()["currentStep"]) == (2, NOON, "talk")
    assert dict(play.session.flags) == {"waved": True, "met": True}
    assert taken.detail["progress"] == play.progress()
    assert taken.detail["interaction"]["metrics"][0]["after"] == 2


def test_doing_the_interaction_takes_the_step_it_belongs_to() -> None:
    play = Play(town(step("meet", interactionId="wave"), step("again", interactionId="wave")))
    assert play.do().applied
    assert play.trust == 2
    play.chain("start")
    done = play.do()
    assert done.detail["steps"] == [{"chainId": "walk", "stepId": "meet", "progress": play.progress()}]
    assert (play.trust, play.progress()["currentStep"]) == (4, "again")
    assert play.do().applied
    assert (play.trust, play.progress()["outcome"]) == (6, "completed")


def test_before_the_step_is_ready_the_interaction_is_done_by_itself() -> None:
    play = Play(town(step("meet", interactionId="wave", minWaitSeconds=90)))
    play.chain("start")
    assert play.chain("step").detail["opensAt"] == NOON + 90
    assert play.do().applied
    assert (play.trust, play.progress()["currentStep"]) == (2, "meet")
    play.advance(90)
    assert play.do().applied
    assert (play.trust, play.progress()["outcome"]) == (4, "completed")


def test_a_closed_gate_of_the_interaction_refuses_the_step_and_nothing_happens() -> None:
    wave = {**WAVE, "gating": {"cooldownSeconds": 600}}
    play = Play(town(step("meet", interactionId="wave"), wave=wave))
    play.do()
    play.chain("start")
    before = play.hash
    refused = play.chain("step")
    assert (refused.applied, refused.detail["gate"]) == (False, "cooldown")
    assert refused.detail["opensAt"] == NOON + 600
    assert (play.trust, play.progress()["currentStep"]) == (2, "meet")
    assert play.hash == before
    play.advance(600)
    assert play.chain("step").applied
    assert play.trust == 4


def test_an_interaction_that_advances_the_chain_itself_is_done_once() -> None:
    wave = {"outcome": {**WAVE["outcome"], "advanceChain": {"chain": "walk"}}}
    play = Play(town(step("meet", interactionId="wave"), step("talk", interactionId="wave"), wave=wave))
    assert play.do().applied
    assert (play.trust, play.progress()["currentStep"]) == (2, "meet")
    assert play.chain("step").applied
    assert (play.trust, play.progress()["currentStep"]) == (4, "talk")
    done = play.do()
    assert (play.trust, play.progress()["outcome"]) == (6, "completed")
    assert done.detail["chain"]["progress"] == play.progress()
    assert "steps" not in done.detail


def test_doing_one_interaction_does_not_take_the_step_of_another() -> None:
    steps = (step("meet", interactionId="wave"), step("part", interactionId="nod"))
    play = Play(town(*steps, interactions={"nod": {}}))
    play.chain("start")
    assert "steps" not in play.do("nod").detail
    assert play.do().applied
    assert "steps" not in play.do().detail
    assert play.progress()["currentStep"] == "part"
    assert play.do("nod").detail["steps"][0]["stepId"] == "part"


def test_a_step_that_could_not_be_taken_before_an_interaction_is_not_taken_by_it() -> None:
    """The wave sets the flag that the step asks for: the first one finds it missing, the second one there."""
    play = Play(town(step("meet", interactionId="wave", requiredFlags=["waved"]), step("talk")))
    play.chain("start")
    assert "steps" not in play.do().detail
    assert (play.trust, play.progress()["currentStep"]) == (2, "meet")
    play.do()
    assert (play.trust, play.progress()["currentStep"]) == (4, "talk")


def test_one_interaction_takes_the_steps_of_every_chain_that_waits_for_it() -> None:
    other = {"other": {"steps": [step("greet", interactionId="wave")]}}
    play = Play(town(step("meet", interactionId="wave"), chains=other))
    play.chain("start")
    play.chain("start", "other")
    assert play.chain("step").applied
    assert play.trust == 2
    assert (play.progress()["outcome"], play.progress("other")["outcome"]) == ("completed", "completed")


def test_another_interaction_does_not_go_past_the_step() -> None:
    nod = {"outcome": {"advanceChain": {"chain": "walk"}}}
    play = Play(town(step("meet", interactionId="wave"), step("talk"), interactions={"nod": nod}))
    assert play.do("nod").applied
    refused = play.do("nod")
    assert (refused.applied, refused.detail["gate"]) == (False, "chain")
    assert "meet of walk is taken by doing wave" in str(refused.detail)
    play.do()
    assert play.do("nod").applied
    assert play.progress()["outcome"] == "completed"


def test_a_branch_sees_what_the_interaction_brought_about() -> None:
    waved = {"type": "flag_equals", "key": "waved", "value": True}
    trusts = {"type": "stat_axis_gt", "axis": "trust", "threshold": 1}
    both = [{"to": "friends", "conditions": [waved, trusts]}]
    play = Play(town(step("meet", interactionId="wave", branches=both, next="fail"), step("friends")))
    play.chain("start")
    assert play.chain("step").applied
    assert play.progress()["currentStep"] == "friends"


def test_a_step_whose_rule_raises_is_told_and_the_interaction_is_done() -> None:
    broken = {"type": "expression", "expression": "1 / quests.nothing > 1"}
    play = Play(town(step("meet", interactionId="wave", conditions=[broken])))
    play.chain("start")
    assert play.do().applied
    assert (play.trust, play.progress()["currentStep"]) == (2, "meet")
    play.advance(60)
    assert play.world.counters.failures == 1


def test_skipping_a_step_does_nothing_of_its_interaction() -> None:
    play = Play(town(step("meet", interactionId="wave", optional=True)))
    play.chain("start")
    assert play.chain("skip").applied
    assert (play.trust, play.waved_at) == (0, None)


def test_a_session_shows_which_interaction_its_step_waits_for() -> None:
    play = Play(town(step("meet", interactionId="wave")))
    play.chain("start")
    (shown,) = session_view(play.world, play.session)["chains"]
    assert shown["interactionId"] == "wave"


# -- by the tick


def test_the_tick_does_the_interaction_as_of_the_time_the_step_was_ready() -> None:
    """Ready 90 s after noon; the ticks lie at 60 and 120 s."""
    play = Play(town(step("meet", interactionId="wave", minWaitSeconds=90, autoAdvance=True), step("talk")))
    play.chain("start")
    play.advance(60)
    assert play.trust == 0
    play.advance(60)
    assert (play.trust, play.waved_at, play.progress()["lastStepAt"]) == (2, NOON + 90, NOON + 90)
    play.advance(600)
    assert (play.trust, play.progress()["currentStep"]) == (2, "talk")


def test_a_gate_that_waits_puts_the_step_off_to_the_moment_it_opens() -> None:
    """Ready at noon; the interaction opens at 17:00:36, 61,236 s, between two ticks."""
    wave = {**WAVE, "gating": {"timeOfDay": {"hourRanges": [{"start": 17.01, "end": 18}]}}}
    play = Play(town(step("meet", interactionId="wave", autoAdvance=True), wave=wave))
    play.chain("start")
    play.advance(18_000)
    assert (play.trust, play.progress()["lookAgainAt"]) == (0, 61_236)
    play.advance(60)
    assert (play.trust, play.waved_at, play.progress()["lastStepAt"]) == (2, 61_236, 61_236)


def test_a_gate_that_takes_something_else_is_tried_again_a_minute_later() -> None:
    """Ready at noon; the tick at 60 s finds the gate closed and looks again at 120 s."""
    wave = {**WAVE, "gating": {"requiredFlags": ["music"]}}
    play = Play(town(step("meet", interactionId="wave", autoAdvance=True), wave=wave))
    play.chain("start")
    play.advance(60)
    assert (play.trust, play.progress()["lookAgainAt"]) == (0, NOON + 120)
    play.send(InputKind.SESSION_UPDATE, flags={"music": True})
    play.advance(60)
    assert (play.trust, play.waved_at) == (2, NOON + 120)


def test_a_step_that_expires_behind_a_closed_gate_goes_on_without_its_interaction() -> None:
    wave = {**WAVE, "gating": {"requiredFlags": ["music"]}}
    meet = step("meet", interactionId="wave", autoAdvance=True, maxWaitSeconds=100, onExpired="late")
    play = Play(town(meet, step("late"), wave=wave))
    play.chain("start")
    play.advance(180)
    assert (play.trust, play.progress()["currentStep"]) == (0, "late")


def test_what_the_tick_asks_for_is_asked_for_once_and_every_time_anew() -> None:
    """The chain is done twice; each time one dialogue is asked for, with an id of its own."""
    talk = {"outcome": {"generationLaunch": {"kind": "dialogue"}}}
    round_ = {"repeatable": True, "steps": [step("meet", interactionId="talk", autoAdvance=True)]}
    simulation = {"generation": {"mode": "live"}, "maxJobOpsPerStep": 0}
    play = Play(town(step("x"), interactions={"talk": talk}, chains={"round": round_}, **simulation))
    mine: list[str] = []
    for _ in range(2):
        assert play.chain("start", "round").applied
        play.advance(120)
        mine = [one.request_id for one in play.world.requests.waiting if one.session_id == "s1"]
    assert len(mine) == len(set(mine)) == 2


def test_two_steps_taken_at_one_moment_ask_for_two_things() -> None:
    talk = {"outcome": {"generationLaunch": {"kind": "dialogue"}}}
    steps = [step(name, interactionId="talk", autoAdvance=True) for name in ("a", "b")]
    simulation = {"generation": {"mode": "live"}, "maxJobOpsPerStep": 0}
    play = Play(town(*steps, interactions={"talk": talk}, **simulation))
    play.chain("start")
    play.advance(60)
    assert play.progress()["completedSteps"] == ["a", "b"]
    assert len({one.request_id for one in play.world.requests.waiting if one.session_id == "s1"}) == 2


def test_a_step_that_asks_for_more_than_the_queue_takes_waits_whole() -> None:
    """The queue holds one: the first of two chains fills it at 43,200 s. Nothing of the second happens; it is
    looked at again 60 s after the tick at 43,260 s, finds room at 43,320 s, and is then."""
    talk = {"outcome": {"generationLaunch": {"kind": "dialogue"}, "flagChanges": {"increment": {"talks": 1}}}}
    chains = {name: {"steps": [step("meet", interactionId="talk", autoAdvance=True)]} for name in ("a", "b")}
    simulation = {"generation": {"mode": "live", "queueMax": 1}, "maxJobOpsPerStep": 0}
    made = town(step("x"), interactions={"talk": {**talk, "gating": {"cooldownSeconds": 0}}}, **simulation)
    made["meta"]["chains"].update(chains)
    made["meta"]["behavior"]["activities"]["drink"]["effects"].pop("customEffects")
    made["sessions"].append({"id": "s2", "userId": "bo"})
    play = Play(made)
    assert play.chain("start", "a").applied
    other = {"sessionId": "s2", "npcId": ANN, "chainId": "b", "op": "start"}
    assert play.send(InputKind.CHAIN, **other).applied

    def second() -> tuple[Any, dict[str, Any]]:
        found: Any = play.world.sessions.get(SessionId("s2"))
        return dict(found.flags), found.component(NpcId(ANN), "interactions")["chainProgress"]["b"]

    play.advance(60)
    assert dict(play.session.flags) == {"talks": 1}
    flags, progress = second()
    assert (flags, progress["currentStep"], progress["lookAgainAt"]) == ({}, "meet", 43_320)
    assert [one.session_id for one in play.world.requests.waiting] == ["s1"]
    assert play.send(InputKind.CONFIG, changes={"maxJobOpsPerStep": 1}).applied
    play.advance(60)
    flags, progress = second()
    assert (flags, progress["outcome"], progress["lastStepAt"]) == ({"talks": 1}, "completed", 43_320)
    assert [one.session_id for one in play.world.requests.waiting] == ["s2"]
    assert play.world.counters.refused_requests == 0


def test_what_several_players_add_to_a_flag_of_the_world_in_one_tick_is_summed() -> None:
    """Three chains wave in the first tick: 10 + 3 x 2, and 3 x 1 of a flag nobody set. A text is left."""
    wave = {"outcome": {"worldFlagChanges": {"increment": {"town.waves": 2, "town.word": 1}}}}
    made = town(step("meet", interactionId="wave", autoAdvance=True), wave=wave)
    progress = {"currentStep": "meet", "startedAt": NOON, "lastStepAt": NOON}
    mine = {ANN: {"interactions": {"chainProgress": {"walk": progress}}}}
    made["sessions"] = [{"id": f"s{n}", "npcs": mine} for n in range(1, 4)]
    made["flags"] = {"town": {"waves": 10}}
    play = Play(made)
    play.advance(60)
    assert (play.world.flags["town.waves"], play.world.flags["town.word"]) == (16, 3)
    assert play.do().detail["worldFlags"] == {"town.waves": 18, "town.word": 4}
    play.world.set_flags({"town.word": "hello"})
    play.world.carry_out((AddToFlag("town.word", 1, NpcId(ANN)),))
    assert play.world.flags["town.word"] == "hello"
    (failure,) = play.world.failed
    assert (failure.npc_id, failure.rule) == (ANN, "flag town.word")


def test_with_generation_off_the_tick_asks_for_nothing() -> None:
    talk = {"outcome": {"generationLaunch": {"kind": "dialogue"}}}
    meet = step("meet", interactionId="talk", autoAdvance=True)
    play = Play(town(meet, interactions={"talk": talk}))
    play.chain("start")
    play.advance(60)
    assert play.progress()["outcome"] == "completed"
    assert not play.world.requests.waiting


def test_an_interaction_that_cannot_take_its_step_ends_the_chain_and_does_nothing() -> None:
    """The step's branch raises: `quests.nothing` is null."""
    broken = {"type": "expression", "expression": "1 / quests.nothing > 1"}
    meet = step(
        "meet", interactionId="wave", autoAdvance=True, branches=[{"to": "meet2", "conditions": [broken]}]
    )
    play = Play(town(meet, step("meet2")))
    play.chain("start")
    play.advance(600)
    assert (play.trust, play.waved_at) == (0, None)
    assert play.progress()["outcome"] == "failed"
    assert "wave was done and did not take the step" in play.progress()["because"]


# -- whatever the ticks


@settings(max_examples=25)
@given(
    waits=st.lists(st.integers(0, 400), min_size=1, max_size=4),
    cooldown=st.integers(0, 500),
    spans=st.lists(st.integers(1, 900), min_size=1, max_size=6),
    longest=st.sampled_from([60, 600]),
)
def test_however_time_is_cut_the_player_ends_where_they_would_by_single_ticks(
    waits: list[int], cooldown: int, spans: list[int], longest: int
) -> None:
    """Each step waits, and the cooldown of its interaction too; one world is restored at every cut."""
    steps = [
        step(f"s{n}", interactionId="wave", autoAdvance=True, minWaitSeconds=wait)
        for n, wait in enumerate(waits)
    ]
    wave = {**WAVE, "gating": {"cooldownSeconds": cooldown}}
    plain = Play(town(*steps, wave=wave))
    cut = Play(town(*steps, wave=wave, maxStepGameSeconds=longest))
    for play in (plain, cut):
        play.chain("start")
    for span in spans:
        cut.advance(span)
        cut.again()
    plain.advance(sum(spans))
    plain.advance(4_000)
    cut.advance(4_000)
    kept = [{k: v for k, v in play.session.to_json().items() if k != "version"} for play in (plain, cut)]
    assert kept[0] == kept[1]
    assert plain.trust == 2 * len(waits)
    last = NOON
    for n, wait in enumerate(waits):
        last += max(wait, cooldown) if n else wait
    assert plain.waved_at == last


def test_the_tick_takes_no_step_that_would_make_the_session_too_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    play = Play(town(step("meet", interactionId="wave", autoAdvance=True)))
    play.chain("start")
    monkeypatch.setattr("simulation.stories.chain_system.SESSION_BYTES_MAX", play.session.size)
    play.advance(120)
    assert (play.trust, play.waved_at, play.progress()["currentStep"]) == (0, None, "meet")
