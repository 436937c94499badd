"""A whole world file: read top down, every problem collected, every reference checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from json import dumps
from typing import Any

from simulation.calendar import Calendar
from simulation.definitions.activities import flat_flags
from simulation.definitions.behavior import Behavior, read_behavior
from simulation.definitions.conditions import Names
from simulation.definitions.fields import Fields
from simulation.definitions.people import Location, Npc, Town, read_locations, read_npcs
from simulation.definitions.problems import Problem, WorldFileInvalid
from simulation.definitions.sessions import read_sessions
from simulation.definitions.simulation_config import SimulationConfig
from simulation.definitions.time_config import read_time_config
from simulation.moods import NAMES as MOOD_TAGS
from simulation.sessions import Session
from simulation.units import Micros, NpcId, Tier, WorldId

WORLD_ID_CHARS_MAX = 200
"""Characters of a world's id: what the database's keys hold."""


@dataclass(frozen=True)
class WorldDefinition:
    """A world as its author wrote it, every name in it known to exist."""

    id: WorldId
    name: str
    world_time: Micros
    flags: Mapping[str, Any]
    """Dotted keys."""
    locations: tuple[Location, ...]
    npcs: tuple[Npc, ...]
    sessions: tuple[Session, ...]
    simulation: SimulationConfig
    behavior: Behavior
    calendar: Calendar
    document: Mapping[str, Any]
    warnings: tuple[Problem, ...] = field(default=())

    @cached_property
    def definition_hash(self) -> str:
        """128 bits of the document's canonical JSON: another definition has another."""
        text = dumps(self.document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def _by_role(self) -> dict[str, tuple[NpcId, ...]]:
        found: dict[str, list[NpcId]] = {}
        for npc in self.npcs:
            for role in npc.roles:
                found.setdefault(role, []).append(npc.id)
        return {role: tuple(ids) for role, ids in found.items()}

    @cached_property
    def people_ids(self) -> frozenset[NpcId]:
        return frozenset(npc.id for npc in self.npcs)

    def resolve_ref(self, ref: str) -> tuple[NpcId, ...]:
        """Whom `npc:ID`, `role:NAME` or a bare id names; nobody is an empty tuple."""
        if ref.startswith("role:"):
            return self._by_role.get(ref.removeprefix("role:"), ())
        candidates = (NpcId(ref), NpcId(ref.removeprefix("npc:")))
        return tuple(dict.fromkeys(name for name in candidates if name in self.people_ids))


def parse_world(
    document: Mapping[str, Any], source: str = "", plugins: Collection[str] = ()
) -> WorldDefinition:
    """The definition in a JSON object. Raises WorldFileInvalid with everything that is wrong with it."""
    problems: list[Problem] = []
    fields = Fields(document, "", problems)
    locations = read_locations(fields)
    meta = fields.within("meta")
    calendar = read_time_config(meta.raw("time_config"), "meta.time_config", problems)
    simulation = SimulationConfig.read(meta.raw("simulation", {}), "meta.simulation", problems)
    names = Names(
        periods=calendar.period_names(),
        days=calendar.day_names,
        location_types={location.type for location in locations},
        mood_tags=MOOD_TAGS,
        plugins=plugins,
        problems=problems,
    )
    behavior = read_behavior(meta.raw("behavior"), "meta.behavior", names, calendar.day_us)
    places = {location.id for location in locations}
    npcs = read_npcs(fields, Town(behavior.routines, behavior.activities, places, _roles(meta)))
    meta.ignore("version", "metrics")
    meta.done()
    if simulation is not None:
        _check_room(simulation, len(npcs), problems)
    return _read(fields, locations, npcs, simulation, behavior, calendar, source, document)


def _read(
    fields: Fields,
    locations: tuple[Location, ...],
    npcs: tuple[Npc, ...],
    simulation: SimulationConfig | None,
    behavior: Behavior,
    calendar: Calendar,
    source: str,
    document: Mapping[str, Any],
) -> WorldDefinition:
    """The rest of the top level, and the whole if nothing was wrong."""
    world_id = fields.identifier("id")
    if len(world_id) > WORLD_ID_CHARS_MAX:
        fields.refuse("id", world_id, "is too long", f"at most {WORLD_ID_CHARS_MAX} characters")
    name = fields.text("name", world_id or None)
    world_time = fields.micros("worldTime", 0)
    flags = flat_flags(fields.mapping("flags"))
    sessions = read_sessions(fields, {npc.id for npc in npcs}, {place.id for place in locations})
    fields.ignore("version", "$schema")
    fields.done()
    if fields.problems or simulation is None:
        raise WorldFileInvalid(source, fields.problems)
    found = WorldDefinition(
        WorldId(world_id),
        name,
        world_time,
        flags,
        locations,
        npcs,
        sessions,
        simulation,
        behavior,
        calendar,
        document,
    )
    object.__setattr__(found, "warnings", tuple(_warnings(found)))
    return found


def _roles(meta: Fields) -> dict[str, tuple[str, ...]]:
    """`meta.npcs`: {npc id: {"roles": [...]}} or {role: npc id or ids}."""
    found: dict[str, list[str]] = {}
    listed = meta.within("npcs")
    for key, value in listed.entries():
        if isinstance(value, Mapping):
            person = Fields(value, listed.at(key), meta.problems)
            found.setdefault(key, []).extend(person.texts("roles"))
            person.done()
        else:
            for npc in value if isinstance(value, list) else [value]:
                found.setdefault(str(npc).removeprefix("npc:"), []).append(key.removeprefix("role:"))
    return {npc: tuple(roles) for npc, roles in found.items()}


def _check_room(config: SimulationConfig, people: int, problems: list[Problem]) -> None:
    room = 0
    for tier in Tier:
        room += config.tiers[tier].max_npcs
    if people > room:
        problems.append(
            Problem(
                "meta.simulation.tiers.dormant.maxNpcs",
                config.tiers[Tier.DORMANT].max_npcs,
                f"the tiers hold {room} of {people} people",
                f"at least {config.tiers[Tier.DORMANT].max_npcs + people - room}",
            )
        )


def _warnings(world: WorldDefinition) -> Iterator[Problem]:
    """What loads but has no effect, or can never happen."""
    path = "meta.simulation"
    if world.simulation.idle_policy != "run":
        message = "worlds do not sleep yet, so this one runs with or without sessions"
        yield Problem(f"{path}.idlePolicy", world.simulation.idle_policy, message, warning=True)
    if world.simulation.rules:
        message = "tier rules are not evaluated yet: importance and the caps decide"
        yield Problem(f"{path}.rules", len(world.simulation.rules), message, warning=True)
    kinds = {location.type for location in world.locations}
    for activity in world.behavior.activities.values():
        path = f"meta.behavior.activities.{activity.id}.requirements"
        for ref in activity.requirements.required_npcs:
            if not world.resolve_ref(ref):
                message = f"{ref} names nobody of this world, so {activity.id} never happens"
                yield Problem(f"{path}.requiredNpcRolesOrIds", ref, message, warning=True)
        asked = activity.requirements.location_types
        if world.locations and asked and not kinds & set(asked):
            message = f"no location is of type {' or '.join(asked)}, so {activity.id} never happens"
            yield Problem(f"{path}.locationTypes", list(asked), message, warning=True)
