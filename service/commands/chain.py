"""`theatrum chain`: stories in steps between a player and a person."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from service.commands.asking import WAIT_S, ask, submit
from service.commands.options import (
    DATA,
    Data,
    Expected,
    Json,
    NpcId,
    SessionId,
    Wait,
    WorldId,
    emit,
    expecting,
)

app = typer.Typer(no_args_is_help=True, help="See and move the chains between players and people.")

ChainId = Annotated[str, typer.Argument(metavar="CHAIN", help="The chain's id.")]
StepId = Annotated[str | None, typer.Option("--step", help="Only if the chain is at this step.")]


@app.command("list")
def list_(
    world_id: WorldId, session_id: SessionId, npc_id: NpcId, data: Data = DATA, as_json: Json = False
) -> None:
    """The chains a player has or may begin with somebody: where each is, when its step opens and closes."""
    from service.moments import moment
    from service.tables import table

    found = ask(data, "ShowSession", world_id=world_id, session_id=session_id, npc_id=npc_id)

    def when(value: float | None) -> str:
        return "-" if value is None else moment(value, found.day_lengths)

    chains = [chain for chain in found.view["chains"] if chain["npcId"] == npc_id]
    rows = [
        [
            chain["chainId"],
            chain["state"],
            (chain["progress"] or {}).get("currentStep") or "-",
            when(chain.get("opensAt", chain.get("repeatsAt"))),
            when(chain.get("closesAt")),
        ]
        for chain in chains
    ]
    heads = ["chain", "state", "step", "opens", "closes"]
    emit(
        chains,
        as_json=as_json,
        text=table(heads, rows) if rows else f"{npc_id} has no chains with {session_id}.",
    )


@app.command()
def start(
    world_id: WorldId,
    session_id: SessionId,
    npc_id: NpcId,
    chain_id: ChainId,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Begin a chain with somebody, or begin a repeatable one again."""
    _move(data, world_id, _payload("start", session_id, npc_id, chain_id, expected=expected), wait, as_json)


@app.command()
def step(
    world_id: WorldId,
    session_id: SessionId,
    npc_id: NpcId,
    chain_id: ChainId,
    step_id: StepId = None,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Take the current step of a chain."""
    _move(data, world_id, _payload("step", session_id, npc_id, chain_id, step_id, expected), wait, as_json)


@app.command()
def skip(
    world_id: WorldId,
    session_id: SessionId,
    npc_id: NpcId,
    chain_id: ChainId,
    step_id: StepId = None,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Go past the current step, if it is optional."""
    _move(data, world_id, _payload("skip", session_id, npc_id, chain_id, step_id, expected), wait, as_json)


@app.command()
def abandon(
    world_id: WorldId,
    session_id: SessionId,
    npc_id: NpcId,
    chain_id: ChainId,
    expected: Expected = None,
    data: Data = DATA,
    wait: Wait = WAIT_S,
    as_json: Json = False,
) -> None:
    """Give a chain up."""
    _move(data, world_id, _payload("abandon", session_id, npc_id, chain_id, expected=expected), wait, as_json)


def _payload(
    op: str,
    session_id: str,
    npc_id: str,
    chain_id: str,
    step_id: str | None = None,
    expected: int | None = None,
) -> dict[str, Any]:
    at = {} if step_id is None else {"stepId": step_id}
    said = {"op": op, "sessionId": session_id, "npcId": npc_id, "chainId": chain_id}
    return {**said, **at, **expecting(expected)}


def _move(data: Any, world_id: str, payload: dict[str, Any], wait_s: float, as_json: bool) -> None:
    submit(data, world_id, "chain", payload, wait_s, as_json)
