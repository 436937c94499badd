"""Narrative programs for tests: a world of twelve people, a session `s1`, and what a test tells."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from simulation import drive
from simulation.definitions import WorldDefinition, parse_world
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.sessions import Session
from simulation.ticking import TickDone
from simulation.units import InputKind, NpcId, SessionId
from simulation.world import World
from village import document

NOON = 43_200
"""When the village begins; a standard tick is 60 s."""
BEA = NpcId("npc:1")
Told = dict[str, Any]


def line(name: str, **more: Any) -> Told:
    """A line that goes on by itself."""
    return {"id": name, "type": "dialogue", "text": name.title(), "autoAdvance": True, **more}


def wait(name: str, seconds: float) -> Told:
    return {"id": name, "type": "wait", "mode": "duration", "durationSeconds": seconds}


def after(*names: str) -> list[Told]:
    """Edges from each node to the next."""
    return [{"from": one, "to": other} for one, other in pairwise(names)]


def program(*nodes: Told, edges: list[Told] | None = None, **more: Any) -> Told:
    """Nodes one after the other, unless edges say otherwise."""
    listed = after(*(node["id"] for node in nodes)) if edges is None else edges
    return {"nodes": list(nodes), "edges": listed, **more}


def told(programs: dict[str, Told], **simulation: Any) -> Told:
    """The village's world file with these programs, in which nobody else asks for content."""
    found = document(12, **{"maxJobOpsPerStep": 10, **simulation})
    del found["meta"]["behavior"]["activities"]["drink"]["effects"]["customEffects"]
    found["meta"]["narratives"] = programs
    return found


class Stage:
    """A world with one player in it."""

    def __init__(self, programs: dict[str, Told], **simulation: Any) -> None:
        self.definition: WorldDefinition = parse_world(told(programs, **simulation))
        self.world, self.stages = create(self.definition)
        self.send(InputKind.SESSION_JOIN, session={"id": "s1", "userId": "ann"})

    @property
    def opened(self) -> tuple[World, Stages]:
        return self.world, self.stages

    def send(self, kind: InputKind, **payload: Any) -> Outcome:
        assert self.world.deliver([Input(self.world.next_seq, kind, payload)])
        (outcome,) = drive.boundary(self.world, self.stages)
        return outcome

    def ask(self, op: str, session: str = "s1", npc: str = BEA, **more: Any) -> Outcome:
        return self.send(InputKind.NARRATIVE, sessionId=session, npcId=npc, op=op, **more)

    def start(self, program_id: str = "p", **more: Any) -> Told:
        outcome = self.ask("start", programId=program_id, **more)
        assert outcome.applied, outcome.detail
        return dict(outcome.detail["narrative"])

    def ticks(self, count: int) -> TickDone:
        done = None
        for _ in range(count):
            done = drive.tick(self.world, self.stages)
        assert done is not None
        return done

    def session(self, session_id: str = "s1") -> Session:
        found = self.world.sessions.get(SessionId(session_id))
        assert found is not None
        return found

    def personal(self, component: str, npc: str = BEA) -> Told:
        return dict(self.session().component(NpcId(npc), component))

    def person(self, npc: str = BEA) -> Told:
        for stage in self.stages.values():
            if (view := stage.view(NpcId(npc), self.world.world_time, self.world.flags)) is not None:
                return view
        raise LookupError(npc)

    @property
    def run(self) -> Told:
        return self.personal("narrative")

    @property
    def now(self) -> float:
        return self.world.world_time / 1_000_000

    def visited(self) -> list[tuple[str, float]]:
        """(node, when) as the run remembers them."""
        return [(entry["node"], entry["at"]) for entry in self.run["history"]]
