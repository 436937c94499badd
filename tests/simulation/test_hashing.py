"""The state hash knows what a world is, not how it is kept. docs/state-hash.md has the worked example."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulation.chance import GOLDEN, MASK, mix, word
from simulation.hashing import canonical, people_sum, people_words, state_hash

WORDS = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=12)


def by_hand(entity: int, fields: dict[str, int], lane: str) -> int:
    """A person's half hash as docs/state-hash.md writes it, in plain integers."""
    total = mix((entity + word(f"{lane}:entity")) & MASK)
    for name, value in fields.items():
        total += mix(mix((value + GOLDEN) & MASK) ^ word(f"{lane}:{name}"))
    return mix(total & MASK)


@given(WORDS, st.integers(0, 2**64 - 1))
def test_a_person_is_hashed_as_the_document_says(values, energy) -> None:
    entities = np.array(values, dtype=np.uint64)
    words = [np.full(len(values), energy, dtype=np.uint64), entities]
    high, low = people_words(entities, ["energy", "due_at"], words, {})
    expected = [
        (by_hand(v, {"energy": energy, "due_at": v}, "hi"), by_hand(v, {"energy": energy, "due_at": v}, "lo"))
        for v in values
    ]
    assert list(zip(high.tolist(), low.tolist(), strict=True)) == expected


@given(WORDS, WORDS)
def test_the_sum_of_people_is_modulo_two_to_the_128(first, second) -> None:
    size = min(len(first), len(second))
    high, low = (np.array(part[:size], dtype=np.uint64) for part in (first, second))
    expected = sum((h << 64) + l for h, l in zip(first, second, strict=False)) % 2**128  # noqa: E741
    assert people_sum(high, low) == expected


def test_a_field_a_person_does_not_have_adds_nothing() -> None:
    entities = np.array([1, 2], dtype=np.uint64)
    words = [np.array([7, 7], dtype=np.uint64), np.array([9, 9], dtype=np.uint64)]
    without = people_words(entities, ["a"], words[:1], {})
    partly = people_words(entities, ["a", "b"], words, {1: np.array([False, True])})
    assert partly[0][0] == without[0][0]
    assert partly[0][1] != without[0][1]


def test_the_order_of_fields_is_no_part_of_the_state() -> None:
    entities = np.array([1], dtype=np.uint64)
    a, b = np.array([7], dtype=np.uint64), np.array([9], dtype=np.uint64)
    assert people_words(entities, ["a", "b"], [a, b], {}) == people_words(entities, ["b", "a"], [b, a], {})
    assert people_words(entities, ["a", "b"], [a, b], {}) != people_words(entities, ["a", "b"], [b, a], {})


def test_canonical_json_has_sorted_keys_and_no_spaces() -> None:
    assert canonical({"b": [1, 2.5], "a": "ö"}) == '{"a":"ö","b":[1,2.5]}'.encode()


def test_a_world_is_its_people_and_its_scalars() -> None:
    assert state_hash(1, {"tick": 1}) != state_hash(2, {"tick": 1})
    assert state_hash(1, {"tick": 1}) != state_hash(1, {"tick": 2})
    assert len(state_hash(0, {})) == 32


def test_the_worked_example_of_the_document() -> None:
    entity, fields = word("p"), {"energy": 50 * 3_600_000_000_000, "due_at": 60_000_000}
    assert entity == 0x0D72D5BD89F3691F
    high, low = by_hand(entity, fields, "hi"), by_hand(entity, fields, "lo")
    assert (high, low) == (0xE8D4AB3B4313A8BB, 0x94AF8DFFD14A418C)
    assert state_hash((high << 64) + low, {"tick": 1}) == "e0d41ddf13bda462b9434fc0f3f7eed1"
