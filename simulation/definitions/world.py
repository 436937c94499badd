"""A whole world file: read top down, every problem collected, every reference checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from json import dumps
from typing import Any

from simulation.calendar import Calendar
from simulation.definitions.activities import Activity, flat_flags
from simulation.definitions.behavior import Behavior, read_behavior
from simulation.definitions.chains import Cast, Chain, read_chains
from simulation.definitions.components import Speech
from simulation.definitions.conditions import Names
from simulation.definitions.effects import check_metrics
from simulation.definitions.fields import Fields, at, known_in
from simulation.definitions.hooks import Hook, Stories, read_hooks
from simulation.definitions.interaction_gates import Known
from simulation.definitions.interactions import Interaction, check_steps, read_interactions
from simulation.definitions.metrics import Metrics, read_metrics
from simulation.definitions.narratives import Program, read_narratives
from simulation.definitions.people import Location, Npc, Town, read_locations, read_npcs
from simulation.definitions.plugins import NO_PLUGINS, Plugins, read_settings
from simulation.definitions.problems import Notes, Problem, WorldFileInvalid, shown, unknown_name
from simulation.definitions.sessions import Around, read_sessions
from simulation.definitions.simulation_config import SimulationConfig
from simulation.definitions.tier_rules import RuleNames, read_tier_rules
from simulation.definitions.time_config import read_time_config
from simulation.definitions.warnings import warnings_of
from simulation.moods import NAMES as MOOD_TAGS
from simulation.sessions import Session
from simulation.units import Micros, NpcId, Tier, WorldId


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
    unlisted: int = 0
    """Warnings beyond those."""
    metrics: Metrics = field(default_factory=Metrics)
    chains: Mapping[str, Chain] = field(default_factory=dict)
    plugins: Plugins = NO_PLUGINS
    """Those that this world names."""
    offered: Plugins = NO_PLUGINS
    """Those that it may name, and another definition of it too."""
    plugin_settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """`meta.plugins`: the plug-ins whose world systems run here."""
    narratives: Mapping[str, Program] = field(default_factory=dict)
    interactions: Mapping[str, Interaction] = field(default_factory=dict)
    hooks: Mapping[str, Hook] = field(default_factory=dict)

    @cached_property
    def definition_hash(self) -> str:
        return hash_of(self.document)

    @cached_property
    def speech(self) -> Speech:
        """What is personal may speak of."""
        stories = Stories(self.chains, self.narratives, self.interactions)
        return Speech(self.metrics, self.behavior.activities, stories)

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


def hash_of(document: Mapping[str, Any]) -> str:
    """128 bits of the document's canonical JSON: another definition has another."""
    return hash_of_text(canonical(document))


def canonical(value: object) -> str:
    """The one way to write a value as JSON that hashes are made of."""
    return dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of_text(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()


def parse_world(
    document: Mapping[str, Any], source: str = "", plugins: Plugins = NO_PLUGINS
) -> WorldDefinition:
    """The definition in a JSON object; `plugins` are those it may name. Raises WorldFileInvalid with
    everything that is wrong with it."""
    problems = Notes(source)
    fields = Fields(document, "", problems)
    world_time = fields.micros("worldTime", 0)
    locations = read_locations(fields)
    meta = fields.within("meta")
    calendar = read_time_config(meta.raw("time_config"), "meta.time_config", problems)
    simulation = SimulationConfig.read(meta.raw("simulation", {}), "meta.simulation", problems)
    names = Names(
        periods=calendar.period_names(),
        days=calendar.names_of_days(),
        location_types={location.type for location in locations},
        mood_tags=MOOD_TAGS,
        plugins=plugins,
        problems=problems,
    )
    settings = read_settings(meta.within("plugins"), plugins)
    behavior = read_behavior(meta.raw("behavior"), "meta.behavior", names, calendar.day_us)
    metrics = _metrics(meta, behavior)
    places, roles = {location.id for location in locations}, _roles(meta)
    unread = ("meta", "meta.behavior")
    routines = known_in(behavior.routines, problems, *unread, "meta.behavior.routines")
    activities = known_in(behavior.activities, problems, *unread, "meta.behavior.activities")
    types = behavior.archetypes
    npcs = read_npcs(fields, Town(routines, activities, places, roles, world_time, metrics, types))
    _check_roles(roles, npcs, problems)
    chains, narratives, interactions = _stories(meta, names, calendar, (behavior, activities), metrics, npcs)
    stories = Stories(chains, narratives, interactions)
    hooks = read_hooks(meta, behavior, names, stories)
    meta.ignore("version")
    meta.done()
    if simulation is not None:
        _check_room(simulation, len(npcs), problems)
    speech = Speech(metrics, activities, stories.as_read(problems))
    found = _read(
        fields, world_time, locations, npcs, simulation, behavior, calendar, source, document, speech, names
    )
    used = plugins.only((*names.used, *settings))
    found = replace(found, metrics=metrics, chains=chains, narratives=narratives, interactions=interactions)
    found = replace(found, hooks=hooks, plugins=used, plugin_settings=settings)
    return _warned(replace(found, offered=plugins), problems)


def _warned(found: WorldDefinition, problems: Notes) -> WorldDefinition:
    """With all that may be meant otherwise."""
    problems.extend(warnings_of(found))
    return replace(found, warnings=tuple(problems), unlisted=problems.unlisted)


def _stories(
    meta: Fields,
    names: Names,
    calendar: Calendar,
    behavior: tuple[Behavior, Mapping[str, Activity]],
    metrics: Metrics,
    npcs: tuple[Npc, ...],
) -> tuple[dict[str, Chain], dict[str, Program], dict[str, Interaction]]:
    """What happens between players and people; interactions may name the others."""
    ids, roles = {npc.id for npc in npcs}, {role for npc in npcs for role in npc.roles}
    chains = read_chains(meta, names, calendar, Cast(ids, roles))
    narratives = read_narratives(meta, names, ids, metrics)
    steps = {name: chain.steps for name, chain in chains.items()}
    found, activities = behavior
    kinds = {*found.categories, *(activity.category for activity in found.activities.values())}
    known = Known(names, calendar, activities, kinds, metrics, ids, roles, steps, narratives)
    interactions = read_interactions(meta, known)
    check_steps(chains.values(), interactions, meta.problems)
    return chains, narratives, interactions


def _metrics(meta: Fields, behavior: Behavior) -> Metrics:
    """The registry; effects of activities name metrics of it."""
    found = read_metrics(meta)
    check_metrics(behavior.activities.values(), found, meta.problems)
    return found


def _read(
    fields: Fields,
    world_time: Micros,
    locations: tuple[Location, ...],
    npcs: tuple[Npc, ...],
    simulation: SimulationConfig | None,
    behavior: Behavior,
    calendar: Calendar,
    source: str,
    document: Mapping[str, Any],
    speech: Speech,
    names: Names,
) -> WorldDefinition:
    """The rest of the top level, and the whole if nothing was wrong."""
    world_id = fields.identifier("id")
    name = fields.text("name", world_id)
    flags = flat_flags(fields.flags("flags"))
    people, places = {npc.id for npc in npcs}, {place.id for place in locations}
    sessions = read_sessions(fields, Around(WorldId(world_id), people, places, speech))
    fields.ignore("version", "$schema")
    fields.done()
    found = WorldDefinition(
        WorldId(world_id),
        name,
        world_time,
        flags,
        locations,
        npcs,
        sessions,
        simulation or SimulationConfig(),
        behavior,
        calendar,
        document,
    )
    rules = _rules_as_written(document) if simulation is None else simulation.rules
    read_tier_rules(rules, RuleNames(names, found.people_ids, found.resolve_ref))
    if simulation is None or not all(problem.warning for problem in fields.problems):
        raise WorldFileInvalid(source, fields.problems)
    return found


def _rules_as_written(document: Any) -> Sequence[Any]:
    """Tier rules of a block that is wrong: what is wrong with them is said along with the rest."""
    listed = document
    for key in ("meta", "simulation", "rules"):
        listed = listed.get(key) if isinstance(listed, Mapping) else None
    readable = isinstance(listed, list) and all(isinstance(one, Mapping) for one in listed)
    return listed if readable else ()


def under_another_name(
    known: WorldDefinition, document: Mapping[str, Any], source: str = ""
) -> WorldDefinition:
    """The definition in a document that differs from a known one in its id, name and sessions only."""
    problems = Notes(source)
    fields = Fields(document, "", problems)
    world_id = fields.identifier("id")
    name = fields.text("name", world_id)
    places = {place.id for place in known.locations}
    sessions = read_sessions(fields, Around(WorldId(world_id), known.people_ids, places, known.speech))
    if not all(problem.warning for problem in problems):
        raise WorldFileInvalid(source, problems)
    return replace(known, id=WorldId(world_id), name=name, sessions=sessions, document=document)


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
                if not isinstance(npc, str | int) or isinstance(npc, bool):
                    meta.refuse(listed.at(key), npc, f"is {shown(npc)}", "a person's id, or a list of ids")
                    continue
                found.setdefault(str(npc).removeprefix("npc:"), []).append(key.removeprefix("role:"))
    return {npc: tuple(roles) for npc, roles in found.items()}


def _check_roles(roles: Mapping[str, tuple[str, ...]], npcs: tuple[Npc, ...], problems: Notes) -> None:
    ids = {npc.id for npc in npcs} if roles else set()
    for npc_id in roles:
        if npc_id not in ids:
            found = unknown_name(at("meta.npcs", npc_id), npc_id, ids, "npc")
            problems.append(replace(found, warning=True))


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
