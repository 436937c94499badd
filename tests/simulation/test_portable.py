"""An exported world is one file, checked whole: it goes on elsewhere as it would have here, or is refused."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import pytest

from simulation import drive, portable
from simulation.definitions import ConfigInvalid, WorldDefinition
from simulation.definitions.reading import EXPORTED
from simulation.foreign import Senseless, inflated
from simulation.inputs import Input
from simulation.opening import Stages, create
from simulation.portable import (
    FORMAT,
    HEADER_BYTES,
    LENGTH_BYTES,
    NotPortable,
    export,
    open_portable,
)
from simulation.units import InputKind, Seq, Tier
from simulation.world import World

Village = Callable[..., WorldDefinition]


def lived(village: Village) -> tuple[World, Stages, bytes]:
    """A village after fifty ticks and an input, and its file."""
    definition = village(30)
    world, stages = create(definition)
    world.deliver([Input(Seq(1), InputKind.CONFIG, {"changes": {"timeScale": 45}})])
    for _ in drive.run(world, stages, 50):
        pass
    return world, stages, export(world, stages, json.dumps(definition.document))


def test_a_world_goes_on_from_its_file_as_it_would_have(village: Village) -> None:
    world, stages, body = lived(village)
    assert body.startswith(EXPORTED)
    found = open_portable(body, "village.thtr")
    assert (found.world.tick, found.world.config.time_scale) == (50, 45)
    for _ in range(30):
        drive.tick(world, stages)
        drive.tick(found.world, found.stages)
    assert drive.state_hash(found.world, found.stages) == drive.state_hash(world, stages)


def test_its_inputs_are_counted_from_there_on(village: Village) -> None:
    _, _, body = lived(village)
    found = open_portable(body, "village.thtr")
    assert (found.world.applied, found.world.next_seq) == (0, 1)


def test_a_damaged_file_is_refused_whatever_byte_is_wrong(village: Village) -> None:
    _, _, body = lived(village)
    for position in (0, len(EXPORTED), len(EXPORTED) + 3, 60, len(body) // 2, len(body) - 1):
        bad = bytearray(body)
        bad[position] ^= 1
        with pytest.raises(NotPortable):
            open_portable(bytes(bad), "village.thtr")
    for short in (b"", EXPORTED, body[:-1], body[: len(body) // 2]):
        with pytest.raises(NotPortable):
            open_portable(short, "village.thtr")


def test_a_later_format_is_named_in_the_refusal(village: Village) -> None:
    _, _, body = lived(village)
    later = EXPORTED + bytes([FORMAT + 1]) + body[len(EXPORTED) + 1 :]
    with pytest.raises(NotPortable, match=f"its format is {FORMAT + 1}, this version reads {FORMAT}"):
        open_portable(later, "village.thtr")


def test_another_version_of_the_rules_is_refused(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, body = lived(village)
    monkeypatch.setattr("simulation.portable.RULES_VERSION", 99)
    with pytest.raises(NotPortable, match="this is version 99"):
        open_portable(body, "village.thtr")


def forged(body: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The same file with another head, and a checksum that is right."""
    rest = body[HEADER_BYTES:]
    start = LENGTH_BYTES + int.from_bytes(rest[:LENGTH_BYTES], "little")
    head = json.loads(rest[LENGTH_BYTES:start])
    plain = json.dumps(change(head)).encode()
    rest = len(plain).to_bytes(LENGTH_BYTES, "little") + plain + rest[start:]
    return EXPORTED + bytes([FORMAT]) + blake2b(rest, digest_size=16).digest() + rest


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda head: {}, "no rules"),
        (lambda head: [head], "no rules"),
        (lambda head: {key: value for key, value in head.items() if key != "stateHash"}, "no stateHash"),
        (lambda head: {**head, "documentBytes": "12"}, "no documentBytes"),
        (lambda head: {**head, "documentBytes": -5}, "other lengths"),
        (lambda head: {**head, "documentBytes": head["documentBytes"] + 1}, "other lengths"),
        (lambda head: {**head, "snapshotBytes": 10**30}, "other lengths"),
        (lambda head: {**head, "rules": 99}, "version 99 of the rules"),
        (lambda head: {**head, "stateHash": "0"}, "exported with 0"),
    ],
)
def test_a_forged_head_is_refused(
    village: Village, change: Callable[[dict[str, Any]], object], says: str
) -> None:
    _, _, body = lived(village)
    with pytest.raises(NotPortable, match=says):
        open_portable(forged(body, change), "village.thtr")


def test_a_head_that_is_no_json_is_refused(village: Village) -> None:
    rest = (10**12).to_bytes(LENGTH_BYTES, "little") + b"{"
    body = EXPORTED + bytes([FORMAT]) + blake2b(rest, digest_size=16).digest() + rest
    with pytest.raises(NotPortable, match="its head is no JSON object"):
        open_portable(body, "village.thtr")


@pytest.mark.parametrize("key", ["clock", "tiers", "flags", "sessions", "config", "counters"])
def test_a_state_that_nobody_exported_is_refused(
    village: Village, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    world, stages, _ = lived(village)
    honest = portable.parts_of
    monkeypatch.setattr(
        portable, "parts_of", lambda *of: replace(honest(*of), head={**honest(*of).head, key: [1.5]})
    )
    if key == "tiers":
        monkeypatch.setattr(portable, "parts_of", lambda *of: replace(honest(*of), tiers={}))
    body = export(world, stages, json.dumps(world.script.definition.document))
    with pytest.raises((NotPortable, ConfigInvalid)):
        open_portable(body, "village.thtr")


Change = Callable[[dict[str, Any]], object]


def exported(village: Village, monkeypatch: pytest.MonkeyPatch, change: Change) -> bytes:
    """A village whose state was changed on its way into the file: `change` gets the head, and under `tiers`
    the columns and components of each tier."""
    world, stages, _ = lived(village)
    honest = portable.parts_of

    def forged(*of: Any) -> Any:
        parts = honest(*of)
        tiers = {tier: {**export, "columns": {**export["columns"]}} for tier, export in parts.tiers.items()}
        found = {**parts.head, "tiers": tiers}
        change(found)
        return replace(parts, head={k: v for k, v in found.items() if k != "tiers"}, tiers=found["tiers"])

    monkeypatch.setattr(portable, "parts_of", forged)
    return export(world, stages, json.dumps(world.script.definition.document))


def in_detailed(name: str, change: Callable[[Any], Any]) -> Change:
    """A change of one column of the first tier, in which the village's 20 most important people are."""

    def changed(head: dict[str, Any]) -> None:
        columns = head["tiers"][Tier.DETAILED]["columns"]
        columns[name] = change(columns[name].copy())

    return changed


def putting(value: Any) -> Callable[[Any], Any]:
    def put(column: Any) -> Any:
        column.flat[0] = value
        return column

    return put


def one_more(head: dict[str, Any]) -> None:
    head["tiers"][Tier.DETAILED]["cold"] = [*head["tiers"][Tier.DETAILED]["cold"], {}]


def without_energy(head: dict[str, Any]) -> None:
    del head["tiers"][Tier.DETAILED]["columns"]["energy"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (in_detailed("activity", putting(6)), "column activity has values that are not from -1 to 5"),
        (in_detailed("recent", putting(-2)), "column recent has values that are not from -1 to 5"),
        (in_detailed("location", putting(3)), "column location has values that are not from -1 to 2"),
        (in_detailed("routine", putting(1)), "column routine has values that are not from -1 to 0"),
        (in_detailed("origin", putting(30)), "column origin has values that are not from 0 to 29"),
        (in_detailed("due_at", putting(2**62 + 2**61)), "column due_at has values"),
        (in_detailed("valence", putting(float("nan"))), "column valence has what is no number"),
        (in_detailed("energy", lambda column: column.astype(float)), "column energy is of another type"),
        (in_detailed("recent", lambda column: column[:, :3]), "column recent is of another type or shape"),
        (in_detailed("origin", lambda column: column[::-1] * 0 + column[0]), "somebody is in it twice"),
        (without_energy, "other columns than"),
        (one_more, "21 people's components and 20 people"),
        (lambda head: head.update(clock=[10**18 + 1, 1, 0, 0, 0]), "its world time is no whole number"),
        (lambda head: head.update(clock=[1.5, 1, 0, 0, 0]), "its world time is no whole number"),
        (lambda head: head.update(clock=[1, 2**63, 0, 0, 0]), "its tick is no whole number"),
        (lambda head: head.update(clock=[1, 1, 10**12, 0, 0]), "its carry is no whole number"),
        (lambda head: head.update(clock=[1, 1, 0, 0, 10**18]), "owes steps beyond the time"),
        (lambda head: head.update(advanceLimit=10**18 + 1), "its advance limit is no whole number"),
        (lambda head: head.update(applied=2**63), "inputs of another history"),
    ],
)
def test_a_state_that_makes_no_sense_is_refused_before_anything_reads_it(
    village: Village, monkeypatch: pytest.MonkeyPatch, change: Change, says: str
) -> None:
    with pytest.raises(NotPortable, match=says):
        open_portable(exported(village, monkeypatch, change), "village.thtr")


@pytest.mark.parametrize("bound", ["portable.DOCUMENT_BYTES_MAX", "snapshot.STATE_BYTES_MAX"])
def test_what_unpacks_into_too_much_is_refused(
    village: Village, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    _, _, body = lived(village)
    monkeypatch.setattr(f"simulation.{bound}", 1_000)
    with pytest.raises(NotPortable, match="unpacks into more than 1,000 bytes"):
        open_portable(body, "village.thtr")


def test_no_more_is_unpacked_than_is_allowed() -> None:
    packed = zlib.compress(bytes(100_000))
    assert inflated(packed, 100_001) == bytes(100_000)
    with pytest.raises(Senseless, match="more than 99,999 bytes"):
        inflated(packed, 99_999)
    with pytest.raises(Senseless, match="cut off"):
        inflated(packed[:-5], 100_001)


def test_a_head_without_end_is_refused(village: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot's head that is nested deeper than anybody reads."""
    monkeypatch.setattr("simulation.snapshot._json", lambda value: b"[" * 100_000)
    _, _, body = lived(village)
    with pytest.raises(NotPortable, match="makes no sense"):
        open_portable(body, "village.thtr")
