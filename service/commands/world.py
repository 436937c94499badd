"""`theatrum world`: worlds of the running service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from service.commands.amounts import micros_of, positive, ticks_of
from service.commands.asking import WAIT_S, ask, submit
from service.commands.options import DATA, NEGATIVES, Data, Json, Wait, WorldId, as_value, emit, pairs
from service.errors import Refusal, WrongUse, for_folder

app = typer.Typer(no_args_is_help=True, help="See and steer the worlds of the running service.")
config_app = typer.Typer(no_args_is_help=True, help="Read and change how a world runs.")
app.add_typer(config_app, name="config")

ADD_WAIT_S = 120.0
"""Seconds that storing and opening a large world may take."""


def _listed(report: Any) -> dict[str, Any]:
    return {
        "id": report.world_id,
        "name": report.name,
        "status": report.status,
        "because": report.because,
        "shard": report.shard,
        "tick": report.tick,
        "worldTime": report.world_time,
        "timeOfDay": report.time_of_day,
        "decisions": report.decisions,
        "peopleByTier": report.people_by_tier,
        "requests": report.requests,
        "latenessP99Ms": report.lateness_p99_ms,
        "missedTicks": report.missed_ticks,
        "stateHash": report.state_hash,
    }


@app.command("list")
def list_(data: Data = DATA, as_json: Json = False) -> None:
    """Every world, where it stands and how it fares, as of its last commit; removed and stored ones too.

    decided: how many decisions its people made; late: by how much 99 of 100 ticks came late at most.
    """
    from service.moments import seconds
    from service.tables import table

    worlds = ask(data, "ListWorlds").worlds
    rows = [
        [
            w.world_id,
            w.status,
            f"{w.tick:,}",
            w.time_of_day or seconds(w.world_time),
            f"{w.decisions:,}",
            f"{w.lateness_p99_ms:.0f} ms",
        ]
        for w in worlds
    ]
    heads = ["world", "status", "tick", "time", "decided", "late"]
    emit([_listed(w) for w in worlds], as_json=as_json, text=table(heads, rows) if rows else "No worlds.")


@app.command()
def show(world_id: WorldId, data: Data = DATA, as_json: Json = False) -> None:
    """One world: where it stands, its last plan and what that left out, its jobs, its flags."""
    from service import job_figures
    from service.standings import to_text

    found = ask(data, "ShowWorld", world_id=world_id)
    jobs = ask(data, "ShowJobs", world_id=world_id)
    value = {
        **_listed(found.report),
        "plan": found.plan,
        "flags": found.flags,
        "config": found.config,
        "refusedIntents": found.refused_intents,
        "refusedRequests": found.refused_requests,
        "jobs": job_figures.to_json(jobs),
        "plugins": list(found.plugins),
        "housekeeping": list(found.housekeeping),
    }
    emit(value, as_json=as_json, text=to_text(found, job_figures.to_text(jobs)))


@app.command()
def plan(world_id: WorldId, data: Data = DATA, as_json: Json = False) -> None:
    """What the next tick will run, tier by tier, and what it will leave out and why. Changes nothing."""
    from service.moments import moment
    from service.plans import chores_to_text, to_text

    found = ask(data, "PlanWorld", world_id=world_id)
    report = found.report
    value = {
        "world": world_id,
        "status": report.status,
        "holds": found.holds,
        "inputsWaiting": found.inputs,
        **found.plan,
        "housekeeping": list(found.housekeeping),
    }
    until = moment(found.plan["worldTime"], found.day_lengths)
    title = f"{report.name} ({world_id}): tick {found.plan['tick']:,}, to {until}"
    notes = [f"not made now: {found.holds}"] if found.holds else []
    notes += [f"{found.inputs} inputs are applied before it and may change it"] if found.inputs else []
    notes += ["housekeeping, by real time:", chores_to_text(found.housekeeping)]
    emit(value, as_json=as_json, text="\n".join([to_text(title, found.plan), *notes]))


@app.command()
def history(
    world_id: WorldId,
    data: Data = DATA,
    limit: Annotated[int, typer.Option(min=1, max=1440, help="How many of the newest.")] = 50,
    as_json: Json = False,
) -> None:
    """How a world fared over the last day: its metric snapshots, the newest first, and its rollbacks.

    What a rollback undid is marked with its number and the tick it went back to.
    """
    from service.plans import history_to_text

    found = ask(data, "ShowHistory", world_id=world_id, limit=limit)
    value = [
        {
            "takenAt": row.taken_at,
            "tick": row.tick,
            "worldTime": row.world_time,
            **row.measures,
            "undone": row.undone and {"branch": row.undone.branch, "toTick": row.undone.tick},
        }
        for row in found.rows
    ]
    rollbacks = [
        {
            "branch": one.branch,
            "at": one.at,
            "fromTick": one.from_tick,
            "toTick": one.tick,
            "inputsUndone": one.inputs,
        }
        for one in found.rollbacks
    ]
    text = history_to_text(value, rollbacks, found.day_lengths)
    emit({"world": world_id, "history": value, "rollbacks": rollbacks}, as_json=as_json, text=text)


@app.command()
def add(
    file: Annotated[
        Path, typer.Argument(metavar="FILE|WORLD", help="A world file, an exported world, or a stored id.")
    ],
    data: Data = DATA,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start a stored world of this id over.")] = False,
    as_json: Json = False,
) -> None:
    """Put a world into the running service: a new one, or a stored one whose definition it is, or was.

    The id of a stored world is enough for one that was removed, or that the service was started without.
    """
    from service import client
    from service.checking import CheckedWorld
    from service.system import new_id
    from service.world_files import load, looks_like_a_file

    if looks_like_a_file(file):
        loaded = CheckedWorld.of(load(file))
        found = client.ask(data, loaded.to_add(new_id(), fresh=fresh, generation=None), ADD_WAIT_S)
        resumed = found.resumed and loaded.beginning is None
    elif fresh:
        raise WrongUse(f"{file} is no file", because="--fresh starts a world over from its file")
    else:
        with _meant(data, str(file)):
            found = ask(data, "OpenWorld", ADD_WAIT_S, world_id=str(file), recall=True)
        resumed = found.resumed
    value = {"id": found.world_id, "resumed": resumed, "ran": found.ran, "tick": found.tick}
    emit(value, as_json=as_json, text=f"{found.world_id}: {_came(found, resumed=resumed)}")


@contextmanager
def _meant(data: Path, world_id: str) -> Iterator[None]:
    """A refusal says which world was probably meant, if none is called that."""
    from simulation.definitions.problems import nearest_of

    try:
        yield
    except Refusal as refusal:
        known = [world.world_id for world in ask(data, "ListWorlds").worlds]
        near = "" if world_id in known else nearest_of(world_id, known)
        if not near:
            raise
        do = f"Did you mean {near}? {refusal.do}"
        raise Refusal(refusal.what, because=refusal.because, do=do) from None


def _came(found: Any, *, resumed: bool) -> str:
    """How a world came into service."""
    if found.ran:
        return f"is in service already, at tick {found.tick:,}; nothing changed"
    return f"resumed at tick {found.tick:,}" if resumed else f"begins at tick {found.tick:,}"


@app.command()
def instance(
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="A stored world; it need not run.")],
    new_id: Annotated[str, typer.Argument(metavar="NEW_ID", help="The id of the new world.")],
    user: Annotated[str | None, typer.Option("--user", help="Whose private session it is.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make a world of its own from a stored one's definition and run it; with --user for that player alone.

    It begins where the definition begins, not where the template stands.
    """
    from simulation.definitions import Problem, WorldFileInvalid
    from simulation.definitions.fields import Fields

    problems: list[Problem] = []
    given = Fields({"id": new_id, "user": user}, "", problems)
    for key in ("id", *(("user",) if user is not None else ())):
        given.identifier(key)
    if problems:
        raise WorldFileInvalid("instance", problems)
    with _meant(data, template):
        found = ask(data, "InstanceWorld", ADD_WAIT_S, template=template, world_id=new_id, user_id=user)
    value = {"id": found.world_id, "template": template, "tick": found.tick}
    emit(value, as_json=as_json, text=f"{found.world_id}: made from {template}")


@app.command()
def remove(world_id: WorldId, data: Data = DATA, as_json: Json = False) -> None:
    """Stop a world and take it out of service. What it was stays stored; `world add WORLD` brings it back."""
    from service.answers import NOTHING_CHANGED

    found = ask(data, "RemoveWorld", world_id=world_id)
    value = {"id": world_id, "tick": found.tick, "changed": not found.before}
    done = f"was removed already, at tick {found.tick:,}{NOTHING_CHANGED}" if found.before else ""
    back = for_folder(f"`theatrum world add {quote(world_id)}` brings it back", data)
    text = f"{world_id}: {done or f'removed at tick {found.tick:,}'}; {back}"
    emit(value, as_json=as_json, text=text)


@app.command()
def pause(world_id: WorldId, data: Data = DATA, wait: Wait = WAIT_S, as_json: Json = False) -> None:
    """Freeze everything on a world's time."""
    submit(data, world_id, "pause", {}, wait, as_json)


@app.command()
def resume(world_id: WorldId, data: Data = DATA, wait: Wait = WAIT_S, as_json: Json = False) -> None:
    """Let a paused or stopped world go on, or a quarantined one try again."""
    submit(data, world_id, "resume", {}, wait, as_json)


@app.command()
def step(
    world_id: WorldId,
    ticks: Annotated[int, typer.Option("-n", "--ticks", help="How many standard ticks.")] = 1,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Make standard ticks now, whatever the pace."""
    submit(data, world_id, "step", {"ticks": ticks_of(ticks, "-n")}, wait, as_json)


@app.command(context_settings=NEGATIVES)
def advance(
    world_id: WorldId,
    seconds: Annotated[
        str,
        typer.Argument(metavar="SECONDS", help="Game seconds, at most six decimals; with --real up to nine."),
    ],
    real: Annotated[
        bool, typer.Option("--real", help="So many real seconds at the world's timeScale.")
    ] = False,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Advance a world's time by exactly so many game seconds."""
    value = positive(seconds, "SECONDS") if real else as_value(seconds)
    if not real:
        micros_of(seconds, "SECONDS", least=1)
    exact = seconds if isinstance(value, float) else value  # a double has not digits enough
    submit(data, world_id, "advance", {"realSeconds" if real else "seconds": exact}, wait, as_json)


@app.command()
def flag(
    world_id: WorldId,
    changes: Annotated[
        list[str],
        typer.Argument(metavar="KEY=VALUE...", help="Such as town.festival=true; null removes the flag."),
    ],
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Set flags of a world, which conditions and tier rules read; all of them or none."""
    submit(data, world_id, "flags", {"flags": pairs(changes, "town.festival=true")}, wait, as_json)


@config_app.command("get")
def config_get(world_id: WorldId, data: Data = DATA, as_json: Json = False) -> None:
    """Every key of the simulation block in force, as `config set` takes it."""
    from service.configs import to_text

    config = ask(data, "ShowWorld", world_id=world_id).config
    emit(config, as_json=as_json, text=to_text(config))


@config_app.command("set")
def config_set(
    world_id: WorldId,
    changes: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="key=value, such as timeScale=30.")
    ],
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Change how a world runs while it runs; all changes or none."""
    submit(data, world_id, "config", {"changes": pairs(changes, "timeScale=30")}, wait, as_json)
