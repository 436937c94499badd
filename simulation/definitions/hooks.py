"""`hooks` of an activity and `meta.hooks`: what people want to start with players because of what they do."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from simulation.definitions.activities import same_id
from simulation.definitions.behavior import Behavior
from simulation.definitions.chains import Chain
from simulation.definitions.conditions import Condition, Names, read_conditions
from simulation.definitions.fields import Fields, at, known_in
from simulation.definitions.offers import Offer, Offered, check_offers, read_offer
from simulation.definitions.problems import Problem, unknown_name
from simulation.units import Micros

if TYPE_CHECKING:
    from simulation.definitions.interactions import Interaction
    from simulation.definitions.narratives import Program

HOOKS_OF_ACTIVITY_MAX = 16
"""Under one activity."""
HOOKS_MAX = 1_000
"""In `meta.hooks`, and of one world together."""
FLAGS_MAX = 64
"""That one hook requires."""
ACTIVITIES_MAX = 1_000
"""That one hook watches."""
PER_DAY_MAX = 10_000
"""Far more than anybody reads."""
SPAN_S_MIN = 1
"""Game seconds between two times of a periodic hook, and after which a `while` hook acts, at least."""
IDLE = "idle"
"""The state of whoever does nothing; of everybody else it is their activity's category."""
NO_SPAN = Micros(0)
SPAN_KEYS = ("afterSeconds", "intervalSeconds")


class When(StrEnum):
    """What sets a hook off."""

    START = "start"
    END = "end"
    WHILE = "while"
    """Once, so long after an activity began, if it still goes on."""
    PERIODIC = "periodic"
    """At every multiple of an interval of world time while it goes on."""
    CHANGE = "change"
    """Another state than before."""


class Audience(StrEnum):
    """Which players a person turns to."""

    HERE = "here"
    """Those at the same place, and those in whose scene the person plays."""
    PLACE = "location"
    CAST = "cast"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Trigger:
    when: When
    activities: tuple[str | None, ...]
    """None: doing nothing."""
    before: tuple[str | None, ...] = ()
    """CHANGE: what they did before; none: anything of another state."""
    span: Micros = NO_SPAN
    """WHILE: how long after the activity began. PERIODIC: from time to time."""


@dataclass(frozen=True, slots=True)
class Hook:
    id: str
    path: str
    trigger: Trigger
    offer: Offer
    audience: Audience
    min_affinity: float | None
    max_per_day: int | None
    cooldown_us: Micros
    required_flags: tuple[str, ...]
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Stories:
    """What offers may name."""

    chains: Mapping[str, Chain]
    narratives: Mapping[str, Program]
    interactions: Mapping[str, Interaction]

    def by_kind(self) -> dict[Offered, Collection[str]]:
        return {
            Offered.CHAIN: self.chains,
            Offered.NARRATIVE: self.narratives,
            Offered.INTERACTION: self.interactions,
        }

    def as_read(self, problems: Iterable[Problem]) -> Stories:
        """The same; of a table that was refused as a whole, any name is there."""
        return Stories(
            known_in(self.chains, problems, "meta", "meta.chains"),
            known_in(self.narratives, problems, "meta", "meta.narratives"),
            known_in(self.interactions, problems, "meta", "meta.interactions"),
        )


def read_hooks(meta: Fields, behavior: Behavior, names: Names, stories: Stories) -> dict[str, Hook]:
    """Every hook of a world by id, problems noted, with those of what hooks and chains offer."""
    found: dict[str, Hook] = {}
    listed = [*_of_activities(meta, behavior, names), *_of_world(meta, behavior, names)]
    for hook in listed:
        if hook.id in found:
            message = f"the id {hook.id!r} is given twice"
            names.problems.append(Problem(at(hook.path, "id"), hook.id, message, "each id once"))
        found[hook.id] = hook
    if len(found) > HOOKS_MAX:
        meta.refuse(meta.at("hooks"), len(found), "are too many hooks", f"at most {HOOKS_MAX} in a world")
    steps = (step.intent for chain in stories.chains.values() for step in chain.steps.values())
    offers = (*(hook.offer for hook in listed), *(one for one in steps if one is not None))
    check_offers(offers, stories.as_read(names.problems).by_kind(), names.problems)
    return found


def _of_activities(meta: Fields, behavior: Behavior, names: Names) -> Iterator[Hook]:
    raw = meta.raw("behavior")
    listed = raw.get("activities") if isinstance(raw, Mapping) else None
    for name in behavior.activities:
        written = listed.get(name) if isinstance(listed, Mapping) else None
        if isinstance(written, Mapping) and written.get("hooks") is not None:
            activity = Fields(written, at("meta.behavior.activities", name), names.problems)

            def read(value: Any, path: str, name: str = name) -> Hook:
                fields = Fields(value, path, names.problems)
                hook_id = f"{name}/{path.rpartition('[')[2].rstrip(']')}"
                return _hook(fields, fields.identifier("id", hook_id), _own_trigger(fields, name), names)

            yield from activity.each("hooks", read, HOOKS_OF_ACTIVITY_MAX)


def _of_world(meta: Fields, behavior: Behavior, names: Names) -> Iterator[Hook]:
    """An object by id, or a list."""
    if isinstance(meta.raw("hooks"), list):

        def read(value: Any, path: str) -> Hook:
            fields = Fields(value, path, names.problems)
            hook_id = fields.identifier("id", path.rpartition(".")[2])
            return _hook(fields, hook_id, _trigger(fields, behavior), names)

        yield from meta.each("hooks", read, HOOKS_MAX)
        return

    def read_named(key: str, value: Any, path: str) -> Hook:
        fields = Fields(value, path, names.problems)
        same_id(fields, key)
        return _hook(fields, key, _trigger(fields, behavior), names)

    yield from meta.table("hooks", read_named, HOOKS_MAX).values()


def _hook(fields: Fields, hook_id: str, trigger: Trigger, names: Names) -> Hook:
    gates = [fields]
    conditions: tuple[Condition, ...] = ()
    if isinstance(fields.raw("conditions"), Mapping):
        gates.append(fields.within("conditions"))
    else:
        conditions = read_conditions(fields, "conditions", names)

    def gate(key: str) -> Fields:
        for other in gates:
            other.ignore(key)
        return next((one for one in gates if one.has(key)), fields)

    affinity, per_day = gate("minAffinity"), gate("maxPerDay")
    found = Hook(
        id=hook_id,
        path=fields.path,
        trigger=trigger,
        offer=read_offer(fields),
        audience=Audience(fields.choice("audience", Audience, Audience.HERE)),
        min_affinity=affinity.optional_number("minAffinity", -1e9, 1e9),
        max_per_day=per_day.whole("maxPerDay", 1, PER_DAY_MAX, 1) if per_day.has("maxPerDay") else None,
        cooldown_us=gate("cooldownSeconds").micros("cooldownSeconds", 0),
        required_flags=gate("requiredFlags").flag_names("requiredFlags", FLAGS_MAX),
        conditions=conditions,
    )
    for one in gates[::-1]:
        one.done()
    return found


def _own_trigger(fields: Fields, activity: str) -> Trigger:
    """Of a hook that stands under its activity."""
    return Trigger((when := _when(fields)), (activity,), span=_span(fields, when))


def _when(fields: Fields) -> When:
    allowed = [str(when) for when in When if when is not When.CHANGE]
    if not fields.has("when"):
        fields.refuse(fields.at("when"), None, "is missing", f"one of {', '.join(allowed)}")
    when = fields.choice("when", [*allowed, "during"], When.START)
    return When.WHILE if when == "during" else When(when)


def _span(fields: Fields, when: When) -> Micros:
    """The span that this kind of trigger asks for."""
    wanted = {When.WHILE: SPAN_KEYS[0], When.PERIODIC: SPAN_KEYS[1]}.get(when)
    for key in SPAN_KEYS:
        if key != wanted and fields.has(key):
            fields.refuse(fields.at(key), fields.raw(key), f"says nothing about {when}", "without it")
    fields.ignore(*SPAN_KEYS)
    if wanted is None:
        return NO_SPAN
    if not fields.has(wanted):
        fields.refuse(fields.at(wanted), None, "is missing", f"game seconds from {SPAN_S_MIN}")
    return fields.micros(wanted, SPAN_S_MIN, low=SPAN_S_MIN)


def _trigger(fields: Fields, behavior: Behavior) -> Trigger:
    """`trigger`: onActivity, onStateChange or periodic."""
    trigger = fields.within("trigger")
    given = [key for key in TRIGGERS if trigger.has(key)]
    if len(given) != 1:
        wrong = "names no trigger" if not given else "names more than one trigger"
        trigger.refuse(trigger.path, given, wrong, f"one of {', '.join(TRIGGERS)}")
    trigger.ignore(*TRIGGERS)
    trigger.done()
    if not given:
        return Trigger(When.START, ())
    inner = trigger.within(given[0])
    found = TRIGGERS[given[0]](inner, behavior)
    inner.done()
    return found


def _on_activity(fields: Fields, behavior: Behavior) -> Trigger:
    when = _when(fields)
    listed = fields.ids("activityIds", ACTIVITIES_MAX)
    for n, name in enumerate(listed):
        if name not in behavior.activities:
            where = at(fields.at("activityIds"), n)
            fields.problems.append(unknown_name(where, name, behavior.activities, "activity"))
    if not listed:
        fields.refuse(
            fields.at("activityIds"), fields.raw("activityIds"), "names no activity", "at least one"
        )
    return Trigger(when, listed, span=_span(fields, when))


def _on_change(fields: Fields, behavior: Behavior) -> Trigger:
    return Trigger(
        When.CHANGE,
        _states(fields, "to", behavior, needed=True),
        _states(fields, "from", behavior, needed=False),
    )


def _periodic(fields: Fields, behavior: Behavior) -> Trigger:
    states = _states(fields, "states", behavior, needed=True)
    return Trigger(When.PERIODIC, states, span=_span(fields, When.PERIODIC))


TRIGGERS = {"onActivity": _on_activity, "onStateChange": _on_change, "periodic": _periodic}


def _states(fields: Fields, key: str, behavior: Behavior, *, needed: bool) -> tuple[str | None, ...]:
    """The activities of one state, or of a list of them."""
    value = fields.raw(key)
    listed = [value] if isinstance(value, str) else (value or [])
    known = {IDLE, *behavior.categories, *(activity.category for activity in behavior.activities.values())}
    if not isinstance(listed, list) or (needed and not listed):
        fields.refuse(fields.at(key), value, "names no state", "a state, or a list of them")
        return ()
    for n, name in enumerate(listed):
        if not isinstance(name, str) or name not in known:
            where = fields.at(key) if isinstance(value, str) else at(fields.at(key), n)
            fields.problems.append(unknown_name(where, name, known, "state"))
    idle: tuple[str | None, ...] = (None,) if IDLE in listed else ()
    return (*idle, *(one.id for one in behavior.activities.values() if one.category in listed))
