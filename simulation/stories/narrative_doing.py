"""What a node of a narrative does when it is entered, effects aside, and what it waits for then."""

from __future__ import annotations

from dataclasses import dataclass

from simulation.chance import word
from simulation.consequences import Consequence, EnterScene, PutPersonal, SetPersonal
from simulation.definitions.kept import PENDING_MAX, WaitsFor
from simulation.definitions.narrative_nodes import (
    Action,
    ActionBlock,
    Asks,
    Branch,
    Choice,
    Dialogue,
    ExternalCall,
    NarrativeNode,
    SceneChange,
    Wait,
    WaitMode,
)
from simulation.person_json import json_seconds
from simulation.rules import RuleRaised
from simulation.sessions import Session
from simulation.stories.narrative_run import Run, Waiting
from simulation.stories.pending import Entry, component_of, free_of_expired
from simulation.units import Micros, NpcId, RequestId
from simulation.views import View

Done = tuple[tuple[Consequence, ...], Waiting]


@dataclass(frozen=True, slots=True)
class Doing:
    """Between one player and one person, at a node of their run."""

    view: View
    session: Session
    npc_id: NpcId
    run: Run

    def does(self, node: NarrativeNode, at: Micros) -> Done:
        """What is brought about, and what the run waits for. Raises RuleRaised."""
        passes = Waiting(WaitsFor.TIME, at, Micros(at + node.delay_us))
        match node:
            case Dialogue():
                return self._says(node, at)
            case Choice(timeout_us=span):
                return (), Waiting(WaitsFor.CHOICE, at, _after(at, span))
            case ExternalCall(asks=None):
                return (), passes
            case ActionBlock(asks=asks) | ExternalCall(asks=asks):
                assert asks is not None, "a call without one is the case above"
                asked, awaited = self._asks(node, asks, at)
                return asked, awaited if asks.awaits else passes
            case SceneChange(scene_id=scene_id, cast=cast):
                return (EnterScene(self.session.id, scene_id, cast or (self.npc_id,)),), passes
            case Wait(mode=WaitMode.CONDITION, most_us=span):
                return (), Waiting(WaitsFor.CONDITION, at, _after(at, span))
            case Wait(mode=WaitMode.PLAYER_INPUT, most_us=span):
                return (), Waiting(WaitsFor.PLAYER, at, _after(at, span))
            case Wait() | Action() | Branch():
                return (), passes

    def _says(self, node: Dialogue, at: Micros) -> Done:
        then = Waiting(WaitsFor.PLAYER, at)
        if node.auto:
            then = Waiting(WaitsFor.TIME, at, Micros(at + node.delay_us))
        if node.asks is not None:
            asked, awaited = self._asks(node, node.asks, at)
            return asked, awaited if node.asks.awaits else then
        line = {"text": node.text, "speaker": node.speaker, "emotion": node.emotion}
        said = {
            "kind": "dialogue",
            "saidAt": json_seconds(at),
            "nodeId": node.id,
            "result": {key: value for key, value in line.items() if value is not None},
        }
        return (SetPersonal(self.session.id, self.npc_id, "dialogue", said),), then

    def _asks(self, node: NarrativeNode, asks: Asks, at: Micros) -> Done:
        """Queue what the node asks for, and wait for it. Raises RuleRaised if the queue is full."""
        entry = self._entry(node, asks, at)
        queue = self.session.component(self.npc_id, entry.queue)
        wanted = free_of_expired(queue, self.view.now)
        if len(wanted) >= PENDING_MAX:
            raise RuleRaised(node.path, f"{entry.queue} holds {PENDING_MAX} entries already")
        place = self.session.id, self.npc_id, entry.queue
        gone = (PutPersonal(*place, (key,), None) for key in sorted(queue.keys() - wanted.keys()))
        put = PutPersonal(*place, (entry.request_id,), entry.to_json())
        until = entry.expires_at
        awaited = Waiting(WaitsFor.RESULT, at, until, request_id=entry.request_id, component=entry.component)
        return (*gone, put), awaited

    def _entry(self, node: NarrativeNode, asks: Asks, at: Micros) -> Entry:
        """Its id follows from its cause, so that a replay asks for the same."""
        world, run = self.view.script.definition.id, self.run
        cause = f"{world}|{self.session.id}|{self.npc_id}|{run.run_id}|{run.visits}|{node.id}"
        return Entry(
            request_id=RequestId(f"{world}:{word(cause):016x}{word(cause + '|'):016x}"),
            program="" if run.frame is None else run.frame.program,
            node=node.id,
            kind=asks.kind,
            component=component_of(asks.kind, isinstance(node, ExternalCall)),
            asked_at=at,
            expires_at=Micros(at + asks.ttl_us),
            visit=run.visits,
        )


def _after(at: Micros, span: Micros | None) -> Micros | None:
    return None if span is None else Micros(at + span)
