"""Values that run on elapsed time: settled at once they are what they are step by step, for one history."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.changes import settle_row
from simulation.definitions import parse_world
from simulation.inputs import Input
from simulation.opening import Stages, create
from simulation.person import Person, Scene, person_of
from simulation.scale import UNITS
from simulation.script import Script
from simulation.stage import Stage
from simulation.units import InputKind, Micros, NpcId, Seq, Tier
from simulation.world import World
from village import document

SECOND = 1_000_000
HOUR = 3_600 * SECOND
MOOD_STEP_ERROR = 1e-12
"""What one more rounding may move a mood, of 200 points: some twenty times what a halving can lose (its
series is exact to 2e-16, then two roundings of a number below 200)."""

ACTIVITIES = {
    "nap": {"energyDeltaPerHour": 12.5, "relationshipChanges": {"npc:bo": {"tension": -7.25}}},
    "talk": {
        "energyDeltaPerHour": -2.001,
        "relationshipChanges": {"npc:bo": {"affinity": 30, "tension": 4.5}},
    },
    "fight": {"energyDeltaPerHour": -40, "relationshipChanges": {"npc:bo": {"affinity": -99.999}}},
    "read": {},
}
"""Activity -> its effects; what two of them do to one value, in both directions and past both ends."""

PAIR = {
    "id": "pair",
    "name": "Pair",
    "meta": {
        "behavior": {
            "activities": {
                name: {"category": "any", "effects": effects} for name, effects in ACTIVITIES.items()
            },
            "npcConfig": {"moodHalfLifeSeconds": 7_200, "moodBaseline": {"valence": 10, "arousal": -5}},
        }
    },
    "npcs": [
        {
            "id": "ada",
            "components": {
                "behavior": {"energy": 30, "moodState": {"valence": 80, "arousal": -60}},
                "relationships": {"npc:bo": {"affinity": 20}},
            },
        },
        {"id": "bo"},
    ],
}


def ada() -> tuple[Script, Stage, int]:
    """Somebody whose energy begins at 30, affinity at 20 and tension at the 50 of whoever never thought of
    it."""
    world, stages = create(parse_world(PAIR, "test"))
    stage = next(stage for stage in stages.values() if NpcId("ada") in stage.people.row_of)
    return world.script, stage, stage.people.row_of[NpcId("ada")]


def scene(script: Script, now: int) -> Scene:
    return Scene(script, Micros(now), Tier.DETAILED, {})


def lived(history: list[tuple[str, list[int]]], *, in_steps: bool) -> Person:
    """Ada after a history of activities, each over some spans: settled when one ends, or after every span."""
    script, stage, row = ada()
    now = 0
    for name, spans in history:
        stage.people["activity"][row] = script.activity_index[name]
        for span in spans:
            now += span
            if in_steps:
                settle_row(scene(script, now), stage.people, row)
        settle_row(scene(script, now), stage.people, row)
    return person_of(scene(script, now), stage.people, row)


def by_hand(start: int, rate_of: Callable[[str], float], history: list[tuple[str, list[int]]]) -> Fraction:
    """Points by rational arithmetic: rate times hours, kept within 0 to 100, span by span."""
    value = Fraction(start)
    for name, spans in history:
        rate = Fraction(str(rate_of(name)))
        for span in spans:
            value = min(Fraction(100), max(Fraction(0), value + rate * Fraction(span, HOUR)))
    return value


def change(axis: str) -> Callable[[str], float]:
    return lambda name: ACTIVITIES[name].get("relationshipChanges", {}).get("npc:bo", {}).get(axis, 0)  # type: ignore[attr-defined, no-any-return]


histories = st.lists(
    st.tuples(st.sampled_from(sorted(ACTIVITIES)), st.lists(st.integers(1, 30 * HOUR), max_size=12)),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(histories)
def test_energy_and_relationships_are_the_same_to_the_last_unit(
    history: list[tuple[str, list[int]]],
) -> None:
    once, stepped = lived(history, in_steps=False), lived(history, in_steps=True)
    assert (once.energy, once.slots) == (stepped.energy, stepped.slots)
    slots = dict(zip(once.script.slot_names, once.slots, strict=True))
    energy = by_hand(30, lambda name: ACTIVITIES[name].get("energyDeltaPerHour", 0), history)  # type: ignore[arg-type, return-value]
    assert Fraction(once.energy, UNITS) == energy
    for (_, axis), units in slots.items():
        if units >= 0:
            start = {"affinity": 20, "tension": 50}[axis]
            assert Fraction(units, UNITS) == by_hand(start, change(axis), history)


@settings(max_examples=150, deadline=None)
@given(histories)
def test_moods_are_the_same_but_for_one_rounding_a_step(history: list[tuple[str, list[int]]]) -> None:
    once, stepped = lived(history, in_steps=False), lived(history, in_steps=True)
    steps = 1
    for _, spans in history:
        steps += len(spans) + 1
    assert abs(once.valence - stepped.valence) <= MOOD_STEP_ERROR * steps
    assert abs(once.arousal - stepped.arousal) <= MOOD_STEP_ERROR * steps


def test_the_numbers_of_one_evening() -> None:
    """Two hours of talk from 20: affinity 20 + 2 x 30 = 80, tension 50 + 2 x 4.5 = 59, energy 30 - 2 x 2.001.
    Then half an hour of fight: affinity 80 - 49.9995 = 30.0005, energy 25.998 - 20 = 5.998.
    Mood after 2.5 hours of a half-life of 2: 80 is 70 above its baseline 10, and 70 x 2^-1.25 = 29.4315..."""
    person = lived([("talk", [HOUR, HOUR]), ("fight", [HOUR // 2])], in_steps=True)
    slots = {axis: units for (_, axis), units in zip(person.script.slot_names, person.slots, strict=True)}
    assert Fraction(slots["affinity"], UNITS) == Fraction("30.0005")
    assert Fraction(slots["tension"], UNITS) == 59
    assert Fraction(person.energy, UNITS) == Fraction("5.998")
    assert abs(person.valence - (10 + 70 * 2**-1.25)) < 1e-10


def everybody(world: World, stages: Stages) -> dict[str, Any]:
    found = {}
    for npc in world.script.definition.npcs:
        views = (stage.view(npc.id, world.world_time, world.flags) for stage in stages.values())
        found[npc.id] = next(view["components"] for view in views if view is not None)
    return found


@pytest.mark.parametrize(("step", "seed", "hours"), [(5, 1, 2), (12, 2, 3), (20, 3, 5), (30, 4, 8)])
def test_a_world_lives_the_same_hours_in_steps_of_any_size(step: int, seed: int, hours: int) -> None:
    """Decisions fall on whole minutes here, the first one a minute in, so ticks of a minute and of a
    fraction of one decide at the same moments: everybody is the same afterwards, moods to the bit, whoever is
    looked at on the way."""
    lives = []
    for size in (60, step):
        found = document(
            30, seed=seed, mode="turn_based", maxStepGameSeconds=size, generation={"mode": "off"}
        )
        for npc in found["npcs"]:
            npc["components"]["behavior"]["nextDecisionAt"] = 43_260
        world, stages = create(parse_world(found, "test"))
        seconds = hours * 3_600
        world.deliver([Input(world.next_seq, InputKind.ADVANCE, {"seconds": seconds})])
        drive.boundary(world, stages)
        while world.wants_tick:
            drive.tick(world, stages)
            if size != 60:
                stages[Tier.DETAILED].view(NpcId("npc:1"), world.world_time, world.flags)
        assert world.world_time == 43_200 * SECOND + seconds * SECOND
        lives.append((everybody(world, stages), dict(world.flags)))
    assert lives[0] == lives[1]


def test_a_time_scale_changed_live_moves_no_deadline() -> None:
    """Two hours in ticks of 60 s, or an hour of them and then twice as many of 30 s: every decision, cooldown
    and part of the day falls at the same world time, so everybody is the same afterwards."""
    lives = []
    for scales in ((60, 60), (60, 30), (20, 60)):
        found = document(30, seed=5, mode="turn_based", timeScale=scales[0], generation={"mode": "off"})
        for npc in found["npcs"]:
            npc["components"]["behavior"]["nextDecisionAt"] = 43_260
        world, stages = create(parse_world(found, "test"))
        for scale in scales:
            changes = Input(world.next_seq, InputKind.CONFIG, {"changes": {"timeScale": scale}})
            hour = Input(Seq(world.next_seq + 1), InputKind.STEP, {"ticks": 3_600 // scale})
            world.deliver([changes, hour])
            drive.boundary(world, stages)
            while world.wants_tick:
                drive.tick(world, stages)
        assert world.world_time == (43_200 + 2 * 3_600) * SECOND
        lives.append((everybody(world, stages), dict(world.flags)))
    assert lives[0] == lives[1] == lives[2]
