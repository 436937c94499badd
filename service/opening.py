"""How a run's worlds come into its service: those that sleep are only registered, the others open several at
a time, and one that cannot run is shown while the others run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from messages.admin import AddWorld, OpenWorld, SubmitInput
from messages.service import AddSleeping
from service.errors import Refusal
from service.system import ActorService, new_id
from simulation.units import Epoch, GenerationMode, InputKind, Tick, WorldId

ADD_WITHIN_S = 120.0
"""A large world takes its time to be stored and opened."""


def to_open_again(
    known: Iterable[WorldId], stored: Mapping[WorldId, Epoch], left_out: Mapping[WorldId, Epoch]
) -> list[WorldId]:
    """After a restart: the worlds of the last report, and those that came after it and were answered. A world
    that was left out and has another epoch since was added."""
    came = (world_id for world_id, epoch in stored.items() if left_out.get(world_id) != epoch)
    return list(dict.fromkeys([*known, *came]))


@dataclass(frozen=True, slots=True)
class Opening:
    """`generation` is the mode this run asks for; None: as each world says."""

    actors: ActorService
    generation: GenerationMode | None
    asleep: Collection[WorldId]
    log: Any

    def stored(self, world_ids: Iterable[WorldId]) -> Iterator[tuple[WorldId, Tick]]:
        """Stored worlds without their files; answers where each stands that is open."""
        wanted = list(world_ids)
        self.register_sleeping([world_id for world_id in wanted if world_id in self.asleep])
        awake = [world_id for world_id in wanted if world_id not in self.asleep]
        yield from self.open(OpenWorld(ask_id=new_id(), world_id=world_id) for world_id in awake)
        self.set_generation(awake)

    def register_sleeping(self, world_ids: Collection[WorldId]) -> None:
        """They stay where they are until somebody asks for them."""
        if world_ids:
            ask = AddSleeping(ask_id=new_id(), worlds=tuple(world_ids), generation=self.generation)
            self.actors.ask(ask, ADD_WITHIN_S)

    def open(self, asks: Iterable[AddWorld | OpenWorld]) -> Iterator[tuple[WorldId, Tick]]:
        for ask, answer in self.actors.ask_each(asks, ADD_WITHIN_S):
            if isinstance(answer, Refusal):
                self.log.warning("world.not_opened", world_id=ask.world_id, because=answer.because)
            else:
                yield ask.world_id, answer.tick

    def set_generation(self, world_ids: Iterable[WorldId]) -> None:
        """The mode of a world whose file is not at hand changes by an input."""
        if self.generation is None:
            return
        payload = {"changes": {"generation.mode": str(self.generation)}}
        asks = (
            SubmitInput(ask_id=new_id(), world_id=world_id, kind=InputKind.CONFIG, payload=payload)
            for world_id in world_ids
        )
        for ask, answer in self.actors.ask_each(asks, ADD_WITHIN_S):
            if isinstance(answer, Refusal):
                self.log.warning("world.unchanged", world_id=ask.world_id, because=answer.because)
