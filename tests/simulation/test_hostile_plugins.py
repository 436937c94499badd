"""Plug-ins that answer nonsense, too much, or change what they are shown: counted, and nothing else."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulation import drive, flag_room
from simulation.custom_effects import change_stat, place, put, set_flag
from simulation.definitions import Plugins, WorldDefinition, parse_world
from simulation.definitions.plugins import checked
from simulation.flag_room import WORLD_FLAGS_BYTES_MAX, FlagRoom
from simulation.opening import Stages, create
from simulation.orders import StatChange
from simulation.plain import ERROR_CHARS_MAX, said_by
from simulation.plugins import EVERY_MAX, Plugin, WorldSystem
from simulation.snapshot import encode, parts_of, restore
from simulation.soundness import sound
from simulation.units import NpcId
from simulation.world import World
from village import document

TICKS = 3
PEOPLE = 6


def nothing(*_: Any) -> tuple[()]:
    return ()


def definition(system: Callable[..., Any] = nothing, *, looks: Any = None, **more: Any) -> WorldDefinition:
    """The village with a plug-in whose world system runs in every tick, a minute long."""
    seen = {} if looks is None else {"looks": looks}
    plugin = Plugin(id="bad", version="1", systems=(WorldSystem("s", every=60, run=system, **seen),), **more)
    found = document(PEOPLE)
    found["flags"] = {"list": [1, {"x": 1}]}
    found["meta"]["plugins"] = {"bad": {"deep": [1]}}
    found["meta"]["metrics"] = {
        "purse": {"gold": {"type": "int", "component": "purse", "min": 0, "max": 1000, "default": 7}}
    }
    behavior = found["meta"]["behavior"]
    if "conditions" in more:
        rule = {"type": "plugin:bad:c", "params": {"l": [1]}}
        behavior["activities"]["rest"]["requirements"] = {"conditions": [rule]}
    if "factors" in more:
        behavior["scoringConfig"] = {"weights": {"plugin:bad:f": 1}}
    return parse_world(found, "village.json", Plugins({"bad": plugin}))


def lived(world_of: WorldDefinition) -> tuple[World, Stages, list[str]]:
    """After some ticks: everything can be read, hashed, kept and brought back, and goes on the same."""
    world, stages = create(world_of)
    errors = [failure.error for done in drive.run(world, stages, TICKS) for failure in done.failures]
    for stage in stages.values():
        for npc_id in world.script.people_ids:
            stage.shown(npc_id, world.world_time, world.flags)
    assert drive.state_hash(world, stages) == drive.state_hash_in_full(world, stages)
    body = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    again, restaged = restore(world_of, body)
    for _ in drive.run(again, restaged, 2):
        """Made."""
    for _ in drive.run(world, stages, 2):
        """Made."""
    assert drive.state_hash(world, stages) == drive.state_hash(again, restaged)
    return world, stages, errors


def tower(levels: int) -> list[Any]:
    found: list[Any] = []
    for _ in range(levels):
        found = [found]
    return found


def doubling(levels: int) -> list[Any]:
    """As long as 2 ** levels when it is written out."""
    found: list[Any] = [1]
    for _ in range(levels):
        found = [found, found]
    return found


def ring() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


class Odd(str):
    """A text that fails wherever it is compared."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("no comparison")

    __hash__ = str.__hash__


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


class Hard(BaseException):
    """Not an Exception, so that careless code lets it through."""


BAD_EFFECTS = {
    "a component that is a list": (put("npc:1", "bad", [1]), "a component is an object, not a list"),
    "a relationship without an axis": (change_stat("npc:1", "relationships.npc:0", 1), "is no number"),
    "a relationship to nobody": (
        change_stat("npc:1", "relationships.npc:99.trust", 1),
        "is nobody of this world",
    ),
    "an axis nobody has": (change_stat("npc:1", "core.love", 1), "core.love is no number of this world"),
    "what interactions keep": (change_stat("npc:1", "interactions.lastUsedAt", 1), "is no number"),
    "another's component": (change_stat("npc:1", "plugin:other.n", 1), "is no number of this world"),
    "half a letter in an axis": (change_stat("npc:1", "core.\ud800", 1), "a text of whole letters"),
    "half a letter in a key": (set_flag("\ud800", 1), "is no key of a flag"),
    "U+0000 in a key": (set_flag("a\0", 1), "is no key of a flag"),
    "U+0000 in a value": (set_flag("a", "\0"), "the letter U[+]0000"),
    "a number no double holds": (set_flag("a", 10**400), "hundreds of digits"),
    "an object with a number for a key": (set_flag("a", {1: 2}), "1 is no key of an object"),
    "a key that is long inside": (set_flag("a", {"b" * 199: 1}), "1 to 200 characters"),
    "65 lists in one another": (set_flag("a", tower(65)), "nested too deep, at most 64 levels"),
    "thousands of lists": (set_flag("a", tower(5000)), "nested too deep"),
    "a list that holds itself": (set_flag("a", ring()), "nested too deep"),
    "a list that doubles": (set_flag("a", doubling(60)), "more than 65536 parts"),
    "a truth for a number": (change_stat("npc:1", "core.affinity", True), "True cannot be added"),
    "half of a whole one": (change_stat("npc:1", "purse.gold", 0.5), "0.5 cannot be added to purse.gold"),
    "no room between bounds": (
        change_stat("npc:1", "core.affinity", 1, 90, 10),
        "is never between 90 and 10",
    ),
    "bounds below the scale": (
        change_stat("npc:1", "behavior.energy", 1, -10, -5),
        "never between -10 and -5",
    ),
    "a person by a list": (put([], "bad", {}), "is no id of a person"),
    "a place by a list": (place("npc:1", []), "is no id of a location"),
}


@pytest.mark.parametrize("name", BAD_EFFECTS)
def test_an_effect_that_would_break_the_world_is_a_failure_and_changes_nothing(name: str) -> None:
    effect, said = BAD_EFFECTS[name]
    world, _ = create(definition())
    with pytest.raises((TypeError, ValueError), match=said):
        sound(world.script, "bad", [set_flag("before", 1), effect], 5, world.flags)


def test_a_system_that_answers_nonsense_fails_in_each_tick_and_the_world_goes_on() -> None:
    world, _, errors = lived(definition(lambda view, now, chance: [put("npc:1", "bad", [view])]))
    assert errors == ["TypeError: a component is an object, not a list"] * TICKS
    assert world.script.plugin_state.failures == {"bad": TICKS + 2}


def test_what_is_carried_out_lies_in_the_bounds_of_its_metric() -> None:
    """Gold is a whole number to 1,000 that begins at 7, as its metric says; valence may be below 0."""
    world, _ = create(definition())
    effects = [
        change_stat("npc:1", "purse.gold", 5),
        change_stat("npc:1", "mood.valence", -5),
        change_stat("npc:1", "core.trust", 5, high=500),
        change_stat("npc:1", "relationships.npc:0.trust", 5),
        change_stat("npc:1", "stealth.suspicion", -5),
    ]
    found = [one.write for one in sound(world.script, "bad", effects, 5, {})]
    npc = NpcId("npc:1")
    assert found == [
        StatChange(npc, "purse", ("gold",), 5, 0, 1000, adds=True, start=7),
        StatChange(npc, "behavior", ("moodState", "valence"), -5, -100, 100, adds=True),
        StatChange(npc, "core", ("trust",), 5, 0, 100, adds=True),
        StatChange(npc, "relationships", ("npc:0", "trust"), 5, 0, 100, adds=True, start=50),
        StatChange(npc, "stealth", ("suspicion",), -5, -100, 100, adds=True),
    ]


def test_its_own_component_is_put_and_taken_away() -> None:
    def turns(view: Any, now: int, chance: Any) -> Any:
        return [put("npc:1", "bad", {"on": True} if view.tick < TICKS else None)]

    world, stages = create(definition(turns))
    there = []
    for _ in drive.run(world, stages, TICKS):
        views = [stage.view(NpcId("npc:1"), world.world_time, world.flags) for stage in stages.values()]
        there += ["plugin:bad" in view["components"] for view in views if view is not None]
    assert there == [True] * (TICKS - 1) + [False]


def test_an_object_as_a_flag_becomes_one_flag_a_value() -> None:
    world, _, _ = lived(
        definition(lambda view, now, chance: [set_flag("sky", {"is": "grey", "wind": {"n": 3}})])
    )
    assert (world.flags["sky.is"], world.flags["sky.wind.n"]) == ("grey", 3)


def test_texts_of_a_class_of_its_own_become_plain_texts() -> None:
    world, _, errors = lived(definition(lambda view, now, chance: [set_flag(Odd("k"), Odd("v"))]))
    assert errors == []
    assert {type(key) for key in world.flags} == {str}
    assert world.flags["k"] == "v"


# -- what it is shown


def changes_a_list(view: Any, now: int, chance: Any) -> Any:
    view.flags["list"].append(9)


def changes_an_object(who: Any, params: Any, now: int, chance: Any) -> bool:
    who.flags["list"][1]["x"] += 1
    return True


def changes_params(who: Any, params: Any, now: int, chance: Any) -> bool:
    params["l"].append(2)
    return True


@pytest.mark.parametrize(
    "found",
    [
        definition(changes_a_list),
        definition(lambda view, now, chance: view.flags.update(x=1)),
        definition(lambda view, now, chance: view.settings("bad")["deep"].append(1)),
        definition(conditions={"c": changes_an_object}),
        definition(conditions={"c": changes_params}),
    ],
)
def test_nothing_that_it_is_shown_can_be_changed(found: WorldDefinition) -> None:
    world, _, errors = lived(found)
    assert world.flags["list"] == [1, {"x": 1}]
    assert world.script.plugin_state.failures["bad"] >= TICKS
    assert {error.partition(":")[0] for error in errors} <= {"AttributeError", "TypeError"}


def test_a_check_gets_a_copy_and_must_answer_a_text() -> None:
    params = {"l": [1]}

    def spoils(name: str, given: Any) -> str:
        given["l"].append(2)
        return ""

    bad = Plugin(id="bad", version="1")
    assert checked(replace(bad, check=spoils), "c", params) == ""
    assert params == {"l": [1]}
    assert checked(replace(bad, check=lambda *_: None), "c", params) == "its check answered None, no text"
    leaves = replace(bad, check=lambda *_: sys.exit(3))
    assert checked(leaves, "c", params) == "its check failed: SystemExit: 3"


# -- what it raises and asks


@pytest.mark.parametrize(
    "error", [Hard("x"), SystemExit(1), GeneratorExit(), MemoryError(), RecursionError()]
)
def test_whatever_it_raises_is_counted_and_said(error: BaseException) -> None:
    def raises(*_: Any) -> bool:
        raise error

    world, _, errors = lived(definition(conditions={"c": raises}))
    assert world.script.plugin_state.failures["bad"] > 0
    assert {one.partition(":")[0] for one in errors} == {type(error).__name__}


def test_an_error_that_cannot_be_shown_or_is_endless_is_told_short() -> None:
    assert said_by(Unprintable()) == "Unprintable, which cannot be shown"
    assert said_by(ValueError("x" * 10_000)) == ("ValueError: " + "x" * 10_000)[:ERROR_CHARS_MAX]
    assert said_by(ValueError("\ud800\0")) == "ValueError: ??"


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        (lambda everybody, now: [[]], "TypeError: wants to see [], no id of a person"),
        (lambda everybody, now: [1], "TypeError: wants to see 1, no id of a person"),
        (lambda everybody, now: itertools.repeat("npc:1"), "ValueError: wants to see more than 100 people"),
        (lambda everybody, now: None, "TypeError: 'NoneType' object is not iterable"),
    ],
)
def test_a_system_that_asks_to_see_nonsense_sees_nobody(looks: Any, said: str) -> None:
    _, _, errors = lived(definition(looks=looks))
    assert errors == [said] * TICKS


@pytest.mark.parametrize("worth", [float("nan"), float("inf"), -1, 10**400, 1_001, "x", None, True])
def test_a_factor_that_is_none_makes_no_difference(worth: Any) -> None:
    plain, strange = (
        lived(definition(factors={"f": lambda *_: 1.0})),
        lived(definition(factors={"f": lambda *_: worth})),
    )
    places = [
        [stage.people["activity"].tolist() for stage in stages.values()] for _, stages, _ in (plain, strange)
    ]
    assert places[0] == places[1]
    assert strange[0].script.plugin_state.failures["bad"] > 0


def test_chance_of_what_differs_from_run_to_run_is_refused() -> None:
    _, _, errors = lived(definition(conditions={"c": lambda who, params, now, chance: chance(object()) < 1}))
    assert all("no whole number and no text" in error for error in errors)
    assert errors


# -- how much


def test_a_world_has_room_for_so_many_flags_and_bytes() -> None:
    """`{"a":1}` is 7 bytes, one less among others; `{"b":"xx"}` 10, and so 9; a removed one is nothing."""
    room, flags = FlagRoom(), {"a": 1}
    assert room.judge(flags, {"b": "xx"}) == ""
    whole = "x" * (WORLD_FLAGS_BYTES_MAX - 1 - 6 - 7)
    assert room.judge(flags, {"b": whole}) == ""
    assert f"would have {WORLD_FLAGS_BYTES_MAX + 1} bytes of flags" in room.judge(flags, {"b": whole + "x"})
    assert room.judge(flags, {"b": whole + "x", "a": None}) == ""


def test_who_has_too_many_flags_already_may_still_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flag_room, "FLAGS_MAX", 1)
    room, flags = FlagRoom(), {"a": 1, "b": 1, "c": 1}
    assert room.judge(flags, {"a": 2}) == ""
    assert room.judge(flags, {"a": None, "d": 1}) == ""
    assert room.judge(flags, {"d": 1}) == "the world would have more than 1 flags"


def test_flags_of_one_tick_stop_at_the_bound_and_those_without_room_are_told() -> None:
    """Each person's call fits alone: 400,000 bytes in seven flags. Two of the six fit into the world."""

    def hoards(who: Any, params: Any, now: int, chance: Any) -> Any:
        return [set_flag(f"{who.id}.{n}", "x" * 57_000) for n in range(7)]

    found = document(PEOPLE)
    found["meta"]["plugins"] = {"bad": {}}
    behavior = found["meta"]["behavior"]
    for activity in behavior["activities"].values():
        activity.setdefault("effects", {})["customEffects"] = [{"type": "plugin:bad:e"}]
    plugin = Plugin(id="bad", version="1", effects={"e": hoards})
    world, stages = create(parse_world(found, "village.json", Plugins({"bad": plugin})))
    (done,) = drive.run(world, stages, 1)
    assert done.npc_ticks == PEOPLE
    kept = [key for key in world.flags if key.startswith("npc:")]
    assert len(kept) == WORLD_FLAGS_BYTES_MAX // 57_000
    told = [failure for failure in done.failures if failure.rule.startswith("flag npc:")]
    assert len(told) == 7 * PEOPLE - len(kept)
    assert "bytes of flags, at most 1048576" in told[0].error


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": 1}, "version is 1, a text that is not empty"),
        ({"conditions": {"c": 5}}, "condition c is no function"),
        ({"systems": (WorldSystem("s", every=float("inf"), run=nothing),)}, "every inf or budget 64"),
        ({"systems": (WorldSystem("s", every=EVERY_MAX * 2, run=nothing),)}, "or budget 64 is out of range"),
        ({"systems": (WorldSystem("s", every=1, run=nothing),) * 2}, "two systems have one name: s, s"),
        ({"systems": (WorldSystem("s", every=1, run=5),)}, "system s is no function"),
        ({"failures_max": 2.5}, "failures_max is 2.5"),
    ],
)
def test_a_plug_in_that_no_world_could_run_says_so_when_it_loads(change: Any, problem: str) -> None:
    assert problem in replace(Plugin(id="bad", version="1"), **change).problem()
