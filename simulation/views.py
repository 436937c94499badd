"""What a world system reads: the world as it stood after the inputs of the tick, and the people it asked to
see."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from simulation.person import Person, Scene
from simulation.sessions import Session, Sessions
from simulation.units import Micros, NpcId, SessionId, Tick

if TYPE_CHECKING:
    from simulation.script import Script


@dataclass(frozen=True, slots=True)
class View:
    """One instant of a world. Nothing read here is ever changed in place."""

    script: Script
    now: Micros
    tick: Tick
    flags: Mapping[str, Any]
    sessions: Sessions
    people: Mapping[NpcId, Person] = field(default_factory=dict)
    """Those that were asked for and live here, settled to `now`."""
    generates: bool = True
    """Whether content may be asked for."""
    room: int = 0
    """How many requests more the world's own queue takes."""

    def session(self, session_id: SessionId) -> Session | None:
        return self.sessions.get(session_id)

    def person(self, npc_id: NpcId, session: Session | None = None) -> Person | None:
        """A person, with a session as that player meets them; None: nobody, or nobody who was asked for."""
        person = self.people.get(npc_id)
        return person if person is None or session is None else met_by(person, session)


def view_of_people(seen: Iterable[Person]) -> dict[NpcId, Person]:
    return {person.npc_id: person for person in seen}


def met_by(person: Person, session: Session) -> Person:
    """A person as one player meets them: their session's flags come before the world's, and what is personal
    between the two before what everybody sees."""
    scene = person.scene
    flags = ChainMap(cast("dict[str, Any]", session.flags), cast("dict[str, Any]", scene.flags))
    mine = session.npcs.get(person.npc_id)
    cold = person.cold
    if mine:
        cold = {**cold, **{name: {**cold.get(name, {}), **own} for name, own in mine.items()}}
    return replace(person, scene=Scene(scene.script, scene.now, scene.tier, flags), cold=cold)
