"""A plug-in that does everything a plug-in may do, and, when a world's flags say so, what it may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulation.custom_effects import change_stat, place, put, set_flag
from simulation.plugin_views import PluginView, Somebody
from simulation.plugins import Chance, Plugin, WorldSystem


def coin(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> bool:
    """By addressed chance: below `params.below` (0.5)."""
    return chance() < params.get("below", 0.5)


def broken(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> bool:
    """Raises for everybody while the flag `meddle.break` is set; else it holds."""
    if who.flags.get("meddle.break"):
        raise OSError("no disk here")
    return True


def keen(who: Somebody, activity: str, now: int, chance: Chance) -> float:
    """Energy in halves: half of it at 50, as much again at 100; fails for activities called `dance`."""
    if activity == "dance":
        raise ZeroDivisionError("nobody dances")
    return who.energy / 50.0 + chance(activity)


def cheer(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> Iterable[Any]:
    yield change_stat(who.id, "mood.valence", params.get("by", 5), low=-100)
    yield put(who.id, "meddler", {"last": who.activity, "at": who.seconds})
    yield set_flag(f"meddle.{who.id}", round(who.energy))


def omen(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> Any:
    """What it sees and draws; raises or answers no JSON where the params or the flag say so."""
    if who.flags.get("meddle.break"):
        raise OSError("no stars tonight")
    if params.get("odd"):
        return {1, 2}
    return {"fond": who.stat("core", "affinity"), "now": now, "draw": chance(), "of": params.get("of")}


def bell(view: PluginView, now: int, chance: Chance) -> Iterable[Any]:
    """Counts its runs in a flag; sends the person it sees to the inn."""
    yield set_flag("meddle.bell", view.flags.get("meddle.bell", 0) + 1)
    person = view.person("npc:0")
    if person is not None and person.location != "loc:inn":
        yield place(person.id, "loc:inn")


def flood(view: PluginView, now: int, chance: Chance) -> Iterable[Any]:
    """More effects than its budget of two."""
    return [set_flag(f"flood.{n}", n) for n in range(view.settings("meddler").get("flood", 0))]


def check(name: str, params: Mapping[str, Any]) -> str:
    if name == "coin" and not 0 <= params.get("below", 0.5) <= 1:
        return f"below is {params['below']}, allowed: 0 to 1"
    return ""


MEDDLER = Plugin(
    id="meddler",
    version="1.2",
    conditions={"coin": coin, "broken": broken},
    effects={"cheer": cheer},
    factors={"keen": keen},
    tier_rules={"coin": coin},
    calls={"omen": omen},
    systems=(
        WorldSystem("bell", every=1800, run=bell, looks=lambda everybody, now: ["npc:0"]),
        WorldSystem("flood", every=3600, run=flood, budget=2),
    ),
    check=check,
    failures_max=5,
)
