"""A world as bytes: versioned, compressed, checksummed, and readable on any machine. No pickle: it is only
data.

Layout: magic, format version, blake2b-128 of the rest, then zlib of: length of the head, the head as JSON,
the columns it lists as little-endian bytes, one after the other, and the cold components it lists as portions
of JSON. Ids are not kept: the column `origin` says which person of the definition sits in a row.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.clock import Clock
from simulation.definitions import SimulationConfig, WorldDefinition
from simulation.foreign import STATE_BYTES_MAX, check_clock, check_people, inflated
from simulation.mind import BEHAVING, Mind
from simulation.opening import Stages, settle
from simulation.population import BARE, Cold
from simulation.requests import Request, Requests
from simulation.scalars import RULES_VERSION
from simulation.script import Script
from simulation.sessions import Session
from simulation.stage import Stage
from simulation.system_table import systems_of
from simulation.tiers import TIERS
from simulation.units import Micros, Mode, Seq, Tick, Tier
from simulation.world import World

MAGIC = b"THTR"
FORMAT = 2
READABLE = (1, FORMAT)
"""Format 1 kept every id and every person's cold components in the head."""
CHECKSUM_BYTES = 16
"""Bytes of the blake2b digest in the header."""
HEADER_BYTES = len(MAGIC) + 1 + CHECKSUM_BYTES
"""Bytes before the compressed body: magic, version, checksum."""
COMPRESSION = 1
"""zlib's fastest: a third of the bytes for a tenth of the time of its best."""
PIECE_BYTES = 1 << 18
"""Bytes compressed at once: some milliseconds, in which other threads run."""
COLD_ROWS_AT_ONCE = 512
"""People whose components are one piece of JSON: below a millisecond, in which no other thread runs."""


class SnapshotCorrupt(ValueError):
    """These bytes are no snapshot this version can read: fall back to the one before."""


class SnapshotOfAnother(ValueError):
    """A sound snapshot of another definition: nothing to fall back to, the definition must be looked at."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a snapshot is made of, copied out of a running world; it can be encoded until the world is copied
    again."""

    head: Mapping[str, Any]
    tiers: Mapping[Tier, Mapping[str, Any]]


def parts_of(world: World, tiers: Mapping[Tier, Mapping[str, Any]]) -> Parts:
    """The parts of a world between two ticks; `tiers` are the exports of its stages."""
    clock, counters = world.clock, world.counters
    head = {
        "rules": RULES_VERSION,
        "world": world.id,
        "definition": world.script.definition.definition_hash,
        "config": world.config.to_json(),
        "baseMode": str(world.base_mode),
        "paused": world.paused,
        "clock": [clock.world_time, clock.tick, clock.carry, clock.steps_left, clock.advance_left],
        "advanceLimit": clock.advance_limit,
        "flags": dict(world.flags),
        "sessions": [session.to_json() for session in world.sessions],
        "deficits": {str(tier): owed for tier, owed in world.deficits.items()},
        "waiting": [request.to_json() for request in world.requests.waiting],
        "awaited": [request.to_json() for request in (world.requests.awaited or {}).values()],
        "applied": world.applied,
        "nextSeq": world.next_seq,
        "counters": {
            "requests": counters.requests,
            "refused": counters.refused_requests,
            "failures": counters.failures,
            "decisions": {str(tier): count for tier, count in counters.decisions.items()},
        },
    }
    if pulled := world.moving.tiering.to_json():
        head["pulled"] = pulled
    if versions := world.script.definition.plugins.versions():
        head["plugins"] = {"versions": versions, **world.script.plugin_state.to_json()}
    if world.cues.waiting:
        head["cues"] = world.cues.to_json()
    return Parts(head, tiers)


def encode(parts: Parts) -> bytes:
    """The bytes of a snapshot. Slow, and meant to run beside the ticks: whatever takes long gives other
    threads their turn (zlib and blake2b by themselves, JSON by small portions)."""
    columns: list[memoryview] = []
    colds: list[bytes] = []
    tiers = {}
    for tier, export in parts.tiers.items():
        listed = []
        for name, values in export["columns"].items():
            portable = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
            listed.append([name, portable.dtype.str, list(values.shape)])
            if portable.size:
                columns.append(portable.data.cast("B"))
        portions = list(_cold_portions(export["cold"]))
        colds += portions
        people, sizes = len(export["cold"]), [len(portion) for portion in portions]
        tiers[str(tier)] = {"people": people, "columns": listed, "cold": sizes}
    head = _json({**parts.head, "tiers": tiers})
    body, digest = [], blake2b(digest_size=CHECKSUM_BYTES)
    for packed in _compressed(_gathered([len(head).to_bytes(8, "little"), head, *columns, *colds])):
        digest.update(packed)
        body.append(packed)
    return b"".join([MAGIC, bytes([FORMAT]), digest.digest(), *body])


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _cold_portions(cold: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """(row, components) of everybody who has any, as JSON lists of so many rows each."""
    for start in range(0, len(cold), COLD_ROWS_AT_ONCE):
        rows = enumerate(cold[start : start + COLD_ROWS_AT_ONCE], start)
        if found := [(row, components) for row, components in rows if components]:
            yield _json(found)


def _gathered(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """Small pieces together: every call of the compressor has its price."""
    small: list[bytes | memoryview] = []
    size = 0
    for piece in pieces:
        small.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            yield b"".join(small) if len(small) > 1 else piece
            small, size = [], 0
    yield b"".join(small)


def _compressed(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    packer = zlib.compressobj(COMPRESSION)
    for piece in pieces:
        for start in range(0, len(piece), PIECE_BYTES):
            yield packer.compress(piece[start : start + PIECE_BYTES])
    yield packer.flush()


def restore(
    definition: WorldDefinition, snapshot: bytes, mind: Mind = BEHAVING, *, foreign: bool = False
) -> tuple[World, Stages]:
    """The world and its stages as they were. Raises SnapshotCorrupt or SnapshotOfAnother; of a `foreign` one,
    which a stranger may have written, also Senseless and whatever reading nonsense raises."""
    head, body, start = _open(snapshot, foreign=foreign)
    if head["definition"] != definition.definition_hash:
        raise SnapshotOfAnother(
            f"the snapshot is of definition {head['definition']}, the stored world's is "
            f"{definition.definition_hash}"
        )
    config = SimulationConfig.parse(head["config"], path="meta.simulation")
    script = Script(definition, config.seed, mind)
    world_time, tick, carry, steps, advance = head["clock"]
    limit = Micros(head.get("advanceLimit", 0))
    clock = Clock(Micros(world_time), Tick(tick), carry, steps, Micros(advance), limit)
    if foreign:
        check_clock(clock, config)
    sessions = [Session.from_json(value) for value in head.get("sessions", [])]
    plugins = head.get("plugins")
    if plugins is not None:
        script.plugin_state.adopt(plugins)
    world = World(script, config, clock, head["flags"], sessions, systems_of(script))
    world.made_with = plugins["versions"] if plugins is not None else {}
    world.base_mode, world.paused = Mode(head["baseMode"]), head["paused"]
    world.deficits = {tier: head["deficits"][str(tier)] for tier in TIERS}
    awaited = [Request.from_json(value) for value in head["awaited"]]
    world.requests = Requests(
        tuple(Request.from_json(value) for value in head["waiting"]),
        {request.request_id: request for request in awaited},
    )
    world.intake.applied, world.intake.next_seq = head["applied"], Seq(head["nextSeq"])
    counters = head["counters"]
    world.counters.requests, world.counters.failures = counters["requests"], counters["failures"]
    world.counters.refused_requests = counters["refused"]
    world.counters.decisions = {tier: counters["decisions"][str(tier)] for tier in TIERS}
    loaded, start = _columns(head["tiers"], body, start)
    if foreign:
        check_people(script, [(columns, _people(listed)) for columns, listed in loaded.values()])
    stages = _stages(world, script, loaded, body, start)
    world.moving.tiering.restore(head.get("pulled", {}), stages)
    world.cues.restore(head.get("cues", ()), stages, world.world_time)
    settle(world, stages, world.moving.next())
    return world, stages


def _open(snapshot: bytes, *, foreign: bool) -> tuple[dict[str, Any], bytes, int]:
    if snapshot[: len(MAGIC)] != MAGIC or len(snapshot) < HEADER_BYTES:
        raise SnapshotCorrupt("no snapshot: it does not begin like one")
    if snapshot[len(MAGIC)] not in READABLE:
        raise SnapshotCorrupt(f"snapshot format {snapshot[len(MAGIC)]} is none of {READABLE}")
    body = snapshot[HEADER_BYTES:]
    if blake2b(body, digest_size=CHECKSUM_BYTES).digest() != snapshot[len(MAGIC) + 1 : HEADER_BYTES]:
        raise SnapshotCorrupt("the checksum does not match")
    plain = inflated(body, STATE_BYTES_MAX) if foreign else zlib.decompress(body)
    start = 8 + int.from_bytes(plain[:8], "little")
    return json.loads(plain[8:start]), plain, start


Loaded = dict[Tier, tuple[dict[str, NDArray[Any]], Mapping[str, Any]]]
"""Tier -> its columns, and what the head lists of it."""


def _columns(tiers: Mapping[str, Any], body: bytes, start: int) -> tuple[Loaded, int]:
    """Every tier's columns, and where what follows them begins."""
    loaded: Loaded = {}
    for tier in TIERS:
        listed = tiers[str(tier)]
        columns: dict[str, NDArray[Any]] = {}
        for name, dtype, shape in listed["columns"]:
            kind = np.dtype(dtype)
            size = kind.itemsize
            for length in shape:
                size *= length
            columns[name] = np.frombuffer(body, kind, size // kind.itemsize, start).reshape(shape)
            start += size
        loaded[tier] = columns, listed
    return loaded, start


def _stages(world: World, script: Script, loaded: Loaded, body: bytes, start: int) -> Stages:
    npcs = script.definition.npcs
    stages = {}
    for tier, (columns, listed) in loaded.items():
        cold, start = _cold(listed, body, start)
        stage = Stage(script, tier)
        agenda = stage.load([npcs[place].id for place in columns["origin"].tolist()], columns, cold)
        world.seat(tier, stage.count, agenda)
        stages[tier] = stage
    return stages


def _people(listed: Mapping[str, Any]) -> int:
    """Of how many people it says the components."""
    people: int = listed["people"] if "people" in listed else len(listed["cold"])
    return people


def _cold(listed: Mapping[str, Any], body: bytes, start: int) -> tuple[list[Cold], int]:
    """Everybody's cold components by row, and where what follows them begins."""
    if "people" not in listed:  # format 1
        return [components or BARE for components in listed["cold"]], start
    cold = [BARE] * listed["people"]
    for size in listed["cold"]:
        for row, components in json.loads(body[start : start + size]):
            cold[row] = components
        start += size
    return cold, start
