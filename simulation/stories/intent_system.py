"""Intents in the tick: expired ones leave the inboxes, then what waits to be worked out is, the most urgent
first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from simulation.consequences import AddIntent, Consequence, DropIntents, Failed, followed
from simulation.definitions.hooks import When
from simulation.due_times import DueTimes
from simulation.orders import Failure
from simulation.person import Person
from simulation.population import NONE
from simulation.rules import RuleRaised
from simulation.sessions import Session
from simulation.stories.audiences import Audiences
from simulation.stories.cues import Cue, Cues
from simulation.stories.hook_rules import KEY, HookRules, hindered, stamp_in, stamped
from simulation.stories.inboxes import expired, first_expiry, intent_of
from simulation.stories.turned_away import Why
from simulation.systems import System
from simulation.units import Micros, NpcId, SessionId, Tier
from simulation.views import View, met_by

if TYPE_CHECKING:
    from simulation.script import Script
    from simulation.world import World

TIMED = (When.WHILE, When.PERIODIC)


class Intents:
    """A system: what waits is state of the world, its indexes are made from the sessions."""

    name = "intents"

    def __init__(self, script: Script) -> None:
        self.cues = Cues(script)
        self.audiences = Audiences()
        self.index: DueTimes[tuple[str]] = DueTimes()
        """When the first intent of a session's inbox expires."""

    def budget(self, world: World) -> int:
        return world.config.max_intent_ops_per_step

    def due(self, now: Micros) -> int:
        return self.index.count(now) + len(self.cues.waiting)

    def _served(self, now: Micros, most: int) -> tuple[Cue, ...]:
        """Those that have a share beside the inboxes."""
        return self.cues.waiting[: max(0, most - self.index.count(now))]

    def looks(self, now: Micros, most: int) -> Iterable[NpcId]:
        return [cue.npc_id for cue in self._served(now, most)]

    def run(self, view: View, most: int) -> Sequence[Consequence]:
        brought: list[Consequence] = []
        changed: dict[SessionId, Session] = {}
        for (session_id,) in self.index.first(view.now, most):
            session = view.session(SessionId(session_id))
            if session is not None:
                gone = DropIntents(session.id, expired(session, view.now))
                changed[session.id] = followed(session, gone)
                brought.append(gone)
        served = self._served(view.now, most)
        for cue in served:
            brought.extend(self._worked_out(cue, view, changed))
        self.cues.served(len(served))
        return brought

    def on_session(self, session_id: SessionId, session: Session | None) -> None:
        self.audiences.on_session(session_id, session)
        due = None if session is None or not session.inbox else first_expiry(session.inbox)
        self.index.put((session_id,), due)

    def _worked_out(self, cue: Cue, view: View, changed: dict[SessionId, Session]) -> Iterator[Consequence]:
        """An intent for each player who is turned to and whom nothing hinders."""
        rules, person = self.cues.hooks.rules[cue.hook_id], view.person(cue.npc_id)
        if person is None or not _acts(rules, person):
            return
        if cue.at + rules.hook.offer.ttl_us <= view.now:
            self.cues.turned_away.note(Why.LATE)
            return
        location = None if person.location == NONE else view.script.location_ids[person.location]
        for session_id in self.audiences.of(rules.hook.audience, cue.npc_id, location):
            session = changed.get(session_id) or view.session(session_id)
            if session is not None:
                found = _turned_to(rules, cue, met_by(person, session), session, location)
                if isinstance(found, Why):
                    self.cues.turned_away.note(found, session_id)
                    continue
                if isinstance(found, AddIntent):
                    changed[session_id] = followed(session, found)
                yield found


def cues_of(script: Script, systems: Iterable[System]) -> Cues:
    """What waits in a world: its intents' own, or of a world without hooks none, ever."""
    return next((system.cues for system in systems if isinstance(system, Intents)), None) or Cues(script)


def _acts(rules: HookRules, person: Person) -> bool:
    """Whether it is theirs to do: the dormant set off nothing, and what acts while something goes on needs it
    to go on."""
    if rules.npcs is not None and person.npc_id not in rules.npcs:
        return False
    if person.scene.tier is Tier.DORMANT:
        return False
    return rules.hook.trigger.when not in TIMED or person.activity in rules.activities


def _turned_to(
    rules: HookRules, cue: Cue, person: Person, session: Session, location: str | None
) -> AddIntent | Failed | Why:
    """What the hook makes for one player, or what hinders it. A rule that raises is told."""
    hook, script = rules.hook, person.script
    day, stamp = script.calendar.day(cue.at), stamp_in(session, person, hook)
    try:
        if (why := hindered(rules, person, stamp, cue.at, day)) is not None:
            return why
    except RuleRaised as raised:
        return Failed(Failure(cue.npc_id, raised.path, raised.error))
    activity = cue.activity_id
    if hook.trigger.when in TIMED and person.activity != NONE:
        activity = script.activity_ids[person.activity]
    context = {
        "trigger": str(hook.trigger.when),
        "hookId": hook.id,
        "activityId": activity,
        "locationId": location,
    }
    world_id = script.definition.id
    intent = intent_of(hook.offer, cue.npc_id, session.id, hook.id, cue.at, context, world_id)
    if hook.max_per_day is None and not hook.cooldown_us:
        return AddIntent(session.id, cue.npc_id, intent)
    kept = stamped(stamp, cue.at, day).to_json()
    return AddIntent(session.id, cue.npc_id, intent, (KEY, hook.id), kept)
