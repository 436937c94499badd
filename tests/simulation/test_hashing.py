"""The state hash knows what a world is, not how it is kept. docs/state-hash.md has the worked example."""

import struct
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation import drive
from simulation.chance import GOLDEN, MASK, mix, word
from simulation.hashing import canonical, digest, state_hash
from simulation.inputs import Input
from simulation.opening import create
from simulation.population import NONE
from simulation.scale import UNKNOWN
from simulation.stage import Stage
from simulation.units import InputKind, Tier


def by_hand(entity: int, fields: dict[str, int], lane: str) -> int:
    """A person's half hash as docs/state-hash.md writes it, in plain integers."""
    total = mix((entity + word(f"{lane}:entity")) & MASK)
    for name, value in fields.items():
        total += mix(mix((value + GOLDEN) & MASK) ^ word(f"{lane}:{name}"))
    return mix(total & MASK)


def fields_of(stage: Stage, row: int) -> dict[str, int]:
    """A person's fields and their words, as docs/state-hash.md lists them."""
    script, p = stage.script, stage.people.columns

    def named(names: Any, index: int) -> int:
        return 0 if index == NONE else word(names[index])

    def bits(value: float) -> int:
        return int.from_bytes(struct.pack(">d", value + 0.0), "big")

    cold = digest(stage.people.cold[row])
    found = {
        "routine": named(script.routine_ids, p.routine[row]),
        "activity": named(script.activity_ids, p.activity[row]),
        "location": named(script.location_ids, p.location[row]),
        "home": named(script.location_ids, p.home[row]),
        "tier": word(str(stage.tier)),
        **{name: int(stage.people[name][row]) for name in ("started_at", "settled_at", "due_at", "energy")},
        **{name: bits(float(stage.people[name][row])) for name in ("valence", "arousal", "importance")},
        "cold_hi": cold[0],
        "cold_lo": cold[1],
    }
    for n in range(10):
        found[f"recent.{n}"] = named(script.activity_ids, p.recent[row, n])
        found[f"recent_at.{n}"] = int(p.recent_at[row, n])
    for n, name in enumerate(script.cooling):
        if p.ended_at[row, n] != NONE:
            found[f"ended_at.{name}"] = int(p.ended_at[row, n])
    for n, (ref, axis) in enumerate(script.slot_names):
        if p.slots[row, n] != UNKNOWN:
            found[f"slots.{ref}.{axis}"] = int(p.slots[row, n])
    return found


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 30), st.integers(0, 2**40), st.integers(0, 40))
def test_people_are_hashed_as_the_document_says(village, people, seed, ticks) -> None:
    """Everybody's two halves in plain integers, added up modulo two to the 128."""
    world, stages = create(village(people, seed=seed, generation={"mode": "off"}))
    for _ in drive.run(world, stages, ticks):
        pass
    for stage in stages.values():
        expected = 0
        for row in range(stage.count):
            entity, fields = word(stage.people.ids[row]), fields_of(stage, row)
            expected += (by_hand(entity, fields, "hi") << 64) + by_hand(entity, fields, "lo")
        assert stage.fingerprint() == expected % 2**128


def test_minus_zero_is_zero(village) -> None:
    _, stages = create(village(1))
    stage = stages[Tier.DETAILED]
    stage.people.columns.valence[0] = 0.0
    plus = stage.fingerprint_in_full()
    stage.people.columns.valence[0] = -0.0
    assert stage.fingerprint_in_full() == plus


def test_canonical_json_has_sorted_keys_and_no_spaces() -> None:
    assert canonical({"b": [1, 2.5], "a": "ö"}) == '{"a":"ö","b":[1,2.5]}'.encode()


def test_a_world_is_its_people_and_its_scalars() -> None:
    assert state_hash(1, {"tick": 1}) != state_hash(2, {"tick": 1})
    assert state_hash(1, {"tick": 1}) != state_hash(1, {"tick": 2})
    assert len(state_hash(0, {})) == 32


def test_the_time_that_a_world_still_has_to_go_is_part_of_its_state(village) -> None:
    hashes = set()
    for seconds in (90, 100):
        world, stages = create(village(1, mode="turn_based"))
        assert world.deliver([Input(world.next_seq, InputKind.ADVANCE, {"seconds": seconds})])
        drive.boundary(world, stages)
        hashes.add(drive.state_hash(world, stages))
    assert len(hashes) == 2


def test_the_worked_example_of_the_document() -> None:
    entity, fields = word("p"), {"energy": 50 * 3_600_000_000_000, "due_at": 60_000_000}
    assert entity == 0x0D72D5BD89F3691F
    high, low = by_hand(entity, fields, "hi"), by_hand(entity, fields, "lo")
    assert (high, low) == (0xE8D4AB3B4313A8BB, 0x94AF8DFFD14A418C)
    assert state_hash((high << 64) + low, {"tick": 1}) == "e0d41ddf13bda462b9434fc0f3f7eed1"
