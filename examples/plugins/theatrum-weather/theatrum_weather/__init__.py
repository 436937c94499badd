"""Weather: a world system changes the sky, a condition asks for it, an effect drenches who is out in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from theatrum import Chance, Plugin, PluginView, Somebody, WorldSystem, change_stat, put, set_flag

SKIES = ("clear", "clouds", "rain")
FLAG = "weather.sky"
GAME_HOUR = 3600.0

NEXT: Mapping[str, tuple[float, float]] = {"clear": (0.6, 0.9), "clouds": (0.3, 0.7), "rain": (0.2, 0.6)}
"""Sky -> below which draw it turns clear, and below which it turns to clouds; else it rains."""


NUMBERS = {"drench": "valence", "wet": "hours", "forecast": "outOf"}
"""What takes a number, and what it is called there."""


def sky_of(seen: PluginView | Somebody) -> str:
    """The sky as the world's flag says; clear before it was ever set."""
    sky = seen.flags.get(FLAG, "clear")
    return sky if sky in SKIES else "clear"


def change(view: PluginView, now: int, chance: Chance) -> Iterator[Any]:
    """The world system: every three game hours the sky may turn."""
    clear, clouds = NEXT[sky_of(view)]
    draw = chance()
    sky = "clear" if draw < clear else "clouds" if draw < clouds else "rain"
    if sky != sky_of(view) or FLAG not in view.flags:
        yield set_flag(FLAG, sky)


def is_(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> bool:
    """The condition `plugin:weather:is`: `{"sky": "rain"}`."""
    return sky_of(who) == params["sky"]


def drench(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> Iterator[Any]:
    """The effect `plugin:weather:drench`: who begins this in the rain is wet, and in a worse mood."""
    if sky_of(who) != "rain":
        return
    yield change_stat(who.id, "mood.valence", -float(params.get("valence", 10)), low=-100)
    yield put(who.id, "weather", {"wetAt": who.seconds})


def shelter(who: Somebody, activity: str, now: int, chance: Chance) -> float:
    """The factor `plugin:weather:shelter`: in the rain, what the settings call `outdoors` counts half."""
    outdoors = who.settings("weather").get("outdoors", ())
    return 0.5 if sky_of(who) == "rain" and activity in outdoors else 1.0


def wet(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> bool:
    """The tier rule `plugin:weather:wet`: whoever was drenched less than so many `hours` ago, 1 if nothing
    is said."""
    since = who.component("plugin:weather").get("wetAt")
    return since is not None and who.seconds - since < params.get("hours", 1) * GAME_HOUR


def forecast(who: Somebody, params: Mapping[str, Any], now: int, chance: Chance) -> dict[str, Any]:
    """The call `plugin:weather:forecast`: the sky now, and how likely rain is next, `outOf` 100 if nothing
    is said."""
    sky = sky_of(who)
    return {"sky": sky, "rain": round((1 - NEXT[sky][1]) * params.get("outOf", 100))}


def check(name: str, params: Mapping[str, Any]) -> str:
    """What is wrong with the params of a world file; said when the world loads."""
    if name == "is" and params.get("sky") not in SKIES:
        return f"sky is {params.get('sky')!r}, allowed: {', '.join(SKIES)}"
    number = NUMBERS.get(name, "")
    if not isinstance(params.get(number, 0), int | float):
        return f"{number} is {params[number]!r}, not a number"
    return ""


plugin = Plugin(
    id="weather",
    version="1.0.0",
    conditions={"is": is_},
    effects={"drench": drench},
    factors={"shelter": shelter},
    tier_rules={"wet": wet},
    calls={"forecast": forecast},
    systems=(WorldSystem("sky", every=3 * GAME_HOUR, run=change),),
    check=check,
)
