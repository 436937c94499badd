"""A world's time ends at a trillion seconds: it lives up to there exactly, and then stands without harm."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulation import drive
from simulation.clock import Clock
from simulation.definitions import SimulationConfig, WorldDefinition, parse_world, update_payload
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.time_limit import is_over, owes_too_much
from simulation.units import InputKind, Micros
from simulation.world import World

Document = Callable[..., dict[str, Any]]

END_S = 10**12
FASTEST = {"timeScale": 100_000, "tickIntervalSeconds": 86_400}
"""Ticks of 8.64e9 s."""


def send(world: World, stages: Stages, kind: InputKind, payload: dict[str, Any]) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def near_the_end(document: dict[str, Any], left_s: int) -> WorldDefinition:
    return parse_world({**document, "worldTime": END_S - left_s}, "village.json")


@pytest.mark.parametrize(
    ("left_us", "carry", "over"),
    [(60_000_000, 0, False), (59_999_999, 0, True), (60_000_000, 10**12 - 1, False)],
)
def test_the_last_tick_is_the_one_that_ends_at_the_bound(left_us: int, carry: int, over: bool) -> None:
    """A standard tick of the default world is a game minute, and what it carries is below a microsecond."""
    clock = Clock(world_time=Micros(END_S * 10**6 - left_us), carry=carry)
    assert is_over(clock, SimulationConfig.parse({})) is over


@pytest.mark.parametrize(("carry", "fits"), [(0, True), (5 * 10**11, False)])
def test_what_ticks_carry_counts_among_the_steps_that_are_owed(carry: int, fits: bool) -> None:
    """A step of 1.5 microseconds, one microsecond before the end: it shows one of them, and two when half a
    microsecond was carried."""
    config = SimulationConfig.parse({"timeScale": 0.000001, "tickIntervalSeconds": 1.5})
    clock = Clock(world_time=Micros(END_S * 10**6 - 1), carry=carry, steps_left=1)
    assert (owes_too_much(clock, config) is None) is fits


def test_a_world_lives_to_its_end_and_is_itself_there(village_document: Document) -> None:
    """Whoever begins something of a trillion seconds at the last moment is done at two trillions."""
    document = village_document(30, mode="real_time", **FASTEST)
    for activity in document["meta"]["behavior"]["activities"].values():
        activity["minDurationSeconds"] = END_S
    world, stages = create(near_the_end(document, 8_640_000_000))
    assert not world.is_over
    drive.tick(world, stages)
    assert (world.world_time, world.is_over) == (END_S * 10**6, True)
    views = [
        stage.view(npc.id, world.world_time, world.flags)
        for npc in world.script.definition.npcs
        for stage in stages.values()
    ]
    assert {view["components"]["behavior"]["nextDecisionAt"] for view in views if view} == {2 * END_S}
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)


def test_a_world_at_its_end_takes_inputs_and_goes_on_in_smaller_ticks(village_document: Document) -> None:
    world, stages = create(near_the_end(village_document(5, **FASTEST), 60))
    assert world.is_over
    assert send(world, stages, InputKind.FLAGS, {"flags": {"late": True}}).applied
    refused = send(world, stages, InputKind.STEP, {"ticks": 1})
    assert (refused.applied, refused.detail["reason"]) == (False, "the world's time would pass 1e+12 s")
    slower = {"changes": {"timeScale": 60, "tickIntervalSeconds": 1}}
    assert send(world, stages, InputKind.CONFIG, slower).applied
    assert not world.is_over
    drive.tick(world, stages)
    assert (world.world_time, world.is_over) == (END_S * 10**6, True)


def test_no_change_makes_the_steps_that_are_owed_pass_the_end(village_document: Document) -> None:
    """A million steps of a second are less than a trillion seconds, and of 8.64e9 s they are more."""
    document = village_document(5, mode="turn_based", timeScale=1)
    world, stages = create(parse_world(document, "village.json"))
    assert send(world, stages, InputKind.STEP, {"ticks": 1_000_000}).applied
    faster = village_document(5, mode="turn_based", **FASTEST)
    updated = update_payload(json.dumps(faster), parse_world(faster, "village.json"))
    for kind, payload in (
        (InputKind.CONFIG, {"changes": FASTEST}),
        (InputKind.WORLD_UPDATE, updated),
    ):
        outcome = send(world, stages, kind, payload)
        assert (outcome.applied, outcome.detail["reason"]) == (False, "the world's time would pass 1e+12 s")
        assert world.config.time_scale == 1
    assert send(world, stages, InputKind.CONFIG, {"changes": {"timeScale": 60}}).applied
