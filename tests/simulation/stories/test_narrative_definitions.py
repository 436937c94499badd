"""What a narrative program may say: every mistake found when the world loads, with its JSON path."""

from __future__ import annotations

from typing import Any

import pytest
from stories import after, line, program, told, wait

from simulation.definitions import WorldFileInvalid, parse_world

P = "meta.narratives.p"


def problems(told_program: dict[str, Any]) -> str:
    with pytest.raises(WorldFileInvalid) as invalid:
        parse_world(told({"p": told_program}))
    return str(invalid.value)


def choice(**more: Any) -> dict[str, Any]:
    return {"id": "q", "type": "choice", "choices": [{"id": "y", "text": "Yes", "to": "q"}], **more}


def branch(*ways: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "b", "type": "branch", "branches": list(ways), **more}


BAD = [
    (program(line("a"), edges=[{"from": "a", "to": "bb"}]), f"{P}.edges[0].to: no node 'bb'"),
    (program(line("a"), edges=[{"from": "c", "to": "a"}]), f"{P}.edges[0].from: no node 'c'"),
    (program(line("a"), entryNodeId="b"), f"{P}.entryNodeId: no node 'b'; allowed: a"),
    (program({"id": "a", "type": "dialog"}), "no type 'dialog'"),
    (program({"id": "a", "type": "dialog"}), "did you mean 'dialogue'?"),
    (program({"id": "a"}), f"{P}.nodes[0].type: is missing"),
    (program(), f"{P}.nodes: has no node"),
    (program(line("a"), line("a"), edges=[]), f"{P}.nodes[1].id: is given twice"),
    (program(line("a", text=None)), f"{P}.nodes[0]: has neither a text nor generate"),
    (program(line("a", generate={})), f"{P}.nodes[0]: has both a text and generate"),
    (program(line("a", autoAdvance=False, delaySeconds=3)), f"{P}.nodes[0].delaySeconds: never passes"),
    (program(line("a", awaitResult=True)), None),
    (program(line("a", spoken="x")), f"{P}.nodes[0].spoken: no key 'spoken'"),
    (program(line("a", text="x" * 9000)), f"{P}.nodes[0].text: has 9000 characters; allowed: at most 8192"),
    (program(choice(choices=[])), f"{P}.nodes[0].choices: offers nothing"),
    (
        program(choice(choices=[{"id": "y", "text": "Y", "to": "x"}])),
        f"{P}.nodes[0].choices[0].to: no node 'x'",
    ),
    (program(choice(timeoutSeconds=5)), f"{P}.nodes[0]: needs both timeoutSeconds and defaultChoiceId"),
    (
        program(choice(timeoutSeconds=60, defaultChoiceId="n")),
        f"{P}.nodes[0].defaultChoiceId: no choice 'n'",
    ),
    (program(branch()), f"{P}.nodes[0].branches: has no branch"),
    (program(branch({"to": "b"}, default="x")), f"{P}.nodes[0].default: no node 'x'"),
    (
        program(branch({"to": "a"}), line("a"), edges=after("b", "a")),
        f"{P}.edges[0]: is never taken: choices and branches say themselves where they lead",
    ),
    (
        program(branch({"to": "a", "conditions": [{"type": "flag_exist", "key": "x"}]}), line("a"), edges=[]),
        f"{P}.nodes[0].branches[0].conditions[0].type: no condition type 'flag_exist'",
    ),
    (program(wait("w", 0)), f"{P}.nodes[0].durationSeconds: is 0"),
    (
        program({"id": "w", "type": "wait", "mode": "duration"}),
        f"{P}.nodes[0].durationSeconds: is missing; allowed: game seconds above 0",
    ),
    (program({"id": "w", "type": "wait", "mode": "condition"}), f"{P}.nodes[0].conditions: is missing"),
    (program(wait("w", 9) | {"mode": "player"}), "did you mean 'player_input'?"),
    (program(wait("w", 9) | {"maxWaitSeconds": 3}), "is not asked of mode duration"),
    (
        program({"id": "w", "type": "wait", "mode": "player_input", "onTimeout": "w"}),
        f"{P}.nodes[0].onTimeout: never happens; allowed: maxWaitSeconds as well",
    ),
    (program({"id": "s", "type": "scene"}), f"{P}.nodes[0].sceneId: is missing"),
    (
        program({"id": "s", "type": "scene", "sceneId": "x", "cast": ["npc:99"]}),
        f"{P}.nodes[0].cast[0]: no npc '99'",
    ),
    (program({"id": "k", "type": "action_block"}), f"{P}.nodes[0]: names no block and no query"),
    (
        program({"id": "k", "type": "external_call", "kind": "dialogue", "system": "x"}),
        f"{P}.nodes[0].method: is missing",
    ),
    (
        program({"id": "k", "type": "external_call", "kind": "song", "system": "x", "method": "y"}),
        f"{P}.nodes[0].kind: no kind 'song'",
    ),
    (program(line("a", onEnter={"variables": {"n": 1}})), f"{P}.nodes[0].onEnter.variables.n: no variable"),
    (
        program(line("a", onExit={"increment": {"m": 1}}), variables={"n": 0}),
        f"{P}.nodes[0].onExit.increment.m: no variable of the program 'm'; allowed: n",
    ),
    (
        program(line("a", onEnter={"components": {"narrative": {}}})),
        f"{P}.nodes[0].onEnter.components.narrative: is kept by the narratives themselves",
    ),
    (
        program(line("a", onEnter={"relationship": {"affinity": "much"}})),
        f"{P}.nodes[0].onEnter.relationship.affinity: is 'much', no value for core.affinity",
    ),
    (
        program(line("a", onEnter={"relationship": {"love": 1}})),
        f"{P}.nodes[0].onEnter.relationship.love: no metric 'love'; allowed: affinity, chemistry,",
    ),
    (
        program(line("a", onExit={"setMetrics": {"behavior.simulationTier": "detailed"}})),
        f"{P}.nodes[0].onExit.setMetrics.behavior.simulationTier: no metric",
    ),
    (
        program(line("a", onExit={"metrics": {"mood.valance": 5}})),
        "did you mean 'mood.valence'?",
    ),
    (
        program(line("a", onEnter={"components": {"core": {"trust": 101}}})),
        f"{P}.nodes[0].onEnter.components.core.trust: is 101",
    ),
    (program(line("a", onEnter={"flags": {"": 1}})), f"{P}.nodes[0].onEnter.flags: has a flag ''"),
    (program(line("a", onExit={"worldFlags": {"": 1}})), f"{P}.nodes[0].onExit.worldFlags: has a flag ''"),
    (program(line("a", onEnter={"items": {"lamp": 0.5}})), f"{P}.nodes[0].onEnter.items.lamp: is 0.5"),
    (program(line("a"), variables={"x": "y" * 5000}), f"{P}.variables: are 1, 5008 bytes"),
    (program(line("a"), start="a"), f"{P}.start: no key 'start'"),
]


@pytest.mark.parametrize(("told_program", "says"), [case for case in BAD if case[1]])
def test_a_mistake_is_refused_where_it_is(told_program: dict[str, Any], says: str) -> None:
    assert says in problems(told_program)


# -- going round


def test_what_edges_name_is_checked_beside_a_broken_node() -> None:
    broken = program(
        line("a"),
        {"id": 7, "type": "dialog"},
        entryNodeId="c",
        edges=[{"from": "a", "to": "b"}, *after("7", "a")],
    )
    said = problems(broken)
    for part in (
        f"{P}.nodes[1].type",
        f"{P}.entryNodeId: no node 'c'; allowed: 7, a",
        f"{P}.edges[0].to: no node",
    ):
        assert part in said
    assert f"{P}.edges[1]" not in said


def test_nothing_is_said_of_edges_while_a_node_has_no_id() -> None:
    said = problems(program(line("a"), {"type": "dialogue", "text": "B"}, edges=after("a", "b")))
    assert f"{P}.nodes[1].id" in said
    assert "edges" not in said


def test_a_way_into_a_broken_node_is_no_cycle_and_no_crash() -> None:
    said = problems(
        program(line("a"), line("b", text=5), {"id": "c", "type": "dialog"}, edges=after("a", "c", "a"))
    )
    assert f"{P}.nodes[2].type" in said
    assert "comes back" not in said


def test_a_cycle_without_a_wait_is_refused() -> None:
    found = problems(program(line("a"), line("b"), line("c"), edges=after("a", "b", "c", "b")))
    assert f"{P}.nodes[1]: b comes back to itself without ever waiting" in found
    assert found.count("comes back") == 1


def test_a_cycle_through_a_branch_that_asks_nothing_is_refused() -> None:
    assert "comes back to itself" in problems(program(branch({"to": "a"}), line("a"), edges=after("a", "b")))


def test_a_cycle_by_itself_takes_a_minute_at_least() -> None:
    """40 s and a delay of 19.999999 s are too few; with 20 s they are enough."""
    short = program(wait("w", 40), line("a", delaySeconds=19.999999), edges=after("w", "a", "w"))
    assert "w comes back to itself after 60 s by itself" in problems(short)
    parse_world(told({"p": program(wait("w", 40), line("a", delaySeconds=20), edges=after("w", "a", "w"))}))


def test_a_choice_that_nobody_makes_goes_round_by_itself_too() -> None:
    assert "after 30 s by itself" in problems(
        program(choice(timeoutSeconds=30, defaultChoiceId="y"), edges=[])
    )


@pytest.mark.parametrize(
    "nodes",
    [
        [line("a"), choice(choices=[{"id": "y", "text": "Yes", "to": "a"}])],
        [line("a", autoAdvance=False)],
        [{"id": "a", "type": "wait", "mode": "player_input"}],
        [{"id": "a", "type": "wait", "mode": "condition", "conditions": [{"type": "energy_between"}]}],
        [{"id": "a", "type": "action_block", "blockIds": ["x"], "awaitResult": True}],
    ],
)
def test_a_cycle_that_waits_for_somebody_is_a_program(nodes: list[dict[str, Any]]) -> None:
    edges = after("a", "q") if len(nodes) == 2 else after("a", "a")
    assert parse_world(told({"p": program(*nodes, edges=edges)})).narratives["p"].entry == "a"


# -- what loads


def test_a_node_that_nothing_leads_to_is_a_warning() -> None:
    found = parse_world(told({"p": program(line("a"), line("b"), edges=[])}))
    (warning,) = (one for one in found.warnings if "narratives" in one.path)
    assert (warning.path, warning.message) == (f"{P}.nodes[1].id", "no node leads to b, so it never comes")


def test_conditions_of_programs_are_warned_of_like_others() -> None:
    edges = [{"from": "a", "to": "a", "conditions": [{"type": "any", "conditions": []}]}]
    found = parse_world(told({"p": program(line("a"), edges=edges)}))
    assert [one.path for one in found.warnings if "narratives" in one.path] == [
        f"{P}.edges[0].conditions[0].conditions"
    ]


def test_a_variable_that_a_program_asks_for_and_does_not_declare_is_a_warning() -> None:
    asks = "narrative.variables.patiense > 0 or narrative.variables.patience > 0 or narrative.node == 'a'"
    conditions = [{"type": "not", "condition": {"type": "expression", "expression": asks}}]
    edges = [{"from": "a", "to": "b", "conditions": conditions}]
    told_program = program(line("a"), line("b"), edges=edges, variables={"patience": 1})
    found = parse_world(told({"p": told_program}))
    (warning,) = (one for one in found.warnings if "narratives" in one.path)
    assert warning.path == f"{P}.edges[0].conditions[0].condition.expression"
    assert warning.message == "no variable 'patiense'"


def test_an_increment_of_what_begins_as_no_number_is_a_warning() -> None:
    nodes = [line("a"), {"id": "b", "type": "action", "effects": {"increment": {"n": 1, "m": 1, "k": 1}}}]
    found = parse_world(told({"p": program(*nodes, variables={"n": "none", "m": 0, "k": None})}))
    (warning,) = (one for one in found.warnings if "narratives" in one.path)
    assert warning.path == f"{P}.nodes[1].effects.increment.n"
    assert warning.message == "adds to a variable that begins as 'none'"


def test_the_shape_that_editors_export_loads() -> None:
    """`version`, `kind`, `metadata`, ids and styles of edges, labels and descriptions mean nothing here."""
    edges = [{"id": "e1", "from": "a", "to": "w", "label": "on", "style": {"color": "red"}}]
    made = program(line("a", label="Hi", meta={"x": 3}), wait("w", 90), edges=edges)
    made |= {"id": "p", "version": "1", "kind": "dialogue", "metadata": {"contentRating": "sfw"}}
    assert list(parse_world(told({"p": made})).narratives["p"].nodes) == ["a", "w"]


def test_a_bad_budget_is_refused() -> None:
    with pytest.raises(WorldFileInvalid, match=r"maxNarrativeOpsPerStep: is 0"):
        parse_world(told({}, maxNarrativeOpsPerStep=0))
