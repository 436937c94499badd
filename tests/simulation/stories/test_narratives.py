"""Narrative programs on one clock: waits, choices, branches, effects, interruptions and errors."""

from __future__ import annotations

from typing import Any

import pytest
from stories import BEA, NOON, Stage, after, line, program, wait

from simulation import drive
from simulation.consequences import StartNarrative
from simulation.definitions.kept import HISTORY_MAX, STACK_MAX, WaitsFor
from simulation.planning import next_plan
from simulation.snapshot import encode, parts_of, restore
from simulation.stories.narrative_run import Waiting, read_run
from simulation.stories.narrative_walk import NODES_AT_ONCE_MAX
from simulation.units import InputKind, Micros, NpcId, SessionId

# -- waits and the clock


def test_a_wait_of_90_s_ends_in_the_first_tick_at_or_after_it() -> None:
    """Ticks of 60 s: 43,260 is before 43,200 + 90; 43,320 is after it. The wait itself ended at 43,290."""
    stage = Stage({"p": program(line("a"), wait("w", 90), line("b"))})
    assert stage.start()["until"] == NOON + 90
    stage.ticks(1)
    assert (stage.now, stage.run["node"], stage.run["outcome"]) == (43_260, "w", None)
    stage.ticks(1)
    assert (stage.now, stage.run["node"], stage.run["outcome"]) == (43_320, None, "completed")
    assert stage.visited() == [("a", 43_200), ("w", 43_200), ("b", 43_290)]


@pytest.mark.parametrize(("seconds", "ends"), [(60, 43_260), (60.000001, 43_320), (59.999999, 43_260)])
def test_a_wait_is_exact_to_the_microsecond(seconds: float, ends: float) -> None:
    stage = Stage({"p": program(wait("w", seconds))})
    stage.start()
    while stage.run["node"] is not None:
        stage.ticks(1)
    assert stage.now == ends


def test_what_follows_a_wait_begins_when_it_ended_however_long_the_tick() -> None:
    """90 s, then 100 s, then a delay of 5 s: 43,290, 43,390, 43,395, in one tick of an hour as in sixty."""
    told = {"p": program(line("a"), wait("w", 90), wait("v", 100), line("b", delaySeconds=5), line("c"))}
    one, many = Stage(told, maxStepGameSeconds=3600), Stage(told)
    for stage in (one, many):
        stage.start()
    one.send(InputKind.ADVANCE, seconds=3600)
    many.send(InputKind.ADVANCE, seconds=3600)
    one.ticks(1)
    many.ticks(60)
    assert one.now == many.now == NOON + 3600
    wanted = [("a", 43_200), ("w", 43_200), ("v", 43_290), ("b", 43_390), ("c", 43_395)]
    assert one.visited() == many.visited() == wanted


def test_the_time_scale_moves_no_wait() -> None:
    """At scale 6 a tick is 6 s: 15 of them are 90 s."""
    stage = Stage({"p": program(wait("w", 90))})
    stage.start()
    stage.send(InputKind.CONFIG, changes={"timeScale": 6})
    stage.ticks(14)
    assert (stage.now, stage.run["node"]) == (NOON + 84, "w")
    stage.ticks(1)
    assert (stage.now, stage.run["outcome"]) == (NOON + 90, "completed")


def test_a_condition_is_looked_at_in_its_interval_and_when_the_session_changes() -> None:
    """The world's flag is set at 43,260; looks are at 43,200 and 43,500, so 43,500 it is. The session's own
    flag, set at 43,260 too, is seen by the very next tick."""
    waits = {
        "id": "w",
        "type": "wait",
        "mode": "condition",
        "checkEverySeconds": 300,
        "conditions": [{"type": "flag_exists", "key": "lamp"}],
    }
    for of_session, ends in ((False, 43_500), (True, 43_320)):
        stage = Stage({"p": program(waits)})
        assert stage.start()["waitsFor"] == "condition"
        stage.ticks(1)
        if of_session:
            stage.send(InputKind.SESSION_UPDATE, sessionId="s1", flags={"lamp": True})
        else:
            stage.send(InputKind.FLAGS, flags={"lamp": True})
        while stage.run["node"] is not None:
            stage.ticks(1)
        assert stage.now == ends


def test_a_condition_that_holds_already_takes_no_time() -> None:
    told = {"id": "w", "type": "wait", "mode": "condition"}
    told["conditions"] = [{"type": "flag_equals", "key": "festival", "value": False}]
    stage = Stage({"p": program(told, line("b"))})
    assert stage.start()["outcome"] == "completed"
    assert stage.visited() == [("w", 43_200), ("b", 43_200)]


def test_a_condition_wait_gives_up_at_its_end() -> None:
    """At most 100 s: 43,300, noticed by the tick to 43,320."""
    told = {
        "id": "w",
        "type": "wait",
        "mode": "condition",
        "conditions": [{"type": "flag_exists", "key": "lamp"}],
        "maxWaitSeconds": 100,
        "onTimeout": "late",
    }
    stage = Stage({"p": program(told, line("good"), line("late"), edges=after("w", "good"))})
    stage.start()
    stage.ticks(1)
    assert stage.run["node"] == "w"
    stage.ticks(1)
    assert stage.visited() == [("w", 43_200), ("late", 43_300)]


def test_a_condition_that_holds_at_the_very_end_of_its_time_holds() -> None:
    """At most 60 s: the tick to 43,260 finds the flag that was set before it."""
    told = {
        "id": "w",
        "type": "wait",
        "mode": "condition",
        "conditions": [{"type": "flag_exists", "key": "lamp"}],
        "maxWaitSeconds": 60,
        "onTimeout": "late",
    }
    stage = Stage({"p": program(told, line("good"), line("late"), edges=after("w", "good"))})
    stage.start()
    stage.send(InputKind.FLAGS, flags={"lamp": True})
    stage.ticks(1)
    assert stage.visited() == [("w", 43_200), ("good", 43_260)]


def test_looking_at_one_condition_is_no_change_for_another() -> None:
    """Two people, two waits in one session: each is looked at every 600 s, not at every look of the other."""
    told = {"id": "w", "type": "wait", "mode": "condition", "checkEverySeconds": 600}
    told["conditions"] = [{"type": "flag_exists", "key": "lamp"}]
    stage = Stage({"p": program(told)})
    stage.start()
    stage.start(npc="npc:2")
    for _ in range(9):
        done = stage.ticks(1)
        assert done.plan.systems == ()
    assert stage.ticks(1).plan.systems[0].due == 2 * NODES_AT_ONCE_MAX


def test_a_paused_world_keeps_a_wait_where_it_is() -> None:
    stage = Stage({"p": program(wait("w", 90))}, mode="turn_based")
    stage.start()
    stage.send(InputKind.PAUSE)
    assert not stage.send(InputKind.ADVANCE, seconds=90).applied
    assert stage.run["node"] == "w"


# -- players


def test_a_line_waits_for_the_player_and_is_read_in_the_session() -> None:
    stage = Stage({"p": program(line("a", autoAdvance=False, speaker="Bea"), line("b"))})
    found = stage.start()
    assert (found["waitsFor"], found["may"], found["text"]) == ("player", ["continue", "stop"], "A")
    said = {"kind": "dialogue", "saidAt": NOON, "nodeId": "a", "result": {"text": "A", "speaker": "Bea"}}
    assert stage.personal("dialogue") == said
    stage.ticks(5)
    assert stage.run["node"] == "a"
    assert stage.ask("continue").applied
    assert stage.visited() == [("a", 43_200), ("b", 43_500)]


def offers(**more: Any) -> dict[str, Any]:
    choices = [
        {"id": "yes", "text": "Yes", "to": "good", "effects": {"flags": {"said": "yes"}}},
        {
            "id": "kiss",
            "text": "Kiss",
            "to": "good",
            "conditions": [{"type": "stat_axis_gt", "axis": "affinity", "threshold": 50}],
        },
    ]
    return {"id": "q", "type": "choice", "prompt": "Well?", "choices": choices, **more}


def test_a_choice_is_open_to_whom_its_conditions_hold_for() -> None:
    """Everybody sees affinity 1 of npc:1; this player has 60 of their own."""
    stage = Stage({"p": program(offers(), line("good"), edges=[])})
    found = stage.start()
    assert [(one["id"], one["open"]) for one in found["choices"]] == [("yes", True), ("kiss", False)]
    refused = stage.ask("choose", choiceId="kiss")
    assert not refused.applied
    assert "choice kiss is closed" in refused.detail["reason"]
    assert refused.detail["do"] == "open are: yes"
    stage.send(
        InputKind.PERSON, sessionId="s1", npcId=BEA, component="core", op="set", value={"affinity": 60}
    )
    assert stage.ask("choose", choiceId="kiss").applied
    assert [entry.get("choice") for entry in stage.run["history"]] == [None, "kiss", None]


def test_nobody_chooses_in_time_and_the_default_is_taken_when_the_time_was_over() -> None:
    stage = Stage({"p": program(offers(timeoutSeconds=100, defaultChoiceId="yes"), line("good"), edges=[])})
    assert stage.start()["until"] == NOON + 100
    stage.ticks(1)
    assert stage.run["node"] == "q"
    stage.ticks(1)
    assert stage.visited() == [("q", 43_200), ("good", 43_300)]
    assert stage.session().flags == {"said": "yes"}


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        ({"op": "start", "programId": "q"}, "$.programId: no narrative 'q'; allowed: p"),
        ({"op": "dance"}, "$.op: no op 'dance'"),
        ({"op": "start"}, "$.programId: is missing"),
        ({"op": "choose", "choiceId": "yess"}, "did you mean 'yes'?"),
        ({"op": "choose"}, "$.choiceId: is missing"),
        ({"op": "continue"}, "p is at q and waits for a choice choose, or stop it"),
        ({"op": "stop", "session": "s9"}, "here are: s1"),
        ({"op": "stop", "npc": "npc:99"}, "$.npcId: no npc 'npc:99'"),
        ({"op": "continue", "npc": "npc:2"}, "no narrative runs with npc:2 in this session start one"),
        ({"op": "stop", "why": "tired"}, "$.why: no key 'why'"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(ask: dict[str, Any], says: str) -> None:
    stage = Stage({"p": program(offers(), line("good"), edges=[])})
    stage.start()
    before = drive.state_hash(*stage.opened)
    outcome = stage.ask(**ask)
    assert not outcome.applied
    assert says in f"{outcome.detail['reason']} {outcome.detail['do']}"
    assert drive.state_hash(*stage.opened) == before


def test_a_stopped_narrative_can_begin_again() -> None:
    stage = Stage({"p": program(line("a", autoAdvance=False))})
    stage.start()
    assert stage.ask("stop").detail["narrative"]["outcome"] == "stopped"
    assert not stage.ask("continue").applied
    before = drive.state_hash(*stage.opened)
    again = stage.ask("stop")
    assert (again.applied, again.detail["changed"]) == (True, False)
    assert again.detail["narrative"]["outcome"] == "stopped"
    assert stage.ask("stop", npc="npc:2").detail["narrative"] == {}
    assert drive.state_hash(*stage.opened) == before
    assert stage.start()["node"] == "a"


# -- ways


def test_the_first_edge_whose_conditions_hold_is_taken() -> None:
    edges = [
        {"from": "a", "to": "b", "conditions": [{"type": "flag_exists", "key": "lamp"}]},
        {"from": "a", "to": "c"},
    ]
    stage = Stage({"p": program(line("a"), line("b"), line("c"), edges=edges)})
    stage.start()
    assert [node for node, _ in stage.visited()] == ["a", "c"]
    stage.send(InputKind.SESSION_UPDATE, sessionId="s1", flags={"lamp": 1})
    stage.start()
    assert [node for node, _ in stage.visited()] == ["a", "c", "a", "b"]


def test_a_branch_asks_of_the_person_as_this_player_meets_them() -> None:
    branch = {
        "id": "b",
        "type": "branch",
        "branches": [
            {"to": "warm", "conditions": [{"type": "expression", "expression": "core.affinity >= 60"}]}
        ],
        "default": "cold",
    }
    stage = Stage({"p": program(branch, line("warm"), line("cold"), edges=[])})
    stage.send(InputKind.SESSION_JOIN, session={"id": "s2", "npcs": {BEA: {"core": {"affinity": 60}}}})
    stage.start()
    stage.start(session="s2")
    found = {name: stage.session(name).component(BEA, "narrative")["history"] for name in ("s1", "s2")}
    assert [[entry["node"] for entry in found[name]] for name in ("s1", "s2")] == [
        ["b", "cold"],
        ["b", "warm"],
    ]


def test_a_variable_counts_rounds() -> None:
    """Three rounds of an hour each: 43,200, 46,800, 50,400, and out at 54,000."""
    edges = [
        {
            "from": "w",
            "to": "round",
            "conditions": [{"type": "expression", "expression": "narrative.variables.n < 3"}],
        },
        {"from": "w", "to": "out"},
        {"from": "round", "to": "w"},
    ]
    counts = {"id": "round", "type": "action", "effects": {"increment": {"n": 1}}}
    told = program(counts, wait("w", 3600), line("out"), edges=edges, variables={"n": 0})
    stage = Stage({"p": told})
    stage.start()
    stage.ticks(181)
    assert [at for node, at in stage.visited() if node == "round"] == [43_200, 46_800, 50_400]
    assert stage.visited()[-1] == ("out", 54_000)


# -- effects


def test_effects_happen_when_a_node_is_entered_and_left() -> None:
    """npc:1 has affinity 1: +5.5 for this player is 6.5, and everybody else still sees 1."""
    on_enter = {
        "flags": {"met": True},
        "worldFlags": {"town.met": "ann"},
        "relationship": {"affinity": 5.5},
        "items": {"lamp": 2},
        "components": {"quests": {"lamp": "active"}},
        "variables": {"mood": "shy"},
    }
    told = wait("w", 90)
    told |= {"onEnter": on_enter, "onExit": {"items": {"lamp": -5}, "flags": {"met": None, "left": True}}}
    stage = Stage({"p": program(told, variables={"mood": None})})
    stage.start()
    session = stage.session()
    assert (session.flags, session.inventory) == ({"met": True}, {"lamp": 2})
    assert stage.world.flags["town.met"] == "ann"
    assert stage.personal("core") == {"affinity": 6.5}
    assert stage.personal("quests") == {"lamp": "active"}
    assert stage.run["variables"] == {"mood": "shy"}
    stage.ticks(2)
    assert (stage.session().flags, stage.session().inventory) == ({"left": True}, {})


def test_metrics_are_between_the_two_or_seen_by_everybody() -> None:
    """npc:1 has valence 17 - 100 = -83 at that very moment: +33 is -50, and -200 would be -100, the least.
    Trust is the player's: nothing is known, so 0 + 40."""
    on_enter = {"metrics": {"mood.valence": 33, "core.trust": 40}, "setMetrics": {"behavior.energy": 12.5}}
    low = {"metrics": {"mood.valence": -200}}
    stage = Stage({"p": program(line("a", onEnter=on_enter)), "q": program(line("b", onEnter=low))})
    stage.start()
    assert stage.personal("core") == {"trust": 40}
    behavior = stage.person()["components"]["behavior"]
    assert (behavior["moodState"]["valence"], behavior["energy"]) == (-50, 12.5)
    stage.start("q")
    assert stage.person()["components"]["behavior"]["moodState"]["valence"] == -100


def test_a_scene_is_entered_with_the_person_or_with_a_cast() -> None:
    alone = {"id": "s", "type": "scene", "sceneId": "lamp-room", "delaySeconds": 30}
    crowd = {"id": "c", "type": "scene", "sceneId": "hall", "cast": ["npc:2", "npc:3"]}
    stage = Stage({"p": program(alone, crowd)})
    stage.start()
    assert (stage.session().scene_id, stage.session().cast) == ("lamp-room", (BEA,))
    stage.ticks(1)
    assert (stage.session().scene_id, stage.session().cast) == ("hall", ("npc:2", "npc:3"))


# -- interruptions


def test_an_interrupted_program_waits_as_long_as_it_still_had_to() -> None:
    """30 s of 90 are left at 43,260; the other takes 43,260 to 43,300; so the first goes on until 43,330."""
    stage = Stage({"p": program(wait("w", 90), line("b")), "q": program(wait("v", 40))})
    stage.start()
    stage.ticks(1)
    assert stage.start("q")["interrupted"] == [{"program": "p", "node": "w"}]
    stage.ticks(1)
    assert (stage.now, stage.run["program"], stage.run["waiting"]["until"]) == (43_320, "p", 43_330)
    stage.ticks(1)
    assert stage.visited() == [("w", 43_200), ("v", 43_260), ("b", 43_330)]


def test_an_interruption_moves_every_time_of_a_wait_and_makes_none() -> None:
    waiting = Waiting(WaitsFor.CONDITION, Micros(10), Micros(20), Micros(30), Micros(40), "seen")
    later = Waiting(WaitsFor.CONDITION, Micros(17), Micros(27), Micros(37), Micros(47), "seen")
    assert waiting.shifted(7) == later
    assert Waiting(WaitsFor.PLAYER, Micros(10)).shifted(7) == Waiting(WaitsFor.PLAYER, Micros(17))


def test_so_many_programs_may_be_interrupted_and_no_more() -> None:
    stage = Stage({"p": program(line("a", autoAdvance=False))})
    for _ in range(STACK_MAX + 1):
        stage.start()
    assert len(stage.run["stack"]) == STACK_MAX == 8
    refused = stage.ask("start", programId="p")
    assert (refused.applied, refused.detail["reason"]) == (False, "8 programs were interrupted already")


def test_an_interaction_or_a_chain_starts_one_with_the_next_tick() -> None:
    stage = Stage({"p": program(line("a"), wait("w", 10))})
    world = stage.world
    drive.perform(*stage.opened, world.carry_out([StartNarrative(SessionId("s1"), BEA, "p")]))
    assert stage.run["waiting"] == {"for": "turn", "since": NOON, "until": NOON}
    stage.ticks(1)
    assert stage.visited() == [("a", 43_200), ("w", 43_200)]


def test_a_start_of_what_is_not_there_is_a_failure_of_the_tick_and_nothing_more() -> None:
    stage = Stage({"p": program(line("a"))})
    stage.world.carry_out([StartNarrative(SessionId("s1"), BEA, "lost")])
    stage.world.carry_out([StartNarrative(SessionId("gone"), BEA, "p")])
    (failure,) = stage.ticks(1).failures
    assert (failure.npc_id, failure.error) == (BEA, "no narrative lost is in this world")
    assert stage.run == {}


# -- errors


def raises(**more: Any) -> dict[str, Any]:
    """A condition that compares a text with a number."""
    edges = [
        {"from": "w", "to": "b", "conditions": [{"type": "expression", "expression": "quests.lamp > 3"}]}
    ]
    return program(wait("w", 90), line("b"), edges=edges, **more)


def test_a_rule_that_raises_stops_the_run_with_its_error_and_nothing_else() -> None:
    stage = Stage({"p": raises(), "q": program(wait("w", 90), line("b"))})
    stage.send(InputKind.PERSON, sessionId="s1", npcId=BEA, component="quests", value={"lamp": "lit"})
    stage.start()
    stage.start("q", npc="npc:2")
    stage.ticks(1)
    done = stage.ticks(1)
    (failure,) = done.failures
    path = "meta.narratives.p.edges[0].conditions[0]"
    assert (failure.npc_id, failure.rule) == (BEA, path)
    error = stage.run["error"]
    assert (error["program"], error["node"], error["rule"], error["at"]) == ("p", "w", path, 43_320)
    assert "TypeError" in error["message"]
    assert (stage.run["node"], stage.run["outcome"]) == ("w", "failed")
    assert stage.personal("narrative", "npc:2")["outcome"] == "completed"
    assert not stage.ticks(5).failures
    assert stage.start("q")["error"] is None


def test_a_program_that_goes_round_is_parked_with_an_error_naming_program_and_node() -> None:
    edges = [
        {"from": "a", "to": "b", "conditions": [{"type": "flag_equals", "key": "festival", "value": False}]},
        {"from": "b", "to": "a"},
    ]
    stage = Stage({"p": program(line("a"), line("b"), edges=edges)})
    found = stage.start()
    assert found["error"]["rule"] == "narrative p node a"
    assert found["error"]["message"] == "32 nodes were entered without waiting for anything"
    assert stage.run["visits"] == NODES_AT_ONCE_MAX == 32


def test_when_the_player_goes_on_at_once_what_was_entered_before_counts_no_more() -> None:
    """20 lines and one that waits, then 20 more at the same moment: 21 and 20 at once, not 41."""
    ahead, behind = ([line(f"{name}{n}") for n in range(20)] for name in "ab")
    stage = Stage({"p": program(*ahead, line("stop", autoAdvance=False), *behind)})
    assert stage.start()["node"] == "stop"
    assert stage.ask("continue").applied
    assert (stage.run["outcome"], stage.run["visits"], stage.now) == ("completed", 41, NOON)


def test_a_small_budget_finds_it_too() -> None:
    """One node a tick: the 33rd would be entered in the same go as the 32nd."""
    edges = [
        {"from": "a", "to": "a", "conditions": [{"type": "flag_equals", "key": "festival", "value": False}]}
    ]
    stage = Stage({"p": program(line("a"), edges=edges)}, maxNarrativeOpsPerStep=1)
    stage.world.carry_out([StartNarrative(SessionId("s1"), BEA, "p")])
    stage.ticks(NODES_AT_ONCE_MAX - 1)
    assert (stage.run["visits"], stage.run["error"]) == (31, None)
    stage.ticks(1)
    assert stage.run["visits"] == 32
    assert stage.run["error"]["rule"] == "narrative p node a"


def test_a_program_that_is_gone_stops_the_run() -> None:
    stage = Stage({"p": program(wait("w", 30))})
    gone = {**stage.start(), "program": "lost"}
    stage.send(
        InputKind.PERSON,
        sessionId="s1",
        npcId=BEA,
        component="narrative",
        op="set",
        value={**stage.run, "program": gone["program"]},
    )
    stage.ticks(1)
    assert stage.run["error"]["message"] == "is not in this world any more"


@pytest.mark.parametrize(
    "value",
    [
        {"program": "p"},
        {"program": "p", "node": "w", "waiting": 5, "startedAt": 0, "visits": 0, "steps": 0},
        {"program": None, "startedAt": -1, "visits": 0, "steps": 0, "stack": [], "history": []},
        {"program": None, "startedAt": 0, "visits": True, "steps": 0, "stack": [7], "history": {}},
    ],
)
def test_nonsense_in_the_component_is_no_run(value: dict[str, Any]) -> None:
    stage = Stage({"p": program(line("a"))})
    stage.send(InputKind.PERSON, sessionId="s1", npcId=BEA, component="narrative", op="set", value=value)
    stage.ticks(2)
    assert stage.start()["outcome"] == "completed"


def test_a_session_that_would_grow_too_large_keeps_the_error_only() -> None:
    big = {"id": "b", "type": "action", "effects": {"components": {"quests": {"book": "x" * 200_000}}}}
    stage = Stage({"p": program(wait("w", 30), big)})
    stage.start()
    stage.send(InputKind.SESSION_UPDATE, sessionId="s1", flags={"pad": "y" * 100_000})
    stage.ticks(1)
    assert "at most 262144" in stage.run["error"]["message"]
    assert stage.personal("quests") == {}


# -- the tick and its budget


def test_no_tick_enters_more_nodes_than_its_budget() -> None:
    """Three players' runs of four lines each, five nodes a tick: 4 and 1, then 4 and 1, then the last 2."""
    stage = Stage({"p": program(*(line(name) for name in "abcd"))}, maxNarrativeOpsPerStep=5)
    for name in ("s2", "s3"):
        stage.send(InputKind.SESSION_JOIN, session={"id": name})
    names = ("s1", "s2", "s3")
    stage.world.carry_out([StartNarrative(SessionId(name), BEA, "p") for name in names])

    def visits() -> list[int]:
        return [stage.session(name).component(BEA, "narrative")["visits"] for name in names]

    (share,) = stage.ticks(1).plan.systems
    assert (share.name, share.due, share.runs) == ("narratives", 3 * NODES_AT_ONCE_MAX, 5)
    assert visits() == [4, 1, 0]
    stage.ticks(1)
    assert visits() == [4, 2, 4]  # s3 has waited since 43,200, s2 since its turn at 43,260
    stage.ticks(1)
    assert visits() == [4, 4, 4]


def test_looking_at_a_condition_costs_as_much_as_entering_a_node() -> None:
    """Both are due at 43,320, s1 first: of two, one is left for s2, who enters `a` and not `b`."""
    looks = {"id": "l", "type": "wait", "mode": "condition", "checkEverySeconds": 60}
    looks["conditions"] = [{"type": "flag_exists", "key": "lamp"}]
    told = {"p": program(looks), "q": program(wait("w", 120), line("a"), line("b"))}
    stage = Stage(told, maxNarrativeOpsPerStep=2)
    stage.send(InputKind.SESSION_JOIN, session={"id": "s2"})
    stage.start("p")
    stage.start("q", session="s2")
    stage.ticks(2)
    history = stage.session("s2").component(BEA, "narrative")["history"]
    assert [entry["node"] for entry in history] == ["w", "a"]


def test_asking_for_the_next_plan_changes_nothing() -> None:
    """A plan for a tick of an hour finds the wait over; the tick that is made then is a short one."""
    stage = Stage({"p": program(wait("w", 90), line("b"))})
    stage.start()
    stage.send(InputKind.CONFIG, changes={"timeScale": 3600})
    before = drive.state_hash(*stage.opened)
    assert next_plan(stage.world).systems[0].due == NODES_AT_ONCE_MAX
    assert drive.state_hash(*stage.opened) == before
    stage.send(InputKind.CONFIG, changes={"timeScale": 60})
    assert stage.ticks(1).plan.systems == ()
    stage.ticks(1)
    assert stage.run["outcome"] == "completed"


def test_a_world_without_narratives_has_no_system_for_them() -> None:
    assert Stage({}).world.systems == ()


def test_a_run_goes_on_after_a_snapshot_as_if_nothing_had_been() -> None:
    told = {"p": program(line("a"), wait("w", 90), offers(), line("good"), edges=after("a", "w", "q"))}
    stage = Stage(told)
    stage.start()
    stage.ticks(1)
    parts = parts_of(stage.world, {tier: one.export() for tier, one in stage.stages.items()})
    again, stages = restore(stage.definition, encode(parts))
    assert drive.state_hash(again, stages) == drive.state_hash(*stage.opened)
    for _ in range(3):
        drive.tick(again, stages)
    stage.ticks(3)
    assert stage.run["node"] == "q"
    assert drive.state_hash(again, stages) == drive.state_hash(*stage.opened)


def test_history_keeps_the_last_nodes_only() -> None:
    stage = Stage({"p": program(line("a"), line("b"))})
    for _ in range(HISTORY_MAX):
        stage.start()
    assert (len(stage.run["history"]), stage.run["visits"]) == (HISTORY_MAX, 100)


def test_of_a_history_that_somebody_wrote_the_last_nodes_count() -> None:
    """Anybody may write a personal component."""
    stage = Stage({"p": program(line("a"))})
    stage.start()
    written = [{"node": f"n{n}"} for n in range(HISTORY_MAX + 2)]
    run = read_run({**stage.run, "history": written})
    assert run is not None
    assert run.history == tuple(written[2:])


def test_a_session_that_leaves_takes_its_runs_with_it() -> None:
    stage = Stage({"p": program(wait("w", 90))})
    stage.start()
    stage.send(InputKind.SESSION_LEAVE, sessionId="s1")
    assert stage.ticks(3).plan.systems == ()


def test_whom_the_run_is_with_is_seen_by_id(village_document: Any) -> None:
    stage = Stage({"p": program(line("a"))})
    assert stage.ask("start", npc="npc:npc:1", programId="p").detail["npcId"] == NpcId("npc:1")
