"""A world as bytes: versioned, compressed, checksummed, and readable on any machine. No pickle: it is only
data.

Layout: magic, format version, blake2b-128 of the rest, then zlib of: length of the head, the head as JSON,
and the columns it lists as little-endian bytes, one after the other.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulation.clock import Clock
from simulation.definitions import SimulationConfig, WorldDefinition
from simulation.mind import BEHAVING, Mind
from simulation.opening import Stages
from simulation.requests import Request, Requests
from simulation.scalars import RULES_VERSION
from simulation.script import Script
from simulation.sessions import Session
from simulation.stage import Stage
from simulation.system_table import systems_of
from simulation.tiers import TIERS
from simulation.units import Micros, Mode, NpcId, Seq, Tick, Tier
from simulation.world import World

MAGIC = b"THTR"
FORMAT = 1
CHECKSUM_BYTES = 16
"""Bytes of the blake2b digest in the header."""
HEADER_BYTES = len(MAGIC) + 1 + CHECKSUM_BYTES
"""Bytes before the compressed body: magic, version, checksum."""
COMPRESSION = 1
"""zlib's fastest: a third of the bytes for a tenth of the time of its best."""


class SnapshotCorrupt(ValueError):
    """These bytes are no snapshot this version can read: fall back to the one before."""


class SnapshotOfAnother(ValueError):
    """A sound snapshot of another definition: nothing to fall back to, the definition must be looked at."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a snapshot is made of, copied out of a running world; encoding it can wait."""

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
    return Parts(head, tiers)


def encode(parts: Parts) -> bytes:
    """The bytes of a snapshot."""
    columns: list[bytes] = []
    tiers = {}
    for tier, export in parts.tiers.items():
        listed = []
        for name, values in export["columns"].items():
            portable = values.astype(values.dtype.newbyteorder("<"), copy=False)
            listed.append([name, portable.dtype.str, list(values.shape)])
            columns.append(portable.tobytes())
        tiers[str(tier)] = {"ids": export["ids"], "cold": export["cold"], "columns": listed}
    head = json.dumps({**parts.head, "tiers": tiers}, separators=(",", ":"), allow_nan=False).encode()
    body = zlib.compress(b"".join([len(head).to_bytes(8, "little"), head, *columns]), COMPRESSION)
    checksum = blake2b(body, digest_size=CHECKSUM_BYTES).digest()
    return MAGIC + bytes([FORMAT]) + checksum + body


def restore(definition: WorldDefinition, snapshot: bytes, mind: Mind = BEHAVING) -> tuple[World, Stages]:
    """The world and its stages as they were. Raises SnapshotCorrupt or SnapshotOfAnother."""
    head, body, start = _open(snapshot)
    if head["definition"] != definition.definition_hash:
        raise SnapshotOfAnother(
            f"the snapshot is of definition {head['definition']}, the stored world's is "
            f"{definition.definition_hash}"
        )
    config = SimulationConfig.parse(head["config"], path="meta.simulation")
    script = Script(definition, config.seed, mind)
    world_time, tick, carry, steps, advance = head["clock"]
    clock = Clock(Micros(world_time), Tick(tick), carry, steps, Micros(advance))
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
    stages = _stages(world, script, head["tiers"], body, start)
    world.moving.tiering.restore(head.get("pulled", {}), stages)
    return world, stages


def _open(snapshot: bytes) -> tuple[dict[str, Any], bytes, int]:
    if snapshot[: len(MAGIC)] != MAGIC or len(snapshot) < HEADER_BYTES:
        raise SnapshotCorrupt("no snapshot: it does not begin like one")
    if snapshot[len(MAGIC)] != FORMAT:
        raise SnapshotCorrupt(f"snapshot format {snapshot[len(MAGIC)]} is not {FORMAT}")
    body = snapshot[HEADER_BYTES:]
    if blake2b(body, digest_size=CHECKSUM_BYTES).digest() != snapshot[len(MAGIC) + 1 : HEADER_BYTES]:
        raise SnapshotCorrupt("the checksum does not match")
    plain = zlib.decompress(body)
    start = 8 + int.from_bytes(plain[:8], "little")
    return json.loads(plain[8:start]), plain, start


def _stages(world: World, script: Script, tiers: Mapping[str, Any], body: bytes, start: int) -> Stages:
    stages = {}
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
        stage = Stage(script, tier)
        agenda = stage.load([NpcId(name) for name in listed["ids"]], columns, listed["cold"])
        world.seat(tier, stage.count, agenda)
        stages[tier] = stage
    return stages
