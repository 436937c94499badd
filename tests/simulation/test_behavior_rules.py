"""What the specification says of behaviour, with its numbers: moods, places, hours, what was done last."""

from __future__ import annotations

from typing import Any

import pytest

from simulation import asking, drive
from simulation.definitions import WorldFileInvalid, parse_world
from simulation.kernels import mood_of
from simulation.moods import names_of, tags_of
from simulation.opening import create
from simulation.units import Micros, NpcId

HOUR = 3_600


@pytest.mark.parametrize(
    ("valence", "arousal", "tags"),
    [
        (0, 30, ["neutral"]),
        (0, 31, ["energetic"]),
        (-1, 31, ["tense"]),
        (0, -31, ["calm"]),
        (-1, -31, ["tired"]),
        (50, 0, ["neutral"]),
        (51, 0, ["happy"]),
        (-51, 0, ["sad"]),
        (31, 31, ["energetic", "excited"]),
        (-31, 31, ["anxious", "tense"]),
        (60, 40, ["energetic", "excited", "happy"]),
        (0, -30, ["neutral"]),
        (-50, 0, ["neutral"]),
        (31, 30, ["neutral"]),
        (30, 31, ["energetic"]),
        (-30, 31, ["tense"]),
        (-31, 30, ["neutral"]),
        (-60, -40, ["sad", "tired"]),
        (100, -100, ["calm", "happy"]),
        (30.000001, 30.000001, ["energetic", "excited"]),
    ],
)
def test_mood_tags_begin_beyond_their_bounds(valence: float, arousal: float, tags: list[str]) -> None:
    mask = tags_of(valence, arousal)
    assert sorted(names_of(mask)) == tags
    assert mood_of(float(valence), float(arousal)) == mask, "as for a crowd"


def inn(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Ada, who may drink where a tavern is, at home in `b`; taverns are `z` and `c`."""
    drink = {"category": "social", "requirements": {"locationTypes": ["tavern"]}}
    offered = [{"preferredActivities": [{"activityId": "drink", "weight": 1}]}]
    places = [("z", "tavern"), ("b", "house"), ("c", "tavern")]
    return {
        "id": "inn",
        "locations": [{"id": name, "type": kind} for name, kind in places],
        "meta": {
            "simulation": {"generation": {"mode": "off"}},
            "behavior": {
                "activities": {"drink": drink, "nap": {"category": "rest"}},
                "routines": {"r": {"nodes": list(nodes) or offered}},
            },
        },
        "npcs": [{"id": "ada", "personality": {"routineId": "r", "home": "b"}}],
        **more,
    }


def after_a_tick(document: dict[str, Any]) -> dict[str, Any]:
    """Ada's behaviour once she decided."""
    world, stages = create(parse_world(document))
    drive.tick(world, stages)
    (view,) = [one for stage in stages.values() if (one := stage.view(NpcId("ada"), world.world_time, {}))]
    found: dict[str, Any] = view["components"]["behavior"]
    return found


@pytest.mark.parametrize(
    ("at", "home", "goes"),
    [("z", "c", "z"), ("b", "z", "z"), ("b", "b", "c"), (None, "b", "c")],
)
def test_an_activity_happens_where_they_are_else_at_home_else_at_the_first_by_id(
    at: str | None, home: str, goes: str
) -> None:
    document = inn()
    document["npcs"][0]["personality"]["home"] = home
    if at is not None:
        document["npcs"][0]["components"] = {"behavior": {"locationId": at}}
    assert after_a_tick(document)["locationId"] == goes


def test_a_world_without_locations_has_no_places_to_ask_about() -> None:
    document = inn(locations=[])
    del document["npcs"][0]["personality"]["home"]
    found = after_a_tick(document)
    assert (found["currentActivityId"], found["locationId"]) == ("drink", None)


def test_with_nothing_to_do_they_look_again_after_the_interval_of_their_tier() -> None:
    """Of the detailed 60 s: decided in the tick that ends at 60 s, so due again at 120 s."""
    nothing = {"nodeType": "decision", "decisionConditions": [{"type": "flag_exists", "key": "never"}]}
    found = after_a_tick(inn(nothing))
    assert (found["currentActivityId"], found["nextDecisionAt"]) == (None, 120)


@pytest.mark.parametrize(
    ("start", "end", "hour", "open_"),
    [(8, 12, 8, True), (8, 12, 12, False), (22, 6, 23, True), (22, 6, 5, True), (22, 6, 6, False)],
)
def test_a_time_slot_holds_from_its_start_to_before_its_end(
    start: int, end: int, hour: int, open_: bool
) -> None:
    slot = {
        "id": "slot",
        "nodeType": "time_slot",
        "timeRangeSeconds": {"start": start * HOUR, "end": end * HOUR},
        "preferredActivities": [{"activityId": "nap", "weight": 1}],
    }
    found = asking.why(parse_world(inn(slot)), NpcId("ada"), Micros(hour * HOUR * 1_000_000))
    assert found.node == ("slot" if open_ else None)


def test_the_place_of_a_person_may_be_asked_about() -> None:
    at_home = {"type": "location_type_in", "locationTypes": ["house"]}
    node = {"id": "n", "nodeType": "decision", "decisionConditions": [at_home]}
    document = inn(node)
    assert asking.why(parse_world(document), NpcId("ada")).node == "n"
    document["npcs"][0]["components"] = {"behavior": {"locationId": "z"}}
    assert asking.why(parse_world(document), NpcId("ada")).node is None


def test_the_last_ten_activities_are_kept_the_newest_first() -> None:
    document = inn({"preferredActivities": [{"activityId": "nap", "weight": 1}]})
    world, stages = create(parse_world(document))
    list(drive.run(world, stages, 13))
    (view,) = [one for stage in stages.values() if (one := stage.view(NpcId("ada"), world.world_time, {}))]
    ended = [one["endedAtSeconds"] for one in view["components"]["behavior"]["lastActivities"]]
    assert ended == [60 * n for n in range(13, 3, -1)]


def test_a_recent_activity_with_a_key_that_would_be_lost_is_refused() -> None:
    recent = [{"activityId": "nap", "endedAtSeconds": 1, "endedAtSecond": 2}]
    document = inn()
    document["npcs"][0]["components"] = {"behavior": {"lastActivities": recent}}
    with pytest.raises(WorldFileInvalid) as refusal:
        parse_world(document)
    assert "lastActivities[0].endedAtSecond: no key" in str(refusal.value)


def test_ids_in_lists_may_be_whole_numbers_too() -> None:
    """As everywhere: 7 is the text "7"."""
    document = inn(locations=[])
    del document["npcs"][0]["personality"]["home"]
    document["npcs"].append({"id": 7})
    meta = document["meta"]
    meta["behavior"]["activities"]["drink"]["requirements"] = {"requiredNpcRolesOrIds": [7]}
    meta["chains"] = {"c": {"npcs": [7], "steps": [{"id": "s"}]}}
    meta["simulation"]["rules"] = [{"when": {"type": "flag", "key": "f", "npcs": [7]}, "tier": "active"}]
    document["sessions"] = [{"id": 1, "sceneId": "stage", "cast": [7]}]
    found = parse_world(document)
    assert found.warnings == ()
    assert (found.chains["c"].npcs, found.sessions[0].cast) == (("7",), ("7",))
    assert asking.why(found, NpcId("ada")).chosen == "drink"
    meta["behavior"]["activities"]["drink"]["requirements"] = {"requiredNpcRolesOrIds": [True]}
    with pytest.raises(
        WorldFileInvalid, match=r"requiredNpcRolesOrIds: is \[True\]; allowed: a list of at most"
    ):
        parse_world(document)
