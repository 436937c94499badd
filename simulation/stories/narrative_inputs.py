"""Inputs about narratives: a player starts one with somebody, chooses, lets it go on, or stops it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.definitions.fields import Fields
from simulation.definitions.kept import WaitsFor
from simulation.definitions.narrative_nodes import Choice
from simulation.definitions.problems import Problem, unknown_name
from simulation.definitions.sessions import person_named
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.person_json import json_seconds
from simulation.rules import RuleRaised
from simulation.session_inputs import NOTHING, find, problem_verdict, stale, unknown
from simulation.sessions import SESSION_BYTES_MAX, Session
from simulation.stories.narrative_run import Run, run_in
from simulation.stories.narrative_shown import closed_by, shown
from simulation.stories.narrative_start import FULL, run_id, started
from simulation.stories.narrative_walk import NODES_AT_ONCE_MAX, Walk
from simulation.units import NpcId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

OPS = ("start", "choose", "continue", "stop")
Asked = Walk | Verdict


@dataclass(frozen=True, slots=True)
class Wish:
    """One input about a narrative, every name in it known."""

    world: World
    view: View
    session: Session
    npc_id: NpcId
    op: str
    program_id: str
    choice_id: str

    @property
    def run(self) -> Run | None:
        return run_in(self.session, self.npc_id)

    def walk(self, run: Run) -> Walk:
        return Walk(self.view, self.session, self.npc_id, run, NODES_AT_ONCE_MAX)


def narrative(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches] | Looking:
    """`op`: start, choose, continue or stop. The person is looked at first: conditions may ask about them."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    session = find(world, fields)
    if session is None:
        return unknown(world, payload), NOTHING
    if late := stale(fields, session):
        return late, NOTHING
    people, programs = world.script.people_ids, world.script.narratives
    named = fields.identifier("npcId")
    npc_id = person_named(named, people)
    op = fields.choice("op", OPS, "") if fields.has("op") else fields.text("op")
    program_id = fields.identifier("programId") if op == "start" else ""
    choice_id = fields.identifier("choiceId") if op == "choose" else ""
    fields.done()
    if named and npc_id not in people:
        problems.append(unknown_name("$.npcId", named, people, "npc"))
    if program_id and program_id not in programs:
        problems.append(unknown_name("$.programId", program_id, programs, "narrative"))
    if problems:
        return problem_verdict(problems), NOTHING

    def judge(view: View) -> tuple[Verdict, Touches]:
        return _judge(Wish(world, view, session, npc_id, op, program_id, choice_id))

    return Looking((npc_id,), judge)


def _judge(wish: Wish) -> tuple[Verdict, Touches]:
    try:
        walk = DOES[wish.op](wish)
    except RuleRaised as raised:
        return refused(f"a rule fails: {raised}", "stop it, or start it anew"), NOTHING
    if isinstance(walk, Verdict):
        return walk, NOTHING
    if walk is None:
        return _granted(wish, wish.session, wish.view, changed=False), NOTHING
    if size := walk.too_large:
        return refused(f"the session would have {size} bytes", f"at most {SESSION_BYTES_MAX}"), NOTHING
    world, view = wish.world, wish.view
    touches = world.carry_out(walk.finish())
    return _granted(wish, world.sessions.get(wish.session.id), world.view(view.people)), touches


def _granted(wish: Wish, session: Session | None, view: View, **more: Any) -> Verdict:
    """Where the story is now, without its past."""
    now = None if session is None else shown(view, session, wish.npc_id)
    said = {key: value for key, value in (now or {}).items() if key != "history"}
    return granted(sessionId=wish.session.id, npcId=wish.npc_id, op=wish.op, narrative=said, **more)


def _start(wish: Wish) -> Asked:
    """Begin a program; one that runs already waits until it is over."""
    program = wish.world.script.narratives[wish.program_id].program
    run = started(wish.run, program, run_id(wish.world), wish.view.now)
    return refused(FULL, "stop them first") if run is None else wish.walk(run).advance()


def _choose(wish: Wish) -> Asked:
    """Take one of the choices that are open."""
    run = _waiting_for(wish, WaitsFor.CHOICE)
    if isinstance(run, Verdict):
        return run
    walk = wish.walk(run)
    options = {option.id: option for option in walk.node.options} if isinstance(walk.node, Choice) else {}
    option = options.get(wish.choice_id)
    if option is None:
        return problem_verdict([unknown_name("$.choiceId", wish.choice_id, options, "choice")])
    if closed := closed_by(walk, option):
        openings = ", ".join(name for name, one in options.items() if closed_by(walk, one) is None)
        return refused(f"choice {option.id} is closed: {closed}", f"open are: {openings or 'none'}")
    return walk.choose(option)


def _continue(wish: Wish) -> Asked:
    """Go on from a line, or from a wait for the player."""
    run = _waiting_for(wish, WaitsFor.PLAYER)
    return run if isinstance(run, Verdict) else wish.walk(run).proceed()


def _stop(wish: Wish) -> Walk | None:
    """End it, and whatever it interrupted; None: nothing runs."""
    run = wish.run
    return None if run is None or run.frame is None else wish.walk(run).stop()


def _running(wish: Wish) -> Run | Verdict:
    run = wish.run
    if run is None or run.frame is None:
        return refused(f"no narrative runs with {wish.npc_id} in this session", "start one")
    return run


def _waiting_for(wish: Wish, wanted: WaitsFor) -> Run | Verdict:
    run = _running(wish)
    if isinstance(run, Verdict) or run.frame is None:
        return run
    if run.error is not None:
        return refused(f"{run.frame.program} stopped at {run.frame.node} with an error", "start one anew")
    waiting = run.frame.waiting
    if waiting.kind is wanted:
        return run
    where = f"{run.frame.program} is at {run.frame.node} and waits for {SAID[waiting.kind]}"
    if waiting.until is None:
        return refused(where, DO[waiting.kind])
    return refused(where, DO[waiting.kind], until=json_seconds(waiting.until))


SAID = {
    WaitsFor.TURN: "the next tick",
    WaitsFor.TIME: "time to pass",
    WaitsFor.CONDITION: "its conditions to hold",
    WaitsFor.RESULT: "content that is being made",
    WaitsFor.CHOICE: "a choice",
    WaitsFor.PLAYER: "the player to continue",
}
DO = {
    WaitsFor.TURN: "let the world advance, or stop it",
    WaitsFor.TIME: "let the world advance, or stop it",
    WaitsFor.CONDITION: "let the world advance, or stop it",
    WaitsFor.RESULT: "let the world advance, or stop it",
    WaitsFor.CHOICE: "choose, or stop it",
    WaitsFor.PLAYER: "continue, or stop it",
}
assert SAID.keys() == DO.keys() == set(WaitsFor), "every wait needs its words"
DOES: Mapping[str, Callable[[Wish], Asked | None]] = {
    "start": _start,
    "choose": _choose,
    "continue": _continue,
    "stop": _stop,
}
assert tuple(DOES) == OPS, "every op needs its function"
