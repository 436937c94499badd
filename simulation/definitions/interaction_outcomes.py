"""`outcome` of an interaction: everything it brings about, all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulation.definitions.components import check_component
from simulation.definitions.effects import KINDS, MICRO_SECONDS
from simulation.definitions.fields import Fields, at, is_number
from simulation.definitions.interaction_flags import (
    CHANGES_MAX,
    FlagChanges,
    read_flags,
    read_items,
    with_event,
)
from simulation.definitions.interaction_gates import (
    SCOPES,
    Known,
    find_metric,
    metric_name,
    no_hooks,
    only_people,
    read_metric,
)
from simulation.definitions.metrics import HOT_KEYS, NUMBER_MAX, Metric, Value
from simulation.definitions.preferences import read_preferences
from simulation.definitions.problems import shown, unknown_name
from simulation.definitions.sessions import CAST_MAX, person_named
from simulation.units import MICROS_PER_SECOND, Micros, NpcId

COMPONENT_CHARS_MAX = 16_384
"""Characters of a component that one interaction writes."""
TTL_S = 3_600
"""Game seconds that a player waits for content where nothing else is said: a minute at the default scale, as
real providers need."""
OWN = ("interactions", "narrative", "pendingDialogue", "pendingActionBlocks", "waitingFor", "relationships")
"""Components that only their own rules write."""
GOES_TO = ("component", "flag", "sceneId")
"""Keys of a launch that say where its result goes."""
COMPONENT_OF = {"dialogue": "dialogue", "action_block": "actionBlock"}
"""Where a result is written when the outcome does not say."""


@dataclass(frozen=True, slots=True)
class MetricChange:
    metric: Metric
    value: Value
    adds: bool
    scope: str | None
    """personal, shared, or as the component is; hot metrics are always shared."""
    npc_id: NpcId | None
    """Whose; None: of the person the player meets."""


@dataclass(frozen=True, slots=True)
class ComponentChange:
    component: str
    op: str
    value: Mapping[str, Any]
    shared: bool


@dataclass(frozen=True, slots=True)
class Emotion:
    emotion: str
    intensity: float
    lasts_us: Micros | None


@dataclass(frozen=True, slots=True)
class SceneLaunch:
    scene_id: str
    cast: tuple[NpcId, ...]
    """Beside the person."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Content that the player waits for."""

    kind: str
    component: str
    params: Mapping[str, Any]
    ttl: Micros
    flag: str | None = None
    """The player's flag that keeps the result in the component's place."""
    scene_id: str | None = None
    """The scene that the player's session enters with the result."""


@dataclass(frozen=True, slots=True)
class Outcome:
    metrics: tuple[MetricChange, ...] = ()
    flags: FlagChanges = field(default_factory=FlagChanges)
    world_flags: FlagChanges = field(default_factory=FlagChanges)
    items: Mapping[str, int] = field(default_factory=dict)
    """What the player gets, or below 0 gives away and must have."""
    components: tuple[ComponentChange, ...] = ()
    memory: Mapping[str, Any] | None = None
    emotion: Emotion | None = None
    scene: SceneLaunch | None = None
    launches: tuple[Launch, ...] = ()
    program: str | None = None
    chain: str | None = None
    step: str | None = None
    success: str | None = None
    failure: str | None = None


def read_outcome(fields: Fields, known: Known) -> Outcome:
    """What it brings about; problems are noted."""
    deltas = fields.each("statDeltas", lambda v, p: _deltas(_at(fields, v, p), known), CHANGES_MAX)
    key = "targetEffects" if fields.has("targetEffects") else "npcEffects"
    effects = fields.within(key)
    launch, chain = fields.within("generationLaunch"), fields.within("advanceChain")
    chain_id, step = _chain(chain, known) if fields.has("advanceChain") else (None, None)
    world_flags = read_flags(fields.within("worldFlagChanges"))
    if effects.has("registerWorldEvent"):
        world_flags = with_event(world_flags, effects.within("registerWorldEvent"))
    effects.ignore("registerWorldEvent")
    found = Outcome(
        metrics=tuple(change for listed in deltas for change in listed),
        flags=read_flags(fields.within("flagChanges")),
        world_flags=world_flags,
        items=read_items(fields.within("inventoryChanges")),
        components=fields.each("components", lambda v, p: _component(_at(fields, v, p), known), CHANGES_MAX),
        memory=_memory(effects.within("createMemory")) if effects.has("createMemory") else None,
        emotion=_emotion(effects.within("triggerEmotion")) if effects.has("triggerEmotion") else None,
        scene=_scene(fields.within("sceneLaunch"), known) if fields.has("sceneLaunch") else None,
        launches=_launches(launch) if fields.has("generationLaunch") else (),
        program=_program(fields, known),
        chain=chain_id,
        step=step,
        success=fields.text("successMessage") if fields.has("successMessage") else None,
        failure=fields.text("failureMessage") if fields.has("failureMessage") else None,
    )
    effects.ignore("createMemory", "triggerEmotion")
    fields.ignore("sceneLaunch", "successMessage", "failureMessage", "targetEffects", "npcEffects")
    no_hooks(fields, "customOutcomeId", "the other keys of an outcome")
    effects.done()
    fields.done()
    return found


def _at(fields: Fields, value: Any, path: str) -> Fields:
    return Fields(value, path, fields.problems)


# -- metrics and components


def _deltas(fields: Fields, known: Known) -> list[MetricChange]:
    """`{metric, add or set}`, or `{packageId, definitionId, axes}` as others write it."""
    scope = fields.choice("scope", SCOPES, SCOPES[0]) if fields.has("scope") else fields.raw("scope")
    only_people(fields)
    npc_id = _person(fields, "npcId", known)
    found: list[tuple[Fields, str, Metric | None, Any, bool]] = []
    if fields.has("axes"):
        package = fields.text("packageId", "core").rpartition(".")[2]
        definition, axes = fields.text("definitionId", package), fields.within("axes")
        for axis, value in axes.entries():
            metric = find_metric(axes, axis, metric_name(definition, axis), known.metrics)
            found.append((axes, axis, metric, value, True))
    else:
        key = "set" if fields.given("set") else "add"
        found.append((fields, key, read_metric(fields, known.metrics), fields.raw(key), key == "add"))
    fields.done()
    changes = []
    for where, key, metric, value, adds in found:
        if metric is not None and _may(where, key, metric, value, adds=adds, scope=scope):
            kept = float(value) if adds else metric.converted(value)
            changes.append(MetricChange(metric, kept if kept is not None else 0, adds, scope, npc_id))
    return changes


def _may(fields: Fields, key: str, metric: Metric, value: object, *, adds: bool, scope: str | None) -> bool:
    """Whether the metric may be changed so; if not, a problem says why."""
    where = fields.at(key)
    if metric.is_told:
        fields.refuse(where, metric.name, f"{metric.name} is decided by the world", "another metric")
    elif metric.is_hot and scope == "personal":
        fields.refuse(fields.at("scope"), scope, f"{metric.name} is the same for everybody", "shared")
    elif adds and not metric.is_numeric:
        fields.refuse(where, value, f"{metric.name} is no number to add to", "set")
    elif adds and not (is_number(value) and abs(float(value)) <= NUMBER_MAX):  # type: ignore[arg-type]
        fields.refuse(where, value, f"is {shown(value)}", f"a number from {-NUMBER_MAX:g} to {NUMBER_MAX:g}")
    elif not adds and metric.converted(value) is None:
        fields.refuse(where, value, f"is {shown(value)}, no value of {metric.name}", metric.allowed)
    else:
        return True
    return False


def _person(fields: Fields, key: str, known: Known) -> NpcId | None:
    if not fields.has(key):
        return fields.raw(key)  # type: ignore[no-any-return]
    name = fields.identifier(key)
    found = person_named(name, known.people)
    if found not in known.people:
        fields.problems.append(unknown_name(fields.at(key), name, known.people, "npc"))
    return found


def _component(fields: Fields, known: Known) -> ComponentChange:
    name, op = fields.text("component"), fields.choice("op", ("set", "update", "remove"), "update")
    value = fields.mapping("value") if op != "remove" else {}
    if op == "set":
        value = {key: inner for key, inner in value.items() if inner is not None}
    shared = fields.choice("scope", SCOPES, SCOPES[0]) == "shared"
    fields.done()
    if name in OWN or (name == "behavior" and op != "update"):
        fields.refuse(
            fields.at("component"), name, "is kept by its own rules", "another component, or a metric"
        )
    for key in sorted(HOT_KEYS & value.keys()) if name == "behavior" else ():
        fields.refuse(
            at(fields.at("value"), key), value[key], "is kept in columns", "other keys, or a metric"
        )
    if (size := len(str(value))) > COMPONENT_CHARS_MAX:
        fields.refuse(fields.at("value"), "", f"has {size} characters", f"at most {COMPONENT_CHARS_MAX}")
    check_component(name, value, fields.at("value"), known.metrics, fields.problems)
    if name == "behavior" and (liked := value.get("preferences")) is not None:
        where = at(fields.at("value"), "preferences")
        read_preferences(Fields(liked, where, fields.problems), known.activities)
    return ComponentChange(name, op, value, shared)


# -- memory, emotion, scene, content


def _memory(fields: Fields) -> dict[str, Any]:
    found = {
        "topic": fields.text("topic"),
        "summary": fields.text("summary"),
        "importance": fields.choice("importance", ("trivial", "normal", "important", "critical"), "normal"),
        "memoryType": fields.choice("memoryType", ("short_term", "long_term", "core"), "short_term"),
        "tags": list(fields.texts("tags", CHANGES_MAX)),
    }
    fields.done()
    return found


def _emotion(fields: Fields) -> Emotion:
    lasts = fields.micros("durationSeconds", 0) if fields.has("durationSeconds") else None
    found = Emotion(fields.text("emotion"), fields.number("intensity", 0, 1), lasts)
    fields.ignore("durationSeconds")
    fields.done()
    return found


def _scene(fields: Fields, known: Known) -> SceneLaunch:
    """`sceneId`, or the scene that an intent is mapped to; `roleBindings` and `cast` say who plays in it."""
    if fields.has("sceneId") or not fields.has("sceneIntentId"):
        scene = fields.identifier("sceneId")
    else:
        scene = known.scenes.get(fields.identifier("sceneIntentId"), "")
        fields.reference("sceneIntentId", known.scenes, known.scenes, "scene intent")
    fields.ignore("sceneId", "sceneIntentId", "branchIntent")
    bound = fields.within("roleBindings")
    people = [_person(bound, role, known) for role, _ in bound.entries()]
    for n, name in enumerate(fields.ids("cast", CAST_MAX)):
        people.append(person_named(name, known.people))
        if people[-1] not in known.people:
            where = at(fields.at("cast"), n)
            fields.problems.append(unknown_name(where, name, known.people, "npc"))
    fields.done()
    cast = tuple(dict.fromkeys(one for one in people if one is not None))
    if len(cast) >= CAST_MAX:
        message, allowed = f"has {len(cast)} people beside the one met", f"at most {CAST_MAX - 1}"
        fields.refuse(fields.at("cast"), len(cast), message, allowed)
    return SceneLaunch(scene, cast)


def _launches(fields: Fields) -> tuple[Launch, ...]:
    """`{kind, params}`, or `{actionBlockIds, dialogueRequest}` as others write it."""
    ttl = fields.micros("ttlSeconds", TTL_S, low=MICRO_SECONDS)
    intent = {"branchIntent": fields.text("branchIntent")} if fields.has("branchIntent") else {}
    asked: list[tuple[str, dict[str, Any]]] = []
    if fields.has("kind"):
        asked.append((fields.choice("kind", KINDS, KINDS[0]), fields.mapping("params")))
    if blocks := fields.texts("actionBlockIds", CHANGES_MAX):
        asked.append(("action_block", {"actionBlockIds": list(blocks)}))
    if fields.has("dialogueRequest"):
        asked.append(("dialogue", _dialogue(fields.within("dialogueRequest"))))
    component, flag, scene = (_goes_to(fields, key, one=len(asked) < 2) for key in GOES_TO)
    fields.ignore("params", "dialogueRequest", "branchIntent", "kind")
    fields.done()
    if not asked:
        fields.refuse(fields.at("kind"), None, "is missing", ", ".join(KINDS))
    if flag is not None and (component is not None or scene is not None):
        fields.refuse(fields.at("flag"), flag, "is in place of a component and a scene", "flag alone")
    if component in OWN:
        fields.refuse(fields.at("component"), component, "cannot hold what is asked for", "no component")
    kept = Micros(int(ttl) or TTL_S * MICROS_PER_SECOND)
    return tuple(
        Launch(kind, component or COMPONENT_OF.get(kind, kind), {**params, **intent}, kept, flag, scene)
        for kind, params in asked
    )


def _goes_to(fields: Fields, key: str, *, one: bool) -> str | None:
    """Where the result goes, of content that is asked for alone."""
    if fields.raw(key) is None:
        return None
    name = fields.identifier(key)
    if not one:
        fields.refuse(fields.at(key), name, "cannot hold all that is asked for", f"no {key}")
    return name


def _dialogue(fields: Fields) -> dict[str, Any]:
    found = {key: fields.text(key) for key in ("programId", "systemPrompt") if fields.has(key)}
    fields.ignore("programId", "systemPrompt")
    fields.done()
    return found


# -- stories


def _program(fields: Fields, known: Known) -> str | None:
    """`launchNarrative: {program}`, or `narrativeProgramId`."""
    fields.ignore("launchNarrative", "narrativeProgramId")
    if not fields.has("launchNarrative"):
        return fields.reference("narrativeProgramId", known.programs, known.programs, "narrative")
    block = fields.within("launchNarrative")
    if not block.has("program"):
        block.refuse(block.at("program"), None, "is missing", "a narrative's id")
    found = block.reference("program", known.programs, known.programs, "narrative")
    block.done()
    return found


def _chain(fields: Fields, known: Known) -> tuple[str | None, str | None]:
    if not fields.has("chain"):
        fields.refuse(fields.at("chain"), None, "is missing", "a chain's id")
    chain = fields.reference("chain", known.chains, known.chains, "chain")
    steps = known.chains.get(chain or "", ())
    step = fields.reference("step", steps, steps, "step") if chain is not None else fields.raw("step")
    fields.done()
    return chain, step
