"""People of a running service: their components and metrics, for everybody and for one player."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import Cli

pytestmark = pytest.mark.world

Start = Callable[..., Any]

INN: dict[str, Any] = {
    "id": "inn",
    "name": "Inn",
    "meta": {
        "simulation": {"seed": 3, "mode": "turn_based", "generation": {"mode": "off"}},
        "metrics": {
            "mine": {"stance": {"type": "enum", "values": ["open", "wary"], "component": "plugin:g"}}
        },
        "behavior": {
            "activities": {"talk": {"category": "social"}},
            "routines": {"r": {"nodes": [{"preferredActivities": [{"activityId": "talk", "weight": 1}]}]}},
        },
    },
    "npcs": [
        {
            "id": "bo",
            "name": "Bo",
            "personality": {"routineId": "r"},
            "components": {"core": {"affinity": 40}},
        }
    ],
    "sessions": [{"id": "s1", "userId": "ann"}],
}


TIE_TO_CY = "relationships.npc:cy.trust"


@pytest.fixture
def cli(start: Start, tmp_path: Path) -> Cli:
    """A running inn and the commands that reach it."""
    file = tmp_path / "inn.json"
    file.write_text(json.dumps(INN))
    service = start("run", file)
    found = Cli(tmp_path / "data")
    found.wait_for(service)
    return found


def test_components_and_metrics_are_read_and_changed_from_another_terminal(cli: Cli) -> None:
    assert cli("npc", "component", "get", "inn", "bo", "core") == {"affinity": 40}
    cli("npc", "metric", "add", "inn", "bo", "core.affinity", "--session", "s1", 7)
    assert cli("npc", "metric", "get", "inn", "bo", "core.affinity", "--session", "s1") == 47
    assert cli("npc", "metric", "get", "inn", "bo", "core.affinity") == 40
    assert cli("npc", "component", "list", "inn", "bo", "--session", "s1") == ["core"]
    done = cli("npc", "metric", "set", "inn", "bo", "behavior.energy", 120)
    assert done["detail"]["after"] == 100
    cli("npc", "component", "set", "inn", "bo", "quests", '{"activeQuests": ["lamp"], "x": 1}')
    cli("npc", "component", "update", "inn", "bo", "quests", '{"x": null}')
    assert cli("npc", "component", "get", "inn", "bo", "quests") == {"activeQuests": ["lamp"]}
    cli("npc", "component", "remove", "inn", "bo", "quests")
    assert "quests" not in cli("npc", "component", "list", "inn", "bo")
    again = cli("npc", "component", "remove", "inn", "bo", "quests")["detail"]
    assert again["changed"] is False
    assert cli("npc", "metric", "get", "inn", "bo", "relationships.npc:bo.trust") == 50
    assert "no person or role 'cy'" in cli("npc", "metric", "get", "inn", "bo", TIE_TO_CY, status=1)
    refused = cli("npc", "metric", "set", "inn", "bo", "mine.stance", "angry", status=1)
    assert "allowed: open, wary" in refused
    refused = cli("npc", "component", "set", "inn", "bo", "core", '{"trust": 101}', status=1)
    assert "$.value.trust: is 101" in refused
    assert "no session s9 is in inn" in cli("npc", "metric", "get", "inn", "bo", "--session", "s9", status=1)


def test_what_a_player_says_a_person_prefers_counts_at_once(cli: Cli) -> None:
    said = '{"preferences": {"activityWeights": {"talk": 0.9}}}'
    cli("npc", "component", "update", "inn", "bo", "behavior", "--session", "s1", said)
    why = cli("npc", "why", "inn", "bo")
    assert why["candidates"][0]["factors"]["activityPreference"] == 0.9
    assert why["preferencesOf"] == ["s1"]
    cli("session", "leave", "inn", "s1")
    why = cli("npc", "why", "inn", "bo")
    assert why["candidates"][0]["factors"]["activityPreference"] == 0.5
    assert "preferencesOf" not in why


def test_people_are_listed_and_who_is_not_there_is_named(cli: Cli) -> None:
    listed = cli("npc", "list", "inn")
    assert [one["id"] for one in listed["people"]] == ["bo"]
    assert (listed["count"], listed["next"]) == (1, None)
    assert cli("npc", "list", "inn", "--tier", "dormant")["people"] == []
    assert "no location 'bar'" in cli("npc", "list", "inn", "--location", "bar", status=1)
    assert "did you mean 'bo'" in cli("npc", "show", "inn", "boo", status=1)
    assert "no person 'boo'" in cli("chain", "list", "inn", "s1", "boo", status=1)
