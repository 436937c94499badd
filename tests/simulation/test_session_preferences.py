"""What players' sessions say of people's preferences: over everything else, by scene and then by id."""

from __future__ import annotations

import json
from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crowd import decided_together_and_alone
from simulation import asking, drive
from simulation.definitions import WorldFileInvalid, parse_world, update_payload
from simulation.inputs import Input, Outcome
from simulation.likings import HEARD_MAX, Likings
from simulation.opening import Stages, create
from simulation.reasoning import Reasons
from simulation.sessions import Session
from simulation.snapshot import encode, parts_of, restore
from simulation.units import InputKind, Micros, NpcId, SessionId, Tier
from simulation.world import World
from village import document as village

HOUR = 3_600_000_000


def document(*sessions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Two people whose routine offers the social activity `talk`; of `p` their component says 0.5, the file
    0.4, the routine 0.1 of everything."""
    node = {"preferredActivities": [{"activityId": "talk", "weight": 1}]}
    liked = {"activityWeights": {"talk": 0.1}, "categoryWeights": {"social": 0.1}}
    own = {"behavior": {"preferences": {"activityWeights": {"talk": 0.5}}}}
    theirs = {"routineId": "r", "preferences": {"activityWeights": {"talk": 0.4}}}
    return {
        "id": "w",
        "sessions": list(sessions),
        "meta": {
            "simulation": {"generation": {"mode": "off"}},
            "behavior": {
                "activities": {"talk": {"category": "social"}},
                "routines": {"r": {"nodes": [node], "defaultPreferences": liked}},
            },
            **more,
        },
        "npcs": [
            {"id": "p", "personality": theirs, "components": own},
            {"id": "q", "personality": {"routineId": "r"}},
        ],
    }


def saying(name: str, *, scene: bool = False, npc: str = "p", **preferences: Any) -> dict[str, Any]:
    """A session that says so of somebody; with a scene in which they play."""
    place = {"sceneId": "tavern", "cast": [npc]} if scene else {"sceneId": "tavern"}
    return {"id": name, **place, "npcs": {npc: {"behavior": {"preferences": preferences}}}}


def opened(*sessions: dict[str, Any], **more: Any) -> tuple[World, Stages]:
    return create(parse_world(document(*sessions, **more), "w.json"))


def why(stages: Stages, npc: str = "p") -> Reasons:
    for stage in stages.values():
        if (found := stage.why(NpcId(npc), Micros(0), {})) is not None:
            return found
    raise AssertionError(f"{npc} is on no stage")


def liking(stages: Stages, npc: str = "p") -> tuple[float, float]:
    """(activityPreference, categoryPreference) of talking: the first counts x 1, the second x 0.8."""
    factors = why(stages, npc).candidates[0].factors
    return factors["activityPreference"], factors["categoryPreference"]


def send(world: World, stages: Stages, kind: InputKind, **payload: Any) -> Outcome:
    assert world.deliver([Input(world.next_seq, kind, payload)])
    (outcome,) = drive.boundary(world, stages)
    return outcome


def restored(world: World, stages: Stages, found: dict[str, Any]) -> tuple[World, Stages]:
    body = encode(parts_of(world, {tier: stage.export() for tier, stage in stages.items()}))
    return restore(parse_world(found, "w.json"), body)


# -- whose word counts


def test_a_session_counts_before_the_component_and_leaves_what_it_does_not_name() -> None:
    """0.8 of talking over the component's 0.5; of the category only the routine speaks: 0.1 x 0.8."""
    _, stages = opened(saying("s", activityWeights={"talk": 0.8}))
    assert liking(stages) == (pytest.approx(0.8), pytest.approx(0.08))
    assert liking(stages, "q") == (pytest.approx(0.1), pytest.approx(0.08))


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_several_sessions_the_scene_counts_first_then_the_id_key_by_key(order: tuple[int, ...]) -> None:
    """`c` plays a scene with p and says 0.9 of talking. Of the category `a` says 1.0 before `b`'s 0.3:
    1.0 x 0.8. Whoever came first makes no difference."""
    said = [
        saying("a", activityWeights={"talk": 0.2}, categoryWeights={"social": 1.0}),
        saying("b", activityWeights={"talk": 0.3}, categoryWeights={"social": 0.3}),
        saying("c", scene=True, activityWeights={"talk": 0.9}),
    ]
    world, stages = opened()
    for n in order:
        assert send(world, stages, InputKind.SESSION_JOIN, session=said[n]).applied
    assert liking(stages) == (pytest.approx(0.9), pytest.approx(0.8))
    assert why(stages).to_json()["preferencesOf"] == ["c", "a", "b"]


def test_a_scene_that_is_over_and_a_player_who_leaves_give_the_word_back() -> None:
    first, second = saying("a", activityWeights={"talk": 0.2}), saying("b", activityWeights={"talk": 0.9})
    world, stages = opened(first, second)
    assert liking(stages)[0] == pytest.approx(0.2)
    send(world, stages, InputKind.SESSION_UPDATE, sessionId="b", cast=["p"])
    assert liking(stages)[0] == pytest.approx(0.9)
    send(world, stages, InputKind.SESSION_UPDATE, sessionId="b", sceneId=None)
    assert liking(stages)[0] == pytest.approx(0.2)
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="a")
    assert liking(stages)[0] == pytest.approx(0.9)
    send(world, stages, InputKind.SESSION_LEAVE, sessionId="b")
    assert liking(stages)[0] == pytest.approx(0.5)
    assert "preferencesOf" not in why(stages).to_json()


def test_the_component_changes_below_a_session_and_counts_when_it_is_gone() -> None:
    world, stages = opened(saying("s", activityWeights={"talk": 0.8}))
    change = {"npcId": "p", "component": "behavior", "op": "update"}
    send(world, stages, InputKind.PERSON, **change, value={"preferences": {"categoryWeights": {"social": 1}}})
    assert liking(stages) == (pytest.approx(0.8), pytest.approx(0.8))
    personal = {**change, "sessionId": "s", "value": {"preferences": None}}
    assert send(world, stages, InputKind.PERSON, **personal).applied
    assert liking(stages) == (pytest.approx(0.4), pytest.approx(0.8))


def test_what_an_interaction_brings_about_counts_from_then_on() -> None:
    charm = {
        "component": "behavior",
        "op": "update",
        "value": {"preferences": {"activityWeights": {"talk": 1}}},
    }
    interactions = {"charm": {"outcome": {"components": [charm]}}}
    world, stages = opened({"id": "s"}, interactions=interactions)
    done = send(world, stages, InputKind.INTERACT, sessionId="s", npcId="p", interactionId="charm")
    assert done.applied
    assert liking(stages)[0] == pytest.approx(1.0)


# -- what it costs, and what it survives


def session(name: str, **of: float) -> Session:
    npcs = {
        NpcId(npc): {"behavior": {"preferences": {"activityWeights": {"talk": value}}}}
        for npc, value in of.items()
    }
    return Session(SessionId(name), npcs=npcs)


def test_a_change_is_told_of_those_it_names_alone() -> None:
    likings = Likings({"talk": 0})
    for n in range(100):
        one = session(f"s{n:02}", **{f"npc{n}": 0.5, f"npc{n + 1}": 0.5})
        likings.on_session(one.id, one)
    assert len(likings.take()) == 101
    same = session("s07", npc7=0.5, npc8=0.5)
    likings.on_session(same.id, same.changed(flags={"a": 1}))
    assert likings.take() == ()
    other = session("s07", npc7=0.6, npc8=0.5)
    likings.on_session(other.id, other)
    (told,) = likings.take()
    assert (told.npc_id, told.sessions) == ("npc7", ("s07", "s06")[::-1])
    likings.on_session(other.id, None)
    assert [one.npc_id for one in likings.take()] == ["npc7", "npc8"]


def test_one_person_heeds_a_bounded_number_of_players() -> None:
    likings = Likings({"talk": 0})
    for n in reversed(range(HEARD_MAX + 10)):
        one = session(f"s{n:03}", npc=n / 100)
        likings.on_session(one.id, one)
    (told,) = likings.take()
    assert told.sessions == tuple(f"s{n:03}" for n in range(HEARD_MAX))
    assert told.preferences.activity_weights == {"talk": 0.0}


def test_what_players_say_survives_a_recovery_and_a_move_to_another_tier() -> None:
    found = document()
    world, stages = create(parse_world(found, "w.json"))
    send(world, stages, InputKind.SESSION_JOIN, session=saying("s", activityWeights={"talk": 0.8}))
    before = drive.state_hash(world, stages)
    again, staged = restored(world, stages, found)
    assert liking(staged) == liking(stages) == (pytest.approx(0.8), pytest.approx(0.08))
    assert drive.state_hash(again, staged) == before
    changes = {"tiers.detailed.maxNpcs": 0}
    assert send(again, staged, InputKind.CONFIG, changes=changes).applied
    assert staged[Tier.DETAILED].count == 0
    assert liking(staged) == (pytest.approx(0.8), pytest.approx(0.08))
    assert liking(staged, "q") == (pytest.approx(0.1), pytest.approx(0.08))


def test_nobody_gets_the_preferences_of_another_however_players_change_their_minds() -> None:
    """One falls silent about p, then one says something else of q, then somebody speaks of r: three people
    whose word is their own."""
    found = document()
    found["npcs"].append({"id": "r", "personality": {"routineId": "r"}})
    world, stages = create(parse_world(found, "w.json"))

    def say(npc: str, weight: float | None) -> None:
        liked = None if weight is None else {"activityWeights": {"talk": weight}}
        value = {"preferences": liked}
        payload = {"npcId": npc, "component": "behavior", "op": "update", "sessionId": "s", "value": value}
        assert send(world, stages, InputKind.PERSON, **payload).applied

    send(world, stages, InputKind.SESSION_JOIN, session={"id": "s"})
    send(
        world,
        stages,
        InputKind.PERSON,
        npcId="p",
        component="behavior",
        op="update",
        value={"preferences": None},
    )
    for npc, weight in (("p", 0.6), ("q", 0.7), ("p", None), ("q", 0.8), ("r", 0.9)):
        say(npc, weight)
    assert liking(stages, "q")[0] == pytest.approx(0.8)
    assert liking(stages, "r")[0] == pytest.approx(0.9)
    assert liking(stages, "p")[0] == pytest.approx(0.4)


def test_it_holds_in_another_definition_of_the_world() -> None:
    """The file now says 0.9 of the category, which the session says nothing of: 0.9 x 0.8."""
    world, stages = opened(saying("s", activityWeights={"talk": 0.8}))
    found = document()
    found["npcs"][0]["personality"]["preferences"]["categoryWeights"] = {"social": 0.9}
    new = parse_world(found, "w.json")
    payload = update_payload(json.dumps(found), new)
    assert send(world, stages, InputKind.WORLD_UPDATE, **payload).applied
    assert liking(stages) == (pytest.approx(0.8), pytest.approx(0.72))


def test_a_file_is_asked_with_its_sessions() -> None:
    definition = parse_world(document(saying("s", activityWeights={"talk": 0.8})), "w.json")
    found = asking.why(definition, NpcId("p"))
    assert found.candidates[0].factors["activityPreference"] == pytest.approx(0.8)
    assert found.sessions == ("s",)


# -- what cannot be meant


def test_preferences_that_make_no_sense_are_refused_with_their_place() -> None:
    wrong = saying("s", activityWeights={"talc": 1})
    with pytest.raises(WorldFileInvalid) as refusal:
        opened(wrong)
    where = "npcs.p.behavior.preferences.activityWeights.talc"
    assert f"sessions[0].{where}" in str(refusal.value)
    assert "did you mean 'talk'?" in str(refusal.value)
    world, stages = opened()
    outcome = send(world, stages, InputKind.SESSION_JOIN, session=wrong)
    assert not outcome.applied
    assert f"$.session.{where}" in str(outcome.detail)


def test_an_outcome_that_brings_about_nonsense_is_refused_with_its_place() -> None:
    charm = {"component": "behavior", "value": {"preferences": {"activityWeights": {"talk": 2}}}}
    with pytest.raises(WorldFileInvalid) as refusal:
        opened(interactions={"charm": {"outcome": {"components": [charm]}}})
    assert "components[0].value.preferences.activityWeights.talk" in str(refusal.value)


def test_nonsense_that_came_about_while_the_world_ran_does_not_count() -> None:
    likings = Likings({"talk": 0})
    for value in ("much", {"activityWeights": {"talk": 2}}, {"activityWeights": {"gone": 1}}, {}):
        one = Session(SessionId("s"), npcs={NpcId("p"): {"behavior": {"preferences": value}}})
        likings.on_session(one.id, one)
        assert likings.take() == ()


# -- the same bits


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    hour=st.integers(6, 60),
    liked=st.lists(
        st.tuples(
            st.integers(0, 11),
            st.booleans(),
            st.dictionaries(st.sampled_from(["farm", "drink", "brood", "rest"]), st.floats(0, 1)),
        ),
        max_size=10,
    ),
)
def test_a_crowd_decides_what_each_would_alone_whatever_players_say(seed, hour, liked) -> None:
    """Compiled and plain, before and after a recovery."""
    found = deepcopy(village(12))
    found["meta"]["simulation"]["seed"] = seed
    found["sessions"] = [
        {
            "id": f"s{n}",
            "sceneId": "scene",
            "cast": [f"npc:{npc}"] if together else [],
            "npcs": {f"npc:{npc}": {"behavior": {"preferences": {"activityWeights": weights}}}},
        }
        for n, (npc, together, weights) in enumerate(liked)
    ]
    world, stages = create(parse_world(found, "village.json"))
    _, again = restored(world, stages, found)
    now = Micros(hour * HOUR)
    assert decided_together_and_alone(again, now) == decided_together_and_alone(stages, now)
