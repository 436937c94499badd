"""Chance is addressed, so a replay draws the same numbers in any order, alone or in a crowd."""

from hashlib import blake2b

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulation.chance import Purpose, chance, mix, mix_word, word
from simulation.gate_kernel import drawn
from simulation.tables import Instant

WORDS = st.integers(0, 2**64 - 1)
TIMES = st.integers(0, 2**62)


def test_splitmix64_gives_the_reference_numbers() -> None:
    """The first outputs of splitmix64 from state 1234567 (Vigna's reference implementation)."""
    golden, state, found = 0x9E3779B97F4A7C15, 1234567, []
    for _ in range(3):
        state = (state + golden) & (2**64 - 1)
        found.append(mix(state))
    assert found == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(WORDS)
def test_compiled_code_mixes_as_plain_integers_do(value) -> None:
    assert int(mix_word(np.uint64(value))) == mix(value)


@given(WORDS, WORDS, TIMES, st.sampled_from(Purpose), WORDS)
def test_a_crowd_draws_what_each_would_draw_alone(seed, entity, now, purpose, k) -> None:
    at = Instant(np.uint64(seed), now, 0, 0, 0, 0, 0, np.zeros(0, dtype=np.bool_))
    together = drawn(at, np.uint64(entity), np.uint64(purpose), np.uint64(k))
    assert together == chance(seed, entity, now, purpose, k)


@given(WORDS, WORDS, TIMES)
def test_draws_stay_below_one(seed, entity, now) -> None:
    assert 0.0 <= chance(seed, entity, now, Purpose.DECIDE) < 1.0


def test_purposes_people_and_times_do_not_share_a_stream() -> None:
    draws = {
        chance(1, entity, now, purpose) for entity in range(10) for now in range(10) for purpose in Purpose
    }
    assert len(draws) == 100 * len(Purpose)


def test_an_entity_number_is_the_hash_of_the_id() -> None:
    """blake2b, 8 bytes, big-endian."""
    assert word("mira") == int.from_bytes(blake2b(b"mira", digest_size=8).digest(), "big")


def test_draws_spread_evenly() -> None:
    counts = [0] * 10
    for entity in range(50_000):
        counts[int(chance(7, entity, 60, Purpose.DECIDE) * 10)] += 1
    assert all(abs(count - 5_000) < 350 for count in counts)
