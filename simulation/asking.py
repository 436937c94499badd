"""What somebody in a world file would decide: their components taken at any time, no world running."""

from __future__ import annotations

from simulation.definitions import DefinitionInvalid, Problem, WorldDefinition
from simulation.definitions.problems import unknown_name
from simulation.likings import Likings
from simulation.orders import TierTouch
from simulation.person_json import json_seconds, micros
from simulation.reasoning import Reasons
from simulation.script import Script
from simulation.stage import Stage
from simulation.tiers import TIERS, place
from simulation.units import Micros, NpcId


def why(definition: WorldDefinition, npc_id: NpcId, at: Micros | None = None, source: str = "") -> Reasons:
    """What this person would decide at `at`, which stands in for the time the world begins at.

    Raises DefinitionInvalid when nobody is called so or their components are of a later time, and what a rule
    of theirs raises.
    """
    now = definition.world_time if at is None else at
    ids = [npc.id for npc in definition.npcs]
    if npc_id not in ids:
        raise DefinitionInvalid(source, [unknown_name("npcs", npc_id, ids, "npc")])
    origin = ids.index(npc_id)
    _refuse_later(definition, origin, now, source)
    caps = {tier: definition.simulation.tiers[tier].max_npcs for tier in TIERS}
    placed = place(definition.npcs, caps)
    stage = Stage(
        Script(definition, definition.simulation.seed),
        next(tier for tier in TIERS if origin in placed[tier]),
    )
    stage.open([origin], now)
    likings = Likings(stage.script.activity_index)
    for session in definition.sessions:
        likings.on_session(session.id, session)
    stage.touch(TierTouch(heard=likings.take()))
    found = stage.why(npc_id, now, definition.flags)
    if found is None:
        raise RuntimeError(f"{npc_id} was put on a stage and is not there")
    return found


def _refuse_later(definition: WorldDefinition, origin: int, now: Micros, source: str) -> None:
    """Energy and mood that are as of a later time say nothing about this one."""
    settled = definition.npcs[origin].components.get("behavior", {}).get("settledAt")
    if settled is not None and micros(settled) > now:
        path = f"npcs[{origin}].components.behavior.settledAt"
        message = f"energy and mood are as of {settled:g} s, after the time asked about"
        raise DefinitionInvalid(source, [Problem(path, settled, message, f"at most {json_seconds(now)}")])
