"""The input of a player who does something with somebody: judged when they are seen, all done or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulation.consequences import (
    AddToFlag,
    AskFor,
    Consequence,
    SetFlag,
    StartNarrative,
    followed,
    summed,
)
from simulation.definitions.fields import Fields
from simulation.definitions.problems import Problem, unknown_name
from simulation.definitions.sessions import KINDS_OF_ITEM_MAX, person_named
from simulation.hashing import canonical
from simulation.inputs import Verdict, granted, refused
from simulation.intake import Looking, Touches
from simulation.person_json import json_seconds
from simulation.rules import RuleRaised
from simulation.session_inputs import NOTHING, find, problem_verdict, stale, too_large, unknown
from simulation.sessions import Session
from simulation.stories.chain_rules import Meeting
from simulation.stories.interaction_effects import Deed
from simulation.stories.interaction_rules import InteractionRules, barriers, opens_at
from simulation.stories.narrative_run import COMPONENT, run_in
from simulation.stories.narrative_start import run_id, started
from simulation.units import NpcId
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

PARAMS_BYTES_MAX = 4_096
"""Bytes of what a player says with an interaction, as JSON: a few sentences."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One input, every name in it known."""

    world: World
    rules: InteractionRules
    session: Session
    npc_id: NpcId
    params: Mapping[str, Any]


def interact(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches] | Looking:
    """Do something with somebody. `expectedVersion` refuses whoever saw an older session."""
    problems: list[Problem] = []
    fields = Fields(payload, "$", problems)
    session = find(world, fields)
    if session is None:
        return unknown(world, payload), NOTHING
    if late := stale(fields, session):
        return late, NOTHING
    people, known = world.script.people_ids, world.script.interactions
    npc_id, name = person_named(fields.identifier("npcId"), people), fields.identifier("interactionId")
    params = fields.mapping("params")
    fields.done()
    if npc_id and npc_id not in people:
        problems.append(unknown_name("$.npcId", npc_id, people, "npc"))
    if name and name not in known:
        problems.append(unknown_name("$.interactionId", name, known, "interaction"))
    if not problems and (size := len(canonical(params))) > PARAMS_BYTES_MAX:
        fields.refuse("$.params", "", f"has {size} bytes", f"at most {PARAMS_BYTES_MAX}")
    if problems:
        return problem_verdict(problems), NOTHING
    wish = Wish(world, known[name], session, npc_id, params)
    return looking(wish)


def looking(wish: Wish) -> Looking:
    """Judged when the person is seen, and everybody else it changes."""
    looks = tuple(dict.fromkeys((wish.npc_id, *wish.rules.others)))
    return Looking(looks, lambda view: judged(view, wish))


def judged(view: View, wish: Wish) -> tuple[Verdict, Touches]:
    """Refused with the first gate that is closed, or done."""
    meeting, rules = Meeting(view, wish.session, wish.npc_id), wish.rules
    interaction = rules.interaction
    if view.person(wish.npc_id) is None:
        return refused(f"$.npcId is {wish.npc_id!r}, who is not here", "name somebody who is"), NOTHING
    if closed := barriers(rules, meeting):
        first, opens = closed[0], opens_at(closed, rules, meeting)
        more: dict[str, Any] = {"gate": str(first.gate)}
        do = first.do
        if opens is not None:
            more["opensAt"] = json_seconds(opens)
            when = view.script.calendar.describe(opens)
            do = f"wait until {when}, {more['opensAt']} s of world time"
        if interaction.outcome.failure is not None:
            more["message"] = interaction.outcome.failure
        return refused(f"{interaction.id} is closed ({first.gate}): {first.reason}", do, **more), NOTHING
    deed = Deed(meeting, rules, wish.params, cause=str(wish.world.applied))
    try:
        made = deed.consequences()
    except RuleRaised as raised:
        return refused(f"{interaction.id}: a rule fails: {raised}", "nothing was changed"), NOTHING
    if full := _no_room(wish, made):
        return full, NOTHING
    return _done(wish, deed, made)


def _done(wish: Wish, deed: Deed, made: tuple[Consequence, ...]) -> tuple[Verdict, Touches]:
    touches = wish.world.carry_out(made)
    session = wish.world.sessions.get(wish.session.id) or wish.session
    found: dict[str, Any] = {"sessionId": session.id, "npcId": wish.npc_id, "version": session.version}
    found["interactionId"] = wish.rules.interaction.id
    if wish.rules.interaction.outcome.success is not None:
        found["message"] = wish.rules.interaction.outcome.success
    return granted(**found, **deed.detail), touches


def _no_room(wish: Wish, made: Iterable[Consequence]) -> Verdict | None:
    """The refusal of what would not fit into the session, the world's flags or its queue."""
    world, session = wish.world, wish.session
    flags: dict[str, Any] = {}
    asked = 0
    for item in made:
        match item:
            case AskFor():
                asked += 1
            case SetFlag(key, value, None):
                flags[key] = value
            case AddToFlag(key, amount):
                flags[key] = summed(world.flags.get(key, 0), amount)
            case StartNarrative(_, npc_id, program_id):
                program = world.script.narratives[program_id].program
                run = started(run_in(session, npc_id), program, run_id(world), world.world_time)
                if run is not None:
                    session = session.with_component(npc_id, COMPONENT, run.to_json())
            case _:
                session = followed(session, item)
    room = world.config.generation.queue_max - len(world.requests.waiting)
    if asked > room:
        return refused(f"the generation queue has room for {room} of {asked}", "try again in a moment")
    if wrong := world.script.plugin_state.flag_room.judge(world.flags, flags):
        return refused(wrong, "remove some first")
    if len(session.inventory) > max(KINDS_OF_ITEM_MAX, len(wish.session.inventory)):
        return refused(f"there would be more than {KINDS_OF_ITEM_MAX} kinds of items", "give some away")
    return too_large(session)
