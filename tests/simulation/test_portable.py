"""An exported world is one file, checked whole: it goes on elsewhere as it would have here, or is refused."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from simulation import drive
from simulation.definitions import WorldDefinition
from simulation.definitions.reading import EXPORTED
from simulation.inputs import Input
from simulation.opening import Stages, create
from simulation.portable import FORMAT, NotPortable, export, open_portable
from simulation.units import InputKind, Seq
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
