"""What an interaction brings about, as consequences: worked out whole before any of it is carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulation import metrics
from simulation.chance import word
from simulation.consequences import (
    AddToFlag,
    AskFor,
    ChangePerson,
    Consequence,
    EnterScene,
    Failed,
    GiveItem,
    PutPersonal,
    SetFlag,
    SetPersonal,
    StartNarrative,
    followed,
    summed,
)
from simulation.definitions.fields import is_number
from simulation.definitions.interaction_flags import FlagChanges
from simulation.definitions.interaction_outcomes import ComponentChange, Launch, MetricChange, Outcome
from simulation.definitions.metrics import Value
from simulation.orders import ComponentMerge, ComponentWrite, Failure, Requested
from simulation.person import Person
from simulation.person_json import json_seconds
from simulation.rules import RuleRaised
from simulation.stories.chain_progress import COMPONENT
from simulation.stories.chain_rules import Hindrance, Meeting, hindrance, taken
from simulation.stories.interaction_rules import LAST_USED, InteractionRules, chain_move
from simulation.units import Band, NpcId, RequestId, SessionId

MEMORIES_KEPT = 32
"""Memories between one player and one person; the oldest goes first."""


@dataclass(slots=True)
class Deed:
    """One interaction on its way to being done: what it brings about, and what is answered."""

    meeting: Meeting
    rules: InteractionRules
    params: Mapping[str, Any]
    """What the player said with it; content that is asked for is told."""
    cause: str
    """What makes it another one than the same interaction of the same two at another time."""
    detail: dict[str, Any] = field(default_factory=dict)
    metrics: dict[tuple[NpcId, str, bool], Value] = field(default_factory=dict)
    """What those that were changed already will be."""

    @property
    def outcome(self) -> Outcome:
        return self.rules.interaction.outcome

    @property
    def path(self) -> str:
        return f"{self.rules.interaction.path}.outcome"

    @property
    def session_id(self) -> SessionId:
        return self.meeting.session.id

    def consequences(self) -> tuple[Consequence, ...]:
        """Everything, in the order it is carried out. Raises RuleRaised for what cannot be."""
        parts = (self._metrics, self._flags, self._items, self._components, self._feelings, self._scene)
        found = [item for part in (*parts, self._content, self._stories) for item in part()]
        return (*found, *self._steps(found), self._stamp())

    def _stamp(self) -> Consequence:
        now = json_seconds(self.meeting.now)
        place = (LAST_USED, self.rules.interaction.id)
        return PutPersonal(self.session_id, self.meeting.npc_id, COMPONENT, place, now)

    # -- metrics

    def _metrics(self) -> Iterator[Consequence]:
        changed = []
        for change in self.outcome.metrics:
            npc_id = change.npc_id or self.meeting.npc_id
            made, before, after, shared = self._metric(change, npc_id)
            name = change.metric.name
            said = {"npcId": npc_id, "metric": name, "before": before, "after": after, "shared": shared}
            changed.append(said)
            yield made
        if changed:
            self.detail["metrics"] = changed

    def _metric(self, change: MetricChange, npc_id: NpcId) -> tuple[Consequence, Any, Value, bool]:
        """(what does it, before, after, whether everybody sees it)."""
        metric, value = change.metric, change.value
        scope = change.scope
        personal = metrics.is_personal(metric) if scope is None else scope == "personal"
        person, where = self._person(npc_id, personal=personal), (npc_id, metric.name, personal)
        try:
            before = self.metrics.get(where)
            if before is None and (change.adds or metric.is_numeric):
                before = metrics.read(person, metric)
            session_id = self.session_id if personal else None
            made = metrics.change(person, metric, value, session_id, adds=change.adds)
        except TypeError as error:
            raise RuleRaised(f"{self.path}.statDeltas", str(error)) from error
        after = metric.clamped(float(before or 0) + float(value)) if change.adds else value
        self.metrics[where] = after
        return made, before, after, not personal

    def _person(self, npc_id: NpcId, *, personal: bool) -> Person:
        session = self.meeting.session if personal else None
        person = self.meeting.view.person(npc_id, session)
        if person is None:
            raise RuleRaised(f"{self.path}.statDeltas", f"npc {npc_id} is not in this world now")
        return person

    # -- flags, items, components

    def _flags(self) -> Iterator[Consequence]:
        mine, shared = self.outcome.flags, self.outcome.world_flags
        found = self._of(mine, self.meeting.session.flags, "flags")
        yield from (SetFlag(key, value, self.session_id) for key, value in found.items())
        for key, value in self._of(shared, self.meeting.view.flags, "worldFlags").items():
            counts = key in shared.adds and key not in shared.sets and value is not None
            more = AddToFlag(key, shared.adds.get(key, 0), self.meeting.npc_id)
            yield more if counts else SetFlag(key, value)

    def _of(self, changes: FlagChanges, before: Mapping[str, Any], said: str) -> dict[str, Any]:
        now = json_seconds(self.meeting.now)
        found: dict[str, Any] = {**changes.sets, **dict.fromkeys(changes.stamps, now)}
        for key, amount in changes.adds.items():
            value = found.get(key, before.get(key, 0))
            if not is_number(value):
                raise RuleRaised(f"{self.path}.flagChanges.increment.{key}", f"the flag is {value!r}")
            found[key] = summed(value, amount)
        found.update(dict.fromkeys(changes.removes))
        if found:
            self.detail[said] = found
        return found

    def _items(self) -> Iterator[Consequence]:
        if self.outcome.items:
            self.detail["items"] = dict(self.outcome.items)
        for item, count in self.outcome.items.items():
            yield GiveItem(self.session_id, item, count)

    def _components(self) -> Iterator[Consequence]:
        for change in self.outcome.components:
            yield from (self._shared(change),) if change.shared else self._personal(change)

    def _shared(self, change: ComponentChange) -> Consequence:
        npc_id, name = self.meeting.npc_id, change.component
        if change.op == "update":
            return ChangePerson(ComponentMerge(npc_id, name, change.value))
        return ChangePerson(ComponentWrite(npc_id, name, None if change.op == "remove" else change.value))

    def _personal(self, change: ComponentChange) -> Iterator[Consequence]:
        place = (self.session_id, self.meeting.npc_id, change.component)
        match change.op:
            case "update":
                yield from (PutPersonal(*place, (key,), value) for key, value in change.value.items())
            case "set":
                yield SetPersonal(*place, change.value)
            case _:
                yield SetPersonal(*place, None)

    def _feelings(self) -> Iterator[Consequence]:
        session, npc_id, now = self.meeting.session, self.meeting.npc_id, self.meeting.now
        if (memory := self.outcome.memory) is not None:
            before = session.component(npc_id, "memories").get("entries")
            kept = [*(before if isinstance(before, list) else ()), {**memory, "at": json_seconds(now)}]
            yield PutPersonal(session.id, npc_id, "memories", ("entries",), kept[-MEMORIES_KEPT:])
        if (felt := self.outcome.emotion) is not None:
            ends = {} if felt.lasts_us is None else {"expiresAt": json_seconds(now + felt.lasts_us)}
            value = {"emotionType": felt.emotion, "intensity": felt.intensity, **ends}
            yield PutPersonal(session.id, npc_id, "mood", ("activeEmotion",), value)

    # -- scenes, content, stories

    def _scene(self) -> Iterator[Consequence]:
        if (scene := self.outcome.scene) is not None:
            self.detail["sceneId"] = scene.scene_id
            cast = tuple(dict.fromkeys((self.meeting.npc_id, *scene.cast)))
            yield EnterScene(self.session_id, scene.scene_id, cast)

    def _content(self) -> Iterator[Consequence]:
        if not self.outcome.launches:
            return
        if not self.meeting.view.generates:
            self.detail["generation"] = "off"
            return
        made = [self._requested(n, launch) for n, launch in enumerate(self.outcome.launches)]
        self.detail["requests"] = [request.request_id for request in made]
        yield from map(AskFor, made)

    def _requested(self, n: int, launch: Launch) -> Requested:
        meeting, interaction = self.meeting, self.rules.interaction
        world_id = meeting.view.script.definition.id
        cause = f"{world_id}|{self.session_id}|{meeting.npc_id}|{interaction.id}|{self.cause}|{n}"
        told = {"npcName": self.rules.names.get(meeting.npc_id, ""), "interactionId": interaction.id}
        said = {"playerInput": dict(self.params)} if self.params else {}
        return Requested(
            request_id=RequestId(f"{world_id}:{word(cause):016x}{word(cause + '|'):016x}"),
            npc_id=meeting.npc_id,
            entity=word(meeting.npc_id),
            kind=launch.kind,
            band=Band.PLAYER_WAITING,
            component=launch.component,
            params={**launch.params, **told, **said},
            session_id=self.session_id,
            user_id=meeting.session.user_id,
            flag=launch.flag,
            scene_id=launch.scene_id,
            ttl=launch.ttl,
        )

    def _stories(self) -> Iterator[Consequence]:
        moved = chain_move(self.rules, self.meeting)
        if isinstance(moved, Hindrance):
            raise RuleRaised(f"{self.path}.advanceChain", moved.reason)
        if moved is not None and self.outcome.chain is not None:
            progress, brought = moved
            yield from brought
            yield self.meeting.put(self.meeting.view.script.chains[self.outcome.chain].chain, progress)
            self.detail["chain"] = {"chainId": self.outcome.chain, "progress": progress.to_json()}
        if self.outcome.program is not None:
            self.detail["narrative"] = self.outcome.program
            yield StartNarrative(self.session_id, self.meeting.npc_id, self.outcome.program)

    def _steps(self, found: Iterable[Consequence]) -> Iterator[Consequence]:
        """The steps of chains that this belongs to, of those between the two that can be taken now."""
        session = self.meeting.session
        for item in found:
            session = followed(session, item)
        for name in self.rules.chains:
            if name == self.outcome.chain:
                continue
            for item in self._step(name, replace(self.meeting, session=session)):
                session = followed(session, item)
                yield item

    def _step(self, name: str, after: Meeting) -> Iterator[Consequence]:
        """Taken as the two stand after what this brings about, where it could be before."""
        meeting, rules = self.meeting, self.meeting.view.script.chains[name]
        progress = meeting.progress(rules.chain)
        if progress is None or progress.current is None:
            return
        current = rules.steps[progress.current]
        if current.step.interaction_id != self.rules.interaction.id:
            return
        try:
            if hindrance(current, progress, meeting) is not None:
                return
            gone, brought = taken(current, progress, after, meeting.now)
        except RuleRaised as raised:
            yield Failed(Failure(meeting.npc_id, raised.path, raised.error))
            return
        told = {"chainId": name, "stepId": progress.current, "progress": gone.to_json()}
        self.detail.setdefault("steps", []).append(told)
        yield from brought
        yield meeting.put(rules.chain, gone)
