"""A world's behaviour compiled to tables: what activities ask and do, which node offers what, who prefers
what.

Every table over activities has one entry more than there are activities: index NONE (-1) reads the last one,
which is doing nothing. The same holds for locations and being nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simulation.behavior_profiles import compile_behavior_profiles
from simulation.chance import MASK, word
from simulation.conditions import Test, compile_condition
from simulation.custom_effects import Make, compile_effects
from simulation.definitions import Activity, Condition, Node, PluginUse, WorldDefinition
from simulation.generating import generates_of
from simulation.mind import BEHAVING, Mind
from simulation.moods import mask_of
from simulation.plugin_rules import PluginState, condition_of, factor_of
from simulation.population import NONE
from simulation.profiles import Profiles
from simulation.scale import FULL, span_to_saturate, to_units
from simulation.stories.chain_rules import compile_chains
from simulation.stories.hook_rules import compile_hooks
from simulation.stories.interaction_rules import compile_interactions
from simulation.stories.narrative_rules import compile_narratives
from simulation.tables import gates_of, names_of, room_of, tables_of
from simulation.units import Micros

if TYPE_CHECKING:
    from simulation.person import Person, Scene

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Moment:
    """What the calendar and the definition say about one game time, for everybody."""

    period: int
    day_of_week: int
    day: int
    micros_of_day: int
    node_open: Truths
    activity_open: Truths


class Script:
    """Compiled once per world and shared by its four tiers; nothing of it changes within a tick."""

    seed: int

    def __init__(self, definition: WorldDefinition, seed: int | None = None, mind: Mind = BEHAVING) -> None:
        self.definition = definition
        self.mind = mind
        self.reseed(seed)
        self.calendar = definition.calendar
        behavior = definition.behavior
        self.mood_half_life = behavior.mood_half_life_us
        self.mood_valence, self.mood_arousal = behavior.mood_baseline
        self.weights = behavior.weights
        self.activities: tuple[Activity, ...] = tuple(behavior.activities.values())
        self.activity_ids = tuple(activity.id for activity in self.activities)
        self.activity_index = {name: n for n, name in enumerate(self.activity_ids)}
        self.activity_words = self._words(self.activity_ids)
        self.people_ids = definition.people_ids
        plugins = definition.plugins.by_id.values()
        self.plugin_state = PluginState({plugin.id: plugin.failures_max for plugin in plugins})
        self.factors = tuple(
            (use.full_name, factor_of(self, use, weight)) for use, weight in self.weights.plugins
        )
        """Of plug-ins, in the order they are multiplied."""
        self.location_ids = tuple(location.id for location in definition.locations)
        self.location_types = tuple(location.type for location in definition.locations)
        self.location_index = {name: n for n, name in enumerate(self.location_ids)}
        self.location_words = self._words(self.location_ids)
        self._slots: dict[tuple[str, str], int] = {}
        self._gates: dict[tuple[int, ...], int] = {(): 0}
        self.gates: list[tuple[Test, ...]] = [()]
        self._tests: dict[str, Test] = {}
        self._places: list[Truths] = []
        self._world_rules: list[Callable[[Scene], bool]] = []
        self.person_rules: list[Test] = []
        """Tests that run person by person, by the number that code asks for."""
        self._compile_activities()
        self._compile_places()
        self._compile_routines()
        self.behavior_profiles = compile_behavior_profiles(self)
        self._compile_stories()
        self.profiles = Profiles(definition, self.activities, self.activity_index)
        self.slot_names = tuple(self._slots)
        self._moment: tuple[Micros, Moment] | None = None
        self.tables = tables_of(self)
        self.gate_code = gates_of(self.gates, self._places, len(self.location_ids) + 1)
        self.names = names_of(self)
        self.room = room_of(self)

    def _compile_stories(self) -> None:
        """What players and people do together."""
        self.chains = compile_chains(self)
        self.narratives = compile_narratives(self)
        self.interactions = compile_interactions(self)
        self.hooks = compile_hooks(self)

    def reseed(self, seed: int | None) -> None:
        """Draw by another seed from now on, by an input between two ticks. None: the world's id makes one."""
        self.seed = (word(self.definition.id) if seed is None else seed) & MASK

    @staticmethod
    def _words(names: Sequence[str]) -> NDArray[np.uint64]:
        return np.array([*(word(name) for name in names), 0], dtype=np.uint64)

    def slot(self, ref: str, axis: str) -> int:
        """The column of a relationship that some rule reads or changes."""
        return self._slots.setdefault((ref, axis), len(self._slots))

    def periods(self, names: Sequence[str]) -> frozenset[int]:
        return self.calendar.matches(names)

    def days(self, names: Sequence[str]) -> frozenset[int]:
        return self.calendar.days_of(names)

    def places(self, types: Sequence[str]) -> Truths:
        """Which locations are of one of these types."""
        return np.array([*(kind in types for kind in self.location_types), False], dtype=np.bool_)

    def place_row(self, fits: Truths) -> int:
        """The number of a set of places, for code."""
        self._places.append(fits)
        return len(self._places) - 1

    def world_rule(self, holds: Callable[[Scene], bool]) -> int:
        """The number of a rule that is the same for everybody, for code."""
        self._world_rules.append(holds)
        return len(self._world_rules) - 1

    def person_rule(self, test: Test) -> int:
        """The number of a rule that runs person by person, for code."""
        self.person_rules.append(test)
        return len(self.person_rules) - 1

    def plugin_rule(self, use: PluginUse) -> Callable[[Person], bool]:
        """What a plug-in says of a person."""
        return condition_of(self, use)

    def world_truths(self, scene: Scene) -> Truths:
        """What every world rule says now."""
        return np.array([holds(scene) for holds in self._world_rules], dtype=np.bool_)

    def moment(self, now: Micros) -> Moment:
        """What holds at `now`; the last answer is kept, since the four tiers ask the same."""
        if self._moment is None or self._moment[0] != now:
            self._moment = (now, self._moment_at(now))
        return self._moment[1]

    def _moment_at(self, now: Micros) -> Moment:
        calendar, weekday = self.calendar, self.calendar.day_of_week(now)
        period, of_day = calendar.period_at(now), calendar.micros_of_day(now)
        after, before = self.node_start <= of_day, of_day < self.node_end
        inside = np.where(self.node_start < self.node_end, after & before, after | before)
        began = weekday - (self.node_timed & (self.node_start >= self.node_end) & ~after)
        return Moment(
            period=period,
            day_of_week=weekday,
            day=calendar.day(now),
            micros_of_day=of_day,
            node_open=(inside | ~self.node_timed) & self.node_days[np.arange(began.size), began],
            activity_open=self.activity_periods[:, period] & self.activity_possible,
        )

    def _column(self, values: Iterable[int], idle: int) -> Ints:
        return np.array([*values, idle], dtype=np.int64)

    def _compile_activities(self) -> None:
        acts = self.activities
        asks = [activity.requirements for activity in acts]
        does = [activity.effects for activity in acts]
        self.energy_rate = self._column((effect.energy_per_hour_milli for effect in does), 0)
        self.energy_span = self._column(
            (span_to_saturate(rate) for rate in self.energy_rate[:-1].tolist()), 1
        )
        self.min_energy = self._column((to_units(ask.min_energy or 0) for ask in asks), 0)
        self.max_energy = self._column(
            (FULL if ask.max_energy is None else to_units(ask.max_energy) for ask in asks), FULL
        )
        self.mood_asked = self._column((mask_of(ask.mood_tags) for ask in asks), 0)
        self.mood_gated = np.array([*(bool(ask.mood_tags) for ask in asks), False])
        self.min_duration = self._column((activity.min_duration_us for activity in acts), 0)
        self.cooldown = self._column((activity.cooldown_us for activity in acts), 0)
        slots = iter(range(len(acts)))
        self.cool_slot = self._column((next(slots) if a.cooldown_us else NONE for a in acts), NONE)
        self.cooling = tuple(a.id for a in acts if a.cooldown_us)
        self.valence = np.array([*(effect.valence for effect in does), 0.0])
        self.arousal = np.array([*(effect.arousal for effect in does), 0.0])
        self.restores, self.consumes = self.energy_rate > 0, self.energy_rate < 0
        self.lifts = self.valence > 0
        self.required_slots = {
            n: tuple(self.slot(ref, "affinity") for ref in ask.required_npcs)
            for n, ask in enumerate(asks)
            if ask.required_npcs
        }
        self.flags_set = {
            n: tuple(effect.flags_set.items()) for n, effect in enumerate(does) if effect.flags_set
        }
        self.generates = {n: found for n, effect in enumerate(does) if (found := generates_of(effect.custom))}
        self.brings: dict[int, tuple[Make, ...]] = {
            n: made for n, effect in enumerate(does) if (made := compile_effects(self, effect.custom))
        }
        setting_off = self.flags_set.keys() | self.generates.keys() | self.brings.keys()
        self.sets_off = np.array([*(n in setting_off for n in range(len(acts))), False])
        self.slot_rates: dict[int, tuple[Ints, Ints]] = {}
        for n, effect in enumerate(does):
            for ref, axes in effect.relationship_changes.items():
                for axis, rate in axes.items():
                    self._slot_rate(self.slot(ref, axis), n, rate)

    def _slot_rate(self, slot: int, activity: int, rate: int) -> None:
        size = len(self.activities) + 1
        rates, spans = self.slot_rates.setdefault(
            slot, (np.zeros(size, dtype=np.int64), np.ones(size, dtype=np.int64))
        )
        rates[activity], spans[activity] = rate, span_to_saturate(rate)

    def _compile_places(self) -> None:
        """Where an activity may happen, and whether anybody it needs and any place it needs exists at all."""
        acts, places = self.activities, len(self.location_ids)
        self.asks_place = np.zeros(len(acts) + 1, dtype=np.bool_)
        self.fits = np.zeros((len(acts) + 1, places + 1), dtype=np.bool_)
        self.first_fit = np.full(len(acts) + 1, NONE, dtype=np.int64)
        self.activity_possible = np.ones(len(acts) + 1, dtype=np.bool_)
        self.activity_periods = np.ones((len(acts) + 1, len(self.calendar.periods) + 1), dtype=np.bool_)
        by_id = sorted(range(places), key=lambda n: self.location_ids[n])
        for n, activity in enumerate(acts):
            asks = activity.requirements
            if asks.location_types and places:
                self.asks_place[n] = True
                self.fits[n] = self.places(asks.location_types)
                self.first_fit[n] = next((place for place in by_id if self.fits[n, place]), NONE)
                self.activity_possible[n] &= bool(self.fits[n].any())
            if asks.required_npcs:
                self.activity_possible[n] &= all(
                    self.definition.resolve_ref(ref) for ref in asks.required_npcs
                )
            if asks.time_of_day:
                wanted = self.periods(asks.time_of_day)
                self.activity_periods[n] = [*(p in wanted for p in range(len(self.calendar.periods))), False]

    def gate(self, conditions: Iterable[Condition]) -> int:
        """The number of a set of tests that must all hold; 0 asks nothing."""
        tests = []
        for condition in conditions:
            if condition.path not in self._tests:
                self._tests[condition.path] = compile_condition(condition, self)
            tests.append(self._tests[condition.path])
        key = tuple(id(test) for test in tests)
        if key not in self._gates:
            self._gates[key] = len(self.gates)
            self.gates.append(tuple(tests))
        return self._gates[key]

    def _compile_routines(self) -> None:
        routines = self.definition.behavior.routines
        self.routine_ids = tuple(routines)
        self.routine_index = {name: n for n, name in enumerate(routines)}
        self.routine_words = self._words(self.routine_ids)
        self.nodes: tuple[Node, ...] = tuple(node for routine in routines.values() for node in routine.nodes)
        longest = max((len(routine.nodes) for routine in routines.values()), default=0)
        self.routine_nodes = np.full((len(routines) + 1, longest), NONE, dtype=np.int64)
        start = 0
        for n, routine in enumerate(routines.values()):
            self.routine_nodes[n, : len(routine.nodes)] = range(start, start + len(routine.nodes))
            start += len(routine.nodes)
        self._compile_nodes()

    def _compile_nodes(self) -> None:
        nodes, days = self.nodes, len(self.calendar.day_names)
        self.node_timed = np.array([*(node.kind == "time_slot" for node in nodes), False])
        self.node_start = self._column((node.start_us or 0 for node in nodes), 0)
        self.node_end = self._column((node.end_us or 0 for node in nodes), 0)
        self.node_days = np.ones((len(nodes) + 1, days), dtype=np.bool_)
        self.node_gate = self._column(
            (self.gate(node.conditions if node.kind == "decision" else ()) for node in nodes), 0
        )
        widest = max((len(node.candidates) for node in nodes), default=0)
        shape = (len(nodes) + 1, widest)
        self.candidates = np.full(shape, NONE, dtype=np.int64)
        self.candidate_weight = np.zeros(shape)
        self.candidate_gate = np.zeros(shape, dtype=np.int64)
        for n, node in enumerate(nodes):
            if node.days:
                wanted = self.days(node.days)
                self.node_days[n] = [day in wanted for day in range(days)]
            for k, candidate in enumerate(node.candidates):
                activity = self.activity_index[candidate.activity_id]
                self.candidates[n, k] = activity
                self.candidate_weight[n, k] = candidate.weight * self.weights.base
                asked = self.activities[activity].requirements.conditions
                self.candidate_gate[n, k] = self.gate((*candidate.conditions, *asked))
