"""`theatrum why` answers for a file, in one shape for machines and a table for people."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., tuple[int, str, str]]

INN: dict[str, Any] = {
    "id": "inn",
    "worldTime": 21_600,
    "meta": {
        "behavior": {
            "activities": {
                "sweep": {"category": "work"},
                "nap": {"category": "rest", "requirements": {"timeOfDay": ["night"]}},
            },
            "routines": {
                "keeper": {
                    "nodes": [
                        {
                            "id": "all-day",
                            "nodeType": "activity",
                            "preferredActivities": [
                                {"activityId": "sweep", "weight": 2},
                                {"activityId": "nap", "weight": 1},
                            ],
                        }
                    ]
                },
                "broken": {
                    "nodes": [
                        {
                            "nodeType": "decision",
                            "decisionConditions": [{"type": "expression", "expression": "1 / energy > 0"}],
                        }
                    ]
                },
            },
        }
    },
    "npcs": [
        {
            "id": "ada",
            "personality": {
                "routineId": "keeper",
                "preferences": {"categoryWeights": {"work": 0.9}, "activityWeights": {"sweep": 0.5}},
            },
        },
        {
            "id": "bo",
            "personality": {"routineId": "broken"},
            "components": {"behavior": {"energy": 0}},
        },
    ],
}


@pytest.fixture
def inn(tmp_path: Path) -> Path:
    file = tmp_path / "inn.json"
    file.write_text(json.dumps(INN))
    return file


def test_machines_get_exactly_the_reasons(cli: Cli, inn: Path) -> None:
    """2 x (0.5 x 1.0) x (0.9 x 0.8) = 0.72, at six in the morning."""
    status, out, err = cli("why", inn, "ada", "--json")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert list(found) == ["node", "candidates", "excluded", "draw", "chosen"]
    (sweep,) = found["candidates"]
    assert sweep["score"] == pytest.approx(0.72)
    assert sweep["factors"] == pytest.approx(
        {
            "weight": 2,
            "activityPreference": 0.5,
            "categoryPreference": 0.72,
            "traitModifier": 1,
            "moodCompatibility": 1,
            "relationshipBonus": 1,
            "urgency": 1,
            "inertia": 1,
        }
    )
    assert found["excluded"] == [{"activityId": "nap", "reason": "only at night"}]
    assert (found["node"], found["chosen"]) == ("all-day", "sweep")
    assert 0 <= found["draw"] < 1


def test_at_another_time_others_are_candidates(cli: Cli, inn: Path) -> None:
    """At 23:00 a nap is one too: 1 x 0.5 x 0.4 = 0.2."""
    _, out, _ = cli("why", inn, "ada", "--at", 82_800, "--json")
    found = json.loads(out)
    assert [one["score"] for one in found["candidates"]] == pytest.approx([0.72, 0.2])
    assert found["excluded"] == []


@pytest.mark.parametrize("at", ["82800", "23:00", "day 0 23:00", "day 0, 23:00:00"])
def test_a_time_may_be_said_as_people_say_it(cli: Cli, inn: Path, at: str) -> None:
    _, expected, _ = cli("why", inn, "ada", "--at", 82_800, "--json")
    assert cli("why", inn, "ada", "--at", at, "--json") == (0, expected, "")


def test_people_get_a_table(cli: Cli, inn: Path) -> None:
    status, out, _ = cli("why", inn, "ada")
    first, heads, _, row, note, out_of_it = out.splitlines()
    assert status == 0
    assert first.startswith("ada, day 0, Monday, 06:00 (dawn): node all-day, draw ")
    assert heads.split() == ["candidate", "score", "chance", "made", "of"]
    # 2 x 0.5 x (0.9 x 0.8) = 0.72, and every other factor is 1
    assert row.split(maxsplit=3) == ["sweep", "0.72", "100.0%", "weight 2 x activity 0.5 x category 0.72"]
    assert note == "factors that are not named are 1"
    assert out_of_it == "not nap: only at night"


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        (("adda",), 2, "no npc 'adda'; allowed: ada, bo; did you mean 'ada'?"),
        (("ada", "--at", "-1"), 2, "--at is -1"),
        (("ada", "--at", "noon"), 2, "game seconds from 0"),
        (("ada", "--at", "24:00"), 2, "`00:00` to `23:59` of the day"),
        (("ada", "--at", "day 999999999999 10:00"), 2, "it may be game seconds, `day 2 00:00`"),
        (("ada", "--at", "0.0000001"), 2, "at most six decimals"),
        (("ada", "--at", "1e13"), 2, "--at is 1e13"),
        (("bo",), 2, "A rule of bo fails: ZeroDivisionError"),
    ],
)
def test_what_cannot_be_answered_says_why(
    cli: Cli, inn: Path, args: tuple[str, ...], status: int, says: str
) -> None:
    found, out, err = cli("why", inn, *args)
    assert (found, out) == (status, "")
    assert says in err


def test_a_bad_file_is_refused_as_by_check(cli: Cli, inn: Path) -> None:
    inn.write_text(json.dumps({**INN, "worldTime": -1}))
    status, _, err = cli("why", inn, "ada")
    assert status == 2
    assert err.startswith(f"{inn}: worldTime: is -1; allowed: ")
