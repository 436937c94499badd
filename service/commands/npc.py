"""`theatrum npc`: people of the running worlds."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from service.commands.options import DATA, Data, Json, emit
from service.commands.world import WorldId, _ask

app = typer.Typer(no_args_is_help=True, help="Look at the people of a world.")


@app.callback()
def npc() -> None:
    """Look at the people of a world."""


@app.command()
def show(
    world_id: WorldId,
    npc_id: Annotated[str, typer.Argument(help="The person's id.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """One person as they are: tier, place, every component, settled to the world's time."""
    found = _ask(data, "ShowPerson", world_id=world_id, npc_id=npc_id)
    value = {**found.view, "tick": found.tick, "worldTime": found.world_time}
    behavior = found.view["components"]["behavior"]
    mood = behavior["moodState"]
    lines = [
        f"{found.view['name']} ({npc_id}), {found.view['tier']}, at {found.view['location'] or 'no place'}",
        f"doing {behavior['currentActivityId'] or 'nothing'}, energy {behavior['energy']:.1f}, "
        f"mood {', '.join(mood['tags'])} (valence {mood['valence']:.1f}, arousal {mood['arousal']:.1f})",
        f"decides next at {behavior['nextDecisionAt']} s; now {found.world_time:g} s, tick {found.tick}",
        json.dumps(found.view["components"], indent=1, ensure_ascii=False),
    ]
    emit(value, as_json=as_json, text="\n".join(lines))
