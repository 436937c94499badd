"""A service in real time, as users meet it: it keeps time, obeys, remembers, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis

from waiting import until

pytestmark = pytest.mark.world

Start = Callable[..., Any]

MIDNIGHT = {
    "id": "inn",
    "name": "Inn",
    "meta": {
        "simulation": {"seed": 3, "tickIntervalSeconds": 0.1},
        "behavior": {
            "activities": {
                "sweep": {
                    "category": "work",
                    "effects": {
                        "energyDeltaPerHour": -5,
                        "customEffects": [
                            {"type": "generate", "params": {"kind": "dialogue", "chance": 0.2}}
                        ],
                    },
                },
                "nap": {"category": "rest", "effects": {"energyDeltaPerHour": 10}},
            },
            "routines": {
                "keeper": {
                    "nodes": [
                        {
                            "nodeType": "activity",
                            "preferredActivities": [
                                {"activityId": "sweep", "weight": 2},
                                {"activityId": "nap", "weight": 1},
                            ],
                        }
                    ]
                }
            },
        },
    },
    "npcs": [
        {"id": name, "name": name.title(), "personality": {"routineId": "keeper"}}
        for name in ("ada", "bo", "cy")
    ],
}


@pytest.fixture
def inn(tmp_path: Path) -> Path:
    """A world of three, ten ticks a second, a request every other tick."""
    file = tmp_path / "inn.json"
    file.write_text(json.dumps(MIDNIGHT))
    return file


def world_file(folder: Path, name: str, **simulation: Any) -> Path:
    document = {**MIDNIGHT, "id": name, "name": name.title()}
    document["meta"] = {**document["meta"], "simulation": {"seed": 1, **simulation}}
    file = folder / f"{name}.json"
    file.write_text(json.dumps(document))
    return file


class Cli:
    """The commands of a second terminal."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def __call__(self, *args: object, status: int = 0) -> Any:
        """What `theatrum ARGS --json` answers; with another `status`, what it says on standard error."""
        command = [sys.executable, "-m", "theatrum", *map(str, args), "--data", str(self.data), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout) if status == 0 else done.stderr

    def world(self, name: str = "inn") -> dict[str, Any]:
        found: dict[str, Any] = next(w for w in self("world", "list") if w["id"] == name)
        return found


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "data")


def opened(service: Any, data: Path) -> None:
    """Until the service is there for commands."""
    door = data / "service.json"

    def is_its_own() -> bool:
        return door.exists() and json.loads(door.read_text())["pid"] == service.process.pid

    until(is_its_own, "the service is up", service)


def test_ticks_come_on_the_second_and_time_is_the_sum_of_the_ticks(start: Start, tmp_path: Path) -> None:
    check_pace(start, tmp_path, seconds=6)


@pytest.mark.acceptance
def test_three_worlds_for_a_minute_are_never_late_nor_over_budget(start: Start, tmp_path: Path) -> None:
    latenesses = check_pace(start, tmp_path, seconds=60)
    latenesses.sort()
    assert latenesses[int(len(latenesses) * 0.99)] < 100


def check_pace(start: Start, tmp_path: Path, seconds: int) -> list[float]:
    """Three worlds for so many seconds; the latenesses of all ticks in milliseconds."""
    files = [world_file(tmp_path, name, maxNpcTicksPerStep=2) for name in ("inn", "mill", "weir")]
    service = start("run", *files, "--for", seconds, "--json", "--log-level", "info")
    summary = service.finish()
    ticks = service.events("world.ticked")
    for world in summary["worlds"]:
        mine = [event for event in ticks if event["world_id"] == world["id"]]
        assert abs(len(mine) - seconds) <= 1
        assert world["tick"] == len(mine)
        micros = sum(event["size_us"] for event in mine)
        assert micros == 60_000_000 * len(mine)
        assert world["worldTime"] == micros / 1e6
        assert [event["world_time_us"] for event in mine] == [60_000_000 * n for n in range(1, len(mine) + 1)]
    for event in ticks:
        assert event["npc_ticks"] <= event["npc_budget"] == 2
        assert event["job_ops"] <= event["job_budget"] == 10
    return [float(event["lateness_ms"]) for event in ticks]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_everything_and_leaves_no_process(
    start: Start, inn: Path, cli: Cli, number: signal.Signals
) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    until(lambda: cli.world()["tick"] >= 3, "three ticks are committed", service)
    children = service.tree()
    service.process.send_signal(number)
    assert service.process.wait(10) == 0
    _, alive = psutil.wait_procs(children, timeout=2)
    assert alive == []
    assert not (cli.data / "service.json").exists()


def test_a_second_run_goes_on_where_the_first_stopped_and_fresh_starts_over(
    start: Start, run: Callable[..., Any], inn: Path
) -> None:
    first = run(inn, ticks=10)["worlds"][0]
    second = run(inn, ticks=10)["worlds"][0]
    assert (first["tick"], second["tick"]) == (10, 20)
    assert second["worldTime"] == first["worldTime"] * 2
    assert run(inn, ticks=10, fresh=True)["worlds"][0]["stateHash"] == first["stateHash"]


def test_serve_runs_what_is_stored_without_its_files(
    start: Start, run: Callable[..., Any], inn: Path
) -> None:
    first = run(inn, ticks=10)["worlds"][0]
    inn.unlink()
    second = start("serve", "--ticks", 10, "--speed", "max", "--generation", "off", "--json").finish()
    (world,) = second["worlds"]
    assert (world["tick"], world["requests"] - first["requests"]) == (20, 0)


def test_commands_are_obeyed_and_answered_after_the_commit(start: Start, inn: Path, cli: Cli) -> None:
    opened(start("run", inn), cli.data)
    paused = cli("world", "pause", "inn")
    assert paused["detail"]["mode"] == "paused"
    stood = cli.world()
    assert (stood["status"], stood["tick"]) == ("paused", paused["tick"])
    said = cli("world", "step", "inn", status=1)
    assert "paused" in said
    assert "theatrum world resume" in said or "esume" in said
    cli("world", "resume", "inn")
    cli("world", "config", "set", "inn", "mode=turn_based", "timeScale=30")
    config = cli("world", "config", "get", "inn")
    assert (config["mode"], config["timeScale"]) == ("turn_based", 30)
    before = cli.world()
    stepped = cli("world", "step", "inn", "-n", 5)
    assert stepped["tick"] == before["tick"] + 5
    assert stepped["worldTime"] == before["worldTime"] + 5 * 0.1 * 30
    advanced = cli("world", "advance", "inn", "0.25")
    assert advanced["worldTime"] == stepped["worldTime"] + 0.25


def test_what_was_set_outlives_the_service(start: Start, inn: Path, cli: Cli) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    cli("world", "config", "set", "inn", "timeScale=120")
    paused = cli("world", "pause", "inn")
    service.kill_tree()
    again = start("run", inn)
    opened(again, cli.data)
    world = cli.world()
    assert (world["status"], world["tick"]) == ("paused", paused["tick"])
    assert cli("world", "config", "get", "inn")["timeScale"] == 120


def test_a_person_and_a_plan_can_be_read(start: Start, inn: Path, cli: Cli) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    until(lambda: cli.world()["tick"] >= 3, "three ticks are committed", service)
    person = cli("npc", "show", "inn", "ada")
    assert person["components"]["behavior"]["currentActivityId"] in ("sweep", "nap")
    assert {found["activityId"] for found in person["why"]["candidates"]} == {"sweep", "nap"}
    assert person["why"]["chosen"] in ("sweep", "nap")
    plan = cli("world", "show", "inn")["plan"]
    assert plan["npcBudget"] == 50
    reasons = cli("npc", "why", "inn", "ada")
    assert list(reasons) == ["node", "candidates", "excluded", "draw", "chosen"]
    cli("world", "pause", "inn")
    stood = cli.world()
    foreseen = plan_of(cli)
    assert foreseen["tick"] == stood["tick"] + 1
    assert foreseen["holds"].startswith("it is paused")
    assert plan_of(cli) == foreseen
    assert cli.world()["stateHash"] == stood["stateHash"]
    cli("world", "resume", "inn")
    assert "no person 'eve'" in cli("npc", "show", "inn", "eve", status=1)


def plan_of(cli: Cli) -> dict[str, Any]:
    """The next tick's plan without housekeeping, which runs on real time."""
    return {key: value for key, value in cli("world", "plan", "inn").items() if key != "housekeeping"}


def test_worlds_come_and_go_while_others_run(start: Start, inn: Path, cli: Cli, tmp_path: Path) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    mill = world_file(tmp_path, "mill", tickIntervalSeconds=0.1)
    assert cli("world", "add", mill)["resumed"] is False
    until(lambda: cli.world("mill")["tick"] >= 2, "the new world ticks", service)
    removed = cli("world", "remove", "mill")
    assert [world["status"] for world in cli("world", "list")] == ["running", "removed"]
    assert "world mill was removed" in cli("world", "show", "mill", status=1)
    again = cli("world", "add", "mill")
    assert again["resumed"] is True
    assert again["tick"] >= removed["tick"]
    assert [cli("world", "add", known)["ran"] for known in ("mill", mill)] == [True, True]


def test_a_bad_change_is_refused_and_changes_nothing(start: Start, inn: Path, cli: Cli) -> None:
    opened(start("run", inn), cli.data)
    said = cli("world", "config", "set", "inn", "timeScale=0", "tickIntervalSeconds=5", status=1)
    assert "timeScale" in said
    assert "above 0" in said
    assert cli("world", "config", "get", "inn")["tickIntervalSeconds"] == 0.1


@pytest.mark.parametrize("changed", ["run", "add"])
def test_a_changed_definition_is_refused_under_a_stored_id(
    start: Start, inn: Path, cli: Cli, tmp_path: Path, changed: str
) -> None:
    other = tmp_path / "other.json"
    other.write_text(inn.read_text().replace("Ada", "Eva"))
    service = start("run", inn, *(["--ticks", 5, "--speed", "max"] if changed == "run" else []))
    if changed == "run":
        assert service.process.wait(60) == 0
        refused = start("run", other, "--ticks", 5, "--speed", "max")
        assert refused.process.wait(60) == 2
        said = refused.log.read_text()
    else:
        opened(service, cli.data)
        said = cli("world", "add", other, status=2)
    assert "another definition" in said
    assert "--fresh" in said


def test_a_data_folder_in_use_is_said_in_one_sentence(start: Start, inn: Path, cli: Cli) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    second = start("run", inn)
    assert second.process.wait(30) == 1
    said = second.log.read_text().strip()
    assert said.count("\n") == 0
    assert f"is in use: the service with pid {service.process.pid} runs on it" in said


@pytest.mark.parametrize("name", ["th-shard-0", "th-gate", "th-archivist", "th-worker", "redis-server"])
def test_a_killed_process_is_started_again_and_the_world_goes_on(
    start: Start, inn: Path, cli: Cli, name: str
) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    until(lambda: cli.world()["tick"] >= 3, "three ticks are committed", service)
    until(lambda: service.named(name), f"{name} is there", service)
    (victim,) = service.named(name)
    victim.kill()
    until(lambda: [p for p in service.named(name) if p.pid != victim.pid], f"{name} is back", service)
    before = cli.world()["tick"]
    until(lambda: cli.world()["tick"] > before + 5, "the world goes on", service)
    rows = len(cli("generation", "list", "inn")["requests"])
    until(lambda: succeeded(cli) >= rows, "every request so far has its result", service)


@pytest.mark.parametrize("name", ["th-supervisor", "theatrum"])
def test_when_the_actor_system_dies_it_is_started_anew(start: Start, inn: Path, cli: Cli, name: str) -> None:
    """`theatrum`: Thespian's admin, which has no name of its own."""
    service = start("run", inn)
    opened(service, cli.data)
    until(lambda: cli.world()["tick"] >= 3, "three ticks are committed", service)
    (supervisor,) = service.named("th-supervisor")
    victim = supervisor if name == "th-supervisor" else supervisor.parent()
    before = cli.world()
    victim.kill()
    until(
        lambda: supervisor.pid not in [p.pid for p in service.named("th-supervisor")], "it is gone", service
    )
    until(lambda: service.named("th-supervisor"), "another one is there", service)
    until(lambda: is_beyond(cli, before["tick"] + 5), "the world goes on", service)


def test_a_world_made_right_before_the_supervisor_dies_is_in_service_again(
    start: Start, inn: Path, cli: Cli
) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    (supervisor,) = service.named("th-supervisor")
    for name in ("mine", "thine"):
        cli("world", "instance", "inn", name)
    supervisor.kill()
    until(lambda: [p for p in service.named("th-supervisor") if p.pid != supervisor.pid], "another", service)
    until(lambda: is_beyond(cli, 3), "the world goes on", service)
    found = {world["id"]: world["status"] for world in cli("world", "list")}
    assert found.keys() == {"inn", "mine", "thine"}
    assert "stored" not in found.values()


def test_a_supervisor_that_dies_in_the_drain_costs_nothing(start: Start, inn: Path, cli: Cli) -> None:
    service = start("run", inn, "--json", "--log-level", "info")
    opened(service, cli.data)
    until(lambda: cli.world()["tick"] >= 3, "three ticks are committed", service)
    shown = cli.world()["tick"]
    (supervisor,) = service.named("th-supervisor")
    supervisor.suspend()
    service.process.send_signal(signal.SIGTERM)
    until(lambda: service.events("service.draining"), "the drain has begun", service)
    supervisor.kill()
    (world,) = service.finish()["worlds"]
    assert world["tick"] >= shown
    assert len(service.events("service.draining")) == 2


def test_when_main_is_killed_nothing_is_left_running(start: Start, inn: Path, cli: Cli) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    children = service.tree()
    assert children
    service.process.kill()
    service.process.wait(5)
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []


def test_a_wiped_redis_loses_and_doubles_nothing(start: Start, inn: Path, cli: Cli) -> None:
    service = start("run", inn)
    opened(service, cli.data)
    for _ in range(5):
        wiped = succeeded(cli)
        with redis.Redis.from_url(json.loads((cli.data / "service.json").read_text())["redis"]) as client:
            client.flushall()
        until(lambda before=wiped: succeeded(cli) > before, "results come again", service)
    cli("world", "config", "set", "inn", "maxJobOpsPerStep=0")
    asked = cli("generation", "list", "inn")
    until(lambda: succeeded(cli) == total(cli), "every request has its result", service)
    ids = [row["requestId"] for row in asked["requests"]]
    assert len(ids) == len(set(ids))


def succeeded(cli: Cli) -> int:
    found: int = cli("generation", "list", "inn")["counts"].get("succeeded", 0)
    return found


def total(cli: Cli) -> int:
    return sum(cli("generation", "list", "inn")["counts"].values())


def is_beyond(cli: Cli, tick: int) -> bool:
    """Whether the world is beyond a tick; a service that is being started anew does not say."""
    command = [sys.executable, "-m", "theatrum", "world", "list", "--data", str(cli.data), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode == 0 and json.loads(done.stdout)[0]["tick"] > tick


def test_a_rule_that_raises_harms_only_its_person(start: Start, tmp_path: Path) -> None:
    document = json.loads(json.dumps(MIDNIGHT))
    routines = document["meta"]["behavior"]["routines"]
    routines["broken"] = json.loads(json.dumps(routines["keeper"]))
    routines["broken"]["nodes"][0] |= {
        "nodeType": "decision",
        "decisionConditions": [{"type": "expression", "expression": "1 / (energy - energy) > 0"}],
    }
    document["npcs"][0]["personality"]["routineId"] = "broken"
    file = tmp_path / "inn.json"
    file.write_text(json.dumps(document))
    service = start("run", file, "--ticks", 20, "--speed", "max", "--json")
    (world,) = service.finish()["worlds"]
    failures = service.events("person.failed")
    assert {event["npc_id"] for event in failures} == {"ada"}
    assert "meta.behavior.routines.broken.nodes[0].decisionConditions[0]" in failures[0]["rule"]
    assert (world["tick"], world["status"]) == (20, "running")


@pytest.mark.acceptance
def test_the_first_tick_is_made_within_three_seconds(start: Start, towns: tuple[Path, ...]) -> None:
    begun = time.time()
    service = start("run", *towns, "--log-level", "info")
    until(lambda: service.events("world.ticked"), "the first tick", service)
    assert time.time() - begun < 3
