"""Deciding, for one person and by plain arithmetic: the same bits as `deciding`, and the reasons with
them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulation.behavior_profiles import applying
from simulation.chance import Purpose, chance
from simulation.deciding import waits_until
from simulation.moods import names_of
from simulation.person import Person
from simulation.person_json import json_seconds
from simulation.population import NONE, Population
from simulation.scale import FULL, to_points
from simulation.scoring import factors_of, product
from simulation.units import MICROS_PER_SECOND, Micros, SessionId


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate that could be chosen, with every factor of its score."""

    activity_id: str
    score: float
    factors: dict[str, float]


@dataclass(frozen=True, slots=True)
class Excluded:
    activity_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why a person would do what: the node, who was considered and out, the draw and the choice."""

    node: str | None
    candidates: tuple[Considered, ...]
    excluded: tuple[Excluded, ...]
    draw: float
    chosen: str | None
    sessions: tuple[SessionId, ...] = ()
    """Of players who have a say in what they prefer, the first counts most."""
    waits_until: Micros | None = None
    """Until when, at most, they begin nothing, because a player waits with them for a generation result."""

    def to_json(self) -> dict[str, Any]:
        return {
            "node": self.node,
            "candidates": [
                {"activityId": c.activity_id, "score": c.score, "factors": c.factors} for c in self.candidates
            ],
            "excluded": [{"activityId": e.activity_id, "reason": e.reason} for e in self.excluded],
            "draw": self.draw,
            "chosen": self.chosen,
            **({"preferencesOf": list(self.sessions)} if self.sessions else {}),
            **({} if self.waits_until is None else {"waitsUntil": json_seconds(self.waits_until)}),
        }


def reason(person: Person, people: Population, row: int) -> Reasons:
    """What this person would decide now. Raises what a rule of theirs raises."""
    script = person.script
    draw = chance(script.seed, person.entity, person.now, Purpose.DECIDE)
    waits = Micros(until) if (until := waits_until(people.cold[row])) > person.now else None
    node = pick_node(person, int(people["routine"][row]))
    if node == NONE:
        return Reasons(None, (), (), draw, None, waits_until=waits)
    profile, heard = int(people["profile"][row]), script.profiles.heard.get(person.npc_id)
    bent = applying(person)
    candidates, excluded = [], []
    for k, candidate in enumerate(script.nodes[node].candidates):
        activity = script.activity_index[candidate.activity_id]
        gate = False not in [test.one(person) for test in script.gates[int(script.candidate_gate[node, k])]]
        why = excluded_because(person, people, row, activity) or ("" if gate else _condition(person, node, k))
        if why:
            excluded.append(Excluded(candidate.activity_id, why))
            continue
        factors = factors_of(person, activity, float(script.candidate_weight[node, k]), profile, bent)
        candidates.append(Considered(candidate.activity_id, product(factors), factors))
    chosen = spin([candidate.score for candidate in candidates], draw)
    return Reasons(
        node=script.nodes[node].id,
        candidates=tuple(candidates),
        excluded=tuple(excluded),
        draw=draw,
        chosen=None if chosen == NONE or waits is not None else candidates[chosen].activity_id,
        sessions=() if heard is None else heard.sessions,
        waits_until=waits,
    )


def pick_node(person: Person, routine: int) -> int:
    """The first node of the routine that matches now."""
    script = person.script
    for node in script.routine_nodes[routine].tolist():
        if node == NONE or not person.moment.node_open[node]:
            continue
        if False not in [test.one(person) for test in script.gates[int(script.node_gate[node])]]:
            return int(node)
    return NONE


def spin(scores: list[float], draw: float) -> int:
    """The position drawn in proportion to the scores; uniform if all are 0, NONE if there are none."""
    total = 0.0
    for score in scores:
        total = total + score
    if scores and total == 0.0:
        return spin([1.0] * len(scores), draw)
    reached = 0.0
    for position, score in enumerate(scores):
        reached = reached + score
        if draw * total < reached:
            return position
    return len(scores) - 1


def excluded_because(person: Person, people: Population, row: int, activity: int) -> str:
    """The requirement that is not met, in words; empty when all are. Conditions are asked separately."""
    script, asks = person.script, person.script.activities[activity].requirements
    energy = to_points(person.energy)
    if not script.activity_possible[activity]:
        return "the world has no such place, or nobody it requires"
    if not person.moment.activity_open[activity]:
        return f"only at {', '.join(asks.time_of_day)}"
    if person.energy < script.min_energy[activity]:
        return f"energy {energy:g} is below {asks.min_energy:g}"
    if person.energy > min(FULL, int(script.max_energy[activity])):
        return f"energy {energy:g} is above {asks.max_energy:g}"
    if script.mood_gated[activity] and not int(script.mood_asked[activity]) & person.mood:
        return f"mood is {', '.join(names_of(person.mood))}, not {' or '.join(asks.mood_tags)}"
    left = _cooling_left(person, people, row, activity)
    return f"on cooldown for {left / MICROS_PER_SECOND:g} s more" if left > 0 else ""


def _cooling_left(person: Person, people: Population, row: int, activity: int) -> int:
    script = person.script
    slot = int(script.cool_slot[activity])
    if slot == NONE:
        return 0
    ended = person.now if activity == person.activity else int(people["ended_at"][row, slot])
    return 0 if ended == NONE else int(script.cooldown[activity]) - (person.now - ended)


def _condition(person: Person, node: int, k: int) -> str:
    script = person.script
    for test in script.gates[int(script.candidate_gate[node, k])]:
        if not test.one(person):
            return f"condition {test.path} does not hold"
    return "a condition does not hold"
