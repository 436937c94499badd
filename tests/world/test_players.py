"""Players of a running service: they come, move, change and leave, and are there after any accident."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from terminal import Cli

from waiting import until

pytestmark = pytest.mark.world

Start = Callable[..., Any]

INN: dict[str, Any] = {
    "id": "inn",
    "name": "Inn",
    "meta": {
        "simulation": {
            "seed": 3,
            "mode": "turn_based",
            "generation": {"mode": "off"},
            "rules": [{"id": "near", "when": {"type": "same_location"}, "tier": "detailed", "priority": 9}],
        },
    },
    "locations": [{"id": "taproom", "type": "inn"}, {"id": "yard", "type": "outside"}],
    "npcs": [
        {
            "id": name,
            "personality": {"home": home},
            "components": {"behavior": {"simulationTier": "dormant"}},
        }
        for name, home in (("bo", "taproom"), ("cy", "yard"))
    ],
}


def tiers(cli: Cli) -> dict[str, str]:
    return {name: cli("npc", "show", "inn", name)["tier"] for name in ("bo", "cy")}


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "data")


@pytest.fixture
def service(start: Start, tmp_path: Path, cli: Cli) -> Any:
    """A running inn: Bo lives in the taproom and Cy in the yard, both far from anybody's mind."""
    file = tmp_path / "inn.json"
    file.write_text(json.dumps(INN))
    service = start("run", file)
    cli.wait_for(service)
    return service


def test_a_player_pulls_whom_they_visit_and_outlives_the_shard(service: Any, cli: Cli) -> None:
    assert tiers(cli) == {"bo": "dormant", "cy": "dormant"}
    came = cli("session", "join", "inn", "s1", "--user", "ann", "--location", "taproom", "--scene", "supper")
    assert came["detail"] == {"sessionId": "s1", "version": 0}
    assert tiers(cli) == {"bo": "detailed", "cy": "dormant"}
    (victim,) = service.named("th-shard-0")
    victim.kill()
    until(lambda: [p for p in service.named("th-shard-0") if p.pid != victim.pid], "it is back", service)
    (row,) = cli("session", "list", "inn")
    assert row == {
        "id": "s1",
        "userId": "ann",
        "locationId": "taproom",
        "sceneId": "supper",
        "version": 0,
        "inbox": 0,
    }
    assert tiers(cli) == {"bo": "detailed", "cy": "dormant"}
    assert cli("session", "move", "inn", "s1", "--location", "yard")["detail"]["version"] == 1
    assert tiers(cli) == {"bo": "dormant", "cy": "detailed"}
    changed = cli("session", "update", "inn", "s1", "sceneId=null", "flags.met.bo=true", "inventory.lamp=2")
    assert changed["detail"]["version"] == 2
    found = cli("session", "show", "inn", "s1")
    assert (found["sceneId"], found["flags"], found["inventory"]) == (None, {"met.bo": True}, {"lamp": 2})
    left = cli("session", "leave", "inn", "s1", "--expect-version", 2)
    assert left["detail"]["session"]["inventory"] == {"lamp": 2}
    assert cli("session", "list", "inn") == []
    assert tiers(cli) == {"bo": "dormant", "cy": "dormant"}


def test_what_makes_no_sense_is_refused_with_its_path(service: Any, cli: Cli) -> None:
    cli("session", "join", "inn", "s1")
    for command, said in (
        (("join", "inn", "s1"), "session s1 is here already"),
        (("join", "inn", "s2", "--location", "yrad"), "$.session.locationId"),
        (("move", "inn", "s1", "--location", "yrad"), "$.locationId"),
        (("move", "inn", "s9", "--location", "yard"), "$.sessionId is 's9'. Here are: s1"),
        (("update", "inn", "s1", "cast=bo"), "$.cast"),
        (("update", "inn", "s1", "inventory.lamp=-1"), "$.inventory.lamp"),
        (("update", "inn", "s1", 'npcs={"di": {}}'), "$.npcs.di"),
        (("move", "inn", "s1", "--location", "yard", "--expect-version", 4), "$.expectedVersion"),
        (("leave", "inn", "s1", "--expect-version", 4), "$.expectedVersion"),
        (("show", "inn", "s9"), "no session s9 is in inn"),
        (("list", "inm"), "no world 'inm' is here"),
    ):
        assert said in cli("session", *command, status=1)
    assert "key=value" in cli("session", "update", "inn", "s1", "red", status=2)
    assert "colour does not change" in cli("session", "update", "inn", "s1", "colour=red", status=2)
    assert [one["version"] for one in cli("session", "list", "inn")] == [0]
