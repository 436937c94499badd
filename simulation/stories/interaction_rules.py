"""What keeps a player from an interaction now: each gate that is closed, why, and when a wait is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from simulation import metrics
from simulation.conditions import Test
from simulation.definitions.chains import Chain
from simulation.definitions.fields import is_number
from simulation.definitions.interaction_gates import MetricGate
from simulation.definitions.interactions import Interaction
from simulation.moods import mask_of, names_of
from simulation.person import Person
from simulation.population import NONE
from simulation.rules import RuleRaised, unmet
from simulation.stories.chain_moves import Wish, start, step
from simulation.stories.chain_progress import COMPONENT, read_time
from simulation.stories.chain_rules import Done, Hindrance, Meeting
from simulation.stories.narrative_run import run_in
from simulation.stories.narrative_start import FULL, started
from simulation.tiers import TIERS
from simulation.units import Micros, NpcId

if TYPE_CHECKING:
    from simulation.script import Script

LAST_USED = "lastUsedAt"
"""Interaction -> when this player last did it, in the session's `interactions` component."""
KEPT_UNDER = {"arc:": "arcs", "quest:": "quests", "event:": "events"}
"""What a flag's name may begin with -> where such flags are kept."""


class Gate(StrEnum):
    """What may keep a player from an interaction, in the order in which they are told."""

    TARGET = "target"
    TIME = "time"
    COOLDOWN = "cooldown"
    METRIC = "metric"
    BEHAVIOR = "behavior"
    MOOD = "mood"
    FLAG = "flag"
    CONDITION = "condition"
    ITEM = "item"
    CHAIN = "chain"
    NARRATIVE = "narrative"


@dataclass(frozen=True, slots=True)
class Barrier:
    """One closed gate. What only waits opens at a time; None: it takes something else."""

    gate: Gate
    reason: str
    do: str = "try again when it does"
    opens_at: Micros | None = None


@dataclass(frozen=True, slots=True)
class InteractionRules:
    """An interaction with its conditions compiled."""

    interaction: Interaction
    tests: tuple[Test, ...]
    npcs: frozenset[NpcId] | None
    """With whom; None: with anybody."""
    names: Mapping[NpcId, str]
    """Of everybody."""
    chains: tuple[str, ...] = ()
    """Those with a step that it belongs to, by id."""

    @property
    def others(self) -> list[NpcId]:
        """Whom it changes beside the person."""
        return [change.npc_id for change in self.interaction.outcome.metrics if change.npc_id is not None]


def compile_interactions(script: Script) -> dict[str, InteractionRules]:
    """The interactions of a world with their tests; before its tables are laid out."""
    definition = script.definition
    names = {npc.id: npc.name for npc in definition.npcs} if definition.interactions else {}
    found = {}
    for name, one in definition.interactions.items():
        who = frozenset(npc for ref in one.targets for npc in definition.resolve_ref(ref))
        tests = script.gates[script.gate(one.gating.conditions)]
        chains = tuple(sorted(chain.id for chain in definition.chains.values() if _belongs(name, chain)))
        found[name] = InteractionRules(one, tests, who if one.targets else None, names, chains)
    return found


def _belongs(name: str, chain: Chain) -> bool:
    return any(step.interaction_id == name for step in chain.steps.values())


def barriers(rules: InteractionRules, meeting: Meeting) -> tuple[Barrier, ...]:
    """Every gate that is closed now; a rule that fails closes its gate and says so."""
    if rules.npcs is not None and meeting.npc_id not in rules.npcs:
        reason = f"{rules.interaction.id} is nothing to do with {meeting.npc_id}"
        return (Barrier(Gate.TARGET, reason, "meet somebody else"),)
    found = (_barrier(gate, check, rules, meeting) for gate, check in CHECKS.items())
    return tuple(barrier for barrier in found if barrier is not None)


Check = Callable[[InteractionRules, Meeting], Barrier | None]


def _barrier(gate: Gate, check: Check, rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    try:
        return check(rules, meeting)
    except RuleRaised as raised:
        return Barrier(gate, f"a rule fails: {raised}", "mend the rule, or what it reads")


def opens_at(closed: tuple[Barrier, ...], rules: InteractionRules, meeting: Meeting) -> Micros | None:
    """The first time at which nothing has to be waited for any more; None: nothing waits, or for ever."""
    waits = [barrier.opens_at for barrier in closed if barrier.opens_at is not None]
    hours = rules.interaction.gating.hours
    if not waits or hours is None:
        return max(waits, default=None)
    return hours.opens(max(waits), meeting.view.script.calendar)


# -- waits


def _time(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    hours, calendar = rules.interaction.gating.hours, meeting.view.script.calendar
    opens = meeting.now if hours is None else hours.opens(meeting.now, calendar)
    if opens == meeting.now:
        return None
    if opens is None:
        return Barrier(Gate.TIME, "it is never open", "change its hours")
    return Barrier(Gate.TIME, f"it opens at {calendar.describe(opens)}", "wait for it", opens)


def _cooldown(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    """Available again at exactly the last use plus the cooldown."""
    span, used = rules.interaction.gating.cooldown_us, last_used(rules, meeting)
    if not span or used is None or meeting.now >= used + span:
        return None
    opens = Micros(used + span)
    when = meeting.view.script.calendar.describe(opens)
    return Barrier(Gate.COOLDOWN, f"it can be done again at {when}", "wait for it", opens)


def last_used(rules: InteractionRules, meeting: Meeting) -> Micros | None:
    """When this player last did it with this person."""
    listed = meeting.session.component(meeting.npc_id, COMPONENT).get(LAST_USED)
    return read_time(listed.get(rules.interaction.id)) if isinstance(listed, Mapping) else None


# -- the person


def _metric(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    gating = rules.interaction.gating
    for gate in gating.all_of:
        if missed := _unmet(gate, meeting):
            return Barrier(Gate.METRIC, missed)
    if gating.any_of:
        found = [_unmet(gate, meeting) for gate in gating.any_of]
        if all(found):
            return Barrier(Gate.METRIC, " and ".join(one for one in found if one))
    return None


def _unmet(gate: MetricGate, meeting: Meeting) -> str | None:
    """Why the metric is not what is asked; None if it is."""
    metric = gate.metric
    person = meeting.view.person(meeting.npc_id) if gate.shared else meeting.person
    if person is None:
        raise RuleRaised(gate.path, f"npc {meeting.npc_id} is not in this world now")
    try:
        value = metrics.read(person, metric)
    except TypeError as error:
        raise RuleRaised(gate.path, str(error)) from error
    if gate.values and value not in gate.values:
        return f"{metric.name} is {_word(value)}, not {' or '.join(map(_word, gate.values))}"
    if gate.low is not None and (not is_number(value) or float(value or 0) < gate.low):
        return f"{metric.name} is {value}, below {gate.low:g}"
    if gate.high is not None and (not is_number(value) or float(value or 0) > gate.high):
        return f"{metric.name} is {value}, above {gate.high:g}"
    return None


def _word(value: object) -> str:
    """As JSON and the definition write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _behavior(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    gating = rules.interaction.gating
    if gating.doing is None and not gating.not_doing and gating.tier is None:
        return None
    person = meeting.person
    doing = None if person.activity == NONE else person.script.activity_ids[person.activity]
    if gating.doing is not None and doing not in gating.doing:
        wanted = ", ".join(sorted(gating.doing)) or "nothing that exists"
        return Barrier(Gate.BEHAVIOR, f"{meeting.npc_id} does {doing or 'nothing'}, not {wanted}")
    if doing in gating.not_doing:
        return Barrier(Gate.BEHAVIOR, f"{meeting.npc_id} does {doing}", "try again when they do not")
    tier = person.scene.tier
    if gating.tier is not None and TIERS.index(tier) > TIERS.index(gating.tier):
        return Barrier(Gate.BEHAVIOR, f"{meeting.npc_id} is in tier {tier}, below {gating.tier}")
    return None


def _mood(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    gating = rules.interaction.gating
    if not gating.moods and not gating.no_moods and gating.emotion_max is None:
        return None
    person = meeting.person
    tags = ", ".join(names_of(person.mood))
    if gating.moods and not person.mood & mask_of(gating.moods):
        return Barrier(Gate.MOOD, f"the mood is {tags}, not {' or '.join(gating.moods)}")
    if person.mood & mask_of(gating.no_moods):
        return Barrier(Gate.MOOD, f"the mood is {tags}", "try again when it is not")
    intensity, ends = _emotion(person)
    if gating.emotion_max is not None and intensity > gating.emotion_max:
        reason = f"an emotion of {intensity:g} is felt, above {gating.emotion_max:g}"
        return Barrier(Gate.MOOD, reason, "try again when it does" if ends is None else "wait for it", ends)
    return None


def _emotion(person: Person) -> tuple[float, Micros | None]:
    """How strong the emotion is that is felt now, and when it is over; None: nobody knows."""
    felt: Any = person.cold.get("mood", {}).get("activeEmotion")
    if not isinstance(felt, Mapping) or not is_number(felt.get("intensity")):
        return 0.0, None
    ends = read_time(felt.get("expiresAt"))
    return (0.0, None) if ends is not None and ends <= person.now else (float(felt["intensity"]), ends)


# -- the player


def _flag(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    gating = rules.interaction.gating
    for key in gating.required_flags:
        if not _is_set(key, meeting):
            return Barrier(Gate.FLAG, f"the flag {key} is not set", f"it can be done once {key} is set")
    for key in gating.forbidden_flags:
        if _is_set(key, meeting):
            return Barrier(Gate.FLAG, f"the flag {key} is set", f"it can be done once {key} is not")
    return None


def _is_set(key: str, meeting: Meeting) -> bool:
    """Whether a flag is there and not empty: the session's before the world's."""
    under = next((kept for start, kept in KEPT_UNDER.items() if key.startswith(start)), None)
    flags = meeting.flags
    return bool(flags.get(key)) or (under is not None and bool(flags.get(f"{under}.{key}")))


def _condition(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    path = unmet(rules.tests, meeting.person) if rules.tests else None
    return None if path is None else Barrier(Gate.CONDITION, f"{path} does not hold")


def _item(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    for item, count in rules.interaction.outcome.items.items():
        has = meeting.session.inventory.get(item, 0)
        if has + count < 0:
            return Barrier(Gate.ITEM, f"it takes {-count} {item}, and there are {has}", "get more")
    return None


def chain_move(rules: InteractionRules, meeting: Meeting) -> Done | Hindrance | None:
    """What becomes of the chain: it begins where it does not run, else its step is taken. None: no chain."""
    outcome = rules.interaction.outcome
    if outcome.chain is None:
        return None
    chain = meeting.view.script.chains[outcome.chain]
    wish, progress = Wish(chain, meeting, outcome.step), meeting.progress(chain.chain)
    runs = progress is not None and progress.runs
    if progress is not None and progress.current is not None:
        other = chain.steps[progress.current].step.interaction_id
        if other in meeting.view.script.interactions and other != rules.interaction.id:
            return Hindrance(
                f"{progress.current} of {outcome.chain} is taken by doing {other}", f"do {other}"
            )
    return step(wish) if runs or outcome.step is not None else start(wish)


def _chain(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    found = chain_move(rules, meeting)
    if isinstance(found, Hindrance):
        return Barrier(Gate.CHAIN, found.reason, found.do, found.opens_at)
    return None


def _narrative(rules: InteractionRules, meeting: Meeting) -> Barrier | None:
    name = rules.interaction.outcome.program
    if name is None:
        return None
    program = meeting.view.script.narratives[name].program
    if started(run_in(meeting.session, meeting.npc_id), program, "", meeting.now) is None:
        return Barrier(Gate.NARRATIVE, FULL, "stop them first")
    return None


CHECKS: Mapping[Gate, Check] = {
    Gate.TIME: _time,
    Gate.COOLDOWN: _cooldown,
    Gate.METRIC: _metric,
    Gate.BEHAVIOR: _behavior,
    Gate.MOOD: _mood,
    Gate.FLAG: _flag,
    Gate.CONDITION: _condition,
    Gate.ITEM: _item,
    Gate.CHAIN: _chain,
    Gate.NARRATIVE: _narrative,
}
assert (Gate.TARGET, *CHECKS) == tuple(Gate), "every gate needs its check, in the order they are told"
