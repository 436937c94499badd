"""`theatrum world update` and `export`, and `theatrum replay`: a world's definition, state and past."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.commands.options import DATA, Data, Database, Force, Json, Wait, WorldId, emit
from service.errors import DONE, FAILED, ServiceError, WrongUse, for_folder

if TYPE_CHECKING:
    from simulation.definitions.differences import Difference, People

UPDATE_WAIT_S = 120.0
"""Seconds that a large world may take to be read anew."""


def replay(
    world_id: WorldId,
    snapshot: Annotated[
        str | None, typer.Option("--from", metavar="SNAPSHOT", help="Its tick, as --list shows it.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Only list the kept snapshots.")] = False,
    data: Data = DATA,
    database: Database = None,
    as_json: Json = False,
) -> None:
    """Run a stored world again from a kept snapshot to its last commit, and compare the state hashes.

    Reads the database alone, beside a running service or without one. Exit status 1: the hashes differ.

    Without --from: lists the snapshots, of which a world keeps the three newest.
    """
    from service.histories import chosen, database_url, made_again
    from simulation.units import WorldId

    url, name = database_url(data, database), WorldId(world_id)
    if snapshot is None or list_:
        _list(url, name, data, as_json)
        return
    found = made_again(url, name, chosen(url, name, snapshot))
    value = found.to_json()
    said = "the same state" if found.is_same else "ANOTHER STATE"
    text = (
        f"{world_id}: {value['ticks']:,} ticks and {value['inputs']:,} inputs again from tick "
        f"{value['from']['tick']} to {value['tick']}: {said}\n"
        f"committed {value['expected']}\nfound     {value['found']}"
    )
    emit(value, as_json=as_json, text=text)
    raise typer.Exit(DONE if found.is_same else FAILED)


def _list(url: str, world_id: Any, data: Path, as_json: bool) -> None:
    from service.histories import kept
    from service.tables import table

    found = kept(url, world_id)
    value = [
        {"snapshot": name, "tick": one.tick, "inputs": one.ordinal, "bytes": one.size}
        for name, one in found.items()
    ]
    rows = [[name, str(one.ordinal), f"{one.size:,}"] for name, one in found.items()]
    text = table(["snapshot", "inputs applied", "bytes"], rows)
    again = for_folder(f"Run one again: `theatrum replay {quote(world_id)} --from {next(iter(found))}`", data)
    emit(value, as_json=as_json, text=f"{text}\n{again}")


def export(
    world_id: WorldId,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The file to write.")],
    sessions_out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write sessions as pixsim7-style JSON.")
    ] = None,
    data: Data = DATA,
    database: Database = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write a world as of its last commit into one file: definition and state, to go on elsewhere.

    Reads the database alone, beside a running service or without one. `theatrum world add FILE` and
    `theatrum run FILE` begin there, at the same state hash.
    """
    from service.histories import database_url, made_again
    from service.importing.blocks import session_out
    from service.world_files import refuse_unwritable, write_whole
    from simulation import portable
    from simulation.units import WorldId

    for file in (output, sessions_out):
        if file is not None:
            refuse_unwritable(file, force=force)
    found = made_again(database_url(data, database), WorldId(world_id), None)
    mark = found.history.mark
    if not found.is_same:
        because = f"tick {mark.tick} made again has state hash {found.state_hash}, not {mark.state_hash}"
        raise ServiceError(f"World {world_id} was not exported", because=because)
    sessions = [session_out(session.to_json()) for session in found.world.sessions]
    body = portable.export(found.world, found.stages, found.history.newest)
    write_whole(output, body)
    if sessions_out is not None:
        write_whole(sessions_out, json.dumps({"sessions": sessions}, ensure_ascii=False, indent=1).encode())
    value = {
        "world": world_id,
        "file": str(output),
        "bytes": len(body),
        "tick": mark.tick,
        "worldTime": mark.world_time / 1_000_000,
        "stateHash": mark.state_hash,
    }
    text = f"{world_id}: tick {mark.tick:,}, state {mark.state_hash}, {len(body):,} bytes in {output}"
    emit(value, as_json=as_json, text=text)


def rollback(
    world_id: WorldId,
    snapshot: Annotated[str, typer.Argument(metavar="SNAPSHOT", help="As `theatrum replay` lists them.")],
    data: Data = DATA,
    database: Database = None,
    wait: Wait = UPDATE_WAIT_S,
    as_json: Json = False,
) -> None:
    """Take a running world back to a kept snapshot, as a new branch of its history.

    Inputs after it are kept, marked as of the abandoned branch, and never applied again.
    """
    from service.commands.asking import ask
    from service.histories import chosen, database_url, stood_at
    from simulation.units import WorldId

    url, name = database_url(data, database), WorldId(world_id)
    found = chosen(url, name, snapshot, "SNAPSHOT")
    mark = stood_at(url, name, found)
    done = ask(data, "RollBackWorld", wait, world_id=name, ordinal=found.ordinal, mark=mark)
    value = {
        "world": world_id,
        "branch": done.number,
        "tick": done.tick,
        "ticksUndone": done.ticks,
        "inputsUndone": done.inputs,
    }
    text = (
        f"{world_id}: back at tick {done.tick:,}; {done.ticks:,} ticks and {done.inputs:,} inputs are undone"
    )
    emit(value, as_json=as_json, text=text)


def update(
    world_id: WorldId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The world file as it shall be.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would do, change nothing.")
    ] = False,
    people: Annotated[
        str,
        typer.Option(metavar="keep|replace", help="Components of people who stay: theirs, or the file's."),
    ] = "keep",
    data: Data = DATA,
    database: Database = None,
    wait: Wait = UPDATE_WAIT_S,
    as_json: Json = False,
) -> None:
    """Give a running world another definition: what stays keeps its state, new people come, others go.

    Refused whole while somebody does an activity, or is in a place, that the file removes. Flags that are new
    are taken; other flags, sessions and worldTime belong to the running world, and the answer says so.
    With --dry-run, exit status 1: it would be refused now.
    """
    from service.world_files import load
    from simulation.definitions import update_payload
    from simulation.definitions.differences import People

    if people not in tuple(People):
        raise WrongUse(f"--people is {people}", because=f"it is one of {', '.join(People)}")
    loaded = load(file)
    if loaded.beginning is not None:
        raise WrongUse(f"{file} is an exported world", because="an update is a world file")
    if loaded.definition.id != world_id:
        raise WrongUse(f"{file} is of world {loaded.definition.id}", because=f"{world_id} was asked for")
    if dry_run:
        _dry_run(world_id, loaded, data, database, as_json, People(people))
        return
    payload = update_payload(loaded.text, loaded.definition, People(people))
    _submit(data, world_id, payload, wait, as_json)


def _dry_run(
    world_id: str, loaded: Any, data: Path, database: str | None, as_json: bool, people: People
) -> None:
    """The update done to a copy of the world as of its last commit."""
    from service.histories import database_url, made_again, tried
    from simulation.definitions import update_payload
    from simulation.definitions.differences import differences
    from simulation.units import InputKind, WorldId

    made = made_again(database_url(data, database), WorldId(world_id), None)
    before, flags = made.world.script.definition, made.world.flags
    found = differences(before, loaded.definition, people, flags)
    value = {"world": world_id, "dryRun": True, "tick": made.world.tick}
    text = _to_text(f"{world_id}: an update at tick {made.world.tick} would bring", found)
    if not found:
        emit({**value, "applied": True, "differences": []}, as_json=as_json, text=text)
        return
    payload = update_payload(loaded.text, loaded.definition, people)
    outcome = tried(made, InputKind.WORLD_UPDATE, payload)
    told = {
        key: outcome.detail[key] for key in ("ended", "endedCount", "reason", "do") if key in outcome.detail
    }
    value |= {"applied": outcome.applied, "differences": [one.to_json() for one in found], **told}
    lines = [text, *_endings(told)]
    if not outcome.applied:
        lines.append(f"It would be refused: {told['reason']}. To be done: {told['do']}.")
    emit(value, as_json=as_json, text="\n".join(lines))
    raise typer.Exit(DONE if outcome.applied else FAILED)


def _endings(detail: Mapping[str, Any]) -> list[str]:
    """What ends with it, a line each."""
    named = detail.get("ended", ())
    more = detail.get("endedCount", 0) - len(named)
    return [*(f"ended: {one}" for one in named), *([f"ended: and {more:,} more"] if more > 0 else [])]


def _submit(data: Path, world_id: str, payload: dict[str, Any], wait_s: float, as_json: bool) -> None:
    from service.answers import NOTHING_CHANGED
    from service.commands.asking import ask
    from service.errors import Refusal
    from simulation.definitions.differences import Difference
    from simulation.units import InputKind

    kind = InputKind.WORLD_UPDATE
    answer = ask(data, "SubmitInput", wait_s, world_id=world_id, kind=kind, payload=payload)
    detail = answer.detail
    if not answer.applied:
        what, because = f"World {world_id} was not updated", str(detail.get("reason", ""))
        raise Refusal(what, because=because, do=str(detail.get("do", "")))
    value = {
        "world": world_id,
        "seq": answer.seq,
        "applied": True,
        "detail": detail,
        "tick": answer.tick,
        "worldTime": answer.world_time,
    }
    found = [Difference.from_json(one) for one in detail["differences"]]
    if not found:
        has = f"{world_id}: has this definition already{NOTHING_CHANGED}; tick {answer.tick:,}"
        emit(value, as_json=as_json, text=has)
        return
    text = _to_text(f"{world_id}: updated at tick {answer.tick:,}", found)
    more = sum(detail["counts"].values()) - len(found)
    lines = [text, f"  and {more:,} more"] if more > 0 else [text]
    emit(value, as_json=as_json, text="\n".join([*lines, *_endings(detail)]))


SIGNS = {"added": "+", "changed": "~", "removed": "-"}


def _to_text(title: str, found: Sequence[Difference]) -> str:
    """One line a difference, section by section."""
    if not found:
        return f"{title}: nothing differs"
    lines, section = [f"{title}:"], None
    for one in found:
        if one.section != section:
            section = one.section
            lines.append(section)
        why = f" - not applied: {one.because}" if one.because else ""
        lines.append(f"  {SIGNS[one.how]} {one.name or section} {one.how}{why}".rstrip())
    if any(one.section == "npcs" and one.how == "removed" for one in found):
        lines.append("People removed go with everything personal between them and players.")
    return "\n".join(lines)
