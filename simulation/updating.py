"""A running world gets another definition, by an input between two ticks: who and what stays keeps its state.

Refused whole, or done whole: everything is judged before anything is assigned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulation.beginnings import new_flags, rewritten
from simulation.definitions import (
    ConfigInvalid,
    DefinitionInvalid,
    Problem,
    SimulationConfig,
    WorldDefinition,
)
from simulation.definitions.differences import Difference, People, config_changes, differences
from simulation.definitions.tier_rules import read_tier_rules, rule_names
from simulation.definitions.updates import read_people, read_update
from simulation.inputs import Verdict, refused
from simulation.intake import Looking, Touches
from simulation.orders import TierTouch, Users
from simulation.recasting import Recast
from simulation.reconfiguring import take_config, take_script
from simulation.requests import Requests
from simulation.script import Script
from simulation.session_inputs import problem_verdict
from simulation.sessions import Session
from simulation.stories.endings import Endings
from simulation.tiers import TIERS
from simulation.time_limit import owes_too_much
from simulation.units import NpcId, Tier
from simulation.views import View

if TYPE_CHECKING:
    from simulation.world import World

NOTHING: Touches = {}
NAMED_MAX = 8
"""People, sessions and endings that an answer names: enough to look at."""
DIFFERENCES_MAX = 200
"""Differences an answer lists; the counts are of all of them."""


def update(world: World, payload: Mapping[str, Any]) -> tuple[Verdict, Touches] | Looking:
    """Take another definition of the same world. Refused while somebody does or is what it takes away."""
    try:
        new, people = read_update(payload, world.script.definition.offered), read_people(payload)
    except DefinitionInvalid as invalid:
        return refused(str(invalid), "nothing was changed"), NOTHING
    old = world.script.definition
    if new.id != old.id:
        return refused(f"the file is of world {new.id!r}", f"give one whose id is {old.id!r}"), NOTHING
    if new.definition_hash == old.definition_hash:
        return replace(_granted((), new, ()), redefines=False), NOTHING
    activities = frozenset(old.behavior.activities) - frozenset(new.behavior.activities)
    places = _gone_places(old, new)

    def judge(view: View) -> tuple[Verdict, Touches]:
        return _judge(world, new, people, view, activities, places)

    if not activities and not places:
        return judge(world.view({}))
    return Looking((), judge, users=Users(activities, places, old.people_ids - new.people_ids))


def _gone_places(old: WorldDefinition, new: WorldDefinition) -> frozenset[str]:
    return frozenset(place.id for place in old.locations) - frozenset(place.id for place in new.locations)


def _judge(
    world: World,
    new: WorldDefinition,
    people: People,
    view: View,
    activities: Collection[str],
    places: Collection[str],
) -> tuple[Verdict, Touches]:
    if verdict := _in_use(world, view, activities, places):
        return verdict, NOTHING
    config = _config(world, new)
    if isinstance(config, Verdict):
        return config, NOTHING
    flags = new_flags(world.script.definition, new, world.flags)
    return (flags, NOTHING) if isinstance(flags, Verdict) else _take(world, new, people, config, flags)


def _in_use(world: World, view: View, activities: Collection[str], places: Collection[str]) -> Verdict | None:
    """Whose doing or place the new definition takes away."""
    users = []
    for npc_id, person in sorted(view.people.items()):
        doing, at = person.resolve("activity"), person.resolve("location")
        users += [f"{npc_id} does {doing}"] if doing in activities else []
        users += [f"{npc_id} is at {at}"] if at in places else []
    users += [
        f"session {session.id} is at {session.location_id}"
        for session in world.sessions
        if session.location_id in places
    ]
    if not users:
        return None
    named, more = ", ".join(users[:NAMED_MAX]), len(users) - NAMED_MAX
    reason = f"in use: {named}{f' and {more} more' if more > 0 else ''}"
    do = "wait until they are done, or keep the entry until then and let no node offer it"
    return refused(f"the new definition removes what is {reason}", do)


def _config(world: World, new: WorldDefinition) -> SimulationConfig | Verdict:
    """The simulation block in force with what the file says otherwise: what operators changed meanwhile
    stays."""
    try:
        config = world.config.with_changes(config_changes(world.script.definition, new))
    except ConfigInvalid as invalid:
        return refused(str(invalid), "nothing was changed")
    problems: list[Problem] = []
    read_tier_rules(config.rules, rule_names(new, problems, new.plugins))
    if problems := [problem for problem in problems if not problem.warning]:
        return problem_verdict(problems)
    room = 0
    for tier in TIERS:
        room += config.tiers[tier].max_npcs
    if len(new.npcs) <= room:
        return owes_too_much(world.clock, config) or config
    reason = f"the tiers would hold {room} of {len(new.npcs)} people"
    return refused(reason, "raise tiers.dormant.maxNpcs, in the file or by `world config set`")


def _take(
    world: World, new: WorldDefinition, people: People, config: SimulationConfig, flags: Mapping[str, Any]
) -> tuple[Verdict, Touches]:
    old = world.script.definition
    script = Script(new, config.seed)
    gone = old.people_ids - new.people_ids
    endings = Endings(world.script, script, world.world_time)
    changed = [
        replace(after, version=before.version + 1)
        for before in world.sessions
        if (after := endings.of(without(before, gone))) is not before
    ]
    verdict = _granted(differences(old, new, people, world.flags), new, endings.said)
    writes = rewritten(old, new, people)
    for session in changed:
        world.put_session(session)
    world.note_unwanted(world.requests.of_people(gone), "its person is gone")
    world.requests = _requests_without(world.requests, gone)
    mode_changed = "mode" in config_changes(old, new)
    take_config(world, config, mode_changed=mode_changed)
    take_script(world, script, gone, new.people_ids - old.people_ids)
    world.set_flags(flags)
    world.moving.tiering.on_people(write.npc_id for write in writes)
    touch = TierTouch(
        writes=writes,
        recast=Recast(script, _newcomers(old, new)),
        now=world.world_time,
        flags=world.flags,
    )
    return verdict, dict.fromkeys(TIERS, touch)


def _newcomers(old: WorldDefinition, new: WorldDefinition) -> dict[Tier, tuple[int, ...]]:
    """By the tier they enter: the one their file names, else the finest; the caps send down whoever is least
    important."""
    found: dict[Tier, list[int]] = {tier: [] for tier in TIERS}
    for place, npc in enumerate(new.npcs):
        if npc.id not in old.people_ids:
            wanted = npc.components.get("behavior", {}).get("simulationTier")
            found[Tier(wanted) if wanted in TIERS else Tier.DETAILED].append(place)
    return {tier: tuple(places) for tier, places in found.items()}


def without(session: Session, gone: Collection[NpcId]) -> Session:
    """A session without what is personal to people who are gone; the same one if nothing was."""
    if not gone:
        return session
    npcs = {npc: components for npc, components in session.npcs.items() if npc not in gone}
    cast = tuple(npc for npc in session.cast if npc not in gone)
    inbox = tuple(intent for intent in session.inbox if intent.get("npcId") not in gone)
    if (len(npcs), cast, inbox) == (len(session.npcs), session.cast, session.inbox):
        return session
    return session.changed(npcs=npcs, cast=cast, inbox=inbox)


def _requests_without(requests: Requests, gone: Collection[NpcId]) -> Requests:
    """What people who are gone still wanted made is not handed over; what was, is recorded and ignored."""
    waiting = tuple(request for request in requests.waiting if request.npc_id not in gone)
    return requests if len(waiting) == len(requests.waiting) else replace(requests, waiting=waiting)


def _granted(found: Sequence[Difference], new: WorldDefinition, ended: Sequence[str]) -> Verdict:
    counts: dict[str, int] = {}
    for one in found:
        counts[one.how] = counts.get(one.how, 0) + 1
    detail: dict[str, Any] = {
        "definitionHash": new.definition_hash,
        "counts": counts,
        "notApplied": len([one for one in found if not one.applies]),
        "differences": [one.to_json() for one in found[:DIFFERENCES_MAX]],
    }
    if ended:
        detail |= {"ended": list(ended[:NAMED_MAX]), "endedCount": len(ended)}
    return Verdict(True, detail, redefines=True)
