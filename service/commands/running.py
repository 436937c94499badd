"""`run`, `serve`, `worker`, `check`: commands that start something, or nothing at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from actors.garbage import uncollected
from service.commands.options import DATA, Data, Database, Json
from service.errors import DONE, FAILED, WRONG_USE, ServiceError, WrongUse

if TYPE_CHECKING:
    from messages.service import Goal
    from service.settings import Settings
    from simulation.definitions import Problem

EXAMPLES = ("lanternford.json", "saltmarsh.json", "tin-moon.json")


class SpeedOption(StrEnum):
    real = "real"
    max = "max"


class GenerationOption(StrEnum):
    live = "live"
    lockstep = "lockstep"
    off = "off"


Redis = Annotated[str | None, typer.Option("--redis", help="redis:// URL instead of the embedded server.")]
Shards = Annotated[int, typer.Option("--shards", help="Shard processes the worlds are spread over.", min=1)]
Speed = Annotated[SpeedOption, typer.Option("--speed", help="In real time, or as fast as it goes.")]
NpcTicks = Annotated[
    int | None,
    typer.Option(
        "--max-npc-ticks-per-second", help="Decisions a second of one shard's worlds together.", min=1
    ),
]
For = Annotated[float | None, typer.Option("--for", help="Stop after so many real seconds.")]
Ticks = Annotated[int | None, typer.Option("--ticks", help="Stop after so many more ticks of each.")]
UntilTick = Annotated[int | None, typer.Option("--until-tick", help="Stop at that tick of its life.")]
Generation = Annotated[
    GenerationOption | None,
    typer.Option(
        "--generation",
        help="When results land. Default: live, or lockstep with --speed max; serve: as each world says.",
    ),
]
LogLevel = Annotated[str | None, typer.Option("--log-level", help="debug, info, warning or error.")]
LogFormat = Annotated[str | None, typer.Option("--log-format", help="console or json, on standard error.")]


def _examples() -> list[Path]:
    """The bundled worlds: in the checkout, or in the installed package."""
    inside = Path(str(files("theatrum")))
    for folder in (inside.parent / "examples", inside / "examples"):
        if (folder / EXAMPLES[0]).exists():
            return [folder / name for name in EXAMPLES]
    raise WrongUse("No world file was given", because="the bundled examples are not installed")


def _settings(
    data: Path,
    database: str | None,
    redis: str | None,
    shards: int,
    speed: SpeedOption,
    generation: GenerationOption | None,
    log_level: str | None,
    log_format: str | None,
    default_level: str,
    npc_ticks: int | None = None,
) -> Settings:
    from messages.service import Speed as Pace
    from service.settings import Settings
    from simulation.units import GenerationMode

    return Settings.of(
        data=data,
        database=database,
        redis=redis,
        shards=shards,
        speed=Pace(speed.value),
        npc_ticks_per_second=npc_ticks,
        generation=None if generation is None else GenerationMode(generation.value),
        log_level=log_level,
        log_format=log_format,
        default_level=default_level,
    )


def run(
    worlds: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="World files; none: the bundled examples.")
    ] = None,
    data: Data = DATA,
    database: Database = None,
    redis: Redis = None,
    shards: Shards = 1,
    for_: For = None,
    ticks: Ticks = None,
    until_tick: UntilTick = None,
    speed: Speed = SpeedOption.real,
    generation: Generation = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start the worlds over.")] = False,
    npc_ticks: NpcTicks = None,
    as_json: Json = False,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Run worlds until Ctrl-C or a goal, then save them. A second run goes on where the first stopped."""
    goal = _goal(for_, ticks, until_tick)
    with uncollected():
        from service.checking import Checking

        checking = Checking(worlds or _examples())
        from service.run import Plan
        from service.warming import load_ahead

        load_ahead()
        loaded = checking.worlds()
    mode = generation or (GenerationOption.lockstep if speed is SpeedOption.max else GenerationOption.live)
    settings = _settings(
        data, database, redis, shards, speed, mode, log_level, log_format, "warning", npc_ticks
    )
    banner = _banner(settings, [world.name for world in loaded])
    plan = Plan(worlds=loaded, fresh=fresh, goal=goal, for_seconds=for_, banner=banner)
    _serve(settings, plan, as_json=as_json, quiet=False)


def _goal(for_: float | None, ticks: int | None, until_tick: int | None) -> Goal:
    """How far to run; at most one of the three may say so."""
    from messages.service import Goal

    given = {"--for": for_, "--ticks": ticks, "--until-tick": until_tick}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise WrongUse(f"{' and '.join(named)} were given", because="only one of them can end a run")
    for name, value in given.items():
        if value is not None and not 0 < value < float("inf"):
            raise WrongUse(f"{name} is {value:g}", because="it must be above 0, and have an end")
    return Goal(ticks=ticks, until_tick=until_tick)


def serve(
    data: Data = DATA,
    database: Database = None,
    redis: Redis = None,
    shards: Shards = 1,
    for_: For = None,
    ticks: Ticks = None,
    until_tick: UntilTick = None,
    speed: Speed = SpeedOption.real,
    generation: Generation = None,
    npc_ticks: NpcTicks = None,
    as_json: Json = False,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Run every stored world until a signal; worlds come and go with `theatrum world add` and `remove`."""
    goal = _goal(for_, ticks, until_tick)
    from service.run import Plan

    settings = _settings(
        data, database, redis, shards, speed, generation, log_level, log_format, "info", npc_ticks
    )
    _serve(settings, Plan(stored=True, goal=goal, for_seconds=for_), as_json=as_json, quiet=True)


def _serve(settings: Settings, plan: Any, *, as_json: bool, quiet: bool) -> None:
    from service import summary
    from service.run import run as run_service
    from service.screen import Quiet, Terminal

    screen = Quiet() if as_json or quiet else Terminal()
    drained, failed = run_service(settings, plan, screen)
    if as_json:
        sys.stdout.write(json.dumps(summary.to_json(drained)) + "\n")
    elif not quiet:
        sys.stdout.write(summary.to_text(drained) + "\n")
    for line in [
        *failed,
        *(f"{world}: its last commit was not confirmed in time" for world in drained.unsaved),
    ]:
        sys.stderr.write(f"{line}\n")
    for world in drained.worlds:
        if world.skipped:
            sys.stderr.write(f"{world.world_id}: skipped, {world.skipped}\n")
    raise typer.Exit(FAILED if failed or drained.unsaved else DONE)


def _banner(settings: Settings, names: list[str]) -> str:
    return "\n".join(
        [
            f"Theatrum runs {', '.join(names)}. State: {settings.data}. Ctrl-C saves and stops.",
            f"From another terminal: theatrum world list --data {quote(str(settings.data))}",
            "D A M Z: people in the tiers detailed, active, ambient and dormant.",
        ]
    )


def worker(
    data: Data = DATA,
    database: Database = None,
    redis: Redis = None,
    namespace: Annotated[str | None, typer.Option("--namespace", help="As service.json names it.")] = None,
    slot: Annotated[
        int, typer.Option("--slot", help="Which of several workers of one service this is.", min=1)
    ] = 1,
    log_level: LogLevel = None,
    log_format: LogFormat = None,
) -> None:
    """Run one more generation worker for the service on a data folder."""
    if find_spec("arq") is None:
        raise ServiceError("No worker can run", because="arq is not installed")
    from actors.logs import configure
    from generation import worker as worker_process
    from service.door import Door
    from service.plugins import installed

    settings = _settings(data, database, redis, 1, SpeedOption.real, None, log_level, log_format, "info")
    configure(settings.log_level, settings.log_format)
    if database is None or redis is None or namespace is None:
        door = Door.read(settings.data)
        database, redis = database or door.database, redis or door.redis
        namespace = namespace or door.namespace
    raise typer.Exit(worker_process.main(database, redis, namespace, slot, installed()))


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A world file.")],
    as_json: Json = False,
) -> None:
    """Say everything that is wrong with a world file: where, what, what is allowed. Runs nothing."""
    from service.world_files import load
    from simulation.definitions.problems import DefinitionInvalid, listed

    try:
        world = load(file)
    except DefinitionInvalid as invalid:
        if as_json:
            _checked(False, invalid.listed, invalid.more, ended=invalid.ended)
        else:
            sys.stdout.write(f"{invalid}\n")
        raise typer.Exit(WRONG_USE) from None
    definition = world.definition
    warnings, more = listed(definition.warnings)
    more += definition.unlisted
    if as_json:
        _checked(True, warnings, more)
        return
    for warning in warnings:
        sys.stdout.write(f"warning: {file}: {warning}\n")
    if more:
        sys.stdout.write(f"and {more:,} more\n")
    behavior = definition.behavior
    sys.stdout.write(
        f"{file}: {definition.name} is sound: {len(definition.npcs)} people, "
        f"{len(definition.locations)} places, "
        f"{len(behavior.activities)} activities, {len(behavior.routines)} routines\n"
    )


def _checked(ok: bool, problems: Sequence[Problem], more: int, *, ended: bool = False) -> None:
    """What was found, for machines: each problem once, and how many there are with all their places."""
    count = more + sum(problem.times for problem in problems)
    found = {"ok": ok, "problems": [one.to_json() for one in problems], "more": more, "count": count}
    found["readToTheEnd"] = not ended
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
