"""Plug-ins in a shard: loaded from where main found them, shown as they fare, brought back the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import meddling
from actors.plugins import load
from actors.shell import now_ns
from messages.admin import WorldShown
from messages.service import PluginRef
from messages.shards import ReadWorld, ShardReported, WorldFailed, WorldOpened
from simulation.units import WorldId
from village import document

REF = PluginRef(id="meddler", target="meddling:MEDDLER")
VILLAGE = WorldId("village")


def meddled(**flags: Any) -> dict[str, Any]:
    """A village whose people ask the plug-in before they farm, and hear its bell."""
    found = document(30)
    found["meta"]["plugins"] = {"meddler": {}}
    found["flags"] = flags
    behavior = found["meta"]["behavior"]
    behavior["activities"]["farm"]["requirements"]["conditions"] = [{"type": "plugin:meddler:broken"}]
    return found


def test_what_does_not_load_is_out_alone_and_says_why() -> None:
    found = load(
        [
            REF,
            PluginRef(id="gone", target="no_such_module:plugin"),
            PluginRef(id="other", target="meddling:MEDDLER"),
            PluginRef(id="text", target="meddling:__doc__"),
        ]
    )
    assert found.by_id == {"meddler": meddling.MEDDLER}
    assert found.broken == {
        "gone": "ModuleNotFoundError: No module named 'no_such_module'",
        "other": "ValueError: meddling:MEDDLER calls itself 'meddler', its entry point 'other'",
        "text": "TypeError: meddling:__doc__ is a str, not a theatrum.Plugin",
    }


def test_a_shard_shows_how_a_plug_in_fares_and_that_it_is_off(another: Callable[..., Any]) -> None:
    shard = another(plugins=(REF,))
    shard.add(meddled(**{"meddle.break": True}))
    shard.run(60)
    shard.reading.read(ReadWorld(ask_id="a", world_id=VILLAGE))
    (shown,) = shard.heard(WorldShown)
    (plugin,) = shown.plugins
    assert plugin["failures"] >= plugin["failuresMax"] == 5
    assert {key: plugin[key] for key in ("id", "version", "off")} == {
        "id": "meddler",
        "version": "1.2",
        "off": True,
    }
    shard.running.report(now_ns())
    trouble = shard.heard(ShardReported)[-1].troubles[0]
    failures = plugin["failures"]
    assert trouble == f"village goes on without plug-in meddler: {failures} failures switched it off"


def test_a_new_shard_goes_on_with_the_same_failures(another: Callable[..., Any]) -> None:
    one, half = another(plugins=(REF,)), another(plugins=(REF,))
    one.add({**meddled(**{"meddle.break": True}), "id": "whole"})
    one.run(90)
    half.add({**meddled(**{"meddle.break": True}), "id": "half"})
    half.run(45)
    successor = another(plugins=(REF,))
    successor.adoption.claim(WorldId("half"))
    successor.turn()
    (opened,) = successor.heard(WorldOpened)
    assert (opened.report.tick, opened.report.state_hash) == half.hash_of("half")
    successor.run(90)
    states = [shard.running.hosted[name].world for shard, name in ((one, "whole"), (successor, "half"))]
    assert states[0].script.plugin_state.to_json() == states[1].script.plugin_state.to_json()


def test_without_its_plug_in_a_stored_world_is_kept_and_shown_and_not_run(
    another: Callable[..., Any],
) -> None:
    another(plugins=(REF,)).add(meddled())
    bare = another()
    bare.adoption.claim(VILLAGE)
    bare.turn()
    (failed,) = bare.heard(WorldFailed)
    assert "no plug-in 'meddler'" in failed.reason


def test_a_newer_plug_in_goes_on_with_the_world_as_a_fork(
    another: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shard = another(plugins=(REF,))
    shard.add(meddled())
    shard.run(40)
    monkeypatch.setattr(meddling, "MEDDLER", replace(meddling.MEDDLER, version="2.0"))
    newer = another(plugins=(REF,))
    newer.adoption.claim(VILLAGE)
    newer.turn()
    assert not newer.heard(WorldFailed)
    newer.run(60)
    assert newer.hash_of("village")[0] == 60
