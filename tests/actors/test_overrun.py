"""A call of a plug-in that does not end: its world is stopped and shown, and its neighbours go on."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from typing import Any

import pytest

import meddling
from actors import adoption
from actors.overrun import bounded
from messages.service import PluginRef
from messages.shards import WorldFailed
from simulation import drive
from simulation.definitions import Plugins, parse_world
from simulation.opening import create
from simulation.plugins import CallTooLong, Plugin, WorldSystem
from simulation.units import Tier, WorldId
from village import document

SOON_S = 0.02
"""Real seconds after which a call that never ends is broken off in these tests."""


def endless(*_: Any) -> bool:
    while True:
        """Never."""


def yields_for_ever(*_: Any) -> Iterable[Any]:
    endless()
    yield 1


class Deaf(Exception):
    """What careless code catches with everything else."""


def deaf(*_: Any) -> bool:
    try:
        return endless()
    except Exception as error:
        raise Deaf from error


def with_plugin(seconds: float = SOON_S, **more: Any) -> tuple[Any, Any]:
    found = document(3)
    found["meta"]["plugins"] = {"slow": {}}
    if "conditions" in more:
        rule = {"type": "plugin:slow:c"}
        found["meta"]["behavior"]["activities"]["rest"]["requirements"] = {"conditions": [rule]}
    plugins = bounded(Plugins({"slow": Plugin(id="slow", version="1", **more)}), seconds)
    return create(parse_world(found, "village.json", plugins))


@pytest.mark.parametrize(
    "more",
    [
        {"conditions": {"c": endless}},
        {"conditions": {"c": deaf}},
        {"systems": (WorldSystem("s", every=60, run=yields_for_ever),)},
        {"systems": (WorldSystem("s", every=60, run=lambda *_: (), looks=yields_for_ever),)},
    ],
)
def test_a_call_that_does_not_end_breaks_the_tick_off_and_is_no_failure_to_count(more: Any) -> None:
    world, stages = with_plugin(**more)
    with pytest.raises(CallTooLong, match=r"plugin:slow:\w.* took longer than a call may"):
        drive.tick(world, stages)
    assert world.script.plugin_state.failures == {}
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_reading_says_what_took_too_long() -> None:
    world, stages = with_plugin(conditions={"c": endless})
    shown = stages[Tier.DETAILED].shown("npc:1", world.world_time, world.flags)  # type: ignore[arg-type]
    assert shown is not None
    assert "took longer than a call may" in shown["why"]["error"]


def test_whatever_ends_is_the_same_with_the_bound() -> None:
    """With a bound that nothing reaches, and without one."""
    found = document(20)
    found["meta"]["plugins"] = {"meddler": {}}
    activities = found["meta"]["behavior"]["activities"]
    activities["farm"]["requirements"]["conditions"] = [{"type": "plugin:meddler:coin"}]
    activities["farm"]["effects"]["customEffects"] = [{"type": "plugin:meddler:cheer"}]
    plain = Plugins({"meddler": meddling.MEDDLER})
    hashes = []
    for plugins in (plain, bounded(plain, 3600)):
        world, stages = create(parse_world(found, "village.json", plugins))
        for _ in drive.run(world, stages, 40):
            """Made."""
        hashes.append(drive.state_hash(world, stages))
    assert hashes[0] == hashes[1]


def test_a_world_whose_plug_in_does_not_end_is_stopped_and_its_neighbour_goes_on(
    another: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Plugin(id="slow", version="1", conditions={"c": endless})
    monkeypatch.setattr(meddling, "MEDDLER", slow)
    monkeypatch.setattr(adoption, "bounded", lambda plugins: bounded(plugins, SOON_S))
    shard = another(plugins=(PluginRef(id="slow", target="meddling:MEDDLER"),))
    looping = {**document(3), "id": "looping"}
    looping["meta"]["behavior"]["activities"]["rest"]["requirements"] = {
        "conditions": [{"type": "plugin:slow:c"}]
    }
    shard.add(looping)
    shard.add({**document(3), "id": "calm"})
    shard.run(5)
    (failed,) = shard.heard(WorldFailed)
    assert failed.world_id == WorldId("looping")
    assert "failed twice in tier" in failed.reason
    assert "plugin:slow:c at meta.behavior.activities.rest" in failed.reason
    assert shard.hash_of("calm")[0] == 5
