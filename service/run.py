"""A service from start to end: check, start, run towards the goal, drain, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from actors.logs import configure, get_logger
from actors.shell import show_name
from actors.supervision import may_restart, recent
from messages.admin import AddWorld, OpenWorld
from messages.service import (
    AskStatus,
    Drain,
    Drained,
    Goal,
    ServiceSettings,
    SetGoal,
    Speed,
    StatusReported,
    WorldReport,
)
from service.checking import CheckedWorld, goes_on
from service.door import DataFolder, Door
from service.embedded.redis import EmbeddedRedis
from service.errors import ServiceEnded, ServiceError, ServiceGone
from service.opening import Opening, to_open_again
from service.plugins import installed, refs
from service.processes import ACTORS, REDIS, WORKER, Kept, ProcessTable, WorkerProcess
from service.screen import Screen
from service.settings import Settings
from service.status_line import render
from service.system import ActorService, new_id
from service.warming import load_ahead, warm
from simulation.units import Epoch, GenerationMode, Tick, WorldId

LOOK_EVERY_S = 0.05
"""Between two looks at the children and at a signal."""
STATUS_EVERY_S = 1.0
"""Seconds between two status lines."""
STATUS_EVERY_FLAT_OUT_S = 0.1
"""Seconds between two looks whether the goal is reached."""
ANSWER_WITHIN_S = 5.0
"""Seconds before a Supervisor that says nothing counts as gone."""
DRAIN_WITHIN_S = 4.0
"""Seconds for the last commits: the Supervisor gives up a second earlier and says what is missing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run and how far. No worlds and `stored`: every stored world, as `theatrum serve` does."""

    worlds: Sequence[CheckedWorld] = ()
    stored: bool = False
    fresh: bool = False
    goal: Goal = field(default_factory=Goal)
    for_seconds: float | None = None
    banner: str = ""
    """What people are told once nothing keeps it from running."""


class Service:
    """One running service; use `run`."""

    def __init__(self, settings: Settings, plan: Plan, screen: Screen) -> None:
        self.settings = settings
        self.plan = plan
        self.screen = screen
        self.log = get_logger("main")
        self.table = ProcessTable()
        self.actors: ActorService | None = None
        self.door: Door | None = None
        self.stopping = ""
        self.targets: dict[WorldId, Tick] = {}
        self.begun: set[WorldId] = set()
        """Worlds that this run has added, afresh if it shall."""
        self.shown: dict[WorldId, WorldReport] = {}
        """The last report of every world, as of `version`."""
        self.version = 0
        self.known: tuple[WorldId, ...] = ()
        """The worlds of the last report."""
        self.left_out: Mapping[WorldId, Epoch] | None = None
        """Worlds that were stored already and that this run was not asked to run, with the epoch they had.
        None: it did not look."""
        self.deaths_s: tuple[float, ...] = ()
        self.redis_url = settings.redis or ""
        self.failed: list[str] = []
        self.end_s = float("inf")
        """When `--for` ends the run, on the monotonic clock."""

    def run(self) -> Drained:
        """Everything between taking the data folder and giving it back."""
        folder = DataFolder.take(self.settings.data)
        for plugin_id, because in installed().broken.items():
            self.log.error("plugin.broken", plugin=plugin_id, because=because)
        previous = {
            number: signal.signal(number, self.on_signal) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            Door.close(self.settings.data)  # of a service that was killed
            self.start()
            if self.plan.for_seconds is not None:
                self.end_s = time.monotonic() + self.plan.for_seconds
            while (drained := self.run_and_drain()) is None:
                """The actor system ended before all was saved: its worlds go on from their last commits."""
            return drained
        finally:
            self.stop()
            folder.release()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def run_and_drain(self) -> Drained | None:
        """To the goal and the last commit; None when the actor system had to be started anew on the way."""
        self.loop()
        try:
            return self.drain()
        except ServiceEnded as ended:
            self.restart_actors(str(ended))
            return None

    def on_signal(self, number: int, _: FrameType | None) -> None:
        self.stopping = self.stopping or signal.Signals(number).name

    # -- start

    def start(self) -> None:
        settings = self.settings
        if settings.redis is None:
            redis = EmbeddedRedis.start(settings.data)
            self.redis_url, port = redis.url, redis.port
            again = Kept(REDIS, lambda: EmbeddedRedis.start(settings.data, port), redis)
            self.table.kept.append(again)
        self.door = Door.new(
            database=settings.database_url, redis=self.redis_url, namespace=settings.namespace
        )
        warm(self.screen.banner)
        load_ahead()
        try:
            self.start_actors()
        except ServiceGone as gone:
            self.restart_actors(str(gone))
        if settings.generation is not GenerationMode.OFF:
            self.table.kept.append(Kept(WORKER, self.worker))
        self.table.look()
        self.door.open(settings.data)

    def worker(self) -> WorkerProcess:
        settings = self.settings
        log_as = settings.log_level, settings.log_format
        return WorkerProcess.start(settings.database_url, self.redis_url, settings.namespace, *log_as)

    def start_actors(self) -> None:
        """The actor system, every world in it, and the goal."""
        settings, door = self.settings, self.door
        if door is None:
            raise RuntimeError("the door is made before the actors")
        wanted = ServiceSettings(
            database_url=settings.database_url,
            redis_url=self.redis_url,
            namespace=settings.namespace,
            shards=settings.shards,
            speed=settings.speed,
            npc_ticks_per_second=settings.npc_ticks_per_second,
            plugins=refs(),
            log_level=settings.log_level,
            log_format=settings.log_format,
            main_pid=os.getpid(),
        )
        self.actors, started = ActorService.start(wanted, door.port, door.key, settings.logs)
        mode = None if self.known else settings.generation
        opening = Opening(self.actors, mode, frozenset(started.asleep), self.log)
        if self.left_out is None:
            mine = set(started.worlds) if self.plan.stored else {world.world_id for world in self.plan.worlds}
            self.left_out = {name: epoch for name, epoch in started.worlds.items() if name not in mine}
        if self.known:
            worlds = opening.stored(to_open_again(self.known, started.worlds, self.left_out))
        elif self.plan.stored:
            worlds = opening.stored(started.worlds)
        else:
            worlds = self.add_all(opening, started.definitions)
        endless = self.plan.goal.ticks is None and self.plan.goal.until_tick is None
        if endless:
            self.set_goal(self.actors)  # so that no world waits for the others to open
        for world_id, tick in worlds:
            self.aim(world_id, tick)
            if self.stopping:
                break
        if not endless:
            self.set_goal(self.actors)
        self.shown, self.version = {}, 0

    def set_goal(self, actors: ActorService) -> None:
        """From now on worlds tick: each until its target, if it has one."""
        goal = self.plan.goal.model_copy(update={"targets": self.targets})
        self.targets = actors.ask(SetGoal(ask_id=new_id(), goal=goal), ANSWER_WITHIN_S).targets

    def add_all(
        self, opening: Opening, stored: Mapping[WorldId, Sequence[str]]
    ) -> Iterator[tuple[WorldId, Tick]]:
        """The worlds of the files. One that began anew already does not begin anew again."""
        fresh, worlds = self.plan.fresh, self.plan.worlds
        said = [] if fresh else [goes_on(world, stored.get(world.world_id, ())) for world in worlds]
        self.screen.banner(self.plan.banner)
        for line in said:
            self.screen.banner(line)
        if not fresh:
            opening.register_sleeping([w.world_id for w in worlds if w.world_id in opening.asleep])
        mode = self.settings.generation
        asks = (
            self.ask_for(world, mode) for world in worlds if fresh or world.world_id not in opening.asleep
        )
        for world_id, tick in opening.open(asks):
            self.begun.add(world_id)
            yield world_id, tick

    def ask_for(self, world: CheckedWorld, mode: GenerationMode | None) -> AddWorld | OpenWorld:
        """What adds a world of a file; one whose state came from its file is only opened the second time."""
        world_id = world.world_id
        if world.beginning is not None and world_id in self.begun:
            return OpenWorld(ask_id=new_id(), world_id=world_id)
        fresh = self.plan.fresh and world_id not in self.begun
        return world.to_add(new_id(), fresh=fresh, generation=mode)

    def aim(self, world_id: WorldId, tick: Tick) -> None:
        """Where this run shall bring a world that stands at `tick` as it begins."""
        goal = self.plan.goal
        if goal.until_tick is not None:
            self.targets.setdefault(world_id, Tick(goal.until_tick))
        elif goal.ticks is not None:
            self.targets.setdefault(world_id, Tick(tick + goal.ticks))

    # -- run

    def loop(self) -> None:
        flat_out = self.settings.speed is Speed.MAX
        every = STATUS_EVERY_FLAT_OUT_S if flat_out and self.targets else STATUS_EVERY_S
        next_s = show_s = shown_s = time.monotonic()
        before: StatusReported | None = None
        while not self.stopping:
            now_s = time.monotonic()
            if now_s >= self.end_s:
                return
            self.table.look()
            if self.actors is not None and not self.actors.is_alive():
                self.restart_actors("its processes ended")
            if now_s >= next_s:
                next_s += every
                report = self.status()
                if report is None:
                    continue
                if now_s >= show_s:
                    show_s += STATUS_EVERY_S
                    self.screen.status(render(report, before, now_s - shown_s, self.screen.width))
                    before, shown_s = report, now_s
                if self.is_done(report):
                    return
            time.sleep(LOOK_EVERY_S)

    def status(self) -> StatusReported | None:
        """What the Supervisor says; None when it had to be started again."""
        if self.actors is None:
            return None
        try:
            ask = AskStatus(ask_id=new_id(), since=self.version)
            news: StatusReported = self.actors.ask(ask, ANSWER_WITHIN_S)
        except ServiceGone as gone:
            self.restart_actors(str(gone))
            return None
        known = {} if news.whole else self.shown
        self.shown = known | {world.world_id: world for world in news.worlds}
        self.version, self.known = news.version, tuple(self.shown)
        return news.model_copy(update={"worlds": tuple(self.shown.values())})

    def is_done(self, report: StatusReported) -> bool:
        """Whether every world that can is where the goal says."""
        if not self.targets:
            return False
        self.failed = [
            f"{world.world_id}: {world.because}"
            for world in report.worlds
            if world.status in ("stopped", "quarantined")
        ]
        ended = ("stopped", "quarantined")
        return all(
            world.goal_reached or world.skipped or world.status in ended
            for world in report.worlds
            if world.world_id in self.targets
        )

    def restart_actors(self, because: str) -> None:
        """Admin or Supervisor is gone: start the actor system anew; the worlds resume from their commits.

        Raises ServiceError when that happens too often.
        """
        while self.actors is None or because:
            now_s = time.monotonic()
            self.deaths_s = (*recent(ACTORS, self.deaths_s, now_s), now_s)
            self.log.error("actors.restarting", because=because, restarts=len(self.deaths_s))
            if self.actors is not None:
                self.actors.kill()
                self.actors = None
            if not may_restart(ACTORS, self.deaths_s, now_s):
                raise ServiceError("The actor system keeps ending", because=because, do="The log says why.")
            self.renew_door()
            try:
                self.start_actors()
            except ServiceGone as gone:
                because = str(gone)
            else:
                because = ""
        if self.door is not None:
            self.door.open(self.settings.data)

    def renew_door(self) -> None:
        """Another port and key: those of a dead actor system are nobody's."""
        if self.door is not None:
            known = self.door
            self.door = Door.new(database=known.database, redis=known.redis, namespace=known.namespace)

    # -- end

    def drain(self) -> Drained:
        """Last commit and snapshot of every world."""
        self.screen.done()
        self.log.info("service.draining", because=self.stopping or "the goal is reached")
        if self.actors is None:
            raise ServiceGone("The actor system is gone")
        found: Drained = self.actors.ask(Drain(ask_id=new_id()), DRAIN_WITHIN_S)
        return found

    def stop(self) -> None:
        Door.close(self.settings.data)
        if self.actors is not None:
            self.actors.kill()
            self.actors = None
        self.table.stop()


def run(settings: Settings, plan: Plan, screen: Screen) -> tuple[Drained, list[str]]:
    """Run a service to its end: what its worlds came to, and what failed on the way."""
    configure(settings.log_level, settings.log_format)
    show_name("theatrum")
    service = Service(settings, plan, screen)
    drained = service.run()
    return drained, service.failed
