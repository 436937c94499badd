"""No input stops a world or makes it grow without end: what goes too far is refused, and ticks go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from simulation import drive
from simulation.definitions import WorldDefinition
from simulation.inputs import Input, Outcome
from simulation.opening import Stages, create
from simulation.person_inputs import PERSON_BYTES_MAX
from simulation.session_inputs import WORLD_FLAGS_BYTES_MAX
from simulation.units import InputKind
from simulation.world import World

Village = Callable[..., WorldDefinition]


def send(world: World, stages: Stages, kind: InputKind, payload: Mapping[str, Any]) -> Outcome:
    world.deliver([Input(world.intake.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


@pytest.mark.parametrize(
    ("kind", "payload", "says"),
    [
        (InputKind.ADVANCE, {"seconds": "1e5000"}, "$.seconds is '1e5000'"),
        (InputKind.ADVANCE, {"seconds": "9e999998"}, "$.seconds"),
        (InputKind.ADVANCE, {"seconds": "sNaN"}, "$.seconds"),
        (InputKind.ADVANCE, {"seconds": 10**4000}, "$.seconds"),
        (InputKind.ADVANCE, {"seconds": "1.0000000000000000000000000001"}, "$.seconds"),
        (InputKind.STEP, {"ticks": 10**4000}, "$.ticks"),
        (
            InputKind.CONFIG,
            {"changes": {"timeScale": 1e308}},
            "timeScale: is 1e+308; allowed: a number at most 100000",
        ),
        (InputKind.SESSION_LEAVE, {"sessionId": "x" * 100_000}, "$.sessionId"),
        (InputKind.WORLD_UPDATE, {"document": "\N{FOX FACE}" * 300}, "$.document: cannot be unpacked"),
        (InputKind.WORLD_UPDATE, {"document": "abc"}, "$.document: cannot be unpacked"),
        (
            InputKind.PERSON,
            {"npcId": "npc-0", "component": "waitingFor", "value": {"r": {"until": 1e308}}},
            "$.value.r.until",
        ),
    ],
)
def test_what_goes_too_far_is_refused(
    village: Village, kind: InputKind, payload: Mapping[str, Any], says: str
) -> None:
    world, stages = create(village(5))
    outcome = send(world, stages, kind, payload)
    assert not outcome.applied
    assert says in outcome.detail["reason"]
    assert len(outcome.detail["reason"]) < 500
    drive.tick(world, stages)


def test_an_advance_takes_every_way_to_write_seconds(village: Village) -> None:
    world, stages = create(village(5, mode="turn_based"))
    begin = world.world_time
    for written in (60, 60.0, "60", "6e1"):
        assert send(world, stages, InputKind.ADVANCE, {"seconds": written}).applied
        drive.tick(world, stages)
    assert world.world_time - begin == 4 * 60_000_000


@pytest.mark.parametrize(
    ("simulation", "kind", "payload"),
    [
        ({"maxStepGameSeconds": 10**9}, InputKind.ADVANCE, {"seconds": 10**12}),
        ({"timeScale": 100_000, "tickIntervalSeconds": 86_400}, InputKind.STEP, {"ticks": 116}),
    ],
)
def test_no_step_leads_beyond_the_time_that_a_world_can_have(
    village: Village, simulation: dict[str, Any], kind: InputKind, payload: Mapping[str, Any]
) -> None:
    """A trillion seconds is the bound, and the village begins at 43,200; 116 ticks of 8.64e9 s are
    1.00224e12 s, and 115 are 0.9936e12 s."""
    world, stages = create(village(5, mode="turn_based", **simulation))
    fits = {"seconds": 10**12 - 43_200} if kind is InputKind.ADVANCE else {"ticks": 115}
    assert send(world, stages, kind, fits).applied
    while world.clock.owes:
        drive.tick(world, stages)
    more = {"seconds": 1} if kind is InputKind.ADVANCE else {"ticks": 1}
    outcome = send(world, stages, kind, more)
    assert (outcome.applied, outcome.detail["reason"]) == (False, "the world's time would pass 1e+12 s")


def test_a_person_does_not_grow_without_end(village: Village) -> None:
    """Five components of 60,000 letters are more than the 262,144 bytes that somebody may have."""
    world, stages = create(village(5))
    npc_id = world.script.definition.npcs[0].id

    def write(n: int, op: str) -> Outcome:
        component, key = ("zz", f"k{n}") if op == "update" else (f"c{n}", "k")
        payload = {"npcId": npc_id, "component": component, "op": op, "value": {key: "x" * 60_000}}
        return send(world, stages, InputKind.PERSON, payload)

    assert [write(n, "set").applied for n in range(5)] == [True] * 4 + [False]
    refused = write(5, "update")
    assert not refused.applied
    assert f"at most {PERSON_BYTES_MAX}" in refused.detail["do"]
    gone = {"npcId": npc_id, "component": "c0", "op": "remove"}
    assert send(world, stages, InputKind.PERSON, gone).applied
    assert write(6, "update").applied


def test_the_flags_of_a_world_do_not_grow_without_end(village: Village) -> None:
    world, stages = create(village(5))
    found = [
        send(world, stages, InputKind.FLAGS, {"flags": {f"f{n}": "x" * 65_000}}).applied for n in range(17)
    ]
    assert found == [True] * 16 + [False]
    refused = send(world, stages, InputKind.FLAGS, {"flags": {"g": "x" * 65_000}})
    assert f"at most {WORLD_FLAGS_BYTES_MAX}" in refused.detail["do"]
    assert send(world, stages, InputKind.FLAGS, {"flags": {"f0": None, "g": "x" * 60_000}}).applied
