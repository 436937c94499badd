"""Decisions: the score by hand, and the crowd deciding exactly what each person would decide alone."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.deciding import decide
from simulation.definitions import parse_world
from simulation.kernels import roulette, score, settled
from simulation.opening import create
from simulation.person import Scene, person_of
from simulation.population import NONE
from simulation.reasoning import reason, spin
from simulation.stage import Stage
from simulation.units import Micros, Tier

HOUR = 3_600_000_000
MINUTE = Micros(60_000_000)
Document = Callable[..., dict[str, Any]]


def stage_of(document: dict[str, Any], tier: Tier = Tier.DETAILED) -> Stage:
    _, stages = create(parse_world(document, "test.json"))
    return stages[tier]


def scene_at(stage: Stage, now: int, flags: Mapping[str, Any] | None = None) -> Scene:
    return Scene(stage.script, Micros(now), stage.tier, flags or {})


def why(stage: Stage, npc: str, now: int, flags: Mapping[str, Any] | None = None):
    found = stage.why(npc, Micros(now), flags or {})  # type: ignore[arg-type]
    assert found is not None
    return found


def one_activity(**activity: Any) -> dict[str, Any]:
    """A world of one person whose routine offers one social activity with weight 2."""
    return {
        "id": "w",
        "name": "W",
        "meta": {
            "behavior": {
                "activities": {"a": {"id": "a", "name": "A", "category": "social", **activity}},
                "routines": {
                    "r": {
                        "id": "r",
                        "name": "R",
                        "nodes": [
                            {
                                "id": "n",
                                "nodeType": "activity",
                                "preferredActivities": [{"activityId": "a", "weight": 2}],
                            }
                        ],
                    }
                },
            }
        },
        "npcs": [
            {
                "id": "p",
                "name": "P",
                "personality": {
                    "routineId": "r",
                    "preferences": {"activityWeights": {"a": 0.5}, "categoryWeights": {"social": 0.9}},
                },
            }
        ],
    }


def score_of(document: dict[str, Any]) -> tuple[float, dict[str, float]]:
    found = why(stage_of(document), "p", 0)
    return found.candidates[0].score, found.candidates[0].factors


def test_the_worked_example_of_the_specification_scores_072() -> None:
    """weight 2, category preference 0.9, activity preference 0.5: 2 x 0.5 x (0.9 x 0.8) = 0.72."""
    assert score_of(one_activity())[0] == pytest.approx(0.72, abs=1e-15)


@pytest.mark.parametrize(
    ("change", "factor", "value"),
    [
        # extraversion 80: m = 0.5 + 0.8 = 1.3, 1 + 0.3 x 0.6
        ({"traits": {"extraversion": 80}}, "traitModifier", 1.18),
        # valence 60 is happy, which is asked: 1 + 0.5 x 0.7
        ({"mood": {"valence": 60}, "requirements": {"moodTags": ["happy"]}}, "moodCompatibility", 1.35),
        # energy 20 and it restores: 1 + (2 - 1) x 1.2
        ({"energy": 20, "effects": {"energyDeltaPerHour": 5}}, "urgency", 2.2),
        # energy 90 and it consumes: 1 + 0.5 x 1.2
        ({"energy": 90, "effects": {"energyDeltaPerHour": -5}}, "urgency", 1.6),
        # valence -40 and it lifts: 1 + 0.5 x 1.2
        ({"mood": {"valence": -40}, "effects": {"moodImpact": {"valence": 5}}}, "urgency", 1.6),
        # both: m = 2.0 x 1.5 = 3, 1 + 2 x 1.2
        (
            {
                "energy": 20,
                "mood": {"valence": -40},
                "effects": {"energyDeltaPerHour": 5, "moodImpact": {"valence": 5}},
            },
            "urgency",
            3.4,
        ),
        # it continues what just ended: 1 + 1 x 0.3
        ({"current": "a"}, "inertia", 1.3),
        # affinity 80 and an unknown one (50): mean 65, m = 1.15, 1 + 0.15 x 0.5
        (
            {
                "requirements": {"requiredNpcRolesOrIds": ["npc:p", "npc:q"]},
                "relationships": {"npc:p": {"affinity": 80}},
            },
            "relationshipBonus",
            1.075,
        ),
    ],
)
def test_each_factor_is_one_plus_its_excess_times_its_weight(change, factor, value) -> None:
    document = one_activity(**{key: change[key] for key in ("effects", "requirements") if key in change})
    person = document["npcs"][0]
    person["personality"]["preferences"]["traitModifiers"] = change.get("traits", {})
    behavior: dict[str, Any] = {"energy": change.get("energy", 50), "moodState": change.get("mood", {})}
    if "current" in change:
        behavior["currentActivityId"] = change["current"]
    person["components"] = {"behavior": behavior}
    if "relationships" in change:
        person["components"]["relationships"] = change["relationships"]
        document["npcs"].append({"id": "q", "name": "Q", "personality": {"routineId": "r"}})
    assert score_of(document)[1][factor] == pytest.approx(value, abs=1e-15)


def test_an_activity_whose_mood_is_not_there_is_out_and_says_so() -> None:
    found = why(stage_of(one_activity(requirements={"moodTags": ["happy"]})), "p", 0)
    assert found.candidates == ()
    assert found.excluded[0].reason == "mood is neutral, not happy"


@pytest.mark.parametrize(
    ("requirements", "reason"),
    [
        ({"minEnergy": 60}, "energy 50 is below 60"),
        ({"maxEnergy": 40}, "energy 50 is above 40"),
        ({"timeOfDay": ["evening"]}, "only at evening"),
        ({"requiredNpcRolesOrIds": ["role:ghost"]}, "the world has no such place, or nobody it requires"),
    ],
)
def test_every_requirement_is_enforced_and_named(requirements, reason) -> None:
    found = why(stage_of(one_activity(requirements=requirements)), "p", 0)
    assert [excluded.reason for excluded in found.excluded] == [reason]
    assert found.chosen is None


def test_a_cooldown_counts_from_the_end_and_says_what_is_left() -> None:
    document = one_activity(cooldownSeconds=600)
    document["npcs"][0]["components"] = {"behavior": {"lastEndedAt": {"a": 100}}}
    stage = stage_of(document)
    assert why(stage, "p", 400_000_000).excluded[0].reason == "on cooldown for 300 s more"
    assert why(stage, "p", 700_000_000).chosen == "a"


def test_an_activity_never_done_is_not_on_cooldown() -> None:
    assert why(stage_of(one_activity(cooldownSeconds=600)), "p", 0).chosen == "a"


@pytest.mark.parametrize(
    ("draw", "position"), [(0.0, 0), (0.2499, 0), (0.25, 1), (0.7499, 1), (0.75, 2), (0.999, 2)]
)
def test_the_roulette_gives_each_its_share_in_the_candidates_order(draw, position) -> None:
    scores = [1.0, 2.0, 1.0]
    assert spin(scores, draw) == position
    assert roulette(np.array(scores), 3, draw) == position


@pytest.mark.parametrize(("draw", "position"), [(0.0, 0), (0.49, 0), (0.5, 1), (0.9, 1)])
def test_the_roulette_is_uniform_when_every_score_is_zero(draw, position) -> None:
    assert spin([0.0, 0.0], draw) == position
    assert roulette(np.zeros(2), 2, draw) == position


def test_nobody_is_picked_where_nothing_is_open() -> None:
    assert roulette(np.full(3, -1.0), 3, 0.1) == NONE
    assert roulette(np.array([-1.0, 2.0, -1.0]), 3, 0.9) == 1


def decide_at(stage: Stage, scene: Scene, rows: Any) -> Any:
    return decide(scene, stage.people, np.array(rows, dtype=np.int64), MINUTE)


def after(stage: Stage, alone: Any, chosen: str | None) -> dict[str, Any]:
    """What a decision leaves behind, by plain arithmetic."""
    script = stage.script
    act = NONE if chosen is None else script.activity_index[chosen]
    clipped = [
        min(100.0, max(-100.0, mood + float(impact)))
        for mood, impact in ((alone.valence, script.valence[act]), (alone.arousal, script.arousal[act]))
    ]
    return {
        "energy": alone.energy,
        "slots": alone.slots,
        "valence": clipped[0],
        "arousal": clipped[1],
        "settled_at": alone.now,
        "started_at": alone.now,
        "activity": act,
        "due_at": alone.now + max(int(script.min_duration[act]), MINUTE),
    }


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.integers(12 * HOUR, 60 * HOUR), st.booleans(), st.integers(1, 40))
def test_a_crowd_decides_what_each_would_decide_alone(village_document, seed, now, busy, people) -> None:
    """Compiled and plain: settled values, scores, choice and what it leaves behind, the same bits."""
    stage = stage_of(village_document(people, seed=seed, tiers={"detailed": {"maxNpcs": 100}}))
    script, columns = stage.script, stage.people.columns
    flags = {"inn.busy": True} if busy else {}
    for moment in (now, now + 40 * 60_000_000, now + 9 * HOUR):
        scene = scene_at(stage, moment, flags)
        expected = []
        for row in range(people):
            alone = person_of(scene, stage.people, row)
            slots = np.empty(len(script.slot_names), dtype=np.int64)
            who = settled(script.tables, columns, row, moment, slots)
            who = who._replace(entity=np.uint64(who.entity))  # or the first call's size is the type of all
            assert (who.energy, who.valence, who.arousal, who.mood, slots.tolist()) == (
                (alone.energy, alone.valence, alone.arousal, alone.mood, alone.slots)
            )
            reasons = reason(alone, stage.people, row)
            for candidate in reasons.candidates:
                act = script.activity_index[candidate.activity_id]
                base = candidate.factors["weight"]
                worth = score(script.tables, int(columns.profile[row]), act, base, who, slots)
                assert worth == candidate.score
            expected.append(after(stage, alone, reasons.chosen))
        decided = decide_at(stage, scene, range(people))
        assert decided.failures == ()
        assert decided.chosen.tolist() == [person["activity"] for person in expected]
        for row, person in enumerate(expected):
            assert {name: stage.people[name][row].tolist() for name in person} == person


@pytest.mark.parametrize(
    ("behavior", "effects"),
    [
        ({"energy": 30}, {"energyDeltaPerHour": 5}),
        ({"energy": 80}, {"energyDeltaPerHour": -5}),
        ({"moodState": {"valence": -30}}, {"moodImpact": {"valence": 5}}),
    ],
)
def test_at_a_bound_a_crowd_finds_nothing_urgent(behavior, effects) -> None:
    """The worked example, 0.72, and nothing more: bounds of urgency are outside."""
    document = one_activity(effects=effects)
    document["npcs"][0]["components"] = {"behavior": behavior}
    stage = stage_of(document)
    slots = np.empty(0, dtype=np.int64)
    who = settled(stage.script.tables, stage.people.columns, 0, 0, slots)
    who = who._replace(entity=np.uint64(who.entity))
    worth = score(stage.script.tables, int(stage.people["profile"][0]), 0, 2.0, who, slots)
    assert worth == pytest.approx(0.72, abs=1e-15)


def test_batch_size_changes_nothing(village_document) -> None:
    """Everybody at once, and one after another: the same population afterwards, to the bit."""
    hashes = []
    for size in (1, 7, 64):
        stage = stage_of(village_document(64, tiers={"detailed": {"maxNpcs": 100}}))
        for hour in range(12, 30):
            for start in range(0, 64, size):
                decide_at(stage, scene_at(stage, hour * HOUR), range(start, min(start + size, 64)))
        hashes.append(stage.fingerprint_in_full())
    assert len(set(hashes)) == 1
