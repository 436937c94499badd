"""Worlds with nothing to do: gone from memory, waking for whoever asks for them.

A world falls asleep when its state is a durable snapshot and its last record says that it sleeps. From then
on its inputs are nobody's: the Archivist tells the Supervisor of new ones, and the Supervisor has the world
woken. An input that was on its way here meanwhile wakes it as well, so it does not matter who knew first.
"""

from __future__ import annotations

from actors.adoption import Adoption
from actors.hosted import Hosted
from actors.running import Running
from actors.shell import now_ns
from messages.archive import DisownWorld, FetchInputs
from messages.shards import WorldSlept
from simulation.units import Seq, WorldId


class Sleeping:
    """Which worlds fell asleep on this shard."""

    def __init__(self, running: Running, adoption: Adoption) -> None:
        self.running = running
        self.adoption = adoption
        running.on_asleep = self.on_asleep
        self.asleep: set[WorldId] = set()

    def on_asleep(self, hosted: Hosted) -> None:
        """Nothing of it is lost with its memory; its clock stands until somebody asks for it."""
        running, world_id = self.running, hosted.world.id
        report = hosted.report(running.shard)
        running.forget(world_id)
        self.asleep.add(world_id)
        running.log.info("world.slept", world_id=world_id, tick=report.tick)
        running.post.archive(DisownWorld(world_id=world_id, epoch=hosted.buffer.epoch))
        running.post.say(WorldSlept(shard=running.shard, report=report))

    def stir(self, world_id: WorldId) -> None:
        """Somebody asks for a world: if it fell asleep here, or is about to, it is needed again."""
        if world_id in self.asleep:
            self.wake(world_id)
        elif (hosted := self.running.hosted.get(world_id)) is not None:
            hosted.rouse()
            self.running.schedule(hosted, now_ns())

    def wake(self, world_id: WorldId) -> None:
        """Bring a stored world back, unless it is here or on its way."""
        if (hosted := self.running.hosted.get(world_id)) is not None:
            self.stir(world_id)
            seen = Seq(hosted.world.next_seq - 1)
            self.running.post.archive(FetchInputs(world_id=world_id, after=seen))
        elif not self.adoption.is_coming(world_id):
            self.asleep.discard(world_id)
            self.adoption.claim(world_id)

    def forget(self, world_id: WorldId) -> None:
        self.asleep.discard(world_id)
