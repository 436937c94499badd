"""`theatrum npc`: people of the running worlds."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from service.commands import npc_state
from service.commands.asking import ask
from service.commands.options import DATA, Data, Json, NpcId, WorldId, emit
from service.moments import DayLengths, moment

app = typer.Typer(no_args_is_help=True, help="Look at the people of a world.")


app.add_typer(npc_state.component_app, name="component")
app.add_typer(npc_state.metric_app, name="metric")


@app.callback()
def npc() -> None:
    """Look at the people of a world."""


Start = Annotated[
    int, typer.Option("--from", help="Begin at this place of the world file.", min=0, max=10_000_000)
]
Limit = Annotated[int, typer.Option("--limit", help="At most so many.", min=1, max=500)]


class TierOption(StrEnum):
    detailed = "detailed"
    active = "active"
    ambient = "ambient"
    dormant = "dormant"


@app.command("list")
def list_(
    world_id: WorldId,
    tier: Annotated[TierOption | None, typer.Option("--tier", help="Only those of this tier.")] = None,
    location: Annotated[str | None, typer.Option("--location", help="Only those who are there.")] = None,
    start: Start = 0,
    limit: Limit = 50,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """The people of a world, a page at a time, in the order of its file: where each is and what they do."""
    from service.rosters import to_text
    from simulation.units import Tier

    wanted = None if tier is None else Tier(tier.value)
    found = ask(
        data, "ListPeople", world_id=world_id, tier=wanted, location=location, start=start, limit=limit
    )
    value = {"people": list(found.people), "next": found.next, "count": found.count, "tick": found.tick}
    emit({**value, "worldTime": found.world_time}, as_json=as_json, text=to_text(found, start))


@app.command()
def show(
    world_id: WorldId,
    npc_id: NpcId,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """One person as they are, settled to the world's time, and what they would decide now and why."""
    from service.outlines import outline

    found = ask(data, "ShowPerson", world_id=world_id, npc_id=npc_id)
    value = {**found.view, "tick": found.tick, "worldTime": found.world_time}
    lengths = found.day_lengths
    behavior = found.view["components"]["behavior"]
    mood = behavior["moodState"]
    lines = [
        f"{found.view['name']} ({npc_id}), {found.view['tier']}, at {found.view['location'] or 'no place'}",
        f"doing {behavior['currentActivityId'] or 'nothing'}, energy {behavior['energy']:.1f}, "
        f"mood {', '.join(mood['tags'])} (valence {mood['valence']:.1f}, arousal {mood['arousal']:.1f})",
        f"decides next at {moment(behavior['nextDecisionAt'], lengths)}; "
        f"now {moment(found.world_time, lengths)}, tick {found.tick:,}",
        *_waits(found.view["components"].get("waitingFor", {}), lengths),
        *_why(found.view["why"]),
        "components:",
        outline(found.view["components"], lengths),
    ]
    emit(value, as_json=as_json, text="\n".join(lines))


@app.command()
def why(
    world_id: WorldId,
    npc_id: NpcId,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """What a person would decide now, and why: every factor, the draw, and why others are out."""
    from service.reasons import rule_fails, to_text

    found = ask(data, "ShowPerson", world_id=world_id, npc_id=npc_id)
    reasons = found.view["why"]
    if "error" in reasons:
        raise rule_fails(npc_id, reasons["error"])
    now = moment(found.world_time, found.day_lengths)
    who = f"{found.view['name']} ({npc_id}), tick {found.tick:,}, {now}"
    emit(reasons, as_json=as_json, text=to_text(who, reasons))


def _waits(requests: dict[str, Any], lengths: DayLengths | None) -> list[str]:
    """What they wait for, and until when at most."""
    return [
        f"waits for {one.get('kind')} of session {one.get('sessionId')} "
        f"until {moment(one['until'], lengths)}: {request_id}"
        for request_id, one in sorted(requests.items())
        if isinstance(one, dict) and "until" in one
    ]


def _why(why: dict[str, Any]) -> list[str]:
    """What they would decide now: the node, the candidates by score, and why others are out."""
    if "error" in why:
        return [f"a rule of theirs fails: {why['error']}"]
    if why["node"] is None:
        return ["no node of a routine of theirs matches now"]
    ranked = sorted(why["candidates"], key=lambda one: -one["score"])
    scored = ", ".join(f"{one['activityId']} {one['score']:.3g}" for one in ranked) or "nothing"
    lines = [f"deciding now, node {why['node']}: {scored} -> {why['chosen'] or 'nothing'}"]
    return lines + [f"  not {one['activityId']}: {one['reason']}" for one in why["excluded"]]
