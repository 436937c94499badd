"""Reading a world between two ticks; the answer waits until what was read is durable."""

from __future__ import annotations

from actors.hosted import Hosted
from actors.running import Running
from actors.shell import now_ns
from messages.admin import PersonShown, WorldShown
from messages.base import Refused
from messages.commits import Mark
from messages.shards import ReadPerson, ReadWorld
from messages.tick import Crashed, Look, LookAt, PersonFound, Seen
from simulation.units import WorldId

Read = ReadWorld | ReadPerson


class Reading:
    """Reads of a shard's worlds; those of a world that is coming wait for it."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.waiting: dict[WorldId, list[Read]] = {}

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
        question = Look(ask.ask_id) if isinstance(ask, ReadWorld) else LookAt(ask.ask_id, ask.npc_id)
        for event in running.tell(hosted, question):
            match event:
                case Seen():
                    self.show_world(hosted, event)
                case PersonFound():
                    self.show_person(hosted, event, ask)
                case Crashed():
                    running.on_crash(event)
        if ask.world_id in running.hosted:
            running.schedule(hosted, now_ns())

    def show_world(self, hosted: Hosted, seen: Seen) -> None:
        def release(_: Mark) -> None:
            self.running.post.say(
                WorldShown(
                    ask_id=seen.ask_id,
                    report=hosted.report(self.running.shard),
                    config=dict(seen.config),
                    plan=dict(seen.plan),
                    flags=dict(seen.flags),
                )
            )

        hosted.buffer.park(release, hosted.world.tick, now_ns())

    def show_person(self, hosted: Hosted, found: PersonFound, ask: Read) -> None:
        view, world = found.view, hosted.world
        if view is None:
            reason = f"nobody called {getattr(ask, 'npc_id', '')} lives in {world.id}"
            self.running.post.say(
                Refused(ask_id=found.ask_id, reason=reason, do="The world file lists its npcs.")
            )
            return
        tick, world_time = world.tick, world.world_time / 1_000_000

        def release(_: Mark) -> None:
            self.running.post.say(
                PersonShown(ask_id=found.ask_id, view=dict(view), tick=tick, world_time=world_time)
            )

        hosted.buffer.park(release, tick, now_ns())
