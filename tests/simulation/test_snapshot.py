"""Snapshots as bytes: everything back, nothing kept twice, older formats read, damage refused."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import numpy as np
import pytest

from simulation import drive, population
from simulation import snapshot as snapshots
from simulation.definitions import WorldDefinition
from simulation.opening import Stages, create
from simulation.snapshot import Parts, encode, parts_of, restore
from simulation.world import World

Village = Callable[..., WorldDefinition]


def run(world: World, stages: Stages, ticks: int) -> None:
    for _ in drive.run(world, stages, ticks):
        """Made."""


def copied(world: World, stages: Stages) -> Parts:
    return parts_of(world, {tier: stage.export() for tier, stage in stages.items()})


def head_of(body: bytes) -> dict[str, Any]:
    plain = zlib.decompress(body[snapshots.HEADER_BYTES :])
    found: dict[str, Any] = json.loads(plain[8 : 8 + int.from_bytes(plain[:8], "little")])
    return found


def in_format_1(world: World, stages: Stages) -> bytes:
    """As the first version wrote it: ids and everybody's cold components in the head, every column kept."""
    columns, tiers = [], {}
    for tier, stage in stages.items():
        people, listed = stage.people, []
        for name, whole in zip(people.columns._fields, people.columns, strict=True):
            values = whole[: people.count]
            listed.append([name, values.dtype.str, list(values.shape)])
            columns.append(values.tobytes())
        tiers[str(tier)] = {"ids": people.ids, "cold": people.cold, "columns": listed}
    head = json.dumps({**parts_of(world, {}).head, "tiers": tiers}).encode()
    body = zlib.compress(b"".join([len(head).to_bytes(8, "little"), head, *columns]))
    return b"THTR" + bytes([1]) + blake2b(body, digest_size=16).digest() + body


def test_a_snapshot_of_format_1_is_still_read(village: Village) -> None:
    definition = village(30)
    world, stages = create(definition)
    run(world, stages, 50)
    again, restaged = restore(definition, in_format_1(world, stages))
    assert drive.state_hash_in_full(again, restaged) == drive.state_hash(world, stages)
    run(world, stages, 20)
    run(again, restaged, 20)
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)


def test_everybody_is_who_they_were_after_people_moved_between_rows(village: Village) -> None:
    definition = village(30, tiers={"detailed": {"maxNpcs": 7}, "active": {"maxNpcs": 9}})
    world, stages = create(definition)
    for stage in stages.values():
        for npc_id in stage.people.ids[:3]:
            taken = stage.people.remove(npc_id)
            stage.people.add(taken.npc_id, taken.values, taken.cold)
    _, restaged = restore(definition, encode(copied(world, stages)))
    for tier, stage in stages.items():
        assert restaged[tier].people.ids == stage.people.ids
        assert restaged[tier].people.cold == stage.people.cold


def test_ids_hashes_and_what_nobody_has_are_not_kept(village: Village) -> None:
    """Of 30 villagers, all with a component `core`; with two stripped bare, 28 are listed."""
    world, stages = create(village(30))
    bare = next(stage.people for stage in stages.values() if stage.count >= 2)
    bare.cold[:2] = [population.BARE, population.BARE]
    body = encode(copied(world, stages))
    listed = head_of(body)["tiers"].values()
    names = {column[0] for tier in listed for column in tier["columns"]}
    assert names == set(population.Columns._fields) - {"hash_hi", "hash_lo", "own"}
    assert all("ids" not in tier for tier in listed)
    assert zlib.decompress(body[snapshots.HEADER_BYTES :]).count(b'"core"') == 28


def test_a_copy_stays_as_it_was_while_the_world_goes_on(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rows_min in (0, 10_000):
        monkeypatch.setattr(population, "SPARE_ROWS_MIN", rows_min)
        definition = village(40)
        world, stages = create(definition)
        run(world, stages, 10)
        stood, parts = drive.state_hash(world, stages), copied(world, stages)
        run(world, stages, 30)
        again, restaged = restore(definition, encode(parts))
        assert drive.state_hash(again, restaged) == stood


def test_many_people_are_copied_into_the_memory_of_the_copy_before(
    village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(population, "SPARE_ROWS_MIN", 1)
    _, stages = create(village(40))
    people = next(stage.people for stage in stages.values() if stage.count)
    (first, _), (second, _) = people.copied(), people.copied()
    assert all(np.shares_memory(first[name], second[name]) for name in first if first[name].size)
    monkeypatch.setattr(population, "SPARE_ROWS_MIN", 1_000)
    (first, _), (second, _) = people.copied(), people.copied()
    assert not any(np.shares_memory(first[name], second[name]) for name in first)


def test_people_without_cold_components_share_one_object(village: Village) -> None:
    """Sixteen bytes a person would be sixty-four more."""
    definition = village(20)
    world, stages = create(definition)
    for stage in stages.values():
        for row in range(stage.count):
            stage.people.cold[row] = population.BARE
    _, restaged = restore(definition, encode(copied(world, stages)))
    colds = {id(cold) for stage in restaged.values() for cold in stage.people.cold}
    assert colds == {id(population.BARE)}


@pytest.mark.parametrize("piece_bytes", [1, 64, 1 << 20])
def test_the_same_state_is_read_back_whatever_the_size_of_the_pieces(
    village: Village, monkeypatch: pytest.MonkeyPatch, piece_bytes: int
) -> None:
    monkeypatch.setattr(snapshots, "PIECE_BYTES", piece_bytes)
    monkeypatch.setattr(snapshots, "COLD_ROWS_AT_ONCE", max(1, piece_bytes // 64))
    definition = village(12)
    world, stages = create(definition)
    again, restaged = restore(definition, encode(copied(world, stages)))
    assert drive.state_hash(again, restaged) == drive.state_hash(world, stages)


def test_no_call_compresses_more_than_a_piece(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    """That is how long other threads wait for the interpreter at most."""
    sizes: list[int] = []

    class Counting:
        def compress(self, piece: bytes | memoryview) -> bytes:
            sizes.append(len(piece))
            return b""

        def flush(self) -> bytes:
            return b""

    monkeypatch.setattr(snapshots, "PIECE_BYTES", 1_000)
    monkeypatch.setattr(snapshots.zlib, "compressobj", lambda level: Counting())
    encode(copied(*create(village(60))))
    assert max(sizes) == 1_000
