"""Bad input of every kind is refused before anything is touched: which file, where in it, what is allowed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from service.errors import WrongUse
from service.settings import Settings
from simulation.definitions import parse_world

GOOD: dict[str, Any] = {
    "id": "inn",
    "name": "Inn",
    "meta": {
        "simulation": {"seed": 1, "tiers": {"detailed": {"maxNpcs": 5}}},
        "behavior": {
            "activities": {"sweep": {"category": "work", "effects": {"energyDeltaPerHour": -2}}},
            "routines": {
                "keeper": {
                    "nodes": [
                        {
                            "id": "all-day",
                            "nodeType": "activity",
                            "preferredActivities": [{"activityId": "sweep", "weight": 1}],
                        }
                    ]
                }
            },
        },
    },
    "npcs": [{"id": "ada", "name": "Ada", "personality": {"routineId": "keeper"}}],
}

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def refused(cli: Cli, tmp_path: Path) -> Callable[..., str]:
    """`refused(FILE)`: what `theatrum run FILE` says when it refuses with status 2 and touches nothing."""

    def run(*files: Path) -> str:
        data = tmp_path / "data"
        status, out, said = cli("run", *files, "--data", data)
        assert (status, out) == (2, "")
        assert not data.exists(), "a refused file must leave no trace"
        return said

    return run


def write(path: Path, document: object) -> Path:
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def changed(where: str, value: object) -> dict[str, Any]:
    """GOOD with one value changed; `where` is a dotted path, numbers index lists."""
    document = deepcopy(GOOD)
    *steps, last = [int(step) if step.isdigit() else step for step in where.split(".")]
    inner: Any = document
    for step in steps:
        inner = inner[step] if isinstance(step, int) else inner.setdefault(step, {})
    inner[last] = value
    return document


def test_the_good_file_is_good(cli: Cli, tmp_path: Path) -> None:
    status, out, _ = cli("check", write(tmp_path / "inn.json", GOOD))
    assert status == 0
    assert "Inn is sound: 1 people, 0 places, 1 activities, 1 routines" in out


SIMULATION = "meta.simulation"
ACTIVITY = "meta.behavior.activities.sweep"
NODE = "meta.behavior.routines.keeper.nodes.0"


@pytest.mark.parametrize(
    ("where", "value", "path", "says"),
    [
        ("colour", "red", "colour", "no key 'colour'"),
        ("npcs.0.nme", "Ada", "npcs[0].nme", "did you mean 'name'?"),
        (f"{SIMULATION}.timeScale", 0, "meta.simulation.timeScale", "above 0"),
        (f"{SIMULATION}.timeScale", -1, "meta.simulation.timeScale", "above 0"),
        (f"{SIMULATION}.timeScale", 1e6, "meta.simulation.timeScale", "100000"),
        (f"{SIMULATION}.timeScale", "fast", "meta.simulation.timeScale", "number"),
        (f"{SIMULATION}.timeScales", 60, "meta.simulation.timeScales", "timeScale"),
        (f"{SIMULATION}.maxNpcTicksPerStep", -5, "meta.simulation.maxNpcTicksPerStep", "at least 1"),
        (f"{SIMULATION}.tiers.detailed.maxNpcs", -1, "meta.simulation.tiers.detailed.maxNpcs", "least 0"),
        (f"{SIMULATION}.tiers.nearby", {}, "meta.simulation.tiers.nearby", "nearby"),
        (f"{SIMULATION}.missedTickPolicy", "hope", "meta.simulation.missedTickPolicy", "catch_up"),
        (f"{ACTIVITY}.requirements.minEnergy", 101, f"{ACTIVITY}.requirements.minEnergy", "0 to 100"),
        (f"{ACTIVITY}.effects.moodImpact", 5, f"{ACTIVITY}.effects.moodImpact", "an object"),
        (f"{ACTIVITY}.minDurationSeconds", True, f"{ACTIVITY}.minDurationSeconds", "game seconds"),
        (
            f"{ACTIVITY}.requirements.conditions",
            [{"type": "full_moon"}],
            f"{ACTIVITY}.requirements.conditions[0].type",
            "no condition type 'full_moon'",
        ),
        (
            f"{NODE}.preferredActivities.0.activityId",
            "swep",
            "meta.behavior.routines.keeper.nodes[0].preferredActivities[0].activityId",
            "did you mean 'sweep'?",
        ),
        ("npcs.0.personality.routineId", "kepper", "npcs[0].personality.routineId", "'keeper'"),
        (
            "npcs.0.components",
            {"behavior": {"energy": 140}},
            "npcs[0].components.behavior.energy",
            "0 to 100",
        ),
        ("meta.time_config", {"hoursPerDay": 0}, "meta.time_config.hoursPerDay", "1"),
        ("worldTime", 0.0000001, "worldTime", "six decimals"),
        ("id", "", "id", "not empty"),
        ("npcs", {}, "npcs", "a list"),
    ],
)
def test_a_bad_value_is_refused_with_its_path(
    refused: Callable[..., str], tmp_path: Path, where: str, value: object, path: str, says: str
) -> None:
    file = write(tmp_path / "inn.json", changed(where, value))
    said = refused(file)
    assert said.startswith(f"{file}: {path}: "), said
    assert says in said
    assert "Traceback" not in said


def test_all_problems_of_a_file_are_listed_at_once(refused: Callable[..., str], tmp_path: Path) -> None:
    document = changed(f"{SIMULATION}.timeScale", 0)
    document["npcs"][0]["personality"]["routineId"] = "nobody"
    assert len(refused(write(tmp_path / "inn.json", document)).splitlines()) == 2


def test_two_people_with_one_id_are_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    document = {**GOOD, "npcs": GOOD["npcs"] * 2}
    assert "npcs[1].id: the id 'ada' is given twice" in refused(write(tmp_path / "inn.json", document))


def test_two_worlds_with_one_id_are_refused_naming_both_files(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    first, second = write(tmp_path / "a.json", GOOD), write(tmp_path / "b.json", GOOD)
    said = refused(first, second)
    assert str(first) in said
    assert said.startswith(f"{second}: id: ")


def test_a_bad_file_keeps_the_good_one_beside_it_from_starting_half(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    refused(write(tmp_path / "a.json", GOOD), write(tmp_path / "b.json", "{"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("{", "not JSON at line 1"),
        ("[]", "a JSON object"),
        ('{"id": "a", "id": "b"}', "'id' is given twice"),
        ('{"id": NaN}', "NaN is no JSON number"),
        ('{"id": Infinity}', "Infinity is no JSON number"),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "nested too deep"),
        ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deep"),
    ],
)
def test_what_is_no_world_file_is_refused(
    refused: Callable[..., str], tmp_path: Path, text: str, says: str
) -> None:
    assert says in refused(write(tmp_path / "inn.json", text))


def test_a_file_that_is_not_utf8_is_refused_with_the_byte(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    file = tmp_path / "inn.json"
    file.write_bytes(b'{"id": "caf\xe9"}')
    assert "byte 11 is not UTF-8" in refused(file)


def test_a_huge_file_is_refused_without_reading_it(refused: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "inn.json"
    with file.open("wb") as sparse:
        sparse.truncate(1024**3)
    assert "has 1073741824 bytes; allowed: at most 536870912 bytes" in refused(file)


def test_a_directory_and_a_missing_file_are_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "is a directory" in refused(tmp_path)
    missing = tmp_path / "nowhere.json"
    assert refused(missing).startswith(f"{missing}: does not exist;")


def test_a_file_whose_name_is_no_utf8_is_read_and_named_all_the_same(cli: Cli, tmp_path: Path) -> None:
    write(file := tmp_path / os.fsdecode(b"inn\xff.json"), GOOD)
    status, out, _ = cli("check", file)
    assert status == 0
    assert "inn\\udcff.json: Inn is sound" in out


@pytest.mark.parametrize("option", ["data", "database"])
def test_state_is_kept_under_no_name_that_is_no_utf8(option: str) -> None:
    named: dict[str, Any] = {"data": Path("data"), option: os.fsdecode(b"sqlite:///d\xff")}
    with pytest.raises(WrongUse, match=f"--{option} is .*: its name must be UTF-8"):
        Settings.of(**{**named, "data": Path(named["data"])})


def test_check_lists_problems_for_machines_too(cli: Cli, tmp_path: Path) -> None:
    file = write(tmp_path / "inn.json", changed(f"{SIMULATION}.timeScale", 0))
    status, out, _ = cli("check", file, "--json")
    assert status == 2
    (problem,) = json.loads(out)["problems"]
    assert (problem["path"], problem["value"]) == ("meta.simulation.timeScale", "0")


def test_what_can_never_happen_is_a_warning(cli: Cli, tmp_path: Path) -> None:
    document = changed(f"{ACTIVITY}.requirements.requiredNpcRolesOrIds", ["role:ghost"])
    status, out, _ = cli("check", write(tmp_path / "inn.json", document))
    assert status == 0
    assert "warning: " in out
    assert "role:ghost names nobody of this world, so sweep never happens" in out


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("run", "--ticks", "0"), "--ticks is 0"),
        (("run", "--ticks", "5", "--for", "3"), "only one of them"),
        (("run", "--for", "nan"), "--for is nan"),
        (("run", "--shards", "0"), "--shards"),
        (("run", "--shards", "1000"), "--shards is 1000"),
        (("run", "--speed", "warp"), "--speed"),
        (("run", "--log-level", "loud"), "--log-level is loud"),
        (("run", "--database", "mysql://x"), "sqlite:/// or postgresql://"),
        (("run", "--redis", "localhost"), "redis://"),
        (("world", "step", "inn", "-n", "0"), "-n"),
        (("world", "config", "set", "inn", "timeScale"), "key=value"),
        (("perform",), "perform"),
    ],
)
def test_wrong_use_ends_with_status_2_and_says_what_is_wrong(
    cli: Cli, tmp_path: Path, args: tuple[str, ...], says: str
) -> None:
    file = write(tmp_path / "inn.json", GOOD)
    files = [file, "--data", tmp_path / "data"] if args[0] == "run" else []
    status, _, said = cli(args[0], *files, *args[1:])
    assert status == 2
    assert says in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "args",
    [
        ("world", "list"),
        ("world", "show", "inn"),
        ("world", "plan", "inn"),
        ("world", "remove", "inn"),
        ("world", "pause", "inn"),
        ("world", "resume", "inn"),
        ("world", "step", "inn"),
        ("world", "advance", "inn", "60"),
        ("world", "config", "get", "inn"),
        ("world", "config", "set", "inn", "timeScale=30"),
        ("npc", "show", "inn", "ada"),
        ("npc", "why", "inn", "ada"),
        ("generation", "list", "inn"),
        ("worker",),
    ],
)
def test_without_a_service_a_command_says_so_and_how_to_start_one(
    cli: Cli, tmp_path: Path, args: tuple[str, ...]
) -> None:
    status, _, said = cli(*args, "--data", tmp_path)
    assert status == 1
    assert f"No service is running on {tmp_path}" in said
    assert f"theatrum run --data {tmp_path}" in said


def crowd(count: int, **personality: object) -> dict[str, Any]:
    people = [{"id": f"p{n}", "personality": {"routineId": "keeper", **personality}} for n in range(count)]
    return changed("npcs", people)


LIKES_WRONG = {"preferences": {"categoryWeights": {"wrok": 0.5}}}


def test_a_warning_that_everybody_has_is_one_line_with_how_many_and_the_first_few(
    cli: Cli, tmp_path: Path
) -> None:
    file = write(tmp_path / "inn.json", crowd(1_500, **LIKES_WRONG))
    status, out, _ = cli("check", file)
    where = "personality.preferences.categoryWeights.wrok"
    warning, sound = out.splitlines()
    assert status == 0
    assert warning.startswith(f"warning: {file}: npcs[0].{where}: no category 'wrok'; allowed: ")
    assert warning.endswith(
        f"1,500 times, also at npcs[1].{where}, npcs[2].{where}, npcs[3].{where} and 1,496 more"
    )
    assert " is sound: 1500 people" in sound
    assert len(parse_world(crowd(1_500, **LIKES_WRONG)).warnings) == 1, "nor is it kept 1,500 times"


def test_machines_get_each_problem_once_and_every_count(cli: Cli, tmp_path: Path) -> None:
    file = write(tmp_path / "inn.json", crowd(3, **LIKES_WRONG))
    _, out, _ = cli("check", file, "--json")
    found = json.loads(out)
    (problem,) = found["problems"]
    assert (found["ok"], found["count"], found["more"], found["readToTheEnd"]) == (True, 3, 0, True)
    assert problem["times"] == 3
    assert problem["path"].startswith("npcs[0]")
    assert [path.partition(".")[0] for path in problem["also"]] == ["npcs[1]", "npcs[2]"]


def test_warnings_that_all_differ_are_bounded_and_counted(cli: Cli, tmp_path: Path) -> None:
    """Of 1,200 that differ 1,000 are kept, and 100 of those are listed."""
    document = crowd(1_200)
    for n, person in enumerate(document["npcs"]):
        person["components"] = {"relationships": {f"p{n}": {"affinity": 5}}}
    file = write(tmp_path / "inn.json", document)
    status, out, _ = cli("check", file)
    assert (status, len(out.splitlines())) == (0, 102)
    assert out.splitlines()[-2] == "and 1,100 more"
    found = json.loads(cli("check", file, "--json")[1])
    assert (len(found["problems"]), found["more"], found["count"]) == (100, 1_100, 1_200)


def test_an_error_all_over_is_one_line_and_the_rest_is_not_read(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    said = refused(write(tmp_path / "inn.json", crowd(1_500, routineId="keepr")))
    error, rest = said.splitlines()
    assert "npcs[0].personality.routineId: no routine 'keepr'" in error
    assert "did you mean 'keeper'? 1,000 times, also at npcs[1].personality.routineId" in error
    assert rest == "and the rest of it was not read"


def test_the_same_words_at_different_keys_are_two_problems(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    document = changed("npcs", [{"id": ""}, {"id": "b", "name": ""}])
    said = refused(write(tmp_path / "inn.json", document))
    assert {line.split(": ")[1] for line in said.splitlines()} >= {"npcs[0].id", "npcs[1].name"}
