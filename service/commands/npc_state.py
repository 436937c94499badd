"""`theatrum npc component` and `theatrum npc metric`: what is kept of a person, and the typed way to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from service.commands.asking import WAIT_S, ask, submit
from service.commands.options import (
    DATA,
    NEGATIVES,
    Between,
    Data,
    Json,
    NpcId,
    Wait,
    WorldId,
    as_value,
    emit,
)
from service.errors import Refusal, WrongUse

component_app = typer.Typer(no_args_is_help=True, help="Components: JSON objects by name.")
metric_app = typer.Typer(no_args_is_help=True, help="Metrics: typed values, converted and clamped.")

Component = Annotated[
    str, typer.Argument(metavar="COMPONENT", help="The component, such as core or plugin:weather.")
]
Metric = Annotated[str, typer.Argument(metavar="METRIC", help="The metric, such as core.affinity.")]
Object = Annotated[str, typer.Argument(metavar="JSON", help="A JSON object.")]


def look(
    data: Path, world_id: str, npc_id: str, session: str | None, metric: str | None = None
) -> dict[str, Any]:
    """A person as they are, with a session as that player meets them."""
    found: dict[str, Any] = _shown(data, world_id, npc_id, session, metric).view
    return found


def _shown(data: Path, world_id: str, npc_id: str, session: str | None, metric: str | None = None) -> Any:
    of: dict[str, Any] = {"world_id": world_id, "npc_id": npc_id, "session_id": session, "metric": metric}
    return ask(data, "ShowPerson", **of)


def _no_component(npc_id: str, component: str, session: str | None, view: dict[str, Any]) -> Refusal:
    """What to say of a component that is not there, and which there are for whom."""
    from simulation.definitions.problems import nearest_of

    general, personal = sorted(view["components"]), sorted(view.get("personal", ()))
    there = general if session is None else personal
    near = nearest_of(component, there)
    meant = f"Did you mean {near}? " if near else ""
    everybody = f"For everybody there are: {', '.join(general) or 'none'}."
    if session is None:
        return Refusal(f"{npc_id} has no component {component}", do=f"{meant}{everybody}")
    theirs = f"For {session} alone there are: {', '.join(personal) or 'none'}."
    return Refusal(
        f"{npc_id} has no component {component} for {session} alone", do=f"{meant}{theirs} {everybody}"
    )


def _components(data: Path, world_id: str, npc_id: str, session: str | None) -> dict[str, Any]:
    view = look(data, world_id, npc_id, session)
    found: dict[str, Any] = view["components"] if session is None else view["personal"]
    return found


@component_app.command("list")
def list_(
    world_id: WorldId, npc_id: NpcId, session: Between = None, data: Data = DATA, as_json: Json = False
) -> None:
    """The names of a person's components; with --session of those that are that player's alone."""
    names = list(_components(data, world_id, npc_id, session))
    whose = "" if session is None else f" for {session} alone"
    emit(names, as_json=as_json, text="\n".join(names) or f"{npc_id} has no components{whose}.")


@component_app.command()
def get(
    world_id: WorldId,
    npc_id: NpcId,
    component: Component,
    session: Between = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """One component as it is now; with --session the one that is that player's alone."""
    from service.outlines import outline

    shown = _shown(data, world_id, npc_id, session)
    view = shown.view
    found = view["components"] if session is None else view["personal"]
    if component not in found:
        raise _no_component(npc_id, component, session, view)
    emit(found[component], as_json=as_json, text=outline(found[component], shown.day_lengths))


@component_app.command("set")
def set_(
    world_id: WorldId,
    npc_id: NpcId,
    component: Component,
    value: Object,
    session: Between = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Put a component in place of what was there."""
    _write(data, world_id, npc_id, component, "set", _object(value), session, wait, as_json)


@component_app.command()
def update(
    world_id: WorldId,
    npc_id: NpcId,
    component: Component,
    value: Object,
    session: Between = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Set some keys of a component and keep the others; a key that is null is removed."""
    _write(data, world_id, npc_id, component, "update", _object(value), session, wait, as_json)


@component_app.command()
def remove(
    world_id: WorldId,
    npc_id: NpcId,
    component: Component,
    session: Between = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Take a component away."""
    _write(data, world_id, npc_id, component, "remove", None, session, wait, as_json)


def _object(text: str) -> dict[str, Any]:
    value = as_value(text)
    if not isinstance(value, dict):
        raise WrongUse(f"{text!r} is no JSON object", because='write one such as {"trust": 5}')
    return value


def _write(
    data: Path,
    world_id: str,
    npc_id: str,
    component: str,
    op: str,
    value: dict[str, Any] | None,
    session: str | None,
    wait_s: float,
    as_json: bool,
) -> None:
    payload: dict[str, Any] = {"npcId": npc_id, "component": component, "op": op}
    if value is not None:
        payload["value"] = value
    if session is not None:
        payload["sessionId"] = session
    submit(data, world_id, "person", payload, wait_s, as_json)


@metric_app.command("get")
def metric_get(
    world_id: WorldId,
    npc_id: NpcId,
    metric: Annotated[
        str | None, typer.Argument(metavar="METRIC", help="The metric; all of them without it.")
    ] = None,
    session: Between = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """A metric as it is now, or all of them; with --session as that player meets the person."""
    from service.answers import shown

    view = look(data, world_id, npc_id, session, metric)
    found: dict[str, Any] = view["metrics"]
    if metric is not None:
        emit(found[metric], as_json=as_json, text=shown(found[metric]))
        return
    lines = [f"{name} = {shown(value)}" for name, value in found.items()]
    emit(found, as_json=as_json, text="\n".join(lines))


@metric_app.command("set", context_settings=NEGATIVES)
def metric_set(
    world_id: WorldId,
    npc_id: NpcId,
    metric: Metric,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value; converted and clamped.")],
    session: Between = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Set a metric."""
    _change(data, world_id, npc_id, metric, "set", as_value(value), session, wait, as_json)


@metric_app.command("add", context_settings=NEGATIVES)
def metric_add(
    world_id: WorldId,
    npc_id: NpcId,
    metric: Metric,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="How much; it may be negative.")],
    session: Between = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Add to a metric that is a number; it stays within its bounds."""
    _change(data, world_id, npc_id, metric, "add", as_value(amount), session, wait, as_json)


def _change(
    data: Path,
    world_id: str,
    npc_id: str,
    metric: str,
    op: str,
    value: Any,
    session: str | None,
    wait_s: float,
    as_json: bool,
) -> None:
    payload: dict[str, Any] = {"npcId": npc_id, "metric": metric, "op": op, "value": value}
    if session is not None:
        payload["sessionId"] = session
    submit(data, world_id, "metric", payload, wait_s, as_json)
