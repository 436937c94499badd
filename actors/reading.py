"""Reading a world between two ticks; the answer waits until what was read is durable."""

from __future__ import annotations

import time
from shlex import quote
from typing import Any

from actors.commits import CommitBuffer, Release
from actors.hosted import Hosted
from actors.running import Running, Timer
from actors.shard_chores import rows
from actors.shell import now_ns
from actors.speech import plan_json
from messages.admin import PeopleListed, PersonShown, SessionShown, SessionsListed, WorldPlanned, WorldShown
from messages.base import Refused
from messages.commits import Mark
from messages.shards import ReadPeople, ReadPerson, ReadPlan, ReadSession, ReadSessions, ReadWorld
from messages.tick import (
    Crashed,
    Foreseen,
    Look,
    LookAhead,
    LookAt,
    LookAtPeople,
    LookAtSession,
    LookAtSessions,
    PeopleFound,
    PersonFound,
    Seen,
    SessionFound,
    SessionsFound,
)
from simulation.definitions.problems import unknown_name
from simulation.definitions.sessions import person_named
from simulation.roster import Page
from simulation.sessions import Session
from simulation.time_limit import OVER
from simulation.units import Mode, Tick, WorldId
from simulation.world import World

Read = ReadWorld | ReadPlan | ReadPerson | ReadPeople | ReadSession | ReadSessions
Question = Look | LookAhead | LookAt | LookAtSession | LookAtSessions | LookAtPeople

ANSWERED_WITHIN_NS = 5_000_000_000
"""Nanoseconds for what was read to be durable: a hundred times as long as a commit takes, and less than
clients wait."""
BUSY_NS = 1_000_000_000
"""Nanoseconds a shard may be late with its timers before it believes that it is others who are."""
READS: Timer = ("reads", WorldId(""))


class Reading:
    """Reads of a shard's worlds; those of a world that is coming wait for it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.waiting: dict[WorldId, list[Read]] = {}
        self.parked: dict[str, tuple[CommitBuffer, int]] = {}
        """Ask -> whose commits it waits for, and when to look why they do not come."""

    def wait(self, ask: Read) -> None:
        self.waiting.setdefault(ask.world_id, []).append(ask)

    def on_hosted(self, world_id: WorldId) -> None:
        for ask in self.waiting.pop(world_id, []):
            self.read(ask)

    def read(self, ask: Read) -> None:
        running = self.running
        hosted = running.hosted.get(ask.world_id)
        if hosted is None:
            running.post.say(Refused(ask_id=ask.ask_id, reason=f"world {ask.world_id} is not here now"))
            return
        if isinstance(ask, ReadPerson | ReadSession) and ask.npc_id is not None:
            people = hosted.world.script.people_ids
            ask = ask.model_copy(update={"npc_id": person_named(ask.npc_id, people)})
            if ask.npc_id not in people:
                running.post.say(nobody(ask, hosted.world))
                return
        if isinstance(ask, ReadPeople) and (refused := no_place(ask, hosted.world)) is not None:
            running.post.say(refused)
            return
        for event in running.tell(hosted, question_of(ask, hosted.world)):
            match event:
                case Seen():
                    self.show_world(hosted, event)
                case Foreseen():
                    self.show_plan(hosted, event)
                case PersonFound():
                    self.show_person(hosted, event, ask)
                case SessionFound():
                    self.show_session(hosted, event, ask)
                case PeopleFound():
                    self.list_people(hosted, event)
                case SessionsFound():
                    self.list_sessions(hosted, event)
                case Crashed():
                    running.on_crash(event)
        if ask.world_id in running.hosted:
            running.schedule(hosted, now_ns())

    def park(self, hosted: Hosted, ask_id: str, release: Release, tick: Tick) -> None:
        """Answer once everything that was read is durable, or say after a while why it is not."""
        at_ns = now_ns()

        def answer(mark: Mark) -> None:
            if self.parked.pop(ask_id, None) is not None:
                release(mark)

        self.parked[ask_id] = (hosted.buffer, at_ns + ANSWERED_WITHIN_NS)
        hosted.buffer.park(answer, tick, at_ns)
        self.look_again()

    def look_again(self) -> None:
        self.running.timers.set(READS, min((due_ns for _, due_ns in self.parked.values()), default=None))

    def give_up(self, due_ns: int, at_ns: int) -> None:
        """Nothing is shown that may never have been: say so to those who have waited for long. A shard that
        was busy reads its mail first."""
        if at_ns - due_ns > BUSY_NS:
            self.running.timers.set(READS, at_ns + BUSY_NS)
            return
        overdue = [(ask_id, buffer) for ask_id, (buffer, due) in self.parked.items() if due <= at_ns]
        for ask_id, buffer in overdue:
            hosted = self.running.hosted.get(buffer.world_id)
            here, since_ns = hosted is not None and hosted.buffer is buffer, buffer.waits_since_ns
            if here and (since_ns is None or at_ns - since_ns < ANSWERED_WITHIN_NS):
                self.parked[ask_id] = (buffer, at_ns + BUSY_NS)
                continue
            del self.parked[ask_id]
            said = unanswered(ask_id, buffer.world_id, since_ns if here else None, at_ns)
            self.running.post.say(said)
        self.look_again()

    def show_world(self, hosted: Hosted, seen: Seen) -> None:
        def release(_: Mark) -> None:
            self.running.post.say(
                WorldShown(
                    ask_id=seen.ask_id,
                    report=hosted.report(self.running.shard),
                    config=dict(seen.config),
                    plan=dict(seen.plan),
                    flags=dict(seen.flags),
                    refused_intents=dict(seen.refused_intents),
                    refused_requests=seen.refused_requests,
                    plugins=tuple(dict(plugin) for plugin in seen.plugins),
                    housekeeping=self.housekeeping(hosted),
                )
            )

        self.park(hosted, seen.ask_id, release, hosted.world.tick)

    def show_plan(self, hosted: Hosted, found: Foreseen) -> None:
        plan, because = plan_json(found.plan), holds(hosted)

        def release(_: Mark) -> None:
            report = hosted.report(self.running.shard)
            self.running.post.say(
                WorldPlanned(
                    ask_id=found.ask_id,
                    report=report,
                    plan=plan,
                    inputs=found.inputs,
                    holds=because,
                    housekeeping=self.housekeeping(hosted),
                )
            )

        self.park(hosted, found.ask_id, release, hosted.world.tick)

    def housekeeping(self, hosted: Hosted) -> tuple[dict[str, Any], ...]:
        """What this shard does by real time, as far as it concerns the world."""
        running = self.running
        return rows(running.chores, hosted.buffer, f"shard {running.shard}", now_ns())

    def show_person(self, hosted: Hosted, found: PersonFound, ask: Read) -> None:
        view, world = found.view, hosted.world
        if view is None:
            refused = Refused(ask_id=found.ask_id, reason=found.refused, do=found.do)
            self.running.post.say(refused if found.refused else nobody(ask, world))
            return
        tick, world_time = world.tick, world.world_time / 1_000_000

        def release(_: Mark) -> None:
            self.running.post.say(
                PersonShown(ask_id=found.ask_id, view=dict(view), tick=tick, world_time=world_time)
            )

        self.park(hosted, found.ask_id, release, tick)

    def show_session(self, hosted: Hosted, found: SessionFound, ask: Read) -> None:
        view, world = found.view, hosted.world
        if view is None:
            reason = f"no session {getattr(ask, 'session_id', '')} is in {world.id}"
            refusal = Refused(ask_id=found.ask_id, reason=reason, do="Let the player join first.")
            self.running.post.say(refusal)
            return
        tick = world.tick

        def release(_: Mark) -> None:
            self.running.post.say(SessionShown(ask_id=found.ask_id, view=dict(view), tick=tick))

        self.park(hosted, found.ask_id, release, tick)

    def list_people(self, hosted: Hosted, found: PeopleFound) -> None:
        world, rows = hosted.world, tuple(map(dict, found.rows))
        count, tick, world_time = world.people, world.tick, world.world_time / 1_000_000

        def release(_: Mark) -> None:
            listed = PeopleListed(
                ask_id=found.ask_id,
                people=rows,
                next=found.next,
                count=count,
                tick=tick,
                world_time=world_time,
            )
            self.running.post.say(listed)

        self.park(hosted, found.ask_id, release, tick)

    def list_sessions(self, hosted: Hosted, found: SessionsFound) -> None:
        tick, world_time = hosted.world.tick, hosted.world.world_time / 1_000_000
        rows = tuple(map(row_of, found.sessions))

        def release(_: Mark) -> None:
            listed = SessionsListed(
                ask_id=found.ask_id, sessions=rows, count=found.count, tick=tick, world_time=world_time
            )
            self.running.post.say(listed)

        self.park(hosted, found.ask_id, release, tick)


def unanswered(ask_id: str, world_id: WorldId, since_ns: int | None, at_ns: int) -> Refused:
    """Why a read has no answer yet."""
    if since_ns is None:
        return Refused(
            ask_id=ask_id, reason=f"world {world_id} was let go before it answered", do="Ask again."
        )
    since = time.strftime("%H:%M:%S", time.gmtime(time.time() - (at_ns - since_ns) / 1e9))
    reason = (
        f"storage does not answer since {since} UTC, and nothing of {world_id} is shown that is not stored"
    )
    return Refused(ask_id=ask_id, reason=reason, do="Ask again when it is back; the world goes on meanwhile.")


def nobody(ask: Read, world: World) -> Refused:
    """The refusal to show somebody who does not live here, with whom was probably meant."""
    problem = unknown_name("", getattr(ask, "npc_id", ""), world.script.people_ids, "person")
    do = f"`theatrum npc list {quote(world.id)}` lists them."
    return Refused(ask_id=ask.ask_id, reason=str(problem), do=do)


def no_place(ask: ReadPeople, world: World) -> Refused | None:
    """The refusal of a location that the world does not have."""
    places = world.script.location_index
    if ask.location is None or ask.location in places:
        return None
    problem = unknown_name("", ask.location, places, "location")
    return Refused(ask_id=ask.ask_id, reason=str(problem))


def row_of(session: Session) -> dict[str, Any]:
    """A session in a list: where it is, without what it keeps."""
    return {
        "id": session.id,
        "userId": session.user_id,
        "locationId": session.location_id,
        "sceneId": session.scene_id,
        "version": session.version,
        "inbox": len(session.inbox),
    }


def question_of(ask: Read, world: World) -> Question:
    """What the world's actor is asked."""
    match ask:
        case ReadWorld():
            return Look(ask.ask_id)
        case ReadPlan():
            return LookAhead(ask.ask_id)
        case ReadPerson():
            return LookAt(ask.ask_id, ask.npc_id, ask.session_id, ask.metric)
        case ReadPeople(location=location):
            place = None if location is None else world.script.location_index[location]
            return LookAtPeople(ask.ask_id, Page(ask.start, ask.limit, ask.tier, place))
        case ReadSession():
            return LookAtSession(ask.ask_id, ask.session_id, ask.npc_id)
        case ReadSessions():
            return LookAtSessions(ask.ask_id, ask.limit)


def holds(hosted: Hosted) -> str:
    """Why a world does not make its next tick now; empty when nothing keeps it."""
    world = hosted.world
    if hosted.stopped:
        return hosted.stopped
    if hosted.draining:
        return "the service is stopping"
    if hosted.is_idle:
        return "nobody is there: its clock stands until somebody comes, or asks for ticks"
    if world.mode is Mode.PAUSED:
        return "it is paused: nothing on its time moves until it is resumed"
    if world.is_over:
        return OVER
    if waits := hosted.blocked():
        return f"it waits for {len(waits)} generation results of that tick"
    if hosted.buffer.is_full:
        return "it waits until what it did is stored"
    if world.wants_tick:
        return ""
    if hosted.target is not None and world.tick >= hosted.target:
        return f"its goal, tick {hosted.target}, is reached"
    if world.mode is Mode.TURN_BASED and hosted.target is None:
        return "it is turn-based: it ticks when it is told to"
    return "" if hosted.going else "the service has not begun to tick"
